"""*Publicaciones realizadas*: what was published or withdrawn at once, by whom, and how it is going."""

from collections import defaultdict
from typing import Any

from sqladmin.authorization import Action
from sqlalchemy import ColumnElement, Select, func, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import act, done, reading
from admin_views.auth import visit_of
from admin_views.base import OfficeView, page
from admin_views.columns import Column
from admin_views.command_page import Command
from admin_views.documents.states import screen_of
from admin_views.filters import Choice, DayRange
from admin_views.form_pages import load
from admin_views.formatters import DASH, Sign, badge, count, moment
from admin_views.forms import OfficeForm
from admin_views.list_pages import Tool
from admin_views.mail.words import when_it_leaves
from admin_views.saved_views import Tab
from admin_views.searching import Order, Search
from admin_views.templating import render
from app.domain.folding import says
from app.domain.kinds import KINDS, Kind
from app.domain.mail.accounts import company_account
from app.domain.mail.resending import RetryMails, retry_mails
from app.domain.previewing import UndoPreview, preview_undo
from app.domain.queries import batches
from app.domain.withdrawing import UndoBatch, undo_batch
from app.scope import ScopedSession
from app.texts import _, plural
from app.web import installation_of
from models import Batch, StaffUser
from models.enums import BatchKind, DocumentKind

UNDONE = "undone"
SIGNS: dict[str, Sign] = {
    BatchKind.PUBLISH: Sign("Publicación", "world", "ok"),
    BatchKind.WITHDRAW: Sign("Anulación", "eye-off"),
    BatchKind.GRANT_ACCESS: Sign("Acceso dado", "key", "ok"),
    BatchKind.WITHDRAW_ACCESS: Sign("Acceso retirado", "ban"),
    UNDONE: Sign("Deshecha", "arrow-back-up", "warn"),
}
# What the list shows; access given or withdrawn at once has its page here too.
PUBLISHING = (BatchKind.PUBLISH, BatchKind.WITHDRAW)
DEEDS = {"publicadas": BatchKind.PUBLISH, "anuladas": BatchKind.WITHDRAW}


def _sign(kind: BatchKind, undone_at: Any) -> Sign:
    return SIGNS[UNDONE if undone_at else kind]


def _figure(name: str) -> Any:
    return lambda figures: count(figures[name]) if figures.get(name) else DASH


class BatchAdmin(OfficeView, model=Batch):
    identity = "batch"
    name, name_plural, category, icon = "Publicación", "Publicaciones realizadas", "Intranet", "world"
    noun, nouns = "publicación", "publicaciones"
    can_create = can_edit = False
    search_hint = "Qué se publicó o quién lo hizo"
    empty_text = "Aquí verá quién publicó qué, cuándo, y a quién se avisó. Empiece en Facturas de venta."
    details_template = "admin/batch/details.html"
    toolbar = (Tool("Publicar facturas", "/admin/invoice/publish?q=", "world", "action:undo"),)

    columns = (
        Column(
            name="fecha", label="Fecha", value=Batch.created_at, show=moment, sort=Batch.created_at, newest_first=True
        ),
        Column(
            name="que",
            label="Qué",
            value=(Batch.kind, Batch.undone_at),
            show=lambda kind, undone_at: badge(_sign(kind, undone_at)),
            csv=lambda kind, undone_at: _(_sign(kind, undone_at).word),
            css="c-state",
        ),
        Column(name="seleccion", label="Selección", value=Batch.selection, css="c-who"),
        Column(
            name="documentos",
            label="Documentos",
            value=Batch.figures,
            show=_figure("documents"),
            csv=lambda figures: figures.get("documents", 0),
            css="num c-pub",
        ),
        Column(
            name="clientes",
            label="Clientes",
            value=Batch.figures,
            show=_figure("customers"),
            csv=lambda figures: figures.get("customers", 0),
            css="num hide",
        ),
        Column(
            name="avisos",
            label="Avisos",
            value=Batch.figures,
            show=_figure("mails"),
            csv=lambda figures: figures.get("mails", 0),
            css="num hide",
        ),
        Column(
            name="quien",
            label="Quién",
            value=func.coalesce(StaffUser.name, ""),
            css="hide",
            sort=func.coalesce(StaffUser.name, ""),
        ),
    )
    default_order = Order("fecha", descending=True)
    filters = (
        Choice(
            name="que",
            label="Qué",
            options=[("publicadas", "Publicaciones"), ("anuladas", "Anulaciones"), ("deshechas", "Deshechas")],
            condition=lambda value: (
                Batch.undone_at.is_not(None) if value == "deshechas" else Batch.kind == DEEDS[value]
            ),
        ),
        DayRange(name="fecha", label="Fecha", column=Batch.created_at, of_moments=True),
    )
    tabs = (Tab("Todas"), Tab("Publicaciones", "que=publicadas"), Tab("Anulaciones", "que=anuladas"))

    def own_rows(self, company_id: int) -> list[ColumnElement[bool]]:
        return [Batch.company_id == company_id, Batch.kind.not_in((BatchKind.IMPORT, BatchKind.SEND))]

    def conditions(self, company_id: int, search: Search) -> list[ColumnElement[bool]]:
        return [*super().conditions(company_id, search), Batch.kind.in_(PUBLISHING)]

    def mentions(self, company_id: int, text: str) -> ColumnElement[bool]:
        people = select(StaffUser.id).where(says(StaffUser.name, text))
        return says(Batch.selection, text) | Batch.user_id.in_(people)

    def joined(self, statement: Select[Any]) -> Select[Any]:
        return statement.outerjoin(StaffUser, StaffUser.id == Batch.user_id)

    def lookup(self, db: ScopedSession, term: str) -> list[dict[str, str]]:
        found = db.scalars(self.matching(db, term, Batch.id.desc()).where(Batch.kind.in_(PUBLISHING)))
        return [{"id": str(row.id), "text": row.selection, "hint": moment(row.created_at)} for row in found]

    def title_of(self, row: Batch) -> str:
        figures = defaultdict(int, row.figures)
        if row.kind is BatchKind.WITHDRAW:
            return plural("%(n)s publicación anulada", "%(n)s publicaciones anuladas", figures["documents"])
        if row.kind is BatchKind.PUBLISH:
            words = kind_of(row).words
            one, many = words.agree("publicada", "publicado"), words.agree("publicadas", "publicados")
            return f"{words.count(figures['documents'])} {one if figures['documents'] == 1 else many}"
        if row.kind is BatchKind.WITHDRAW_ACCESS:
            one, many = "Acceso retirado a %(n)s persona", "Acceso retirado a %(n)s personas"
        elif figures["people"]:
            one, many = "Acceso dado a %(n)s persona", "Acceso dado a %(n)s personas"
        else:
            return plural("%(n)s persona invitada otra vez", "%(n)s personas invitadas otra vez", figures["mails"])
        return plural(one, many, figures["people"])

    def details_extra(self, db: ScopedSession, request: Request, row: Batch) -> dict[str, Any]:
        return {
            "sign": _sign(row.kind, row.undone_at),
            "is_publishing": row.kind in PUBLISHING,
            "words": kind_of(row).words,
            "screen": screen_of(row.document_kind or DocumentKind.INVOICE),
            "party_screen": "supplier" if kind_of(row).is_purchase else "customer",
            "figures": defaultdict(int, row.figures),
            "undone": defaultdict(int, row.undone_figures or {}),
            **self._going(db, request, row),
            "documents": batches.documents_of(db, row),
            "accesses": batches.accesses_of(db, row),
            "version": row.template_version if row.template_version_id else None,
            "may_undo": row.kind is BatchKind.PUBLISH
            and row.undone_at is None
            and self.has_permission(request, "action:undo"),
        }

    def _going(self, db: ScopedSession, request: Request, row: Batch) -> dict[str, Any]:
        """What changes while a batch is going."""
        return {
            "progress": batches.progress_of(db, row),
            "waits": when_it_leaves(company_account(db), demo=installation_of(request).settings.demo),
            "moments": [(told(one), one.who, one.at) for one in batches.moments_of(db, row)],
            "may_retry": row.undone_at is None and self.has_permission(request, "action:retry"),
        }

    @page("/progress/{pk:int}", needs=Action.DETAILS, methods=("GET",))
    async def progress(self, request: Request) -> Response:
        """How it is going, for the page that shows it. ``data-over`` when nothing will change any more."""
        return await run_in_threadpool(self._progress, request)

    def _progress(self, request: Request) -> Response:
        with reading(request) as db:
            row = load(self, db, request.path_params["pk"])
            context = {"view": self, "row": row, **self._going(db, request, row)}
        return HTMLResponse(render(request, "admin/batch/_parts.html", context))

    @page("/undo/{pk:int}", needs="action:undo")
    async def undo_page(self, request: Request) -> Response:
        """Asks first, with what can and what cannot be taken back."""
        pk, user_id = request.path_params["pk"], visit_of(request).user_id

        def preview(db: ScopedSession, form: OfficeForm) -> tuple[Batch, UndoPreview]:
            row = load(self, db, pk)
            return row, preview_undo(db, row.id)

        def run(db: ScopedSession, form: OfficeForm) -> Any:
            return undo_batch(db, UndoBatch(batch_id=load(self, db, pk).id, user_id=user_id))

        return await self.command_page(
            request,
            Command(
                title=_("Deshacer publicación"),
                submit=_("Deshacer publicación"),
                form_class=OfficeForm,
                run=run,
                preview=preview,
                back=self.details_address(pk),
                template="admin/batch/undo.html",
                destroys=True,
            ),
        )

    @page("/retry/{pk:int}", needs="action:retry", methods=("POST",))
    async def retry(self, request: Request) -> Response:
        """Queue again the notices of this publication that failed."""
        pk = request.path_params["pk"]

        def work(db: ScopedSession) -> Any:
            return retry_mails(db, RetryMails(mail_ids=batches.failed_mails_of(db, load(self, db, pk).id)))

        return done(request, await run_in_threadpool(act, request, work), self.details_address(pk))


def told(one: batches.Moment) -> str:
    """A moment of a publication as people say it."""
    words = {
        BatchKind.PUBLISH.value: _("publicó"),
        BatchKind.WITHDRAW.value: _("anuló la publicación"),
        BatchKind.GRANT_ACCESS.value: _("dio acceso"),
        BatchKind.WITHDRAW_ACCESS.value: _("retiró el acceso"),
        "first_mail": _("Salió el primer correo"),
        "last_mail": plural("Salió el correo", "Han salido %(n)s correos", one.count),
        "first_seen": _("Un cliente abrió el primer documento"),
        "undone": _("deshizo la publicación"),
    }
    return words[one.what]


def kind_of(row: Batch) -> Kind:
    """Of the documents it publishes; access given by itself is of none, and asks for no words of them."""
    return KINDS[row.document_kind or DocumentKind.INVOICE]
