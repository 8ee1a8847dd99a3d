"""Keeping the facts of the company itself."""

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import select

from app import clock
from app.domain.fields import tax_id
from app.domain.locking import lock_company
from app.errors import InvalidValue, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Company
from models.enums import PaymentMethod


class SaveCompany(Struct, frozen=True, kw_only=True):
    """What documents say of their issuer, and the terms new customers begin with."""

    name: str
    trade_name: str = ""
    tax_id: str
    country: str = "ES"
    address: str
    postcode: str
    city: str
    province: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    registration: str = ""
    iban: str = ""
    payment_method: PaymentMethod = PaymentMethod.TRANSFER
    payment_days: str = "30"


def save_company(db: ScopedSession, command: SaveCompany) -> Company:
    """Issued documents keep what they said. Raises ``InvalidValue`` when another company has the tax id."""
    company = lock_company(db)
    number = tax_id(command.tax_id, "tax_id", country=command.country, required=True)
    if db.scalar(select(Company.id).where(Company.tax_id == number, Company.id != company.id)) is not None:
        raise InvalidValue(_("Ya hay una empresa con ese NIF."), field="tax_id")
    for name, value in asdict(command).items():
        setattr(company, name, number if name == "tax_id" else value)
    db.flush()
    return company


def confirm_company(db: ScopedSession) -> Company:
    """An administrator has looked at a company that an import made: from now on it can publish."""
    company = lock_company(db)
    missing = [
        word for word, value in ((_("la dirección"), company.address), (_("la población"), company.city)) if not value
    ]
    if missing:
        raise Refusal(_("Antes de confirmarla, rellene %(que)s.") % {"que": _(" y ").join(missing)})
    company.confirmed_at = company.confirmed_at or clock.now()
    db.flush()
    return company
