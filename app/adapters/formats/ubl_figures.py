"""Lines, taxes, totals and due dates of a UBL document, with the signs that it writes."""

from decimal import Decimal

from app.adapters.formats import fields
from app.adapters.formats.codes import UBL_CATEGORIES, UBL_EXEMPTIONS, UBL_PAYMENT, UBL_UNITS
from app.adapters.formats.fields import Flaw, clipped, number
from app.adapters.formats.figures import EXACT, MOST_LINES, Figures, joined
from app.adapters.formats.grouping import grouped, rate_label
from app.adapters.formats.xml import Node
from app.domain.foreign import ForeignAdjustment, ForeignDue, ForeignLine, ForeignSettlement, ForeignTax
from app.money import ZERO, cents, percent_of
from app.texts import _
from models.enums import PaymentMethod, TaxKind

_VAT_SCHEMES = ("", "VAT", "IVA", "GST")
_SPANISH_SCHEMES = {"IGIC": TaxKind.IGIC, "IPSI": TaxKind.IPSI}
_WITHHOLDING_SCHEMES = ("IRPF", "IRNR", "RET", "WHT")


def read_figures(document: Node, currency: str, reading: list[str]) -> Figures:
    """EN 16931 has no place for a withholding: where one is given, the totals tell whether it is already off."""
    node = document.first("LegalMonetaryTotal")
    if node is None:
        raise Flaw(_("A la factura le faltan los totales."))
    lines = _lines(document, reading)
    charged, withheld_taxes = _taxes(document, currency)
    taxes = grouped(charged, lines)
    withholdings = grouped(withheld_taxes)
    discounts, charges = _adjustments(document), _adjustments(document, are_charges=True)
    gross = _total(node, "LineExtensionAmount", sum((line.net for line in lines), ZERO))
    less = _total(node, "AllowanceTotalAmount", sum((discount.amount for discount in discounts), ZERO))
    plus = _total(node, "ChargeTotalAmount", sum((charge.amount for charge in charges), ZERO))
    base = _total(node, "TaxExclusiveAmount", gross - less + plus)
    withheld = sum((tax.amount for tax in withholdings), ZERO)
    taxed = _tax_total(document, currency, sum((tax.amount for tax in taxes), ZERO), withheld)
    settlements = _settlements(node)
    settled = sum((settlement.amount for settlement in settlements), ZERO)
    payable = number(node.text("PayableAmount"), _("el importe a pagar"))
    declared = _total(node, "TaxInclusiveAmount", payable + withheld - settled)
    total = min(declared, declared + withheld, key=lambda candidate: abs(candidate - base - taxed))
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
        tax_total=cents(taxed),
        surcharge_total=ZERO,
        withheld_total=withheld,
        total=cents(total),
        payable=payable,
        declared_total=cents(declared),
        dues=_dues(document, payable),
    )


def _total(node: Node, name: str, otherwise: Decimal) -> Decimal:
    text = node.text(name)
    return number(text, _("el importe %(name)s") % {"name": name}, EXACT) if text else otherwise


def _lines(document: Node, reading: list[str]) -> tuple[ForeignLine, ...]:
    nodes = [*document.all("InvoiceLine"), *document.all("CreditNoteLine")]
    if len(nodes) > MOST_LINES:
        raise Flaw(_("La factura tiene %(n)s líneas, y caben %(most)s.") % {"n": len(nodes), "most": MOST_LINES})
    if not nodes:
        raise Flaw(_("La factura no tiene líneas."))
    return tuple(_line(node, position, reading) for position, node in enumerate(nodes, start=1))


def _line(node: Node, position: int, reading: list[str]) -> ForeignLine:
    where = _("línea %(position)s") % {"position": position}
    counted = node.first("InvoicedQuantity") or node.first("CreditedQuantity")
    quantity = (
        number(counted.text(), _("la cantidad (%(where)s)") % {"where": where}, fields.QUANTITY)
        if counted
        else Decimal(1)
    )
    net = number(node.text("LineExtensionAmount"), _("el importe (%(where)s)") % {"where": where})
    discounts, charges = _adjustments(node), _adjustments(node, are_charges=True)
    less = sum((discount.amount for discount in discounts), ZERO)
    plus = sum((charge.amount for charge in charges), ZERO)
    return ForeignLine(
        code=clipped(_code(node), fields.SHORT),
        concept=_concept(node, where, reading),
        quantity=quantity,
        unit=UBL_UNITS.get(counted.attribute("unitCode"), "") if counted else "",
        unit_price=_price(node, quantity, net + less - plus, where),
        discount_percent=discounts[0].percent if len(discounts) == 1 else None,
        discount_amount=less,
        charge_amount=plus,
        net=net,
        is_sign_binding=False,
        taxes=_line_taxes(node, net),
    )


def _code(node: Node) -> str:
    return node.text("Item/SellersItemIdentification/ID") or node.text("Item/StandardItemIdentification/ID")


def _concept(node: Node, where: str, reading: list[str]) -> str:
    what = _("el concepto (%(where)s)") % {"where": where}
    name = fields.block(node.text("Item/Name"), what)
    description = fields.block(node.text("Item/Description"), what)
    note = fields.block(node.text("Note"), what)
    return joined(name or description or "Sin concepto", (description, note), where, reading)


def _price(node: Node, quantity: Decimal, gross: Decimal, where: str) -> Decimal:
    """The price of one: it may be given for a hundred, or not at all."""
    what = _("el precio (%(where)s)") % {"where": where}
    text, per = node.text("Price/PriceAmount"), node.text("Price/BaseQuantity") or "1"
    if not text:
        price = gross / quantity if quantity else gross
    else:
        base = number(per, what, fields.QUANTITY)
        price = number(text, what, fields.PRICE) / base if base else ZERO
    return number(f"{price:.8f}", what, fields.PRICE)


def _adjustments(node: Node, *, are_charges: bool = False) -> tuple[ForeignAdjustment, ...]:
    found = []
    for adjustment in node.all("AllowanceCharge"):
        if (adjustment.text("ChargeIndicator") in ("true", "1")) is not are_charges:
            continue
        rate = adjustment.text("MultiplierFactorNumeric")
        what = _("el importe de un descuento o cargo")
        percent = number(rate, what, fields.RATE) if rate else None
        if percent is not None and not are_charges:
            fields.within_percent(percent, _("el porcentaje de un descuento"))
        category = adjustment.first("TaxCategory")
        found.append(
            ForeignAdjustment(
                label=clipped(adjustment.text("AllowanceChargeReason"), fields.NAME)
                or ("Cargo" if are_charges else "Descuento"),
                amount=number(adjustment.text("Amount"), what),
                percent=percent,
                applies_to=_category(category, ZERO, ZERO).key if category else None,
            )
        )
    return tuple(found)


def _line_taxes(node: Node, net: Decimal) -> tuple[ForeignTax, ...]:
    """What the line is subject to. A rate that is not given, where one is due, says nothing."""
    categories = node.all("Item/ClassifiedTaxCategory") or node.all("TaxTotal/TaxSubtotal/TaxCategory")
    return tuple(
        _category(category, net, None)
        for category in categories
        if category.text("Percent") or category.text("ID") not in ("S", "L", "M")
    )


def _taxes(document: Node, currency: str) -> tuple[list[ForeignTax], list[ForeignTax]]:
    """The groups charged and the groups withheld. A tax total in another currency only repeats the amount."""
    charged, withheld = [], []
    for total in document.all("TaxTotal"):
        if _is_in(total, currency):
            for subtotal in total.all("TaxSubtotal"):
                scheme = subtotal.text("TaxCategory/TaxScheme/ID").upper()
                if scheme in _WITHHOLDING_SCHEMES:
                    withheld.append(_withholding(subtotal))
                else:
                    charged.append(_subtotal(subtotal))
    withheld += [_withholding(subtotal) for subtotal in document.all("WithholdingTaxTotal/TaxSubtotal")]
    return charged, withheld


def _is_in(total: Node, currency: str) -> bool:
    amount = total.first("TaxAmount")
    return amount is None or amount.attribute("currencyID") in ("", currency)


def _subtotal(node: Node) -> ForeignTax:
    what = _("la base de un impuesto")
    base = number(node.text("TaxableAmount") or "0", what)
    amount = node.text("TaxAmount")
    category = node.first("TaxCategory")
    if category is None:
        raise Flaw(_("Un grupo de impuestos no dice su categoría."))
    rate = category.text("Percent") or node.text("Percent")
    return _category(category, base, number(amount, _("la cuota de un impuesto")) if amount else None, rate)


def _category(node: Node, base: Decimal, amount: Decimal | None, percent: str = "") -> ForeignTax:
    code, scheme = clipped(node.text("ID"), 10), node.text("TaxScheme/ID").upper()
    text = percent or node.text("Percent")
    what = _("el tipo de un impuesto")
    rate = number(text, what, fields.RATE) if text else Decimal("0.0000")
    kind, label = UBL_CATEGORIES.get(code, (TaxKind.VAT, ""))
    if scheme not in _VAT_SCHEMES:
        kind, label = _SPANISH_SCHEMES.get(scheme, TaxKind.OTHER), ""
    if kind is not TaxKind.OTHER:
        fields.within_percent(rate, what)
    name = clipped(node.text("TaxScheme/Name"), 60) or clipped(scheme, 60) if kind is TaxKind.OTHER else kind.upper()
    reason = node.text("TaxExemptionReason")
    reason_code = node.text("TaxExemptionReasonCode").upper()
    return ForeignTax(
        kind=kind,
        category=code,
        label=label or rate_label(name.replace("VAT", "IVA"), rate),
        base=base,
        rate=rate,
        amount=percent_of(base, rate) if amount is None else amount,
        exemption_reason=clipped(reason or UBL_EXEMPTIONS.get(reason_code, reason_code), fields.NAME),
    )


def _withholding(node: Node) -> ForeignTax:
    """Some write what is withheld as a negative tax, some as a positive withholding."""
    tax = _subtotal(node)
    rate = fields.within_percent(abs(tax.rate), _("el tipo de retención"))
    sign = -1 if (tax.amount < 0) != (tax.base < 0) else 1
    return ForeignTax(
        kind=TaxKind.WITHHOLDING,
        category=tax.category,
        label=rate_label("Retención IRPF", rate),
        base=tax.base,
        rate=rate,
        amount=sign * tax.amount,
    )


def _tax_total(document: Node, currency: str, of_groups: Decimal, withheld: Decimal) -> Decimal:
    amounts = [total.text("TaxAmount") for total in document.all("TaxTotal") if _is_in(total, currency)]
    if not amounts:
        return of_groups
    declared = sum((number(amount or "0", _("el total de impuestos"), EXACT) for amount in amounts), ZERO)
    return min(declared, declared + withheld, key=lambda candidate: abs(candidate - of_groups))


def _settlements(node: Node) -> tuple[ForeignSettlement, ...]:
    prepaid = cents(_total(node, "PrepaidAmount", ZERO))
    rounding = cents(_total(node, "PayableRoundingAmount", ZERO))
    found = (
        ForeignSettlement(label="Anticipos", amount=-prepaid),
        ForeignSettlement(label="Redondeo", amount=rounding),
    )
    return tuple(settlement for settlement in found if settlement.amount)


def _dues(document: Node, payable: Decimal) -> tuple[ForeignDue, ...]:
    """Instalments where the payment terms give day and amount; otherwise everything on the one due day."""
    parts = []
    for terms in document.all("PaymentTerms"):
        day, amount = terms.text("PaymentDueDate") or terms.text("InstallmentDueDate"), terms.text("Amount")
        if day and amount:
            parts.append(_due(document, day, number(amount, _("el importe de un vencimiento"))))
    if parts:
        return tuple(parts)
    day = document.text("DueDate") or document.text("PaymentMeans/PaymentDueDate")
    return (_due(document, day, payable),) if day else ()


def _due(document: Node, day: str, amount: Decimal) -> ForeignDue:
    method, words, account = payment(document)
    found = fields.day(day, _("la fecha de vencimiento"))
    return ForeignDue(day=found, amount=amount, method=method, method_text=words, account=account)


def payment(document: Node) -> tuple[PaymentMethod, str, str]:
    """How it is to be paid, in which words, and into (or, by direct debit, out of) which account."""
    means = document.first("PaymentMeans")
    if means is None:
        return PaymentMethod.OTHER, "", ""
    method, words = UBL_PAYMENT.get(means.text("PaymentMeansCode"), (PaymentMethod.OTHER, ""))
    payer, payee = "PaymentMandate/PayerFinancialAccount/ID", "PayeeFinancialAccount/ID"
    number_text = means.text(payer) if method is PaymentMethod.DIRECT_DEBIT else means.text(payee)
    return method, words, fields.account(number_text)
