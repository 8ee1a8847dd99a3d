"""Mail accounts, the company's and people's own: found, opened, paused, their secrets kept sealed.

A person's account is theirs alone: nobody else sees what it says or sends with it.
"""

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Update

from app.errors import Fault
from app.scope import ScopedSession
from app.secrets import Keys
from models import MailAccount

PROBE_EVERY = dt.timedelta(minutes=1)
PAUSES = (dt.timedelta(minutes=25), dt.timedelta(minutes=25), dt.timedelta(hours=1), dt.timedelta(hours=4))
"""After the first refusal of the password, the second, …: never more than three tries an hour."""

SERVER = ("host", "port", "security", "pinned_fingerprint", "username", "provider")
"""Where an account sends from, as whom, and what protects its secret on the way."""

MAILBOX = ("imap_host", "imap_port", "imap_security", "imap_fingerprint")
"""Where its copies and answers are."""

SECRET = ("sealed_password", "password_changed_at")
"""What changes with its password, or with a new consent."""

UNTROUBLED: dict[str, Any] = {"failures": 0, "paused_until": None, "last_error": "", "last_fault": ""}
MAILBOX_UNTROUBLED: dict[str, Any] = {
    "imap_failures": 0, "imap_paused_until": None, "imap_error": "", "imap_fault": ""
}  # fmt: skip

mail_accounts: Any = MailAccount.__table__

IN_USE: ColumnElement[bool] = mail_accounts.c.host != ""
"""What has been removed leaves an empty row, for what was sent with it."""


class Standing(StrEnum):
    """How an account is doing: ``missing`` and ``refused`` wait for somebody, ``unreachable`` is tried each minute."""

    MISSING = "missing"
    GOOD = "good"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"


def company_account(db: ScopedSession) -> MailAccount | None:
    """The account the company's mail leaves from."""
    return owned_account(db, None)


def owned_account(db: ScopedSession, user_id: int | None) -> MailAccount | None:
    """A person's own account, or the company's when ``user_id`` is none."""
    return _in_use(account_row(db, user_id))


def account_of(db: ScopedSession, account_id: int | None) -> MailAccount | None:
    """The account that a mail names: the company's when none."""
    return company_account(db) if account_id is None else _in_use(db.get(MailAccount, account_id))


def account_row(db: ScopedSession, user_id: int | None) -> MailAccount | None:
    """The same, be it in use or removed."""
    whose = MailAccount.user_id.is_(None) if user_id is None else MailAccount.user_id == user_id
    return db.scalar(sa.select(MailAccount).where(MailAccount.company_id == db.company_id, whose))


def _in_use(account: MailAccount | None) -> MailAccount | None:
    return account if account is not None and account.host else None


def resume_account(db: ScopedSession, account_id: int | None = None) -> None:
    """Have a paused account, the company's when none, tried at once, as if it had just been saved."""
    account = account_of(db, account_id)
    if account is not None:
        db.connection().execute(change_of(db, account.id).values(UNTROUBLED | MAILBOX_UNTROUBLED))


def open_password(account: MailAccount, keys: Keys) -> str:
    """Raises ``SealBroken`` when the installation's keys are not those it was sealed with."""
    return keys.open_text(account.sealed_password, sealed_place(account, "password")) if account.sealed_password else ""


def sealed_place(account: MailAccount, field: str) -> str:
    """Where a sealed value of the account belongs: it opens nowhere else."""
    return f"mail_accounts/{account.company_id}/{account.id}/{field}"


def standing_of(account: MailAccount | None) -> Standing:
    return Standing.MISSING if account is None else standing_after(account.failures, account.last_error)


def standing_after(failures: int, error: str) -> Standing:
    """``failures``: how often the password has been refused since it last was not."""
    if failures:
        return Standing.REFUSED
    return Standing.UNREACHABLE if error else Standing.GOOD


def pause_after(failures: int) -> dt.timedelta:
    """How long nobody tries a password that has been refused once more than that."""
    return PAUSES[min(failures, len(PAUSES) - 1)]


def is_able(now: dt.datetime) -> ColumnElement[bool]:
    """The account at hand is in use and not paused."""
    return sa.and_(IN_USE, sa.or_(mail_accounts.c.paused_until.is_(None), mail_accounts.c.paused_until <= now))


def may_open(db: ScopedSession, account: MailAccount, now: dt.datetime, patience: dt.timedelta) -> bool:
    """Take the right to open a connection, which only one worker has at a time, and none while the account is paused.

    It ends with ``note_open``, ``note_unreachable`` or ``note_refused``; from whoever dies, after ``patience``.
    """
    taken = _as_seen(db, account, is_able(now)).values(paused_until=now + patience)
    return bool(db.connection().execute(taken).rowcount)


def note_open(db: ScopedSession, account: MailAccount) -> None:
    db.connection().execute(_as_seen(db, account).values(UNTROUBLED))


def note_unreachable(
    db: ScopedSession, account: MailAccount, reason: str, now: dt.datetime, fault: Fault | None = None
) -> None:
    """The server does not answer or does not serve: one probe a minute, and the queue waits."""
    paused = {"paused_until": now + PROBE_EVERY, "failures": 0, "last_error": reason, "last_fault": fault or ""}
    db.connection().execute(_as_seen(db, account).values(**paused))


def note_refused(
    db: ScopedSession, account: MailAccount, reason: str, now: dt.datetime, fault: Fault | None = None
) -> None:
    """User or password are refused: few more tries, further and further apart, until somebody changes them."""
    pause = pause_after(account.failures)
    paused = {"paused_until": now + pause, "failures": account.failures + 1, "last_error": reason}
    db.connection().execute(_as_seen(db, account).values(**paused, last_fault=fault or ""))


def change_of(db: ScopedSession, account_id: int, *conditions: ColumnElement[bool]) -> Update:
    """Change an account without having read it. To be told what."""
    return sa.update(mail_accounts).where(
        mail_accounts.c.company_id == db.company_id, mail_accounts.c.id == account_id, *conditions
    )


def _as_seen(db: ScopedSession, account: MailAccount, *conditions: ColumnElement[bool]) -> Update:
    """What was learnt with settings that somebody has changed since says nothing about the new ones."""
    same = [mail_accounts.c[name] == getattr(account, name) for name in (*SERVER, *SECRET)]
    return change_of(db, account.id, *same, *conditions)
