"""UBL 2 invoices and credit notes, EN 16931 or plain: one document in each file."""

import datetime as dt
import re
from functools import partial

from msgspec.structs import replace

from app.adapters.formats import fields
from app.adapters.formats.attachments import Embedded, choose_pdf
from app.adapters.formats.codes import CORRECTED_TYPES, CREDIT_TYPES, SELF_BILLED_TYPES
from app.adapters.formats.fields import NAME, Flaw, block, clipped, numbering
from app.adapters.formats.figures import explained, read_alone
from app.adapters.formats.ubl_figures import payment, read_figures
from app.adapters.formats.ubl_party import party
from app.adapters.formats.xml import Node
from app.domain.foreign import ForeignInvoice, ForeignParty, InvoiceClass, Unreadable, opposite
from app.money import euros
from app.texts import _

_ROOTS = {
    ("urn:oasis:names:specification:ubl:schema:xsd:Invoice-2", "Invoice"),
    ("urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2", "CreditNote"),
}
_SUBJECT = re.compile(r"#[A-Z]{3}#\s*")
_REFERENCES = (
    ("BuyerReference", "Su referencia"),
    ("OrderReference/ID", "Pedido"),
    ("ContractDocumentReference/ID", "Contrato"),
    ("DespatchDocumentReference/ID", "Albarán"),
    ("ProjectReference/ID", "Proyecto"),
    ("PaymentMeans/PaymentID", "Referencia de pago"),
)


def is_ubl(root: Node) -> bool:
    return (root.namespace, root.name) in _ROOTS


def read_ubl(root: Node) -> list[ForeignInvoice | Unreadable]:
    return [read_alone(partial(_document, root), lambda: clipped(root.text("ID"), fields.SHORT) or None)]


def _document(root: Node) -> ForeignInvoice:
    reading: list[str] = []
    seller = _seller(root, reading)
    kind = root.text("InvoiceTypeCode") or root.text("CreditNoteTypeCode")
    is_credit = root.name == "CreditNote" or kind in CREDIT_TYPES
    is_corrective = is_credit or kind in CORRECTED_TYPES
    called = numbering(root.text("ID"))
    currency = _currency(root)
    figures = read_figures(root, currency, reading)
    invoice = ForeignInvoice(
        format="ubl-2.1",
        **called._asdict(),
        invoice_class=InvoiceClass.CORRECTIVE if is_corrective else InvoiceClass.ORIGINAL,
        corrects_text=clipped(", ".join(_preceding(root)), NAME) if is_corrective else "",
        corrects_on=_first_preceding_day(root) if is_corrective else None,
        reason=clipped(root.text("DiscrepancyResponse/Description"), NAME) if is_corrective else "",
        issued_on=fields.day(root.text("IssueDate"), _("la fecha de expedición")),
        operation_on=_operation_day(root),
        currency=currency,
        seller=seller,
        buyer=party(root.first("AccountingCustomerParty/Party"), _("del cliente")),
        **figures._asdict(),
        notes=_notes(root, currency, is_corrective),
        mentions=_mentions(root, kind),
        attachment_pdf=choose_pdf(_attachments(root), called.number_text, reading),
    )
    if is_credit and invoice.total > 0:
        invoice = opposite(invoice)
        reading.append(_("Es un abono: sus importes, escritos en positivo, se leen en negativo."))
    return explained(invoice, reading)


def _seller(root: Node, reading: list[str]) -> ForeignParty:
    """Whoever sells. A foreigner may be known by no tax number, only by one of another sort (BT-29)."""
    node = root.first("AccountingSupplierParty/Party")
    seller = party(node, _("del emisor"))
    if seller.tax_id:
        return seller
    other = fields.tax_id(node.text("PartyIdentification/ID"), _("el número del emisor")) if node else ""
    if not other or seller.country in ("", "ES"):
        raise Flaw(_("No consta el NIF del emisor."))
    reading.append(_("El emisor no da NIF: se le conoce por su número %(number)s.") % {"number": other})
    return replace(seller, tax_id=other)


def _currency(root: Node) -> str:
    amount = root.first("LegalMonetaryTotal/PayableAmount")
    declared = root.text("DocumentCurrencyCode") or (amount.attribute("currencyID") if amount else "")
    return fields.currency(declared)


def _preceding(root: Node) -> list[str]:
    references = root.all("BillingReference/InvoiceDocumentReference")
    references += root.all("BillingReference/CreditNoteDocumentReference")
    return [clipped(reference.text("ID"), fields.SHORT) for reference in references if reference.text("ID")]


def _first_preceding_day(root: Node) -> dt.date | None:
    text = root.text("BillingReference/InvoiceDocumentReference/IssueDate")
    return fields.day(text, _("la fecha de la factura rectificada")) if text else None


def _operation_day(root: Node) -> dt.date | None:
    text = root.text("TaxPointDate") or root.text("Delivery/ActualDeliveryDate")
    return fields.day(text, _("la fecha de operación")) if text else None


def _notes(root: Node, currency: str, is_corrective: bool) -> tuple[str, ...]:
    written = [_SUBJECT.sub("", block(note.text(), _("una nota")), count=1) for note in root.all("Note")]
    written += [f"{label}: {clipped(root.text(path), NAME)}" for path, label in _REFERENCES if root.text(path)]
    if (start := root.text("InvoicePeriod/StartDate")) and (end := root.text("InvoicePeriod/EndDate")):
        first, last = (fields.day(text, _("el periodo de facturación")) for text in (start, end))
        written.append(f"Periodo de facturación: {first:%d/%m/%Y} a {last:%d/%m/%Y}")
    if not is_corrective:
        written += [f"Factura relacionada: {reference}" for reference in _preceding(root)]
    written += [block(terms.text("Note"), _("las condiciones de pago")) for terms in root.all("PaymentTerms")]
    _method, words, account = payment(root)
    if words or account:
        written.append("Forma de pago: " + ", ".join(part for part in (words, account) if part))
    if payee := root.text("PayeeParty/PartyName/Name"):
        written.append(f"Cobra: {clipped(payee, NAME)}")
    written += _tax_in_other_currency(root, currency)
    return tuple(dict.fromkeys(note for note in written if note))


def _tax_in_other_currency(root: Node, currency: str) -> list[str]:
    amounts = [
        amount for amount in root.all("TaxTotal/TaxAmount") if amount.attribute("currencyID") not in ("", currency)
    ]
    return [
        "Cuota de impuestos: "
        + euros(
            fields.number(amount.text(), _("la cuota de impuestos")), fields.currency(amount.attribute("currencyID"))
        )
        for amount in amounts
    ]


def _mentions(root: Node, kind: str) -> tuple[str, ...]:
    written = []
    if kind in SELF_BILLED_TYPES:
        written.append("Facturación por el destinatario")
    for category in root.all("TaxTotal/TaxSubtotal/TaxCategory"):
        reason = block(category.text("TaxExemptionReason"), _("el motivo de una exención"))
        if len(reason) > NAME:
            written.append(reason)
    form = root.text("AccountingSupplierParty/Party/PartyLegalEntity/CompanyLegalForm")
    written.append(block(form, _("los datos registrales")))
    if (node := root.first("TaxRepresentativeParty")) is not None:
        representative = party(node, _("del representante fiscal"))
        written.append(f"Representante fiscal: {representative.name} ({representative.tax_id})")
    return tuple(dict.fromkeys(mention for mention in written if mention))


def _attachments(root: Node) -> list[Embedded]:
    found = []
    for reference in root.all("AdditionalDocumentReference"):
        embedded = reference.first("Attachment/EmbeddedDocumentBinaryObject")
        if embedded is not None:
            said = (reference.text("ID"), reference.text("DocumentType"), reference.text("DocumentDescription"))
            label = " ".join(part for part in (*said, embedded.attribute("filename")) if part)
            found.append(Embedded(label=label, encoded=embedded.text()))
    return found
