"""The arithmetic of a document: lines to the cent, taxes per group, discounts spread, withholding on the base.

No rule fixes rounding per line or per rate in Spain; EN 16931 wants the tax of a group to be its base times its rate
and totals that add up (BR-S-09, BR-CO), so that is what we do, in ``Decimal``, half away from zero.
"""

from collections.abc import Iterable
from decimal import Decimal, localcontext

from app.errors import InvalidValue
from app.money import CENT, LARGEST, ZERO, cents, percent_of, short
from app.texts import _
from models import Document, DocumentLine, DocumentTax
from models.enums import TaxKind

TAX_NAMES = {TaxKind.VAT: "IVA", TaxKind.IGIC: "IGIC", TaxKind.IPSI: "IPSI", TaxKind.OTHER: "Impuesto"}

# Digits that hold the product of the largest quantity, price and discount: nothing is rounded before the cent.
EXACT = 60

Group = tuple[TaxKind, Decimal, Decimal, str]


def line_net(line: DocumentLine) -> Decimal:
    """Quantity times price less the line's discount, rounded once."""
    with localcontext(prec=EXACT):
        return cents(line.quantity * line.unit_price * (100 - line.discount_rate) / 100)


def settle(document: Document) -> None:
    """Recompute a draft from its lines: nets, tax table and every total. The rows must belong to ``document``.

    Raises ``InvalidValue`` naming the line (``lines-3-unit_price``) that comes to more than an amount may be.
    """
    for position, line in enumerate(document.lines, 1):
        line.position, line.net = position, line_net(line)
        if abs(line.net) > LARGEST:
            raise InvalidValue(
                _("El importe de la línea es demasiado grande."), field=f"lines-{position - 1}-unit_price"
            )
    document.lines_total = sum((line.net for line in document.lines), ZERO)
    document.discount_total = percent_of(document.lines_total, document.discount_rate)
    document.taxes = [
        _tax(position, group, base, document)
        for position, (group, base) in enumerate(_bases(document.lines, document.discount_total), 1)
    ]
    document.base_total = document.lines_total - document.discount_total
    document.tax_total = sum((tax.amount for tax in document.taxes), ZERO)
    document.surcharge_total = sum((tax.surcharge_amount for tax in document.taxes), ZERO)
    document.total = document.base_total + document.tax_total + document.surcharge_total
    document.withheld_total = percent_of(document.base_total, document.withholding_rate)
    document.payable = document.total - document.withheld_total
    if abs(document.total) > LARGEST:
        raise InvalidValue(_("El total es demasiado grande."), field="lines")


def tax_label(kind: TaxKind, rate: Decimal, exemption: str = "") -> str:
    """How a tax is called on paper: ``IVA 21 %``, or the reason why there is none."""
    if rate == 0 and exemption:
        return exemption
    return f"{_(TAX_NAMES.get(kind, 'Impuesto'))} {short(rate)} %"


def spread(amount: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """``amount`` in shares proportional to ``weights`` that add up to it to the cent (largest remainder).

    A negative amount is shared as its mirror: what is taken back is to the cent what was given.
    """
    whole = sum(weights, ZERO)
    if not weights or whole == 0:
        return [ZERO for _weight in weights]
    if amount < 0:
        return [-share for share in spread(-amount, weights)]
    exact = [amount * weight / whole for weight in weights]
    shares = [share.quantize(CENT, "ROUND_FLOOR") for share in exact]
    missing = int((amount - sum(shares, ZERO)) / CENT)
    neediest = sorted(range(len(shares)), key=lambda index: (shares[index] - exact[index], index))
    for index in neediest[:missing]:
        shares[index] += CENT
    return shares


def _bases(lines: Iterable[DocumentLine], discount: Decimal) -> list[tuple[Group, Decimal]]:
    nets: dict[Group, Decimal] = {}
    for line in lines:
        group = (line.tax_kind, line.tax_rate, line.surcharge_rate, line.exemption)
        nets[group] = nets.get(group, ZERO) + line.net
    ordered = sorted(nets.items(), key=lambda entry: (entry[0][0], -entry[0][1], entry[0][3]))
    shares = spread(discount, [net for _group, net in ordered])
    return [(group, net - share) for (group, net), share in zip(ordered, shares, strict=True)]


def _tax(position: int, group: Group, base: Decimal, document: Document) -> DocumentTax:
    kind, rate, surcharge_rate, exemption = group
    return DocumentTax(
        company_id=document.company_id,
        position=position,
        kind=kind,
        label=tax_label(kind, rate, exemption),
        base=base,
        rate=rate,
        amount=percent_of(base, rate),
        surcharge_rate=surcharge_rate,
        surcharge_amount=percent_of(base, surcharge_rate),
        exemption=exemption,
    )
