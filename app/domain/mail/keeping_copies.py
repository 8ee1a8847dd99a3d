"""Copies of what was sent in a folder of the account's own: noted with the mail's result, stored by themselves after.

A copy never touches its mail. Whoever stores one looks for its Message-ID first: what a worker that died had stored,
and what the provider kept by itself, is found instead of stored twice.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app.domain.mail.outbox import mails
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import SentCopy
from models.enums import CopyStatus

WAITS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240))
"""After the first failure, the second, …; the last one from then on."""

PATIENCE = dt.timedelta(hours=24)
OWN_COPY_WAITS = (dt.timedelta(minutes=2), dt.timedelta(minutes=10))
"""How long a provider that keeps copies of its own may take before we store ours."""

copies: Any = SentCopy.__table__

# As a literal: a partial index only serves a query that says the same.
COPY_WAITS = sa.text("sent_copies.status = 'waiting'")


class DueCopy(Struct, frozen=True, kw_only=True):
    id: int
    mail_id: int
    message_id: str
    attempts: int
    created_at: dt.datetime


class SentContent(Struct, frozen=True):
    """What was sent, with dots for its secrets, and when."""

    octets: bytes
    sent_at: dt.datetime


def note_copy(db: ScopedSession, mail_id: int, account_id: int, message_id: str, now: dt.datetime) -> None:
    """Have a copy of a sent message stored; once, to however many people it went and however often."""
    known = sa.select(copies.c.id).where(
        copies.c.company_id == db.company_id, copies.c.account_id == account_id, copies.c.message_id == message_id
    )
    row = {"company_id": db.company_id, "mail_id": mail_id, "account_id": account_id, "message_id": message_id}
    row |= {"status": CopyStatus.WAITING, "due_at": now, "created_at": now}
    row |= {"attempts": 0, "folder": "", "last_error": ""}
    values = [sa.literal(value, copies.c[name].type) for name, value in row.items()]
    once = sa.select(*values).where(~known.exists())
    db.connection().execute(sa.insert(copies).from_select(list(row), once))


def due_copies(db: ScopedSession, account_id: int, now: dt.datetime, most: int) -> list[DueCopy]:
    """The longest due first."""
    rows = db.connection().execute(
        sa.select(*(copies.c[name] for name in DueCopy.__struct_fields__))
        .where(
            copies.c.company_id == db.company_id,
            copies.c.account_id == account_id,
            COPY_WAITS,
            copies.c.due_at <= now,
        )
        .order_by(copies.c.due_at, copies.c.id)
        .limit(most)
    )
    return [DueCopy(**row._mapping) for row in rows]


def content_of(db: ScopedSession, copy: DueCopy) -> SentContent | None:
    """None when the mail has been written anew since: what was sent then is not kept any more."""
    row = (
        db.connection()
        .execute(
            sa.select(mails.c.frozen, mails.c.finished_at).where(
                mails.c.company_id == db.company_id,
                mails.c.id == copy.mail_id,
                mails.c.message_id == copy.message_id,
                mails.c.frozen.is_not(None),
                sa.or_(~mails.c.is_secret, mails.c.finished_at.is_not(None)),
            )
        )
        .one_or_none()
    )
    return SentContent(row.frozen, row.finished_at or copy.created_at) if row else None


def record_kept(db: ScopedSession, copy: DueCopy, status: CopyStatus, folder: str, now: dt.datetime) -> None:
    """It is there, stored by us or found."""
    over = {"status": status, "folder": folder, "last_error": "", "finished_at": now}
    _change(db, copy, attempts=copy.attempts + 1, **over)


def record_not_there_yet(db: ScopedSession, copy: DueCopy, now: dt.datetime) -> None:
    """The provider is given time to keep its own."""
    _change(db, copy, attempts=copy.attempts + 1, due_at=now + OWN_COPY_WAITS[copy.attempts])


def record_not_kept(db: ScopedSession, copy: DueCopy, reason: str, now: dt.datetime, *, is_final: bool = False) -> None:
    """It could not be stored: later again, as long as there is patience."""
    due_at = now + WAITS[min(copy.attempts, len(WAITS) - 1)]
    values: dict[str, Any] = {"attempts": copy.attempts + 1, "last_error": reason}
    if is_final or due_at > copy.created_at + PATIENCE:
        _change(db, copy, **values, status=CopyStatus.FAILED, finished_at=now)
    else:
        _change(db, copy, **values, due_at=due_at)


def keep_copy_again(db: ScopedSession, copy: SentCopy | None, now: dt.datetime) -> None:
    """Try a copy that was given up once more, with all its patience. Raises ``NotFound`` or ``Refusal``."""
    if copy is None:
        raise NotFound(_("esa copia"))
    if copy.status is not CopyStatus.FAILED:
        raise Refusal(_("Esa copia ya está guardada o a punto de guardarse."))
    given_up = sa.update(copies).where(
        copies.c.company_id == db.company_id, copies.c.id == copy.id, copies.c.status == CopyStatus.FAILED
    )
    anew = {"status": CopyStatus.WAITING, "attempts": 0, "due_at": now, "created_at": now, "finished_at": None}
    db.connection().execute(given_up.values(**anew))


def forsaken_copies(db: ScopedSession, now: dt.datetime) -> list[int]:
    """Companies with copies whose mailbox has not let anybody in for all their patience. In the scope of ``SYSTEM``."""
    return sorted(set(db.scalars(sa.select(copies.c.company_id).where(*_forsaken(now)))))


def give_up_copies(db: ScopedSession, now: dt.datetime) -> int:
    """End them."""
    over = sa.update(copies).where(copies.c.company_id == db.company_id, *_forsaken(now))
    return int(db.connection().execute(over.values(status=CopyStatus.FAILED, finished_at=now)).rowcount)


def _forsaken(now: dt.datetime) -> tuple[Any, ...]:
    return COPY_WAITS, copies.c.due_at < now, copies.c.created_at < now - PATIENCE


def _change(db: ScopedSession, copy: DueCopy, **values: Any) -> None:
    """Only as it was seen: what somebody else has recorded since stays."""
    same = (copies.c.id == copy.id, copies.c.attempts == copy.attempts, copies.c.status == CopyStatus.WAITING)
    db.connection().execute(sa.update(copies).where(copies.c.company_id == db.company_id, *same).values(**values))
