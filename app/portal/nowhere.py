"""Every other address of an intranet: it does not exist, and says so in the company's own page."""

from starlette.responses import Response
from starlette.routing import Route

from app.errors import NotFound
from app.portal.doors import public_page
from app.portal.visit import Visit
from app.scope import ScopedSession

EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@public_page
def show(visit: Visit, db: ScopedSession) -> Response:
    rest = visit.request.path_params["rest"]
    if rest.endswith("/") or not rest:
        return visit.redirect("/" + rest.strip("/") if rest.strip("/") else "")
    raise NotFound


routes = [Route("/in/{slug}/{rest:path}", show, methods=EVERY_METHOD, name="portal:nowhere")]
