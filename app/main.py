"""The application: the only module that knows every part."""

from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app import portal
from app.footprints import Footprints
from app.installation import Installation, open_installation
from app.middleware import Threshold, WriteGuard
from app.migrations import is_current
from app.settings import Settings
from app.web import STATIC, installation_of


def health(request: Request) -> Response:
    return PlainTextResponse("ok")


def readiness(request: Request) -> Response:
    ready = is_current(installation_of(request).database.engine)
    return PlainTextResponse("ok" if ready else "migrations pending", status_code=200 if ready else 503)


def create_app(settings: Settings, installation: Installation | None = None) -> Starlette:
    """The whole site over one installation. Starts nothing but what its lifespan starts."""
    installation = installation or open_installation(settings)
    routes: list[BaseRoute] = [
        Route("/healthz", health),
        Route("/readyz", readiness),
        Mount("/static", StaticFiles(directory=STATIC)),
        *portal.routes,
    ]
    footprints = Footprints(installation)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        footprints.start()
        yield
        footprints.stop()
        installation.database.engine.dispose()

    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Threshold, installation=installation),
            Middleware(WriteGuard, installation=installation),
        ],
        lifespan=lifespan,
    )
    app.state.footprints = footprints
    return app
