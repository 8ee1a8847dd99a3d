"""The application: the only module that knows every part."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from admin_views import make_admin
from app import first_day, portal
from app.api import Api
from app.errors import Refusal
from app.failures import Reported, failed, refused, refused_by_http
from app.footprints import Footprints
from app.garbage import begin_collecting
from app.installation import Installation, open_installation
from app.middleware import Threshold, WriteGuard
from app.migrations import is_current
from app.settings import Settings
from app.web import STATIC, installation_of
from app.worker import worker_beside

FOR_A_YEAR = "public, max-age=31536000, immutable"


def home(request: Request) -> Response:
    """Customers have an address of their own; whoever comes here is of the office."""
    return RedirectResponse("/admin/", status_code=303)


def health(request: Request) -> Response:
    return PlainTextResponse("ok")


def readiness(request: Request) -> Response:
    ready = is_current(installation_of(request).database.engine)
    return PlainTextResponse("ok" if ready else "migrations pending", status_code=200 if ready else 503)


def robots(request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


class Assets(StaticFiles):
    """Our own files. An address that carries the content's digest may be kept for ever."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        answer = super().file_response(*args, **options)
        scope = args[2] if len(args) > 2 else options["scope"]
        if scope["query_string"].startswith(b"v="):
            answer.headers["Cache-Control"] = FOR_A_YEAR
        return answer


def create_app(settings: Settings, installation: Installation | None = None) -> Starlette:
    """The whole site over one installation. Starts nothing but what its lifespan starts.

    ``state.stopping`` tells a worker in this process to wind up before the lifespan ends.
    """
    installation = installation or open_installation(settings)
    routes: list[BaseRoute] = [
        Route("/", home),
        Route("/healthz", health),
        Route("/readyz", readiness),
        Route("/robots.txt", robots),
        Mount("/static", Assets(directory=STATIC), name="static"),
        Mount("/api", Api(), name="api"),
        *first_day.routes,
        *portal.routes,
    ]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Threshold, installation=installation),
            Middleware(Reported),
            Middleware(ServerErrorMiddleware, handler=failed),
            Middleware(WriteGuard, installation=installation, exempt=("/api/",)),
        ],
        exception_handlers={HTTPException: refused_by_http, Refusal: refused},
        lifespan=_lifespan(installation),
    )
    app.state.footprints = Footprints(installation)
    app.state.stopping = threading.Event()
    app.state.office = make_admin(app, installation)
    return app


def _lifespan(installation: Installation) -> Any:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        begin_collecting()
        app.state.footprints.start()
        beside = installation.settings.run_worker
        with worker_beside(installation, stop=app.state.stopping) if beside else nullcontext():
            yield
        app.state.footprints.stop()
        installation.database.engine.dispose()

    return lifespan
