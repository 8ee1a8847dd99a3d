"""*Valores por defecto para envíos*: what mails say, one's own and the company's, a tab for each kind of mail."""

from typing import Any

from sqladmin.authorization import Action
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_views.auth import visit_of
from admin_views.base import OfficePage, page
from admin_views.command_page import ONLY_PREVIEW, Command
from admin_views.mail import picture_pages
from admin_views.mail import text_preview as previewing
from admin_views.mail.text_form import KINDS, NOTES, TextForm, origins, saved_texts
from admin_views.posted import posted
from app.domain.mail.texts import DOCUMENTS, NAMES, choose_texts, save_mail_text, text_of, written_kinds
from app.domain.mail.variables import VARIABLES
from app.domain.queries.wordings import logo_of
from app.mail.samples import sample_documents
from app.scope import ScopedSession
from app.texts import _
from models import Company
from models.enums import TextKind

OWN, COMPANYS = "/admin/account/texts", "/admin/mail-texts"
FIRST = TextKind.INVOICE
GROUPS = (
    ("Documentos", [kind for kind in KINDS if kind in DOCUMENTS]),
    ("Otros correos", [kind for kind in KINDS if kind not in DOCUMENTS]),
)


class OwnTextPages:
    """Mixed into *Mi configuración*: a user's own texts, and the pictures that texts show."""

    @page("/account/texts", needs="action:texts", methods=("GET",), identity="account")
    async def texts(self, request: Request) -> Response:
        return RedirectResponse(address_of(OWN, FIRST), status_code=303)

    @page("/account/texts/{kind}", needs="action:texts", identity="account")
    async def text(self: Any, request: Request) -> Response:
        answer: Response = await self.command_page(request, _command(request, OWN, visit_of(request).user_id))
        return answer

    @page("/account/texts/{kind}/preview", needs="action:texts", identity="account")
    async def text_preview(self, request: Request) -> Response:
        kind, user_id = kind_of(request), visit_of(request).user_id
        return await run_in_threadpool(previewing.preview, request, kind, user_id)

    @page("/mail-images", needs="action:texts", identity="account")
    async def pictures(self, request: Request) -> Response:
        """Somebody sends a picture; without scripts, this is its own page."""
        return await run_in_threadpool(picture_pages.send, self, request)

    @page("/mail-images/{sha256}", needs="action:texts", methods=("GET",), identity="account")
    async def picture(self, request: Request) -> Response:
        return await run_in_threadpool(picture_pages.show, request)


class MailTextsPage(OfficePage):
    """The company's texts."""

    name = name_plural = "Textos de los envíos"
    category = "Correo"
    icon = "mail-opened"
    home = COMPANYS

    @page("/mail-texts", needs=Action.LIST, methods=("GET",), identity="mail-texts")
    async def texts(self, request: Request) -> Response:
        return RedirectResponse(address_of(COMPANYS, FIRST), status_code=303)

    @page("/mail-texts/{kind}", needs=Action.EDIT, identity="mail-texts")
    async def text(self, request: Request) -> Response:
        return await self.command_page(request, _command(request, COMPANYS, None))

    @page("/mail-texts/{kind}/preview", needs=Action.EDIT, identity="mail-texts")
    async def text_preview(self, request: Request) -> Response:
        return await run_in_threadpool(previewing.preview, request, kind_of(request), None)


def address_of(home: str, kind: TextKind) -> str:
    return f"{home}/{kind.replace('_', '-')}"


def kind_of(request: Request) -> TextKind:
    try:
        return TextKind(request.path_params["kind"].replace("-", "_"))
    except ValueError as error:
        raise HTTPException(404) from error


def _command(request: Request, home: str, user_id: int | None) -> Command:
    """One tab. What comes back with ``_preview`` only asks to begin with, or go back to, the text there would be."""
    kind, is_new = kind_of(request), request.method == "GET"
    asked = str(posted(request).get(ONLY_PREVIEW, ""))

    def prepare(db: ScopedSession, form: Any) -> None:
        form.prepare(kind, logo_of(db, db.get_one(Company, db.company_id)))
        if is_new:
            for name, text in saved_texts(text_of(db, kind, user_id)).items():
                form[name].data = text
        turn, _space, name = asked.partition(" ")
        if name in NAMES and turn in ("take", "leave"):
            form[name].put(getattr(_rest(db, kind, user_id), name).text if turn == "take" else "")

    address = address_of(home, kind)
    return Command(
        title=_(KINDS[kind]),
        submit=_("Guardar textos"),
        form_class=TextForm,
        run=lambda db, form: save_mail_text(db, form.save_command(user_id)),
        back=address,
        prepare=prepare,
        preview=lambda db, form: _shown(db, form, user_id),
        template="admin/texts/company.html" if user_id is None else "admin/texts/own.html",
        context={
            "kind": kind,
            "variables": VARIABLES[kind],
            "is_started": asked != "",
            "note": NOTES.get(kind),
            "preview_address": f"{address}/preview",
        },
    )


def _rest(db: ScopedSession, kind: TextKind, user_id: int | None) -> Any:
    """The texts there would be without one's own."""
    return choose_texts(kind, None, text_of(db, kind, None) if user_id is not None else None)


def _shown(db: ScopedSession, form: TextForm, user_id: int | None) -> dict[str, Any]:
    """What the page tells besides the form."""
    kind = form.kind
    home = COMPANYS if user_id is None else OWN
    written = written_kinds(db, user_id)
    return {
        "origins": origins(form, text_of(db, kind, user_id), _rest(db, kind, user_id), is_company=user_id is None),
        "groups": [
            (_(label), [(address_of(home, one), _(KINDS[one]), one is kind, one in written) for one in kinds])
            for label, kinds in GROUPS
        ],
        "samples": sample_documents(db, kind),
    }
