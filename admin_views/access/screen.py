"""*Accesos*: everybody who may or might enter the intranet, where they stand and for whom."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from sqlalchemy import ColumnElement
from starlette.requests import Request

from admin_views.access.pages import AccessPages
from admin_views.access.words import SIGNS, note_of, sign_of
from admin_views.base import OfficeView
from admin_views.columns import Column
from admin_views.contact_bounces import AccountBouncePages
from admin_views.filters import Choice
from admin_views.formatters import DASH, badge, day
from admin_views.saved_views import Tab
from admin_views.searching import Order, Search
from admin_views.selection import Selection
from app import clock
from app.domain.queries.access import AccessState, access_states
from app.domain.queries.accounts import Standing, found_accounts, pairs_of, standings
from app.domain.selections import AccountFilter, ContactSelection
from app.scope import ScopedSession
from app.texts import _
from models import PortalAccount

STATES = {
    "activa": AccessState.ACTIVE,
    "invitada": AccessState.INVITED,
    "abrio": AccessState.OPENED,
    "en-cola": AccessState.QUEUED,
    "sin-comunicar": AccessState.UNTOLD,
    "rebotado": AccessState.BOUNCED,
    "retirado": AccessState.WITHDRAWN,
    "sin-acceso": AccessState.NONE,
}


def _state(account_id: int, found: Standing | None) -> Markup | str:
    return badge(sign_of(found.person)) if found else DASH


def _note(account_id: int, found: Standing | None) -> str:
    return note_of(found.person, clock.now()) if found else ""


def _names(account_id: int, found: Standing | None) -> str:
    if found is None:
        return DASH
    names = ", ".join(found.names)
    return names + (_(" y %(n)s más") % {"n": found.more} if found.more else "")


class AccessAdmin(AccountBouncePages, AccessPages, OfficeView, model=PortalAccount):
    identity = "access"
    name, name_plural, category, icon = "Acceso", "Accesos", "Intranet", "users"
    noun, nouns = "acceso", "accesos"
    can_create = can_edit = False
    search_hint = "Persona, correo o cliente"
    empty_text = "Los accesos se dan al publicar, o desde la lista de clientes con Dar acceso."
    details_template = "admin/access/person.html"
    action_icons = {"access": "mail"}  # noqa: RUF012 - as the base declares it

    columns = (
        Column(name="correo", label="Correo", value=PortalAccount.email, sort=PortalAccount.email),
        Column(name="cliente", label="Cliente", value=PortalAccount.id, extra="people", show=_names, css="c-who"),
        Column(
            name="estado",
            label="Estado",
            value=PortalAccount.id,
            extra="people",
            show=_state,
            csv=lambda account_id, found: SIGNS[found.person.state].word if found else "",
            css="c-state",
        ),
        Column(
            name="nota", label="Nota", value=PortalAccount.id, extra="people", show=_note, csv=_note, css="soft hide"
        ),
        Column(
            name="entrada",
            label="Última entrada",
            value=PortalAccount.last_sign_in_at,
            show=lambda at: day(clock.madrid(at).date()) if at else DASH,
            css="c-pub",
        ),
    )
    default_order = Order("correo", descending=False)
    filters = (
        Choice(name="estado", label="Estado", options=[(word, SIGNS[state].word) for word, state in STATES.items()]),
    )
    tabs = (
        Tab("Todos"),
        Tab("Activos", "estado=activa"),
        Tab("Invitados", "estado=invitada"),
        Tab("Sin comunicar", "estado=sin-comunicar"),
        Tab("Rebotados", "estado=rebotado"),
        Tab("Retirados", "estado=retirado"),
    )

    def conditions(self, company_id: int, search: Search) -> list[ColumnElement[bool]]:
        return found_accounts(company_id, self.wanted(search))

    def wanted(self, search: Search) -> AccountFilter:
        """A search as the business knows it."""
        return AccountFilter(
            text=search.text, state=STATES[search.values["estado"]] if "estado" in search.values else ""
        )

    def extras(self, db: ScopedSession, ids: Sequence[int]) -> dict[str, dict[int, Any]]:
        return {"people": standings(db, ids)}

    def access_reach(self, selection: Selection) -> ContactSelection:
        wanted = self.wanted(selection.search) if selection.search is not None else AccountFilter(ids=selection.ids)
        return ContactSelection(label="", accounts=wanted)

    def title_of(self, row: PortalAccount) -> str:
        return row.name or row.email

    def details_extra(self, db: ScopedSession, request: Request, row: PortalAccount) -> dict[str, Any]:
        contact_ids = db.execute(pairs_of(db.company_id, AccountFilter(ids=(row.id,)))).scalars().all()
        people = [
            person
            for those in access_states(db, contact_ids).values()
            for person in those
            if person.email == row.email or person.account_id == row.id
        ]
        now = clock.now()
        return {
            "standing": standings(db, (row.id,)).get(row.id),
            "people": [(person, sign_of(person), note_of(person, now)) for person in people],
            "may_grant": self.has_permission(request, "action:access"),
        }
