"""How many issued documents no customer can see: counted for the list's first page and for the panel."""

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Select, func, select

from app.domain.queries.documents import is_in_use, live_publication
from app.scope import ScopedSession
from models import AuditHead, Document, Publication, Series
from models.document import STATUSES
from models.enums import DocumentKind, DocumentStatus

# What a count was of: whatever withdraws, imports, publishes or issues adds to one of these.
Version = tuple[int | None, ...]

_known: WeakKeyDictionary[Any, dict[tuple[int, DocumentKind], tuple[Version, int]]] = WeakKeyDictionary()


def count_unpublished(db: ScopedSession, kind: DocumentKind) -> int:
    """Counted once, and again when something has changed since: a company's whole index is read for it."""
    known, what = _known.setdefault(db.get_bind(), {}), (db.company_id, kind)
    version = _version(db)  # before the count: what comes between the two is counted again next time
    if what not in known or known[what][0] != version:
        known[what] = version, db.scalar(_counted(db.company_id, kind)) or 0
    return known[what][1]


def _version(db: ScopedSession) -> Version:
    facts = (
        (AuditHead, func.max(AuditHead.position)),
        (Document, func.max(Document.id)),
        (Publication, func.max(Publication.id)),
        (Series, func.sum(Series.next_number)),
    )
    each = [select(fact).where(cls.company_id == db.company_id).scalar_subquery() for cls, fact in facts]
    return tuple(db.execute(select(*each)).one())


def _counted(company_id: int, kind: DocumentKind) -> Select[Any]:
    """Of invoices, which are many and nearly all published: the issued ones less the live publications of invoices."""
    mine = select(func.count(Document.id)).where(Document.company_id == company_id, Document.kind == kind)
    if kind is not DocumentKind.INVOICE:
        return mine.where(is_in_use(kind), ~live_publication(company_id))
    mine = mine.where(Document.status.in_([status for status in STATUSES[kind] if status != DocumentStatus.DRAFT]))
    live = (Publication.company_id == company_id, Publication.withdrawn_at.is_(None))
    published = select(func.count(Publication.id)).where(*live)
    others = [other for other in DocumentKind if other != kind]
    of_others = select(func.count(Document.id)).where(
        Document.company_id == company_id, Document.kind.in_(others), live_publication(company_id)
    )
    return select(mine.scalar_subquery() - published.scalar_subquery() + of_others.scalar_subquery())
