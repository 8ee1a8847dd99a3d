"""Customers at the door of an intranet: signing in, choosing a customer, sessions that can be taken back.

Everything happens in the company of the session's scope. Passwords are checked and hashed by the entry point between
transactions: ``find_credentials``, then the work, then ``open_session``.
"""

import datetime as dt
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, select, update

from app import clock
from app.domain import throttling
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.secrets import new_token, token_hash
from app.texts import _
from models import Contact, PortalAccount, PortalMembership, PortalSession, PortalToken

IDLE = dt.timedelta(minutes=60)
LONGEST = dt.timedelta(hours=12)
SEEN_EVERY = dt.timedelta(minutes=1)
FEWEST_CHARACTERS = 10

_MINUTE, _QUARTER, _DAY = dt.timedelta(minutes=1), dt.timedelta(minutes=15), dt.timedelta(days=1)
_FAMILIAR = dt.timedelta(days=30)
_ACCOUNT_LIMITS = ((10, _QUARTER), (90, _DAY))


class WrongCredentials(Refusal):
    """Unknown, without access, not yet activated or with another password: nobody can tell which."""

    status = 422
    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__(_("El correo o la contraseña no coinciden"))


class Known(Struct, frozen=True):
    """What signing in needs to know before the password is checked. ``account_id`` is none for nobody."""

    account_id: int | None
    password_hash: str


class OpenSession(Struct, frozen=True, kw_only=True):
    """``contact_id`` is the customer to go on with, if the account may still act for it; ``replaces`` ends."""

    account_id: int
    address: str
    browser: str
    contact_id: int | None = None
    replaces: int | None = None


class Customer(Struct, frozen=True):
    """A contact somebody may act for."""

    id: int
    name: str
    tax_id: str


def count_sign_in(db: ScopedSession, email: str, address: str) -> None:
    """Count a try against the address and the account; raises ``TooManyTries``.

    Whoever signed in from this address before has tries of their own: strangers cannot spend them.
    """
    throttling.check(db, f"portal address {throttling.network_of(address)}", 20, _MINUTE)
    for limit, window in _ACCOUNT_LIMITS:
        throttling.check(db, _account_subject(db, email, address, window), limit, window)


def find_credentials(db: ScopedSession, email: str) -> Known:
    """The account behind an e-mail, if it has a password and may act for anybody."""
    account, membership = PortalAccount, PortalMembership
    found = db.execute(
        select(account.id, account.password_hash).where(
            account.email == email,
            account.password_hash != "",
            select(1)
            .where(
                membership.company_id == account.company_id,
                membership.account_id == account.id,
                membership.ended_at.is_(None),
            )
            .correlate(account)
            .exists(),
        )
    ).first()
    return Known(found.id, found.password_hash) if found else Known(None, "")


def open_session(db: ScopedSession, command: OpenSession) -> str:
    """A new session; returns the value of its cookie. The customer is chosen when there is only one.

    Raises ``WrongCredentials`` when the account has lost every customer meanwhile.
    """
    now = clock.now()
    account = db.get(PortalAccount, command.account_id)
    customers = customers_of(db, command.account_id)
    if account is None or not customers:
        raise WrongCredentials
    if command.replaces is not None:
        end_session(db, command.replaces)
    token = new_token()
    db.add(
        PortalSession(
            token_hash=token_hash(token),
            account_id=account.id,
            contact_id=_customer_to_begin_with(customers, command.contact_id),
            seen_at=now,
            address=command.address[:40],
            browser=command.browser[:200],
        )
    )
    account.last_sign_in_at = now
    account.activated_at = account.activated_at or now
    for _limit, window in _ACCOUNT_LIMITS:
        throttling.forget(db, _account_subject(db, account.email, command.address, window))
    return token


def customers_of(db: ScopedSession, account_id: int) -> list[Customer]:
    """The contacts an account may act for, by name."""
    found = db.execute(
        select(Contact.id, Contact.name, Contact.tax_id)
        .join(PortalMembership, PortalMembership.contact_id == Contact.id)
        .where(PortalMembership.account_id == account_id, PortalMembership.ended_at.is_(None))
        .order_by(Contact.sort_key, Contact.id)
    )
    return [Customer(*row) for row in found]


def choose_customer(db: ScopedSession, session_id: int, account_id: int, contact_id: int) -> str:
    """Act for this contact from now on, with a new cookie; raises ``NotFound`` for one that is not theirs."""
    if contact_id not in {customer.id for customer in customers_of(db, account_id)}:
        raise NotFound(_("ese cliente entre los suyos"))
    return _renew(db, session_id, contact_id=contact_id)


def change_password(db: ScopedSession, account_id: int, password_hash: str, *, session_id: int) -> str:
    """The new password counts from now on: other sessions and links already sent end. Returns a new cookie."""
    _set_password(db, db.get_one(PortalAccount, account_id), password_hash)
    end_sessions_of(db, account_id, except_id=session_id)
    return _renew(db, session_id)


def set_password(db: ScopedSession, account_id: int, password_hash: str) -> None:
    """As ``change_password``, for whoever comes with a link: every session ends, tries begin again."""
    account = db.get_one(PortalAccount, account_id)
    account.activated_at = account.activated_at or clock.now()
    _set_password(db, account, password_hash)
    end_sessions_of(db, account_id)
    for _limit, window in _ACCOUNT_LIMITS:
        throttling.forget(db, _stranger_subject(db, account.email, window))


def rename(db: ScopedSession, account_id: int, name: str) -> None:
    db.get_one(PortalAccount, account_id).name = name


def sessions_of(db: ScopedSession, account_id: int) -> list[Any]:
    """Browsers where somebody is signed in, the last used first. Idle ones are asleep, not open."""
    now = clock.now()
    return list(
        db.execute(
            select(
                PortalSession.id,
                PortalSession.created_at,
                PortalSession.seen_at,
                PortalSession.address,
                PortalSession.browser,
            )
            .where(
                PortalSession.account_id == account_id,
                PortalSession.ended_at.is_(None),
                PortalSession.seen_at > now - IDLE,
                PortalSession.created_at > now - LONGEST,
            )
            .order_by(PortalSession.seen_at.desc(), PortalSession.id.desc())
        )
    )


def end_session(db: ScopedSession, session_id: int) -> None:
    _end_sessions(db, PortalSession.id == session_id)


def end_sessions_of(db: ScopedSession, account_id: int, *, except_id: int | None = None) -> None:
    """Sign a person out everywhere, but in the session that asks."""
    _end_sessions(db, PortalSession.account_id == account_id, PortalSession.id != (except_id or 0))


def end_one_session(db: ScopedSession, account_id: int, session_id: int) -> None:
    """Close another browser of the same person. Of somebody else's, nothing happens."""
    _end_sessions(db, PortalSession.account_id == account_id, PortalSession.id == session_id)


def _end_sessions(db: ScopedSession, *which: ColumnElement[bool]) -> None:
    db.execute(
        update(PortalSession)
        .where(PortalSession.company_id == db.company_id, PortalSession.ended_at.is_(None), *which)
        .values(ended_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _set_password(db: ScopedSession, account: PortalAccount, password_hash: str) -> None:
    account.password_hash, account.must_change_password = password_hash, False
    db.execute(
        update(PortalToken)
        .where(
            PortalToken.company_id == db.company_id,
            PortalToken.account_id == account.id,
            PortalToken.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _renew(db: ScopedSession, session_id: int, **changes: Any) -> str:
    """Another cookie for the same session, since what it may do has changed."""
    token = new_token()
    db.execute(
        update(PortalSession)
        .where(PortalSession.company_id == db.company_id, PortalSession.id == session_id)
        .values(token_hash=token_hash(token), **changes)
        .execution_options(synchronize_session=False)
    )
    return token


def _customer_to_begin_with(customers: list[Customer], wanted: int | None) -> int | None:
    if len(customers) == 1:
        return customers[0].id
    return wanted if wanted in {customer.id for customer in customers} else None


def _account_subject(db: ScopedSession, email: str, address: str, window: dt.timedelta) -> str:
    familiar = db.scalar(
        select(PortalSession.id)
        .join(PortalAccount, PortalAccount.id == PortalSession.account_id)
        .where(
            PortalAccount.email == email,
            PortalSession.address == address[:40],
            PortalSession.created_at > clock.now() - _FAMILIAR,
        )
        .limit(1)
    )
    stranger = _stranger_subject(db, email, window)
    return f"{stranger} at {address}" if familiar else stranger


def _stranger_subject(db: ScopedSession, email: str, window: dt.timedelta) -> str:
    return f"portal account {db.company_id} {email} in {window}"
