"""Customers and suppliers: codes, folded keys, and who an invoice from elsewhere is for."""

from sqlalchemy import func, select

from app.domain.folding import fold
from app.scope import ScopedSession
from models import Contact


def refold(contact: Contact) -> None:
    """Fill the folded copies that lists sort and search by. Every save path calls it."""
    contact.sort_key = fold(contact.name)[:200]
    parts = (contact.name, contact.trade_name, contact.tax_id, contact.email or "", contact.code, contact.city)
    contact.search_key = fold(" ".join(part for part in parts if part))


def next_code(db: ScopedSession) -> str:
    """The code after the highest of five digits: ``00218``. Two at once may get the same; the database refuses one."""
    highest = db.scalar(
        select(func.max(Contact.code)).where(func.length(Contact.code) == 5, Contact.code.between("0", "9999:"))
    )
    return f"{int(highest) + 1 if highest and highest.isdigit() else 1:05d}"


def find_contact(db: ScopedSession, *, tax_id: str, name: str, postcode: str) -> Contact | None:
    """The contact with this tax id; else one of the same name and postcode whose tax id does not say otherwise.

    Of several, the oldest that is not archived.
    """
    order = (Contact.archived_at.is_not(None), Contact.id)
    if tax_id:
        found = db.scalar(select(Contact).where(Contact.tax_id == tax_id).order_by(*order).limit(1))
        if found is not None:
            return found
    namesakes = select(Contact).where(Contact.sort_key == fold(name)[:200], Contact.postcode == postcode)
    if tax_id:
        namesakes = namesakes.where(Contact.tax_id == "")
    return db.scalar(namesakes.order_by(*order).limit(1))
