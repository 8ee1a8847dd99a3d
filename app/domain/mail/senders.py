"""Who may send with which mail account, in whose name what is sent leaves, and where its answers go."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import ColumnElement

from app.domain.mail.accounts import IN_USE, Standing, company_account, mail_accounts, owned_account, standing_of
from app.errors import Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Company, MailAccount


class NamedSender(Struct, frozen=True, kw_only=True):
    """``reply_to`` is where answers go, none when to the sender's own address."""

    name: str
    email: str
    reply_to: str


class SenderChoice(NamedSender, frozen=True, kw_only=True):
    """An account that somebody may send with: the company's when ``account_id`` is none."""

    account_id: int | None
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


def named_sender(company: Company, account: MailAccount | None) -> NamedSender:
    """Whom mail comes from that leaves from an account; without one, which only the demonstration does, the company.

    Answers go where the account says; to the company's own address, unless the account is somebody's own.
    """
    name, email, reply_to = company.shown_name, company.email, company.email
    if account is not None:
        name, email = account.sender_name or name, account.sender_email
        reply_to = account.reply_to or ("" if account.own_id is not None else company.email)
    return NamedSender(name=name, email=email, reply_to="" if reply_to == email else reply_to)


def senders_for(db: ScopedSession, user_id: int) -> list[SenderChoice]:
    """What somebody may send with, what they would rather use first: their own account, then the company's."""
    company = db.get_one(Company, db.company_id)
    return [
        SenderChoice(
            **asdict(named_sender(company, account)),
            account_id=account.own_id,
            wants_receipt=account.wants_receipt,
            standing=standing_of(account),
        )
        for account in (owned_account(db, user_id), company_account(db))
        if account is not None
    ]


def check_sender(db: ScopedSession, account_id: int | None) -> None:
    """Whether whoever acts may send with an account. Raises ``AccountGone`` or ``NotTheirAccount``."""
    account = db.get(MailAccount, account_id) if account_id is not None else None
    if account is not None and not may_send_with(account, db.actor.id if db.actor else None):
        raise NotTheirAccount if account.host else AccountGone


def may_send_with(account: MailAccount | None, user_id: int | None) -> bool:
    """The company's account is everybody's, a person's own is theirs alone while it is in use."""
    return account is None or account.own_id is None or (account.user_id == user_id and bool(account.host))


def leaves_for(db: ScopedSession, account_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """The same as a condition on what names the account, for whoever acts."""
    theirs = sa.and_(mail_accounts.c.user_id == (db.actor.id if db.actor else None), IN_USE)
    able = sa.select(mail_accounts.c.id).where(
        mail_accounts.c.company_id == db.company_id, sa.or_(mail_accounts.c.user_id.is_(None), theirs)
    )
    return sa.or_(account_id.is_(None), account_id.in_(able))
