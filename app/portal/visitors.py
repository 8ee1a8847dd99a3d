"""Who stands before an intranet: one query says which company it is, who is signed in and for which customer."""

import datetime as dt
import re
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Table, and_, bindparam, select
from starlette.requests import Request

from app import clock
from app.domain.access_tables import portal_accounts
from app.domain.customer_view import VIEW_LIFE
from app.domain.signing_in import IDLE, LONGEST
from app.errors import NotFound
from app.installation import Installation
from app.secrets import token_hash
from app.texts import _
from app.web import Door, cookie_name
from models import Company, CompanySlug, Contact, PortalMembership, PortalSession

_SLUG = re.compile(r"[A-Za-z0-9_-]{3,40}", re.ASCII)

_companies: Table = Company.__table__  # type: ignore[assignment]
_slugs: Table = CompanySlug.__table__  # type: ignore[assignment]
_sessions: Table = PortalSession.__table__  # type: ignore[assignment]
_memberships: Table = PortalMembership.__table__  # type: ignore[assignment]
_contacts: Table = Contact.__table__  # type: ignore[assignment]


class Host(Struct, frozen=True):
    """The company whose intranet this is, as far as its pages show it."""

    id: int
    slug: str
    name: str
    trade_name: str
    tax_id: str
    address: str
    postcode: str
    city: str
    phone: str
    email: str
    opening_hours: str
    accent: str
    logo_id: int | None

    @property
    def path(self) -> str:
        return f"/in/{self.slug}"

    @property
    def shown_name(self) -> str:
        return self.trade_name or self.name

    @property
    def look(self) -> str:
        """The stylesheet with the company's colour; another colour, another address."""
        return f"{self.path}/aspecto.css?v={self.accent[1:]}"

    @property
    def logo(self) -> str | None:
        """A logo never changes, another one has another id."""
        return f"{self.path}/logo?v={self.logo_id}" if self.logo_id else None

    @property
    def place(self) -> str:
        town = " ".join(part for part in (self.postcode, self.city) if part)
        return ", ".join(part for part in (self.address, town) if part)

    @property
    def dial(self) -> str:
        """The phone as a ``tel:`` address wants it."""
        return re.sub(r"[^\d+]", "", self.phone)


class Person(Struct, frozen=True):
    """Whoever is signed in: a customer's person, or staff looking with a customer's eyes (``is_preview``).

    ``is_asleep``: idle or open for too long; the password is asked again. ``contact_id`` is none until chosen.
    ``is_supplier``: nothing is sold to the contact, only bought from them.
    """

    session_id: int
    account_id: int | None
    contact_id: int | None
    is_preview: bool
    staff_user_id: int | None
    created_at: dt.datetime
    seen_at: dt.datetime
    email: str
    name: str
    must_change_password: bool
    contact_name: str
    is_supplier: bool
    is_asleep: bool


class Moved(Exception):
    """The intranet's address is spelt otherwise, or is another now."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


def find_host(connection: Connection, request: Request, installation: Installation) -> tuple[Host, Person | None]:
    """Raises ``Moved`` for other spellings and former addresses, ``NotFound`` for what is no intranet."""
    slug: str = request.path_params["slug"]
    if not _SLUG.fullmatch(slug):
        raise NotFound(_("esa intranet"))
    cookie = session_cookie(request, slug, installation)
    key = {"slug_key": slug.lower(), "token_hash": token_hash(cookie) if cookie else ""}
    found = connection.execute(_ARRIVAL, key).first()
    if found is None:
        raise _former(connection, slug)
    if found.confirmed_at is None:
        raise NotFound(_("esa intranet"))
    if found.slug != slug:
        raise Moved(found.slug)
    return Host(*found[:_HOST]), _person(found)


def session_cookie(request: Request, slug: str, installation: Installation) -> str | None:
    new: str | None = request.scope.get("new_cookie")
    return new or request.cookies.get(cookie_name(Door("portal", f"/in/{slug}"), installation.settings.is_secure))


def _former(connection: Connection, slug: str) -> Exception:
    present = connection.scalar(_FORMER, {"slug_key": slug.lower()})
    return Moved(present) if present else NotFound(_("esa intranet"))


def _person(found: Any) -> Person | None:
    """Nobody when the session ended, or the customer's access did."""
    if found.session_id is None:
        return None
    if found.is_preview:
        asleep = False
        if found.seen_at <= clock.now() - VIEW_LIFE:
            return None
    else:
        if found.contact_id is not None and found.membership_id is None:
            return None
        now = clock.now()
        asleep = found.seen_at <= now - IDLE or found.created_at <= now - LONGEST
    return Person(
        session_id=found.session_id,
        account_id=found.account_id,
        contact_id=found.contact_id,
        is_preview=found.is_preview,
        staff_user_id=found.staff_user_id,
        created_at=found.created_at,
        seen_at=found.seen_at,
        email=found.account_email or "",
        name=found.account_name or "",
        must_change_password=bool(found.must_change_password),
        contact_name=found.contact_name or "",
        is_supplier=found.is_customer is False,
        is_asleep=asleep,
    )


_HOST_COLUMNS = (
    _companies.c.id,
    _companies.c.slug,
    _companies.c.name,
    _companies.c.trade_name,
    _companies.c.tax_id,
    _companies.c.address,
    _companies.c.postcode,
    _companies.c.city,
    _companies.c.phone,
    _companies.c.email,
    _companies.c.opening_hours,
    _companies.c.accent,
    _companies.c.logo_id,
)
_HOST = len(_HOST_COLUMNS)

_ARRIVAL = (
    select(
        *_HOST_COLUMNS,
        _companies.c.confirmed_at,
        _sessions.c.id.label("session_id"),
        _sessions.c.account_id,
        _sessions.c.contact_id,
        _sessions.c.is_preview,
        _sessions.c.staff_user_id,
        _sessions.c.created_at,
        _sessions.c.seen_at,
        portal_accounts.c.email.label("account_email"),
        portal_accounts.c.name.label("account_name"),
        portal_accounts.c.must_change_password,
        _contacts.c.name.label("contact_name"),
        _contacts.c.is_customer,
        _memberships.c.id.label("membership_id"),
    )
    .select_from(_companies)
    .outerjoin(
        _sessions,
        and_(
            _sessions.c.company_id == _companies.c.id,
            _sessions.c.token_hash == bindparam("token_hash"),
            _sessions.c.ended_at.is_(None),
        ),
    )
    .outerjoin(
        portal_accounts,
        and_(portal_accounts.c.company_id == _companies.c.id, portal_accounts.c.id == _sessions.c.account_id),
    )
    .outerjoin(_contacts, and_(_contacts.c.company_id == _companies.c.id, _contacts.c.id == _sessions.c.contact_id))
    .outerjoin(
        _memberships,
        and_(
            _memberships.c.company_id == _companies.c.id,
            _memberships.c.account_id == _sessions.c.account_id,
            _memberships.c.contact_id == _sessions.c.contact_id,
            _memberships.c.ended_at.is_(None),
        ),
    )
    .where(_companies.c.slug_key == bindparam("slug_key"))
)

_FORMER = (
    select(_companies.c.slug)
    .join(_slugs, _slugs.c.company_id == _companies.c.id)
    .where(_slugs.c.slug_key == bindparam("slug_key"))
)
