"""Pages of the door itself: the password again after a rest, and a form that belongs to another company."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.posted import carried, lost_files
from admin_views.templating import render
from app.domain.staff_access import Visit
from app.errors import Refusal
from models import Company


def ask_password(request: Request, visit: Visit, refusal: Refusal | None = None) -> Response:
    """The same write again, once the password is given: what was typed travels in hidden fields."""
    context = {
        "email": visit.email,
        "name": visit.user_name,
        "error": str(refusal) if refusal else None,
        "fields": carried(request),
        "lost_files": lost_files(request),
        "action": _address(request),
    }
    page = render(request, "admin/door/asleep.html", context)
    return HTMLResponse(page, status_code=refusal.status if refusal else 401)


def another_company(request: Request, visit: Visit, theirs: Company | None) -> Response:
    """Nothing was saved. ``theirs``: the company the form is of, if the user belongs to it."""
    context = {
        "theirs": theirs,
        "current": visit.company_name,
        "fields": carried(request),
        "lost_files": lost_files(request),
        "action": _address(request),
    }
    return HTMLResponse(render(request, "admin/door/another_company.html", context), status_code=409)


def _address(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query
