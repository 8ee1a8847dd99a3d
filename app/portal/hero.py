"""The answer to the first question about a document: how much, by when."""

import datetime as dt
from typing import Any, NamedTuple

from app.domain.kinds import KINDS
from app.money import euros
from app.portal import words
from app.portal.sections import SECTIONS, shown_as
from app.texts import _
from models.document import OPEN
from models.enums import DocumentStatus


class Hero(NamedTuple):
    """An amount under its label, and a sentence that may have a day in it."""

    label: str
    amount: str
    before: str
    day: str
    after: str


def hero_of(document: Any, today: dt.date, *, in_parts: bool) -> Hero:
    if KINDS[document.kind].falls_due:
        return _to_pay(document, today, in_parts=in_parts)
    shown, total = shown_as(document.kind, document.status, document.due_on, today), _("Total")
    amount = euros(document.total, document.currency)
    if shown.until and document.due_on:
        after = ", " + words.distance(document.due_on, today)
        return Hero(total, amount, _(shown.until), words.spell_day(document.due_on), after)
    if shown.says:
        return Hero(total, amount, _(shown.says), "", "")
    return Hero(total, amount, _(SECTIONS[document.kind].words.issued_on), words.spell_day(document.issued_on), "")


def _to_pay(invoice: Any, today: dt.date, *, in_parts: bool) -> Hero:
    if invoice.status not in OPEN:
        return _settled(invoice)
    left = euros(invoice.payable - invoice.collected, invoice.currency)
    label = _("Queda por pagar") if invoice.collected else _("Total a pagar")
    if invoice.status is DocumentStatus.RETURNED:
        return Hero(label, left, _("El banco devolvió el cobro de esta factura."), "", "")
    if invoice.due_on is None:
        return Hero(label, left, _("Sin fecha de vencimiento."), "", "")
    after = ", " + words.distance(invoice.due_on, today)
    due = words.part_due if in_parts else words.due
    return Hero(label, left, due(invoice.due_on, today), words.spell_day(invoice.due_on), after)


def _settled(invoice: Any) -> Hero:
    is_paid = invoice.status is DocumentStatus.PAID
    label = _("Total a su favor") if invoice.payable < 0 else _("Total") if is_paid else _("Total a pagar")
    total = euros(invoice.payable, invoice.currency)
    if is_paid:
        return Hero(label, total, _("No queda nada por pagar."), "", "")
    return Hero(label, total, _(SECTIONS[invoice.kind].words.issued_on), words.spell_day(invoice.issued_on), "")
