"""Documents as lists, exports and publications select them: one place decides what a filter means."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from app.domain.folding import contains, fold
from app.domain.selections import DocumentFilter, DocumentSelection
from app.errors import InvalidValue
from app.money import read_spanish
from models import Contact, Document, Publication
from models.document import STATUSES
from models.enums import DocumentKind, DocumentStatus

# States that the day makes: an invoice not paid in time, a quote nobody answered in time.
OVERDUE, EXPIRED = "overdue", "expired"
MOST_TICKED = 5000
MOST_DIGITS = 18
LAST_LETTER = "\U0010ffff"  # nothing sorts behind it


def live_publication(company_id: int, document: Any = Document) -> ColumnElement[bool]:
    """The document at hand has a publication that is not withdrawn."""
    return exists(
        select(1).where(
            Publication.company_id == company_id,
            Publication.document_id == document.id,
            Publication.withdrawn_at.is_(None),
        )
    ).correlate(document)


def is_in_use(kind: DocumentKind, document: Any = Document) -> ColumnElement[bool]:
    """A document of that kind that is worth showing: no draft, nor cancelled, nor replaced by another version."""
    gone = [status for status in (DocumentStatus.CANCELLED, DocumentStatus.SUPERSEDED) if status in STATUSES[kind]]
    no_draft: ColumnElement[bool] = document.status != DocumentStatus.DRAFT
    return and_(no_draft, document.status.not_in(gone)) if gone else no_draft


def conditions(company_id: int, wanted: DocumentFilter) -> list[ColumnElement[bool]]:
    """The filter as conditions on ``Document``, company and kind first, as every index begins."""
    found = _plain(Document, company_id, wanted)
    if wanted.text.strip():
        mentioned = mentioning(company_id, wanted).subquery()
        found.append(Document.id.in_(select(mentioned.c.id)))
    return found


def mentioning(company_id: int, wanted: DocumentFilter) -> CompoundSelect[Any]:
    """Id and day of what the filter finds with its words: number as printed, from its beginning, or only its digits
    (``1120`` for FV26-1120); customer (name, NIF, e-mail; without regard to accents); or, when they read as one, the
    exact total.

    One select for each, as each has an index of its own; each leaves out what the ones before it find, which costs
    less than looking for doubles at the end. A customer's are many and walked by day, unless there is no such customer;
    those found by a figure are few, and found before any day is looked at.
    """
    text = wanted.text.strip()
    document = aliased(Document)
    contacts = select(Contact.id).where(
        Contact.company_id == company_id, Contact.search_key.like(contains(fold(text)), escape="\\")
    )
    theirs = document.contact_id.in_(contacts)
    numbered = [
        and_(document.number_text >= number, document.number_text < number + LAST_LETTER)
        for number in sorted({text, text.upper()})
    ]
    ways: list[list[ColumnElement[bool]]] = [[number, ~theirs] for number in numbered]
    named = and_(document.number_text.is_not(None), or_(*numbered))
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        labels = series_labels(company_id, wanted.kind)
        counted = and_(document.series_label.in_(select(labels.c.label)), document.sort_number == int(text))
        ways.append([counted, ~theirs, ~named])
        named = or_(named, and_(document.sort_number.is_not(None), counted))
    if (amount := _amount(text)) is not None:
        ways.append([document.total == amount, ~theirs, ~named])
    plain = _plain(document, company_id, wanted)
    found = select(document.id, document.issued_on).where(*plain)
    by_figure = union_all(*(found.where(*way) for way in ways)).cte().prefix_with("MATERIALIZED")
    # Without such a customer the walk begins where it ends.
    first_day = case((contacts.exists(), dt.date.min), else_=dt.date.max)
    by_customer = found.where(theirs, document.issued_on >= first_day)
    return union_all(by_customer, select(by_figure.c.id, by_figure.c.issued_on))


def series_labels(company_id: int, kind: DocumentKind) -> CTE:
    """``label`` of every series with documents, own or imported: a probe of one index each."""
    ours = (Document.company_id == company_id, Document.kind == kind)
    labels = select(func.min(Document.series_label).label("label")).where(*ours).cte(recursive=True)
    following = select(func.min(Document.series_label)).where(*ours, Document.series_label > labels.c.label)
    return labels.union_all(select(following.scalar_subquery()).where(labels.c.label.is_not(None)))


def _plain(document: Any, company_id: int, wanted: DocumentFilter) -> list[ColumnElement[bool]]:
    """All of the filter but its words."""
    found: list[ColumnElement[bool]] = [document.company_id == company_id, document.kind == wanted.kind]
    if wanted.state == OVERDUE:
        found += [
            document.status.in_((DocumentStatus.PENDING, DocumentStatus.PART_PAID)),
            document.due_on < wanted.today,
        ]
    elif wanted.state == EXPIRED:
        found += [document.status == DocumentStatus.ISSUED, document.due_on < wanted.today]
    elif wanted.state:
        found.append(document.status == DocumentStatus(wanted.state))
    if wanted.issued_from:
        found.append(document.issued_on >= wanted.issued_from)
    if wanted.issued_to:
        found.append(document.issued_on <= wanted.issued_to)
    if wanted.contact_id is not None:
        found.append(document.contact_id == wanted.contact_id)
    if wanted.series_label:
        found.append(document.series_label == wanted.series_label)
    if wanted.in_use or wanted.published is False:
        found.append(is_in_use(wanted.kind, document))
    if wanted.published is not None:
        live = live_publication(company_id, document)
        found.append(live if wanted.published else ~live)
    return found


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
