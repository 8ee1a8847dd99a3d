"""One document to look at: what it says, where it came from, what became of it; its PDF and its files."""

from typing import Any, ClassVar
from urllib.parse import quote

from sqladmin.authorization import Action
from sqlalchemy import or_, select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from admin_views.acting import reading
from admin_views.auth import GRANTS, visit_of
from admin_views.base import page
from admin_views.documents.figures import share, sums_of
from admin_views.documents.history import history_of
from admin_views.documents.states import moves_of, screen_of, sign_of
from admin_views.filters import whole
from admin_views.form_pages import load
from admin_views.formatters import PAYMENT_METHODS
from app.adapters.pdf.from_document import spell_account
from app.domain.following import can_become
from app.domain.kinds import KINDS
from app.domain.templates import find_default
from app.rendering import PDF, Printed, preview_pdf, publication_pdf
from app.scope import CompanyScope, ScopedSession
from app.texts import _
from app.web import installation_of
from models import Attachment, Document, Publication, StoredFile
from models.enums import DocumentKind


class DocumentReading:
    """Mixed into the views of documents."""

    details_template: ClassVar[str] = "admin/document/page.html"

    def details_extra(self: Any, db: ScopedSession, request: Request, row: Document) -> dict[str, Any]:
        files = db.scalars(select(Attachment).where(Attachment.document_id == row.id).order_by(Attachment.id)).all()
        return {
            "sign": sign_of(row),
            "moments": history_of(db, row),
            "sums": sums_of(row),
            "method": _(PAYMENT_METHODS[row.payment_method]),
            "dues": [
                (due, _(PAYMENT_METHODS[due.method]), spell_account(due.account), share(due.amount, row.payable))
                for due in row.dues
            ],
            "files": [(attachment, attachment.file) for attachment in files],
            "publication": live_publication(db, row.id),
            "related": related(db, row),
            "day_label": _(KINDS[row.kind].day_label or "Vencimiento"),
            "party": _("Proveedor") if KINDS[row.kind].is_purchase else _("Cliente"),
            "falls_due": KINDS[row.kind].falls_due,
            "words": KINDS[row.kind].words,
            "moves": moves_of(row) if self.has_permission(request, "action:move") else [],
            "next_kinds": next_kinds(request, row),
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


def next_kinds(request: Request, row: Document) -> list[tuple[DocumentKind, str]]:
    """What may be made from it by whoever is looking, and what the button says."""
    grants = GRANTS[visit_of(request).role]
    may = [kind for kind in DocumentKind if can_become(row, kind) and (screen_of(kind), Action.CREATE) in grants]
    words = {kind: _(KINDS[kind].words.title) for kind in may}
    return [
        (kind, _("Versión nueva") if kind is row.kind else _("Convertir en %(que)s") % {"que": word.lower()})
        for kind, word in words.items()
    ]


def related(db: ScopedSession, row: Document) -> list[tuple[str, list[Document]]]:
    """What it was made from or corrects, and what was made from it or corrects it, as facts to show."""
    others = list(
        db.scalars(
            select(Document)
            .where(or_(Document.made_from_id == row.id, Document.corrects_id == row.id))
            .order_by(Document.id)
        )
    )
    before = [(_("Rectifica a"), row.corrects_id), (_("Viene de"), row.made_from_id)]
    facts = [(label, [db.get_one(Document, one)]) for label, one in before if one is not None]
    corrections = [one for one in others if one.corrects_id == row.id]
    made = [one for one in others if one.made_from_id == row.id]
    after = [(_("Rectificada por"), corrections), (_("Dio lugar a"), made)]
    return facts + [(label, found) for label, found in after if found]


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
    with reading(request) as db:
        row = load(view, db, request.path_params["pk"])
        publication = live_publication(db, row.id)
        version = find_default(db)
    if publication is not None:
        return inline_pdf(publication_pdf(installation, scope, publication.id))
    return inline_pdf(preview_pdf(installation, scope, row.id, version.id if version else None))


def _file(view: Any, request: Request) -> Response:
    installation = installation_of(request)
    with reading(request) as db:
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
