"""Samples of how an intranet would look, for whoever is changing it."""

from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct
from msgspec.structs import asdict, replace
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import reading
from admin_views.auth import visit_of
from admin_views.intranet_forms import ButtonForm
from admin_views.posted import sent_files
from admin_views.web_buttons import Shape, WebButton
from app.adapters.pdf import HEAVIEST_LOGO, normalise_logo
from app.colours import Accent, dark_accent, light_accent
from app.domain import fields
from app.domain.companies import slug_is_free
from app.errors import InvalidValue
from app.texts import _
from app.web import installation_of
from models import StoredFile

PNG = "image/png"

# A page inside a frame that shows what another web would: style in its tags, links that open apart, nothing else.
SHOWCASE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


class Samples(Struct, frozen=True):
    """A button in both shapes: the HTML to copy and the address that shows it."""

    button: WebButton

    def html(self, shape: str) -> str:
        return self.button.html(Shape(shape))

    def address(self, shape: str) -> str:
        asked = {"shape": shape, "text": self.button.text, "colour": self.button.colour, "size": self.button.size.value}
        return "/admin/intranet/button?" + urlencode(asked)

    @property
    def contrast(self) -> str:
        return f"{self.button.contrast:.1f}".replace(".", ",")

    @property
    def letter(self) -> str:
        """The address of a mail to whoever keeps the company's web."""
        text = _("Para enlazar nuestra web con el área de clientes, pegue este código donde deba salir el botón:")
        body = "\r\n\r\n".join(
            (text, self.html(Shape.FILLED), _("O, si prefiere un botón con borde:"), self.html(Shape.OUTLINED))
        )
        return f"mailto:?subject={quote(_('Botón del área de clientes'))}&body={quote(body)}"


def asked_button(request: Request, saved: WebButton) -> WebButton:
    """The saved button with what the address changes of it; raises ``InvalidValue``."""
    form = ButtonForm(request.query_params, data=asdict(saved))
    if not form.validate():
        _id, _label, sentence = form.problems[0]
        raise InvalidValue(sentence, field=next(iter(form.errors)))
    return replace(saved, **form.command())


def showcase(html: str) -> HTMLResponse:
    page = f'<!doctype html><html lang="es"><meta charset="utf-8"><title>{_("Ejemplo")}</title>{_STAGE}{html}</html>'
    return HTMLResponse(page, headers={"Content-Security-Policy": SHOWCASE_POLICY})


_STAGE = (
    "<style>html{height:100%;background:#fff;color:#1b2230}"
    "body{margin:0;min-height:100%;display:grid;place-items:center}</style>"
)


def colours(request: Request) -> Response:
    """``.v-sample`` by day, ``.v-sample.night`` by night."""
    try:
        colour = fields.colour(request.query_params.get("colour", ""), "colour")
    except InvalidValue as refusal:
        raise HTTPException(404) from refusal
    rules = (_rule(".v-sample", light_accent(colour)), _rule(".v-sample.night", dark_accent(colour)))
    return Response("".join(rules), media_type="text/css")


def _rule(selector: str, look: Accent) -> str:
    return f"{selector}{{--own:{look.accent};--on-own:{look.on}}}"


def judge_slug(request: Request) -> dict[str, Any]:
    """What there is to say of an address while it is typed. Runs in a thread."""
    visit, installation = visit_of(request), installation_of(request)
    try:
        slug = fields.slug(request.query_params.get("slug", ""), "slug")
    except InvalidValue as refusal:
        return {"free": False, "sentence": str(refusal)}
    with reading(request) as db:
        free = slug_is_free(db, slug, visit.company_id)
    address = installation.intranet(slug)
    if not free:
        return {"free": False, "sentence": _("Otra empresa tiene o ha tenido esa dirección. Elija otra.")}
    same = slug == visit.company_slug
    return {"free": True, "sentence": _("Es la dirección de ahora.") if same else _("Libre."), "address": address}


def posted_logo(request: Request) -> StoredFile | InvalidValue | None:
    """The picture that was sent, cleaned and its bytes kept; what is wrong with it; or none. Runs in a thread."""
    sent = sent_files(request, "logo")
    if not sent:
        return None
    try:
        content = normalise_logo(sent[0].file.read(HEAVIEST_LOGO + 1))
    except InvalidValue as refusal:
        return refusal
    storage = installation_of(request).storage
    return storage.keep(visit_of(request).company_id, content, name="logo.png", media_type=PNG)


def logo(request: Request, logo_id: int | None) -> Response:
    installation = installation_of(request)
    with reading(request) as db:
        file = db.get(StoredFile, logo_id) if logo_id else None
    if file is None or file.media_type != PNG:
        raise HTTPException(404)
    return Response(installation.storage.get(file.key), media_type=PNG)
