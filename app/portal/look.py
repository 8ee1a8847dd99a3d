"""A company's look: its colour as a small stylesheet, and its logo. Browsers keep both; a change moves the address."""

from starlette.responses import Response
from starlette.routing import Route

from app.colours import dark_accent, light_accent
from app.errors import NotFound
from app.portal.doors import public_errand, public_page
from app.portal.visit import Visit
from app.scope import ScopedSession
from app.texts import _
from models import StoredFile

FOR_EVER = "public, max-age=31536000, immutable"
PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})


@public_page
def stylesheet(visit: Visit, db: ScopedSession) -> Response:
    light, dark = light_accent(visit.host.accent), dark_accent(visit.host.accent)
    return Response(
        f":root{{--accent:{light.accent};--on:{light.on}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{--accent:{dark.accent};--on:{dark.on}}}}}",
        media_type="text/css",
        headers={"Cache-Control": FOR_EVER},
    )


@public_errand
def logo(visit: Visit) -> Response:
    with visit.in_company() as db:
        file = db.get(StoredFile, visit.host.logo_id) if visit.host.logo_id else None
    if file is None or file.media_type not in PICTURES:
        raise NotFound(_("ese logotipo"))
    content = visit.installation.storage.get(file.key)
    return Response(content, media_type=file.media_type, headers={"Cache-Control": FOR_EVER})


routes = [
    Route("/in/{slug}/aspecto.css", stylesheet, methods=["GET"], name="portal:look"),
    Route("/in/{slug}/logo", logo, methods=["GET"], name="portal:logo"),
]
