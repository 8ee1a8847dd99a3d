"""A customer's own documents for Core statements: the busiest reads of the product, with only the columns pages show.

Statements are built once, for all kinds, and sent on the session's connection. That passes by the session's own
criteria, so each of them names company and contact through the same ``PORTAL_RULES``.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Row,
    Table,
    and_,
    bindparam,
    case,
    literal,
    or_,
    type_coerce,
)
from sqlalchemy.sql import Select

from app.scope import PortalScope, ScopedSession
from models import Document, Publication
from models.document import OPEN
from models.enums import DocumentKind, DocumentStatus
from models.portal_rules import PORTAL_RULES
from models.types import BigId

documents: Table = Document.__table__  # type: ignore[assignment]
publications: Table = Publication.__table__  # type: ignore[assignment]

COMPANY: BindParameter[int] = bindparam("company_id", type_=BigId)
CONTACT: BindParameter[int] = bindparam("contact_id", type_=BigId)
DOCUMENT: BindParameter[int] = bindparam("document_id", type_=BigId)
KIND: BindParameter[Any] = bindparam("kind", type_=documents.c.kind.type)
TODAY: BindParameter[Any] = bindparam("today", type_=Date)

MINE = PORTAL_RULES[Document](documents.c, COMPANY, CONTACT)
OF_KIND = documents.c.kind == KIND
# Joined to its live publication, which is all that makes a document visible, it need not be asked for that again.
LIVE_PUBLICATION = and_(
    PORTAL_RULES[Publication](publications.c, COMPANY, CONTACT), publications.c.document_id == documents.c.id
)
PUBLISHED = and_(documents.c.company_id == COMPANY, documents.c.contact_id == CONTACT, OF_KIND)


class Standing(Struct, frozen=True):
    """States that customers see as one. ``is_past``: whether the day has to have gone by; none: whichever day it is."""

    statuses: tuple[DocumentStatus, ...]
    is_past: bool | None = None


def stands(standing: Standing) -> ColumnElement[bool]:
    status, statuses = documents.c.status, standing.statuses
    found = status.in_(statuses) if len(statuses) > 1 else status == statuses[0]
    if standing.is_past is None:
        return found
    in_time = or_(documents.c.due_on.is_(None), documents.c.due_on >= TODAY)
    return and_(found, documents.c.due_on < TODAY if standing.is_past else in_time)


# What asks something of the customer: to pay it, to answer it, to confirm it.
WAITING = {
    DocumentKind.INVOICE: Standing(OPEN),
    DocumentKind.QUOTE: Standing((DocumentStatus.ISSUED,), is_past=False),
    DocumentKind.PURCHASE_ORDER: Standing((DocumentStatus.ISSUED,)),
}
LATE = Standing((DocumentStatus.PENDING, DocumentStatus.PART_PAID), is_past=True)

IS_OPEN, IS_LATE = stands(WAITING[DocumentKind.INVOICE]), stands(LATE)
IS_WAITING = or_(*(and_(documents.c.kind == kind, stands(standing)) for kind, standing in WAITING.items()))
NO_MONEY = literal(0, documents.c.payable.type)
OUTSTANDING = case(
    (IS_OPEN, type_coerce(documents.c.payable - documents.c.collected, documents.c.payable.type)), else_=NO_MONEY
)


def rows(db: ScopedSession, statement: Select[*tuple[Any, ...]], **values: Any) -> Sequence[Row[*tuple[Any, ...]]]:
    """The rows of ``statement`` for the customer of the session's scope."""
    scope = db.scope
    assert isinstance(scope, PortalScope), "these are a customer's own rows"
    values |= {"company_id": scope.company_id, "contact_id": scope.contact_id}
    return db.connection().execute(statement, values).all()
