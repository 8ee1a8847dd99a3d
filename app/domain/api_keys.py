"""Keys of programs: made by somebody of the office, bound to their role, shown once, taken back at once."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import select

from app import clock
from app.domain import fields
from app.errors import InvalidValue, NotFound, Refusal
from app.scope import ScopedSession
from app.secrets import new_key, token_hash
from app.texts import _
from models import ApiKey, Company, Membership, StaffUser
from models.enums import ApiScope, Role

# Who may let a program do each thing: the role that may do it in the office.
LEAST_ROLE = {
    ApiScope.READ: Role.READER,
    ApiScope.WRITE: Role.INVOICING,
    ApiScope.ISSUE: Role.INVOICING,
    ApiScope.PUBLISH: Role.INVOICING,
    ApiScope.MAIL: Role.INVOICING,
    ApiScope.SETTINGS: Role.MANAGER,
    ApiScope.AUDIT: Role.MANAGER,
    ApiScope.WEBHOOKS: Role.ADMINISTRATOR,
}
LADDER = tuple(Role)

MOST_KEYS = 50
FEWEST_REQUESTS, MOST_REQUESTS, USUAL_REQUESTS = 1, 6000, 600
LONGEST_LIFE = dt.timedelta(days=3653)
LONGEST_OVERLAP = dt.timedelta(days=30)
SHOWN_OF_SECRET = 6
PREFIX, SECRET_LENGTH = "vk", 43

_keys: Any = ApiKey.__table__
_companies: Any = Company.__table__
_users: Any = StaffUser.__table__
_memberships: Any = Membership.__table__


class TooManyKeys(Refusal):
    code = "too_many_keys"

    def __init__(self) -> None:
        super().__init__(_("Como mucho %(n)s claves por persona: revoque antes alguna.") % {"n": MOST_KEYS})


class CreateApiKey(Struct, frozen=True, kw_only=True):
    """``expires_at`` none: it never expires."""

    user_id: int
    name: str
    scopes: Sequence[ApiScope]
    expires_at: dt.datetime | None
    per_minute: int = USUAL_REQUESTS


class RotateApiKey(Struct, frozen=True, kw_only=True):
    """``overlap``: for so long the secret it had still opens."""

    key_id: int
    user_id: int
    overlap: dt.timedelta


class NewKey(Struct, frozen=True):
    """The only time that a secret is seen."""

    key_id: int
    name: str
    secret: str


class Program(Struct, frozen=True, kw_only=True):
    """Whoever has come with a key, and what they may do now. ``is_current``: not with the secret before the last."""

    key_id: int
    key_name: str
    prefix: str
    company_id: int
    company_name: str
    company_tax_id: str
    company_slug: str
    user_id: int
    user_name: str
    scopes: frozenset[ApiScope]
    per_minute: int
    expires_at: dt.datetime | None
    last_used_at: dt.datetime | None
    last_address: str
    is_current: bool


def scopes_of(role: Role) -> frozenset[ApiScope]:
    """What somebody with this role may let a program do."""
    place = LADDER.index(role)
    return frozenset(scope for scope, least in LEAST_ROLE.items() if LADDER.index(least) <= place)


def create_api_key(db: ScopedSession, command: CreateApiKey) -> NewKey:
    """A key that does what its maker may do, and no more than was chosen. Raises ``InvalidValue``, ``TooManyKeys``."""
    wanted = _checked_scopes(db, command)
    if command.expires_at is not None and not clock.now() < command.expires_at <= clock.now() + LONGEST_LIFE:
        raise InvalidValue(_("Elija una caducidad de hasta diez años."), field="expires_at")
    if not FEWEST_REQUESTS <= command.per_minute <= MOST_REQUESTS:
        sentence = _("Escriba un número entre %(least)s y %(most)s.")
        limits = {"least": FEWEST_REQUESTS, "most": MOST_REQUESTS}
        raise InvalidValue(sentence % limits, field="per_minute")
    if len(live_keys(db, command.user_id)) >= MOST_KEYS:
        raise TooManyKeys
    secret = _mint(db)
    key = ApiKey(
        company_id=db.company_id,
        user_id=command.user_id,
        name=fields.line(command.name, "name", most=60, required=True),
        prefix=shown_prefix(secret),
        secret_hash=token_hash(secret),
        scopes=wanted,
        per_minute=command.per_minute,
        expires_at=command.expires_at,
    )
    db.add(key)
    db.flush()
    return NewKey(key.id, key.name, secret)


def rotate_api_key(db: ScopedSession, command: RotateApiKey) -> NewKey:
    """Another secret for the same key; the one it had opens for as long as was chosen, one before that no longer.

    Raises ``NotFound`` for what is not a live key of that person, ``InvalidValue``.
    """
    if not dt.timedelta() <= command.overlap <= LONGEST_OVERLAP:
        raise InvalidValue(_("Elija cuánto tiempo sirve todavía la clave de antes."), field="overlap")
    key = _live_key(db, command.key_id, command.user_id)
    secret = _mint(db)
    if command.overlap:
        key.previous_hash, key.previous_until = key.secret_hash, clock.now() + command.overlap
    else:
        key.previous_hash, key.previous_until = None, None
    key.previous_used_at = None
    key.secret_hash, key.prefix = token_hash(secret), shown_prefix(secret)
    db.flush()
    return NewKey(key.id, key.name, secret)


def end_overlap(db: ScopedSession, key_id: int, user_id: int) -> ApiKey:
    """The secret before the last opens nothing from now on. Raises ``NotFound``."""
    key = _live_key(db, key_id, user_id)
    key.previous_hash, key.previous_until, key.previous_used_at = None, None, None
    db.flush()
    return key


def revoke_api_key(db: ScopedSession, key_id: int, user_id: int | None) -> ApiKey:
    """Nothing opens with it from the next request on. ``user_id`` none: whoever's it is. Raises ``NotFound``."""
    key = _live_key(db, key_id, user_id)
    key.ended_at = clock.now()
    db.flush()
    return key


def live_keys(db: ScopedSession, user_id: int | None = None) -> list[ApiKey]:
    """Keys that have not been revoked, expired ones among them; of everybody in the company when ``user_id`` is none.

    The last made first.
    """
    live = select(ApiKey).where(ApiKey.ended_at.is_(None)).order_by(ApiKey.id.desc())
    return list(db.scalars(live if user_id is None else live.where(ApiKey.user_id == user_id)))


def shown_prefix(secret: str) -> str:
    """What may still be seen of a secret: whose it is, and its first letters."""
    return secret[: -SECRET_LENGTH + SHOWN_OF_SECRET]


def company_of(secret: str) -> str | None:
    """The short code of the company that a secret names; none for what is no secret of ours at all."""
    prefix, _dash, rest = secret.partition("_")
    code, _dash, letters = rest.partition("_")
    if prefix != PREFIX or not code or len(letters) != SECRET_LENGTH or not (code + letters).isascii():
        return None
    return code if code.isalnum() and letters.isalnum() and len(code) <= 20 else None


def find_program(connection: sa.Connection, secret: str) -> Program | None:
    """Whose secret it is, if it opens now: neither revoked nor expired, of somebody who still works here."""
    code = company_of(secret)
    if code is None:
        return None
    asked = {"code": code, "hash": token_hash(secret), "now": clock.now()}
    found = connection.execute(_PROGRAM, asked).first()
    if found is None:
        return None
    known = {scope for scope in ApiScope if scope in found.scopes}
    values = {name: value for name, value in found._mapping.items() if name not in {"scopes", "role"}}
    return Program(**values, scopes=scopes_of(found.role) & known)


def note_use(db: ScopedSession, program: Program, address: str) -> None:
    """When and from where it was last used; of the secret before the last, apart."""
    now = clock.now()
    values: dict[str, Any] = {"last_used_at": now, "last_address": address[:40]}
    if not program.is_current:
        values["previous_used_at"] = now
    mine = (_keys.c.company_id == program.company_id, _keys.c.id == program.key_id)
    db.connection().execute(sa.update(_keys).where(*mine).values(**values))


_NOW: Any = sa.bindparam("now", type_=_keys.c.expires_at.type)
_HASH: Any = sa.bindparam("hash", type_=_keys.c.secret_hash.type)
# Asked with every request: built once.
_PROGRAM = (
    select(
        _keys.c.id.label("key_id"),
        _keys.c.name.label("key_name"),
        _keys.c.prefix,
        _keys.c.company_id,
        _companies.c.name.label("company_name"),
        _companies.c.tax_id.label("company_tax_id"),
        _companies.c.slug.label("company_slug"),
        _keys.c.user_id,
        _users.c.name.label("user_name"),
        _memberships.c.role,
        _keys.c.scopes,
        _keys.c.per_minute,
        _keys.c.expires_at,
        _keys.c.last_used_at,
        _keys.c.last_address,
        (_keys.c.secret_hash == _HASH).label("is_current"),
    )
    .join(_companies, _companies.c.id == _keys.c.company_id)
    .join(_users, _users.c.id == _keys.c.user_id)
    .join(
        _memberships,
        sa.and_(_memberships.c.company_id == _keys.c.company_id, _memberships.c.user_id == _keys.c.user_id),
    )
    .where(
        _companies.c.short_code == sa.bindparam("code"),
        sa.or_(
            _keys.c.secret_hash == _HASH,
            sa.and_(_keys.c.previous_hash == _HASH, _keys.c.previous_until > _NOW),
        ),
        _keys.c.ended_at.is_(None),
        sa.or_(_keys.c.expires_at.is_(None), _keys.c.expires_at > _NOW),
        _users.c.disabled_at.is_(None),
        _memberships.c.ended_at.is_(None),
    )
)


def _checked_scopes(db: ScopedSession, command: CreateApiKey) -> list[str]:
    """What was chosen, in the order of the list; the role is looked at here and again with every request."""
    place = select(Membership.role).where(Membership.user_id == command.user_id, Membership.ended_at.is_(None))
    role = db.scalar(place)
    if role is None:
        raise NotFound(_("esa persona en esta empresa"))
    if not command.scopes:
        raise InvalidValue(_("Marque al menos un permiso."), field="scopes")
    if not scopes_of(role).issuperset(command.scopes):
        raise InvalidValue(_("Una clave no puede hacer más que usted."), field="scopes")
    return [scope.value for scope in ApiScope if scope in command.scopes]


def _mint(db: ScopedSession) -> str:
    return f"{PREFIX}_{db.get_one(Company, db.company_id).short_code}_{new_key()}"


def _live_key(db: ScopedSession, key_id: int, user_id: int | None) -> ApiKey:
    live = select(ApiKey).where(ApiKey.id == key_id, ApiKey.ended_at.is_(None)).with_for_update()
    key = db.scalar(live if user_id is None else live.where(ApiKey.user_id == user_id))
    if key is None:
        raise NotFound(_("esa clave"))
    return key
