"""Writing a document before it is issued: header and lines from a form, totals by the one arithmetic."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.domain.terms import plan_dues
from app.domain.totals import settle
from app.errors import InvalidValue, NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Company, Contact, Document, DocumentLine, DueDate, Invoice, Series, TaxRate
from models.enums import DocumentKind, PaymentMethod

MOST_LINES = 1000


class DraftChanged(Refusal):
    """Somebody else saved the draft after it was opened."""

    code = "draft_changed"

    def __init__(self) -> None:
        super().__init__(_("Otra persona ha cambiado este borrador. Ábralo de nuevo para ver sus cambios."))


class AlreadyIssued(Refusal):
    code = "already_issued"

    def __init__(self, reference: str) -> None:
        super().__init__(_("La factura %(numero)s ya está emitida y no puede cambiar.") % {"numero": reference})


@dataclass(frozen=True, kw_only=True)
class LineDraft:
    """A line as typed. ``id`` keeps a line that was there; it must belong to the same document."""

    concept: str
    code: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = Decimal(0)
    discount_rate: Decimal = Decimal(0)
    tax_rate_id: int
    id: int | None = None


@dataclass(frozen=True, kw_only=True)
class DueDraft:
    day: dt.date
    amount: Decimal
    method: PaymentMethod = PaymentMethod.TRANSFER
    account: str = ""


@dataclass(frozen=True, kw_only=True)
class SaveInvoiceDraft:
    """A whole invoice form. ``dues`` none means: from the customer's payment terms."""

    contact_id: int
    series_id: int
    issued_on: dt.date
    lines: tuple[LineDraft, ...]
    operation_on: dt.date | None = None
    payment_method: PaymentMethod = PaymentMethod.TRANSFER
    discount_rate: Decimal = Decimal(0)
    withholding_rate: Decimal = Decimal(0)
    has_surcharge: bool = False
    subject: str = ""
    notes: str = ""
    mentions: str = ""
    internal_notes: str = ""
    dues: tuple[DueDraft, ...] | None = None
    document_id: int | None = None
    revision: int | None = None


def save_invoice_draft(db: ScopedSession, command: SaveInvoiceDraft) -> Invoice:
    """Create or replace a draft, all of it or nothing; it is settled and its parties follow the contact.

    Raises ``DraftChanged``, ``AlreadyIssued``, or ``InvalidValue`` naming the field (``lines-3-concept``).
    """
    contact, series = _contact(db, command.contact_id), _series(db, command.series_id)
    invoice = _open(db, command)
    for name in (
        "issued_on", "operation_on", "payment_method", "discount_rate", "withholding_rate", "has_surcharge", "subject",
        "notes", "mentions", "internal_notes",
    ):  # fmt: skip
        setattr(invoice, name, getattr(command, name))
    invoice.contact_id, invoice.series_id, invoice.series_label = contact.id, series.id, series.label
    invoice.buyer_name, invoice.buyer_tax_id = contact.name, contact.tax_id
    _write_lines(db, invoice, command)
    settle(invoice)
    _write_dues(invoice, contact, db.get_one(Company, db.company_id), command)
    invoice.revision += 1
    db.flush()
    return invoice


def _contact(db: ScopedSession, contact_id: int) -> Contact:
    contact = db.get(Contact, contact_id)
    if contact is None:
        raise InvalidValue(_("Elija un cliente de la lista."), field="contact")
    return contact


def _series(db: ScopedSession, series_id: int) -> Series:
    series = db.get(Series, series_id)
    if series is None or series.kind is not DocumentKind.INVOICE:
        raise InvalidValue(_("Elija una serie de la lista."), field="series")
    return series


def _open(db: ScopedSession, command: SaveInvoiceDraft) -> Invoice:
    if command.document_id is None:
        invoice = Invoice(company_id=db.company_id, revision=0, lines=[], taxes=[], dues=[])
        db.add(invoice)
        return invoice
    found = db.scalar(
        select(Invoice)
        .where(Invoice.id == command.document_id)
        .options(selectinload(Document.lines), selectinload(Document.taxes), selectinload(Document.dues))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(_("esa factura"))
    if not found.is_draft:
        raise AlreadyIssued(str(found))
    if command.revision is not None and command.revision != found.revision:
        raise DraftChanged
    return found


def _write_lines(db: ScopedSession, invoice: Invoice, command: SaveInvoiceDraft) -> None:
    if len(command.lines) > MOST_LINES:
        raise InvalidValue(_("Como mucho %(n)s líneas por factura.") % {"n": MOST_LINES}, field="lines")
    rates = {rate.id: rate for rate in db.scalars(select(TaxRate))}
    known = {line.id: line for line in invoice.lines}
    written = []
    for index, draft in enumerate(command.lines):
        rate = rates.get(draft.tax_rate_id)
        if rate is None or not rate.holds_on(command.issued_on):
            raise InvalidValue(_("Ese impuesto no vale en la fecha de la factura."), field=f"lines-{index}-tax")
        if draft.id is not None and draft.id not in known:
            raise InvalidValue(_("Esa línea no es de esta factura."), field=f"lines-{index}-concept")
        line = known[draft.id] if draft.id is not None else DocumentLine(company_id=db.company_id)
        for name in ("concept", "code", "quantity", "unit_price", "discount_rate"):
            setattr(line, name, getattr(draft, name))
        line.tax_kind, line.tax_rate, line.exemption = rate.kind, rate.rate, rate.exemption
        line.surcharge_rate = rate.surcharge_rate if command.has_surcharge else Decimal(0)
        written.append(line)
    invoice.lines = written


def _write_dues(invoice: Invoice, contact: Contact, company: Company, command: SaveInvoiceDraft) -> None:
    if command.dues is None:
        plan_dues(invoice, contact, company)
        return
    if sum((due.amount for due in command.dues), Decimal(0)) != max(invoice.payable, Decimal(0)):
        raise InvalidValue(_("Los vencimientos no suman el total a pagar."), field="dues")
    invoice.dues = [
        DueDate(company_id=invoice.company_id, day=due.day, amount=due.amount, method=due.method, account=due.account)
        for due in sorted(command.dues, key=lambda due: due.day)
    ]
    invoice.due_on = max((due.day for due in command.dues), default=None)
