"""Listens to every statement and catches one that reaches into a company's table without naming the company."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.pool import Pool

from app.scope import SYSTEM, ScopedSession, unscoped_table


class UnscopedStatement(AssertionError):
    def __init__(self, table: str, sql: str) -> None:
        super().__init__(f"reads or changes {table} without naming company_id, outside the SYSTEM scope:\n{sql}")


class Tripwire:
    """``caught`` also holds what was raised inside a server and answered there as a 500."""

    def __init__(self) -> None:
        self.caught: list[UnscopedStatement] = []

    @contextmanager
    def armed(self) -> Iterator[None]:
        listeners = (
            (Engine, "before_cursor_execute", self._look),
            (ScopedSession, "after_begin", _remember_session),
            (ScopedSession, "do_orm_execute", _mark_refresh),
            (ScopedSession, "before_flush", _flush_begins),
            (ScopedSession, "after_flush", _flush_ends),
            (ScopedSession, "after_soft_rollback", _flush_ends),
            (Pool, "checkin", _forget_session),
        )
        for target, name, listener in listeners:
            event.listen(target, name, listener)
        try:
            yield
        finally:
            for target, name, listener in listeners:
                event.remove(target, name, listener)

    def _look(self, connection: Connection, cursor: Any, sql: str, *rest: Any) -> None:
        context = rest[1]
        table = unscoped_table(sql)
        if table is None or _may(connection.info.get("session"), sql, context):
            return
        self.caught.append(UnscopedStatement(table, sql))
        raise self.caught[-1]


def _may(session: ScopedSession | None, sql: str, context: Any) -> bool:
    """Statements that need no company: asked for by name, or about one row that the session already holds."""
    if session is None:
        return False
    by_key = session.info.get("flushing") and sql.startswith(("UPDATE", "DELETE"))
    refresh = context is not None and context.execution_options.get("refresh_of_a_row")
    return bool(session.scope is SYSTEM or by_key or refresh)


def _remember_session(session: ScopedSession, transaction: Any, connection: Connection) -> None:
    connection.info["session"] = session


def _forget_session(connection: Any, record: Any) -> None:
    record.info.pop("session", None)


def _mark_refresh(state: ORMExecuteState) -> None:
    if state.is_column_load:
        state.update_execution_options(refresh_of_a_row=True)


def _flush_begins(session: Session, context: Any, instances: Any) -> None:
    session.info["flushing"] = True


def _flush_ends(session: Session, *_: Any) -> None:
    session.info.pop("flushing", None)
