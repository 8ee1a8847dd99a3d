"""One document: to read, to download, to print."""

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import Any, cast
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app import clock
from app.adapters.pdf.from_document import METHOD_LABELS, spell_account, tax_words, totals_of
from app.domain.kinds import KINDS
from app.domain.queries.customer_document import dues_of, events_of, find_document, find_publication, lines_of, taxes_of
from app.errors import MISTAKES, AdapterError, NotFound
from app.money import euros, short, spell
from app.portal import words
from app.portal.doors import customer_errand_after, customer_page
from app.portal.hero import hero_of
from app.portal.pages import shell
from app.portal.sections import SECTIONS, state_of
from app.portal.visit import Visit
from app.portal.whose import elsewhere
from app.rendering import PDF, Printed, publication_pdf, stored_pdf
from app.scope import ScopedSession
from app.texts import _
from app.web import client_address
from models import Document
from models.document import OPEN
from models.enums import DocumentKind, EventKind, PaymentMethod

MOST_LINES, MOST_LETTERS = 100, 16_000
MOST_SHOWN_EVENTS = 12


def show(kind: DocumentKind, visit: Visit, db: ScopedSession) -> Response:
    document = find_document(db, kind, document_id(visit, kind))
    if document is None:
        return _elsewhere(visit, db, kind)
    today, falls_due = clock.today(), KINDS[kind].falls_due
    lines, dues = lines_of(db, document.id), dues_of(db, document.id) if falls_due else ()
    taxes = taxes_of(db, document.id)
    shown = _fitting(lines)
    page = shell(
        visit,
        db,
        "portal/documents/show.html",
        section=KINDS[kind].slug,
        kind=KINDS[kind],
        heading=_(SECTIONS[kind].heading),
        document=document,
        title=_("Factura rectificativa") if document.corrects_text else _(KINDS[kind].words.title),
        state=state_of(kind, document.status, document.due_on, today),
        hero=hero_of(document, today, in_parts=len(dues) > 1),
        unit=_("€") if document.currency == "EUR" else document.currency,
        issued_on=words.spell_day(document.issued_on),
        day_label=words.day_label(kind),
        due_on=words.spell_day(document.due_on) if document.due_on and len(dues) < 2 else "",
        method=_(METHOD_LABELS[document.payment_method]) if falls_due else "",
        lines=[_line(line) for line in shown],
        hidden=len(lines) - len(shown),
        has_discounts=any(line.discount_rate for line in shown),
        tax_heading=tax_words(taxes)[0],
        taxes=_taxes(taxes),
        totals=[
            (label, euros(amount, document.currency)) for label, amount in totals_of(cast(Document, document), taxes)
        ],
        dues=[_due(due, document.currency) for due in dues],
        payment=_payment(dues, document),
        history=_history(visit, db, document),
    )
    _remember(visit, EventKind.VIEWED, document.id)
    return page


def _published(kind: DocumentKind, visit: Visit, db: ScopedSession) -> Any:
    """The publication; a page when it is one of another customer's."""
    return find_publication(db, kind, document_id(visit, kind)) or _elsewhere(visit, db, kind)


def _elsewhere(visit: Visit, db: ScopedSession, kind: DocumentKind) -> Response:
    wanted = document_id(visit, kind)
    return elsewhere(visit, db, kind, lambda theirs: find_publication(theirs, kind, wanted))


def pdf(kind: DocumentKind, visit: Visit, publication: Any) -> Response:
    """The PDF that was published: to keep, or with ``?ver=1`` to look at and print."""
    inline = visit.query("ver") == "1"
    printed = _printed(visit, kind, publication)
    _remember(visit, EventKind.PRINTED if inline else EventKind.DOWNLOADED, document_id(visit, kind))
    headers = {"ETag": f'"{printed.sha256}"', "Cache-Control": "private, no-store"}
    if visit.request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = _disposition("inline" if inline else "attachment", printed.name)
    return Response(printed.content, media_type=PDF, headers=headers)


def _printed(visit: Visit, kind: DocumentKind, publication: Any) -> Printed:
    """Raises ``AdapterError`` when it cannot be had."""
    if publication.pdf_sha256:
        sha256, number = publication.pdf_sha256, publication.number_text
        return stored_pdf(visit.installation, visit.host.id, sha256, number, kind)
    try:
        return publication_pdf(visit.installation, visit.customer_scope, publication.id)
    except (OSError, *MISTAKES) as error:
        raise AdapterError(f"publication {publication.id} cannot be printed") from error


def document_id(visit: Visit, kind: DocumentKind) -> int:
    """The id in the address; what cannot be one does not exist."""
    typed = visit.request.path_params["id"]
    if not re.fullmatch(r"\d{1,18}", typed, re.ASCII):
        raise NotFound(_(KINDS[kind].words.that))
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


def _history(visit: Visit, db: ScopedSession, document: Any) -> list[tuple[str, str, str]]:
    """What was done with it, the last first; the same by the same person on one day is told once."""
    own = visit.someone.account_id
    told: dict[tuple[Any, ...], list[Any]] = {}
    for event in events_of(db, document.id):
        told.setdefault((event.account_id, event.kind, clock.madrid(event.created_at).date()), []).append(event)
    history = []
    for events in list(told.values())[:MOST_SHOWN_EVENTS]:
        event = events[0]
        who = _("Usted") if event.account_id == own and own else event.name or event.email or _("Alguien")
        times = _(" (%s veces)") % len(events) if len(events) > 1 else ""
        history.append((*_moment(event.created_at), f"{who} {words.deed(event.kind, document.kind)}{times}"))
    facts = {"empresa": visit.host.shown_name, "documento": words.the(document.kind)}
    history.append((*_moment(document.published_at), _("%(empresa)s publicó %(documento)s") % facts))
    return sorted(history, key=itemgetter(0), reverse=True)


def _moment(moment: dt.datetime) -> tuple[str, str]:
    return clock.madrid(moment).strftime("%Y-%m-%dT%H:%M"), words.spell_moment(moment)


def _routes(kind: DocumentKind) -> list[BaseRoute]:
    path = f"/in/{{slug}}/{KINDS[kind].slug}/{{id}}"
    page = customer_page(partial(show, kind))
    file = customer_errand_after(partial(_published, kind))(partial(pdf, kind))
    return [
        Route(path, page, methods=["GET"], name=f"portal:{kind}"),
        Route(f"{path}/pdf", file, methods=["GET"], name=f"portal:{kind}_pdf"),
    ]


routes = [route for kind in SECTIONS for route in _routes(kind)]
