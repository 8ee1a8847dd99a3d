"""Changing one's own password: when one likes, and before anything else when it came by mail."""

import logging

from starlette.responses import Response
from starlette.routing import Route

from app.domain.signing_in import FEWEST_CHARACTERS, Known, change_password, count_sign_in, find_credentials
from app.errors import InvalidValue, Refusal
from app.portal.doors import new_password_errand
from app.portal.pages import NO_ERRORS, Errors, gate
from app.portal.password_links import accept_password
from app.portal.profile import profile_page
from app.portal.visit import Visit
from app.scope import ScopedSession
from app.secrets import hash_password, password_matches
from app.texts import _
from app.web import client_address, replace_cookie, retry_after

log = logging.getLogger(__name__)


@new_password_errand
def ask(visit: Visit) -> Response:
    return _first_page(visit) if visit.someone.must_change_password else visit.redirect("/perfil")


@new_password_errand
def change(visit: Visit) -> Response:
    """Check, hash, record; the other sessions end and this one gets another cookie."""
    person, account_id = visit.someone, visit.account_id
    is_first = person.must_change_password
    try:
        password = accept_password(visit, person.email, person.name)
        _check_present(visit, password)
        password_hash = hash_password(password)
    except Refusal as refusal:
        page = _first_page if is_first or person.contact_id is None else profile_page
        response = page(visit, status=refusal.status, errors={refusal.field or "clave": str(refusal)})
        response.headers.update(retry_after(refusal))
        return response
    token = visit.change(
        lambda db: change_password(db, account_id, password_hash, session_id=person.session_id), visit.actor
    )
    replace_cookie(visit.request, token)
    log.info("password changed: intranet=%s account=%s", visit.host.slug, account_id)
    return visit.redirect() if is_first else visit.redirect("/perfil", aviso="clave")


def _check_present(visit: Visit, wanted: str) -> None:
    """Whoever changes a password knows the present one; a mailed one was typed a moment ago and must not come back."""
    person, address = visit.someone, client_address(visit.request)

    def count(db: ScopedSession) -> Known:
        count_sign_in(db, person.email, address)
        return find_credentials(db, person.email)

    present = visit.change(count).password_hash
    if person.must_change_password:
        if password_matches(wanted, present):
            raise InvalidValue(_("Es la que le enviamos. Elija otra que solo sepa usted."), field="clave")
    elif not password_matches(visit.field("clave_actual"), present):
        raise InvalidValue(_("Esa no es su contraseña actual"), field="clave_actual")


def _first_page(visit: Visit, *, status: int = 200, errors: Errors = NO_ERRORS) -> Response:
    return gate(
        visit,
        "portal/access/first_password.html",
        status=status,
        errors=errors,
        fewest=FEWEST_CHARACTERS,
        email=visit.someone.email,
    )


routes = [
    Route("/in/{slug}/perfil/clave", ask, methods=["GET"], name="portal:own_password"),
    Route("/in/{slug}/perfil/clave", change, methods=["POST"]),
]
