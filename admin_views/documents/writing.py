"""Writing a document: its form, totals that follow the typing, saving, and issuing what was agreed to."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from msgspec.structs import replace
from sqladmin.authorization import Action
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from admin_views import form_pages
from admin_views.acting import done, read, reading
from admin_views.auth import visit_of
from admin_views.base import page
from admin_views.documents import lookups
from admin_views.documents.figures import estimated, unknown
from admin_views.documents.filling import fill, new_values, replace_dues, series_hints, values_of
from admin_views.documents.form import AskFirst, DatedForm, DocumentForm, InvoiceForm, agreement
from admin_views.documents.history import history_of
from admin_views.documents.rows import moved_up
from admin_views.filters import whole
from admin_views.form_pages import Panel
from admin_views.forms import OfficeForm
from admin_views.posted import posted
from app import clock
from app.adapters.pdf import check_printable
from app.domain import fields
from app.domain.drafting import (
    AlreadyIssued,
    AlreadySaved,
    SaveDraft,
    TaxNotValid,
    delete_draft,
    estimate_draft,
    save_draft,
)
from app.domain.following import invoiced_before
from app.domain.issuing import Issued, IssueDraft, issue_draft
from app.domain.kinds import KINDS
from app.errors import InvalidValue
from app.money import euros
from app.scope import ScopedSession
from app.texts import _
from models import Contact, Document
from models.enums import DocumentKind

# A draft begins at this revision; saving and issuing a form in one go are two steps.
FIRST_REVISION, ISSUING_REVISIONS = 1, 2


class DocumentWriting:
    """Mixed into the views of documents."""

    kind: ClassVar[DocumentKind]
    form_class: ClassVar[type[OfficeForm] | None] = DatedForm
    form_template: ClassVar[str] = "admin/document/form.html"
    panels: ClassVar[Sequence[Panel]] = (Panel("documento", "Documento"), Panel("textos", "Textos"))
    can_delete = True

    def allows(self: Any, action: str, row: Any) -> bool:
        """What is issued is neither changed nor deleted (RD 1619/2012, art. 19)."""
        return action not in (Action.EDIT, Action.DELETE) or row.is_draft

    async def edit_page(self: Any, request: Request) -> Response:
        try:
            answer: Response = await form_pages.edit_page(self, request)
        except AlreadyIssued as refusal:
            return _already_issued(self, request, refusal)
        return answer

    def forbidden(self, action: str, row: Any) -> Exception:
        return AlreadyIssued(row)

    def make_form(self: Any, db: ScopedSession, request: Request, row: Any) -> DocumentForm:
        visit = visit_of(request)
        form: DocumentForm
        if request.method == "POST":
            form = self.form_class(moved_up(posted(request)))
        elif row is not None:
            form = self.form_class(data=values_of(db, row))
        else:
            contact_id = whole(request.query_params.get("cliente", ""))
            form = self.form_class(data=new_values(db, self.kind, visit.user_id, contact_id))
        form.kind = self.kind
        form.may_issue = self.has_permission(request, "action:issue")
        fill(db, form, row)
        return form

    def prepare(self, db: ScopedSession, form: Any) -> None:
        """``make_form`` and ``form_context`` know the draft, which this needs."""

    def form_context(self: Any, db: ScopedSession, request: Request, row: Any, form: Any) -> dict[str, Any]:
        fill(db, form, row)
        contact = db.get(Contact, form.contact_id.data) if form.contact_id.data is not None else None
        figures = figures_of(db, row, form)
        if isinstance(form, InvoiceForm) and form.by_terms.data:
            replace_dues(form, figures)
        return {
            "words": KINDS[self.kind].words,
            "moves": [],
            "next_kinds": [],
            "customer": lookups.party_card(contact, self.kind) if contact else None,
            "series_hints": series_hints(db, form, visit_of(request).user_id if row is None else None),
            "figures": figures,
            "moments": history_of(db, row) if row is not None else [],
            "asking": form.asking,
            "corrected": row.corrects_text if row is not None else "",
        }

    def title_of(self: Any, row: Any) -> str:
        if row is None:
            return str(self.new_title)
        if not row.is_draft:
            return f"{row} · {row.buyer_name}"
        title = _("Factura rectificativa") if row.corrects_id else _(KINDS[row.kind].words.title)
        return _("%(documento)s para %(cliente)s") % {"documento": title, "cliente": row.contact.name}

    def save(self, db: ScopedSession, row: Any, form: DocumentForm) -> Document:
        """Save the draft or, once it is agreed to, issue it. The form of a new one sent again is the same one."""
        command = form.draft(row.id if row is not None else None)
        try:
            return _perform(db, form, command)
        except AlreadySaved as refusal:
            again = replace(command, document_id=refusal.document_id, revision=FIRST_REVISION, key=None)
            return _perform(db, form, again)
        except AlreadyIssued as refusal:
            issued = db.get_one(Document, refusal.document_id)
            if (
                row is None
                and form.wants_issue
                and issued.kind is form.kind
                and form.confirmed.data == agreement(issued)
            ):
                return issued
            raise

    def saved(self: Any, request: Request, row: Any, form: Any = None, *, is_new: bool = False) -> Response | None:
        if row.is_draft:
            return done(request, _("Borrador guardado."), self.edit_address(row.id))
        told = Issued(row.id, row.kind, row.number_text, euros(row.total, row.currency))
        return done(request, told, self.details_address(row.id))

    def remove(self, db: ScopedSession, row: Any, revision: int | None) -> None:
        delete_draft(db, row.id, revision)

    @page("/estimate", needs=Action.EDIT, methods=("POST",))
    async def estimate(self, request: Request) -> Response:
        """Totals, amounts and due dates of what is being typed, by the arithmetic that saves. Changes nothing."""
        return await run_in_threadpool(self._estimate, request)

    def _estimate(self: Any, request: Request) -> Response:
        with reading(request) as db:
            form, row = self.read_form(db, request)
            form.validate()
            taxes = [(value, name) for value, name in form.offered_taxes.items() if name]
            return JSONResponse(figures_of(db, row, form) | {"errors": _errors(form), "taxes": taxes})

    def read_form(self: Any, db: ScopedSession, request: Request) -> tuple[DocumentForm, Any]:
        """The posted form and the draft it is of (``?of=``), for pages beside the form's own."""
        of = request.query_params.get("of", "")
        row = form_pages.load(self, db, of) if of else None
        return self.make_form(db, request, row), row

    @page("/parties", needs=Action.EDIT, methods=("GET",))
    async def parties(self, request: Request) -> Response:
        return await run_in_threadpool(_looked_up, request, lambda db, term: lookups.parties(db, self.kind, term))

    @page("/articles", needs=Action.EDIT, methods=("GET",))
    async def articles(self, request: Request) -> Response:
        try:
            day = fields.day(request.query_params.get("day", ""), "day", today=clock.today())
        except InvalidValue:
            day = None
        return await run_in_threadpool(
            _looked_up, request, lambda db, term: lookups.articles(db, term, day or clock.today())
        )


def figures_of(db: ScopedSession, row: Any, form: DocumentForm) -> dict[str, Any]:
    """What the form comes to, as far as it can be reckoned with."""
    lines = form.reckoned
    try:
        draft = estimate_draft(db, form.estimate(row.id if row is not None else None))
    except InvalidValue as refusal:
        return unknown(str(refusal))
    return estimated(form, lines, draft)


def _perform(db: ScopedSession, form: DocumentForm, command: SaveDraft) -> Document:
    if not form.wants_issue:
        return save_draft(db, command)
    if not form.may_issue:
        raise HTTPException(403)
    issued = issue_draft(db, IssueDraft(draft=command, today=clock.today()))
    document = db.get_one(Document, issued.document_id)
    check_printable(f"{document.buyer_name} {document.buyer_address}", "contact")
    if form.confirmed.data != agreement(document):
        raise AskFirst(document, invoiced_before(db, document) if KINDS[document.kind].falls_due else ())
    return document


def _already_issued(view: Any, request: Request, refusal: AlreadyIssued) -> Response:
    """The same form sent twice to issue answers as the first time; anybody else is told."""
    form = posted(request)
    row = read(request, lambda db: db.get_one(Document, refusal.document_id))
    if form.get("do") != "issue" or form.get("revision") != str(row.revision - ISSUING_REVISIONS):
        raise refusal
    answer: Response = view.saved(request, row)
    return answer


def _errors(form: DocumentForm) -> dict[str, str]:
    """What is wrong already while it is typed: a figure, a day or a tax; never what is still missing."""
    rows: list[Any] = form.lines.rows
    names = ("issued_on", "operation_on", "due_on", "discount_rate", "withholding_rate")
    header = [form[name] for name in names if name in form]
    cells = [row[name] for row in rows for name in ("quantity", "unit_price", "discount_rate", "tax")]
    typed = [field for field in (*header, *cells) if field.raw_data and str(field.raw_data[0]).strip()]
    late = {row.tax.name: str(TaxNotValid()) for row in rows if row.tax.data and row.tax.data not in form.offered_taxes}
    return late | {field.name: str(field.errors[0]) for field in typed if field.errors}


def _looked_up(request: Request, find: Callable[[ScopedSession, str], list[dict[str, Any]]]) -> Response:
    try:
        term = fields.line(request.query_params.get("term", ""), "term", most=100)
    except InvalidValue:
        return JSONResponse({"results": []})
    with reading(request) as db:
        return JSONResponse({"results": find(db, term)})
