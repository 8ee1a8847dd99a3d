"""Batches: each thing done to many rows at once, found again by the key of the dialogue it came from."""

import datetime as dt
from typing import Any, TypeVar

from msgspec.structs import asdict
from sqlalchemy import select

from app.domain import audit
from app.errors import Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Batch
from models.enums import BatchKind

Result = TypeVar("Result", bound=Any)

_OWN = ("batch_id", "again")


class DialogueUsed(Refusal):
    """The unique key of a dialogue came back with other wishes."""

    code = "dialogue_used"

    def __init__(self) -> None:
        super().__init__(_("Esta ventana ya se usó para otra cosa. Ábrala de nuevo."))


def batch_of(db: ScopedSession, key: str) -> Batch | None:
    """What the dialogue with this key has already done. Ask under the company's lock."""
    return db.scalar(select(Batch).where(Batch.key == key))


def open_batch(db: ScopedSession, kind: BatchKind, key: str, now: dt.datetime, **facts: Any) -> Batch:
    selection = facts.pop("selection")[:200]
    batch = Batch(company_id=db.company_id, created_at=now, kind=kind, key=key, selection=selection, **facts)
    db.add(batch)
    db.flush()
    return batch


def close_batch(db: ScopedSession, batch: Batch, result: Any, action: str, **more: Any) -> None:
    """Keep the figures of ``result``, and of ``more``, with the batch; one entry in the audit."""
    figures = figures_of(result)
    batch.figures = figures | more
    db.flush()
    note(db, action, batch, figures | ({"fingerprint": batch.fingerprint} if batch.fingerprint else {}))


def note(db: ScopedSession, action: str, batch: Batch, figures: dict[str, Any]) -> None:
    changes = {name: [None, value] for name, value in figures.items()}
    audit.record(db, action, Batch.__tablename__, entity_id=batch.id, label=batch.selection, changes=changes)


def figures_of(result: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(result).items() if name not in _OWN}


def first_result(batch: Batch, cls: type[Result], **wishes: Any) -> Result:
    """What ``batch`` did, told again; raises ``DialogueUsed`` when other things are wished now than then."""
    if any(getattr(batch, name) != wish for name, wish in wishes.items()):
        raise DialogueUsed
    figures = {name: value for name, value in batch.figures.items() if name in cls.__struct_fields__}
    result: Result = cls(batch_id=batch.id, again=True, **figures)
    return result
