"""Connections that wait in the pool: tried after a rest, and one that died meanwhile is replaced unnoticed."""

from contextlib import suppress

import pytest
from sqlalchemy import Engine, text

from app import db
from app.db import MAPPED, Database
from app.scope import SYSTEM

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def process_of(engine: Engine) -> int:
    with engine.connect() as connection:
        found: int = connection.scalar(text("SELECT pg_backend_pid()"))
        return found


@POSTGRESQL
def test_a_connection_that_died_at_rest_is_replaced(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "RESTED", 0.0)
    first = process_of(engine)
    other = db.make_engine(database_url)
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": first})
    other.dispose()

    second = process_of(engine)

    assert second != first


@POSTGRESQL
def test_a_connection_used_a_moment_ago_is_not_tried(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []
    monkeypatch.setattr(engine.dialect, "do_ping", tried.append)
    monkeypatch.setattr(db, "RESTED", 3600.0)

    process_of(engine), process_of(engine)

    assert tried == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("raises", [False, True], ids=["read", "broken off"])
def test_a_connection_that_read_much_is_given_back_as_it_was(database: Database, raises: bool) -> None:
    with suppress(LookupError), database.read_much(SYSTEM) as reading:
        lines = iter(reading.execute(text("SELECT 1 UNION SELECT 2").execution_options(yield_per=1)))
        next(lines)
        during = reading.scalar(text("PRAGMA mmap_size"))
        if raises:
            raise LookupError

    with database.read(SYSTEM) as after:
        assert (during, after.scalar(text("PRAGMA mmap_size"))) == (0, MAPPED)
