"""The form of a key says what it opens: neither less, nor what another one does."""

import pytest

from admin_views.program_words import SCOPES
from app.api.v1 import MODULES
from models.enums import ApiScope

NOUNS = {
    "audit": "quién hizo qué",
    "batches": "publicaciones",
    "contacts": "contactos",
    "documents": "documentos",
    "imports": "importar facturas",
    "mails": "correos",
    "series": "series",
    "taxes": "impuestos",
    "templates": "plantillas",
    "webhooks": "webhooks",
}
"""What stands first in an address, as the form calls it where that is read, or is all there is to do."""


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_read_is_said_where_it_may_be_read(noun):
    method = "POST" if noun == "imports" else "GET"
    endpoints = [endpoint for module in MODULES for endpoint in module.endpoints]
    (scope,) = {one.scope for one in endpoints if one.method == method and one.path.split("/")[1] == noun}

    assert NOUNS[noun] in SCOPES[scope].hint.lower()


def test_everything_that_may_be_read_has_a_noun():
    endpoints = [endpoint for module in MODULES for endpoint in module.endpoints]

    assert {one.path.split("/")[1] for one in endpoints if one.method == "GET"} <= {*NOUNS, "key"}


@pytest.mark.parametrize("scope", sorted(set(ApiScope) - {ApiScope.READ, ApiScope.AUDIT, ApiScope.WEBHOOKS}))
def test_what_reading_opens_is_said_of_no_other_scope(scope):
    assert not {"ver", "consultar"} & set(SCOPES[scope].hint.lower().replace(",", " ").replace(";", " ").split())
