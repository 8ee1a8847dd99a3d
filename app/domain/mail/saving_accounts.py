"""Keeping mail accounts: set up, changed, removed. A kept secret never follows a change of server or user."""

import unicodedata
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app import clock
from app.domain import fields
from app.domain.mail.accounts import (
    MAILBOX,
    MAILBOX_UNTROUBLED,
    SERVER,
    UNTROUBLED,
    account_row,
    mail_accounts,
    owned_account,
    sealed_place,
)
from app.domain.mail.consents import encryption_needed
from app.domain.mail.outbox import cancel_waiting, mails
from app.errors import InvalidValue, NotFound
from app.scope import ScopedSession
from app.secrets import Keys
from app.texts import _, plural
from models import Company, MailAccount, SentCopy
from models.enums import CopyStatus, MailProvider, MailSecurity

UNREAD = ("inbox_validity", "inbox_uid", "inbox_due_at")
"""Up to where an inbox has been read."""

STAYS = ("id", "company_id", "user_id", "created_at")
"""Of an account that is removed; everything else is emptied."""


class SaveMailAccount(Struct, frozen=True, kw_only=True):
    """What the form says. ``user_id`` none: the company's account. ``password`` none: the one that is kept.

    With a ``provider`` it signs in with that provider's consent and has no password. Fingerprints are SHA-256 in
    hexadecimal. ``imap_host`` empty: no copies of what is sent and no answers; ``sent_folder`` empty: no copies.
    """

    sender_email: str
    host: str
    port: int
    security: MailSecurity
    user_id: int | None = None
    sender_name: str = ""
    reply_to: str = ""
    wants_receipt: bool = False
    provider: MailProvider | None = None
    username: str = ""
    password: str | None = None
    pinned_fingerprint: str = ""
    imap_host: str = ""
    imap_port: int = 993
    imap_security: MailSecurity = MailSecurity.SSL
    imap_fingerprint: str = ""
    sent_folder: str = ""


class MailAccountRemoved(Struct, frozen=True):
    """``cancelled``: mails that were waiting to leave from it."""

    cancelled: int

    def __str__(self) -> str:
        if not self.cancelled:
            return _("Cuenta de correo eliminada.")
        return plural(
            "Cuenta de correo eliminada. Se ha anulado el correo que esperaba.",
            "Cuenta de correo eliminada. Se han anulado los %(n)s correos que esperaban.",
            self.cancelled,
        )


def save_mail_account(db: ScopedSession, keys: Keys, command: SaveMailAccount) -> MailAccount:
    """Set an account up or change it; a paused one is tried again at once. Raises ``InvalidValue``.

    A kept password or consent never goes to another server or user: changing either asks for it again.
    """
    account = account_row(db, command.user_id) or _new_row(db, command.user_id)
    place = checked_place(command)
    moves = _moves(account, place)
    is_missing = command.password is None and (moves or not account.sealed_password)
    if command.provider is None and place["username"] and is_missing:
        raise InvalidValue(password_needed(), field="password")
    if command.provider is not None and moves:
        account.sealed_tokens, account.consent_ended_at = "", None
    if (account.imap_host, account.username) != (place["imap_host"], place["username"]):
        _set(account, _as_new(UNREAD))
    _set(account, place | UNTROUBLED | MAILBOX_UNTROUBLED)
    account.sender_email = fields.email(command.sender_email, "sender_email", required=True)
    account.sender_name = fields.line(command.sender_name, "sender_name")
    account.reply_to = fields.email(command.reply_to, "reply_to")
    account.wants_receipt = command.wants_receipt
    if account not in db:
        db.add(account)
        db.flush()  # what is sealed is sealed for this very row
    _seal(account, keys, command.password)
    db.flush()
    return account


def password_needed() -> str:
    return _("Vuelva a escribir la contraseña: no pasa a otro servidor, a otro usuario ni a otra seguridad.")


def _new_row(db: ScopedSession, user_id: int | None) -> MailAccount:
    """Two first saves at once must not make two."""
    db.execute(sa.select(Company.id).where(Company.id == db.company_id).with_for_update())
    return account_row(db, user_id) or MailAccount(user_id=user_id)


def checked_place(command: SaveMailAccount) -> dict[str, Any]:
    """Where and as whom, as it would be kept. Raises ``InvalidValue``."""
    return _checked_server(command) | _checked_mailbox(command)


def is_move(account: MailAccount | None, command: SaveMailAccount) -> bool:
    """Whether saving this needs the password or the consent again. Raises ``InvalidValue``."""
    return account is None or _moves(account, checked_place(command))


def _checked_server(command: SaveMailAccount) -> dict[str, Any]:
    password = command.password or ""
    if len(password) > 200 or any(unicodedata.category(mark) == "Cc" for mark in password):
        raise InvalidValue(_("Como mucho 200 caracteres, sin caracteres de control."), field="password")
    username = fields.line(command.username, "username", required=command.provider is not None)
    if command.provider is not None and command.security is MailSecurity.NONE:
        raise InvalidValue(encryption_needed(), field="security")
    return {
        "host": fields.server(command.host, "host", example="smtp.empresa.es"),
        "port": fields.port(command.port, "port"),
        "security": command.security,
        "username": username,
        "pinned_fingerprint": fields.fingerprint(command.pinned_fingerprint, "pinned_fingerprint"),
        "provider": command.provider,
    }


def _checked_mailbox(command: SaveMailAccount) -> dict[str, Any]:
    """Where copies are kept; nothing of it matters without a server."""
    if not command.imap_host.strip():
        return _as_new((*MAILBOX, "sent_folder"))
    if not command.username.strip():
        raise InvalidValue(_("El servidor entrante pide usuario y contraseña."), field="username")
    if command.provider is not None and command.imap_security is MailSecurity.NONE:
        raise InvalidValue(encryption_needed(), field="imap_security")
    return {
        "imap_host": fields.server(command.imap_host, "imap_host", example="imap.empresa.es"),
        "imap_port": fields.port(command.imap_port, "imap_port"),
        "imap_security": command.imap_security,
        "imap_fingerprint": fields.fingerprint(command.imap_fingerprint, "imap_fingerprint"),
        "sent_folder": fields.line(command.sent_folder, "sent_folder"),
    }


def _moves(account: MailAccount, place: dict[str, Any]) -> bool:
    """Another server, another user, or a way there that protects the password less than it did."""
    names = (*SERVER, *MAILBOX) if place["imap_host"] else SERVER
    return any(getattr(account, name) != place[name] for name in names)


def _seal(account: MailAccount, keys: Keys, password: str | None) -> None:
    if account.provider is not None or not account.username:
        account.sealed_password = ""
    elif password is not None:
        account.sealed_password = keys.seal_text(password, sealed_place(account, "password"))
        account.password_changed_at = clock.now()
    if account.provider is None:
        account.sealed_tokens, account.consent_ended_at = "", None


def choose_sent_folder(db: ScopedSession, user_id: int | None, folder: str) -> None:
    """Keep copies there from now on. Raises ``NotFound``."""
    account = owned_account(db, user_id)
    if account is None or not account.imap_host:
        raise NotFound(_("esa cuenta de correo"))
    account.sent_folder = fields.line(folder, "sent_folder")
    db.flush()


def remove_mail_account(db: ScopedSession, user_id: int | None) -> MailAccountRemoved:
    """Forget a person's account, or the company's when ``user_id`` is none, with every secret of it.

    Its row stays, empty, for what was sent with it. What waits to leave from a person's account is cancelled: nobody
    else sends in their name. The company's mails wait for its next account. Raises ``NotFound``.
    """
    account = owned_account(db, user_id)
    if account is None:
        raise NotFound(_("esa cuenta de correo"))
    _set(account, _as_new(each.name for each in mail_accounts.c if each.name not in STAYS))
    db.flush()
    copies: Any = SentCopy.__table__
    waiting = (copies.c.company_id == db.company_id, copies.c.account_id == account.id)
    db.connection().execute(
        sa.update(copies)
        .where(*waiting, copies.c.status == CopyStatus.WAITING)
        .values(status=CopyStatus.FAILED, last_error=_gone(), finished_at=clock.now())
    )
    return MailAccountRemoved(_cancel_waiting(db, account.id) if user_id is not None else 0)


def _as_new(names: Iterable[str]) -> dict[str, Any]:
    """What stands in a row that nobody has filled in."""
    columns = (mail_accounts.c[name] for name in names)
    return {each.name: _unset(each) for each in columns}


def _unset(column: Any) -> Any:
    if column.default is not None:
        return column.default.arg
    return None if column.nullable else ""


def _set(account: MailAccount, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(account, name, value)


def _gone() -> str:
    return _("La cuenta de correo con la que salía se ha eliminado.")


def _cancel_waiting(db: ScopedSession, account_id: int) -> int:
    cancelled = cancel_waiting(db.company_id, clock.now(), _gone()).where(mails.c.account_id == account_id)
    return int(db.connection().execute(cancelled).rowcount)
