"""Staff at the door: signing in, sessions that can be taken back, the company somebody works in."""

import datetime as dt

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, bindparam, func, select, update

from app import clock
from app.domain import throttling
from app.domain.audit import record
from app.domain.folding import fold
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.secrets import new_token, token_hash
from app.texts import _
from models import Company, Membership, StaffSession, StaffUser
from models.enums import Role

IDLE = dt.timedelta(minutes=30)
LONGEST = dt.timedelta(hours=12)
RESUMABLE = dt.timedelta(hours=24)
SEEN_EVERY = dt.timedelta(minutes=1)

_DAY = dt.timedelta(days=1)
_MINUTE = dt.timedelta(minutes=1)
_FAMILIAR = dt.timedelta(days=30)


# Asked on every request: built once.
_VISIT = (
    select(
        StaffSession.id,
        StaffSession.user_id,
        StaffSession.seen_at,
        StaffSession.created_at,
        StaffUser.name,
        StaffUser.email,
        Membership.role,
        Company.id.label("company_id"),
        Company.name.label("company_name"),
        Company.tax_id,
        Company.slug,
        Company.confirmed_at,
        select(func.count(Membership.id))
        .where(Membership.user_id == StaffSession.user_id, Membership.ended_at.is_(None))
        .correlate(StaffSession)
        .scalar_subquery()
        .label("companies"),
    )
    .join(StaffUser, StaffUser.id == StaffSession.user_id)
    .join(Membership, and_(Membership.company_id == StaffSession.company_id, Membership.user_id == StaffUser.id))
    .join(Company, Company.id == StaffSession.company_id)
    .where(
        StaffSession.token_hash == bindparam("token"),
        StaffSession.ended_at.is_(None),
        StaffSession.seen_at > bindparam("since"),
        StaffUser.disabled_at.is_(None),
        Membership.ended_at.is_(None),
    )
)


class WrongCredentials(Refusal):
    """Unknown, disabled, without a company or with another password: nobody can tell which."""

    status = 400
    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__(_("El correo o la contraseña no son correctos."))


class Visit(Struct, frozen=True, kw_only=True):
    """Somebody signed in and the company they are working in.

    ``rests_at`` is when the session will have been idle or open for too long; ``is_asleep`` once it has: ask again.
    ``proved_at``: when they last gave their password.
    """

    session_id: int
    user_id: int
    user_name: str
    email: str
    role: Role
    company_id: int
    company_name: str
    company_tax_id: str
    company_slug: str
    company_is_confirmed: bool
    companies: int
    seen_at: dt.datetime
    proved_at: dt.datetime
    rests_at: dt.datetime
    is_asleep: bool


class Known(Struct, frozen=True):
    """What signing in needs to know before the password is checked. ``user_id`` is none for nobody."""

    user_id: int | None
    name: str
    password_hash: str


def count_sign_in(db: ScopedSession, email: str, address: str) -> None:
    """Count a try against the address and the account; raises ``TooManyTries``.

    Somebody who signed in from this address before has tries of their own, so that strangers cannot spend them.
    """
    throttling.check(db, f"staff address {throttling.network_of(address)}", 20, _MINUTE)
    throttling.check(db, _account_subject(db, email, address), 50, _DAY)


def find_credentials(db: ScopedSession, email: str) -> Known:
    """The user behind an e-mail, if they may enter at all."""
    row = db.execute(
        select(StaffUser.id, StaffUser.name, StaffUser.password_hash).where(
            StaffUser.email == email, StaffUser.disabled_at.is_(None), _has_company()
        )
    ).first()
    return Known(row.id, row.name, row.password_hash) if row else Known(None, "", "")


def open_session(db: ScopedSession, user_id: int, *, address: str, browser: str, replaces: int | None = None) -> str:
    """A new session, once the password was right: the value of its cookie.

    It begins in the company of the session it ``replaces``, or where the user worked last. Raises
    ``WrongCredentials`` when the user has lost every company meanwhile.
    """
    now = clock.now()
    user = db.get_one(StaffUser, user_id)
    company_id = _company_to_begin_in(db, user_id, replaces)
    if company_id is None or user.disabled_at is not None:
        raise WrongCredentials
    if replaces is not None:
        end_session(db, replaces)
    tries = _account_subject(db, user.email, address)
    token = new_token()
    db.add(
        StaffSession(
            token_hash=token_hash(token),
            user_id=user_id,
            company_id=company_id,
            seen_at=now,
            address=address[:40],
            browser=browser[:200],
        )
    )
    user.last_sign_in_at = now
    throttling.forget(db, tries)
    record(db, "sign_in", "staff_users", entity_id=user.id, label=user.name, company_id=company_id)
    return token


def find_visit(db: ScopedSession, token: str) -> Visit | None:
    """Who a cookie belongs to; none when the session ended, or the user or their place in the company did."""
    now = clock.now()
    found = db.execute(_VISIT, {"token": token_hash(token), "since": now - RESUMABLE}).first()
    if found is None:
        return None
    rests_at = min(found.seen_at + IDLE, found.created_at + LONGEST)
    return Visit(
        session_id=found.id,
        user_id=found.user_id,
        user_name=found.name,
        email=found.email,
        role=found.role,
        company_id=found.company_id,
        company_name=found.company_name,
        company_tax_id=found.tax_id,
        company_slug=found.slug,
        company_is_confirmed=found.confirmed_at is not None,
        companies=found.companies,
        seen_at=found.seen_at,
        proved_at=found.created_at,
        rests_at=rests_at,
        is_asleep=rests_at <= now,
    )


def touch(db: ScopedSession, session_id: int) -> None:
    """The session was used now. An ended or sleeping one stays as it is."""
    now = clock.now()
    db.execute(
        update(StaffSession)
        .where(StaffSession.id == session_id, StaffSession.ended_at.is_(None), StaffSession.seen_at > now - IDLE)
        .values(seen_at=now)
    )


def end_session(db: ScopedSession, session_id: int) -> None:
    db.execute(update(StaffSession).where(StaffSession.id == session_id).values(ended_at=clock.now()))


def end_sessions_of(db: ScopedSession, user_id: int, *, except_id: int | None = None) -> None:
    """Sign a user out everywhere: a password changed, a membership ended, somebody was disabled."""
    db.execute(
        update(StaffSession)
        .where(
            StaffSession.user_id == user_id,
            StaffSession.ended_at.is_(None),
            StaffSession.id != (except_id if except_id is not None else 0),
        )
        .values(ended_at=clock.now())
    )


def companies_of(db: ScopedSession, user_id: int) -> list[Company]:
    """Where a user may work, by name."""
    return list(
        db.scalars(
            select(Company)
            .join(Membership, Membership.company_id == Company.id)
            .where(Membership.user_id == user_id, Membership.ended_at.is_(None))
            .order_by(Company.name, Company.id)
        )
    )


def find_companies(db: ScopedSession, user_id: int, text: str) -> list[Company]:
    """Those of ``companies_of`` whose name, trade name or tax id mention a text, without regard to accents or case."""
    words = fold(text)
    found = [
        company
        for company in companies_of(db, user_id)
        if words in fold(f"{company.name} {company.trade_name} {company.tax_id}")
    ]
    return sorted(found, key=lambda company: (fold(company.name), company.id))


def switch_company(db: ScopedSession, visit: Visit, company_id: int) -> None:
    """Work in another company from now on; raises ``NotFound`` for one the user does not belong to."""
    if not _is_member(db, visit.user_id, company_id):
        raise NotFound(_("esa empresa entre las suyas"))
    db.execute(update(StaffSession).where(StaffSession.id == visit.session_id).values(company_id=company_id))


def _account_subject(db: ScopedSession, email: str, address: str) -> str:
    familiar = db.scalar(
        select(StaffSession.id)
        .join(StaffUser, StaffUser.id == StaffSession.user_id)
        .where(
            StaffUser.email == email,
            StaffSession.address == address[:40],
            StaffSession.created_at > clock.now() - _FAMILIAR,
        )
        .limit(1)
    )
    return f"staff account {email} at {address}" if familiar else f"staff account {email}"


def _has_company() -> ColumnElement[bool]:
    return (
        select(1).where(Membership.user_id == StaffUser.id, Membership.ended_at.is_(None)).correlate(StaffUser).exists()
    )


def _is_member(db: ScopedSession, user_id: int, company_id: int) -> bool:
    found = db.scalar(
        select(Membership.id).where(
            Membership.company_id == company_id, Membership.user_id == user_id, Membership.ended_at.is_(None)
        )
    )
    return found is not None


def _company_to_begin_in(db: ScopedSession, user_id: int, replaces: int | None) -> int | None:
    """The company of the session replaced, else of the last one, else the oldest membership, as long as it is live."""
    last = select(func.max(StaffSession.id)).where(StaffSession.user_id == user_id)
    if replaces is not None:
        last = last.where(StaffSession.id == replaces)
    preferred = select(StaffSession.company_id).where(StaffSession.id == last.scalar_subquery()).scalar_subquery()
    return db.scalar(
        select(Membership.company_id)
        .where(Membership.user_id == user_id, Membership.ended_at.is_(None))
        .order_by((Membership.company_id == preferred).desc(), Membership.id)
        .limit(1)
    )
