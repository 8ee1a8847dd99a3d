"""Settings of a company's intranet: its address, how it publishes, how it looks, the button for the own web."""

from msgspec import Struct
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import IntegrityError

from app.domain import fields
from app.domain.companies import slug_is_free
from app.domain.files import kept
from app.domain.locking import lock_company
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.texts import _
from models import Company, CompanySlug, StoredFile
from models.enums import AccessDelivery, ButtonSize


class ChangeAddress(Struct, frozen=True, kw_only=True):
    slug: str


class ChangePublishing(Struct, frozen=True, kw_only=True):
    notify_by_default: bool
    access_delivery: AccessDelivery


class ChangeAppearance(Struct, frozen=True, kw_only=True):
    """``logo`` is a row not yet in any session, whose bytes are already kept; none leaves the logo as it is."""

    accent: str
    phone: str
    opening_hours: str
    logo: StoredFile | None = None
    removes_logo: bool = False


class ChangeButton(Struct, frozen=True, kw_only=True):
    """A ``colour`` that is the company's own follows it from then on."""

    text: str
    colour: str
    size: ButtonSize


def change_address(db: ScopedSession, command: ChangeAddress) -> Company:
    """Move the intranet; the address it leaves goes on leading to it, and to nobody else.

    Raises ``InvalidValue`` when another company has or had that address. Going back to a former one is allowed.
    """
    slug = fields.slug(command.slug, "slug")
    company = lock_company(db)
    if not slug_is_free(db, slug, company.id):
        raise _taken()
    former = company.slug_key
    try:
        with db.begin_nested():
            if former != slug.lower():
                db.execute(delete(CompanySlug).where(_is_own_former(company, slug.lower())))
                db.add(CompanySlug(company_id=company.id, slug_key=former))
            company.slug, company.slug_key = slug, slug.lower()
            db.flush()
    except IntegrityError as error:  # somebody else took it between the look and the write
        raise _taken() from error
    return company


def _taken() -> InvalidValue:
    return InvalidValue(_("Otra empresa tiene o ha tenido esa dirección. Elija otra."), field="slug")


def _is_own_former(company: Company, key: str) -> ColumnElement[bool]:
    return (CompanySlug.company_id == company.id) & (CompanySlug.slug_key == key)


def former_addresses(db: ScopedSession) -> list[CompanySlug]:
    """Addresses that still lead here, the newest first."""
    return list(
        db.scalars(select(CompanySlug).where(CompanySlug.company_id == db.company_id).order_by(CompanySlug.id.desc()))
    )


def change_publishing(db: ScopedSession, command: ChangePublishing) -> Company:
    company = lock_company(db)
    company.notify_by_default = command.notify_by_default
    company.access_delivery = command.access_delivery
    db.flush()
    return company


def change_appearance(db: ScopedSession, command: ChangeAppearance) -> Company:
    """Colour, logo and how to be reached, as customers see them. Templates of documents keep their own look."""
    company = lock_company(db)
    company.accent = fields.colour(command.accent, "accent")
    company.phone, company.opening_hours = command.phone, command.opening_hours
    if command.logo is not None:
        company.logo_id = kept(db, command.logo).id
    elif command.removes_logo:
        company.logo_id = None
    db.flush()
    return company


def change_button(db: ScopedSession, command: ChangeButton) -> Company:
    company = lock_company(db)
    company.button_text = fields.line(command.text, "text", most=40, required=True)
    colour = fields.colour(command.colour, "colour")
    company.button_colour = "" if colour == company.accent else colour
    company.button_size = command.size
    db.flush()
    return company
