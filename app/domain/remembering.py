"""Requests that are done once however often they come: the first answer is kept without its secrets, and given again.

A program that got no answer asks again with the same key. Whoever comes first claims it for a while and keeps the
answer in the very transaction that does the work; whoever comes meanwhile is told to wait. A refusal changed nothing
and is not kept: what was refused may be mended and asked again.
"""

import datetime as dt
import math
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects import postgresql, sqlite

from app.domain.bulk import write
from app.errors import InvalidValue, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import IdempotencyKey

KEPT = dt.timedelta(days=7)
LONGEST = 255

rows: Any = IdempotencyKey.__table__


class StillWorking(Refusal):
    """Somebody is doing the same request at this moment, or died doing it a moment ago."""

    code = "in_progress"

    def __init__(self, retry_after: int) -> None:
        super().__init__(_("Esa misma petición se está haciendo ahora. Vuelva a preguntar dentro de un momento."))
        self.retry_after = retry_after


class OtherRequest(InvalidValue):
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(_("Esa Idempotency-Key ya se usó para otra petición. Use una nueva."))


class Asked(Struct, frozen=True, kw_only=True):
    """``fingerprint`` is of all that makes a request what it is; ``claim`` is of whoever is about to do it."""

    api_key_id: int
    key: str
    fingerprint: str
    claim: str


class Remembered(Struct, frozen=True):
    """What is answered from then on. ``body`` is sealed."""

    status: int
    headers: dict[str, str]
    body: bytes


def begin(db: ScopedSession, asked: Asked, now: dt.datetime, lease: dt.timedelta) -> Remembered | None:
    """The answer there is already; none when the request is ours to do from now on, until ``lease`` runs out.

    Raises ``OtherRequest`` or ``StillWorking``.
    """
    until = now + lease
    dialect = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    ours = dialect.insert(rows).values(
        company_id=db.company_id,
        api_key_id=asked.api_key_id,
        key=asked.key,
        fingerprint=asked.fingerprint,
        claim=asked.claim,
        leased_until=until,
        created_at=now,
    )
    if write(db, ours.on_conflict_do_nothing()):
        return None
    found = db.connection().execute(sa.select(rows).where(*_mine(db, asked)).with_for_update()).first()
    if found is None:  # its holder has just given it up
        raise StillWorking(1)
    if found.fingerprint != asked.fingerprint:
        raise OtherRequest
    if found.status is not None:
        return Remembered(found.status, found.headers, found.body)
    if found.leased_until > now:
        raise StillWorking(math.ceil((found.leased_until - now).total_seconds()))
    taken = sa.update(rows).where(*_mine(db, asked)).values(claim=asked.claim, leased_until=until)
    db.connection().execute(taken)
    return None


def remember(db: ScopedSession, asked: Asked, answer: Remembered) -> None:
    """Keep the answer with the work. Raises ``StillWorking`` when somebody else has taken over: nothing may stay."""
    kept = (
        sa.update(rows)
        .where(*_mine(db, asked), rows.c.claim == asked.claim, rows.c.status.is_(None))
        .values(status=answer.status, headers=answer.headers, body=answer.body, claim=None, leased_until=None)
    )
    if not db.connection().execute(kept).rowcount:
        raise StillWorking(1)


def give_up(db: ScopedSession, asked: Asked) -> None:
    """Nothing was done: the same request may come again, and another one with its key."""
    held = (*_mine(db, asked), rows.c.claim == asked.claim, rows.c.status.is_(None))
    db.connection().execute(sa.delete(rows).where(*held))


def _mine(db: ScopedSession, asked: Asked) -> tuple[Any, ...]:
    return (rows.c.company_id == db.company_id, rows.c.api_key_id == asked.api_key_id, rows.c.key == asked.key)
