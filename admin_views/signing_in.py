"""Signing in and out, asking for the password in place, and changing company."""

import math
import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from admin_views.acting import act, reading
from admin_views.auth import signed_in
from admin_views.entering import enter
from admin_views.posted import PASSWORD, posted
from admin_views.templating import render
from app import clock
from app.domain import staff_access
from app.domain.staff_access import Visit
from app.errors import NotFound, Refusal
from app.scope import SYSTEM
from app.secrets import new_token
from app.texts import _
from app.web import form_token, replace_cookie, retry_after

SHOWN_COMPANIES = 200
_INSIDE = re.compile(r"/admin/(?!login|logout|reauth|session|switch|statics)[^\\\s]*")


async def sign_in(request: Request) -> Response:
    """The form; on POST, one answer for every kind of wrong."""
    if request.method != "POST":
        visit = signed_in(request)
        if visit is not None and not visit.is_asleep:
            return RedirectResponse("/admin/", status_code=303)
        return _form(request, email=visit.email if visit else "", error=None, status=200)
    form = posted(request)
    email = str(form.get("email", ""))
    try:
        await run_in_threadpool(enter, request, email, str(form.get("password", "")))
    except Refusal as refusal:
        page = _form(request, email=email[:254], error=str(refusal), status=refusal.status)
        page.headers.update(retry_after(refusal))
        return page
    return RedirectResponse(_next(request), status_code=303)


def _form(request: Request, *, email: str, error: str | None, status: int) -> Response:
    context = {"email": email, "error": error, "next": _next(request), "is_new": "creada" in request.query_params}
    return HTMLResponse(render(request, "sqladmin/login.html", context), status_code=status)


def _next(request: Request) -> str:
    """Where to go once inside: only a page of the office, never another site."""
    wanted = str(posted(request).get("next") or request.query_params.get("next") or "")
    return wanted if _INSIDE.fullmatch(wanted.partition("?")[0]) else "/admin/"


async def sign_out(request: Request) -> Response:
    """End the session for good and leave nothing of it in the browser."""
    if visit := signed_in(request):
        await run_in_threadpool(act, request, lambda db: staff_access.end_session(db, visit.session_id), SYSTEM)
    replace_cookie(request, new_token())
    return RedirectResponse("/admin/login", status_code=303)


async def ask_again(request: Request) -> Response:
    """The password in place, from a page that stays open: the answer brings the token for the forms on it."""
    visit = signed_in(request)
    if visit is None:
        return JSONResponse({"detail": _("Su sesión ha terminado. Entre otra vez.")}, status_code=401)
    try:
        await run_in_threadpool(
            enter, request, visit.email, str(posted(request).get(PASSWORD, "")), replaces=visit.session_id
        )
    except Refusal as refusal:
        return JSONResponse({"detail": str(refusal)}, status_code=refusal.status)
    return JSONResponse({"csrf": form_token(request)})


async def is_awake(request: Request) -> Response:
    """Whether this browser's session still serves, and for how many seconds; asking does not keep it awake.

    With the token for the forms of a page that another tab left behind.
    """
    visit = signed_in(request)
    left = (visit.rests_at - clock.now()).total_seconds() if visit is not None else 0
    return JSONResponse({"awake": visit is not None, "seconds": max(math.ceil(left), 0), "csrf": form_token(request)})


async def switch_company(request: Request) -> Response:
    """Work in another of one's companies from here on; GET shows them all, to be searched."""
    visit = signed_in(request)
    if visit is None or visit.is_asleep:
        return RedirectResponse("/admin/login", status_code=303)
    if request.method != "POST":
        return await run_in_threadpool(_companies, request, visit)
    wanted = str(posted(request).get("to", ""))
    if not re.fullmatch(r"\d{1,18}", wanted, re.ASCII):
        raise NotFound(_("esa empresa entre las suyas"))
    await run_in_threadpool(act, request, lambda db: staff_access.switch_company(db, visit, int(wanted)), SYSTEM)
    return RedirectResponse("/admin/", status_code=303)


def _companies(request: Request, visit: Visit) -> Response:
    """Runs in a thread."""
    text = request.query_params.get("buscar", "").strip()[:100]
    with reading(request, SYSTEM) as db:
        found = staff_access.find_companies(db, visit.user_id, text)
        context = {"text": text, "companies": found[:SHOWN_COMPANIES], "found": len(found)}
        return HTMLResponse(render(request, "admin/companies.html", context))


routes = [
    Route("/login", sign_in, methods=["GET", "POST"], name="login"),
    Route("/logout", sign_out, methods=["POST"], name="logout"),
    Route("/reauth", ask_again, methods=["POST"], name="reauth"),
    Route("/session", is_awake, name="session"),
    Route("/switch", switch_company, methods=["GET", "POST"], name="switch"),
]
