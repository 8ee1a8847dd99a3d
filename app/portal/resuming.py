"""Going on after an idle sign-out: the password once more, then what was posted is done as if nothing had happened."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from app.errors import Refusal
from app.portal.doors import Audience, Doorway, public_errand
from app.portal.pages import resume_page
from app.portal.sign_in import enter, verify
from app.portal.visit import Visit
from app.portal.visitors import find_host
from app.texts import _
from app.web import retry_after

OWN_FIELDS = ("csrf", "clave", "_destino")


class NothingToResume(Refusal):
    status = 400
    code = "nothing_to_resume"

    def __init__(self) -> None:
        super().__init__(_("No sabemos qué quería hacer. Vuelva a la página y repítalo."))


@public_errand
def resume(visit: Visit) -> Response:
    """Check the password of whoever was signed in here, and do what the carried form asks."""
    person = visit.person
    if person is None or person.is_preview:
        return visit.redirect("/entrar")
    doorway, request = _destination(visit)
    try:
        account_id = verify(visit, person.email)
        enter(visit, account_id, contact_id=person.contact_id)
    except Refusal as refusal:
        response = resume_page(visit, refusal)
        response.headers.update(retry_after(refusal))
        return response
    response = _go_on(visit, doorway, request)
    visit.request.scope["new_cookie"] = request.scope["new_cookie"]
    return response


def _destination(visit: Visit) -> tuple[Doorway, Request]:
    """The door that the form was posted to, and the request as it was. Only doors of signed-in people count."""
    path = visit.field("_destino")
    scope = {**visit.request.scope, "path": path, "raw_path": path.encode(), "query_string": b"", "path_params": {}}
    for route in visit.request.app.routes if path.startswith(visit.base + "/") else ():
        match, found = route.matches(scope)
        endpoint = found.get("endpoint")
        if match is Match.FULL and isinstance(endpoint, Doorway) and endpoint.audience is not Audience.PUBLIC:
            return endpoint, Request({**scope, **found})
    raise NothingToResume


def _go_on(visit: Visit, doorway: Doorway, request: Request) -> Response:
    request.scope["new_cookie"] = visit.request.scope["new_cookie"]
    form = {name: text for name, text in visit.form.items() if name not in OWN_FIELDS}
    with visit.installation.database.look() as connection:
        host, person = find_host(connection, request, visit.installation)
        again = Visit(request, visit.installation, host, person, form)
        turned_away = doorway.turn_away(again, connection)
    return turned_away or doorway.enter(again)


routes = [Route("/in/{slug}/seguir", resume, methods=["POST"], name="portal:resume")]
