"""Mail accounts, the company's and people's own: kept with their secrets sealed, chosen from, opened, paused, removed.

A person's account is theirs alone: nobody else sees what it says or sends with it.
"""

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement

from app.errors import Fault, Refusal
from app.scope import ScopedSession
from app.secrets import Keys
from app.texts import _
from models import Company, MailAccount

PROBE_EVERY = dt.timedelta(minutes=1)
PAUSES = (dt.timedelta(minutes=25), dt.timedelta(minutes=25), dt.timedelta(hours=1), dt.timedelta(hours=4))
"""After the first refusal of the password, the second, …: never more than three tries an hour."""

_rows: Any = MailAccount.__table__


class Standing(StrEnum):
    """How an account is doing: ``missing`` and ``refused`` wait for somebody, ``unreachable`` is tried each minute."""

    MISSING = "missing"
    GOOD = "good"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"


class SenderChoice(Struct, frozen=True, kw_only=True):
    """An account that somebody may send with: the company's when ``account_id`` is none."""

    account_id: int | None
    name: str
    email: str
    reply_to: str
    wants_receipt: bool
    standing: Standing

    @property
    def is_own(self) -> bool:
        return self.account_id is not None


class NotTheirAccount(Refusal):
    code = "not_their_account"

    def __init__(self) -> None:
        super().__init__(_("Sale de la cuenta de correo de otra persona: solo ella puede enviar con esa cuenta."))


class AccountGone(Refusal):
    code = "account_gone"

    def __init__(self) -> None:
        super().__init__(_("La cuenta de correo con la que salió se ha eliminado: envíelo de nuevo con otra."))


def check_sender(db: ScopedSession, account_id: int | None) -> None:
    """Whether whoever acts may send with an account. Raises ``AccountGone`` or ``NotTheirAccount``."""
    account = db.get(MailAccount, account_id) if account_id is not None else None
    if account is None or account.user_id is None:
        return
    if not account.host:
        raise AccountGone
    if db.actor is None or not is_theirs(account, db.actor.id):
        raise NotTheirAccount


def is_theirs(account: MailAccount | None, user_id: int | None) -> bool:
    """Whether somebody may send with it: the company's is everybody's."""
    return account is None or account.user_id in (None, user_id)


def may_send_with(db: ScopedSession, account_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """The same as a condition: the company's account, or an own one of whoever acts that is still in use."""
    whose = sa.or_(_rows.c.user_id.is_(None), _rows.c.user_id == (db.actor.id if db.actor else None))
    usable = sa.select(_rows.c.id).where(_rows.c.company_id == db.company_id, _rows.c.host != "", whose)
    return sa.or_(account_id.is_(None), account_id.in_(usable))


def company_account(db: ScopedSession) -> MailAccount | None:
    """The account the company's mail leaves from."""
    return _in_use(account_row(db, None))


def user_account(db: ScopedSession, user_id: int) -> MailAccount | None:
    """The account that a member of staff has of their own."""
    return _in_use(account_row(db, user_id))


def account_of(db: ScopedSession, account_id: int | None) -> MailAccount | None:
    """The account by its id; the company's when none."""
    return company_account(db) if account_id is None else _in_use(db.get(MailAccount, account_id))


def owned_account(db: ScopedSession, user_id: int | None) -> MailAccount | None:
    """A person's own account, or the company's when ``user_id`` is none."""
    return _in_use(account_row(db, user_id))


def senders_for(db: ScopedSession, user_id: int) -> list[SenderChoice]:
    """What somebody may send with, what they would rather use first: their own account, then the company's."""
    own, companys = user_account(db, user_id), company_account(db)
    company = db.get_one(Company, db.company_id)
    return [
        SenderChoice(
            account_id=None if account is companys else account.id,
            name=account.sender_name or company.shown_name,
            email=account.sender_email,
            reply_to=account.reply_to or (company.email if account is companys else ""),
            wants_receipt=account.wants_receipt,
            standing=standing_of(account),
        )
        for account in (own, companys)
        if account is not None
    ]


def account_row(db: ScopedSession, user_id: int | None) -> MailAccount | None:
    whose = MailAccount.user_id.is_(None) if user_id is None else MailAccount.user_id == user_id
    return db.scalar(sa.select(MailAccount).where(MailAccount.company_id == db.company_id, whose))


def _in_use(account: MailAccount | None) -> MailAccount | None:
    """What has been removed leaves an empty row, for what was sent with it."""
    return account if account is not None and account.host else None


def resume_account(db: ScopedSession, account_id: int | None = None) -> None:
    """Have a paused account, the company's when none, tried at once, as if it had just been saved."""
    account = account_of(db, account_id)
    if account is not None:
        waiting = sa.update(_rows).where(_rows.c.company_id == db.company_id, _rows.c.id == account.id)
        sending = {"failures": 0, "paused_until": None, "last_error": ""}
        reading = {"imap_failures": 0, "imap_paused_until": None, "imap_error": ""}
        db.connection().execute(waiting.values(**sending, **reading))


def open_password(account: MailAccount, keys: Keys) -> str:
    """Raises ``SealBroken`` when the installation's keys are not those it was sealed with."""
    return keys.open_text(account.sealed_password, sealed_place(account, "password")) if account.sealed_password else ""


def sealed_place(account: MailAccount, field: str) -> str:
    """Where a sealed value of the account belongs: it opens nowhere else."""
    return f"mail_accounts/{account.company_id}/{account.id}/{field}"


def standing_of(account: MailAccount | None) -> Standing:
    if account is None:
        return Standing.MISSING
    if account.failures:
        return Standing.REFUSED
    return Standing.UNREACHABLE if account.last_error else Standing.GOOD


def may_open(db: ScopedSession, account: MailAccount, now: dt.datetime, patience: dt.timedelta) -> bool:
    """Take the right to open a connection, which only one worker has at a time, and none while the account is paused.

    It ends with ``note_open``, ``note_unreachable`` or ``note_refused``; from whoever dies, after ``patience``.
    """
    free = sa.or_(_rows.c.paused_until.is_(None), _rows.c.paused_until <= now)
    return bool(db.connection().execute(_as_seen(db, account, free).values(paused_until=now + patience)).rowcount)


def note_open(db: ScopedSession, account: MailAccount) -> None:
    db.connection().execute(_as_seen(db, account).values(paused_until=None, failures=0, last_error=""))


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
    pause = PAUSES[min(account.failures, len(PAUSES) - 1)]
    paused = {"paused_until": now + pause, "failures": account.failures + 1, "last_error": reason}
    db.connection().execute(_as_seen(db, account).values(**paused, last_fault=fault or ""))


def _as_seen(db: ScopedSession, account: MailAccount, *conditions: Any) -> Any:
    """What was learnt with settings that somebody has changed since says nothing about the new ones."""
    names = ("host", "port", "username", "sealed_password", "provider", "password_changed_at")
    same = [_rows.c[name] == getattr(account, name) for name in names]
    return sa.update(_rows).where(_rows.c.company_id == db.company_id, _rows.c.id == account.id, *same, *conditions)
