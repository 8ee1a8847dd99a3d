"""Whom documents go to by mail: the addresses of contacts, and which of them is meant for what."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app.domain.access_tables import contacts, emails
from app.scope import ScopedSession
from models.enums import DocumentKind, EmailPurpose

AT_ONCE = 500

_BILLED = (DocumentKind.INVOICE, DocumentKind.PROFORMA)


class Addressee(Struct, frozen=True, order=True):
    email: str
    name: str = ""


class Address(Struct, frozen=True, kw_only=True):
    """One address of a contact; its main one has no ``purpose``."""

    contact_id: int
    email: str
    name: str
    purpose: EmailPurpose | None

    @property
    def addressee(self) -> Addressee:
        return Addressee(self.email, self.name)


def purpose_of(kind: DocumentKind) -> EmailPurpose:
    """Which addresses of a contact a document of this kind is meant for."""
    return EmailPurpose.INVOICES if kind in _BILLED else EmailPurpose.ORDERS


def addresses_of(db: ScopedSession, contact_ids: Sequence[int]) -> dict[int, list[Address]]:
    """All addresses of each contact, the main one first; one that it has twice, as what it is first."""
    found: dict[int, dict[str, Address]] = defaultdict(dict)
    for at in range(0, len(contact_ids), AT_ONCE):
        asked = {"company_id": db.company_id, "ids": list(contact_ids[at : at + AT_ONCE])}
        for statement in (_MAIN, _FURTHER):
            for row in db.connection().execute(statement, asked):
                found[row.contact_id].setdefault(row.email, Address(**row._mapping))
    return {contact_id: list(each.values()) for contact_id, each in found.items()}


_COMPANY: Any = sa.bindparam("company_id")
_IDS: Any = sa.bindparam("ids", expanding=True)
_MAIN = sa.select(
    contacts.c.id.label("contact_id"),
    contacts.c.email,
    contacts.c.name,
    sa.null().label("purpose"),
).where(contacts.c.company_id == _COMPANY, contacts.c.id.in_(_IDS), contacts.c.email.is_not(None))
_FURTHER = (
    sa.select(
        emails.c.contact_id,
        emails.c.email,
        sa.func.coalesce(sa.func.nullif(emails.c.name, ""), contacts.c.name).label("name"),
        emails.c.purpose,
    )
    .join(contacts, sa.and_(contacts.c.company_id == emails.c.company_id, contacts.c.id == emails.c.contact_id))
    .where(emails.c.company_id == _COMPANY, emails.c.contact_id.in_(_IDS))
    .order_by(emails.c.id)
)


def meant_for(kind: DocumentKind, addresses: Sequence[Address]) -> tuple[Addressee, ...]:
    """Those for documents of this kind; without any, the main one; without that, the general ones."""
    wanted = purpose_of(kind)
    for purposes in ((wanted,), (None,), (EmailPurpose.GENERAL,)):
        if chosen := [address.addressee for address in addresses if address.purpose in purposes]:
            return tuple(chosen)
    return ()
