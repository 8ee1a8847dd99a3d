"""Publishing 100,000 invoices of a search with notices, beside the bare statements; and the portal meanwhile."""

import os
import shutil
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import Engine

from app.db import Database, make_engine
from app.domain.previewing import preview_publication
from app.domain.publishing import PublishDocuments, publish_documents
from app.domain.selections import DocumentFilter, DocumentSelection
from app.migrations import migrate
from app.scope import Actor, CompanyScope, PortalScope
from bench import Row
from bench._invoices import fill
from bench._publishing_floor import publish_raw
from bench.measure import cpu_seconds, memory_mb
from models import Contact, Document, TemplateVersion
from models.enums import DocumentKind
from tests.rig import postgres

ROUNDS = 5
SELECTION = DocumentSelection(
    kind=DocumentKind.INVOICE,
    label="Todas las facturas emitidas",
    search=DocumentFilter(kind=DocumentKind.INVOICE, state="pending"),
)
READERS = 2
PAUSE = 0.004


def run(quick: bool) -> list[Row]:
    invoices, contacts = (5_000, 200) if quick else (100_000, 2_000)
    rows: list[Row] = []
    with _sqlite(invoices, contacts) as place:
        rows += _measure(place, quick)
    with _postgresql(invoices, contacts) as place:
        rows += _measure(place, quick)
    return rows


class Place(Protocol):
    """A filled database that can be had anew. ``roots``: processes that work for it."""

    name: str
    roots: tuple[int, ...]
    company_id: int
    engine: Engine

    def renew(self) -> None:
        """Put an untouched copy where ``engine`` looks; the one before is gone."""
        ...


class _Sqlite:
    name = "SQLite"
    roots: tuple[int, ...] = ()

    def __init__(self, folder: Path, invoices: int, contacts: int) -> None:
        self._base, self._copy = folder / "base.db", folder / "copy.db"
        engine = make_engine(f"sqlite:///{self._base}")
        migrate(engine)
        self.company_id = fill(engine, invoices=invoices, contacts=contacts)
        engine.dispose()
        connection = sqlite3.connect(self._base)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        self.engine = make_engine(f"sqlite:///{self._copy}")

    def renew(self) -> None:
        for leftover in self._copy.parent.glob("copy.db*"):
            leftover.unlink()
        shutil.copyfile(self._base, self._copy)


class _Postgresql:
    name = "PostgreSQL"

    def __init__(self, server: postgres.Server, invoices: int, contacts: int) -> None:
        self._server = server
        self.roots: tuple[int, ...] = (server.pid,)
        engine = make_engine(server.create("base"))
        migrate(engine)
        self.company_id = fill(engine, invoices=invoices, contacts=contacts)
        engine.dispose()
        self.engine = make_engine(server.url("copy"))

    def renew(self) -> None:
        self._server.create("copy", template="base")
        with self._server.connect() as connection:
            connection.execute("CHECKPOINT")


@contextmanager
def _sqlite(invoices: int, contacts: int) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="ventanilla-bench-") as folder:
        yield _Sqlite(Path(folder), invoices, contacts)


@contextmanager
def _postgresql(invoices: int, contacts: int) -> Iterator[Place]:
    server = postgres.start(durable=True)
    try:
        yield _Postgresql(server, invoices, contacts)
    finally:
        server.stop()


@contextmanager
def _opened(place: Place) -> Iterator[Engine]:
    """The place's engine on an untouched copy. One engine for all rounds, as in a server: statements stay compiled."""
    place.renew()
    with place.engine.connect():
        yield place.engine
    place.engine.dispose()


def _measure(place: Place, quick: bool) -> list[Row]:
    ours, floor = [], []
    for number in range((1 if quick else ROUNDS) + 1):
        with _opened(place) as engine:
            cpu = _cpu_of(_ours(engine, place.company_id), place)
        with _opened(place) as engine:
            bare = _cpu_of(_bare(engine, place.company_id), place)
        if number:  # the first round warms caches for both
            ours.append(cpu)
            floor.append(bare)
    with _opened(place) as engine:
        publish = _ours(engine, place.company_id)
        with _watched(place) as grown:
            publish()
    idle, busy = _interference(place, quick)
    return [
        Row(
            what="publicar la búsqueda con avisos",
            value=statistics.median(ours) * 1000,
            database=place.name,
            floor=statistics.median(floor) * 1000,
            floor_is="las mismas sentencias a mano",
            limit=1.25,
        ),
        Row(what="  memoria de más", value=grown[0], unit="MB", database=place.name, limit=150),
        Row(
            what="  portal mientras tanto, mediana",
            value=_percentile(busy, 50),
            unit="ms",
            database=place.name,
            floor=_percentile(idle, 50),
            floor_is="en reposo",
            limit=1.5,
        ),
        Row(
            what="  portal mientras tanto, p99",
            value=_percentile(busy, 99),
            unit="ms",
            database=place.name,
            floor=_percentile(idle, 99),
            floor_is="en reposo",
            limit=5,
        ),
        Row(what="  portal mientras tanto, la peor", value=max(busy), unit="ms", database=place.name, limit=500),
    ]


def _cpu_of(work: Callable[[], int], place: Place) -> float:
    before = cpu_seconds(place.roots)
    work()
    return cpu_seconds(place.roots) - before


def _ours(engine: Engine, company_id: int) -> Callable[[], int]:
    """What the dialogue's answer does, from command to commit. The dry run has been shown before."""
    database, scope = Database(engine), CompanyScope(company_id)
    with database.read(scope) as db:
        shown = preview_publication(db, SELECTION, notify=True)
    command = PublishDocuments(selection=SELECTION, fingerprint=shown.fingerprint, key="medida", user_id=None)

    def publish() -> int:
        published = database.run(scope, lambda db: publish_documents(db, command), Actor("medida"))
        return published.documents

    return publish


def _bare(engine: Engine, company_id: int) -> Callable[[], int]:
    with engine.connect() as connection:
        version_id = connection.execute(sa.select(sa.func.min(TemplateVersion.id))).scalar_one()
    borrowed = engine.raw_connection()
    driver: Any = borrowed.driver_connection
    if hasattr(driver, "autocommit") and not isinstance(driver, sqlite3.Connection):
        driver.rollback()
        driver.autocommit = True
    return lambda: publish_raw(driver, company_id, version_id)


@contextmanager
def _watched(place: Place) -> Iterator[list[float]]:
    """Into the list: by how many MB this process and the place's own have grown at most."""
    roots = (os.getpid(), *place.roots)
    before, grown, over = sum(map(memory_mb, roots)), [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            grown[0] = max(grown[0], sum(map(memory_mb, roots)) - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield grown
    over.set()
    watcher.join()


def _interference(place: Place, quick: bool) -> tuple[list[float], list[float]]:
    """How long portal pages take, in ms, with nothing else going on and during publications."""
    idle: list[float] = []
    busy: list[float] = []
    for _round in range(1 if quick else ROUNDS):
        with _opened(place) as engine:
            publish = _ours(engine, place.company_id)
            with _readers(engine, place.company_id, idle):
                time.sleep(1.0)
            with _readers(engine, place.company_id, busy):
                publish()
    return idle, busy


@contextmanager
def _readers(engine: Engine, company_id: int, seconds: list[float]) -> Iterator[None]:
    """Customers who keep opening their invoices, as long as the block runs."""
    over = threading.Event()
    database = Database(engine)
    with database.read(CompanyScope(company_id)) as db:
        contact_ids = list(db.scalars(sa.select(Contact.id).limit(100)))

    def read(first: int) -> None:
        turn = first
        while not over.wait(PAUSE):
            turn += 1
            begun = time.perf_counter()
            with database.read(PortalScope(company_id, contact_ids[turn % len(contact_ids)])) as db:
                db.scalars(sa.select(Document).order_by(Document.issued_on.desc(), Document.id.desc()).limit(25)).all()
            seconds.append((time.perf_counter() - begun) * 1000)

    threads = [threading.Thread(target=read, args=(number * 37,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
