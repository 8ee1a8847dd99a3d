"""Signing in and out."""

import logging

from starlette.responses import Response
from starlette.routing import Route

from app.domain import fields
from app.domain.signing_in import Known, OpenSession, WrongCredentials, count_sign_in, find_credentials, open_session
from app.domain.signing_in import end_session as end
from app.errors import InvalidValue, Refusal
from app.portal.doors import public_errand, public_page
from app.portal.pages import NO_ERRORS, Errors, gate, notice_of
from app.portal.visit import Visit, safe_return
from app.scope import ScopedSession
from app.secrets import new_token, password_matches
from app.texts import _
from app.web import client_address, replace_cookie, retry_after

log = logging.getLogger(__name__)

NOTICES = {
    "sesion": "Por seguridad hemos cerrado su sesión. Entre otra vez para seguir donde estaba.",
    "clave": "Su contraseña está guardada. Ya puede entrar con ella.",
    "salida": "Ha salido de su área de cliente.",
}


@public_page
def show(visit: Visit, db: ScopedSession) -> Response:
    if visit.person is not None and not visit.person.is_asleep and not visit.person.is_preview:
        return visit.redirect(safe_return(visit, visit.query("volver")))
    email = visit.opened_email(visit.query("c"))
    return _form(visit, email, visit.query("volver"), notice=notice_of(NOTICES, visit))


@public_errand
def sign_in(visit: Visit) -> Response:
    typed, back = visit.field("correo")[:254], visit.field("volver")
    try:
        email = fields.email(visit.field("correo"), "correo", required=True)
        account_id = verify(visit, email)
        enter(visit, account_id)
    except (InvalidValue, Refusal) as refusal:
        return _refused(visit, typed, back, refusal)
    return visit.redirect(safe_return(visit, back))


@public_errand
def sign_out(visit: Visit) -> Response:
    if visit.person is not None:
        session_id = visit.person.session_id
        visit.change(lambda db: end(db, session_id))
    replace_cookie(visit.request, new_token())
    return visit.redirect("/entrar", aviso="salida")


def verify(visit: Visit, email: str) -> int:
    """The account whose e-mail and password these are; raises ``WrongCredentials`` or ``TooManyTries``.

    As slow for nobody as for somebody: the password is hashed either way, with no transaction open.
    """
    password = visit.field("clave")
    if not password:
        raise InvalidValue(_("Escriba su contraseña"), field="clave")
    address = client_address(visit.request)

    def count(db: ScopedSession) -> Known:
        count_sign_in(db, email, address)
        return find_credentials(db, email)

    known = visit.change(count)
    if not password_matches(password, known.password_hash) or known.account_id is None:
        log.info("sign-in refused: intranet=%s email=%r address=%s", visit.host.slug, email, address)
        raise WrongCredentials
    return known.account_id


def enter(visit: Visit, account_id: int, *, contact_id: int | None = None) -> None:
    """Open a session and give its cookie; the session that this browser had ends."""
    command = OpenSession(
        account_id=account_id,
        address=client_address(visit.request),
        browser=visit.browser,
        contact_id=contact_id,
        replaces=visit.person.session_id if visit.person else None,
    )
    replace_cookie(visit.request, visit.change(lambda db: open_session(db, command)))
    log.info("signed in: intranet=%s account=%s address=%s", visit.host.slug, account_id, command.address)


def _refused(visit: Visit, typed: str, back: str, refusal: Refusal) -> Response:
    field = refusal.field or "clave"
    response = _form(visit, typed, back, status=refusal.status, errors={field: str(refusal)})
    response.headers.update(retry_after(refusal))
    return response


def _form(  # noqa: PLR0913 - what the page shows
    visit: Visit,
    email: str,
    back: str,
    *,
    status: int = 200,
    errors: Errors = NO_ERRORS,
    notice: str | None = None,
) -> Response:
    back = visit.base + inside if (inside := safe_return(visit, back)) else ""
    return gate(
        visit, "portal/access/sign_in.html", status=status, errors=errors, email=email, back=back, notice=notice
    )


routes = [
    Route("/in/{slug}/entrar", show, methods=["GET"], name="portal:sign_in"),
    Route("/in/{slug}/entrar", sign_in, methods=["POST"]),
    Route("/in/{slug}/salir", sign_out, methods=["POST"], name="portal:sign_out"),
]
