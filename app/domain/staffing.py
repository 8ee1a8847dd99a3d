"""Who works in the office: people, their place in each company, their passwords.

What concerns one company needs a session of that company; what ends everywhere (``set_staff_password``,
``disable_staff``) needs one of the whole installation.
"""

from msgspec import Struct
from sqlalchemy import select

from app import clock
from app.domain.audit import record
from app.domain.mail.accounts import owned_account
from app.domain.mail.saving_accounts import remove_mail_account
from app.domain.staff_access import end_sessions_of
from app.errors import InvalidValue, NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Company, Membership, StaffUser
from models.enums import Role


class LastAdministrator(Refusal):
    """Without an administrator nobody could let anybody in."""

    code = "last_administrator"

    def __init__(self, company: str) -> None:
        super().__init__(_("Es el único administrador de %(empresa)s: nombre antes a otro.") % {"empresa": company})


class AddStaff(Struct, frozen=True, kw_only=True):
    """``password_hash`` is only for somebody new: whoever works in another company already keeps their own."""

    email: str
    name: str
    role: Role
    password_hash: str = ""


class Added(Struct, frozen=True):
    user_id: int
    is_new: bool


def add_staff(db: ScopedSession, command: AddStaff) -> Added:
    """Give somebody a place in the session's company, anew if they had left. Raises ``InvalidValue``."""
    user = db.scalar(select(StaffUser).where(StaffUser.email == command.email))
    is_new = user is None
    if user is None:
        user = StaffUser(email=command.email, name=command.name, password_hash=command.password_hash)
        db.add(user)
        db.flush()
    membership = _membership(db, user.id)
    if membership is None:
        db.add(Membership(company_id=db.company_id, user=user, role=command.role))
    elif membership.ended_at is None:
        raise InvalidValue(_("Ya trabaja en esta empresa."), field="email")
    else:
        membership.role, membership.ended_at = command.role, None
    db.flush()
    return Added(user.id, is_new)


def change_role(db: ScopedSession, user_id: int, role: Role) -> None:
    """Raises ``NotFound`` or ``LastAdministrator``."""
    _lock_company(db)
    membership = _live_membership(db, user_id)
    if role is not Role.ADMINISTRATOR:
        _keep_an_administrator(db, db.company_id, user_id)
    membership.role = role
    db.flush()


def end_membership(db: ScopedSession, user_id: int) -> None:
    """Nothing of this company from the next click on, nor a mailbox of theirs left with it.

    Raises ``NotFound`` or ``LastAdministrator``.
    """
    _lock_company(db)
    membership = _live_membership(db, user_id)
    _keep_an_administrator(db, db.company_id, user_id)
    membership.ended_at = clock.now()
    if owned_account(db, user_id) is not None:
        remove_mail_account(db, user_id)
    db.flush()


def find_staff(db: ScopedSession, email: str) -> StaffUser:
    user = db.scalar(select(StaffUser).where(StaffUser.email == email))
    if user is None:
        raise NotFound(_("ningún usuario con ese correo"))
    return user


def set_staff_password(db: ScopedSession, user_id: int, password_hash: str) -> None:
    """Change a password for somebody and sign them out everywhere."""
    user = db.get_one(StaffUser, user_id)
    user.password_hash = password_hash
    end_sessions_of(db, user_id)
    _tell(db, user, "set_password")


def disable_staff(db: ScopedSession, user_id: int) -> None:
    """Shut somebody out of every company at once. Raises ``LastAdministrator``."""
    user = db.get_one(StaffUser, user_id)
    for company_id in _companies(db, user_id):
        _keep_an_administrator(db, company_id, user_id)
    user.disabled_at = clock.now()
    end_sessions_of(db, user_id)
    _tell(db, user, "disable")


def enable_staff(db: ScopedSession, user_id: int) -> None:
    user = db.get_one(StaffUser, user_id)
    user.disabled_at = None
    _tell(db, user, "enable")


def _lock_company(db: ScopedSession) -> None:
    """Two administrators who demote each other at once must wait for each other."""
    db.execute(select(Company.id).where(Company.id == db.company_id).with_for_update())


def _membership(db: ScopedSession, user_id: int) -> Membership | None:
    return db.scalar(
        select(Membership)
        .where(Membership.company_id == db.company_id, Membership.user_id == user_id)
        .with_for_update()
    )


def _live_membership(db: ScopedSession, user_id: int) -> Membership:
    membership = _membership(db, user_id)
    if membership is None or membership.ended_at is not None:
        raise NotFound(_("esa persona en esta empresa"))
    return membership


def _companies(db: ScopedSession, user_id: int) -> list[int]:
    return list(
        db.scalars(
            select(Membership.company_id)
            .where(Membership.user_id == user_id, Membership.ended_at.is_(None))
            .order_by(Membership.company_id)
        )
    )


def _keep_an_administrator(db: ScopedSession, company_id: int, leaving_id: int) -> None:
    administrators = set(
        db.scalars(
            select(Membership.user_id)
            .join(StaffUser, StaffUser.id == Membership.user_id)
            .where(
                Membership.company_id == company_id,
                Membership.role == Role.ADMINISTRATOR,
                Membership.ended_at.is_(None),
                StaffUser.disabled_at.is_(None),
            )
        )
    )
    if administrators == {leaving_id}:
        raise LastAdministrator(db.get_one(Company, company_id).name)


def _tell(db: ScopedSession, user: StaffUser, action: str) -> None:
    """Each company the person works in has it in its own audit."""
    for company_id in _companies(db, user.id):
        record(db, action, StaffUser.__tablename__, entity_id=user.id, label=user.name, company_id=company_id)
