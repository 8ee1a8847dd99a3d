"""What is done with a document from its page: repeat it, make the next one, move it, print it, see it as its reader."""

import re
from enum import StrEnum
from typing import Any, TypeVar

from sqladmin.authorization import Action
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from admin_views.acting import act, done, reading
from admin_views.auth import GRANTS, visit_of
from admin_views.base import page
from admin_views.documents.form import DocumentForm, InvoiceForm
from admin_views.documents.page import inline_pdf
from admin_views.documents.states import SIGNS, screen_of
from admin_views.form_pages import find_row, load
from admin_views.posted import posted
from admin_views.templating import render
from app import clock
from app.adapters.pdf import Sheet
from app.domain.copying import Drafted
from app.domain.customer_view import open_view
from app.domain.drafting import estimate_draft
from app.domain.following import MoveDocument, move_document
from app.domain.queries.documents import live_publication
from app.domain.repeating import ConvertDocument, RepeatDocument, convert_document, repeat_document
from app.domain.templates import find_default
from app.errors import InvalidValue
from app.installation import Installation
from app.rendering import drawn, printed
from app.scope import ScopedSession
from app.secrets import new_token
from app.texts import _
from app.web import installation_of
from models import Contact, Document
from models.enums import DocumentKind, DocumentStatus

Choice = TypeVar("Choice", bound=StrEnum)


class DocumentActions:
    """Mixed into the views of documents."""

    can_correct = False

    def new_key(self) -> str:
        """For a button whose second press is the first one's."""
        return new_token()[:32]

    @page("/duplicate/{pk}", needs="action:duplicate", methods=("POST",))
    async def duplicate(self, request: Request) -> Response:
        return await run_in_threadpool(_duplicate, self, request)

    @page("/convert/{pk}", needs="action:convert", methods=("POST",))
    async def convert(self, request: Request) -> Response:
        """A draft of the next kind, or a new version."""
        return await run_in_threadpool(_convert, self, request)

    @page("/move/{pk}", needs="action:move", methods=("POST",))
    async def move(self, request: Request) -> Response:
        """Say where it stands: accepted, delivered, cancelled…"""
        return await run_in_threadpool(_move, self, request)

    @page("/preview", needs=Action.EDIT, methods=("POST",))
    async def preview(self, request: Request) -> Response:
        """What is typed as it would be printed. Nothing is saved."""
        return await run_in_threadpool(_preview, self, request)

    @page("/as-customer/{pk}", needs="action:preview", methods=("POST",))
    async def as_customer(self, request: Request) -> Response:
        """*Ver como el cliente*: the intranet as the reader of this document sees it; not counted as a visit."""
        return await run_in_threadpool(_as_customer, self, request)


def to_draft(request: Request, drafted: Drafted) -> Response:
    return done(request, drafted, f"/admin/{screen_of(drafted.kind)}/edit/{drafted.document_id}")


def _key(request: Request) -> str | None:
    """A key of ours; what is none was typed by hand."""
    key = str(posted(request).get("key", ""))
    return key if re.fullmatch(r"[\w-]{1,40}", key, re.ASCII) else None


def _duplicate(view: Any, request: Request) -> Response:
    document = find_row(view, request)
    command = RepeatDocument(
        document_id=document.id,
        kind=view.kind,
        today=clock.today(),
        user_id=visit_of(request).user_id,
        key=_key(request),
    )
    return to_draft(request, act(request, lambda db: repeat_document(db, command)))


def _convert(view: Any, request: Request) -> Response:
    document, to = find_row(view, request), _chosen(DocumentKind, posted(request).get("to"))
    if (screen_of(to), Action.CREATE) not in GRANTS[visit_of(request).role]:
        raise HTTPException(403)
    command = ConvertDocument(
        document_id=document.id,
        kind=view.kind,
        to=to,
        today=clock.today(),
        user_id=visit_of(request).user_id,
        key=_key(request),
    )
    return to_draft(request, act(request, lambda db: convert_document(db, command)))


def _move(view: Any, request: Request) -> Response:
    document, form = find_row(view, request), posted(request)
    command = MoveDocument(
        document_id=document.id,
        kind=view.kind,
        seen=_chosen(DocumentStatus, form.get("seen")),
        to=_chosen(DocumentStatus, form.get("to")),
    )
    moved = act(request, lambda db: move_document(db, command))
    word = _(SIGNS[moved.kind][moved.status].word)
    said = _("%(numero)s: %(estado)s.") % {"numero": moved, "estado": word.lower()}
    return done(request, said, view.details_address(moved.id))


def _chosen(choices: type[Choice], typed: Any) -> Choice:
    """A value of a closed list; what is none was typed by hand."""
    try:
        return choices(str(typed))
    except ValueError as error:
        raise HTTPException(404) from error


def _preview(view: Any, request: Request) -> Response:
    with reading(request) as db:
        form, row = view.read_form(db, request)
        sheet = _typed_sheet(installation_of(request), db, form, row) if form.validate() else None
    if sheet is None:
        context = {"title": _("Ver PDF"), "form": form}
        return HTMLResponse(render(request, "admin/document/unprinted.html", context), status_code=422)
    return inline_pdf(printed(sheet))


def _typed_sheet(installation: Installation, db: ScopedSession, form: DocumentForm, row: Any) -> Sheet | None:
    """The form on paper, or nothing once it says what is wrong."""
    try:
        draft = estimate_draft(db, form.draft(row.id if row is not None else None))
    except InvalidValue as refusal:
        form.refuse(refusal)
        return None
    draft.contact = db.get_one(Contact, form.contact_id.data)
    if row is not None and isinstance(form, InvoiceForm):
        draft.corrects_text, draft.correction_reason = row.corrects_text, form.correction_reason.data or ""
    return drawn(installation, db, draft, find_default(db))


def _as_customer(view: Any, request: Request) -> Response:
    visit, keys = visit_of(request), installation_of(request).keys
    with reading(request) as db:
        document = load(view, db, request.path_params["pk"])
        live = select(Document.id).where(Document.id == document.id, live_publication(db.company_id))
        page = f"?documento={document.id}" if db.scalar(live) else ""
    secret = act(request, lambda db: open_view(db, keys, document.contact_id, staff_user_id=visit.user_id))
    return RedirectResponse(f"/in/{visit.company_slug}/ver/{secret}{page}", status_code=303)
