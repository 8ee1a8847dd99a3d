"""A customer's lists of documents, kind by kind: search, pages and totals."""

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    String,
    bindparam,
    case,
    func,
    select,
    tuple_,
)

from app.domain.folding import contains, fold
from app.domain.queries.customer_rows import (
    IS_WAITING,
    MINE,
    OF_KIND,
    OUTSTANDING,
    Standing,
    documents,
    rows,
    stands,
)
from app.scope import ScopedSession
from models.enums import DocumentKind
from models.types import BigId

PAGE = 25


class Search(Struct, frozen=True, kw_only=True):
    """``after`` is the day and id of the last document of the page before."""

    kind: DocumentKind
    today: dt.date
    text: str = ""
    year: int | None = None
    standing: Standing | None = None
    after: tuple[dt.date, int] | None = None


def overview(db: ScopedSession, today: dt.date) -> dict[DocumentKind, Row[Any]]:
    """Each kind there is, with how many are ``waiting`` for the customer and the ``first`` and ``last`` day of any."""
    return {row.kind: row for row in rows(db, _OVERVIEW, today=today)}


def page_of_documents(db: ScopedSession, search: Search) -> Sequence[Row[Any]]:
    """Newest first: one page and, when there are more, the first of the next."""
    return rows(db, _page(*_shape(search), search.after is not None), **_values(search))


def totals_of_documents(db: ScopedSession, search: Search) -> Sequence[Row[Any]]:
    """``currency, documents, total, outstanding`` of the whole search; currencies never mix."""
    return rows(db, _totals(*_shape(search)), **_values(search))


def _shape(search: Search) -> tuple[bool, bool, Standing | None]:
    return bool(search.text), search.year is not None, search.standing


def _values(search: Search) -> dict[str, Any]:
    values: dict[str, Any] = {"kind": search.kind, "today": search.today}
    if search.text:
        values["pattern"] = contains(fold(search.text))
    if search.year is not None:
        values |= {"first_day": dt.date(search.year, 1, 1), "last_day": dt.date(search.year, 12, 31)}
    if search.after:
        values["after_day"], values["after_id"] = search.after
    return values


def _conditions(has_text: bool, has_year: bool, standing: Standing | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [MINE, OF_KIND]
    if has_year:
        found.append(documents.c.issued_on.between(bindparam("first_day"), bindparam("last_day")))
    if standing:
        found.append(stands(standing))
    if has_text:
        found.append(documents.c.search_key.like(bindparam("pattern", type_=String), escape="\\"))
    return found


@cache
def _page(has_text: bool, has_year: bool, standing: Standing | None, has_after: bool) -> Select[Any]:
    found = _conditions(has_text, has_year, standing)
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


@cache
def _totals(has_text: bool, has_year: bool, standing: Standing | None) -> Select[Any]:
    return (
        select(
            documents.c.currency,
            func.count().label("documents"),
            func.sum(documents.c.total).label("total"),
            func.sum(OUTSTANDING).label("outstanding"),
        )
        .where(*_conditions(has_text, has_year, standing))
        .group_by(documents.c.currency)
        .order_by(documents.c.currency)
    )


_OVERVIEW = (
    select(
        documents.c.kind,
        func.count(case((IS_WAITING, 1))).label("waiting"),
        func.min(documents.c.issued_on).label("first"),
        func.max(documents.c.issued_on).label("last"),
    )
    .where(MINE)
    .group_by(documents.c.kind)
)
