"""The customer's invoices as a list: search, year, state, totals."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from app import clock
from app.domain import fields
from app.domain.queries.customer_invoices import (
    PAGE,
    InvoiceSearch,
    State,
    overview,
    page_of_invoices,
    totals_of_invoices,
)
from app.errors import InvalidValue
from app.money import euros
from app.portal import words
from app.portal.doors import customer_page
from app.portal.pages import shell
from app.portal.visit import Visit
from app.scope import ScopedSession
from app.texts import _, plural

STATES = {
    "por-pagar": (State.OPEN, "Por pagar"),
    "vencida": (State.LATE, "Vencida"),
    "pendiente": (State.PENDING, "Pendiente"),
    "cobrada-en-parte": (State.PART_PAID, "Cobrada en parte"),
    "cobrada": (State.PAID, "Cobrada"),
    "devuelta": (State.RETURNED, "Devuelta"),
}
_OPEN_STYLES = ("due", "part", "late")
_AFTER = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d{1,18})", re.ASCII)


class Line(NamedTuple):
    """An invoice of the list, ready to print."""

    id: int
    number: str
    note: str
    day: str
    due_label: str
    due_day: str
    state: str
    style: str
    total: str
    rest: str
    is_part_paid: bool


@customer_page
def index(visit: Visit, db: ScopedSession) -> Response:
    today = clock.today()
    search, errors = _read(visit, today)
    seen = overview(db)
    found = page_of_invoices(db, search)
    totals = totals_of_invoices(db, search)
    shown = found[:PAGE]
    return shell(
        visit,
        db,
        "portal/invoices/index.html",
        section="facturas",
        status=422 if errors else 200,
        errors=errors,
        waiting=seen.waiting,
        typed=_typed(visit),
        years=range(seen.last.year, seen.first.year - 1, -1) if seen.first else (),
        states=[(value, _(word)) for value, (_state, word) in STATES.items()],
        invoices=[_line(row, today) for row in shown],
        totals=_totals(totals, search),
        caption=_caption(search),
        older=_address(visit, shown[-1]) if len(found) > PAGE else None,
        is_first=search.after is None,
        first=_address(visit),
        is_filtered=bool(search.text or search.year or search.state),
    )


def _read(visit: Visit, today: dt.date) -> tuple[InvoiceSearch, dict[str, str]]:
    """What is asked for; what cannot be understood is left out and said beside its field."""
    errors: dict[str, str] = {}
    text, year, state = "", None, None
    try:
        text = fields.line(visit.query("q"), "q", most=80)
    except InvalidValue as invalid:
        errors["q"] = str(invalid)
    if typed := visit.query("ano"):
        year = int(typed) if re.fullmatch(r"(19[89]|20\d)\d", typed, re.ASCII) else None
        if year is None:
            errors["ano"] = _("Elija un año de la lista")
    if typed := visit.query("estado"):
        state, _word = STATES.get(typed, (None, ""))
        if state is None:
            errors["estado"] = _("Elija un estado de la lista")
    return InvoiceSearch(today=today, text=text, year=year, state=state, after=_after(visit.query("desde"))), errors


def _after(typed: str) -> tuple[dt.date, int] | None:
    found = _AFTER.fullmatch(typed)
    try:
        return (dt.date.fromisoformat(found[1]), int(found[2])) if found else None
    except ValueError:
        return None


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.query(name)[:200] for name in ("q", "ano", "estado")}


def _line(row: Any, today: dt.date) -> Line:
    word, style = words.state_of(row.status, row.due_on, today)
    is_open = style in _OPEN_STYLES
    if row.due_on is None:
        due_label, due_day = "", ""
    else:
        due_label = words.due(row.due_on, today) if is_open else _("Vencimiento")
        due_day = words.spell_day(row.due_on)
    return Line(
        row.id,
        row.number_text,
        _("Rectifica la factura %s") % row.corrects_text if row.corrects_text else row.subject,
        words.spell_day(row.issued_on),
        due_label,
        due_day,
        word,
        style,
        euros(row.total, row.currency),
        euros(row.outstanding, row.currency),
        is_open and row.outstanding != row.total,
    )


def _totals(totals: Sequence[Any], search: InvoiceSearch) -> list[tuple[str, str, str]]:
    """``9 facturas de 2026``, their sum and what is still to be paid; a line for each currency."""
    scope = _(" de %s") % search.year if search.year else ""
    return [
        (
            plural("%(n)s factura", "%(n)s facturas", row.invoices) + scope,
            euros(row.total, row.currency),
            euros(row.outstanding, row.currency),
        )
        for row in totals
    ]


def _caption(search: InvoiceSearch) -> str:
    which = _("Facturas de %s") % search.year if search.year else _("Facturas")
    return _("%s, de la más reciente a la más antigua") % which


def _address(visit: Visit, last: Any = None) -> str:
    """The same search from its beginning, or after the last invoice shown."""
    query = {name: text for name, text in _typed(visit).items() if text}
    if last is not None:
        query["desde"] = f"{last.issued_on}.{last.id}"
    return f"{visit.base}/facturas" + (f"?{urlencode(query)}" if query else "")


routes = [Route("/in/{slug}/facturas", index, methods=["GET"], name="portal:invoices")]
