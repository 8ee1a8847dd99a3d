"""A customer's list of invoices: search, pages and totals."""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    select,
    tuple_,
)

from app.domain.folding import contains, fold
from app.domain.queries.customer_rows import (
    IS_IN_TIME,
    IS_LATE,
    IS_OPEN,
    MINE,
    OUTSTANDING,
    documents,
    rows,
)
from app.scope import ScopedSession
from models.enums import DocumentStatus
from models.types import BigId

PAGE = 25


class State(StrEnum):
    """The states a customer can ask for, as the page shows them: a late invoice is late, and not also pending."""

    OPEN = "open"
    LATE = "late"
    PENDING = "pending"
    PART_PAID = "part_paid"
    PAID = "paid"
    RETURNED = "returned"


_STATES: dict[State, ColumnElement[bool]] = {
    State.OPEN: IS_OPEN,
    State.LATE: IS_LATE,
    State.PENDING: and_(documents.c.status == DocumentStatus.PENDING, IS_IN_TIME),
    State.PART_PAID: and_(documents.c.status == DocumentStatus.PART_PAID, IS_IN_TIME),
    State.PAID: documents.c.status == DocumentStatus.PAID,
    State.RETURNED: documents.c.status == DocumentStatus.RETURNED,
}


class InvoiceSearch(Struct, frozen=True, kw_only=True):
    """``after`` is the day and id of the last invoice of the page before."""

    today: dt.date
    text: str = ""
    year: int | None = None
    state: State | None = None
    after: tuple[dt.date, int] | None = None


def overview(db: ScopedSession) -> Row[Any]:
    """``waiting`` invoices to pay, ``first`` and ``last`` day of any."""
    return rows(db, _OVERVIEW)[0]


def page_of_invoices(db: ScopedSession, search: InvoiceSearch) -> Sequence[Row[Any]]:
    """Newest first: one page and, when there are more, the first of the next."""
    return rows(db, _page(*_shape(search), search.after is not None), **_values(search))


def totals_of_invoices(db: ScopedSession, search: InvoiceSearch) -> Sequence[Row[Any]]:
    """``currency, invoices, total, outstanding`` of the whole search; currencies never mix."""
    return rows(db, _totals(*_shape(search)), **_values(search))


def _shape(search: InvoiceSearch) -> tuple[bool, bool, State | None]:
    return bool(search.text), search.year is not None, search.state


def _values(search: InvoiceSearch) -> dict[str, Any]:
    values: dict[str, Any] = {"today": search.today}
    if search.text:
        values["pattern"] = contains(fold(search.text))
    if search.year is not None:
        values |= {"first_day": dt.date(search.year, 1, 1), "last_day": dt.date(search.year, 12, 31)}
    if search.after:
        values["after_day"], values["after_id"] = search.after
    return values


def _conditions(has_text: bool, has_year: bool, state: State | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [MINE]
    if has_year:
        found.append(documents.c.issued_on.between(bindparam("first_day"), bindparam("last_day")))
    if state:
        found.append(_STATES[state])
    if has_text:
        found.append(documents.c.search_key.like(bindparam("pattern", type_=String), escape="\\"))
    return found


@lru_cache
def _page(has_text: bool, has_year: bool, state: State | None, has_after: bool) -> Select[Any]:
    found = _conditions(has_text, has_year, state)
    if has_after:
        after = tuple_(bindparam("after_day", type_=Date), bindparam("after_id", type_=BigId))
        found.append(tuple_(documents.c.issued_on, documents.c.id) < after)
    return (
        select(
            documents.c.id,
            documents.c.number_text,
            documents.c.subject,
            documents.c.corrects_text,
            documents.c.issued_on,
            documents.c.due_on,
            documents.c.status,
            documents.c.currency,
            documents.c.total,
            OUTSTANDING.label("outstanding"),
        )
        .where(*found)
        .order_by(documents.c.issued_on.desc(), documents.c.id.desc())
        .limit(PAGE + 1)
    )


@lru_cache
def _totals(has_text: bool, has_year: bool, state: State | None) -> Select[Any]:
    return (
        select(
            documents.c.currency,
            func.count().label("invoices"),
            func.sum(documents.c.total).label("total"),
            func.sum(OUTSTANDING).label("outstanding"),
        )
        .where(*_conditions(has_text, has_year, state))
        .group_by(documents.c.currency)
        .order_by(documents.c.currency)
    )


_OVERVIEW = select(
    func.count(case((IS_OPEN, 1))).label("waiting"),
    func.min(documents.c.issued_on).label("first"),
    func.max(documents.c.issued_on).label("last"),
).where(MINE)
