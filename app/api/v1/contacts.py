"""Customers and suppliers."""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from msgspec import Struct
from pydantic import Field

from app.api.endpoint import Answer, Call, Page, Paged, reading, writing
from app.api.fields import Body, Country, Email, Flag, Id, Line, Number, Prose, Switch, rule
from app.api.paging import page_of, place_of
from app.api.spelling import Plain, Ref, plain, ref
from app.api.versions import check_version
from app.domain import fields
from app.domain.archiving import ArchiveRows, archive_rows
from app.domain.email_changes import OldAccess
from app.domain.keeping_contacts import KeepContact, keep_contact
from app.domain.mail.bounces import Bounce, bounced_among
from app.domain.queries.people import found_contacts, further_emails
from app.domain.saving_contacts import MOST_CHILDREN, AddressLine, EmailLine, SaveContact, contact_with_lines
from app.domain.selections import ContactFilter
from app.scope import ScopedSession
from app.texts import _
from models import Company, Contact
from models.enums import AddressPurpose, ApiScope, EmailPurpose, PaymentMethod

TAG = ("contacts", "Clientes y proveedores")

_rows: Any = Contact.__table__


class ContactSummary(Struct, kw_only=True):
    """A customer or supplier in a list. ``bounced_emails`` are those of its addresses that mail came back from."""

    id: Ref
    code: str
    name: str
    trade_name: str
    tax_id: str
    country: str
    is_customer: bool
    is_supplier: bool
    city: str
    province: str
    phone: str
    email: str | None
    archived_at: dt.datetime | None
    bounced_emails: list[str]


class ContactAddress(Struct, kw_only=True):
    id: Ref
    purpose: AddressPurpose
    address: str
    postcode: str
    city: str
    province: str
    country: str


class ContactEmail(Struct, kw_only=True):
    id: Ref
    purpose: EmailPurpose
    email: str
    name: str


class ContactDetail(ContactSummary, kw_only=True):
    """A customer or supplier with everything there is to know."""

    is_person: bool
    address: str
    postcode: str
    language: str
    payment_method: PaymentMethod
    payment_days: str
    payment_day: int | None
    iban: str
    has_surcharge: bool
    withholding_rate: Plain
    notes: str
    addresses: list[ContactAddress]
    emails: list[ContactEmail]
    created_at: dt.datetime


class AddressFields(Body):
    """A further address. One with ``id`` is kept, those that are not in the list are removed."""

    id: Id | None = None
    purpose: AddressPurpose = AddressPurpose.DELIVERY
    address: Annotated[str, Line(required=True)]
    postcode: Annotated[str, Line(10)] = ""
    city: Annotated[str, Line()] = ""
    province: Annotated[str, Line(100)] = ""
    country: Country = "ES"


class EmailFields(Body):
    """A further e-mail; with the purpose ``portal`` its person may enter the intranet."""

    id: Id | None = None
    purpose: EmailPurpose = EmailPurpose.GENERAL
    email: Email
    name: Annotated[str, Line()] = ""


class ContactChanges(Body):
    """What is said changes, the rest stays.

    An e-mail with which somebody enters the intranet may not change without saying what becomes of that
    (``old_access`` for the main one, ``lost_access`` for further ones); nor may one be shared by several, or a tax id,
    without confirming it.
    """

    code: Annotated[str, rule(fields.code, maxLength=40)] = ""
    name: Annotated[str, Line(required=True)] = ""
    trade_name: Annotated[str, Line()] = ""
    tax_id: Annotated[str, Line(40)] = ""
    country: Country = "ES"
    is_customer: Flag = True
    is_supplier: Flag = False
    is_person: Flag = False
    address: Annotated[str, Line()] = ""
    postcode: Annotated[str, Line(10)] = ""
    city: Annotated[str, Line()] = ""
    province: Annotated[str, Line(100)] = ""
    phone: Annotated[str, Line(40)] = ""
    email: Email | None = None
    language: Literal["es", "ca", "gl", "eu", "en"] = "es"
    payment_method: PaymentMethod = PaymentMethod.TRANSFER
    payment_days: Annotated[str, rule(fields.payment_days, maxLength=40)] = "30"
    payment_day: Annotated[int, Field(strict=True, ge=1, le=31)] | None = None
    iban: Annotated[str, rule(fields.iban, maxLength=50)] = ""
    has_surcharge: Flag = False
    withholding_rate: Annotated[Decimal, Number(2, least=Decimal(0), most=Decimal(50))] = Decimal(0)
    notes: Annotated[str, Prose()] = ""
    addresses: Annotated[tuple[AddressFields, ...], Field(max_length=MOST_CHILDREN)] = ()
    emails: Annotated[tuple[EmailFields, ...], Field(max_length=MOST_CHILDREN)] = ()
    old_access: OldAccess | None = None
    lost_access: OldAccess | None = None
    share_confirmed: Flag = False
    shares_tax_id: Flag = False


class NewContact(ContactChanges):
    """Without a code it takes the next; how it pays is the company's usual way unless it is said."""

    name: Annotated[str, Line(required=True)]


class ContactQuery(Paged):
    q: Annotated[str, Line(100)] = ""
    is_customer: Switch | None = None
    is_supplier: Switch | None = None
    archived: Switch = False
    code: Annotated[str, Line(40)] | None = None
    tax_id: Annotated[str, Line(40)] | None = None
    email: Email | None = None


_ANSWERS = ("old_access", "lost_access", "share_confirmed")
_PLAIN = tuple(
    name
    for name in ContactDetail.__struct_fields__
    if name not in ("id", "withholding_rate", "addresses", "emails", "bounced_emails")
)
_LISTED = tuple(name for name in ContactSummary.__struct_fields__ if name not in ("id", "bounced_emails"))
_PAGE = sa.select(_rows.c.id, *(_rows.c[name] for name in _LISTED), _rows.c.sort_key)


@reading(
    "/contacts",
    summary="Lista por nombre; «q» busca en nombre, NIF, correo, código y población",
    scope=ApiScope.READ,
    query=ContactQuery,
    answer=Page[ContactSummary],
    sparse=ContactSummary,
)
def index(db: ScopedSession, call: Call) -> Page[ContactSummary]:
    asked: ContactQuery = call.query
    wanted = ContactFilter(
        text=asked.q, is_customer=asked.is_customer, is_supplier=asked.is_supplier, archived=asked.archived
    )
    page = _PAGE.where(*found_contacts(db.company_id, wanted))
    exact = {"code": asked.code, "tax_id": asked.tax_id and fields.normal_tax_id(asked.tax_id), "email": asked.email}
    page = page.where(*(_rows.c[name] == value for name, value in exact.items() if value is not None))
    if (after := place_of(asked.cursor, str, int)) is not None:
        page = page.where(sa.tuple_(_rows.c.sort_key, _rows.c.id) > sa.tuple_(*after))
    page = page.order_by(_rows.c.sort_key, _rows.c.id).limit(asked.limit + 1)
    found = db.connection().execute(page).all()
    bounced = _bounced(db, found)
    return page_of(found, asked.limit, lambda row: (row.sort_key, row.id), lambda row: _summary(row, bounced[row.id]))


def _bounced(db: ScopedSession, rows: Sequence[Any]) -> dict[int, list[str]]:
    """Of each contact, in two statements."""
    further = further_emails(db, [row.id for row in rows])
    known = {row.id: [row.email, *further.get(row.id, ())] for row in rows}
    bad = bounced_among(db, [email for emails in known.values() for email in emails if email])
    return {contact_id: _bad_ones(bad, emails) for contact_id, emails in known.items()}


def _bad_ones(bad: dict[str, Bounce], emails: Iterable[str | None]) -> list[str]:
    return [email for email in dict.fromkeys(emails) if email in bad]


def _summary(row: Any, bounced: list[str]) -> ContactSummary:
    return ContactSummary(id=ref(row.id), bounced_emails=bounced, **{name: getattr(row, name) for name in _LISTED})


@reading(
    "/contacts/{id}",
    summary="Un cliente o proveedor",
    scope=ApiScope.READ,
    answer=ContactDetail,
    sparse=ContactDetail,
    has_version=True,
)
def show(db: ScopedSession, call: Call) -> ContactDetail:
    return detail_of(db, contact_with_lines(db, call.id(_("esa ficha"))))


@writing(
    "POST",
    "/contacts",
    summary="Da de alta un cliente o proveedor",
    scope=ApiScope.WRITE,
    body=NewContact,
    answer=ContactDetail,
    status=201,
    has_version=True,
)
def create(db: ScopedSession, call: Call) -> Answer:
    company = db.get_one(Company, db.company_id)
    usual = {"payment_method": company.payment_method, "payment_days": company.payment_days}
    contact = _keep(db, call.body, usual)
    return Answer(content=detail_of(db, contact), location=f"/contacts/{contact.id}")


@writing(
    "PATCH",
    "/contacts/{id}",
    summary="Cambia lo que se diga de un cliente o proveedor",
    scope=ApiScope.WRITE,
    body=ContactChanges,
    answer=ContactDetail,
    has_version=True,
)
def change(db: ScopedSession, call: Call) -> ContactDetail:
    contact = _locked(db, call)
    return detail_of(db, _keep(db, call.body, _as_it_is(contact)))


@writing(
    "POST",
    "/contacts/{id}/archive",
    summary="Archiva la ficha: deja de proponerse para documentos nuevos",
    scope=ApiScope.WRITE,
    answer=ContactDetail,
    has_version=True,
)
def archive(db: ScopedSession, call: Call) -> ContactDetail:
    return _archive(db, call, archived=True)


@writing(
    "POST",
    "/contacts/{id}/restore",
    summary="Recupera una ficha archivada",
    scope=ApiScope.WRITE,
    answer=ContactDetail,
    has_version=True,
)
def restore(db: ScopedSession, call: Call) -> ContactDetail:
    return _archive(db, call, archived=False)


def detail_of(db: ScopedSession, contact: Contact) -> ContactDetail:
    emails = [contact.email, *(one.email for one in contact.emails)]
    bad = bounced_among(db, [email for email in emails if email])
    return ContactDetail(
        id=ref(contact.id),
        withholding_rate=plain(contact.withholding_rate),
        addresses=[_child(ContactAddress, one) for one in contact.addresses],
        emails=[_child(ContactEmail, one) for one in contact.emails],
        bounced_emails=_bad_ones(bad, emails),
        **{name: getattr(contact, name) for name in _PLAIN},
    )


def _child(kind: Any, row: Any) -> Any:
    return kind(id=ref(row.id), **{name: getattr(row, name) for name in kind.__struct_fields__ if name != "id"})


def _locked(db: ScopedSession, call: Call) -> Contact:
    """As it is now, until the transaction ends. Raises ``NotFound``, or ``Changed`` for whoever knows another."""
    contact_id = call.id(_("esa ficha"))
    mine = (_rows.c.company_id == db.company_id, _rows.c.id == contact_id)
    db.connection().execute(sa.select(_rows.c.id).where(*mine).with_for_update())
    contact = contact_with_lines(db, contact_id)
    check_version(call, detail_of(db, contact))
    return contact


def _as_it_is(contact: Contact) -> dict[str, Any]:
    """Everything that saving wants to know, as it is."""
    names = set(SaveContact.__struct_fields__) - {"addresses", "emails", "shares_tax_id"}
    return {name: getattr(contact, name) for name in names} | {
        "email": contact.email or "",
        "addresses": [AddressLine(**_known(AddressLine, one)) for one in contact.addresses],
        "emails": [EmailLine(**_known(EmailLine, one)) for one in contact.emails],
    }


def _known(line: Any, row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in line.__struct_fields__}


def _keep(db: ScopedSession, said: ContactChanges, known: dict[str, Any]) -> Contact:
    """What was said over what there is; saved by the rules that the office's form obeys."""
    values = known | said.given()
    values["email"] = values.get("email") or ""
    answers = {name: values.pop(name) for name in _ANSWERS if name in values}
    if "addresses" in said.model_fields_set:
        values["addresses"] = [AddressLine(**one.values()) for one in said.addresses]
    if "emails" in said.model_fields_set:
        values["emails"] = [EmailLine(**one.values()) for one in said.emails]
    if known.get("id") is not None and values["tax_id"] == known["tax_id"]:
        values["shares_tax_id"] = True  # who had it already shares it with nobody new
    kept = keep_contact(db, KeepContact(file=SaveContact(**values), **answers))
    return contact_with_lines(db, kept.id)


def _archive(db: ScopedSession, call: Call, *, archived: bool) -> ContactDetail:
    contact = _locked(db, call)
    archive_rows(
        db, ArchiveRows(model=Contact, which=[Contact.id == contact.id], selection=contact.name, archived=archived)
    )
    db.refresh(contact)
    return detail_of(db, contact)


endpoints = (index, show, create, change, archive, restore)
