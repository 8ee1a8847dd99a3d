"""One page of a list: bounded work whatever the size of the table.

The page is found by its place in the order (keyset), the count stops at ``COUNT_CAP``, and totals of the whole search
are added up only while it is small, or when asked for. Statements are kept by the address they came from: building
one costs more than running it.
"""

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, literal, select, tuple_

from admin_views.columns import cutters
from admin_views.searching import AFTER, BEFORE, LAST, PLACE, Search, read_place, replay, spell_cursor
from app import clock
from app.errors import InvalidValue
from app.scope import ScopedSession

if TYPE_CHECKING:
    from admin_views.base import OfficeView

MOST = bindparam("most", type_=Integer)
COUNT_CAP = 10_000
TOTALS_CAP = 1_000


class Line(Struct, frozen=True):
    """A row of the table, its cells as they read."""

    id: int
    name: Any
    cells: list[Any]


class Page(Struct, frozen=True, kw_only=True):
    lines: list[Line]
    count: int
    newer: str | None
    older: str | None
    last: str | None
    first_place: int
    totals: list[Any] | None

    @property
    def is_capped(self) -> bool:
        return self.count > COUNT_CAP


def find_page(view: "OfficeView", db: ScopedSession, search: Search, *, with_totals: bool = False) -> Page:
    """The page of ``search``, read in one session."""
    if search.wrong:
        return Page(lines=[], count=0, newer=None, older=None, last=None, first_place=1, totals=None)
    ask = _statements(view, db.company_id, search.link(**search.cursor), clock.today())
    count = view.known_count(db, search)
    if count is None:
        count = db.scalar(ask.counting) or 0
    most = search.size + 1 if search.cursor else min(search.size + 1, count)
    found = list(db.execute(ask.page, {"most": most})) if most else []
    rows, more = found[: search.size], len(found) > search.size
    if search.is_backwards:
        rows.reverse()
    totals = None
    if ask.totals is not None and 0 < count <= TOTALS_CAP:
        totals = list(db.execute(ask.totals, {"most": count}).one())
    elif ask.totals is not None and with_totals:
        totals = totals_of(view, db, search)
    has_older = search.before is not None if search.is_backwards else more
    has_newer = more if search.is_backwards else search.after is not None
    place = _first_place(search, len(rows), count, has_newer)
    return Page(
        lines=lines_of(view, db, rows),
        count=count,
        newer=_neighbour(search, BEFORE, rows[:1], max(place - search.size, 1)) if has_newer and rows else None,
        older=_neighbour(search, AFTER, rows[-1:], place + len(rows)) if has_older and rows else None,
        last=search.link(**{LAST: "1"}) if has_older and rows else None,
        first_place=place,
        totals=totals,
    )


class _Statements(NamedTuple):
    page: Select[Any]
    counting: Select[Any]
    totals: Select[Any] | None


@lru_cache(maxsize=512)
def _statements(view: "OfficeView", company_id: int, address: str, today: dt.date) -> _Statements:
    search = view.search_of(replay(address.removeprefix("?")))
    page = view.page_statement(company_id, search, _shown(view))
    return _Statements(page, view.count_statement(company_id, search), _totals_statement(view, company_id, search))


def _shown(view: "OfficeView") -> list[Any]:
    return [value for column in view.columns for value in column.values]


def _totals_statement(view: "OfficeView", company_id: int, search: Search) -> Select[Any] | None:
    """Sums over the ``:most`` rows there are, found the way the page finds them."""
    totals = [column.total.label(f"sum_of_{column.name}") for column in view.columns if column.total is not None]
    if not totals:
        return None
    everything = replace(search, after=None, before=None, from_the_end=False)
    rows = view.page_statement(company_id, everything, totals).subquery()
    return select(*(func.sum(rows.c[total.name]) for total in totals))


def page_statement(view: "OfficeView", company_id: int, search: Search, columns: Sequence[Any]) -> Select[Any]:
    """The rows of one page, as many as ``:most``. Asking for no more than there are ends the search with the last."""
    statement = ordered(view, search, columns, backwards=search.is_backwards)
    statement = statement.where(*view.conditions(company_id, search))
    if (beyond := beyond_cursor(search, sort_key(view, search), view.model.id)) is not None:
        statement = statement.where(beyond)
    return statement.limit(MOST)


def count_statement(view: "OfficeView", company_id: int, search: Search) -> Select[Any]:
    """How many rows a search finds, at most one more than the cap."""
    found = select(literal(1)).select_from(view.model).where(*view.conditions(company_id, search))
    return select(func.count()).select_from(found.limit(COUNT_CAP + 1).subquery())


def totals_of(view: "OfficeView", db: ScopedSession, search: Search) -> list[Any]:
    """Sums over all a search finds, however much that is."""
    sums = [func.sum(column.total) for column in view.columns if column.total is not None]
    return list(db.execute(select(*sums).where(*view.conditions(db.company_id, search))).one())


def lines_of(view: "OfficeView", db: ScopedSession, rows: Sequence[Any]) -> list[Line]:
    extras = view.extras(db, [row[0] for row in rows]) if rows else {}
    cut = cutters(view.columns, 2)
    show = [column.show for column in view.columns]
    lines = []
    for row in rows:
        cells = [show_cell(*take(row, extras)) for show_cell, take in zip(show, cut, strict=True)]
        lines.append(Line(row[0], cells[0], cells[1:]))
    return lines


def ordered(
    view: "OfficeView", search: Search, columns: Sequence[Any] | None = None, *, backwards: bool = False
) -> Select[Any]:
    """Every row of a search in its order: the id, what it is ordered by, then ``columns`` (what the list shows)."""
    key = sort_key(view, search)
    ways = (key, view.model.id)
    down = search.order.descending != backwards
    asked = select(view.model.id, key, *(_shown(view) if columns is None else columns))
    return view.joined(asked).order_by(*(way.desc() if down else way for way in ways))


def sort_key(view: "OfficeView", search: Search) -> Any:
    return next(column.sort for column in view.columns if column.name == search.order.name)


def beyond_cursor(search: Search, key: Any, row_id: Any) -> ColumnElement[bool] | None:
    """Past the cursor, in the direction the page is read from; a cursor that makes no sense is no cursor."""
    cursor = search.before or search.after
    if cursor is None or search.from_the_end:
        return None
    try:
        value = read_place(cursor[0], key.type)
    except (ValueError, InvalidValue):
        return None
    here, there = tuple_(key, row_id), tuple_(literal(value, key.type), literal(cursor[1]))
    falling = search.order.descending != (search.before is not None)
    return here < there if falling else here > there


def _neighbour(search: Search, parameter: str, edge: Sequence[Any], place: int) -> str:
    row = edge[0]
    return search.link(**{parameter: spell_cursor(row[1], row[0]), PLACE: str(place)})


def _first_place(search: Search, rows: int, count: int, has_newer: bool) -> int:
    if not has_newer:
        return 1
    if search.from_the_end:
        return max(count - rows + 1, 1) if count <= COUNT_CAP else 0
    return search.place
