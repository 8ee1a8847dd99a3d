"""One invoice: to read, to download, to print."""

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from app import clock
from app.adapters.pdf.from_document import METHOD_LABELS, spell_account, tax_words, totals_of
from app.domain.queries.customer_invoice import dues_of, events_of, find_invoice, find_publication, lines_of, taxes_of
from app.errors import AdapterError, NotFound
from app.money import euros, short, spell
from app.portal import words
from app.portal.doors import customer_errand_after, customer_page
from app.portal.pages import shell
from app.portal.visit import Visit
from app.portal.whose import elsewhere
from app.printing import MISTAKES
from app.rendering import PDF, Printed, publication_pdf, stored_pdf
from app.scope import ScopedSession
from app.texts import _
from app.web import client_address
from models import Document
from models.document import OPEN
from models.enums import DocumentStatus, EventKind, PaymentMethod

MOST_LINES, MOST_LETTERS = 100, 16_000
MOST_SHOWN_EVENTS = 12


class Hero(NamedTuple):
    """The answer to the first question: how much, by when."""

    label: str
    amount: str
    before: str
    day: str
    after: str


@customer_page
def show(visit: Visit, db: ScopedSession) -> Response:
    invoice = find_invoice(db, document_id(visit))
    if invoice is None:
        return _elsewhere(visit, db)
    today = clock.today()
    lines, dues = lines_of(db, invoice.id), dues_of(db, invoice.id)
    taxes = taxes_of(db, invoice.id)
    shown = _fitting(lines)
    page = shell(
        visit,
        db,
        "portal/invoices/show.html",
        section="facturas",
        invoice=invoice,
        kind=_("Factura rectificativa") if invoice.corrects_text else _("Factura"),
        state=words.state_of(invoice.status, invoice.due_on, today),
        hero=_hero(invoice, today, in_parts=len(dues) > 1),
        unit=_("€") if invoice.currency == "EUR" else invoice.currency,
        issued_on=words.spell_day(invoice.issued_on),
        due_on=words.spell_day(invoice.due_on) if invoice.due_on and len(dues) < 2 else "",
        method=_(METHOD_LABELS[invoice.payment_method]),
        lines=[_line(line) for line in shown],
        hidden=len(lines) - len(shown),
        has_discounts=any(line.discount_rate for line in shown),
        tax_heading=tax_words(taxes)[0],
        taxes=_taxes(taxes),
        totals=[
            (label, euros(amount, invoice.currency)) for label, amount in totals_of(cast(Document, invoice), taxes)
        ],
        dues=[_due(due, invoice.currency) for due in dues],
        payment=_payment(dues, invoice),
        history=_history(visit, db, invoice),
    )
    _remember(visit, EventKind.VIEWED, invoice.id)
    return page


def _published(visit: Visit, db: ScopedSession) -> Any:
    """The publication; a page when it is one of another customer's."""
    return find_publication(db, document_id(visit)) or _elsewhere(visit, db)


def _elsewhere(visit: Visit, db: ScopedSession) -> Response:
    wanted = document_id(visit)
    sentence = _("Esta factura es de %(cliente)s")
    return elsewhere(visit, db, _("esa factura"), sentence, lambda theirs: find_publication(theirs, wanted))


@customer_errand_after(_published)
def pdf(visit: Visit, publication: Any) -> Response:
    """The PDF that was published: to keep, or with ``?ver=1`` to look at and print."""
    inline = visit.query("ver") == "1"
    printed = _printed(visit, publication)
    _remember(visit, EventKind.PRINTED if inline else EventKind.DOWNLOADED, document_id(visit))
    headers = {"ETag": f'"{printed.sha256}"', "Cache-Control": "private, no-store"}
    if visit.request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = _disposition("inline" if inline else "attachment", printed.name)
    return Response(printed.content, media_type=PDF, headers=headers)


def _printed(visit: Visit, publication: Any) -> Printed:
    """Raises ``AdapterError`` when it cannot be had."""
    if publication.pdf_sha256:
        return stored_pdf(visit.installation, visit.host.id, publication.pdf_sha256, publication.number_text)
    try:
        return publication_pdf(visit.installation, visit.customer_scope, publication.id)
    except MISTAKES as error:
        raise AdapterError(f"publication {publication.id} cannot be printed") from error


def document_id(visit: Visit) -> int:
    """The id in the address; what cannot be one does not exist."""
    typed = visit.request.path_params["id"]
    if not re.fullmatch(r"\d{1,18}", typed, re.ASCII):
        raise NotFound(_("esa factura"))
    return int(typed)


def _remember(visit: Visit, kind: EventKind, document: int) -> None:
    """Customers leave footprints; staff who look with their eyes, and programs that only ask for the head, do not."""
    person = visit.someone
    if person.is_preview or visit.request.method == "HEAD":
        return
    visit.footprints.view(
        kind,
        company_id=visit.host.id,
        document_id=document,
        contact_id=visit.customer_scope.contact_id,
        account_id=visit.account_id,
        address=client_address(visit.request),
        browser=visit.browser,
    )


def _disposition(kind: str, name: str) -> str:
    """RFC 6266: the name for everybody, and as it is for who understands."""
    plain = name.encode("ascii", "replace").decode().replace("?", "-")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


def _hero(invoice: Any, today: dt.date, *, in_parts: bool) -> Hero:
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
    return Hero(label, total, _("Emitida el"), words.spell_day(invoice.issued_on), "")


def _fitting(lines: Sequence[Any]) -> Sequence[Any]:
    """As many lines as a page can carry; the PDF has them all."""
    letters = 0
    for position, line in enumerate(lines):
        letters += len(line.concept)
        if position == MOST_LINES or letters > MOST_LETTERS:
            return lines[: max(position, 1)]
    return lines


def _line(line: Any) -> tuple[str, str, str, str, str, str, str]:
    return (
        line.code,
        line.concept[:MOST_LETTERS],
        short(line.quantity),
        _price(line.unit_price),
        f"{short(line.discount_rate)}\u00a0%" if line.discount_rate else "",
        f"{short(line.tax_rate)}\u00a0%",
        spell(line.net),
    )


def _price(price: Decimal) -> str:
    """Two decimals, and more only where they say something."""
    whole, _comma, decimals = spell(price, 8).partition(",")
    return f"{whole},{decimals.rstrip('0').ljust(2, '0')}"


def _taxes(taxes: Sequence[Any]) -> list[tuple[str, str, str, str]]:
    rows = []
    for tax in taxes:
        rows.append((tax.label, tax.exemption, spell(tax.base), spell(tax.amount)))
        if tax.surcharge_amount:
            label = f"{_('Recargo equiv.')} {short(tax.surcharge_rate)}\u00a0%"
            rows.append((label, "", spell(tax.base), spell(tax.surcharge_amount)))
    return rows


def _due(due: Any, currency: str) -> tuple[str, str, str]:
    return words.spell_day(due.day), _(METHOD_LABELS[due.method]), euros(due.amount, currency)


def _payment(dues: Sequence[Any], invoice: Any) -> str:
    """How to pay what is left, in a sentence; nothing when there is nothing to do."""
    account = next((due.account for due in dues if due.account), "")
    if invoice.status not in OPEN or not account:
        return ""
    if invoice.payment_method is PaymentMethod.TRANSFER:
        return _("Transferencia a %(account)s, con el concepto %(number)s.") % {
            "account": spell_account(account),
            "number": invoice.number_text,
        }
    if invoice.payment_method is PaymentMethod.DIRECT_DEBIT:
        return _("Recibo domiciliado en %s.") % spell_account(account)
    return ""


def _history(visit: Visit, db: ScopedSession, invoice: Any) -> list[tuple[str, str, str]]:
    """What was done with it, the last first; the same by the same person on one day is told once."""
    own = visit.someone.account_id
    told: dict[tuple[Any, ...], list[Any]] = {}
    for event in events_of(db, invoice.id):
        told.setdefault((event.account_id, event.kind, clock.madrid(event.created_at).date()), []).append(event)
    history = []
    for events in list(told.values())[:MOST_SHOWN_EVENTS]:
        event = events[0]
        who = _("Usted") if event.account_id == own and own else event.name or event.email or _("Alguien")
        times = _(" (%s veces)") % len(events) if len(events) > 1 else ""
        history.append((*_moment(event.created_at), f"{who} {words.deed(event.kind)}{times}"))
    history.append((*_moment(invoice.published_at), _("%s publicó la factura") % visit.host.shown_name))
    return sorted(history, key=itemgetter(0), reverse=True)


def _moment(moment: dt.datetime) -> tuple[str, str]:
    return clock.madrid(moment).strftime("%Y-%m-%dT%H:%M"), words.spell_moment(moment)


routes = [
    Route("/in/{slug}/facturas/{id}", show, methods=["GET"], name="portal:invoice"),
    Route("/in/{slug}/facturas/{id}/pdf", pdf, methods=["GET"], name="portal:invoice_pdf"),
]
