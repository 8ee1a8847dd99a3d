"""Writing an invoice: its form, totals that follow the typing, saving, and issuing what was agreed to."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from msgspec.structs import replace
from sqladmin import Flash
from sqladmin.authorization import Action
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from admin_views import form_pages
from admin_views import invoice_lookups as lookups
from admin_views.auth import visit_of
from admin_views.base import page
from admin_views.filters import whole
from admin_views.form_pages import Panel
from admin_views.forms import OfficeForm
from admin_views.invoice_figures import estimated, unknown
from admin_views.invoice_filling import fill, new_values, replace_dues, values_of
from admin_views.invoice_form import AskFirst, InvoiceForm, agreement, moved_up
from admin_views.invoice_history import history_of_invoice
from admin_views.posted import posted
from admin_views.printable import check_printable
from app import clock
from app.domain import fields
from app.domain.drafting import (
    AlreadyIssued,
    AlreadySaved,
    SaveInvoiceDraft,
    TaxNotValid,
    delete_draft,
    estimate_draft,
    save_invoice_draft,
)
from app.domain.issuing import Issued, IssueDraft, issue_draft
from app.errors import InvalidValue
from app.money import euros
from app.scope import CompanyScope, ScopedSession
from app.texts import _
from app.web import installation_of
from models import Contact, Invoice, Series

# A draft begins at this revision; saving and issuing a form in one go are two steps.
FIRST_REVISION, ISSUING_REVISIONS = 1, 2


class InvoiceWriting:
    """Mixed into the view of invoices."""

    form_class: ClassVar[type[OfficeForm] | None] = InvoiceForm
    form_template: ClassVar[str] = "admin/invoice/form.html"
    panels: ClassVar[Sequence[Panel]] = (Panel("factura", "Factura"), Panel("textos", "Textos"))
    can_delete = True

    def allows(self: Any, action: str, row: Any) -> bool:
        """What is issued is neither changed nor deleted (RD 1619/2012, art. 19)."""
        return action not in (Action.EDIT, Action.DELETE) or row.is_draft

    async def edit_page(self: Any, request: Request, pk: str) -> Response:
        try:
            answer: Response = await form_pages.edit_page(self, request, pk)
        except AlreadyIssued as refusal:
            return _already_issued(self, request, refusal)
        return answer

    def forbidden(self, action: str, row: Any) -> Exception:
        return AlreadyIssued(str(row), row.id)

    def make_form(self: Any, db: ScopedSession, request: Request, row: Any) -> InvoiceForm:
        visit = visit_of(request)
        if request.method == "POST":
            form = InvoiceForm(moved_up(posted(request)))
        elif row is not None:
            form = InvoiceForm(data=values_of(db, row))
        else:
            contact_id = whole(request.query_params.get("cliente", ""))
            form = InvoiceForm(data=new_values(db, visit.user_id, contact_id))
        form.may_issue = self.has_permission(request, "action:issue")
        fill(db, form, row)
        return form

    def prepare(self, db: ScopedSession, form: Any) -> None:
        """``make_form`` and ``form_context`` know the draft, which this needs."""

    def form_context(self: Any, db: ScopedSession, request: Request, row: Any, form: Any) -> dict[str, Any]:
        fill(db, form, row)
        contact = db.get(Contact, form.contact_id.data) if form.contact_id.data is not None else None
        figures = figures_of(db, row, form)
        if form.by_terms.data:
            replace_dues(form, figures)
        return {
            "customer": lookups.customer_card(contact) if contact else None,
            "next_numbers": {str(series.id): series.spell(series.next_number) for series in _series(db, form)},
            "figures": figures,
            "moments": history_of_invoice(db, row.id) if row is not None else [],
            "asking": form.asking,
            "corrected": row.corrects_text if row is not None else "",
        }

    def title_of(self: Any, row: Any) -> str:
        if row is None:
            return str(self.new_title)
        if not row.is_draft:
            return f"{row} · {row.buyer_name}"
        kind = _("Rectificativa para %(cliente)s") if row.corrects_id else _("Factura para %(cliente)s")
        return kind % {"cliente": row.contact.name}

    def save(self, db: ScopedSession, row: Any, form: InvoiceForm) -> Invoice:
        """Save the draft or, once it is agreed to, issue it. The form of a new one sent again is the same one."""
        command = form.draft(row.id if row is not None else None)
        try:
            return _perform(db, form, command)
        except AlreadySaved as refusal:
            again = replace(command, document_id=refusal.document_id, revision=FIRST_REVISION, key=None)
            return _perform(db, form, again)
        except AlreadyIssued as refusal:
            if row is None and form.wants_issue:
                return db.get_one(Invoice, refusal.document_id)
            raise

    def saved(self: Any, request: Request, row: Any, form: Any = None, *, is_new: bool = False) -> Response | None:
        if row.is_draft:
            Flash.success(request, _("Borrador guardado."))
            return RedirectResponse(self.edit_address(row.id), status_code=303)
        told = Issued(row.id, row.number_text, euros(row.total, row.currency))
        Flash.success(request, str(told))
        return RedirectResponse(self.details_address(row.id), status_code=303)

    def remove(self, db: ScopedSession, row: Any, revision: int | None) -> None:
        delete_draft(db, row.id, revision)

    @page("/estimate", needs=Action.EDIT, methods=("POST",))
    async def estimate(self, request: Request) -> Response:
        """Totals, amounts and due dates of what is being typed, by the arithmetic that saves. Changes nothing."""
        return await run_in_threadpool(self._estimate, request)

    def _estimate(self: Any, request: Request) -> Response:
        with installation_of(request).database.read(CompanyScope(visit_of(request).company_id)) as db:
            form, row = self.read_form(db, request)
            form.validate()
            taxes = [(value, name) for value, name in form.offered_taxes.items() if name]
            return JSONResponse(figures_of(db, row, form) | {"errors": _errors(form), "taxes": taxes})

    def read_form(self: Any, db: ScopedSession, request: Request) -> tuple[InvoiceForm, Any]:
        """The posted form and the draft it is of (``?of=``), for pages beside the form's own."""
        of = request.query_params.get("of", "")
        row = form_pages.load(self, db, of) if of else None
        return self.make_form(db, request, row), row

    @page("/customers", needs=Action.EDIT, methods=("GET",))
    async def customers(self, request: Request) -> Response:
        return await run_in_threadpool(_looked_up, request, lookups.customers)

    @page("/articles", needs=Action.EDIT, methods=("GET",))
    async def articles(self, request: Request) -> Response:
        try:
            day = fields.day(request.query_params.get("day", ""), "day", today=clock.today())
        except InvalidValue:
            day = None
        return await run_in_threadpool(
            _looked_up, request, lambda db, term: lookups.articles(db, term, day or clock.today())
        )


def figures_of(db: ScopedSession, row: Any, form: InvoiceForm) -> dict[str, Any]:
    """What the form comes to, as far as it can be reckoned with."""
    lines = form.reckoned
    try:
        invoice = estimate_draft(db, form.estimate(row.id if row is not None else None))
    except InvalidValue as refusal:
        return unknown(str(refusal))
    return estimated(form, lines, invoice)


def _perform(db: ScopedSession, form: InvoiceForm, command: SaveInvoiceDraft) -> Invoice:
    if not form.wants_issue:
        return save_invoice_draft(db, command)
    if not form.may_issue:
        raise HTTPException(403)
    issued = issue_draft(db, IssueDraft(draft=command, today=clock.today()))
    invoice = db.get_one(Invoice, issued.document_id)
    check_printable(f"{invoice.buyer_name} {invoice.buyer_address}", "contact")
    if form.confirmed.data != agreement(invoice):
        raise AskFirst(invoice)
    return invoice


def _already_issued(view: Any, request: Request, refusal: AlreadyIssued) -> Response:
    """The same form sent twice to issue answers as the first time; anybody else is told."""
    form = posted(request)
    scope = CompanyScope(visit_of(request).company_id)
    with installation_of(request).database.read(scope) as db:
        row = db.get_one(Invoice, refusal.document_id)
    if form.get("do") != "issue" or form.get("revision") != str(row.revision - ISSUING_REVISIONS):
        raise refusal
    answer: Response = view.saved(request, row)
    return answer


def _errors(form: InvoiceForm) -> dict[str, str]:
    """What is wrong already while it is typed: a figure, a day or a tax; never what is still missing."""
    rows: list[Any] = form.lines.rows
    header = [form[name] for name in ("issued_on", "operation_on", "discount_rate", "withholding_rate")]
    cells = [row[name] for row in rows for name in ("quantity", "unit_price", "discount_rate", "tax")]
    typed = [field for field in (*header, *cells) if field.raw_data and str(field.raw_data[0]).strip()]
    late = {row.tax.name: str(TaxNotValid()) for row in rows if row.tax.data and row.tax.data not in form.offered_taxes}
    return late | {field.name: str(field.errors[0]) for field in typed if field.errors}


def _looked_up(request: Request, find: Callable[[ScopedSession, str], list[dict[str, Any]]]) -> Response:
    try:
        term = fields.line(request.query_params.get("term", ""), "term", most=100)
    except InvalidValue:
        return JSONResponse({"results": []})
    with installation_of(request).database.read(CompanyScope(visit_of(request).company_id)) as db:
        return JSONResponse({"results": find(db, term)})


def _series(db: ScopedSession, form: InvoiceForm) -> list[Series]:
    choices: Any = form.series.choices
    return list(db.scalars(select(Series).where(Series.id.in_([int(value) for value, _word in choices]))))
