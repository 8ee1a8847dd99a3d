"""Documents as programs read them: pages of them, and one with all its parts. For Core statements, sent as they are.

They pass by the session's own criteria: each names the company itself.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Row

from app.domain.queries.documents import conditions
from app.domain.selections import DocumentFilter
from app.scope import ScopedSession
from models import Dispatch, DispatchDocument, Document, DocumentLine, DocumentTax, DueDate, Publication
from models.types import BigId

_documents: Any = Document.__table__
_lines: Any = DocumentLine.__table__
_taxes: Any = DocumentTax.__table__
_dues: Any = DueDate.__table__
_publications: Any = Publication.__table__
_dispatches: Any = Dispatch.__table__
_enclosed: Any = DispatchDocument.__table__

_ROW = (
    "id", "kind", "status", "origin", "series_label", "number_text", "issued_on", "due_on", "contact_id", "buyer_name",
    "buyer_tax_id", "subject", "currency", "base_total", "tax_total", "total", "payable", "collected", "revision",
)  # fmt: skip
_REST = (
    "series_id", "operation_on", "issued_at", "created_at", "buyer_address", "discount_rate", "withholding_rate",
    "has_surcharge", "lines_total", "discount_total", "surcharge_total", "withheld_total", "payment_method",
    "corrects_id", "corrects_text", "correction_reason", "made_from_id", "notes", "mentions", "internal_notes",
    "source_note",
)  # fmt: skip


class WholeDocument(Struct, frozen=True):
    document: Row[Any]
    lines: Sequence[Row[Any]]
    taxes: Sequence[Row[Any]]
    dues: Sequence[Row[Any]]


def page_of_documents(
    db: ScopedSession, wanted: DocumentFilter, after: tuple[dt.date, int] | None, limit: int
) -> Sequence[Row[Any]]:
    """The newest first, those behind ``after``; of a batch, see ``documents_of_batch``."""
    page = _PAGE.where(*conditions(db.company_id, wanted))
    if after is not None:
        page = page.where(sa.tuple_(_documents.c.issued_on, _documents.c.id) < sa.tuple_(*after))
    page = page.order_by(_documents.c.issued_on.desc(), _documents.c.id.desc()).limit(limit)
    return db.connection().execute(page).all()


def documents_of_batch(db: ScopedSession, batch_id: int, after: int | None, limit: int) -> Sequence[Row[Any]]:
    """What a batch published, withdrew or sent, by id; whatever has become of it since."""
    touched = sa.select(_publications.c.document_id).where(
        _publications.c.company_id == db.company_id,
        sa.or_(_publications.c.batch_id == batch_id, _publications.c.withdrawn_by_batch_id == batch_id),
    )
    sent = sa.select(_enclosed.c.document_id).where(
        _enclosed.c.company_id == db.company_id,
        _enclosed.c.dispatch_id.in_(
            sa.select(_dispatches.c.id).where(
                _dispatches.c.company_id == db.company_id, _dispatches.c.batch_id == batch_id
            )
        ),
    )
    page = _PAGE.where(
        _documents.c.company_id == db.company_id,
        sa.or_(_documents.c.id.in_(touched), _documents.c.id.in_(sent)),
        _documents.c.id > (after or 0),
    )
    return db.connection().execute(page.order_by(_documents.c.id).limit(limit)).all()


def whole_document(db: ScopedSession, document_id: int) -> WholeDocument | None:
    """One of the company's, of any kind, with its lines, taxes and due dates."""
    asked = {"company": db.company_id, "document": document_id}
    execute = db.connection().execute
    found = execute(_WHOLE, asked).first()
    if found is None:
        return None
    return WholeDocument(found, *(execute(part, asked).all() for part in (_LINES, _TAXES, _DUES)))


_COMPANY: Any = sa.bindparam("company", type_=BigId)
_DOCUMENT: Any = sa.bindparam("document", type_=BigId)
_LIVE = sa.and_(
    _publications.c.company_id == _documents.c.company_id,
    _publications.c.document_id == _documents.c.id,
    _publications.c.withdrawn_at.is_(None),
)
_PUBLISHED = (_publications.c.created_at.label("published_at"), _publications.c.batch_id)
_PAGE: Any = sa.select(*(_documents.c[name] for name in _ROW), *_PUBLISHED).select_from(
    _documents.outerjoin(_publications, _LIVE)
)
_WHOLE: Any = (
    sa.select(*(_documents.c[name] for name in (*_ROW, *_REST)), *_PUBLISHED)
    .select_from(_documents.outerjoin(_publications, _LIVE))
    .where(_documents.c.company_id == _COMPANY, _documents.c.id == _DOCUMENT)
)


def _parts(table: Any, names: Sequence[str], *order: Any) -> Any:
    mine = (table.c.company_id == _COMPANY, table.c.document_id == _DOCUMENT)
    return sa.select(*(table.c[name] for name in names)).where(*mine).order_by(*order)


_LINES = _parts(
    _lines,
    (
        "id", "code", "concept", "quantity", "unit_price", "discount_rate", "net", "tax_kind", "tax_rate",
        "surcharge_rate", "exemption",
    ),
    _lines.c.position,
)  # fmt: skip
_TAXES = _parts(
    _taxes,
    ("kind", "label", "base", "rate", "amount", "surcharge_rate", "surcharge_amount", "exemption"),
    _taxes.c.position,
)
_DUES = _parts(_dues, ("day", "amount", "method", "account"), _dues.c.day, _dues.c.id)
