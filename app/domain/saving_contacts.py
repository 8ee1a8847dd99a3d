"""Keeping the files of customers and suppliers: their facts, further addresses and e-mails, and putting them away."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.domain.contacts import next_code, refold
from app.domain.fields import tax_id
from app.domain.telling import tell
from app.errors import InvalidValue, NotFound
from app.scope import ScopedSession
from app.texts import _, ending
from models import Contact, ContactAddress, ContactEmail
from models.enums import AddressPurpose, EmailPurpose, PaymentMethod, WebhookEvent

MOST_CHILDREN = 100


class AddressLine(Struct, frozen=True, kw_only=True):
    id: int | None = None
    purpose: AddressPurpose
    address: str
    postcode: str = ""
    city: str = ""
    province: str = ""
    country: str = "ES"


class EmailLine(Struct, frozen=True, kw_only=True):
    id: int | None = None
    purpose: EmailPurpose
    email: str
    name: str = ""


class SaveContact(Struct, frozen=True, kw_only=True):
    """Everything the form of a contact says. Without ``id`` it is a new one; without ``code`` it takes the next."""

    id: int | None = None
    code: str = ""
    name: str
    trade_name: str = ""
    tax_id: str = ""
    country: str = "ES"
    is_customer: bool = True
    is_supplier: bool = False
    is_person: bool = False
    address: str = ""
    postcode: str = ""
    city: str = ""
    province: str = ""
    phone: str = ""
    email: str = ""
    language: str = "es"
    payment_method: PaymentMethod = PaymentMethod.TRANSFER
    payment_days: str = "30"
    payment_day: int | None = None
    iban: str = ""
    has_surcharge: bool = False
    withholding_rate: Decimal = Decimal(0)
    notes: str = ""
    addresses: Sequence[AddressLine] = ()
    emails: Sequence[EmailLine] = ()
    shares_tax_id: bool = False


class TaxIdTaken(InvalidValue):
    """Another file has that tax id; two branches may share one, but somebody has to say so."""

    code = "tax_id_taken"

    def __init__(self, other: Contact) -> None:
        sentence = _("Ya lo tiene %(nombre)s (%(codigo)s). Si son dos fichas con el mismo NIF, márquelo abajo.")
        super().__init__(sentence % {"nombre": other.name, "codigo": other.code}, field="tax_id")


_APART = {"id", "code", "tax_id", "email", "addresses", "emails", "shares_tax_id"}
_PLAIN = tuple(name for name in SaveContact.__struct_fields__ if name not in _APART)


def save_contact(db: ScopedSession, command: SaveContact) -> Contact:
    """Write a contact with all that hangs from it. Raises ``InvalidValue`` beside the field, or ``NotFound``."""
    if not (command.is_customer or command.is_supplier):
        raise InvalidValue(_("Marque si es cliente, proveedor o las dos cosas."), field="is_customer")
    contact = contact_with_lines(db, command.id) if command.id is not None else Contact(addresses=[], emails=[])
    for name in _PLAIN:
        setattr(contact, name, getattr(command, name))
    contact.tax_id = tax_id(command.tax_id, "tax_id", country=command.country)
    contact.email = command.email or None
    contact.code = command.code or contact.code or next_code(db)
    with db.no_autoflush:
        _check_code(db, contact)
        if contact.tax_id and not command.shares_tax_id:
            _check_tax_id(db, contact)
    _match(contact.addresses, command.addresses, ContactAddress)
    _match(contact.emails, command.emails, ContactEmail)
    _check_emails(contact.emails)
    refold(contact)
    db.add(contact)
    db.flush()
    what = WebhookEvent.CONTACT_CREATED if command.id is None else WebhookEvent.CONTACT_CHANGED
    tell(db, what, "contact", contact.id, code=contact.code, name=contact.name)
    return contact


def contact_with_lines(db: ScopedSession, contact_id: int) -> Contact:
    """With its further addresses and e-mails, read once in a session. Raises ``NotFound``."""
    contact = db.get(Contact, contact_id, options=(selectinload(Contact.addresses), selectinload(Contact.emails)))
    if contact is None:
        raise NotFound(_("esa ficha"))
    return contact


def _check_code(db: ScopedSession, contact: Contact) -> None:
    taken = select(Contact.name).where(Contact.code == contact.code, Contact.id != (contact.id or 0))
    if (other := db.scalar(taken)) is not None:
        raise InvalidValue(_("Ese código ya es de %(nombre)s.") % {"nombre": ending(other)}, field="code")


def _check_tax_id(db: ScopedSession, contact: Contact) -> None:
    taken = select(Contact).where(Contact.tax_id == contact.tax_id, Contact.id != (contact.id or 0)).limit(1)
    if (other := db.scalar(taken)) is not None:
        raise TaxIdTaken(other)


def _match(rows: list[Any], lines: Sequence[Any], kind: type) -> None:
    """Change what a line names by id among the contact's own rows, drop the rest, add the new ones."""
    if len(lines) > MOST_CHILDREN:
        raise InvalidValue(_("Como mucho %(n)s líneas.") % {"n": MOST_CHILDREN})
    known = {row.id: row for row in rows}
    kept = []
    for line in lines:
        row = known.get(line.id) if line.id is not None else kind()
        if row is None:
            raise NotFound(_("esa línea en esta ficha"))
        for name, value in asdict(line).items():
            if name != "id":
                setattr(row, name, value)
        kept.append(row)
    rows[:] = kept


def _check_emails(rows: Sequence[ContactEmail]) -> None:
    seen = [row.email for row in rows]
    if len(seen) != len(set(seen)):
        raise InvalidValue(_("Hay un correo repetido en la lista."), field="emails")
