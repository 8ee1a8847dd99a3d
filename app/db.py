"""The database: engines for SQLite and PostgreSQL, and the only place where transactions begin and end."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from app.domain.folding import fold
from app.scope import Actor, Scope, ScopedSession, make_sessions

Answer = TypeVar("Answer")
Runner = Callable[[Callable[[ScopedSession], Any]], Any]

CONNECTIONS = 48  # more than the threads that may ask at once
RETRIES = 4
RESTED = 1.0  # seconds
SERIALISATION_FAILURE, DEADLOCK, ALREADY_THERE = "40001", "40P01", "23505"

MAPPED = 256 * 1024 * 1024

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 15000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16384",
    f"PRAGMA mmap_size = {MAPPED}",
    "PRAGMA temp_store = MEMORY",
)


def make_engine(url: str) -> Engine:
    """An engine with our rules: SQLite in WAL with full durability and foreign keys, PostgreSQL in UTC.

    What an error says is logged: it names the statement, never the values.
    """
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(
            url, hide_parameters=True, poolclass=QueuePool, pool_size=8, max_overflow=CONNECTIONS - 8
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=CONNECTIONS - 8,
        hide_parameters=True,
        # Compiling a plan costs seconds where running it costs milliseconds.
        connect_args={"options": "-c timezone=utc -c jit=off"},
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_try_when_rested, engine.dialect))
    return engine


def _note_use(connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()


def _try_when_rested(dialect: Dialect, connection: Any, record: ConnectionPoolEntry, proxy: Any) -> None:
    """Try a pooled connection before it is used, unless it was used a moment ago: trying costs as much as asking."""
    if time.monotonic() - record.info.get("used_at", math.inf) < RESTED:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late; ours is below
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)
    connection.create_function("fold", 1, lambda text: text and fold(text), deterministic=True)


def _begin_sqlite(connection: Connection) -> None:
    # A writer that began as a reader cannot wait for another writer: it must say so at once.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """Transactions of entry points. ``write`` commits when its block ends and rolls back when it raises."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.reads = make_sessions(engine)
        self.writes = make_sessions(engine.execution_options(writes=True))
        # PostgreSQL shows each statement what is committed by then, within a transaction or without: without one there
        # is no BEGIN and no ROLLBACK to wait for. SQLite gets its transaction, and with it one state of everything.
        is_sqlite = engine.dialect.name == "sqlite"
        self._looking = engine if is_sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def read(self, scope: Scope) -> Iterator[ScopedSession]:
        """A transaction that changes nothing."""
        with self.reads(scope=scope) as db:
            yield db

    @contextmanager
    def read_much(self, scope: Scope) -> Iterator[ScopedSession]:
        """Like ``read``, for going through a whole table: SQLite's map of the file would stay in this process."""
        with self.reads(scope=scope) as db:
            is_mapped = self.engine.dialect.name == "sqlite"
            if is_mapped:
                db.connection().exec_driver_sql("PRAGMA mmap_size = 0")
            try:
                yield db
            finally:
                if is_mapped:
                    db.connection().exec_driver_sql(f"PRAGMA mmap_size = {MAPPED}")

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """One connection, to change nothing, for several scopes in turn: who is asking, then what they may see.

        Sessions of it are ``reads(scope=..., bind=connection)``.
        """
        with self._looking.connect() as connection:
            yield connection

    @contextmanager
    def write(self, scope: Scope, actor: Actor | None = None) -> Iterator[ScopedSession]:
        with self.writes(scope=scope, actor=actor) as db, db.begin():
            yield db

    def run(self, scope: Scope, work: Callable[[ScopedSession], Answer], actor: Actor | None = None) -> Answer:
        """``work(db)`` in one write transaction, done again after a deadlock or a row in the way.

        ``work`` must have no effect but through ``db``.
        """

        def write() -> Answer:
            with self.write(scope, actor) as db:
                return work(db)

        return _patiently(write)

    @contextmanager
    def steady(self, scope: Scope) -> Iterator[Runner]:
        """A ``run`` for many small transactions in a row: the connection goes back when the block ends, not before."""
        with (
            self.engine.execution_options(writes=True).connect() as connection,
            ScopedSession(connection, scope=scope, expire_on_commit=False) as db,
        ):

            def write(work: Callable[[ScopedSession], Any]) -> Any:
                with db.begin():
                    return work(db)

            yield lambda work: _patiently(lambda: write(work))


def _patiently(write: Callable[[], Answer]) -> Answer:
    for attempt in range(RETRIES):
        try:
            return write()
        except DBAPIError as error:
            if attempt == RETRIES - 1 or not _may_succeed_later(error):
                raise
            time.sleep(0.05 * 2**attempt)
    raise AssertionError("the last attempt returns or raises")


def _may_succeed_later(error: DBAPIError) -> bool:
    """Whoever finds that another has just written the same row finds that row when looking again."""
    return getattr(error.orig, "sqlstate", None) in {SERIALISATION_FAILURE, DEADLOCK, ALREADY_THERE}
