"""The door of the office: who is asking and for which company, before SQLAdmin runs anything. It fails closed.

Every unsafe request also passes here: a session that fell asleep asks for the password in place and goes on with what
was posted, and a form of another company than the current one saves nothing.
"""

from typing import Any

from sqladmin import Admin
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from admin_views.door_pages import another_company, ask_password
from admin_views.entering import enter
from admin_views.flashes import carry_flashes
from admin_views.frame import Frame
from admin_views.posted import PASSWORD, TO_COMPANY, close_files, posted, read_posted
from app import clock
from app.domain import staff_access
from app.domain.staff_access import SEEN_EVERY, Visit
from app.errors import Refusal
from app.middleware import SAFE_METHODS
from app.scope import NOTHING, SYSTEM, Actor, CompanyScope, scoped
from app.web import cookie_name, door_of, installation_of

STATICS = "/admin/statics/"
# Who posts here is not inside yet, is leaving, or says which company they want.
OPEN = frozenset({"/admin/login", "/admin/logout", "/admin/reauth", "/admin/switch"})
UNNOTICED = "/admin/session"
# As many as the menu offers; who has more finds them on a page of its own.
MOST_COMPANIES = 8


class StaffDoor:
    """``scope["visit"]`` is who is asking, or none; sessions born inside see that visit's company and nothing else."""

    def __init__(self, app: ASGIApp, office: Admin) -> None:
        self.app = app
        self.office = office

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(STATICS):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        send = carry_flashes(request, send)
        await run_in_threadpool(lambda: _recognise(request, tuple(self.office.views)))
        answer = None
        if scope["method"] not in SAFE_METHODS:
            receive = await read_posted(request)
            answer = await run_in_threadpool(_judge_write, request)
        visit: Visit | None = scope["visit"]
        if visit is not None and visit.is_asleep and scope["path"] not in OPEN and answer is None:
            visit = scope["visit"] = None
        try:
            with scoped(*_scope_of(visit)):
                await (answer or self.app)(scope, receive, send)
        finally:
            await close_files(request)
        if visit is not None and scope["path"] != UNNOTICED and clock.now() - visit.seen_at > SEEN_EVERY:
            await run_in_threadpool(_touch, request, visit)


def _scope_of(visit: Visit | None) -> tuple[Any, Actor | None]:
    if visit is None:
        return NOTHING, None
    return CompanyScope(visit.company_id), Actor(name=visit.user_name, id=visit.user_id)


def _recognise(request: Request, views: tuple[Any, ...], token: str | None = None) -> None:
    """Find the visit behind the cookie (or behind a ``token`` just given out) and frame the page for it."""
    installation = installation_of(request)
    door = door_of(request.url.path)
    assert door is not None, "the office is behind a door"
    token = token or request.cookies.get(cookie_name(door, installation.settings.is_secure))
    visit, companies = None, []
    if token:
        with installation.database.read(SYSTEM) as db:
            visit = staff_access.find_visit(db, token)
            if visit is not None and 1 < visit.companies <= MOST_COMPANIES:
                companies = staff_access.companies_of(db, visit.user_id)
    awake = visit if visit is not None and not visit.is_asleep else None
    request.scope["visit"] = visit
    request.scope["frame"] = Frame(request, views, awake, companies)


def _judge_write(request: Request) -> Response | None:
    """An answer for a write that may not go on as it is; none lets it pass."""
    visit: Visit | None = request.scope["visit"]
    if request.url.path in OPEN or visit is None:
        return None
    if visit.is_asleep:
        refused = _wake(request, visit)
        if refused is not None:
            return refused
        visit = request.scope["visit"]
    return _check_company(request, visit)


def _wake(request: Request, visit: Visit) -> Response | None:
    if PASSWORD not in posted(request):
        return ask_password(request, visit)
    try:
        token = enter(request, visit.email, str(posted(request)[PASSWORD]), replaces=visit.session_id)
    except Refusal as refusal:
        return ask_password(request, visit, refusal)
    _recognise(request, request.scope["frame"].views, token)
    return None


def _check_company(request: Request, visit: Visit) -> Response | None:
    named = str(posted(request).get("company") or request.headers.get("x-company", ""))
    if named == str(visit.company_id):
        return None
    with installation_of(request).database.read(SYSTEM) as db:
        theirs = {str(company.id): company for company in staff_access.companies_of(db, visit.user_id)}
    if named not in theirs or TO_COMPANY not in posted(request):
        return another_company(request, visit, theirs.get(named))
    company_id = theirs[named].id
    database = installation_of(request).database
    database.run(SYSTEM, lambda db: staff_access.switch_company(db, visit, company_id))
    _recognise(request, request.scope["frame"].views, request.scope.get("new_cookie"))
    return None


def _touch(request: Request, visit: Visit) -> None:
    installation_of(request).database.run(SYSTEM, lambda db: staff_access.touch(db, visit.session_id))
