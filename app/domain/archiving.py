"""Putting rows of a list away, and taking them out again. What hangs from them stays as it is."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, func, select, update

from app import clock
from app.domain.audit import record
from app.scope import ScopedSession
from models import Contact, Product


class ArchiveRows(Struct, frozen=True, kw_only=True):
    """``which`` of the model's rows; ``selection`` says it in words, for the audit."""

    model: type[Contact] | type[Product]
    which: Sequence[ColumnElement[bool]]
    selection: str
    archived: bool = True


def archive_rows(db: ScopedSession, command: ArchiveRows) -> int:
    """One statement and one entry in the audit, however many there are; how many changed."""
    model: Any = command.model
    state = model.archived_at.is_(None) if command.archived else model.archived_at.is_not(None)
    which = (model.company_id == db.company_id, state, *command.which)
    number, id_sum, id_max = db.execute(
        select(func.count(model.id), func.sum(model.id), func.max(model.id)).where(*which)
    ).one()
    if not number:
        return 0
    db.execute(
        update(model)
        .where(*which)
        .values(archived_at=clock.now() if command.archived else None)
        .execution_options(synchronize_session=False)
    )
    facts = {
        model.__tablename__: number,
        "selection": command.selection,
        "fingerprint": f"{number}.{id_sum}.{id_max}",
    }
    changes = {name: [None, value] for name, value in facts.items()}
    record(db, "archive" if command.archived else "restore", model.__tablename__, changes=changes)
    return int(number)
