"""Somebody who acts for several customers says for which one."""

from starlette.responses import Response
from starlette.routing import Route

from app.domain.signing_in import choose_customer, customers_of
from app.portal.doors import person_page
from app.portal.pages import gate
from app.portal.visit import Visit, safe_return
from app.scope import ScopedSession
from app.texts import _
from app.web import replace_cookie


@person_page
def show(visit: Visit, db: ScopedSession) -> Response:
    customers = customers_of(db, visit.account_id)
    back = visit.query("volver")
    back = visit.base + inside if (inside := safe_return(visit, back)) else ""
    return gate(visit, "portal/access/choose.html", customers=customers, back=back)


@person_page
def choose(visit: Visit, db: ScopedSession) -> Response:
    typed = visit.field("cliente")
    if not typed.isascii() or not typed.isdigit() or len(typed) > 18:
        customers = customers_of(db, visit.account_id)
        errors = {"cliente": _("Elija uno de los clientes")}
        return gate(visit, "portal/access/choose.html", status=422, errors=errors, customers=customers, back="")
    person = visit.someone
    replace_cookie(visit.request, choose_customer(db, person.session_id, visit.account_id, int(typed)))
    return visit.redirect(safe_return(visit, visit.field("volver")))


routes = [
    Route("/in/{slug}/elegir", show, methods=["GET"], name="portal:choose"),
    Route("/in/{slug}/elegir", choose, methods=["POST"]),
]
