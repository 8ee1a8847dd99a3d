"""Facturae 3.x, the Spanish e-invoice: one seller, one buyer, one or many invoices, signed or not."""

import datetime as dt
from functools import partial
from typing import Any

from app.adapters.formats.attachments import Embedded, choose_pdf
from app.adapters.formats.codes import FACTURAE_CENTRES
from app.adapters.formats.facturae_figures import read_figures
from app.adapters.formats.facturae_party import party
from app.adapters.formats.fields import NAME, PRICE, Flaw, block, clipped, currency, day, number, numbering
from app.adapters.formats.figures import explained, read_alone
from app.adapters.formats.xml import Node
from app.domain.foreign import FileRefused, ForeignInvoice, ForeignParty, InvoiceClass, Unreadable
from app.money import ZERO, euros, short
from app.texts import _

VERSIONS = ("3.0", "3.1", "3.2", "3.2.1", "3.2.2")

MOST_CENTRES = 10

_CORRECTIVE = ("OR", "CR")
_COPIES = ("CO", "CR", "CC")
_REFERENCES = (
    ("ReceiverTransactionReference", "Su referencia"),
    ("ReceiverContractReference", "Contrato"),
    ("FileReference", "Expediente"),
)
_REGISTRATION = (
    ("RegisterOfCompaniesLocation", "Registro Mercantil de"),
    ("Volume", "tomo"),
    ("Book", "libro"),
    ("Section", "sección"),
    ("Folio", "folio"),
    ("Sheet", "hoja"),
    ("AdditionalRegistrationData", ""),
)


def is_facturae(root: Node) -> bool:
    return root.name == "Facturae"


def read_facturae(root: Node) -> list[ForeignInvoice | Unreadable]:
    version = root.text("FileHeader/SchemaVersion")
    if version not in VERSIONS:
        raise FileRefused(
            _("Es una Facturae de versión «%(version)s», que no se admite.") % {"version": clipped(version, 20)}
        )
    invoices = root.all("Invoices/Invoice")
    if not invoices:
        raise FileRefused(_("El archivo Facturae no contiene ninguna factura."))
    try:
        parties = _parties(root)
    except Flaw as flaw:
        return [Unreadable(number_text=_name_of(invoice), reason=str(flaw)) for invoice in invoices]
    return [
        read_alone(partial(_invoice, invoice, root, parties, version), partial(_name_of, invoice))
        for invoice in invoices
    ]


def _name_of(invoice: Node) -> str | None:
    header = invoice.first("InvoiceHeader")
    if header is None:
        return None
    try:
        return numbering(header.text("InvoiceNumber"), header.text("InvoiceSeriesCode")).number_text
    except Flaw:
        return clipped(header.text("InvoiceNumber"), 40) or None


def _parties(root: Node) -> tuple[ForeignParty, ForeignParty]:
    seller = party(root.first("Parties/SellerParty"), _("del emisor"))
    if not seller.tax_id:
        raise Flaw(_("No consta el NIF del emisor."))
    return seller, party(root.first("Parties/BuyerParty"), _("del cliente"))


def _invoice(invoice: Node, root: Node, parties: tuple[ForeignParty, ForeignParty], version: str) -> ForeignInvoice:
    header, issue = _part(invoice, "InvoiceHeader"), _part(invoice, "InvoiceIssueData")
    called = numbering(header.text("InvoiceNumber"), header.text("InvoiceSeriesCode"))
    reading: list[str] = []
    kind = header.text("InvoiceClass")
    if kind in _COPIES:
        reading.append(_("El archivo dice ser una copia de la factura."))
    figures = read_figures(invoice, reading)
    seller, buyer = parties
    read = ForeignInvoice(
        format=f"facturae-{version}",
        **called._asdict(),
        **_class(header, kind),
        is_simplified=header.text("InvoiceDocumentType") == "FA",
        issued_on=day(issue.text("IssueDate"), _("la fecha de expedición")),
        operation_on=_maybe_day(issue.text("OperationDate"), _("la fecha de operación")),
        currency=currency(issue.text("InvoiceCurrencyCode")),
        seller=seller,
        buyer=buyer,
        **figures._asdict(),
        notes=_notes(invoice, issue, root),
        mentions=_mentions(invoice, header, root),
        attachment_pdf=choose_pdf(_attachments(invoice), called.number_text, reading),
    )
    return explained(read, reading)


def _part(invoice: Node, name: str) -> Node:
    part = invoice.first(name)
    if part is None:
        raise Flaw(_("A la factura le falta el apartado %(name)s.") % {"name": name})
    return part


def _maybe_day(raw: str, what: str) -> dt.date | None:
    return day(raw, what) if raw else None


def _class(header: Node, kind: str) -> dict[str, Any]:
    corrective = header.first("Corrective")
    if corrective is None:
        return {"invoice_class": InvoiceClass.CORRECTIVE if kind in _CORRECTIVE else InvoiceClass.ORIGINAL}
    corrected = corrective.text("InvoiceNumber")
    return {
        "invoice_class": InvoiceClass.CORRECTIVE,
        "corrects_text": numbering(corrected, corrective.text("InvoiceSeriesCode")).number_text if corrected else "",
        "corrects_on": _maybe_day(corrective.text("InvoiceIssueDate"), _("la fecha de la factura rectificada")),
        "correction_method": clipped(corrective.text("CorrectionMethodDescription"), NAME),
        "reason": clipped(corrective.text("ReasonDescription"), NAME),
    }


def _notes(invoice: Node, issue: Node, root: Node) -> tuple[str, ...]:
    """What the invoice says in words, in the order in which a reader would look for it."""
    written = [
        block(issue.text("InvoiceDescription"), _("la descripción de la factura")),
        block(invoice.text("AdditionalData/InvoiceAdditionalInformation"), _("la información adicional")),
        block(invoice.text("InvoiceHeader/Corrective/AdditionalReasonDescription"), _("el motivo de la rectificación")),
    ]
    written += [f"{label}: {clipped(issue.text(name), NAME)}" for name, label in _REFERENCES if issue.text(name)]
    written.append(_period(issue.first("InvoicingPeriod"), "Periodo de facturación"))
    written.append(_period(invoice.first("InvoiceHeader/Corrective/TaxPeriod"), "Periodo rectificado"))
    if related := invoice.text("AdditionalData/RelatedInvoice"):
        written.append(f"Factura relacionada: {clipped(related, NAME)}")
    written += [*_centres(root), *_exchange(issue, invoice)]
    return tuple(note for note in written if note)


def _period(node: Node | None, label: str) -> str:
    if node is None:
        return ""
    start = day(node.text("StartDate"), _("el comienzo del periodo"))
    end = day(node.text("EndDate"), _("el final del periodo"))
    return f"{label}: {start:%d/%m/%Y} a {end:%d/%m/%Y}"


def _centres(root: Node) -> list[str]:
    """The DIR3 codes without which a public body cannot register an invoice."""
    centres = root.all("Parties/BuyerParty/AdministrativeCentres/AdministrativeCentre")[:MOST_CENTRES]
    named = [(FACTURAE_CENTRES.get(centre.text("RoleTypeCode")), centre) for centre in centres]
    return [
        clipped(f"{label}: {centre.text('CentreCode')} {centre.text('CentreDescription')}", NAME)
        for label, centre in named
        if label and centre.text("CentreCode")
    ]


def _exchange(issue: Node, invoice: Node) -> list[str]:
    if issue.text("InvoiceCurrencyCode") in ("", "EUR"):
        return []
    written = []
    if rate := issue.text("ExchangeRateDetails/ExchangeRate"):
        written.append(f"Tipo de cambio: {short(number(rate, _('el tipo de cambio'), PRICE))}")
    in_euros = [node.text("TaxAmount/EquivalentInEuros") for node in invoice.all("TaxesOutputs/Tax")]
    if in_euros and all(in_euros):
        amounts = [number(text, _("la cuota en euros")) for text in in_euros]
        written.append(f"Cuota de impuestos en euros: {euros(sum(amounts, ZERO))}")
    return written


def _mentions(invoice: Node, header: Node, root: Node) -> tuple[str, ...]:
    """What the law wants said."""
    written = [block(literal.text(), _("una mención legal")) for literal in invoice.all("LegalLiterals/LegalReference")]
    issuer = root.text("FileHeader/InvoiceIssuerType")
    if issuer == "RE" or header.text("InvoiceDocumentType") == "AF":
        written.append("Facturación por el destinatario")
    if issuer == "TE" and (third := root.first("FileHeader/ThirdParty")) is not None:
        who = party(third, _("del tercero que expide"))
        written.append(f"Factura expedida por un tercero: {who.name} ({who.tax_id})")
    written.append(_registration(root.first("Parties/SellerParty/LegalEntity/RegistrationData")))
    return tuple(dict.fromkeys(mention for mention in written if mention))


def _registration(node: Node | None) -> str:
    if node is None:
        return ""
    found = [f"{label} {clipped(node.text(name), 40)}".strip() for name, label in _REGISTRATION if node.text(name)]
    return "Datos registrales: " + ", ".join(found) if found else ""


def _attachments(invoice: Node) -> list[Embedded]:
    return [
        Embedded(
            label=" ".join((node.text("AttachmentDescription"), node.text("AttachmentFormat"))),
            encoded=node.text("AttachmentData"),
            is_base64=node.text("AttachmentEncoding") in ("", "BASE64"),
            packing=node.text("AttachmentCompressionAlgorithm").replace("NONE", ""),
        )
        for node in invoice.all("AdditionalData/RelatedDocuments/Attachment")
    ]
