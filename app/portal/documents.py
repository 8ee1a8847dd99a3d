"""The customer's documents of a kind as a list: search, year, state, totals."""

import datetime as dt
import re
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from app import clock
from app.domain import fields
from app.domain.kinds import KINDS
from app.domain.queries.customer_documents import PAGE, Search, overview, page_of_documents, totals_of_documents
from app.errors import InvalidValue
from app.money import euros
from app.portal import words
from app.portal.doors import customer_page
from app.portal.pages import shell
from app.portal.section import Section
from app.portal.sections import SECTIONS, state_of
from app.portal.visit import Visit
from app.scope import ScopedSession
from app.texts import _
from models.document import OPEN
from models.enums import DocumentKind

_ASKED = {kind: section.asked for kind, section in SECTIONS.items()}
_AFTER = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d{1,18})", re.ASCII)


class Line(NamedTuple):
    """A document of the list, ready to print. ``rest`` is of what is to be paid."""

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


def index(kind: DocumentKind, visit: Visit, db: ScopedSession) -> Response:
    today, section = clock.today(), SECTIONS[kind]
    search, errors = _read(visit, kind, today)
    seen = overview(db, today)
    found, own = page_of_documents(db, search), seen.get(kind)
    totals = totals_of_documents(db, search)
    shown = found[:PAGE]
    return shell(
        visit,
        db,
        "portal/documents/index.html",
        section=KINDS[kind].slug,
        status=422 if errors else 200,
        errors=errors,
        waiting={each: row.waiting for each, row in seen.items()},
        typed=_typed(visit),
        years=range(own.last.year, own.first.year - 1, -1) if own else (),
        states=[(value, _(word)) for value, (word, _standing) in _ASKED[kind].items()],
        kind=KINDS[kind],
        said=section,
        day_label=words.day_label(kind),
        documents=[_line(row, kind, today) for row in shown],
        totals=_totals(totals, search),
        caption=_caption(section, search),
        older=_address(visit, kind, shown[-1]) if len(found) > PAGE else None,
        is_first=search.after is None,
        first=_address(visit, kind),
        is_filtered=bool(search.text or search.year or search.standing),
    )


def _read(visit: Visit, kind: DocumentKind, today: dt.date) -> tuple[Search, dict[str, str]]:
    """What is asked for; what cannot be understood is left out and said beside its field."""
    errors: dict[str, str] = {}
    text, year, standing = "", None, None
    try:
        text = fields.line(visit.query("q"), "q", most=80)
    except InvalidValue as invalid:
        errors["q"] = str(invalid)
    if typed := visit.query("ano"):
        year = int(typed) if re.fullmatch(r"(19[89]|20\d)\d", typed, re.ASCII) else None
        if year is None:
            errors["ano"] = _("Elija un año de la lista")
    if typed := visit.query("estado"):
        _word, standing = _ASKED[kind].get(typed, ("", None))
        if standing is None:
            errors["estado"] = _("Elija un estado de la lista")
    after = _after(visit.query("desde"))
    return Search(kind=kind, today=today, text=text, year=year, standing=standing, after=after), errors


def _after(typed: str) -> tuple[dt.date, int] | None:
    found = _AFTER.fullmatch(typed)
    try:
        return (dt.date.fromisoformat(found[1]), int(found[2])) if found else None
    except ValueError:
        return None


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.query(name)[:200] for name in ("q", "ano", "estado")}


def _line(row: Any, kind: DocumentKind, today: dt.date) -> Line:
    word, style = state_of(kind, row.status, row.due_on, today)
    is_open = row.status in OPEN
    if row.due_on is None:
        due_label, due_day = "", ""
    else:
        due_label = words.due(row.due_on, today) if is_open else words.day_label(kind)
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


def _totals(totals: Sequence[Any], search: Search) -> list[tuple[str, str, str]]:
    """``9 facturas de 2026``, their sum and what is still to be paid; a line for each currency."""
    scope = _(" de %s") % search.year if search.year else ""
    return [
        (
            KINDS[search.kind].words.count(row.documents) + scope,
            euros(row.total, row.currency),
            euros(row.outstanding, row.currency),
        )
        for row in totals
    ]


def _caption(section: Section, search: Search) -> str:
    which = _(section.heading)
    if search.year:
        which = _("%(documentos)s de %(year)s") % {"documentos": which, "year": search.year}
    return _(section.words.caption) % which


def _address(visit: Visit, kind: DocumentKind, last: Any = None) -> str:
    """The same search from its beginning, or after the last document shown."""
    query = {name: text for name, text in _typed(visit).items() if text}
    if last is not None:
        query["desde"] = f"{last.issued_on}.{last.id}"
    return f"{visit.base}/{KINDS[kind].slug}" + (f"?{urlencode(query)}" if query else "")


routes = [
    Route(
        f"/in/{{slug}}/{KINDS[kind].slug}",
        customer_page(partial(index, kind)),
        methods=["GET"],
        name=f"portal:{kind}s",
    )
    for kind in SECTIONS
]
