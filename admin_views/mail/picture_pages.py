"""Pictures of mail texts: sent by somebody who writes one, kept by content, shown in the editor."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from admin_views.acting import act, reading
from admin_views.auth import visit_of
from admin_views.posted import sent_files
from admin_views.templating import render
from app.domain.files import kept
from app.domain.mail.texts import PICTURES, find_picture
from app.errors import InvalidValue
from app.texts import _
from app.web import installation_of

WIDEST_SHOWN = 480
# The bytes under an address never change.
KEPT = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def send(view: Any, request: Request) -> Response:
    """Runs in a thread. Answers a page, or to scripts what they put into the text."""
    wants_json = "application/json" in request.headers.get("accept", "")
    found: dict[str, Any] = {}
    problem = ""
    if request.method == "POST":
        try:
            found = _keep(request)
        except InvalidValue as refusal:
            problem = str(refusal)
    status = 422 if problem else 200
    if wants_json:
        return JSONResponse({"detail": problem} if problem else found, status_code=status)
    context = {"view": view, "problem": problem, "picture": found}
    return HTMLResponse(render(request, "admin/texts/picture.html", context), status_code=status)


def show(request: Request) -> Response:
    """Runs in a thread."""
    installation = installation_of(request)
    with reading(request) as db:
        file = find_picture(db, request.path_params["sha256"])
    if file is None:
        raise HTTPException(404)
    return Response(installation.storage.get(file.key), media_type=file.media_type, headers=KEPT)


def _keep(request: Request) -> dict[str, Any]:
    """Clean the picture that was sent, keep its bytes, then its row. What an ``img`` says of it."""
    from app.adapters.new_pictures import HEAVIEST_PICTURE, normal_picture  # loads an imaging library

    sent = sent_files(request, "picture")
    if not sent:
        raise InvalidValue(_("Elija una imagen."), field="picture")
    picture = normal_picture(sent[0].file.read(HEAVIEST_PICTURE + 1))
    visit, installation = visit_of(request), installation_of(request)
    file = installation.storage.keep(
        visit.company_id, picture.content, name="imagen de un correo", media_type=picture.media_type
    )
    row = act(request, lambda db: kept(db, file))
    width = min(picture.width, WIDEST_SHOWN)
    return {
        "src": f"{PICTURES}{row.sha256}",
        "width": width,
        "height": max(1, round(picture.height * width / picture.width)),
    }
