"""The company's mail account: saved with its password sealed, opened by one worker at a time, paused when it fails."""

import datetime as dt
import re
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app import clock
from app.domain import fields
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.secrets import Keys
from app.texts import _
from models import Company, MailAccount
from models.enums import MailSecurity

PROBE_EVERY = dt.timedelta(minutes=1)
PAUSES = (dt.timedelta(minutes=25), dt.timedelta(minutes=25), dt.timedelta(hours=1), dt.timedelta(hours=4))
"""After the first refusal of the password, the second, …: never more than three tries an hour."""

_HOST = re.compile(r"[a-z0-9.:_\[\]ñáéíóúüàèòçäöß-]{1,253}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
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


class SaveMailAccount(Struct, frozen=True, kw_only=True):
    """What the form says. ``password`` none: the one that is kept. ``pinned_fingerprint``: SHA-256 in hexadecimal."""

    sender_email: str
    host: str
    port: int
    security: MailSecurity
    sender_name: str = ""
    reply_to: str = ""
    username: str = ""
    password: str | None = None
    pinned_fingerprint: str = ""


def company_account(db: ScopedSession) -> MailAccount | None:
    """The account the company's mail leaves from."""
    own = sa.select(MailAccount).where(MailAccount.company_id == db.company_id, MailAccount.user_id.is_(None))
    return db.scalar(own.order_by(MailAccount.id).limit(1))


def account_of(db: ScopedSession, account_id: int | None) -> MailAccount | None:
    """The account by its id; the company's when none."""
    return company_account(db) if account_id is None else db.get(MailAccount, account_id)


def user_account(db: ScopedSession, user_id: int) -> MailAccount | None:
    """The account that a member of staff has of their own."""
    return db.scalar(sa.select(MailAccount).where(MailAccount.user_id == user_id))


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


def save_mail_account(db: ScopedSession, keys: Keys, command: SaveMailAccount) -> MailAccount:
    """Set the company's account up or change it; a paused one is tried again at once. Raises ``InvalidValue``.

    A kept password never goes to another server or user: changing either asks for it again.
    """
    account = company_account(db) or MailAccount()
    place = _checked_place(command)
    needs_password = bool(place["username"]) and command.password is None
    if needs_password and (not account.sealed_password or _moves(account, place)):
        raise InvalidValue(
            _("Escriba la contraseña: no se guarda para otro servidor u otro usuario."), field="password"
        )
    for name, value in place.items():
        setattr(account, name, value)
    account.sender_email = fields.email(command.sender_email, "sender_email", required=True)
    account.sender_name = fields.line(command.sender_name, "sender_name")
    account.reply_to = fields.email(command.reply_to, "reply_to")
    account.failures, account.paused_until, account.last_error = 0, None, ""
    db.add(account)
    db.flush()
    _seal(account, keys, command.password)
    db.flush()
    return account


def resume_account(db: ScopedSession, account_id: int | None = None) -> None:
    """Have a paused account, the company's when none, tried at once, as if it had just been saved."""
    account = account_of(db, account_id)
    if account is not None:
        waiting = sa.update(_rows).where(_rows.c.company_id == db.company_id, _rows.c.id == account.id)
        db.connection().execute(waiting.values(failures=0, paused_until=None, last_error=""))


def _checked_place(command: SaveMailAccount) -> dict[str, Any]:
    host = fields.line(command.host, "host", required=True).lower().removesuffix(".")
    if not _HOST.fullmatch(host):
        raise InvalidValue(_("Escriba el nombre de un servidor, como smtp.empresa.es."), field="host")
    if not 0 < command.port < 65536:
        raise InvalidValue(_("El puerto es un número entre 1 y 65535."), field="port")
    pinned = re.sub(r"[\s:]", "", command.pinned_fingerprint).lower()
    if pinned and not _FINGERPRINT.fullmatch(pinned):
        raise InvalidValue(_("La huella son 64 cifras hexadecimales (SHA-256)."), field="pinned_fingerprint")
    if len(command.password or "") > 200 or "\0" in (command.password or ""):
        raise InvalidValue(_("Como mucho 200 caracteres, sin caracteres de control."), field="password")
    return {
        "host": host,
        "port": command.port,
        "security": command.security,
        "username": fields.line(command.username, "username"),
        "pinned_fingerprint": pinned or None,
    }


def _moves(account: MailAccount, place: dict[str, Any]) -> bool:
    """Another server, another user, or a way there that protects the password less than it did."""
    return any(getattr(account, name) != place[name] for name in ("host", "port", "security", "username")) or (
        account.pinned_fingerprint != place["pinned_fingerprint"]
    )


def _seal(account: MailAccount, keys: Keys, password: str | None) -> None:
    if not account.username:
        account.sealed_password = ""
    elif password is not None:
        account.sealed_password = keys.seal_text(password, _context(account))
        account.password_changed_at = clock.now()


def open_password(account: MailAccount, keys: Keys) -> str:
    """Raises ``SealBroken`` when the installation's keys are not those it was sealed with."""
    return keys.open_text(account.sealed_password, _context(account)) if account.sealed_password else ""


def _context(account: MailAccount) -> str:
    return f"mail_accounts/{account.company_id}/{account.id}/password"


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


def note_unreachable(db: ScopedSession, account: MailAccount, reason: str, now: dt.datetime) -> None:
    """The server does not answer or does not serve: one probe a minute, and the queue waits."""
    paused = {"paused_until": now + PROBE_EVERY, "failures": 0, "last_error": reason}
    db.connection().execute(_as_seen(db, account).values(**paused))


def note_refused(db: ScopedSession, account: MailAccount, reason: str, now: dt.datetime) -> None:
    """User or password are refused: few more tries, further and further apart, until somebody changes them."""
    pause = PAUSES[min(account.failures, len(PAUSES) - 1)]
    paused = {"paused_until": now + pause, "failures": account.failures + 1, "last_error": reason}
    db.connection().execute(_as_seen(db, account).values(**paused))


def _as_seen(db: ScopedSession, account: MailAccount, *conditions: Any) -> Any:
    """What was learnt with settings that somebody has changed since says nothing about the new ones."""
    same = [_rows.c[name] == getattr(account, name) for name in ("host", "port", "username", "sealed_password")]
    return sa.update(_rows).where(_rows.c.company_id == db.company_id, _rows.c.id == account.id, *same, *conditions)
