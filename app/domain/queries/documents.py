"""Documents as lists, exports and publications select them: one place decides what a filter means."""

from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select

from app.domain.folding import contains, fold, starts_with
from app.domain.selections import DocumentFilter, DocumentSelection
from app.errors import InvalidValue
from app.money import read_spanish
from models import Contact, Document, Publication
from models.enums import DocumentStatus

OVERDUE = "overdue"
MOST_TICKED = 5000


def live_publication(company_id: int) -> ColumnElement[bool]:
    """The document at hand has a publication that is not withdrawn."""
    return exists(
        select(1).where(
            Publication.company_id == company_id,
            Publication.document_id == Document.id,
            Publication.withdrawn_at.is_(None),
        )
    ).correlate(Document)


def conditions(company_id: int, wanted: DocumentFilter) -> list[ColumnElement[bool]]:
    """The filter as conditions on ``Document``, company and kind first, as every index begins."""
    found: list[ColumnElement[bool]] = [Document.company_id == company_id, Document.kind == wanted.kind]
    if wanted.state == OVERDUE:
        found += [
            Document.status.in_((DocumentStatus.PENDING, DocumentStatus.PART_PAID)),
            Document.due_on < wanted.today,
        ]
    elif wanted.state:
        found.append(Document.status == DocumentStatus(wanted.state))
    if wanted.issued_from:
        found.append(Document.issued_on >= wanted.issued_from)
    if wanted.issued_to:
        found.append(Document.issued_on <= wanted.issued_to)
    if wanted.contact_id is not None:
        found.append(Document.contact_id == wanted.contact_id)
    if wanted.series_label:
        found.append(Document.series_label == wanted.series_label)
    if wanted.published is True:
        found.append(live_publication(company_id))
    elif wanted.published is False:
        found += [Document.status != DocumentStatus.DRAFT, ~live_publication(company_id)]
    if wanted.text.strip():
        found.append(_mentions(company_id, wanted.text.strip()))
    return found


def _mentions(company_id: int, text: str) -> ColumnElement[bool]:
    """Number, customer (name, NIF, e-mail; without regard to accents) or, when it reads as one, the exact total."""
    contacts = select(Contact.id).where(
        Contact.company_id == company_id, Contact.search_key.like(contains(fold(text)), escape="\\")
    )
    ways: list[ColumnElement[bool]] = [
        Document.contact_id.in_(contacts),
        Document.number_text.like(starts_with(text.upper()), escape="\\"),
    ]
    if (amount := _amount(text)) is not None:
        ways.append(Document.total == amount)
    return or_(*ways)


def _amount(text: str) -> Decimal | None:
    try:
        return read_spanish(text)
    except InvalidValue:
        return None


def selected(company_id: int, selection: DocumentSelection) -> list[ColumnElement[bool]]:
    """A selection as conditions on ``Document``. Ids of another company or kind select nothing."""
    ours: list[ColumnElement[bool]] = [Document.company_id == company_id, Document.kind == selection.kind]
    if selection.search is not None:
        return conditions(company_id, selection.search)
    if selection.numbers is not None:
        numbers = selection.numbers
        return [
            *ours,
            and_(
                Document.series_label == numbers.series_label,
                Document.sort_number.between(numbers.first, numbers.last),
            ),
        ]
    return [*ours, Document.id.in_(selection.ids[:MOST_TICKED]) if selection.ids else false()]


def documents(company_id: int, wanted: DocumentFilter) -> Select[Any]:
    """Newest first."""
    return (
        select(Document).where(*conditions(company_id, wanted)).order_by(Document.issued_on.desc(), Document.id.desc())
    )
