"""Who may send with which mail account."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement

from app.domain.mail.accounts import IN_USE, Standing, company_account, owned_account, rows, standing_of
from app.errors import Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Company, MailAccount


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


def senders_for(db: ScopedSession, user_id: int) -> list[SenderChoice]:
    """What somebody may send with, what they would rather use first: their own account, then the company's."""
    company = db.get_one(Company, db.company_id)
    return [
        SenderChoice(
            account_id=account.own_id,
            name=account.sender_name or company.shown_name,
            email=account.sender_email,
            reply_to=account.reply_to or ("" if account.own_id is not None else company.email),
            wants_receipt=account.wants_receipt,
            standing=standing_of(account),
        )
        for account in (owned_account(db, user_id), company_account(db))
        if account is not None
    ]


def check_sender(db: ScopedSession, account_id: int | None) -> None:
    """Whether whoever acts may send with an account. Raises ``AccountGone`` or ``NotTheirAccount``."""
    account = db.get(MailAccount, account_id) if account_id is not None else None
    if account is None or account.own_id is None:
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
    whose = sa.or_(rows.c.user_id.is_(None), rows.c.user_id == (db.actor.id if db.actor else None))
    usable = sa.select(rows.c.id).where(rows.c.company_id == db.company_id, IN_USE, whose)
    return sa.or_(account_id.is_(None), account_id.in_(usable))
