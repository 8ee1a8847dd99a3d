"""Issuing an invoice: the moment it gets its number and stops changing."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app import clock
from app.domain.drafting import AlreadyIssued
from app.domain.numbering import lock_series, take_number
from app.domain.terms import plan_dues
from app.domain.totals import settle
from app.errors import NotFound, Refusal
from app.money import euros
from app.scope import ScopedSession
from app.texts import _
from models import Company, Contact, Document, DocumentLine, Invoice, Series
from models.enums import DocumentKind, DocumentStatus, Origin


class NothingToInvoice(Refusal):
    code = "nothing_to_invoice"

    def __init__(self) -> None:
        super().__init__(_("La factura no tiene líneas: añada al menos una."), field="lines")


class CustomerIncomplete(Refusal):
    """An invoice must name its customer in full (RD 1619/2012, art. 6.1)."""

    code = "customer_incomplete"

    def __init__(self, missing: str) -> None:
        super().__init__(
            _("Al cliente le falta %(dato)s. Complételo en su ficha.") % {"dato": missing}, field="contact"
        )


class DateInFuture(Refusal):
    code = "date_in_future"

    def __init__(self) -> None:
        super().__init__(_("La fecha de la factura no puede ser posterior a hoy."), field="issued_on")


@dataclass(frozen=True, kw_only=True)
class IssueInvoice:
    document_id: int
    today: dt.date


@dataclass(frozen=True)
class Issued:
    document_id: int
    number_text: str
    total: str

    def __str__(self) -> str:
        return _("Factura %(numero)s emitida por %(total)s.") % {"numero": self.number_text, "total": self.total}


def issue_invoice(db: ScopedSession, command: IssueInvoice) -> Issued:
    """Give a draft the next number of its series and freeze it.

    The series row is locked first and the draft is read again under that lock, so that two people cannot issue it
    twice and no number is skipped or repeated. Raises ``AlreadyIssued``, ``NothingToInvoice``,
    ``CustomerIncomplete``, ``DateInFuture``, or what ``take_number`` says.
    """
    series_id = db.scalar(select(Invoice.series_id).where(Invoice.id == command.document_id))
    if series_id is None:
        raise NotFound(_("ese borrador"))
    series = lock_series(db, series_id, DocumentKind.INVOICE)
    invoice = _draft(db, command.document_id)
    _check(invoice, command.today)
    settle(invoice)
    if sum(due.amount for due in invoice.dues) != max(invoice.payable, 0):
        plan_dues(invoice, invoice.contact, db.get_one(Company, invoice.company_id))

    _freeze(db, invoice)
    number = take_number(series, invoice.issued_on)
    invoice.number = invoice.sort_number = number
    invoice.number_text, invoice.series_label = series.spell(number), series.label
    invoice.status = DocumentStatus.PENDING if invoice.payable > 0 else DocumentStatus.ISSUED
    invoice.issued_at, invoice.origin = clock.now(), Origin.OWN
    invoice.revision += 1
    db.flush()
    return Issued(invoice.id, invoice.number_text, euros(invoice.total, invoice.currency))


def address_of(party: Company | Contact) -> str:
    """A postal address as printed: street, postcode and town, province, country unless Spain."""
    town = " ".join(part for part in (party.postcode, party.city) if part)
    country = "" if party.country == "ES" else party.country
    return "\n".join(part for part in (party.address, town, party.province, country) if part)


def draft_correction(db: ScopedSession, document_id: int, *, reason: str, today: dt.date) -> Invoice:
    """A draft that corrects by differences: it takes back all the original says (RD 1619/2012, art. 15)."""
    original = db.scalar(select(Invoice).where(Invoice.id == document_id).options(selectinload(Document.lines)))
    if original is None or original.is_draft:
        raise NotFound(_("esa factura emitida"))
    series = db.scalar(
        select(Series)
        .where(Series.kind == DocumentKind.INVOICE, Series.is_corrective, Series.closed_at.is_(None))
        .order_by(Series.year.desc(), Series.id.desc())
    )
    if series is None:
        raise Refusal(_("Cree antes una serie para facturas rectificativas en Administración → Series."))
    copied = (
        "contact_id", "currency", "discount_rate", "withholding_rate", "has_surcharge", "payment_method", "buyer_name",
        "buyer_tax_id",
    )  # fmt: skip
    correction = Invoice(
        company_id=db.company_id,
        series_id=series.id,
        series_label=series.label,
        issued_on=today,
        corrects_id=original.id,
        corrects_text=original.number_text or "",
        correction_reason=reason,
        lines=[_taken_back(line) for line in original.lines],
        taxes=[],
        dues=[],
        **{name: getattr(original, name) for name in copied},
    )
    settle(correction)
    db.add(correction)
    db.flush()
    return correction


def _taken_back(line: DocumentLine) -> DocumentLine:
    copied = ("code", "concept", "unit_price", "discount_rate", "tax_kind", "tax_rate", "surcharge_rate", "exemption")
    return DocumentLine(
        company_id=line.company_id, quantity=-line.quantity, **{name: getattr(line, name) for name in copied}
    )


def _draft(db: ScopedSession, document_id: int) -> Invoice:
    invoice = db.scalar(
        select(Invoice)
        .where(Invoice.id == document_id)
        .options(
            selectinload(Document.lines),
            selectinload(Document.taxes),
            selectinload(Document.dues),
            selectinload(Document.contact),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if invoice is None:
        raise NotFound(_("ese borrador"))
    if not invoice.is_draft:
        raise AlreadyIssued(str(invoice))
    return invoice


def _check(invoice: Invoice, today: dt.date) -> None:
    if not invoice.lines:
        raise NothingToInvoice
    if invoice.issued_on > today:
        raise DateInFuture
    contact = invoice.contact
    if not contact.tax_id:
        raise CustomerIncomplete(_("el NIF"))
    if not contact.address:
        raise CustomerIncomplete(_("la dirección"))


def _freeze(db: ScopedSession, invoice: Invoice) -> None:
    company = db.get_one(Company, invoice.company_id)
    contact = invoice.contact
    invoice.seller_name, invoice.seller_tax_id, invoice.seller_address = (
        company.name,
        company.tax_id,
        address_of(company),
    )
    invoice.buyer_name, invoice.buyer_tax_id, invoice.buyer_address = contact.name, contact.tax_id, address_of(contact)
