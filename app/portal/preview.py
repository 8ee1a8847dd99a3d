"""*Ver como el cliente*: the link from the office becomes a cookie that can only look, for half an hour."""

import re

from starlette.responses import Response
from starlette.routing import Route

from app.domain.customer_view import enter_view, kind_of
from app.domain.kinds import KINDS
from app.errors import NotFound
from app.portal.doors import public_errand
from app.portal.visit import Visit
from app.scope import ScopedSession
from app.texts import _
from app.web import replace_cookie
from models.enums import DocumentKind

_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


@public_errand
def enter(visit: Visit) -> Response:
    if visit.request.method == "HEAD":
        return Response()
    secret, keys = visit.request.path_params["secret"], visit.installation.keys
    typed = visit.query("documento")
    wanted = int(typed) if _NUMBER.fullmatch(typed) else None

    def work(db: ScopedSession) -> tuple[str | None, DocumentKind | None]:
        return enter_view(db, keys, secret), kind_of(db, wanted) if wanted is not None else None

    cookie, kind = visit.change(work)
    if cookie is None:
        raise NotFound(_("esa vista: el enlace vale una vez y un minuto. Ábrala otra vez desde la ficha del cliente"))
    replace_cookie(visit.request, cookie)
    return visit.redirect(f"/{KINDS[kind].slug}/{wanted}" if kind else "")


routes = [Route("/in/{slug}/ver/{secret}", enter, methods=["GET"], name="portal:preview")]
