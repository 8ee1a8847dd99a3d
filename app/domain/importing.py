"""Taking in invoices issued elsewhere: each stands alone, keeps its number, and is frozen on arrival."""

from decimal import Decimal

from msgspec import Struct
from sqlalchemy import select

from app.domain import fields
from app.domain.adding_up import check_figures
from app.domain.contacts import find_contact, next_code, refold
from app.domain.files import kept
from app.domain.foreign import ForeignInvoice, ForeignLine, ForeignParty, InvoiceClass
from app.domain.issuing import address_of, contact_of, fold_document
from app.domain.numbering import lock_series, make_room
from app.domain.telling import tell
from app.domain.terms import first_uncovered
from app.errors import InvalidValue, Refusal
from app.money import ZERO, euros
from app.scope import ScopedSession
from app.texts import _, ending
from models import (
    Attachment,
    Company,
    Contact,
    ContactEmail,
    DocumentLine,
    DocumentTax,
    DueDate,
    Invoice,
    PortalAccount,
    Series,
    StoredFile,
)
from models.enums import (
    DocumentKind,
    DocumentStatus,
    ImportVerdict,
    Origin,
    PaymentMethod,
    TaxKind,
    WebhookEvent,
)

RATE = Decimal("0.0001")
QUANTITY = Decimal("0.000001")
PRICE = Decimal("0.00000001")


class OtherIssuer(Refusal):
    code = "other_issuer"

    def __init__(self, issuer: str, company: Company) -> None:
        sentence = _("La emite %(nif)s, que no es %(empresa)s (%(propio)s).")
        super().__init__(sentence % {"nif": issuer, "empresa": company.name, "propio": company.tax_id})


class NumberTaken(Refusal):
    code = "number_taken"

    def __init__(self, invoice: Invoice) -> None:
        sentence = _("Ya hay otra factura %(numero)s, del %(dia)s y por %(total)s.")
        super().__init__(
            sentence
            % {
                "numero": invoice.number_text,
                "dia": invoice.issued_on.strftime("%d/%m/%Y"),
                "total": euros(invoice.total, invoice.currency),
            }
        )


class ImportInvoice(Struct, frozen=True, kw_only=True):
    """``original`` and ``brought_pdf`` are stored already; their rows are added here if they are new."""

    invoice: ForeignInvoice
    original: StoredFile | None = None
    brought_pdf: StoredFile | None = None


class Imported(Struct, frozen=True):
    """What became of one invoice; ``notes`` are Spanish sentences for whoever confirms or reads the list."""

    verdict: ImportVerdict
    document_id: int
    notes: tuple[str, ...] = ()
    is_new_customer: bool = False


def import_invoice(db: ScopedSession, command: ImportInvoice) -> Imported:
    """Take one invoice into the session's company, or say that it is already there.

    Idempotent: same number, date, total and currency is ``exists``. The company row is locked first, so that two
    imports at once cannot both create it or its customer. Raises ``OtherIssuer``, ``NumberTaken``,
    ``FiguresDisagree``, or a ``Refusal`` of the series; whatever it raises, nothing of this invoice stays.
    """
    foreign = command.invoice
    company = db.scalars(select(Company).where(Company.id == db.company_id).with_for_update()).one()
    if foreign.seller.tax_id and foreign.seller.tax_id != company.tax_id:
        raise OtherIssuer(foreign.seller.tax_id, company)
    if (known := _known(db, foreign)) is not None:
        return known
    notes = [*foreign.notes_on_reading, *check_figures(foreign)]
    series = _series(db, foreign)
    buyer = foreign.buyer
    known_buyer = find_contact(db, tax_id=buyer.tax_id, name=buyer.name, postcode=buyer.postcode)
    contact = known_buyer or _new_contact(db, buyer, notes)
    if not contact.is_customer:
        contact.is_customer = True
        notes.append(_("%(nombre)s era solo proveedor y pasa a ser también cliente.") % {"nombre": contact.name})
    invoice = _invoice(db, foreign, company, contact, series)
    invoice.source_note = "\n".join(notes)
    fold_document(invoice)
    db.add(invoice)
    db.flush()
    _attach(db, invoice, command)
    told = {"kind": invoice.kind.value, "number": invoice.number_text, "contact_id": str(contact.id)}
    tell(db, WebhookEvent.DOCUMENT_IMPORTED, "document", invoice.id, **told, total=str(invoice.total))
    return Imported(ImportVerdict.CREATED, invoice.id, tuple(notes), known_buyer is None)


def _known(db: ScopedSession, foreign: ForeignInvoice) -> Imported | None:
    found = db.scalar(select(Invoice).where(Invoice.number_text == foreign.number_text))
    if found is None:
        return None
    if (found.issued_on, found.total, found.currency) != (foreign.issued_on, foreign.total, foreign.currency):
        raise NumberTaken(found)
    return Imported(ImportVerdict.EXISTS, found.id)


def _series(db: ScopedSession, foreign: ForeignInvoice) -> Series | None:
    if not foreign.series_code or foreign.number is None:
        return None
    series_id = db.scalar(
        select(Series.id).where(Series.kind == DocumentKind.INVOICE, Series.label == foreign.series_code)
    )
    if series_id is None:
        return None
    series = lock_series(db, series_id, DocumentKind.INVOICE)
    make_room(series, foreign.number, foreign.issued_on)
    return series


def new_customer_note(name: str) -> str:
    return _("Cliente nuevo: %(nombre)s.") % {"nombre": ending(name)}


def _new_contact(db: ScopedSession, buyer: ForeignParty, notes: list[str]) -> Contact:
    contact = Contact(
        company_id=db.company_id,
        code=next_code(db),
        name=buyer.name,
        trade_name=buyer.trade_name,
        tax_id=buyer.tax_id,
        country=buyer.country or "ES",
        is_person=buyer.is_person,
        address=buyer.address,
        postcode=buyer.postcode,
        city=buyer.city,
        province=buyer.province,
        phone=buyer.phone,
        email=_email(db, buyer.email, notes),
    )
    refold(contact)
    db.add(contact)
    db.flush()
    tell(db, WebhookEvent.CONTACT_CREATED, "contact", contact.id, code=contact.code, name=contact.name)
    notes.append(new_customer_note(contact.name))
    return contact


def _email(db: ScopedSession, typed: str, notes: list[str]) -> str | None:
    """The buyer's e-mail, unless it is no address or somebody has it already: sharing one must be confirmed."""
    try:
        address = fields.email(typed, "email")
    except InvalidValue:
        notes.append(_("El correo «%(correo)s» no es válido y no se guarda.") % {"correo": typed[:80]})
        return None
    if address and _has_somebody(db, address):
        notes.append(_("El correo %(correo)s ya es de otro cliente y no se guarda en este.") % {"correo": address})
        return None
    return address or None


def _has_somebody(db: ScopedSession, address: str) -> bool:
    """As the e-mail of a file, a further one of it, or the one somebody signs in with."""
    known = (select(cls.id).where(cls.email == address).limit(1) for cls in (Contact, ContactEmail, PortalAccount))
    return any(db.scalar(one) is not None for one in known)


def _invoice(
    db: ScopedSession, foreign: ForeignInvoice, company: Company, contact: Contact, series: Series | None
) -> Invoice:
    withheld = foreign.withholdings[0].rate if foreign.withholdings else ZERO
    return Invoice(
        company_id=company.id,
        status=DocumentStatus.PENDING if foreign.payable > 0 else DocumentStatus.ISSUED,
        origin=Origin.IMPORTED,
        contact_id=contact.id,
        series_id=series.id if series else None,
        series_label=foreign.series_code[:40],
        number_text=foreign.number_text,
        sort_number=foreign.sort_number,
        issued_on=foreign.issued_on,
        operation_on=foreign.operation_on,
        due_on=first_uncovered(foreign.dues),
        currency=foreign.currency,
        seller_name=foreign.seller.name or company.name,
        seller_tax_id=company.tax_id,
        seller_address=_address(foreign.seller) or address_of(company),
        seller_contact="\n".join(way for way in (foreign.seller.phone, foreign.seller.email) if way)
        or contact_of(company),
        seller_registration=company.registration,
        buyer_name=foreign.buyer.name or contact.name,
        buyer_tax_id=foreign.buyer.tax_id,
        buyer_address=_address(foreign.buyer),
        lines_total=foreign.lines_total,
        discount_total=foreign.discount_total - foreign.charge_total,
        base_total=foreign.base_total,
        tax_total=foreign.tax_total,
        surcharge_total=foreign.surcharge_total,
        total=foreign.total,
        has_surcharge=bool(foreign.surcharge_total),
        withholding_rate=withheld.quantize(RATE),
        withheld_total=foreign.withheld_total,
        payable=foreign.payable,
        payment_method=foreign.dues[0].method if foreign.dues else PaymentMethod.OTHER,
        corrects_id=_corrected(db, foreign),
        corrects_text=foreign.corrects_text[:200] or _unnamed_correction(foreign),
        correction_reason=foreign.reason[:200],
        subject=foreign.lines[0].concept.partition("\n")[0][:200] if foreign.lines else "",
        notes="\n".join(foreign.notes),
        mentions="\n".join(foreign.mentions),
        lines=[_line(company.id, position, line) for position, line in enumerate(foreign.lines, 1)],
        taxes=_taxes(company.id, foreign),
        dues=[
            DueDate(company_id=company.id, day=due.day, amount=due.amount, method=due.method, account=due.account[:40])
            for due in foreign.dues
        ],
    )


def _unnamed_correction(foreign: ForeignInvoice) -> str:
    return _("una factura anterior") if foreign.invoice_class is InvoiceClass.CORRECTIVE else ""


def _corrected(db: ScopedSession, foreign: ForeignInvoice) -> int | None:
    if not foreign.corrects_text:
        return None
    return db.scalar(select(Invoice.id).where(Invoice.number_text == foreign.corrects_text))


def _line(company_id: int, position: int, line: ForeignLine) -> DocumentLine:
    tax = line.tax
    return DocumentLine(
        company_id=company_id,
        position=position,
        code=line.code[:40],
        concept=line.concept,
        quantity=line.quantity.quantize(QUANTITY),
        unit_price=line.unit_price.quantize(PRICE),
        discount_rate=_discount_rate(line),
        net=line.net,
        tax_kind=tax.kind if tax else TaxKind.VAT,
        tax_rate=line.tax_rate.quantize(RATE),
        surcharge_rate=line.surcharge_rate.quantize(RATE),
        exemption=(tax.exemption_reason if tax else "")[:200],
    )


def _discount_rate(line: ForeignLine) -> Decimal:
    """The discount as a percentage, also when it was declared as an amount: the net is what counts."""
    if line.discount_percent is not None:
        return line.discount_percent.quantize(RATE)
    gross = line.quantity * line.unit_price
    rate = line.discount_amount * 100 / gross if gross and line.discount_amount else ZERO
    return rate.quantize(RATE) if abs(rate) <= 100 else ZERO.quantize(RATE)


def _taxes(company_id: int, foreign: ForeignInvoice) -> list[DocumentTax]:
    return [
        DocumentTax(
            company_id=company_id,
            position=position,
            kind=tax.kind,
            label=tax.label[:200],
            base=tax.base,
            rate=tax.rate.quantize(RATE),
            amount=tax.amount,
            surcharge_rate=tax.surcharge_rate.quantize(RATE),
            surcharge_amount=tax.surcharge_amount,
            exemption=tax.exemption_reason[:200],
        )
        for position, tax in enumerate(foreign.taxes, 1)
    ]


def _address(party: ForeignParty) -> str:
    town = " ".join(part for part in (party.postcode, party.city) if part)
    country = "" if party.country in {"ES", ""} else party.country
    return "\n".join(part for part in (party.address, town, party.province, country) if part)


def _attach(db: ScopedSession, invoice: Invoice, command: ImportInvoice) -> None:
    for file, role in ((command.original, "is_original"), (command.brought_pdf, "is_customer_pdf")):
        if file is not None:
            row = kept(db, file)
            db.add(Attachment(company_id=invoice.company_id, document_id=invoice.id, file_id=row.id, **{role: True}))
    db.flush()
