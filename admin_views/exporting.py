"""A search as a CSV that opens in a Spanish spreadsheet: written as it is read, in memory that does not grow."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from admin_views.columns import Column, cutters, spreadsheet
from admin_views.listing import ordered
from admin_views.searching import Search
from app import clock
from app.db import Database
from app.domain.folding import fold
from app.scope import CompanyScope, ScopedSession

if TYPE_CHECKING:
    from admin_views.base import OfficeView

CHUNK = 1000
BOM = "\ufeff"


def csv_answer(view: "OfficeView", database: Database, company_id: int, search: Search) -> StreamingResponse:
    name = re.sub(r"[^a-z0-9]+", "-", fold(view.name_plural))
    return StreamingResponse(
        csv_chunks(view, database, company_id, search),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{clock.today().isoformat()}.csv"'},
    )


def csv_chunks(view: "OfficeView", database: Database, company_id: int, search: Search) -> Iterator[str]:
    """The heading, then the rows a thousand at a time. Each step may run in another thread."""
    columns = view.exported or view.columns
    writing = _Writer(columns)
    yield BOM + writing.write([[column.heading for column in columns]])
    if search.wrong:
        return
    with database.read_much(CompanyScope(company_id)) as db:
        statement = ordered(view, search, [value for column in columns for value in column.values]).where(
            *view.conditions(company_id, search)
        )
        for rows in db.execute(statement.execution_options(yield_per=CHUNK)).partitions():
            yield writing.write(writing.cells(view, db, rows))


class _Writer:
    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.buffer = io.StringIO()
        self.csv = csv.writer(self.buffer, delimiter=";", lineterminator="\r\n")

    def write(self, rows: Iterator[Any] | Sequence[Any]) -> str:
        self.csv.writerows(rows)
        text = self.buffer.getvalue()
        self.buffer.seek(0)
        self.buffer.truncate()
        return text

    def cells(self, view: "OfficeView", db: ScopedSession, rows: Sequence[Any]) -> Iterator[list[str]]:
        extras = view.extras(db, [row[0] for row in rows])
        cut = cutters(self.columns, 2)
        ways = [(take, column.csv or _first) for take, column in zip(cut, self.columns, strict=True)]
        for row in rows:
            yield [spreadsheet(way(*take(row, extras))) for take, way in ways]


def _first(value: Any, *rest: Any) -> Any:
    return value
