"""Lists of the office: one page beside its bare query and SQLAdmin's own, a million rows beside ten thousand, CSV."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from app.db import make_engine
from app.migrations import migrate
from bench import Row
from bench._office_app import Office, bare_page, stock_page
from bench._office_rows import HIT, MISS, fill
from bench.measure import interleaved
from tests.rig import postgres

ROUNDS = 7
LIST = "/admin/invoice/list"
# Page, and how many times the small table's cost the large one's may be.
PAGES = {
    "primera página": "",
    "estado y fechas": "?estado=pendiente&desde=01/01/2025&hasta=31/12/2025",
    "cliente que está": f"?buscar={HIT}",
    "cliente que no está": f"?buscar={MISS}",
    "última página": "?final=1",
}
MOST_TIMES = 1.5
UNPUBLISHED = "?publicada=no"


@dataclass(frozen=True)
class Sizes:
    one: int
    small: int
    large: int
    exported: int
    pages: int  # asked for in each measurement, for a clock that ticks coarsely


FULL = Sizes(one=100_000, small=10_000, large=1_000_000, exported=500_000, pages=20)
QUICK = Sizes(one=5_000, small=2_000, large=20_000, exported=20_000, pages=5)


@dataclass(frozen=True)
class Place:
    """Where databases of one kind are made. ``roots``: processes that work for them."""

    name: str
    make: Callable[[str], str]
    roots: tuple[int, ...] = ()


def run(quick: bool) -> list[Row]:
    sizes, rows = QUICK if quick else FULL, []
    for opened in (_sqlite, _postgresql):
        with opened() as place:
            rows += _one_page(place, sizes) + _growth(place, sizes) + _export(place, sizes)
    return rows


@contextmanager
def _sqlite() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="ventanilla-bench-") as folder:
        yield Place("SQLite", lambda name: f"sqlite:///{Path(folder) / name}.db")


@contextmanager
def _postgresql() -> Iterator[Place]:
    server = postgres.start(durable=True)
    try:
        yield Place("PostgreSQL", server.create, (server.pid,))
    finally:
        server.stop()


def _filled(place: Place, name: str, *, invoices: int, companies: int) -> tuple[str, int]:
    url = place.make(name)
    engine = make_engine(url)
    migrate(engine)
    company_id = fill(engine, invoices=invoices, companies=companies)
    engine.dispose()
    return url, company_id


@contextmanager
def _office(url: str) -> Iterator[Office]:
    office = Office(url)
    office.ask(LIST)  # the first page of a process is not what is measured
    yield office
    office.close()


def _one_page(place: Place, sizes: Sizes) -> list[Row]:
    url, company_id = _filled(place, "one", invoices=sizes.one, companies=1)
    engine: sa.Engine = make_engine(url)
    with _office(url) as office:
        costs = interleaved(
            {
                "ours": _times(sizes.pages, partial(office.ask, LIST)),
                "bare": _times(sizes.pages, bare_page(engine, company_id)),
                "stock": _times(max(sizes.pages // 5, 1), stock_page(engine)),
            },
            rounds=ROUNDS,
            processes=place.roots,
        )
    engine.dispose()
    ours, bare = (costs[name].cpu * 1000 / sizes.pages for name in ("ours", "bare"))
    stock = costs["stock"].cpu * 1000 / max(sizes.pages // 5, 1)
    what = f"25 de {sizes.one:_} facturas".replace("_", ".")
    # SQLAdmin counts every row of the table each time: over few rows that costs little and says nothing.
    tenth = 0.1 if sizes is FULL else None
    return [
        Row(what=what, value=ours, database=place.name, floor=bare, floor_is="consulta y plantilla", limit=8),
        Row(what=what, value=ours, database=place.name, floor=stock, floor_is="lista de SQLAdmin", limit=tenth),
    ]


def _growth(place: Place, sizes: Sizes) -> list[Row]:
    """The same page where there is little and where there is a hundred times as much."""
    small, _small_id = _filled(place, "small", invoices=sizes.small, companies=20)
    large, _large_id = _filled(place, "large", invoices=sizes.large, companies=20)
    rows = []
    with _office(small) as few, _office(large) as many:
        for what, query in PAGES.items():
            costs = interleaved(
                {
                    "few": _times(sizes.pages, partial(few.ask, LIST + query)),
                    "many": _times(sizes.pages, partial(many.ask, LIST + query)),
                },
                rounds=ROUNDS,
                processes=place.roots,
            )
            rows.append(
                Row(
                    what=what,
                    value=costs["many"].cpu * 1000 / sizes.pages,
                    database=place.name,
                    floor=costs["few"].cpu * 1000 / sizes.pages,
                    floor_is=f"{sizes.small:_} facturas".replace("_", "."),
                    limit=MOST_TIMES,
                )
            )
        ask = _times(sizes.pages, partial(many.ask, LIST + UNPUBLISHED))
        cost = interleaved({"unpublished": ask}, rounds=ROUNDS, processes=place.roots)["unpublished"]
        rows.append(Row(what="sin publicar", value=cost.cpu * 1000 / sizes.pages, database=place.name, limit=30))
    return rows


def _export(place: Place, sizes: Sizes) -> list[Row]:
    url, _company_id = _filled(place, "exported", invoices=sizes.exported, companies=1)
    with _office(url) as office:
        answer = office.watched("/admin/invoice/export/csv")
    what = f"CSV de {sizes.exported:_} filas".replace("_", ".")
    return [
        Row(what=f"{what}, primer byte", value=answer.first_byte, unit="s", database=place.name, limit=0.2),
        Row(what=f"{what}, memoria de más", value=answer.grown, unit="MB", database=place.name, limit=100),
    ]


def _times(many: int, call: Callable[[], object]) -> Callable[[], None]:
    def repeat() -> None:
        for _turn in range(many):
            call()

    return repeat
