"""The first page after signing in: what waits for the customer, and what happened last."""

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from starlette.responses import Response
from starlette.routing import Route

from app import clock
from app.domain.kinds import KINDS
from app.domain.queries.customer_summary import (
    customers_of_person,
    most_urgent,
    recent_events,
    recent_publications,
    waiting_totals,
)
from app.money import euros
from app.portal import words
from app.portal.doors import customer_page
from app.portal.navigation import home_of
from app.portal.pages import shell
from app.portal.section import State
from app.portal.sections import HOMES, WAITS, shown_as
from app.portal.visit import Visit
from app.scope import ScopedSession
from app.texts import _, plural
from models.enums import DocumentKind, DocumentStatus

MOST_SHOWN = 4
MOST_RECENT, MOST_LOOKED_THROUGH = 6, 40


class Figure(NamedTuple):
    """How much waits, with the list that shows it."""

    address: str
    what: str
    amount: str


class Todo(NamedTuple):
    address: str
    name: str
    object: str
    subject: str
    state: State
    amount: str
    when: str


class Waiting(NamedTuple):
    """What waits of a kind: the most urgent, and a sentence about the others if there are."""

    heading: str
    todo: list[Todo]
    address: str
    more: str


class Deed(NamedTuple):
    at: dt.datetime
    text: str
    address: str
    number: str

    @property
    def machine(self) -> str:
        return clock.madrid(self.at).strftime("%Y-%m-%dT%H:%M")

    @property
    def moment(self) -> str:
        return words.spell_moment(self.at)


@customer_page
def show(visit: Visit, db: ScopedSession) -> Response:
    today, home = clock.today(), home_of(visit.someone)
    totals = waiting_totals(db, today)
    waiting = dict.fromkeys((row.kind for row in totals), 0)
    for row in totals:
        waiting[row.kind] += row.waiting
    return shell(
        visit,
        db,
        "portal/summary.html",
        section="resumen",
        waiting=waiting,
        greeting=_greeting(visit),
        figures=_figures(visit, totals),
        waits=[_waiting(visit, db, kind, today, waiting[kind]) for kind in WAITS if waiting.get(kind)],
        home=HOMES[home],
        home_slug=KINDS[home].slug,
        has_others=_acts_for_others(visit, db),
        deeds=_deeds(visit, db),
    )


def _acts_for_others(visit: Visit, db: ScopedSession) -> bool:
    account_id = visit.someone.account_id
    return account_id is not None and customers_of_person(db, account_id) > 1


def _greeting(visit: Visit) -> str:
    """By name, when the account has a person's and not just the customer's."""
    person = visit.someone
    own = person.name.strip()
    return _("Hola, %s") % own.split()[0] if own and own != person.contact_name else _("Resumen")


def _figures(visit: Visit, totals: Sequence[Any]) -> list[list[Figure]]:
    """A row for each currency."""
    order = list(WAITS)
    waiting = sorted((row for row in totals if row.waiting), key=lambda row: (row.currency, order.index(row.kind)))
    return [
        [figure for row in rows for figure in _figures_of(visit, row)]
        for _currency, rows in groupby(waiting, attrgetter("currency"))
    ]


def _figures_of(visit: Visit, row: Any) -> list[Figure]:
    waits, place = WAITS[row.kind], _place(visit, row.kind)
    all_of_them = plural(*waits.count, row.waiting)
    found = [Figure(f"{place}?estado={waits.asked}", all_of_them, euros(row.amount, row.currency))]
    if row.late:
        late = plural("%(n)s de ellas, vencida", "%(n)s de ellas, vencidas", row.late)
        found.append(Figure(f"{place}?estado=vencida", late, euros(row.late_amount, row.currency)))
    return found


def _waiting(visit: Visit, db: ScopedSession, kind: DocumentKind, today: dt.date, count: int) -> Waiting:
    waits = WAITS[kind]
    return Waiting(
        _(waits.heading),
        [_todo(visit, kind, row, today) for row in most_urgent(db, kind, today, MOST_SHOWN)],
        f"{_place(visit, kind)}?estado={waits.asked}",
        plural(*waits.more, count - MOST_SHOWN) if count > MOST_SHOWN else "",
    )


def _todo(visit: Visit, kind: DocumentKind, row: Any, today: dt.date) -> Todo:
    shown = shown_as(kind, row.status, row.due_on, today)
    return Todo(
        f"{_place(visit, kind)}/{row.id}",
        f"{_(KINDS[kind].words.title)} {row.number_text}",
        f"{words.the(kind)} {row.number_text}",
        row.subject,
        shown.state,
        euros(row.amount, row.currency),
        _when(kind, row, shown.until, today),
    )


def _when(kind: DocumentKind, row: Any, until: str, today: dt.date) -> str:
    if row.status is DocumentStatus.RETURNED:
        return _("El banco devolvió el cobro")
    if row.due_on is None:
        return _("Sin fecha de vencimiento") if KINDS[kind].falls_due else ""
    before = words.due(row.due_on, today) if KINDS[kind].falls_due else _(until)
    return f"{before} {words.spell_day(row.due_on)}, {words.distance(row.due_on, today)}"


def _place(visit: Visit, kind: DocumentKind) -> str:
    return f"{visit.base}/{KINDS[kind].slug}"


def _deeds(visit: Visit, db: ScopedSession) -> list[Deed]:
    """What was published and what this customer's people did, the last first."""
    own = visit.someone.account_id
    received = [
        _deed(visit, row, _("Recibió %(documento)s") % {"documento": words.the(row.kind)})
        for row in recent_publications(db, MOST_RECENT)
    ]
    done, told = [], set()
    for row in recent_events(db, MOST_LOOKED_THROUGH):
        if (deed := (row.account_id, row.deed, row.id)) in told:
            continue
        told.add(deed)
        who = _("Usted") if row.account_id == own else row.name or row.email or _("Alguien")
        done.append(_deed(visit, row, f"{who} {words.deed_with(row.deed, row.kind)}"))
    return sorted(received + done, key=itemgetter(0), reverse=True)[:MOST_RECENT]


def _deed(visit: Visit, row: Any, text: str) -> Deed:
    return Deed(row.created_at, text, f"{_place(visit, row.kind)}/{row.id}", row.number_text)


routes = [Route("/in/{slug}", show, methods=["GET"], name="portal:summary")]
