"""Issuing an invoice: the moment it gets its number and stops changing."""

import datetime as dt
from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import select

from app import clock
from app.domain.drafting import SaveInvoiceDraft, lock_draft, save_invoice_draft
from app.domain.folding import fold
from app.domain.numbering import lock_series, take_number
from app.domain.terms import plan_dues
from app.domain.totals import settle
from app.errors import InvalidValue, NotFound, Refusal
from app.money import euros
from app.scope import ScopedSession
from app.texts import _
from models import Company, Contact, ContactAddress, Document, Invoice
from models.enums import AddressPurpose, DocumentKind, DocumentStatus, Origin

# The series is what a clash with an imported number can be cured by.
_OWN_NUMBER_TAKEN = "Ya hay una factura %(numero)s, de otro programa. Revise los números de la serie."


class NothingToInvoice(Refusal):
    code = "nothing_to_invoice"

    def __init__(self) -> None:
        super().__init__(_("La factura no tiene líneas: añada al menos una."), field="lines")


class NegativeTotal(Refusal):
    """What was invoiced is taken back by a corrective invoice (RD 1619/2012, art. 15)."""

    code = "negative_total"

    def __init__(self) -> None:
        sentence = _("El total es negativo. Para devolver o rebajar lo facturado, abra esa factura y elija Rectificar.")
        super().__init__(sentence, field="lines")


class CustomerIncomplete(Refusal):
    """An invoice must name its customer in full (RD 1619/2012, art. 6.1); one from abroad may have no tax id."""

    code = "customer_incomplete"

    def __init__(self, missing: str) -> None:
        super().__init__(
            _("Al cliente le falta %(dato)s. Complételo en su ficha.") % {"dato": missing}, field="contact"
        )


class SellerIncomplete(Refusal):
    """And its seller (the same article)."""

    code = "seller_incomplete"

    def __init__(self, missing: str) -> None:
        super().__init__(
            _("A su empresa le falta %(dato)s. Complételo en Administración → Empresa.") % {"dato": missing}
        )


class DateInFuture(Refusal):
    code = "date_in_future"

    def __init__(self) -> None:
        super().__init__(_("La fecha de la factura no puede ser posterior a hoy."), field="issued_on")


class NumberTaken(Refusal):
    code = "number_taken"

    def __init__(self, number_text: str) -> None:
        super().__init__(_(_OWN_NUMBER_TAKEN) % {"numero": number_text}, field="series")


class IssueInvoice(Struct, frozen=True, kw_only=True):
    document_id: int
    today: dt.date


class IssueDraft(Struct, frozen=True, kw_only=True):
    """Save what the form says and issue it, both or neither."""

    draft: SaveInvoiceDraft
    today: dt.date


class Issued(Struct, frozen=True):
    document_id: int
    number_text: str
    total: str

    def __str__(self) -> str:
        return _("Factura %(numero)s emitida por %(total)s.") % {"numero": self.number_text, "total": self.total}


def issue_draft(db: ScopedSession, command: IssueDraft) -> Issued:
    """Save a draft and issue it. Raises whatever ``save_invoice_draft`` and ``issue_invoice`` say."""
    if command.draft.series_id is not None and command.draft.document_id is not None:
        _lock_if_known(db, command.draft.series_id)
    invoice = save_invoice_draft(db, command.draft)
    return issue_invoice(db, IssueInvoice(document_id=invoice.id, today=command.today))


def issue_invoice(db: ScopedSession, command: IssueInvoice) -> Issued:
    """Give a draft the next number of its series and freeze it.

    The series row is locked first and the draft is read again under that lock, so that two people cannot issue it
    twice and no number is skipped or repeated. Raises ``AlreadyIssued``, ``NothingToInvoice``, ``NegativeTotal``,
    ``CustomerIncomplete``, ``DateInFuture``, or what ``take_number`` says.
    """
    series_id = db.scalar(select(Invoice.series_id).where(Invoice.id == command.document_id))
    if series_id is None:
        raise NotFound(_("ese borrador"))
    series = lock_series(db, series_id, DocumentKind.INVOICE)
    invoice = lock_draft(db, command.document_id)
    company = db.get_one(Company, invoice.company_id)
    _check(invoice, company, command.today)
    settle(invoice)
    if invoice.total < 0 and invoice.corrects_id is None:
        raise NegativeTotal
    if sum(due.amount for due in invoice.dues) != max(invoice.payable, 0):
        plan_dues(invoice, invoice.contact, company)

    with db.no_autoflush:  # one change in the audit
        freeze(invoice, company)
        number = take_number(series, invoice.issued_on)
        _check_free(db, series.spell(number))
        invoice.number = invoice.sort_number = number
        invoice.number_text, invoice.series_label = series.spell(number), series.label
        invoice.status = DocumentStatus.PENDING if invoice.payable > 0 else DocumentStatus.ISSUED
        invoice.issued_at, invoice.origin = clock.now(), Origin.OWN
        invoice.revision += 1
        fold_document(invoice)
    db.flush()
    return Issued(invoice.id, invoice.number_text, euros(invoice.total, invoice.currency))


def freeze(invoice: Document, company: Company) -> None:
    """Copy what the paper must say and later changes may not touch: both parties and the mentions the law asks for."""
    contact = invoice.contact
    freeze_seller(invoice, company)
    billing = next((one for one in contact.addresses if one.purpose is AddressPurpose.BILLING), contact)
    invoice.buyer_name, invoice.buyer_tax_id, invoice.buyer_address = contact.name, contact.tax_id, address_of(billing)
    invoice.mentions = "\n".join(_with(invoice.mentions.split("\n"), required_mentions(invoice)))


def fold_document(document: Document) -> None:
    """Fill the folded copy that customers search: the words of the page. Whoever numbers a document calls it."""
    lines = (part for line in document.lines for part in (line.code, line.concept))
    parts = (document.number_text, document.subject, document.corrects_text, *lines)
    document.search_key = fold(" ".join(part for part in parts if part))


def freeze_seller(document: Document, company: Company) -> None:
    """Copy all that is printed of the company: letterhead and foot."""
    document.seller_name, document.seller_tax_id = company.name, company.tax_id
    document.seller_address, document.seller_contact = address_of(company), contact_of(company)
    document.seller_registration = company.registration


def contact_of(company: Company) -> str:
    """How to reach it, as printed: telephone, e-mail, web."""
    return "\n".join(way for way in (company.phone, company.email, company.website) if way)


def address_of(party: Company | Contact | ContactAddress) -> str:
    """A postal address as printed: street, postcode and town, province, country unless Spain."""
    town = " ".join(part for part in (party.postcode, party.city) if part)
    country = "" if party.country == "ES" else party.country
    return "\n".join(part for part in (party.address, town, party.province, country) if part)


def required_mentions(invoice: Document) -> list[str]:
    """Why there is no tax (RD 1619/2012, art. 6.1.j and m) and why another invoice is corrected (art. 15.4)."""
    mentions = []
    if invoice.correction_reason:
        mentions.append(_("Motivo de la rectificación: %(motivo)s") % {"motivo": invoice.correction_reason})
    mentions += [tax.exemption for tax in invoice.taxes if tax.exemption and not tax.rate]
    return mentions


def _with(there: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Both, each once; what somebody wrote first."""
    return list(dict.fromkeys(line for line in (*there, *wanted) if line.strip()))


def _lock_if_known(db: ScopedSession, series_id: int) -> None:
    """Series before draft, like everybody. Saving says it better when there is no such series."""
    try:
        lock_series(db, series_id, DocumentKind.INVOICE)
    except NotFound as error:
        raise InvalidValue(_("Elija una serie de la lista."), field="series") from error


def _check(invoice: Invoice, company: Company, today: dt.date) -> None:
    if not invoice.lines:
        raise NothingToInvoice
    if invoice.issued_on > today:
        raise DateInFuture
    if missing := _missing(invoice.contact, needs_tax_id=invoice.contact.country == "ES"):
        raise CustomerIncomplete(missing)
    if missing := _missing(company):
        raise SellerIncomplete(missing)
    if invoice.corrects_id is not None and not invoice.correction_reason.strip():
        raise InvalidValue(_("Diga por qué se rectifica: va impreso en la factura."), field="correction_reason")


def _missing(party: Company | Contact, *, needs_tax_id: bool = True) -> str:
    """What a full invoice must say of a party and nobody has written."""
    if needs_tax_id and not party.tax_id:
        return _("el NIF")
    if not party.address:
        return _("la dirección")
    if not party.city:
        return _("la población")
    if party.country == "ES" and not party.postcode:
        return _("el código postal")
    return ""


def _check_free(db: ScopedSession, number_text: str) -> None:
    if db.scalar(select(Invoice.id).where(Invoice.number_text == number_text)) is not None:
        raise NumberTaken(number_text)
