"""The first day of an installation: a one-time address, and behind it the first company and its administrator."""

import datetime as dt
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, select

from app import clock
from app.domain.companies import OpenCompany, open_company, open_series, slug_is_free
from app.errors import InvalidValue, NotFound
from app.scope import ScopedSession
from app.secrets import new_token, token_hash
from app.texts import _
from models import Company, Membership, Series, SetupToken, StaffUser
from models.enums import Role

VALID_FOR = dt.timedelta(hours=24)

# Asked at every start, which is over before SQLAlchemy has fitted the models together.
tokens: Any = SetupToken.__table__
members: Any = Membership.__table__
staff: Any = StaffUser.__table__


class SetUp(Struct, frozen=True, kw_only=True):
    """``company.slug`` empty proposes one from its name."""

    token: str
    company: OpenCompany
    name: str
    email: str
    password_hash: str


def invite(db: ScopedSession) -> str | None:
    """A new one-time token, the only one that stands from now on; none when somebody administers already."""
    if _has_administrator(db):
        return None
    db.execute(tokens.delete())
    token = new_token()
    db.execute(tokens.insert().values(token_hash=token_hash(token), expires_at=clock.now() + VALID_FOR))
    return token


def stands(db: ScopedSession, token: str) -> bool:
    """Whether the address can still be used."""
    return db.scalar(select(tokens.c.id).where(*_standing(token))) is not None and not _has_administrator(db)


def set_up(db: ScopedSession, command: SetUp) -> Company:
    """Use the token up and create the company, or take over one an import made, with its administrator.

    Raises ``NotFound`` when the token does not stand, ``InvalidValue`` naming a field. Of two at once, one wins.
    """
    used = db.execute(tokens.update().where(*_standing(command.token)).values(used_at=clock.now()))
    if used.rowcount != 1 or _has_administrator(db):  # type: ignore[attr-defined]
        raise NotFound
    company = _company(db, command.company)
    if db.scalar(select(StaffUser.id).where(StaffUser.email == command.email)) is not None:
        raise InvalidValue(_("Ya hay un usuario con ese correo."), field="email")
    user = StaffUser(email=command.email, name=command.name, password_hash=command.password_hash)
    db.add(user)
    db.flush()
    db.add(Membership(company_id=company.id, user=user, role=Role.ADMINISTRATOR))
    db.flush()
    return company


def _standing(token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        tokens.c.token_hash == token_hash(token),
        tokens.c.used_at.is_(None),
        tokens.c.expires_at > clock.now(),
    )


def _has_administrator(db: ScopedSession) -> bool:
    found = db.scalar(
        select(members.c.id)
        .join(staff, staff.c.id == members.c.user_id)
        .where(members.c.role == Role.ADMINISTRATOR, members.c.ended_at.is_(None), staff.c.disabled_at.is_(None))
        .limit(1)
    )
    return found is not None


def _company(db: ScopedSession, wanted: OpenCompany) -> Company:
    now = clock.now()
    imported = db.scalar(select(Company).where(Company.tax_id == wanted.tax_id))
    if wanted.slug and not slug_is_free(db, wanted.slug, imported.id if imported else None):
        raise InvalidValue(_("Otra empresa tiene ya esa dirección. Elija otra."), field="slug")
    if imported is None:
        return open_company(db, replace(wanted, confirmed_at=now, first_year=clock.today().year))
    for name in ("name", "address", "postcode", "city", "province"):
        setattr(imported, name, getattr(wanted, name))
    if wanted.slug:
        imported.slug, imported.slug_key = wanted.slug, wanted.slug.lower()
    imported.confirmed_at = now
    if db.scalar(select(Series.id).where(Series.company_id == imported.id).limit(1)) is None:
        open_series(db, imported, clock.today().year)
    return imported
