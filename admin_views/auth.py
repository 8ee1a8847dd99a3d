"""Who may do what: one table of roles, held against every view, action, write and export.

A row says, for a view's identity, the least role for each of SQLAdmin's actions (``action:<slug>`` for our own). What
is not in the table nobody may do, and a view without any grant is not in the menu. Rules about one row (an issued
invoice cannot be edited) are the view's own: see ``OfficeView.allows``.
"""

from typing import Any
from urllib.parse import quote

from sqladmin.authentication import AuthenticationBackend
from sqladmin.authorization import GrantsAuthorizationBackend
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.domain.staff_access import Visit
from models.enums import Role

READ, BILL, MANAGE, ADMIN = Role.READER, Role.INVOICING, Role.MANAGER, Role.ADMINISTRATOR
LADDER = (READ, BILL, MANAGE, ADMIN)

Row = dict[str, Role]

_SEEN_BY_ALL: Row = {"list": READ, "details": READ, "export": READ}
_ACCESS: Row = {"action:access": BILL, "action:withdraw-access": BILL}
_MAIL: Row = _SEEN_BY_ALL | {"action:send-again": BILL, "action:cancel": BILL}
_DOCUMENT: Row = _SEEN_BY_ALL | {
    "create": BILL,
    "edit": BILL,
    "delete": BILL,
    "action:issue": BILL,
    "action:move": BILL,
    "action:duplicate": BILL,
    "action:convert": BILL,
    "action:preview": READ,
    "action:pdf": READ,
    "action:publish": BILL,
    "action:send": BILL,
    "action:grant-access": BILL,
}
_KEPT_BY_BILLING: Row = _SEEN_BY_ALL | {"create": BILL, "edit": BILL, "action:archive": BILL}

MATRIX: dict[str, Row] = {
    "customer": _KEPT_BY_BILLING | _ACCESS | {"action:access-password": BILL, "action:as-customer": READ},
    "supplier": _KEPT_BY_BILLING | _ACCESS | {"action:access-password": BILL, "action:as-customer": READ},
    "product": _KEPT_BY_BILLING,
    "quote": _DOCUMENT,
    "sales-order": _DOCUMENT,
    "work-order": _DOCUMENT,
    "delivery-note": _DOCUMENT,
    "proforma": _DOCUMENT,
    "invoice": _DOCUMENT | {"import": BILL, "action:correct": BILL},
    "purchase-order": _DOCUMENT,
    "batch": {"list": READ, "details": READ, "export": READ, "action:undo": BILL, "action:retry": BILL},
    "access": _SEEN_BY_ALL | _ACCESS,
    "outgoing-mail": _MAIL,
    "waiting-mail": _MAIL,
    "mail-account": {"list": ADMIN, "details": ADMIN, "create": ADMIN, "edit": ADMIN, "action:test": ADMIN},
    "company": {"list": MANAGE, "details": MANAGE, "edit": ADMIN, "action:confirm": ADMIN},
    "intranet": {"list": MANAGE, "edit": ADMIN},
    "series": {"list": READ, "details": READ, "export": READ, "create": MANAGE, "edit": MANAGE, "action:close": MANAGE},
    "tax-rate": {"list": READ, "details": READ, "export": READ, "create": MANAGE, "edit": MANAGE},
    "document-template": {
        "list": READ,
        "details": READ,
        "create": MANAGE,
        "edit": MANAGE,
        "action:preview": READ,
        "action:archive": MANAGE,
    },
    "staff": {
        "list": ADMIN,
        "details": ADMIN,
        "create": ADMIN,
        "edit": ADMIN,
        "action:end": ADMIN,
        "action:new-password": ADMIN,
        "action:mail-account": ADMIN,
    },
    "webhook": {
        "list": ADMIN,
        "details": ADMIN,
        "create": ADMIN,
        "edit": ADMIN,
        "delete": ADMIN,
        "action:test": ADMIN,
        "action:resend": ADMIN,
        "action:secret": ADMIN,
    },
    "audit-entry": {"list": MANAGE, "details": MANAGE, "export": ADMIN},
    "mail-texts": {"list": ADMIN, "edit": ADMIN},
    "account": {"list": READ, "edit": READ, "action:mail": BILL, "action:texts": BILL},
}

GRANTS: dict[Role, frozenset[tuple[str, str]]] = {
    role: frozenset(
        (identity, action)
        for identity, actions in MATRIX.items()
        for action, least in actions.items()
        if LADDER.index(least) <= LADDER.index(role)
    )
    for role in LADDER
}


def visit_of(request: Request) -> Visit:
    """Who is asking. Only behind ``login_required``: there always is somebody."""
    visit = signed_in(request)
    if visit is None:
        raise HTTPException(403)
    return visit


def signed_in(request: Request) -> Visit | None:
    visit: Visit | None = request.scope.get("visit")
    return visit


class OfficeAuthentication(AuthenticationBackend):
    """Sessions are ours (``admin_views.door`` found out who it is); here SQLAdmin only asks whether anybody is."""

    def __init__(self) -> None:
        self.middlewares = []

    async def login(self, request: Request) -> Response | bool:
        return False

    async def logout(self, request: Request) -> Response | bool:
        return False

    async def authenticate(self, request: Request) -> Response | bool:
        if signed_in(request) is not None:
            return True
        return RedirectResponse(sign_in_address(request), status_code=303)

    async def get_user_id(self, request: Request) -> Any:
        return visit_of(request).user_id


class OfficeAuthorization(GrantsAuthorizationBackend):
    """SQLAdmin's permission matrix, filled from the role of the visit."""

    async def get_grants(self, request: Request) -> set[tuple[str, str]]:
        return GRANTS[visit_of(request).role]  # type: ignore[return-value]


def sign_in_address(request: Request) -> str:
    """The sign-in page, which leads back to a page that was only read."""
    if request.method != "GET" or request.url.path == "/admin/":
        return "/admin/login"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/admin/login?next={quote(request.url.path + query, safe='/')}"
