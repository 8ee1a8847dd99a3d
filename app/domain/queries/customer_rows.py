"""A customer's own invoices for Core statements: the busiest reads of the product, with only the columns pages show.

Statements are built once and sent on the session's connection. That passes by the session's own criteria, so each of
them names company and contact through the same ``PORTAL_RULES``.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Date, Row, Table, and_, bindparam, case, literal, or_, type_coerce
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
TODAY: BindParameter[Any] = bindparam("today", type_=Date)

MINE = and_(PORTAL_RULES[Document](documents.c, COMPANY, CONTACT), documents.c.kind == DocumentKind.INVOICE)
# Joined to its live publication, which is all that makes a document visible, it need not be asked for that again.
LIVE_PUBLICATION = and_(
    PORTAL_RULES[Publication](publications.c, COMPANY, CONTACT), publications.c.document_id == documents.c.id
)
PUBLISHED = and_(
    documents.c.company_id == COMPANY, documents.c.contact_id == CONTACT, documents.c.kind == DocumentKind.INVOICE
)

IS_OPEN = documents.c.status.in_(OPEN)
IS_LATE = and_(documents.c.status.in_((DocumentStatus.PENDING, DocumentStatus.PART_PAID)), documents.c.due_on < TODAY)
IS_IN_TIME = or_(documents.c.due_on.is_(None), documents.c.due_on >= TODAY)
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
