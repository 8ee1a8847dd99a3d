"""PDFs of new publications, printed in the background before anybody asks for them."""

import logging
import os
import pickle
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from app.db import Database
from app.errors import MISTAKES, AdapterError, Refusal
from app.installation import Installation, open_installation
from app.rendering import render_publication
from app.scope import SYSTEM, CompanyScope, ScopedSession
from app.settings import Settings
from models import Publication

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]
HANDFUL = 20
"""More than this are printed by a process of its own: printing here would make every page wait for the interpreter."""

AT_ONCE = 100
MOST_TRIES = 2

publications: Any = Publication.__table__

# As a literal: a partial index only serves a query that says the same.
UNPRINTED = sa.text("publications.file_id IS NULL AND publications.withdrawn_at IS NULL")
NOT_GIVEN_UP = sa.or_(publications.c.render_tries.is_(None), publications.c.render_tries < MOST_TRIES)


def print_waiting(installation: Installation, stop: Event) -> None:
    """Print what waits, here if it is a handful, else in a process of its own that ends with the work."""
    waiting = unprinted(installation.database, HANDFUL + 1)
    if len(waiting) <= HANDFUL:
        print_all(installation, waiting, stop)
        return
    with subprocess.Popen(
        [sys.executable, "-m", "app.printing"], stdin=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as printer:
        assert printer.stdin is not None
        with suppress(BrokenPipeError), printer.stdin as pipe:  # told to stop together with us, before it could read
            pickle.dump((installation.settings, os.getpid()), pipe)
        while printer.poll() is None and not stop.wait(0.2):
            pass
        printer.terminate()


def print_backlog(settings: Settings, begun_by: int) -> None:
    """Everything that waits, giving way to whatever else the machine has to do; ends with the process ``begun_by``."""
    os.nice(10)
    alone, installation = Orphaned(begun_by), open_installation(settings)
    while not alone.is_set() and (waiting := unprinted(installation.database, AT_ONCE)):
        try:
            # Several printers at once seldom pick the same ones.
            print_all(installation, random.sample(waiting, len(waiting)), alone)
        except OperationalError as error:
            if not is_busy(error):
                raise
            log.warning("others are writing: printing gives way")


class Stop(Protocol):
    def is_set(self) -> bool: ...


class Orphaned:
    """Set once the process ``begun_by`` is gone, be it before this one had begun to look."""

    def __init__(self, begun_by: int) -> None:
        self.parent = begun_by

    def is_set(self) -> bool:
        return os.getppid() != self.parent


def is_busy(error: OperationalError) -> bool:
    """SQLite has one writer at a time, and others have kept it from us for as long as anybody waits."""
    return getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY")


def unprinted(database: Database, most: int) -> list[tuple[int, int]]:
    """Company and id of publications that wait to be printed: the newest of each company, at most ``most`` of each."""
    with database.read(SYSTEM) as db:
        found = list(_companies(db))
    return [(company_id, each) for company_id in found for each in _unprinted_of(database, company_id, most)]


def _companies(db: ScopedSession) -> Iterator[int]:
    """Companies with something to print: from one to the next, without looking at what lies between."""
    company_id: int | None = 0
    while company_id is not None:
        # In the order of the index of what waits, so that no database looks through all that is published.
        later = (
            sa.select(publications.c.company_id)
            .where(UNPRINTED, NOT_GIVEN_UP, publications.c.company_id > company_id)
            .order_by(publications.c.company_id, publications.c.id)
        )
        company_id = db.scalar(later.limit(1))
        if company_id is not None:
            yield company_id


def _unprinted_of(database: Database, company_id: int, most: int) -> list[int]:
    # Somebody is looking at what has just been published; what waits since long can wait.
    mine = sa.select(publications.c.id).where(UNPRINTED, NOT_GIVEN_UP, publications.c.company_id == company_id)
    mine = mine.order_by(publications.c.company_id.desc(), publications.c.id.desc())
    with database.read(CompanyScope(company_id)) as db:
        return list(db.scalars(mine.limit(most)))


def print_all(installation: Installation, waiting: list[tuple[int, int]], stop: Stop) -> None:
    """One after the other. One that fails is left alone after its second try: whoever opens it tries again."""
    for company_id, publication_id in waiting:
        if stop.is_set():
            return
        if not _begin(installation.database, company_id, publication_id):
            continue
        try:
            render_publication(installation, company_id, publication_id)
        except (AdapterError, OSError, Refusal, *MISTAKES):
            log.exception("publication %s of company %s cannot be printed", publication_id, company_id)


def _begin(database: Database, company_id: int, publication_id: int) -> bool:
    """Count the try before it is made, so that one that ends the process counts too."""

    def count_try(db: ScopedSession) -> bool:
        mine = (publications.c.company_id == company_id, publications.c.id == publication_id, UNPRINTED, NOT_GIVEN_UP)
        tries = sa.func.coalesce(publications.c.render_tries, 0) + 1
        return bool(db.connection().execute(sa.update(publications).where(*mine).values(render_tries=tries)).rowcount)

    return database.run(CompanyScope(company_id), count_try)


if __name__ == "__main__":
    print_backlog(*pickle.load(sys.stdin.buffer))
