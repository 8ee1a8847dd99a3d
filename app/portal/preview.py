"""*Ver como el cliente*: the link from the office becomes a cookie that can only look, for half an hour."""

import re

from starlette.responses import Response
from starlette.routing import Route

from app.domain.customer_view import enter_view
from app.errors import NotFound
from app.portal.doors import public_errand
from app.portal.visit import Visit
from app.texts import _
from app.web import replace_cookie

_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


@public_errand
def enter(visit: Visit) -> Response:
    if visit.request.method == "HEAD":
        return Response()
    secret, keys = visit.request.path_params["secret"], visit.installation.keys
    cookie = visit.change(lambda db: enter_view(db, keys, secret))
    if cookie is None:
        raise NotFound(_("esa vista: el enlace vale una vez y un minuto. Ábrala otra vez desde la ficha del cliente"))
    replace_cookie(visit.request, cookie)
    invoice = visit.request.query_params.get("factura", "")
    return visit.redirect(f"/facturas/{invoice}" if _NUMBER.fullmatch(invoice) else "")


routes = [Route("/in/{slug}/ver/{secret}", enter, methods=["GET"], name="portal:preview")]
