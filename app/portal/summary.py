"""The first page after signing in: what waits for the customer, and what happened last."""

import datetime as dt
from operator import itemgetter
from typing import Any, NamedTuple

from starlette.responses import Response
from starlette.routing import Route

from app import clock
from app.domain.queries.customer_summary import (
    customers_of_person,
    most_urgent,
    open_totals,
    recent_events,
    recent_publications,
)
from app.money import euros
from app.portal import words
from app.portal.doors import customer_page
from app.portal.pages import shell
from app.portal.visit import Visit
from app.portal.words import State
from app.scope import ScopedSession
from app.texts import _, plural
from models.enums import DocumentStatus

MOST_SHOWN = 4
MOST_RECENT, MOST_LOOKED_THROUGH = 6, 40


class Todo(NamedTuple):
    id: int
    number: str
    subject: str
    state: State
    amount: str
    when: str


class Deed(NamedTuple):
    at: dt.datetime
    text: str
    document_id: int
    number: str

    @property
    def machine(self) -> str:
        return clock.madrid(self.at).strftime("%Y-%m-%dT%H:%M")

    @property
    def moment(self) -> str:
        return words.spell_moment(self.at)


@customer_page
def show(visit: Visit, db: ScopedSession) -> Response:
    today = clock.today()
    totals = open_totals(db, today)
    urgent = most_urgent(db, MOST_SHOWN + 1)
    waiting = sum(row.invoices for row in totals)
    return shell(
        visit,
        db,
        "portal/summary.html",
        section="resumen",
        waiting=waiting,
        greeting=_greeting(visit),
        totals=[_figures(row) for row in totals],
        todo=[_todo(row, today) for row in urgent[:MOST_SHOWN]],
        more=waiting - MOST_SHOWN,
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


def _figures(row: Any) -> tuple[str, str, str, str]:
    late = plural("%(n)s de ellas, vencida", "%(n)s de ellas, vencidas", row.late) if row.late else ""
    return (
        plural("%(n)s factura por pagar", "%(n)s facturas por pagar", row.invoices),
        euros(row.outstanding, row.currency),
        late,
        euros(row.late_outstanding, row.currency),
    )


def _todo(row: Any, today: dt.date) -> Todo:
    when = _("Sin fecha de vencimiento")
    if row.status is DocumentStatus.RETURNED:
        when = _("El banco devolvió el cobro")
    elif row.due_on:
        when = f"{words.due(row.due_on, today)} {words.spell_day(row.due_on)}, {words.distance(row.due_on, today)}"
    return Todo(
        row.id,
        row.number_text,
        row.subject,
        words.state_of(row.status, row.due_on, today),
        euros(row.outstanding, row.currency),
        when,
    )


def _deeds(visit: Visit, db: ScopedSession) -> list[Deed]:
    """What was published and what this customer's people did, the last first."""
    own = visit.someone.account_id
    received = [
        Deed(row.created_at, _("Recibió la"), row.id, row.number_text) for row in recent_publications(db, MOST_RECENT)
    ]
    done, told = [], set()
    for row in recent_events(db, MOST_LOOKED_THROUGH):
        if (deed := (row.account_id, row.kind, row.id)) in told:
            continue
        told.add(deed)
        who = _("Usted") if row.account_id == own else row.name or row.email or _("Alguien")
        done.append(Deed(row.created_at, f"{who} {words.deed_with(row.kind)}", row.id, row.number_text))
    return sorted(received + done, key=itemgetter(0), reverse=True)[:MOST_RECENT]


routes = [Route("/in/{slug}", show, methods=["GET"], name="portal:summary")]
