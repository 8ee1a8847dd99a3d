"""What every format ends in: lines, taxes, totals, and the words that explain them."""

import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from app.adapters.formats.fields import CONCEPT, Flaw
from app.domain.foreign import (
    TOTALS,
    ForeignAdjustment,
    ForeignDue,
    ForeignInvoice,
    ForeignLine,
    ForeignSettlement,
    ForeignTax,
    Unreadable,
)
from app.money import LARGEST, cents, euros
from app.texts import _

log = logging.getLogger(__name__)

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


def read_alone(read: Callable[[], ForeignInvoice], name: Callable[[], str | None]) -> ForeignInvoice | Unreadable:
    """What ``read`` answers, or why it cannot: whatever one invoice holds, the others of its file are read."""
    try:
        return _bounded(read())
    except Flaw as flaw:
        reason = str(flaw)
    except (ArithmeticError, ValueError):
        log.exception("an invoice cannot be read")
        reason = _("No se puede leer. El porqué está en el registro de la instalación.")
    return Unreadable(number_text=name(), reason=reason)


def _bounded(invoice: ForeignInvoice) -> ForeignInvoice:
    """What was worked out must fit as what was declared does."""
    for amount in _amounts(invoice):
        if abs(amount) > LARGEST:
            raise Flaw(_("Un importe de la factura es demasiado grande: %(amount)s.") % {"amount": euros(amount)})
    return invoice


def _amounts(invoice: ForeignInvoice) -> Iterator[Decimal]:
    yield from (getattr(invoice, name) for name in TOTALS)
    for line in invoice.lines:
        yield from (line.net, line.discount_amount, line.charge_amount)
    for tax in (*invoice.taxes, *invoice.withholdings, *(tax for line in invoice.lines for tax in line.taxes)):
        yield from (tax.base, tax.amount, tax.surcharge_amount)
