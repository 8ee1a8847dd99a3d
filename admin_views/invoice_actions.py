"""What is done with an invoice from its page: correct it, repeat it, print what is typed, look as its customer."""

from functools import partial
from typing import Any

from sqladmin import Flash
from sqladmin.authorization import Action
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from admin_views.auth import visit_of
from admin_views.base import page
from admin_views.command_page import Command
from admin_views.form_pages import load
from admin_views.forms import OfficeForm, Strict
from admin_views.invoice_form import InvoiceForm
from admin_views.invoice_page import inline_pdf
from admin_views.posted import posted
from admin_views.printable import printable
from admin_views.templating import render
from app import clock
from app.adapters.pdf import Sheet
from app.domain import fields
from app.domain.correcting import CorrectInvoice, Drafted, correct_invoice, repeat_invoice
from app.domain.customer_view import open_view
from app.domain.drafting import estimate_draft
from app.domain.queries.documents import live_publication
from app.domain.templates import find_default
from app.errors import InvalidValue
from app.installation import Installation
from app.rendering import drawn, printed
from app.scope import Actor, CompanyScope, ScopedSession
from app.secrets import new_token
from app.texts import _
from app.web import installation_of
from models import Contact, Document, Invoice


class CorrectForm(OfficeForm):
    reason = Strict(
        "Motivo",
        printable(fields.line),
        required=True,
        css="s6",
        hint="Va impreso en la rectificativa: precio equivocado, devolución, datos del cliente…",
    )


class InvoiceActions:
    """Mixed into the view of invoices."""

    def new_key(self) -> str:
        """For a button whose second press is the first one's."""
        return new_token()[:32]

    @page("/correct/{pk}", needs="action:correct")
    async def correct_page(self: Any, request: Request) -> Response:
        invoice = await run_in_threadpool(_loaded, self, request)
        if invoice.is_draft:
            raise HTTPException(404)
        command = Command(
            title=_("Rectificar la factura %(numero)s") % {"numero": invoice},
            subtitle=_("Se crea un borrador que deshace la factura entera; cambie o quite en él lo que no proceda."),
            submit=_("Crear rectificativa de %(numero)s") % {"numero": invoice},
            form_class=CorrectForm,
            run=lambda db, form: correct_invoice(
                db, CorrectInvoice(document_id=invoice.id, reason=form.reason.data, today=clock.today())
            ),
            answer=partial(_to_draft, self, request),
            back=self.details_address(invoice.id),
        )
        answer: Response = await self.command_page(request, command)
        return answer

    @page("/duplicate/{pk}", needs="action:duplicate", methods=("POST",))
    async def duplicate(self, request: Request) -> Response:
        return await run_in_threadpool(_duplicate, self, request)

    @page("/preview", needs=Action.EDIT, methods=("POST",))
    async def preview(self, request: Request) -> Response:
        """What is typed as it would be printed. Nothing is saved."""
        return await run_in_threadpool(_preview, self, request)

    @page("/as-customer/{pk}", needs="action:preview", methods=("POST",))
    async def as_customer(self, request: Request) -> Response:
        """*Ver como el cliente*: the intranet as the customer of this invoice sees it; not counted as a visit."""
        return await run_in_threadpool(_as_customer, self, request)


def _loaded(view: Any, request: Request) -> Any:
    with installation_of(request).database.read(CompanyScope(visit_of(request).company_id)) as db:
        return load(view, db, request.path_params["pk"])


def _to_draft(view: Any, request: Request, drafted: Drafted) -> Response:
    Flash.success(request, str(drafted))
    return RedirectResponse(view.edit_address(drafted.document_id), status_code=303)


def _duplicate(view: Any, request: Request) -> Response:
    """The button pressed twice makes one: its key is the draft's."""
    visit = visit_of(request)
    invoice, key = _loaded(view, request), str(posted(request).get("key", ""))[:40] or None

    def work(db: ScopedSession) -> Drafted:
        made = db.scalar(select(Invoice.id).where(Invoice.draft_key == key)) if key else None
        if made is not None:
            return Drafted(made, _("Ya estaba duplicada."))
        drafted = repeat_invoice(db, invoice.id, clock.today())
        db.get_one(Invoice, drafted.document_id).draft_key = key
        return drafted

    database, actor = installation_of(request).database, Actor(visit.user_name, visit.user_id)
    return _to_draft(view, request, database.run(CompanyScope(visit.company_id), work, actor))


def _preview(view: Any, request: Request) -> Response:
    installation, scope = installation_of(request), CompanyScope(visit_of(request).company_id)
    with installation.database.read(scope) as db:
        form, row = view.read_form(db, request)
        sheet = _typed_sheet(installation, db, form, row) if form.validate() else None
    if sheet is None:
        context = {"title": _("Ver PDF"), "form": form}
        return HTMLResponse(render(request, "admin/invoice/unprinted.html", context), status_code=422)
    return inline_pdf(printed(sheet))


def _typed_sheet(installation: Installation, db: ScopedSession, form: InvoiceForm, row: Any) -> Sheet | None:
    """The form on paper, or nothing once it says what is wrong."""
    try:
        draft = estimate_draft(db, form.draft(row.id if row is not None else None))
    except InvalidValue as refusal:
        form.refuse(refusal)
        return None
    draft.contact = db.get_one(Contact, form.contact_id.data)
    if row is not None:
        draft.corrects_text, draft.correction_reason = row.corrects_text, form.correction_reason.data or ""
    return drawn(installation, db, draft, find_default(db))


def _as_customer(view: Any, request: Request) -> Response:
    visit, installation = visit_of(request), installation_of(request)
    scope = CompanyScope(visit.company_id)
    with installation.database.read(scope) as db:
        invoice = load(view, db, request.path_params["pk"])
        live = select(Document.id).where(Document.id == invoice.id, live_publication(db.company_id))
        page = f"?factura={invoice.id}" if db.scalar(live) else ""
    secret = installation.database.run(
        scope,
        lambda db: open_view(db, installation.keys, invoice.contact_id, staff_user_id=visit.user_id),
        Actor(visit.user_name, visit.user_id),
    )
    return RedirectResponse(f"/in/{visit.company_slug}/ver/{secret}{page}", status_code=303)
