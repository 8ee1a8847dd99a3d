"""Customers and suppliers: codes, folded keys, and who an invoice from elsewhere is for."""

import re

from sqlalchemy import BigInteger, case, cast, func, select

from app.domain.folding import fold
from app.scope import ScopedSession
from models import Contact

# What is longer counts something else: a telephone, a bar code.
LONGEST_CODE = 8
_CODE = re.compile(f"[0-9]{{5,{LONGEST_CODE}}}")


def refold(contact: Contact) -> None:
    """Fill the folded copies that lists sort and search by. Every save path calls it."""
    contact.sort_key = fold(contact.name)[:200]
    parts = (contact.name, contact.trade_name, contact.tax_id, contact.email or "", contact.code, contact.city)
    contact.search_key = fold(" ".join(part for part in parts if part))


def next_code(db: ScopedSession) -> str:
    """The code after the highest of only digits that nobody has: ``00218``. Five of them, and more once they run out.

    Two at once may get the same; the database refuses one.
    """
    number = _latest(db) + 1
    if number == 1 or _is_taken(db, number):
        number = _largest(db) + 1
    while _is_taken(db, number):
        number += 1
    return f"{number:05d}"


def _latest(db: ScopedSession) -> int:
    """The last of the codes of digits in the order of their index: at once, and the largest unless lengths differ."""
    last = select(Contact.code).where(Contact.code <= "9" * LONGEST_CODE).order_by(Contact.code.desc()).limit(20)
    usual = (int(code) for code in db.scalars(last) if _CODE.fullmatch(code))
    return next(usual, 0)


def _largest(db: ScopedSession) -> int:
    """The largest of the codes of digits, having looked at every one."""
    is_one = (func.rtrim(Contact.code, "0123456789") == "") & func.length(Contact.code).between(1, LONGEST_CODE)
    number = case((is_one, cast(Contact.code, BigInteger)), else_=0)
    return db.scalar(select(func.max(number)).where(Contact.company_id == db.company_id)) or 0


def _is_taken(db: ScopedSession, number: int) -> bool:
    return db.scalar(select(Contact.id).where(Contact.code == f"{number:05d}")) is not None


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
