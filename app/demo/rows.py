"""Thousands of rows at once: written as objects, inserted as sets, their ids handed back in order."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnDefault, Table, insert, inspect

from app.scope import ScopedSession
from models import Base, Document, DocumentLine, DocumentTax, DueDate


def insert_all(db: ScopedSession, rows: Sequence[Base]) -> list[int]:
    """Insert transient objects of one table and give each its id. They stay out of the session."""
    if not rows:
        return []
    table, names = _columns(type(rows[0]))
    plain = [{name: getattr(row, name) if name in vars(row) else default for name, default in names} for row in rows]
    answer = db.connection().execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), plain)
    ids = list(answer.scalars())
    for row, row_id in zip(rows, ids, strict=True):
        row.id = row_id  # type: ignore[attr-defined]
    return ids


def insert_documents(db: ScopedSession, documents: Sequence[Document]) -> None:
    """Documents with everything that hangs from them."""
    insert_all(db, documents)
    lines: list[DocumentLine] = []
    taxes: list[DocumentTax] = []
    dues: list[DueDate] = []
    for document in documents:
        for parts, kept in ((document.lines, lines), (document.taxes, taxes), (document.dues, dues)):
            kept.extend(_of(document, parts))
    for kept in (lines, taxes, dues):
        insert_all(db, kept)


def _of(document: Document, parts: Iterable[Any]) -> Iterable[Any]:
    for part in parts:
        part.document_id, part.created_at = document.id, document.created_at
        yield part


@cache
def _columns(cls: type[Base]) -> tuple[Table, tuple[tuple[str, Any], ...]]:
    """The table, and each of its columns with what a row has there that says nothing about it."""
    mapper = inspect(cls)
    fixed = {mapper.polymorphic_on.key: mapper.polymorphic_identity} if mapper.polymorphic_on is not None else {}
    names = []
    for column in mapper.local_table.columns:
        if column.key == "id":
            continue
        default = column.default.arg if isinstance(column.default, ColumnDefault) and column.default.is_scalar else None
        names.append((column.key, fixed.get(column.key, default)))
    return mapper.local_table, tuple(names)  # type: ignore[return-value]
