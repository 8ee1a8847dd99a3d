"""One invoice to look at: what it says, where it came from, what became of it; its PDF and its files."""

from typing import Any, ClassVar
from urllib.parse import quote

from sqladmin.authorization import Action
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from admin_views.auth import visit_of
from admin_views.base import page
from admin_views.filters import whole
from admin_views.form_pages import load
from admin_views.formatters import INVOICE_SIGNS, OVERDUE, PAYMENT_METHODS, Sign
from admin_views.invoice_figures import share, sums_of
from admin_views.invoice_history import history_of_invoice
from app import clock
from app.adapters.pdf.from_document import spell_account
from app.domain.templates import find_default
from app.rendering import PDF, Printed, preview_pdf, publication_pdf
from app.scope import CompanyScope, ScopedSession
from app.texts import _
from app.web import installation_of
from models import Attachment, Document, Invoice, Publication, StoredFile


class InvoiceReading:
    """Mixed into the view of invoices."""

    details_template: ClassVar[str] = "admin/invoice/page.html"

    def details_extra(self: Any, db: ScopedSession, request: Request, row: Invoice) -> dict[str, Any]:
        files = db.scalars(select(Attachment).where(Attachment.document_id == row.id).order_by(Attachment.id)).all()
        return {
            "sign": sign_of(row),
            "moments": history_of_invoice(db, row.id),
            "sums": sums_of(row),
            "method": _(PAYMENT_METHODS[row.payment_method]),
            "dues": [
                (due, _(PAYMENT_METHODS[due.method]), spell_account(due.account), share(due.amount, row.payable))
                for due in row.dues
            ],
            "files": [(attachment, attachment.file) for attachment in files],
            "publication": live_publication(db, row.id),
            "original": db.get(Invoice, row.corrects_id) if row.corrects_id is not None else None,
            "corrections": db.scalars(select(Invoice).where(Invoice.corrects_id == row.id).order_by(Invoice.id)).all(),
            "can_delete": row.is_draft and self.has_permission(request, Action.DELETE),
            "can_edit": row.is_draft and self.has_permission(request, Action.EDIT),
        }

    @page("/pdf/{pk}", needs="action:pdf", methods=("GET",))
    async def pdf(self, request: Request) -> Response:
        """What the customer gets: the published file, or what it would be."""
        return await run_in_threadpool(_pdf, self, request)

    @page("/file/{pk}/{file}", needs=Action.DETAILS, methods=("GET",))
    async def file(self, request: Request) -> Response:
        """A file that came with an invoice, byte by byte as it came."""
        return await run_in_threadpool(_file, self, request)


def sign_of(row: Document) -> Sign:
    return INVOICE_SIGNS[OVERDUE if row.is_overdue_on(clock.today()) else row.status]


def live_publication(db: ScopedSession, document_id: int) -> Publication | None:
    return db.scalar(
        select(Publication).where(Publication.document_id == document_id, Publication.withdrawn_at.is_(None))
    )


def inline_pdf(printed: Printed) -> Response:
    return Response(
        printed.content, media_type=PDF, headers={"Content-Disposition": disposition("inline", printed.name)}
    )


def disposition(kind: str, name: str) -> str:
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}"


def _pdf(view: Any, request: Request) -> Response:
    installation, scope = installation_of(request), CompanyScope(visit_of(request).company_id)
    with installation.database.read(scope) as db:
        row = load(view, db, request.path_params["pk"])
        publication = live_publication(db, row.id)
        version = find_default(db)
    if publication is not None:
        return inline_pdf(publication_pdf(installation, scope, publication.id))
    return inline_pdf(preview_pdf(installation, scope, row.id, version.id if version else None))


def _file(view: Any, request: Request) -> Response:
    installation = installation_of(request)
    with installation.database.read(CompanyScope(visit_of(request).company_id)) as db:
        row = load(view, db, request.path_params["pk"])
        file = db.scalar(
            select(StoredFile)
            .join(Attachment, Attachment.file_id == StoredFile.id)
            .where(Attachment.document_id == row.id, Attachment.id == whole(request.path_params["file"]))
        )
    if file is None:
        raise HTTPException(404)
    headers = {"Content-Disposition": disposition("attachment", file.name)}
    return Response(installation.storage.get(file.key), media_type=file.media_type, headers=headers)
