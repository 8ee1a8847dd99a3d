"""A document of ours as a sheet to print: what the rows say, in the words of paper."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from app.adapters.pdf.sheet import Look, Party, Sheet, SheetDue, SheetLine, SheetTax
from app.domain.folding import fold
from app.domain.kinds import KINDS, Kind
from app.money import ZERO, short
from app.texts import _
from models import Document, DocumentLine, TemplateVersion
from models.enums import DocumentKind, Origin, PaymentMethod, TaxKind

METHOD_LABELS = {
    PaymentMethod.TRANSFER: "Transferencia",
    PaymentMethod.DIRECT_DEBIT: "Recibo domiciliado",
    PaymentMethod.CASH: "Efectivo",
    PaymentMethod.CARD: "Tarjeta",
    PaymentMethod.CHEQUE: "Cheque",
    PaymentMethod.OTHER: "Según lo acordado",
}

ANY_TAX = ("Impuesto", "Impuestos")
TAX_WORDS = {
    TaxKind.VAT: ("IVA", "Cuota IVA"),
    TaxKind.IGIC: ("IGIC", "Cuota IGIC"),
    TaxKind.IPSI: ("IPSI", "Cuota IPSI"),
}


def sheet_of(document: Document, version: TemplateVersion, logo: bytes | None) -> Sheet:
    """Everything but the look comes from the document's own frozen copies, so that it prints the same for ever.

    ``document`` needs its lines, taxes and dues loaded; a draft, what it would freeze.
    """
    kind = KINDS[document.kind]
    heading, _amount = tax_words(document.taxes)
    return Sheet(
        kind_label=_("Factura rectificativa") if document.corrects_text else _(kind.words.title),
        reference=document.number_text or _("Borrador"),
        issued_on=document.issued_on,
        operation_on=document.operation_on,
        seller=Party(
            name=document.seller_name,
            tax_id=document.seller_tax_id,
            lines=_split(document.seller_address),
            contact=_split(document.seller_contact),
        ),
        buyer=Party(
            name=document.buyer_name,
            tax_id=document.buyer_tax_id,
            lines=_split(document.buyer_address),
        ),
        buyer_label=_("Proveedor") if kind.is_purchase else _("Cliente"),
        facts=_facts(document, kind),
        subject="" if document.origin is Origin.IMPORTED else document.subject,  # of an imported one it is but a label
        tax_heading=heading,
        lines=tuple(_line(line) for line in document.lines),
        taxes=_taxes(document),
        totals=totals_of(document, document.taxes),
        dues=tuple(
            SheetDue(
                day=due.day, amount=due.amount, method=_(METHOD_LABELS[due.method]), account=spell_account(due.account)
            )
            for due in document.dues
        ),
        corrects=document.corrects_text or None,
        notes=document.notes,
        mentions=_mentions(document),
        currency=document.currency,
        draft=document.is_draft,
        look=_look(version, document, logo),
        release=version.number,
        file_name=document_file_name(document.kind, document.number_text),
    )


def document_file_name(kind: DocumentKind, number: str | None) -> str:
    """What to save the file of a document under: ``Albaran-A26-0003.pdf``. The kind is spelt without accents."""
    title = fold(KINDS[kind].words.title).replace(" ", "-").capitalize()
    plain = "".join(mark if mark.isalnum() or mark in "-_" else "-" for mark in number or "borrador")
    return f"{title}-{plain}.pdf"


def _split(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.split("\n") if line)


def _facts(document: Document, kind: Kind) -> tuple[tuple[str, str], ...]:
    """Until when it holds or when it is expected; when an invoice is due is told by its parts."""
    if not kind.day_label or document.due_on is None:
        return ()
    return ((_(kind.day_label), f"{document.due_on:%d/%m/%Y}"),)


def _mentions(document: Document) -> tuple[str, ...]:
    said = _split(document.mentions)
    return (_("Este documento no es una factura."), *said) if document.kind is DocumentKind.PROFORMA else said


def _line(line: DocumentLine) -> SheetLine:
    return SheetLine(
        code=line.code,
        concept=line.concept,
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount=line.discount_rate,
        tax=f"{short(line.tax_rate)} %",
        amount=line.net,
    )


def _taxes(document: Document) -> tuple[SheetTax, ...]:
    rows = []
    for tax in document.taxes:
        label = tax.label.removesuffix(f"{short(tax.rate)} %").strip()  # the rate has a column of its own
        rows.append(SheetTax(label=label, base=tax.base, rate=tax.rate, amount=tax.amount))
        if tax.surcharge_amount:
            label = _("Recargo equiv.")
            rows.append(SheetTax(label=label, base=tax.base, rate=tax.surcharge_rate, amount=tax.surcharge_amount))
    return tuple(rows)


def tax_words(taxes: Iterable[Any]) -> tuple[str, str]:
    """How a column of rates and the sum of amounts are headed: by the tax there is, or in general if several are."""
    kinds = {tax.kind for tax in taxes} or {TaxKind.VAT}
    heading, amount = TAX_WORDS.get(kinds.pop(), ANY_TAX) if len(kinds) == 1 else ANY_TAX
    return _(heading), _(amount)


def totals_of(document: Document, taxes: Iterable[Any]) -> tuple[tuple[str, Decimal], ...]:
    """From the lines to what is to be paid. Only where something comes between does a total go before it."""
    is_invoice = KINDS[document.kind].is_fiscal
    rows: list[tuple[str, Decimal]] = []
    if document.discount_total:
        rows += [(_("Suma de líneas"), document.lines_total), (_("Descuento"), -document.discount_total)]
    rows += [(_("Base imponible"), document.base_total), (tax_words(taxes)[1], document.tax_total)]
    if document.surcharge_total:
        rows.append((_("Recargo equiv."), document.surcharge_total))
    rows.append((_("Total factura") if is_invoice else _("Total"), document.total))
    if document.withheld_total:
        rows.append((f"{_('Retención IRPF')} {short(document.withholding_rate)} %", -document.withheld_total))
    others = document.payable - (document.total - document.withheld_total)
    if others != ZERO:
        rows.append((_("Anticipos y otros"), others))
    if is_invoice or document.withheld_total or others != ZERO:
        rows.append((_("Total a pagar"), document.payable))
    return tuple(rows)


def spell_account(iban: str) -> str:
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


def _look(version: TemplateVersion, document: Document, logo: bytes | None) -> Look:
    """The version's; what a company must say of itself (art. 24 of the Code of Commerce) unless the version does."""
    return Look(
        logo=logo,
        accent=version.accent,
        columns=frozenset(name for name in version.columns.split(",") if name),
        legal_footer=version.legal_footer or document.seller_registration,
        intro=version.intro,
    )
