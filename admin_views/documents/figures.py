"""The figures of a document as the office shows them: the same on the form, while it is typed, and on its page."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from admin_views.documents.form import DocumentForm, InvoiceForm
from admin_views.documents.rows import DocumentRow
from admin_views.formatters import DASH, money, percent
from app.adapters.pdf.from_document import spell_account
from app.domain.kinds import KINDS
from app.money import ZERO, euros, spell
from app.texts import _
from models import Document


class Sum(NamedTuple):
    """A line of the totals. ``tone`` is ``soft`` for what comes to nothing, ``big`` for what is to be paid."""

    label: str
    amount: str
    tone: str = ""


def sums_of(document: Document) -> list[Sum]:
    """Totals with one line for each tax and rate."""
    sums = []
    if document.discount_total:
        sums += [
            Sum(_("Suma de líneas"), money(document.lines_total)),
            Sum(_rated(_("Descuento"), document.discount_rate), money(-document.discount_total)),
        ]
    sums.append(Sum(_("Base imponible"), money(document.base_total)))
    many = len(document.taxes) > 1
    for tax in document.taxes:
        label = _("%(impuesto)s de %(base)s") % {"impuesto": tax.label, "base": spell(tax.base)} if many else tax.label
        sums.append(Sum(_("Cuota %(impuesto)s") % {"impuesto": label} if tax.rate else label, _or_dash(tax.amount)))
    sums += [
        Sum(_rated(_("Recargo equiv."), tax.surcharge_rate), money(tax.surcharge_amount))
        for tax in document.taxes
        if tax.surcharge_rate
    ]
    falls_due = KINDS[document.kind].falls_due
    if document.withheld_total or document.payable != document.total:
        sums.append(Sum(_("Total factura") if falls_due else _("Total"), money(document.total)))
    if document.withheld_total:
        sums.append(Sum(_rated(_("Retención IRPF"), document.withholding_rate), money(-document.withheld_total)))
    others = document.payable - (document.total - document.withheld_total)
    if others != ZERO:
        sums.append(Sum(_("Anticipos y otros"), money(others)))
    is_whole = not falls_due and document.payable == document.total
    label = _("Total") if is_whole else _("Total a pagar")
    sums.append(Sum(label, euros(document.payable, document.currency), "big"))
    return sums


def estimated(form: DocumentForm, lines: Sequence[DocumentRow], document: Document) -> dict[str, Any]:
    """What a form comes to, for its page and for the script that keeps it up to date."""
    return {
        "lines": {line.name: money(row.net) for line, row in zip(lines, document.lines, strict=True)},
        "sums": sums_of(document),
        "payable": euros(document.payable if KINDS[document.kind].falls_due else document.total, document.currency),
        "problem": "",
        **_dues(form, document),
    }


def _dues(form: DocumentForm, document: Document) -> dict[str, Any]:
    if not isinstance(form, InvoiceForm):
        return {"dues": [], "dues_state": ("", "")}
    dues = document.dues if form.by_terms.data else form.sound_dues
    return {
        "dues": [_due(due.day, due.amount, due.method, due.account, document.payable) for due in dues],
        "dues_state": _adds_up(sum((due.amount for due in dues), ZERO), document.payable),
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
