"""All of the API: its addresses, its document and the page that explains it."""

from collections import defaultdict

from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from app.api.answering import Resource
from app.api.docs import show_document, show_page
from app.api.endpoint import Endpoint
from app.api.programs import Permits
from app.api.v1 import MODULES
from app.failures import SENTENCES
from app.middleware import refuse


def make_site() -> Router:
    """Everything below ``/api``."""
    permits = Permits()
    by_path: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in all_endpoints():
        by_path[endpoint.path].append(endpoint)
    routes = [Route(f"/v1{path}", Resource(endpoints, permits)) for path, endpoints in by_path.items()]
    routes += [Route("/v1/openapi.json", show_document), Route("/v1/docs", show_page)]
    return Router(routes, redirect_slashes=False, default=_nowhere)


def all_endpoints() -> list[Endpoint]:
    return [endpoint for module in MODULES for endpoint in module.endpoints]


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    await refuse(scope, 404, SENTENCES[404])(scope, receive, send)
