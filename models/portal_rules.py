"""What a customer may see of each class through the portal. A class that is not here is invisible.

Each rule takes the class (possibly an alias), the company and the contact. Subqueries name tables, not classes: the
criterion would otherwise be applied to itself; and they are aliases, correlated by hand, so that a query about the same
table does not swallow them.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import and_, exists, literal_column, select

from models.base import CompanyRecord
from models.contact import Contact
from models.document import Document
from models.document_parts import Attachment, DocumentLine, DocumentTax, DueDate
from models.file import StoredFile
from models.portal_access import PortalAccount, PortalMembership, PortalSession
from models.publication import DocumentEvent, Publication, TemplateVersion

Rule = Callable[[Any, Any, Any], Any]

_publications = Publication.__table__.alias("live_publication")
_memberships = PortalMembership.__table__.alias("live_membership")


def _there_is(table: Any, *conditions: Any) -> Any:
    """A row of ``table``, asked for by its index for each row at hand.

    Without the offset PostgreSQL makes a join of it. While many rows are being written it still takes the table for
    nearly empty, begins that join there, and reads all of them for every page of a customer.
    """
    return exists(select(1).where(*conditions).correlate_except(table).offset(literal_column("0")))


def _is_live(document_id: Any, company_id: Any, contact_id: Any) -> Any:
    return _there_is(
        _publications,
        _publications.c.company_id == company_id,
        _publications.c.document_id == document_id,
        _publications.c.contact_id == contact_id,
        _publications.c.withdrawn_at.is_(None),
    )


def _own_document(cls: Any, company_id: Any, contact_id: Any) -> Any:
    return and_(cls.company_id == company_id, cls.contact_id == contact_id, _is_live(cls.id, company_id, contact_id))


def _part_of_own_document(cls: Any, company_id: Any, contact_id: Any) -> Any:
    return and_(cls.company_id == company_id, _is_live(cls.document_id, company_id, contact_id))


def _own(cls: Any, company_id: Any, contact_id: Any) -> Any:
    return and_(cls.company_id == company_id, cls.contact_id == contact_id)


def _self(cls: Any, company_id: Any, contact_id: Any) -> Any:
    return and_(cls.company_id == company_id, cls.id == contact_id)


def _live_own(cls: Any, company_id: Any, contact_id: Any) -> Any:
    return and_(_own(cls, company_id, contact_id), cls.withdrawn_at.is_(None))


def _own_account(cls: Any, company_id: Any, contact_id: Any) -> Any:
    member = _there_is(
        _memberships,
        _memberships.c.company_id == company_id,
        _memberships.c.account_id == cls.id,
        _memberships.c.contact_id == contact_id,
        _memberships.c.ended_at.is_(None),
    )
    return and_(cls.company_id == company_id, member)


def _of_the_company(cls: Any, company_id: Any, contact_id: Any) -> Any:
    return cls.company_id == company_id


PORTAL_RULES: dict[type[CompanyRecord], Rule] = {
    Document: _own_document,
    DocumentLine: _part_of_own_document,
    DocumentTax: _part_of_own_document,
    DueDate: _part_of_own_document,
    Attachment: _part_of_own_document,
    Publication: _live_own,
    DocumentEvent: _own,
    Contact: _self,
    PortalAccount: _own_account,
    PortalMembership: _own,
    PortalSession: _own,
    # The look of a PDF and the bytes behind a publication or attachment that is itself visible.
    TemplateVersion: _of_the_company,
    StoredFile: _of_the_company,
}

PORTAL_WRITES = frozenset({"PortalSession", "PortalAccount", "DocumentEvent"})
