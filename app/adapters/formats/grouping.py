"""Tax groups: how they are called, and how those that belong together become one."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from app.domain.foreign import ForeignLine, ForeignTax, TaxKey
from app.money import short


def rate_label(name: str, rate: Decimal) -> str:
    return f"{name} {short(rate, 4)} %"


def grouped(taxes: Iterable[ForeignTax], lines: Iterable[ForeignLine] = ()) -> tuple[ForeignTax, ...]:
    """One group for each tax, rate and surcharge, in order of appearance; what a line says of an exemption is kept.

    Some programs declare a group for each line: they are added up, and ``parts`` remembers how many there were.
    """
    groups: dict[tuple[TaxKey, Decimal], ForeignTax] = {}
    for tax in taxes:
        place = (tax.key, tax.surcharge_rate)
        groups[place] = _together(groups[place], tax) if place in groups else tax
    said = {tax.key: tax for line in lines for tax in line.taxes if tax.exemption_reason}
    return tuple(_explained(tax, said.get(tax.key)) for tax in groups.values())


def _together(one: ForeignTax, other: ForeignTax) -> ForeignTax:
    return replace(
        one,
        base=one.base + other.base,
        amount=one.amount + other.amount,
        surcharge_amount=one.surcharge_amount + other.surcharge_amount,
        exemption_reason=one.exemption_reason or other.exemption_reason,
        parts=one.parts + other.parts,
        beyond_total=one.beyond_total + other.beyond_total,
    )


def _explained(tax: ForeignTax, said: ForeignTax | None) -> ForeignTax:
    if said is None or tax.exemption_reason:
        return tax
    return replace(tax, label=said.label, exemption_reason=said.exemption_reason)
