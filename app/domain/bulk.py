"""Running set-based statements on either database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Delete, Insert, Select, TextClause, Update
from sqlalchemy.dialects import postgresql, sqlite

from app.scope import ScopedSession

MANY = 500
_CHANGES = sa.text("SELECT changes()")


def write(db: ScopedSession, statement: Insert | Update | Delete) -> int:
    """Run a statement that names its company itself; how many rows it wrote.

    Without the option psycopg's count of an ``INSERT … SELECT`` is gone by the time it is asked for; ``sqlite3`` has
    none of what begins with ``WITH``.
    """
    rows = int(db.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount)
    return rows if rows >= 0 else int(db.connection().execute(_CHANGES).scalar_one())


def insert_missing(  # noqa: PLR0913 - one statement, in its parts
    db: ScopedSession,
    table: Any,
    names: Sequence[str],
    rows: Select,
    *,
    unique: Sequence[str],
    where: TextClause | ColumnElement[bool] | None = None,
) -> int:
    """Insert those of ``rows`` that break no ``unique`` index; how many those were.

    The index decides, row by row. Asking beforehand with NOT EXISTS would let PostgreSQL, to which the table is still
    empty while it plans, read all it has inserted so far again for every further row.
    """
    dialect = postgresql if db.connection().dialect.name == "postgresql" else sqlite
    insert: Any = dialect.insert(table).from_select(list(names), rows)
    return write(db, insert.on_conflict_do_nothing(index_elements=list(unique), index_where=where))


def look_again(db: ScopedSession, table: Any, changed: int) -> None:
    """Let PostgreSQL look at a table of which a good part has just changed.

    It does so by itself within minutes. Until then it believes that the table holds hardly a row: it checks each
    foreign key by reading every row of the company, and answers the portal the same way. The rule is its own, a tenth
    of the table; always in the same order of tables, since two of these wait for each other.
    """
    if changed < MANY or db.connection().dialect.name != "postgresql":
        return
    known = db.connection().execute(
        sa.text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:t)"), {"t": table.name}
    )
    if changed > known.scalar_one() / 10:
        db.connection().execute(sa.text(f"ANALYZE {table.name}"))


@contextmanager
def hashed_joins(db: ScopedSession) -> Iterator[None]:
    """On PostgreSQL, statements of the block join by hashing.

    It has no statistics of rows written in the same transaction, takes them for a handful and would join them by
    comparing all with all: a minute for some thousands. SQLite always goes through an index.
    """
    if db.connection().dialect.name != "postgresql":
        yield
        return
    db.connection().execute(sa.text("SET LOCAL enable_nestloop = off"))
    yield
    db.connection().execute(sa.text("SET LOCAL enable_nestloop TO DEFAULT"))
