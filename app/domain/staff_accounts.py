"""Passwords and sessions of the office: one's own, and those an administrator hands out again."""

from msgspec import Struct
from sqlalchemy import ColumnElement, select, true

from app.domain import staff_access
from app.domain.audit import record
from app.domain.passwords import check_password
from app.domain.staffing import set_staff_password
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Company, Membership, StaffSession, StaffUser
from models.enums import Role

SHORTEST = 12
MOST_SHOWN = 20


class WorksElsewhere(Refusal):
    """Whoever can set a password can enter as that person: nobody may for companies that are not theirs."""

    code = "works_elsewhere"

    def __init__(self, name: str) -> None:
        sentence = _(
            "%(nombre)s trabaja también en otra empresa que usted no administra: solo puede cambiarla esa persona."
        )
        super().__init__(sentence % {"nombre": name})


class ResetPassword(Struct, frozen=True, kw_only=True):
    user_id: int
    by_user_id: int
    company_id: int
    password_hash: str


def reset_password(db: ScopedSession, command: ResetPassword) -> StaffUser:
    """An administrator gives somebody another password; their sessions end. Needs a session of the installation.

    Raises ``NotFound`` for who does not work in the company, ``WorksElsewhere`` beyond one's own companies.
    """
    theirs = _companies(db, command.user_id)
    if command.company_id not in theirs:
        raise NotFound(_("esa persona en esta empresa"))
    user = db.get_one(StaffUser, command.user_id)
    if not theirs <= _companies(db, command.by_user_id, Membership.role == Role.ADMINISTRATOR):
        raise WorksElsewhere(user.name)
    set_staff_password(db, command.user_id, command.password_hash)
    return user


def check_own_password(db: ScopedSession, user_id: int, password: str) -> str:
    """A password somebody chose for themselves; raises ``InvalidValue``."""
    user = db.get_one(StaffUser, user_id)
    companies = db.scalars(select(Company.name).where(Company.id.in_(_companies(db, user_id))))
    return check_password(password, "new", least=SHORTEST, words=[user.name, user.email, *companies])


def live_sessions(db: ScopedSession, user_id: int) -> list[StaffSession]:
    """Where somebody is signed in, the last used first."""
    return list(
        db.scalars(
            select(StaffSession)
            .where(StaffSession.user_id == user_id, StaffSession.ended_at.is_(None))
            .order_by(StaffSession.seen_at.desc())
            .limit(MOST_SHOWN)
        )
    )


def end_other_sessions(db: ScopedSession, visit: staff_access.Visit) -> None:
    staff_access.end_sessions_of(db, visit.user_id, except_id=visit.session_id)
    record(db, "end_sessions", StaffUser.__tablename__, entity_id=visit.user_id, company_id=visit.company_id)


def _companies(db: ScopedSession, user_id: int, condition: ColumnElement[bool] | None = None) -> set[int]:
    found = select(Membership.company_id).where(
        Membership.user_id == user_id, Membership.ended_at.is_(None), true() if condition is None else condition
    )
    return set(db.scalars(found))
