"""The JSON API. Nothing of it is loaded before the first request: what validates it costs memory and time to start."""

from threading import Lock
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send


class Api:
    """The whole of ``/api``, made when somebody first asks for it."""

    def __init__(self) -> None:
        self._site: Any = None
        self._making = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        site: ASGIApp = self._site or await run_in_threadpool(self._made)
        await site(scope, receive, send)

    @property
    def routes(self) -> list[BaseRoute]:
        """For whoever lists every route."""
        found: list[BaseRoute] = self._made().routes
        return found

    def _made(self) -> Any:
        with self._making:
            if self._site is None:
                from app.api.site import make_site

                self._site = make_site()
            return self._site
