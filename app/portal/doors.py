"""The doors of the portal: who may come in, in which transaction, and what a refusal looks like.

A *page* is ``handler(visit, db)`` in one transaction: reading for a GET, writing for a POST; returning commits, raising
rolls back. An *errand* is ``handler(visit)`` and opens its own transactions: for work that must not happen inside one,
such as hashing a password or rendering. Everything runs in one hop to a thread.

Public doors are open to everybody. A person's doors need somebody signed in, and see their account across the customers
they act for (``CompanyScope``: what they call takes the account's id). A customer's doors also need the customer
chosen, and see that customer's things (``PortalScope``). All forms are carried by ``resuming`` across an idle sign-out.
"""

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from app import clock
from app.domain.customer_view import may_view
from app.domain.signing_in import SEEN_EVERY
from app.errors import AdapterError, Refusal
from app.portal.pages import refusal_page, resume_page
from app.portal.visit import Visit, way_back
from app.portal.visitors import Host, Moved, find_host
from app.scope import CompanyScope, PortalScope, ScopedSession
from app.texts import _
from app.web import installation_of

log = logging.getLogger(__name__)

MOST_FIELDS = 500
# What makes an address a secret: no other page is told it. Stricter, and old browsers would hide whose form it is.
SECRETS = frozenset({"token", "secret"})


class Audience(StrEnum):
    PUBLIC = "public"
    PERSON = "person"
    CUSTOMER = "customer"


class OnlyLooking(Refusal):
    """Staff who look with a customer's eyes cannot act for them."""

    status = 403
    code = "only_looking"

    def __init__(self) -> None:
        super().__init__(_("Está viendo la intranet como la ve el cliente: aquí no se puede cambiar nada."))


class UnreadableForm(Refusal):
    status = 400
    code = "unreadable_form"

    def __init__(self) -> None:
        super().__init__(_("No hemos podido leer el formulario. Vuelva atrás y envíelo otra vez."))


class OutOfReach(Refusal):
    """Something that ought to be there is not, or does not answer: nothing the visitor can cure."""

    status = 503
    code = "out_of_reach"
    retry_after = 600

    def __init__(self) -> None:
        super().__init__(
            _("Ahora mismo no podemos mostrarle esto, por un fallo nuestro. Vuelva a intentarlo dentro de un rato.")
        )


Page = Callable[[Visit, ScopedSession], Response]
Look = Callable[[Visit, ScopedSession], Any]
Errand = Callable[[Visit], Response]
Sequel = Callable[[Visit, Any], Response]
NO_FIELDS: Mapping[str, str] = {}


class Doorway(Struct, frozen=True, eq=False):
    """An endpoint of the portal: a ``page``, an ``errand``, or a ``look`` and its ``sequel``."""

    audience: Audience
    page: Page | None = None
    errand: Errand | None = None
    look: Look | None = None
    sequel: Sequel | None = None
    needs_own_password: bool = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body() if scope["method"] == "POST" else None
        response = await run_in_threadpool(self.answer, request, body)
        if SECRETS.intersection(scope["path_params"]):
            response.headers["Referrer-Policy"] = "strict-origin"
        await response(scope, receive, send)

    def answer(self, request: Request, body: bytes | None) -> Response:
        installation = installation_of(request)
        host: Host | None = None
        try:
            with installation.database.look() as connection:
                host, person = find_host(connection, request, installation)
                visit = Visit(request, installation, host, person, _fields(request, body))
                turned_away = self.turn_away(visit, connection)
                seen = self._see(visit, connection) if turned_away is None and body is None else None
            if self.sequel and seen is not None and not isinstance(seen, Response):
                return self.sequel(visit, seen)
            return turned_away or seen or self.enter(visit)
        except Moved as moved:
            return _elsewhere(request, moved.slug)
        except Refusal as refusal:
            return refusal_page(request, host, refusal)
        except AdapterError as error:
            log.error("%s cannot be shown", request.url.path, exc_info=error)
            return refusal_page(request, host, OutOfReach())

    def _see(self, visit: Visit, connection: Connection) -> Any:
        """What a page or a look makes of what this visit may read; nothing for an errand."""
        reading = self.page or self.look
        if reading is None:
            return None
        with visit.installation.database.reads(scope=self._scope(visit), bind=connection) as db:
            return reading(visit, db)

    def enter(self, visit: Visit) -> Response:
        """What happens behind the door, in transactions of its own."""
        if self.errand:
            return self.errand(visit)
        page = self.page
        assert page is not None
        return visit.installation.database.run(self._scope(visit), lambda db: page(visit, db), visit.actor)

    def _scope(self, visit: Visit) -> CompanyScope | PortalScope:
        return visit.customer_scope if self.audience is Audience.CUSTOMER else visit.company_scope

    def turn_away(self, visit: Visit, connection: Connection) -> Response | None:
        """Where to go instead, when this door is not open to this visit."""
        person = visit.person
        if self.audience is Audience.PUBLIC:
            return None
        if person is None:
            return visit.redirect("/entrar", **_way_back(visit))
        if person.is_preview:
            return self._show_preview(visit, connection)
        if person.is_asleep:
            return resume_page(visit) if visit.request.method == "POST" else _ask_again(visit)
        if clock.now() - person.seen_at > SEEN_EVERY:
            visit.footprints.seen(company_id=visit.host.id, session_id=person.session_id)
        return self._finish_arriving(visit)

    def _finish_arriving(self, visit: Visit) -> Response | None:
        """What somebody signed in has to do first: a password of their own, and saying for which customer."""
        if visit.someone.must_change_password and self.needs_own_password:
            return visit.redirect("/perfil/clave")
        if visit.someone.contact_id is None and self.audience is Audience.CUSTOMER:
            return visit.redirect("/elegir", **_way_back(visit))
        return None

    def _show_preview(self, visit: Visit, connection: Connection) -> Response | None:
        if visit.request.method == "POST" or self.audience is Audience.PERSON:
            raise OnlyLooking
        staff_user_id = visit.someone.staff_user_id
        with visit.installation.database.reads(scope=visit.company_scope, bind=connection) as db:
            welcome = staff_user_id is not None and may_view(db, staff_user_id)
        return None if welcome else visit.redirect("/entrar")


def public_page(page: Page) -> Doorway:
    return Doorway(Audience.PUBLIC, page=page)


def public_errand(errand: Errand) -> Doorway:
    return Doorway(Audience.PUBLIC, errand=errand)


def person_page(page: Page) -> Doorway:
    return Doorway(Audience.PERSON, page=page)


def person_errand(errand: Errand) -> Doorway:
    return Doorway(Audience.PERSON, errand=errand)


def new_password_errand(errand: Errand) -> Doorway:
    """The only door open to somebody who still has the password that was mailed to them."""
    return Doorway(Audience.PERSON, errand=errand, needs_own_password=False)


def customer_page(page: Page) -> Doorway:
    return Doorway(Audience.CUSTOMER, page=page)


def customer_errand_after(look: Look) -> Callable[[Sequel], Doorway]:
    """An errand that only needs what ``look(visit, db)`` finds; it runs when that transaction is over.

    A look that finds a response has answered by itself.
    """
    return lambda sequel: Doorway(Audience.CUSTOMER, look=look, sequel=sequel)


def _way_back(visit: Visit) -> dict[str, str]:
    return {"volver": back} if (back := way_back(visit)) else {}


def _ask_again(visit: Visit) -> Response:
    person = visit.someone
    return visit.redirect("/entrar", aviso="sesion", c=visit.sealed_email(person.email), **_way_back(visit))


def _elsewhere(request: Request, slug: str) -> Response:
    """The same page under the intranet's present address. What was posted to another one is not carried over."""
    if request.method == "POST":
        return RedirectResponse(f"/in/{slug}/entrar", status_code=303)
    rest = request.url.path.split("/", 3)[3:]
    path = "/".join([f"/in/{slug}", *rest])
    return RedirectResponse(path + (f"?{request.url.query}" if request.url.query else ""), status_code=307)


def _fields(request: Request, body: bytes | None) -> Mapping[str, str]:
    """Posted fields, the first of each name. The portal has no uploads: anything but a plain form has no fields."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body or kind != "application/x-www-form-urlencoded":
        return NO_FIELDS
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise UnreadableForm from error
    return dict(reversed(pairs))
