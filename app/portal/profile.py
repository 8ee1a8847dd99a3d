"""A person's own account: name, password, and the browsers where they are signed in."""

import re

from starlette.responses import Response
from starlette.routing import Route

from app.domain import fields
from app.domain.signing_in import (
    FEWEST_CHARACTERS,
    customers_of,
    end_one_session,
    end_sessions_of,
    rename,
    sessions_of,
)
from app.errors import InvalidValue, NotFound
from app.portal.browsers import spell_browser
from app.portal.doors import person_errand, person_page
from app.portal.pages import NO_ERRORS, Errors, field_errors, notice_of, shell
from app.portal.visit import Visit
from app.portal.words import spell_moment
from app.scope import ScopedSession
from app.texts import _

NOTICES = {
    "nombre": "Hemos guardado su nombre.",
    "clave": "Hemos cambiado su contraseña y cerrado sus demás sesiones.",
    "sesion": "Hemos cerrado esa sesión.",
    "sesiones": "Hemos cerrado sus demás sesiones.",
}


@person_errand
def show(visit: Visit) -> Response:
    return profile_page(visit)


@person_errand
def set_name(visit: Visit) -> Response:
    try:
        name = fields.line(visit.field("nombre"), "nombre", most=80, required=True)
    except InvalidValue as invalid:
        return profile_page(visit, status=invalid.status, errors=field_errors(invalid, "nombre"))
    visit.change(lambda db: rename(db, visit.account_id, name), visit.actor)
    return visit.redirect("/perfil", aviso="nombre")


@person_page
def end_session(visit: Visit, db: ScopedSession) -> Response:
    typed = visit.request.path_params["id"]
    if not re.fullmatch(r"\d{1,18}", typed, re.ASCII):
        raise NotFound(_("esa sesión"))
    end_one_session(db, visit.account_id, int(typed))
    return visit.redirect("/perfil", aviso="sesion")


@person_page
def end_other_sessions(visit: Visit, db: ScopedSession) -> Response:
    end_sessions_of(db, visit.account_id, except_id=visit.someone.session_id)
    return visit.redirect("/perfil", aviso="sesiones")


def profile_page(visit: Visit, *, status: int = 200, errors: Errors = NO_ERRORS) -> Response:
    """The account, with what was typed kept. Two scopes: what belongs to the person, and what to the customer."""
    person = visit.someone
    if person.contact_id is None:
        return visit.redirect("/elegir")
    with visit.in_company() as db:
        customers = customers_of(db, visit.account_id)
        sessions = [
            (row.id, spell_browser(row.browser), row.address, spell_moment(row.created_at), row.id == person.session_id)
            for row in sessions_of(db, visit.account_id)
        ]
    with visit.as_customer() as db:
        return shell(
            visit,
            db,
            "portal/profile.html",
            section="perfil",
            status=status,
            errors=errors,
            name=visit.form.get("nombre", person.name)[:200],
            customers=customers,
            sessions=sessions,
            fewest=FEWEST_CHARACTERS,
            notice=notice_of(NOTICES, visit),
        )


routes = [
    Route("/in/{slug}/perfil", show, methods=["GET"], name="portal:profile"),
    Route("/in/{slug}/perfil/nombre", set_name, methods=["POST"]),
    Route("/in/{slug}/perfil/sesiones/otras", end_other_sessions, methods=["POST"]),
    Route("/in/{slug}/perfil/sesiones/{id}", end_session, methods=["POST"]),
]
