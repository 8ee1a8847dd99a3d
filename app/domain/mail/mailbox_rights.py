"""Who may be at an account's mailbox over IMAP: one worker at a time, and nobody while it is paused.

The right is a moment written in the account's row: whoever still finds there what they wrote has it. It runs out by
itself, so that a worker that dies holds nobody up for long; saving the account takes it away at once.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app.domain.mail.accounts import PAUSES, Standing
from app.errors import Fault
from app.scope import ScopedSession
from models import MailAccount

PROBE_EVERY = dt.timedelta(minutes=5)

_rows: Any = MailAccount.__table__


class MailboxRight(Struct, frozen=True):
    account_id: int
    until: dt.datetime


def take_mailbox(db: ScopedSession, account_id: int, now: dt.datetime, lease: dt.timedelta) -> MailboxRight | None:
    """The right to be at a mailbox until ``now + lease``, if nobody has it and it is not paused."""
    free = sa.or_(_rows.c.imap_paused_until.is_(None), _rows.c.imap_paused_until <= now)
    taken = _of_company(db, account_id, _rows.c.imap_host != "", free)
    right = MailboxRight(account_id, now + lease)
    return right if db.connection().execute(taken.values(imap_paused_until=right.until)).rowcount else None


def hold_mailbox(db: ScopedSession, right: MailboxRight, until: dt.datetime) -> MailboxRight | None:
    """The same right for longer; none when it has been lost."""
    return MailboxRight(right.account_id, until) if _end(db, right, imap_paused_until=until) else None


def leave_mailbox(db: ScopedSession, right: MailboxRight) -> bool:
    """All went well. False, as below, when the right had been lost: then nothing is noted."""
    return _end(db, right, imap_paused_until=None, imap_failures=0, imap_error="")


def leave_unreachable(
    db: ScopedSession, right: MailboxRight, reason: str, now: dt.datetime, fault: Fault | None = None
) -> bool:
    """The server does not answer or does not serve: it is tried again now and then."""
    told = {"imap_error": reason, "imap_fault": fault or ""}
    return _end(db, right, imap_paused_until=now + PROBE_EVERY, imap_failures=0, **told)


def leave_refused(
    db: ScopedSession, right: MailboxRight, reason: str, now: dt.datetime, fault: Fault | None = None
) -> bool:
    """User or password are refused: few more tries, further and further apart, until somebody changes them."""
    failures = db.execute(
        sa.select(_rows.c.imap_failures).where(_rows.c.company_id == db.company_id, _rows.c.id == right.account_id)
    ).scalar_one()
    pause = PAUSES[min(failures, len(PAUSES) - 1)]
    told = {"imap_error": reason, "imap_fault": fault or ""}
    return _end(db, right, imap_paused_until=now + pause, imap_failures=failures + 1, **told)


def note_inbox_read(db: ScopedSession, account_id: int, validity: int, uid: int, due_at: dt.datetime) -> None:
    """The inbox has been read up to there, and is to be read again then."""
    read = _of_company(db, account_id)
    db.connection().execute(read.values(inbox_validity=validity, inbox_uid=uid, inbox_due_at=due_at))


def mailbox_standing(account: MailAccount) -> Standing:
    """How an account is doing over IMAP; ``MISSING`` when it does without."""
    if not account.imap_host:
        return Standing.MISSING
    if account.imap_failures:
        return Standing.REFUSED
    return Standing.UNREACHABLE if account.imap_error else Standing.GOOD


def _end(db: ScopedSession, right: MailboxRight, **values: Any) -> bool:
    held = _of_company(db, right.account_id, _rows.c.imap_paused_until == right.until)
    return bool(db.connection().execute(held.values(**values)).rowcount)


def _of_company(db: ScopedSession, account_id: int, *conditions: Any) -> Any:
    return sa.update(_rows).where(_rows.c.company_id == db.company_id, _rows.c.id == account_id, *conditions)
