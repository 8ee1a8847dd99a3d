"""Whether the figures of an invoice issued elsewhere add up: rounding is noted, more is refused."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain

from app.domain.foreign import ForeignInvoice, ForeignTax, TaxKey
from app.errors import Refusal
from app.money import CENT, ZERO, cents, euros, percent_of, short
from app.texts import _
from models.enums import TaxKind


class FiguresDisagree(Refusal):
    """A line, a tax group or a total is further from its own figures than rounding explains."""

    status = 422
    code = "figures_disagree"


def check_figures(invoice: ForeignInvoice) -> tuple[str, ...]:
    """What does not add up, one sentence each, where rounding explains it: the declared figures stand.

    Raises ``FiguresDisagree`` when a line, a tax group or a total is further away than one cent for each line or
    group that went into it.
    """
    return tuple(
        chain(
            _lines(invoice),
            _bases(invoice),
            _tax_amounts(invoice, invoice.taxes, [tax for line in invoice.lines for tax in line.taxes]),
            _tax_amounts(invoice, invoice.withholdings, []),
            _totals(invoice),
        )
    )


def _lines(invoice: ForeignInvoice) -> Iterator[str]:
    for position, line in enumerate(invoice.lines, start=1):
        where = _("Línea %(position)s («%(concept)s»)") % {"position": position, "concept": _brief(line.concept)}
        if line.is_price_binding:
            yield from _compare(invoice, where, line.net, line.expected_net)
        elif cents(line.net) != line.expected_net:
            yield _("%(where)s: su cantidad por su precio no da su importe; se respeta lo declarado.") % {
                "where": where
            }


def _bases(invoice: ForeignInvoice) -> Iterator[str]:
    """The base of each group against the lines and adjustments that belong to it.

    Adjustments that belong to no tax in particular may have been spread over the bases or not: both are read.
    """
    if not invoice.lines or not all(line.taxes for line in invoice.lines):
        return
    expected, lines = _bases_of_lines(invoice)
    declared: dict[TaxKey, Decimal] = defaultdict(lambda: ZERO)
    for tax in invoice.taxes:
        declared[tax.key] += tax.base
    labels = {tax.key: tax.label for tax in (*(tax for line in invoice.lines for tax in line.taxes), *invoice.taxes)}
    if any(adjustment.applies_to is None for adjustment in (*invoice.discounts, *invoice.charges)):
        yield from _bases_with_loose_adjustments(invoice, declared, expected)
        return
    for key in {key: None for key in (*declared, *expected) if key[0] is not TaxKind.OTHER}:
        where = _("Base imponible de %(label)s") % {"label": labels.get(key, short(key[2]) + " %")}
        yield from _compare(invoice, where, declared[key], expected[key], slack=lines[key])


def _bases_of_lines(invoice: ForeignInvoice) -> tuple[dict[TaxKey, Decimal], dict[TaxKey, int]]:
    expected: dict[TaxKey, Decimal] = defaultdict(lambda: ZERO)
    lines: dict[TaxKey, int] = defaultdict(lambda: 1)
    for line in invoice.lines:
        for tax in line.taxes:
            lines[tax.key] += tax.key in expected
            expected[tax.key] += tax.base
    for adjustments, sign in ((invoice.discounts, -1), (invoice.charges, 1)):
        for adjustment in adjustments:
            if adjustment.applies_to is not None:
                expected[adjustment.applies_to] += sign * adjustment.amount
    return expected, lines


def _bases_with_loose_adjustments(
    invoice: ForeignInvoice, declared: dict[TaxKey, Decimal], expected: dict[TaxKey, Decimal]
) -> Iterator[str]:
    for kind in sorted({key[0] for key in declared}):
        base = sum((amount for key, amount in declared.items() if key[0] is kind), ZERO)
        of_lines = sum((amount for key, amount in expected.items() if key[0] is kind), ZERO)
        limits = sorted(
            (of_lines, of_lines - invoice.discount_total, of_lines + invoice.charge_total, _adjusted(invoice, of_lines))
        )
        nearest = min(max(base, limits[0]), limits[-1])
        yield from _compare(invoice, _("Suma de bases imponibles"), base, nearest, slack=len(invoice.lines))


def _adjusted(invoice: ForeignInvoice, amount: Decimal) -> Decimal:
    return amount - invoice.discount_total + invoice.charge_total


def _tax_amounts(invoice: ForeignInvoice, taxes: Iterable[ForeignTax], of_lines: Iterable[ForeignTax]) -> Iterator[str]:
    """Base by rate, or what its lines add up to when each was rounded on its own.

    Special taxes are not always percentages: their amounts are taken as they come.
    """
    line_by_line: dict[TaxKey, Decimal] = defaultdict(lambda: ZERO)
    for tax in of_lines:
        line_by_line[tax.key] += tax.amount
    for tax in taxes:
        if tax.kind is TaxKind.OTHER:
            continue
        where = _("Cuota de %(label)s") % {"label": tax.label}
        by_rate = percent_of(tax.base, tax.rate)
        explained = tax.key in line_by_line and abs(tax.amount - line_by_line[tax.key]) <= CENT
        far = abs(tax.amount - by_rate) > CENT * tax.parts
        if far and explained:
            yield _("%(where)s: está redondeada línea a línea; se respeta.") % {"where": where}
        else:
            yield from _compare(invoice, where, tax.amount, by_rate, slack=tax.parts)
        surcharge = percent_of(tax.base, tax.surcharge_rate)
        where = _("Recargo de equivalencia de %(label)s") % {"label": tax.label}
        yield from _compare(invoice, where, tax.surcharge_amount, surcharge, slack=tax.parts)


def _totals(invoice: ForeignInvoice) -> Iterator[str]:
    taxes = sum((tax.amount + tax.surcharge_amount for tax in invoice.taxes), ZERO)
    withheld = sum((tax.amount for tax in invoice.withholdings), ZERO)
    settled = sum((settlement.amount for settlement in invoice.settlements), ZERO)
    for where, declared, computed, slack in (
        (_("Suma de las líneas"), invoice.lines_total, _sum(invoice.lines, "net"), len(invoice.lines)),
        (_("Descuentos"), invoice.discount_total, _sum(invoice.discounts, "amount"), len(invoice.discounts)),
        (_("Cargos"), invoice.charge_total, _sum(invoice.charges, "amount"), len(invoice.charges)),
        (_("Base imponible total"), invoice.base_total, _adjusted(invoice, invoice.lines_total), 1),
        (_("Total de impuestos"), invoice.tax_total + invoice.surcharge_total, taxes, _parts(invoice.taxes)),
        (_("Total de retenciones"), invoice.withheld_total, withheld, _parts(invoice.withholdings)),
        (_("Total factura"), invoice.total, invoice.base_total + invoice.tax_total + invoice.surcharge_total, 1),
        (_("Total a pagar"), invoice.payable, invoice.total - invoice.withheld_total + settled, 1),
    ):
        yield from _compare(invoice, where, declared, computed, slack=slack)
    if invoice.dues and (due := _sum(invoice.dues, "amount")) != invoice.payable:
        yield _("Los vencimientos suman %(due)s y el total a pagar es %(payable)s.") % {
            "due": euros(due, invoice.currency),
            "payable": euros(invoice.payable, invoice.currency),
        }


def _compare(
    invoice: ForeignInvoice, where: str, declared: Decimal, computed: Decimal, *, slack: int = 1
) -> Iterator[str]:
    gap = abs(cents(declared) - cents(computed))
    if not gap:
        return
    sentence = _("%(where)s: el documento dice %(declared)s y sus datos dan %(computed)s") % {
        "where": where,
        "declared": euros(declared, invoice.currency),
        "computed": euros(computed, invoice.currency),
    }
    if gap > CENT * max(slack, 1):
        raise FiguresDisagree(sentence + ".")
    yield _("%(sentence)s; se respeta lo declarado.") % {"sentence": sentence}


def _sum(parts: Iterable[object], name: str) -> Decimal:
    return sum((getattr(part, name) for part in parts), ZERO)


def _parts(taxes: Iterable[ForeignTax]) -> int:
    return sum(tax.parts for tax in taxes)


def _brief(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= 40 else line[:39].rstrip() + "…"
