"""Links that let a person set a password: the one that activates an account and the one that recovers it.

The worker mints them when it writes the mail; here they are recognised by their hash, used once, and asked for again.
"""

import datetime as dt
import enum
from typing import Any
from uuid import uuid4

from msgspec import Struct
from sqlalchemy import Row, select, update

from app import clock
from app.domain import throttling
from app.domain.signing_in import set_password
from app.domain.throttling import TooManyTries
from app.errors import Refusal
from app.scope import ScopedSession
from app.secrets import token_hash
from app.texts import _
from models import Contact, OutgoingMail, PortalAccount, PortalMembership, PortalToken
from models.enums import MailKind, TokenPurpose

_HOUR = dt.timedelta(hours=1)
MAILS_PER_ACCOUNT, MAILS_PER_ADDRESS = 3, 20


class LinkState(enum.StrEnum):
    LIVE = "live"
    USED = "used"
    EXPIRED = "expired"
    REPLACED = "replaced"
    """There is a newer one: only the last that was sent serves."""


class LinkSpent(Refusal):
    """The link was used or has expired since it was shown."""

    status = 410
    code = "link_spent"

    def __init__(self) -> None:
        super().__init__(_("Este enlace ya no sirve"))


class PasswordLink(Struct, frozen=True):
    """A link that was once sent to ``email``."""

    token_id: int
    account_id: int
    email: str
    name: str
    expires_at: dt.datetime
    state: LinkState


def find_link(db: ScopedSession, token: str, purpose: TokenPurpose) -> PasswordLink | None:
    """The link with this secret. One whose person has lost all access does not exist."""
    found = db.execute(
        select(
            PortalToken.id,
            PortalToken.account_id,
            PortalAccount.email,
            PortalAccount.name,
            PortalToken.expires_at,
            PortalToken.used_at,
        )
        .join(PortalAccount, PortalAccount.id == PortalToken.account_id)
        .where(PortalToken.token_hash == token_hash(token), PortalToken.purpose == purpose)
    ).first()
    if found is None or _some_contact(db, found.account_id) is None:
        return None
    state = LinkState.USED if found.used_at else LinkState.LIVE
    if state is LinkState.LIVE and found.expires_at <= clock.now():
        state = LinkState.REPLACED if _is_replaced(db, found) else LinkState.EXPIRED
    return PasswordLink(found.id, found.account_id, found.email, found.name, found.expires_at, state)


def _is_replaced(db: ScopedSession, found: Any) -> bool:
    newer = select(PortalToken.id).where(PortalToken.account_id == found.account_id, PortalToken.id > found.id)
    return db.scalar(newer.limit(1)) is not None


def use_link(db: ScopedSession, link: PasswordLink, password_hash: str) -> None:
    """Set the password. Of any number of uses at once one succeeds; the others raise ``LinkSpent``."""
    now = clock.now()
    used = db.execute(
        update(PortalToken)
        .where(
            PortalToken.company_id == db.company_id,
            PortalToken.id == link.token_id,
            PortalToken.used_at.is_(None),
            PortalToken.expires_at > now,
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise LinkSpent
    set_password(db, link.account_id, password_hash)


def ask_for_link(db: ScopedSession, email: str, address: str) -> None:
    """Mail a link to the account of ``email``, if there is one with access.

    Nobody can tell from outside: the same counters are written and the same nothing is returned. Raises
    ``TooManyTries`` for an address that asks for many; an account that has had its mails gets no more for a while.
    """
    _count_mail_of(db, address)
    account = db.scalar(select(PortalAccount).where(PortalAccount.email == email))
    if _may_get_mail(db, email) and account is not None:
        _enqueue_link(db, account)


def send_link_again(db: ScopedSession, link: PasswordLink, address: str) -> None:
    """Mail a new link to whom the old one was for, within the same limits."""
    _count_mail_of(db, address)
    if _may_get_mail(db, link.email):
        _enqueue_link(db, db.get_one(PortalAccount, link.account_id))


def _enqueue_link(db: ScopedSession, account: PortalAccount) -> None:
    contact = _some_contact(db, account.id)
    if contact is None:
        return
    kind = MailKind.RECOVERY if account.password_hash else MailKind.ACCESS
    db.add(
        OutgoingMail(
            kind=kind,
            dedup_key=f"{kind} {account.id} {uuid4().hex}",
            recipient=account.email,
            recipient_name=account.name,
            language=contact.language,
            contact_id=contact.id,
            portal_account_id=account.id,
            is_secret=True,
            due_at=clock.now(),
        )
    )


def _count_mail_of(db: ScopedSession, address: str) -> None:
    throttling.check(db, f"portal link address {throttling.network_of(address)}", MAILS_PER_ADDRESS, _HOUR)


def _may_get_mail(db: ScopedSession, email: str) -> bool:
    try:
        throttling.check(db, f"portal link account {db.company_id} {email}", MAILS_PER_ACCOUNT, _HOUR)
    except TooManyTries:
        return False
    return True


def _some_contact(db: ScopedSession, account_id: int) -> Row[int, str] | None:
    """A contact the account may act for, ``id`` and ``language``: whose mail it is, in the eyes of the office."""
    return db.execute(
        select(Contact.id, Contact.language)
        .join(PortalMembership, PortalMembership.contact_id == Contact.id)
        .where(PortalMembership.account_id == account_id, PortalMembership.ended_at.is_(None))
        .order_by(PortalMembership.id)
        .limit(1)
    ).first()
