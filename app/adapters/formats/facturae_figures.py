"""Lines, taxes, totals and due dates of a Facturae invoice."""

from decimal import Decimal

from app.adapters.formats import fields
from app.adapters.formats.codes import FACTURAE_PAYMENT, FACTURAE_TAXES, FACTURAE_UNITS
from app.adapters.formats.fields import Flaw, clipped, number
from app.adapters.formats.figures import EXACT, MOST_LINES, Figures, joined
from app.adapters.formats.grouping import grouped, rate_label
from app.adapters.formats.xml import Node
from app.domain.foreign import ForeignAdjustment, ForeignDue, ForeignLine, ForeignSettlement, ForeignTax
from app.money import ZERO, cents, percent_of
from app.texts import _
from models.enums import PaymentMethod, TaxKind

_SPECIAL_EVENTS = {"01": "exento", "02": "no sujeto"}
_SETTLEMENTS = (
    ("Subsidies/Subsidy", "SubsidyAmount", "SubsidyDescription", "Subvención", -1),
    ("PaymentsOnAccount/PaymentOnAccount", "PaymentOnAccountAmount", "PaymentOnAccountDate", "Anticipo", -1),
    ("AmountsWithheld", "WithholdingAmount", "WithholdingReason", "Retención de garantía", -1),
    ("PaymentInKind", "PaymentInKindAmount", "PaymentInKindReason", "Pago en especie", -1),
    ("ReimbursableExpenses/ReimbursableExpenses", "ReimbursableExpensesAmount", "InvoiceNumber", "Suplido", 1),
)
_SETTLEMENT_TOTALS = (
    ("PaymentsOnAccount/PaymentOnAccount", "TotalPaymentsOnAccount", "Anticipos", -1),
    ("ReimbursableExpenses/ReimbursableExpenses", "TotalReimbursableExpenses", "Suplidos", 1),
    ("FinancialExpenses", "TotalFinancialExpenses", "Gastos financieros", 1),
)


def read_figures(invoice: Node, reading: list[str]) -> Figures:
    """``InvoiceTotal`` is net of withholding by the schema, and gross in what many programs write: the one that
    the other totals bear out is taken.
    """
    node = invoice.first("InvoiceTotals")
    if node is None:
        raise Flaw(_("A la factura le faltan los totales."))
    lines = _lines(invoice, reading)
    taxes = grouped((_tax(tax) for tax in invoice.all("TaxesOutputs/Tax")), lines)
    withholdings = grouped(_withholding(tax) for tax in invoice.all("TaxesWithheld/Tax"))
    discounts = _adjustments(node, "GeneralDiscounts/Discount", "Discount", "Descuento")
    charges = _adjustments(node, "GeneralSurcharges/Charge", "Charge", "Cargo")
    gross = _total(node, "TotalGrossAmount", sum((line.net for line in lines), ZERO))
    less = _total(node, "TotalGeneralDiscounts", sum((discount.amount for discount in discounts), ZERO))
    plus = _total(node, "TotalGeneralSurcharges", sum((charge.amount for charge in charges), ZERO))
    base = _total(node, "TotalGrossAmountBeforeTaxes", gross - less + plus)
    surcharge = sum((tax.surcharge_amount for tax in taxes), ZERO)
    taxed = _total(node, "TotalTaxOutputs", sum((tax.amount for tax in taxes), ZERO) + surcharge)
    withheld = _total(node, "TotalTaxesWithheld", sum((tax.amount for tax in withholdings), ZERO))
    declared = number(node.text("InvoiceTotal"), _("el total de la factura"), EXACT)
    total = min(declared, declared + withheld, key=lambda candidate: abs(candidate - base - taxed))
    settlements = _settlements(node)
    settled = sum((settlement.amount for settlement in settlements), ZERO)
    outstanding = _total(node, "TotalOutstandingAmount", total - withheld + settled)
    payable = cents(_total(node, "TotalExecutableAmount", outstanding))
    return Figures(
        lines=lines,
        taxes=taxes,
        withholdings=withholdings,
        discounts=discounts,
        charges=charges,
        settlements=settlements,
        lines_total=cents(gross),
        discount_total=cents(less),
        charge_total=cents(plus),
        base_total=cents(base),
        tax_total=cents(taxed) - surcharge,
        surcharge_total=surcharge,
        withheld_total=cents(withheld),
        total=cents(total),
        payable=payable,
        declared_total=cents(declared),
        dues=_dues(invoice, payable, reading),
    )


def _total(node: Node, name: str, otherwise: Decimal) -> Decimal:
    """A declared total, exact; some programs leave out, or empty, those that can be worked out."""
    text = node.text(name)
    return number(text, _("el importe %(name)s") % {"name": name}, EXACT) if text else otherwise


def _lines(invoice: Node, reading: list[str]) -> tuple[ForeignLine, ...]:
    nodes = invoice.all("Items/InvoiceLine")
    if len(nodes) > MOST_LINES:
        raise Flaw(_("La factura tiene %(n)s líneas, y caben %(most)s.") % {"n": len(nodes), "most": MOST_LINES})
    if not nodes:
        raise Flaw(_("La factura no tiene líneas."))
    return tuple(_line(node, position, reading) for position, node in enumerate(nodes, start=1))


def _line(node: Node, position: int, reading: list[str]) -> ForeignLine:
    where = _("línea %(position)s") % {"position": position}
    quantity = number(node.text("Quantity") or "1", _("la cantidad (%(where)s)") % {"where": where}, fields.QUANTITY)
    price = number(node.text("UnitPriceWithoutTax"), _("el precio (%(where)s)") % {"where": where}, fields.PRICE)
    discounts = _adjustments(node, "DiscountsAndRebates/Discount", "Discount", "Descuento")
    charges = _adjustments(node, "Charges/Charge", "Charge", "Cargo")
    less = sum((discount.amount for discount in discounts), ZERO)
    plus = sum((charge.amount for charge in charges), ZERO)
    cost = _total(node, "TotalCost", quantity * price)
    withheld = node.text("TaxesWithheld/Tax/TaxRate")
    return ForeignLine(
        code=clipped(node.text("ArticleCode"), fields.SHORT),
        concept=_concept(node, where, reading),
        quantity=quantity,
        unit=FACTURAE_UNITS.get(node.text("UnitOfMeasure"), ""),
        unit_price=price,
        discount_percent=discounts[0].percent if len(discounts) == 1 else None,
        discount_amount=less,
        charge_amount=plus,
        net=cents(_total(node, "GrossAmount", cost - less + plus)),
        taxes=grouped(_tax(tax, node) for tax in node.all("TaxesOutputs/Tax")),
        withheld_rate=fields.percent(withheld, _("el tipo de retención")) if withheld else ZERO,
    )


def _concept(node: Node, where: str, reading: list[str]) -> str:
    """The description, and what else a reader of the line must know, as far as it fits."""
    what = _("el concepto (%(where)s)") % {"where": where}
    concept = fields.block(node.text("ItemDescription"), what) or node.text("ArticleCode") or "Sin concepto"
    notes = [
        f"Albarán {clipped(note.text('DeliveryNoteNumber'), fields.SHORT)}"
        for note in node.all("DeliveryNotesReferences/DeliveryNote")
    ]
    more = fields.clean(node.text("AdditionalLineItemInformation"))
    return joined(concept, (", ".join(notes), more), where, reading)


def _adjustments(node: Node, path: str, prefix: str, otherwise: str) -> tuple[ForeignAdjustment, ...]:
    found = []
    for adjustment in node.all(path):
        rate = adjustment.text(prefix + "Rate")
        amount = number(adjustment.text(prefix + "Amount"), _("el importe de un descuento o cargo"), EXACT)
        label = clipped(adjustment.text(prefix + "Reason"), fields.NAME) or otherwise
        percent = number(rate, _("el porcentaje de un descuento o cargo"), fields.RATE) if rate else None
        if percent is not None and prefix == "Discount":
            fields.within_percent(percent, _("el porcentaje de un descuento"))
        if amount or percent:
            found.append(ForeignAdjustment(label=label, amount=amount, percent=percent))
    return tuple(found)


def _tax(node: Node, line: Node | None = None) -> ForeignTax:
    """A tax charged. In the special regime of groups of companies, the tax is that of the special base."""
    code = clipped(node.text("TaxTypeCode"), 10)
    kind, name = FACTURAE_TAXES.get(code, (TaxKind.OTHER, f"Impuesto {code}"))
    what = _("el tipo de un impuesto")
    rate = number(node.text("TaxRate"), what, fields.RATE)
    if kind is not TaxKind.OTHER:
        fields.within_percent(rate, what)
    special = "Special" if node.text("SpecialTaxableBase/TotalAmount") else ""
    base = _amount(node, special + "TaxableBase", ZERO)
    surcharge_rate = node.text("EquivalenceSurcharge")
    surcharge = fields.percent(surcharge_rate, _("el tipo de recargo")) if surcharge_rate else ZERO
    event = line.first("SpecialTaxableEvent") if line is not None and not rate else None
    exempt = _SPECIAL_EVENTS.get(event.text("SpecialTaxableEventCode"), "exento") if event else ""
    return ForeignTax(
        kind=kind,
        category=code,
        label=f"{name} {exempt}" if exempt else rate_label(name, rate),
        base=base,
        rate=rate,
        amount=_amount(node, "SpecialTaxAmount" if special else "TaxAmount", percent_of(base, rate)),
        surcharge_rate=surcharge,
        surcharge_amount=_amount(node, "EquivalenceSurchargeAmount", percent_of(base, surcharge)),
        exemption_reason=clipped(event.text("SpecialTaxableEventReason"), fields.NAME) if event else "",
        beyond_total=base - _amount(node, "TaxableBase", base) if special else ZERO,
    )


def _withholding(node: Node) -> ForeignTax:
    tax = _tax(node)
    name = FACTURAE_TAXES.get(tax.category, (TaxKind.OTHER, "otro impuesto"))[1]
    label = "Retención" if tax.category == "05" else f"Retención {name}"
    return ForeignTax(
        kind=TaxKind.WITHHOLDING,
        category=tax.category,
        label=rate_label(label, tax.rate),
        base=tax.base,
        rate=fields.within_percent(tax.rate, _("el tipo de retención")),
        amount=tax.amount,
    )


def _amount(node: Node, name: str, otherwise: Decimal) -> Decimal:
    text = node.text(f"{name}/TotalAmount")
    return number(text, _("el importe %(name)s") % {"name": name}) if text else otherwise


def _settlements(node: Node) -> tuple[ForeignSettlement, ...]:
    found = [
        _settlement(item, amount, detail, label, sign)
        for path, amount, detail, label, sign in _SETTLEMENTS
        for item in node.all(path)
    ]
    for path, name, label, sign in _SETTLEMENT_TOTALS:
        if not node.all(path):
            found.append(ForeignSettlement(label=label, amount=sign * cents(_total(node, name, ZERO))))
    return tuple(settlement for settlement in found if settlement.amount)


def _settlement(node: Node, amount: str, detail: str, label: str, sign: int) -> ForeignSettlement:
    figure = number(node.text(amount), _("el importe %(name)s") % {"name": amount})
    told = clipped(node.text(detail), 160)
    if told and detail.endswith("Date"):
        told = f"{fields.day(told, _('la fecha de un anticipo')):%d/%m/%Y}"
    return ForeignSettlement(label=f"{label}: {told}" if told else label, amount=sign * figure)


def _dues(invoice: Node, payable: Decimal, reading: list[str]) -> tuple[ForeignDue, ...]:
    nodes = invoice.all("PaymentDetails/Installment")
    if len(nodes) > 1 and not all(node.text("InstallmentAmount") for node in nodes):
        reading.append(_("Los vencimientos no dicen su importe y se omiten."))
        return ()
    return tuple(_due(node, payable) for node in nodes)


def _due(node: Node, payable: Decimal) -> ForeignDue:
    amount = node.text("InstallmentAmount")
    method, words = FACTURAE_PAYMENT.get(node.text("PaymentMeans"), (PaymentMethod.OTHER, ""))
    debited = method is PaymentMethod.DIRECT_DEBIT and node.first("AccountToBeDebited")
    holder = node.first("AccountToBeDebited" if debited else "AccountToBeCredited")
    return ForeignDue(
        day=fields.day(node.text("InstallmentDueDate"), _("la fecha de vencimiento")),
        amount=number(amount, _("el importe de un vencimiento")) if amount else payable,
        method=method,
        method_text=words,
        account=fields.account(holder.text("IBAN") or holder.text("AccountNumber")) if holder else "",
    )
