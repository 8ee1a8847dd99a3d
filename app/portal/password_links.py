"""Links that let somebody set a password: activating access, recovering it, and asking for another link."""

import logging

from starlette.responses import Response
from starlette.routing import Route

from app.domain import fields
from app.domain.password_links import (
    LinkSpent,
    LinkState,
    PasswordLink,
    ask_for_link,
    find_link,
    send_link_again,
    use_link,
)
from app.domain.passwords import check_password
from app.domain.signing_in import FEWEST_CHARACTERS
from app.errors import InvalidValue, NotFound, Refusal
from app.portal.doors import public_errand, public_page
from app.portal.pages import NO_ERRORS, Errors, field_errors, gate
from app.portal.visit import Visit
from app.scope import Actor, ScopedSession
from app.secrets import hash_password
from app.texts import _
from app.web import client_address, retry_after
from models.enums import TokenPurpose

log = logging.getLogger(__name__)

_PURPOSES = {"activar": TokenPurpose.ACTIVATE, "clave": TokenPurpose.RECOVER}


@public_page
def show(visit: Visit, db: ScopedSession) -> Response:
    """The form, or what became of the link. Looking does not use it up: mail programs look too."""
    link = _find(visit, db)
    if link is None or link.state is not LinkState.LIVE:
        return _dead(visit, link)
    if _purpose(visit) is TokenPurpose.ACTIVATE and visit.request.method == "GET":
        visit.footprints.opened(company_id=visit.host.id, account_id=link.account_id)
    return _form(visit, link)


@public_errand
def set_password(visit: Visit) -> Response:
    with visit.in_company() as db:
        link = _find(visit, db)
    if link is None or link.state is not LinkState.LIVE:
        return _dead(visit, link)
    try:
        password = accept_password(visit, link.email, link.name)
        password_hash = hash_password(password)
    except Refusal as refusal:
        response = _form(visit, link, status=refusal.status, errors=field_errors(refusal, "clave"))
        response.headers.update(retry_after(refusal))
        return response
    try:
        visit.change(lambda db: use_link(db, link, password_hash), Actor(name=link.email))
    except LinkSpent:
        with visit.in_company() as db:
            return _dead(visit, _find(visit, db))
    log.info("password set by link: intranet=%s account=%s", visit.host.slug, link.account_id)
    return visit.redirect("/entrar", aviso="clave", c=visit.sealed_email(link.email))


@public_page
def send_again(visit: Visit, db: ScopedSession) -> Response:
    """Mail a new link to whom this one was for. The address cannot be changed here."""
    link = _find(visit, db)
    if link is None:
        return _dead(visit, link)
    if link.state is LinkState.LIVE:
        return visit.redirect(_own_path(visit))
    send_link_again(db, link, client_address(visit.request))
    return gate(visit, "portal/access/link_sent.html", email=masked(link.email))


@public_page
def ask(visit: Visit, db: ScopedSession) -> Response:
    return gate(visit, "portal/access/recover.html", email=visit.opened_email(visit.query("c")))


@public_errand
def send(visit: Visit) -> Response:
    """The same answer whether the account exists or not."""
    try:
        email = fields.email(visit.field("correo"), "correo", required=True)
        address = client_address(visit.request)
        visit.change(lambda db: ask_for_link(db, email, address))
    except Refusal as refusal:
        errors = {"correo": str(refusal)}
        typed = visit.field("correo")[:254]
        response = gate(visit, "portal/access/recover.html", status=refusal.status, errors=errors, email=typed)
        response.headers.update(retry_after(refusal))
        return response
    return gate(visit, "portal/access/link_asked.html", email=email)


def accept_password(visit: Visit, email: str, name: str) -> str:
    """The new password of the form, unless it is one that others would guess; raises ``InvalidValue``."""
    words = (visit.host.name, visit.host.trade_name, visit.host.slug, email, name)
    password = visit.field("clave")
    if not password:
        raise InvalidValue(_("Escriba su contraseña nueva"), field="clave")
    return check_password(password, "clave", least=FEWEST_CHARACTERS, words=words)


def masked(email: str) -> str:
    """Enough of an address for its owner: ``l••••@fincasferrer.example``."""
    local, _at, domain = email.partition("@")
    return f"{local[:1]}••••@{domain}"


def _find(visit: Visit, db: ScopedSession) -> PasswordLink | None:
    return find_link(db, visit.request.path_params["token"], _purpose(visit))


def _purpose(visit: Visit) -> TokenPurpose:
    return _PURPOSES[visit.request.url.path.removeprefix(visit.base).split("/")[1]]


def _own_path(visit: Visit) -> str:
    return visit.request.url.path.removeprefix(visit.base).removesuffix("/otro")


def _dead(visit: Visit, link: PasswordLink | None) -> Response:
    """What became of a link and how to get another. Of one that never was, nobody knows to whom."""
    if link is None:
        return gate(visit, "portal/access/no_link.html", status=NotFound.status)
    return gate(
        visit,
        "portal/access/dead_link.html",
        status=LinkSpent.status,
        link=link,
        is_used=link.state is LinkState.USED,
        is_replaced=link.state is LinkState.REPLACED,
        purpose=_purpose(visit),
        email=masked(link.email),
        action=visit.base + _own_path(visit) + "/otro",
    )


def _form(visit: Visit, link: PasswordLink, *, status: int = 200, errors: Errors = NO_ERRORS) -> Response:
    return gate(
        visit,
        "portal/access/set_password.html",
        status=status,
        errors=errors,
        link=link,
        is_new=_purpose(visit) is TokenPurpose.ACTIVATE,
        action=visit.base + _own_path(visit),
        fewest=FEWEST_CHARACTERS,
    )


routes = [
    Route("/in/{slug}/activar/{token}", show, methods=["GET"], name="portal:activate"),
    Route("/in/{slug}/activar/{token}", set_password, methods=["POST"]),
    Route("/in/{slug}/activar/{token}/otro", send_again, methods=["POST"]),
    Route("/in/{slug}/clave", ask, methods=["GET"], name="portal:recover"),
    Route("/in/{slug}/clave", send, methods=["POST"]),
    Route("/in/{slug}/clave/{token}", show, methods=["GET"], name="portal:new_password"),
    Route("/in/{slug}/clave/{token}", set_password, methods=["POST"]),
    Route("/in/{slug}/clave/{token}/otro", send_again, methods=["POST"]),
]
