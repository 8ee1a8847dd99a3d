"""The figures of an invoice as the office shows them: the same on the form, while it is typed, and on its page."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from admin_views.formatters import DASH, money, percent
from admin_views.invoice_form import InvoiceForm, InvoiceLine
from app.adapters.pdf.from_document import spell_account
from app.money import ZERO, euros, spell
from app.texts import _
from models import Document


class Sum(NamedTuple):
    """A line of the totals. ``tone`` is ``soft`` for what comes to nothing, ``big`` for what is to be paid."""

    label: str
    amount: str
    tone: str = ""


def sums_of(invoice: Document) -> list[Sum]:
    """Totals with one line for each tax and rate."""
    sums = []
    if invoice.discount_total:
        sums += [
            Sum(_("Suma de líneas"), money(invoice.lines_total)),
            Sum(_rated(_("Descuento"), invoice.discount_rate), money(-invoice.discount_total)),
        ]
    sums.append(Sum(_("Base imponible"), money(invoice.base_total)))
    many = len(invoice.taxes) > 1
    for tax in invoice.taxes:
        label = _("%(impuesto)s de %(base)s") % {"impuesto": tax.label, "base": spell(tax.base)} if many else tax.label
        sums.append(Sum(_("Cuota %(impuesto)s") % {"impuesto": label} if tax.rate else label, _or_dash(tax.amount)))
    sums += [
        Sum(_rated(_("Recargo equiv."), tax.surcharge_rate), money(tax.surcharge_amount))
        for tax in invoice.taxes
        if tax.surcharge_rate
    ]
    if invoice.withheld_total or invoice.payable != invoice.total:
        sums.append(Sum(_("Total factura"), money(invoice.total)))
    if invoice.withheld_total:
        sums.append(Sum(_rated(_("Retención IRPF"), invoice.withholding_rate), money(-invoice.withheld_total)))
    others = invoice.payable - (invoice.total - invoice.withheld_total)
    if others != ZERO:
        sums.append(Sum(_("Anticipos y otros"), money(others)))
    sums.append(Sum(_("Total a pagar"), euros(invoice.payable, invoice.currency), "big"))
    return sums


def estimated(form: InvoiceForm, lines: Sequence[InvoiceLine], invoice: Document) -> dict[str, Any]:
    """What a form comes to, for its page and for the script that keeps it up to date."""
    dues = invoice.dues if form.by_terms.data else form.sound_dues
    return {
        "lines": {line.name: money(row.net) for line, row in zip(lines, invoice.lines, strict=True)},
        "sums": sums_of(invoice),
        "payable": euros(invoice.payable, invoice.currency),
        "dues": [_due(due.day, due.amount, due.method, due.account, invoice.payable) for due in dues],
        "dues_state": _adds_up(sum((due.amount for due in dues), ZERO), invoice.payable),
        "problem": "",
    }


def unknown(problem: str) -> dict[str, Any]:
    """What is shown when there is no telling."""
    return {"lines": {}, "sums": [], "payable": "", "dues": [], "dues_state": ("", ""), "problem": problem}


def _due(day: dt.date, amount: Decimal, method: str, account: str, whole: Decimal) -> dict[str, str]:
    return {
        "day": day.strftime("%d/%m/%Y"),
        "amount": spell(amount).replace("−", "-").replace(".", ""),
        "method": method,
        "account": spell_account(account),
        "share": share(amount, whole),
    }


def _adds_up(together: Decimal, payable: Decimal) -> tuple[str, str]:
    """Tone and words for how the due dates and the total go together."""
    missing = max(payable, ZERO) - together
    if payable <= 0 and not together:
        return "", _("No hay nada que cobrar")
    if not missing:
        return "ok", _("Suman el total")
    words = _("Faltan %(importe)s") if missing > 0 else _("Sobran %(importe)s")
    return "bad", words % {"importe": euros(abs(missing))}


def share(amount: Decimal, whole: Decimal) -> str:
    """What part of the total falls due on a day, in per cent."""
    return percent(round(amount * 100 / whole, 2)) if whole else DASH


def _rated(label: str, rate: Decimal) -> str:
    return f"{label} {percent(rate)}" if rate else label


def _or_dash(amount: Decimal) -> str:
    return money(amount) if amount else DASH
