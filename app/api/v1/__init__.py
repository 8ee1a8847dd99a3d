"""Version 1. Each module is one kind of thing: how it is written, its ``endpoints``, the ``TAG`` it stands under."""

from types import ModuleType

from app.api.v1 import (
    audit,
    batches,
    contacts,
    documents,
    drafts,
    imports,
    key,
    mails,
    publications,
    sendings,
    series,
    webhooks,
)

# In the order of the document; one without a tag shares that of the module before. Another kind of thing adds its own.
MODULES: tuple[ModuleType, ...] = (
    key, contacts, documents, drafts, imports, publications, batches, sendings, mails, series, webhooks, audit,
)  # fmt: skip
