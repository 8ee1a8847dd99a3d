"""One document as its customer reads it: head, lines, taxes, due days, and what was done with it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Table, and_, select

from app.domain.access_tables import portal_accounts
from app.domain.queries.customer_rows import (
    COMPANY,
    CONTACT,
    DOCUMENT,
    LIVE_PUBLICATION,
    PUBLISHED,
    documents,
    publications,
    rows,
)
from app.scope import ScopedSession
from models import DocumentEvent, DocumentLine, DocumentTax, DueDate
from models.enums import DocumentKind
from models.portal_rules import PORTAL_RULES

MOST_EVENTS = 60

_lines: Table = DocumentLine.__table__  # type: ignore[assignment]
_taxes: Table = DocumentTax.__table__  # type: ignore[assignment]
_dues: Table = DueDate.__table__  # type: ignore[assignment]
_events: Table = DocumentEvent.__table__  # type: ignore[assignment]


def find_document(db: ScopedSession, kind: DocumentKind, document_id: int) -> Row[Any] | None:
    """The document with its live publication, or nothing: one of another kind is not there either."""
    return next(iter(rows(db, _DOCUMENT, kind=kind, document_id=document_id)), None)


def find_publication(db: ScopedSession, kind: DocumentKind, document_id: int) -> Row[Any] | None:
    """``id`` and ``pdf_sha256`` of the document's live publication and its ``number_text``, or nothing."""
    return next(iter(rows(db, _PUBLICATION, kind=kind, document_id=document_id)), None)


def lines_of(db: ScopedSession, document_id: int) -> Sequence[Row[Any]]:
    return rows(db, _LINES, document_id=document_id)


def taxes_of(db: ScopedSession, document_id: int) -> Sequence[Row[Any]]:
    return rows(db, _TAXES, document_id=document_id)


def dues_of(db: ScopedSession, document_id: int) -> Sequence[Row[Any]]:
    return rows(db, _DUES, document_id=document_id)


def events_of(db: ScopedSession, document_id: int) -> Sequence[Row[Any]]:
    """What this customer's people did with the document, newest first."""
    return rows(db, _EVENTS, document_id=document_id)


_DOCUMENT = (
    select(
        *(column for column in documents.c if column.name not in ("internal_notes", "source_note", "search_key")),
        publications.c.id.label("publication_id"),
        publications.c.created_at.label("published_at"),
    )
    .join(publications, LIVE_PUBLICATION)
    .where(PUBLISHED, documents.c.id == DOCUMENT)
)

_PUBLICATION = (
    select(publications.c.id, publications.c.pdf_sha256, documents.c.number_text)
    .select_from(documents)
    .join(publications, LIVE_PUBLICATION)
    .where(PUBLISHED, documents.c.id == DOCUMENT)
)

_LINES = (
    select(
        _lines.c.code,
        _lines.c.concept,
        _lines.c.quantity,
        _lines.c.unit_price,
        _lines.c.discount_rate,
        _lines.c.net,
        _lines.c.tax_rate,
    )
    .where(PORTAL_RULES[DocumentLine](_lines.c, COMPANY, CONTACT), _lines.c.document_id == DOCUMENT)
    .order_by(_lines.c.position, _lines.c.id)
)

_TAXES = (
    select(
        _taxes.c.kind,
        _taxes.c.label,
        _taxes.c.base,
        _taxes.c.amount,
        _taxes.c.surcharge_rate,
        _taxes.c.surcharge_amount,
        _taxes.c.exemption,
    )
    .where(PORTAL_RULES[DocumentTax](_taxes.c, COMPANY, CONTACT), _taxes.c.document_id == DOCUMENT)
    .order_by(_taxes.c.position, _taxes.c.id)
)

_DUES = (
    select(_dues.c.day, _dues.c.amount, _dues.c.method, _dues.c.account)
    .where(PORTAL_RULES[DueDate](_dues.c, COMPANY, CONTACT), _dues.c.document_id == DOCUMENT)
    .order_by(_dues.c.day, _dues.c.id)
)

_EVENTS = (
    select(_events.c.kind, _events.c.created_at, _events.c.account_id, portal_accounts.c.name, portal_accounts.c.email)
    .outerjoin(
        portal_accounts, and_(portal_accounts.c.company_id == COMPANY, portal_accounts.c.id == _events.c.account_id)
    )
    .where(PORTAL_RULES[DocumentEvent](_events.c, COMPANY, CONTACT), _events.c.document_id == DOCUMENT)
    .order_by(_events.c.id.desc())
    .limit(MOST_EVENTS)
)
