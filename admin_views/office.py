"""The back office as an application: SQLAdmin's registry, permissions and names over our own pages."""

from collections.abc import Callable, Sequence
from functools import cache
from inspect import unwrap
from threading import Lock
from typing import Any

from sqladmin import Admin
from sqladmin.authentication import login_required
from sqladmin.models import BaseView
from starlette._utils import get_route_path
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from admin_views import signing_in
from admin_views.auth import OfficeAuthentication, OfficeAuthorization
from admin_views.base import OfficeView
from admin_views.dashboard import dashboard
from admin_views.door import StaffDoor
from admin_views.frame import Frame
from admin_views.templating import OfficeTemplates, render
from app.db import Database
from app.errors import Refusal
from app.scope import make_sessions
from app.texts import _
from app.web import retry_after

FOR_A_YEAR = "public, max-age=31536000, immutable"

SENTENCES = {
    400: "No hemos entendido la petición.",
    403: "Su usuario no tiene permiso para esto. Pídalo a quien administra la empresa.",
    404: "No existe esa página.",
    405: "Esa operación no se puede hacer así.",
}


class Vendored(StaticFiles):
    """Files bundled with SQLAdmin; their address carries its version."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        answer = super().file_response(*args, **options)
        answer.headers["Cache-Control"] = FOR_A_YEAR
        return answer


class FixedRoute(Route):
    """A path without parameters is compared: a pattern compiled for each of hundreds is a part of every start."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__("/", endpoint, **options)
        self.path = self.path_format = path

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or get_route_path(scope) != self.path:
            return Match.NONE, {}
        return super().matches({**scope, "path": "/", "root_path": ""})


class OfficeRouter(Router):
    """Where SQLAdmin puts what its views expose."""

    def add_route(self, path: str, endpoint: Callable[..., Any], *args: Any, **options: Any) -> None:
        make = Route if "{" in path else FixedRoute
        self.routes.append(make(path, endpoint, *args, **options))


class Office(Admin):
    """Every page of the office is ours; SQLAdmin decides what exists, who may see it and at which address.

    Nothing of SQLAdmin's own save, list, export or delete code is routed to.
    """

    def __init__(self, app: Starlette, database: Database, kinds: Sequence[type[BaseView]]) -> None:
        self._kinds, self._making = kinds, Lock()
        super().__init__(
            app,
            session_maker=make_sessions(database.engine),
            title="Ventanilla",
            middlewares=[Middleware(StaffDoor, office=self)],
            authentication_backend=OfficeAuthentication(),
            authorization_backend=OfficeAuthorization(),
        )
        self.admin.router = OfficeRouter(self._routes())
        self.admin.exception_handlers = {HTTPException: _refused_by_http, Refusal: _refused, Exception: _failed}

    @property
    def views(self) -> list[BaseView]:
        """Every screen, in the menu's order; made, with its routes, when somebody first comes.

        Fitting them to the models is a tenth of a start, and customers need none of them.
        """
        with self._making:
            for kind in self._kinds[len(self._views) :]:
                self.add_view(kind)
        return self._views

    def _routes(self) -> list[BaseRoute]:
        return [
            Mount("/statics", app=Vendored(packages=["sqladmin"]), name="statics"),
            Route("/", self.index, name="index"),
            *signing_in.routes,
            Route("/{identity}/list", self.list, name="list"),
            Route("/{identity}/create", self.create, name="create", methods=["GET", "POST"]),
            Route("/{identity}/details/{pk:path}", self.details, name="details"),
            Route("/{identity}/edit/{pk:path}", self.edit, name="edit", methods=["GET", "POST"]),
            Route("/{identity}/delete/{pk:path}", self.delete, name="delete", methods=["GET", "POST"]),
            Route("/{identity}/export/{export_type}", self.export, name="export"),
            Route("/{identity}/ajax/lookup", self.ajax_lookup, name="ajax_lookup"),
        ]

    @staticmethod
    def _find_decorated_funcs(view: Any, view_instance: Any, handle_fn: Callable[[Any, Any, Any], None]) -> None:
        """As SQLAdmin does, which looks into every attribute of every view for them: a tenth of a start."""
        names = sorted(set().union(*map(_decorated, view.__mro__)))
        methods = [getattr(view_instance, name) for name in names]
        for method in sorted(methods, key=lambda one: unwrap(one).__code__.co_firstlineno, reverse=True):
            handle_fn(method, view, view_instance)

    def init_templating_engine(self) -> OfficeTemplates:  # type: ignore[override]
        return OfficeTemplates()

    @login_required
    async def index(self, request: Request) -> Response:
        return HTMLResponse(await run_in_threadpool(dashboard, request))

    @login_required
    async def list(self, request: Request) -> Response:
        return await self._view(request).list_page(request)

    @login_required
    async def create(self, request: Request) -> Response:
        return await self._view(request).create_page(request)

    @login_required
    async def details(self, request: Request) -> Response:
        return await self._view(request).details_page(request)

    @login_required
    async def edit(self, request: Request) -> Response:
        return await self._view(request).edit_page(request)

    @login_required
    async def delete(self, request: Request) -> Response:
        return await self._view(request).delete_page(request)

    @login_required
    async def export(self, request: Request) -> Response:
        return await self._view(request).export_page(request, request.path_params["export_type"])

    @login_required
    async def ajax_lookup(self, request: Request) -> Response:
        return await self._view(request).lookup_page(request)

    def _view(self, request: Request) -> OfficeView:
        view = self._find_model_view(request.path_params["identity"])
        if not isinstance(view, OfficeView):
            raise HTTPException(404)
        if not view.is_accessible(request):
            raise HTTPException(403)
        return view


@cache
def _decorated(kind: type) -> frozenset[str]:
    """Names of what a class itself says that somebody may ask for."""
    found = vars(kind).items()
    return frozenset(name for name, one in found if hasattr(one, "_action") or hasattr(one, "_exposed"))


async def _refused_by_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_page(request, error.status_code, _(SENTENCES.get(error.status_code, SENTENCES[400])))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    page = error_page(request, error.status, str(error))
    page.headers.update(retry_after(error))
    return page


async def _failed(request: Request, error: Exception) -> Response:
    """A bug: the log has it under the reference that the person gets, who sees nothing else of what happened."""
    return error_page(
        request, 500, _("Algo ha fallado y no se ha guardado nada. Vuelva a intentarlo dentro de un rato.")
    )


def error_page(request: Request, status: int, sentence: str) -> Response:
    request.scope.setdefault("frame", Frame(request, ()))
    reference = request.scope.get("reference", "") if status >= 500 else ""
    context = {"status": status, "sentence": sentence, "reference": reference}
    return HTMLResponse(render(request, "sqladmin/error.html", context), status_code=status)
