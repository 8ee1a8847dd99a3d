"""Who may be at an account's mailbox over IMAP: one worker at a time, and nobody while it is paused.

The right is a moment written in the account's row: whoever still finds there what they wrote has it. It runs out by
itself, so that a worker that dies holds nobody up for long; saving the account takes it away at once.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement

from app.domain.mail.accounts import MAILBOX_UNTROUBLED, Standing, change_of, mail_accounts, pause_after, standing_after
from app.errors import Fault
from app.scope import ScopedSession
from models import MailAccount

PROBE_EVERY = dt.timedelta(minutes=5)


class MailboxRight(Struct, frozen=True):
    account_id: int
    until: dt.datetime


def take_mailbox(db: ScopedSession, account_id: int, now: dt.datetime, lease: dt.timedelta) -> MailboxRight | None:
    """The right to be at a mailbox until ``now + lease``, if nobody has it and it is not paused."""
    right = MailboxRight(account_id, now + lease)
    taken = change_of(db, account_id, is_free(now)).values(imap_paused_until=right.until)
    return right if db.connection().execute(taken).rowcount else None


def is_free(now: dt.datetime) -> ColumnElement[bool]:
    """The account at hand has a mailbox, nobody is at it, and it is not paused."""
    return sa.and_(
        mail_accounts.c.imap_host != "",
        sa.or_(mail_accounts.c.imap_paused_until.is_(None), mail_accounts.c.imap_paused_until <= now),
    )


def hold_mailbox(db: ScopedSession, right: MailboxRight, until: dt.datetime) -> MailboxRight | None:
    """The same right for longer; none when it has been lost."""
    return MailboxRight(right.account_id, until) if _end(db, right, imap_paused_until=until) else None


def leave_mailbox(db: ScopedSession, right: MailboxRight) -> bool:
    """All went well. False, as below, when the right had been lost: then nothing is noted."""
    return _end(db, right, **MAILBOX_UNTROUBLED)


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
        sa.select(mail_accounts.c.imap_failures).where(
            mail_accounts.c.company_id == db.company_id, mail_accounts.c.id == right.account_id
        )
    ).scalar_one()
    told = {"imap_error": reason, "imap_fault": fault or ""}
    return _end(db, right, imap_paused_until=now + pause_after(failures), imap_failures=failures + 1, **told)


def note_inbox_read(db: ScopedSession, account_id: int, validity: int, uid: int, due_at: dt.datetime) -> None:
    """The inbox has been read up to there, and is to be read again then."""
    read = {"inbox_validity": validity, "inbox_uid": uid, "inbox_due_at": due_at}
    db.connection().execute(change_of(db, account_id).values(read))


def mailbox_standing(account: MailAccount) -> Standing:
    """How an account is doing over IMAP; ``MISSING`` when it does without."""
    if not account.imap_host:
        return Standing.MISSING
    return standing_after(account.imap_failures, account.imap_error)


def _end(db: ScopedSession, right: MailboxRight, **values: Any) -> bool:
    held = change_of(db, right.account_id, mail_accounts.c.imap_paused_until == right.until)
    return bool(db.connection().execute(held.values(**values)).rowcount)
