"""Whether the figures of an invoice issued elsewhere add up: rounding is noted, more is refused."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain, islice

from app.domain.foreign import PERCENTAGES, ForeignAdjustment, ForeignInvoice, ForeignTax, TaxKey
from app.errors import Refusal
from app.money import CENT, ZERO, cents, euros, percent_of, short
from app.texts import _
from models.enums import TaxKind

MOST_UNTAXED = 8
EXACT_UP_TO = 2_000_000  # units: beyond, the eighth decimal of a price that was worked out moves the cent


class FiguresDisagree(Refusal):
    """A line, a tax group or a total is further from its own figures than rounding explains."""

    status = 422
    code = "figures_disagree"


def check_figures(invoice: ForeignInvoice) -> tuple[str, ...]:
    """What does not add up, one sentence each, where rounding explains it: the declared figures stand.

    Raises ``FiguresDisagree`` when a line, a tax group or a total is further away than one cent for each line or
    group that went into it.
    """
    return tuple(chain(_lines(invoice), _bases(invoice), _tax_amounts(invoice), _totals(invoice)))


def _lines(invoice: ForeignInvoice) -> Iterator[str]:
    for position, line in enumerate(invoice.lines, start=1):
        where = _("Línea %(position)s («%(concept)s»)") % {"position": position, "concept": _brief(line.concept)}
        expected = line.expected_net
        if not line.is_sign_binding and line.net * expected < 0:
            yield _(
                "%(where)s: su importe tiene otro signo que su cantidad por su precio; se respeta lo declarado."
            ) % {"where": where}
            expected = -expected
        yield from _compare(invoice, where, line.net, expected, slack=1 + int(abs(line.quantity) / EXACT_UP_TO))
        for tax in line.taxes:
            yield from _by_rate(invoice, tax, tax.parts, _(" (línea %(position)s)") % {"position": position})


def _bases(invoice: ForeignInvoice) -> Iterator[str]:
    """The base of each group against the lines and adjustments that belong to it.

    Adjustments that belong to no tax in particular may have been spread over the bases in any way.
    """
    if not invoice.lines or not all(line.taxes for line in invoice.lines):
        return
    expected, lines = _bases_of_lines(invoice)
    declared: dict[TaxKey, Decimal] = defaultdict(lambda: ZERO)
    for tax in invoice.taxes:
        declared[tax.key] += tax.base
    labels = {tax.key: tax.label for tax in (*(tax for line in invoice.lines for tax in line.taxes), *invoice.taxes)}
    less, plus = _loose(invoice.discounts), _loose(invoice.charges)
    for key in {key: None for key in (*declared, *expected) if key[0] is not TaxKind.OTHER}:
        where = _("Base imponible de %(label)s") % {"label": labels.get(key, short(key[2]) + " %")}
        spread = sorted(expected[key] + change for change in (ZERO, -less, plus, plus - less))
        nearest = min(max(declared[key], spread[0]), spread[-1])
        yield from _compare(invoice, where, declared[key], nearest, slack=lines[key])


def _bases_of_lines(invoice: ForeignInvoice) -> tuple[dict[TaxKey, Decimal], Counter[TaxKey]]:
    expected: dict[TaxKey, Decimal] = defaultdict(lambda: ZERO)
    for line in invoice.lines:
        for tax in line.taxes:
            expected[tax.key] += tax.base
    for adjustments, sign in ((invoice.discounts, -1), (invoice.charges, 1)):
        for adjustment in adjustments:
            if adjustment.applies_to is not None:
                expected[adjustment.applies_to] += sign * adjustment.amount
    return expected, _taxed_lines(invoice)


def _taxed_lines(invoice: ForeignInvoice) -> Counter[TaxKey]:
    return Counter(tax.key for line in invoice.lines for tax in line.taxes)


def _loose(adjustments: Iterable[ForeignAdjustment]) -> Decimal:
    return sum((adjustment.amount for adjustment in adjustments if adjustment.applies_to is None), ZERO)


def _tax_amounts(invoice: ForeignInvoice) -> Iterator[str]:
    """Base by rate. Each line may have been rounded on its own: every line if none says what it bears."""
    taxed = _taxed_lines(invoice)
    for tax in invoice.taxes:
        lines = taxed[tax.key] if taxed else len(invoice.lines)
        yield from _by_rate(invoice, tax, max(tax.parts, lines))
    withheld = Counter(line.withheld_rate for line in invoice.lines if line.withheld_rate)
    for tax in invoice.withholdings:
        lines = withheld[tax.rate] if withheld else len(invoice.lines)
        yield from _by_rate(invoice, tax, max(tax.parts, lines))


def _by_rate(invoice: ForeignInvoice, tax: ForeignTax, slack: int, where: str = "") -> Iterator[str]:
    """Special taxes are not always percentages: their amounts are taken as they come."""
    if tax.kind is TaxKind.OTHER:
        return
    label = {"label": tax.label + where}
    by_rate = percent_of(tax.base, tax.rate)
    yield from _compare(invoice, _("Cuota de %(label)s") % label, tax.amount, by_rate, slack=slack)
    surcharge = percent_of(tax.base, tax.surcharge_rate)
    what = _("Recargo de equivalencia de %(label)s") % label
    yield from _compare(invoice, what, tax.surcharge_amount, surcharge, slack=slack)


def _totals(invoice: ForeignInvoice) -> Iterator[str]:
    taxes = sum((tax.amount + tax.surcharge_amount for tax in invoice.taxes), ZERO)
    withheld = sum((tax.amount for tax in invoice.withholdings), ZERO)
    settled = sum((settlement.amount for settlement in invoice.settlements), ZERO)
    for where, declared, computed, slack in (
        (_("Suma de las líneas"), invoice.lines_total, _sum(invoice.lines, "net"), len(invoice.lines)),
        (_("Descuentos"), invoice.discount_total, _sum(invoice.discounts, "amount"), len(invoice.discounts)),
        (_("Cargos"), invoice.charge_total, _sum(invoice.charges, "amount"), len(invoice.charges)),
        (_("Base imponible total"), invoice.base_total, _adjusted(invoice), 1),
        (_("Total de impuestos"), invoice.tax_total + invoice.surcharge_total, taxes, _parts(invoice.taxes)),
        (_("Total de retenciones"), invoice.withheld_total, withheld, _parts(invoice.withholdings)),
        (_("Total factura"), invoice.total, invoice.base_total + invoice.tax_total + invoice.surcharge_total, 1),
        (_("Total a pagar"), invoice.payable, invoice.total - invoice.withheld_total + settled, 1),
    ):
        yield from _compare(invoice, where, declared, computed, slack=slack)
    yield from _sum_of_bases(invoice)
    if invoice.dues and (due := _sum(invoice.dues, "amount")) != invoice.payable:
        yield _("Los vencimientos suman %(due)s y el total a pagar es %(payable)s.") % {
            "due": euros(due, invoice.currency),
            "payable": euros(invoice.payable, invoice.currency),
        }


def _adjusted(invoice: ForeignInvoice) -> Decimal:
    return invoice.lines_total - invoice.discount_total + invoice.charge_total


def _sum_of_bases(invoice: ForeignInvoice) -> Iterator[str]:
    """The bases make up the base total, less the lines and loose adjustments that bear none of these taxes."""
    groups = [tax for tax in invoice.taxes if tax.kind in PERCENTAGES]
    if not groups:
        return
    bases = sum((tax.base - tax.beyond_total for tax in groups), ZERO)
    left_out = [ZERO]
    for amount in islice(_untaxed(invoice), MOST_UNTAXED):
        left_out += [already + amount for already in left_out]
    out = min(left_out, key=lambda amount: abs(invoice.base_total - amount - bases))
    slack = max(len(invoice.lines), _parts(groups))
    yield from _compare(invoice, _("Suma de bases imponibles"), bases, invoice.base_total - out, slack=slack)
    if out:
        sentence = _(
            "Las bases imponibles suman %(bases)s y la base total es %(total)s: la diferencia no lleva impuesto."
        )
        amounts = {"bases": euros(bases, invoice.currency), "total": euros(invoice.base_total, invoice.currency)}
        yield sentence % amounts


def _untaxed(invoice: ForeignInvoice) -> Iterator[Decimal]:
    """What may or may not be part of the bases."""
    lines = [line.net for line in invoice.lines if not any(tax.kind in PERCENTAGES for tax in line.taxes)]
    yield sum(lines, ZERO)
    for adjustments, sign in ((invoice.discounts, -1), (invoice.charges, 1)):
        yield from (sign * adjustment.amount for adjustment in adjustments if adjustment.applies_to is None)


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
