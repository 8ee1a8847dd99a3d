"""What every format ends in: lines, taxes, totals, and the words that explain them."""

from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from app.adapters.formats.fields import CONCEPT
from app.domain.foreign import (
    ForeignAdjustment,
    ForeignDue,
    ForeignInvoice,
    ForeignLine,
    ForeignSettlement,
    ForeignTax,
)
from app.money import LARGEST, cents, euros
from app.texts import _

MOST_LINES = 5000
EXACT = (8, LARGEST)


class Figures(NamedTuple):
    """The part of a ``ForeignInvoice`` that counts."""

    lines: tuple[ForeignLine, ...]
    taxes: tuple[ForeignTax, ...]
    withholdings: tuple[ForeignTax, ...]
    discounts: tuple[ForeignAdjustment, ...]
    charges: tuple[ForeignAdjustment, ...]
    settlements: tuple[ForeignSettlement, ...]
    lines_total: Decimal
    discount_total: Decimal
    charge_total: Decimal
    base_total: Decimal
    tax_total: Decimal
    surcharge_total: Decimal
    withheld_total: Decimal
    total: Decimal
    payable: Decimal
    declared_total: Decimal
    dues: tuple[ForeignDue, ...]


def joined(concept: str, more: tuple[str, ...], where: str, reading: list[str]) -> str:
    """``concept`` with the lines of ``more`` that it does not say already, cut where there is no more room."""
    said = [text for text in more if text and text not in concept]
    whole = "\n".join((concept, *said))
    if len(whole) <= CONCEPT:
        return whole
    reading.append(_("La información adicional (%(where)s) no cabe entera.") % {"where": where})
    return whole[: CONCEPT - 1] + "…"


def explained(invoice: ForeignInvoice, reading: list[str]) -> ForeignInvoice:
    """``invoice`` with its notes complete: why its total is not the sum of its lines, nor what is to be paid."""
    parts: tuple[ForeignAdjustment | ForeignSettlement, ...] = (
        *invoice.discounts,
        *invoice.charges,
        *invoice.settlements,
    )
    told = (f"{part.label}: {euros(cents(part.amount), invoice.currency)}" for part in parts)
    notes = tuple(dict.fromkeys((*invoice.notes, *told)))
    return replace(invoice, notes=notes, notes_on_reading=(*invoice.notes_on_reading, *reading))
