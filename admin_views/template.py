"""Plantillas: how documents look on paper. Changing a look adds a version; what was published keeps its own."""

from typing import Any

from markupsafe import Markup
from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from wtforms import FileField

from admin_views.acting import reading
from admin_views.base import OfficeView, page
from admin_views.columns import Column
from admin_views.command_page import Command
from admin_views.filters import Choice, whole
from admin_views.form_pages import Panel, load
from admin_views.formatters import Sign, badge
from admin_views.forms import OfficeForm, Strict, Tick
from admin_views.intranet_samples import logo as stored_logo
from admin_views.intranet_samples import posted_logo
from admin_views.printable import PrintedProse
from admin_views.saved_views import Tab
from admin_views.searching import Order
from admin_views.template_preview import preview_typed, preview_version, versions_of
from app import clock
from app.domain import fields
from app.domain.folding import says
from app.domain.templates import (
    DEFAULT_COLUMNS,
    Look,
    SaveTemplate,
    archive_template,
    look_of,
    newest_version,
    restore_template,
    save_template,
)
from app.errors import InvalidValue, NotFound
from app.scope import ScopedSession
from app.texts import _
from models import Company, DocumentTemplate, StoredFile, TemplateVersion

IN_USE, ARCHIVED = Sign("En uso", "check", "ok"), Sign("Archivada", "archive")
LONGEST_INTRO, LONGEST_FOOTER = 1500, 900


class Upload(FileField):
    control = "file"
    hint = ""


class TemplateForm(OfficeForm):
    """``sent_logo`` is the picture that came with it, made harmless and kept before any transaction."""

    name = Strict("Nombre", lambda typed, field: fields.line(typed, field, most=40), required=True, css="s4")
    accent = Strict("Color", fields.colour, required=True, css="s2", attributes={"type": "color"})
    is_default = Tick("La que se propone al publicar")
    has_code = Tick("Código del artículo", default=True)
    has_discount = Tick("Descuento de la línea, cuando lo hay", default=True)
    has_tax = Tick("Tipo de impuesto", default=True)
    logo = Upload("Logotipo")
    removes_logo = Tick("Quitar el logotipo")
    intro = PrintedProse("Encima de las líneas", most=LONGEST_INTRO, rows=3)
    legal_footer = PrintedProse(
        "Al pie de cada página",
        most=LONGEST_FOOTER,
        rows=4,
        hint="Vacío: los datos registrales de la empresa",
    )

    sent_logo: StoredFile | None = None

    def look(self, logo_id: int | None) -> Look:
        shown = {"code": self.has_code.data, "discount": self.has_discount.data, "tax": self.has_tax.data}
        return Look(
            accent=self.accent.data or "",
            logo_id=None if self.removes_logo.data else logo_id,
            columns=",".join(name for name in DEFAULT_COLUMNS.split(",") if shown[name]),
            intro=self.intro.data or "",
            legal_footer=self.legal_footer.data or "",
        )


_NEWEST = (
    select(func.max(TemplateVersion.number))
    .where(
        TemplateVersion.company_id == DocumentTemplate.company_id, TemplateVersion.template_id == DocumentTemplate.id
    )
    .correlate(DocumentTemplate)
    .scalar_subquery()
)


class TemplateAdmin(OfficeView, model=DocumentTemplate):
    identity = "document-template"
    name, name_plural, category, icon = "Plantilla", "Plantillas", "Administración", "template"
    noun, nouns, new_label = "plantilla", "plantillas", "Nueva plantilla"
    search_hint = "Nombre"
    columns = (
        Column(name="nombre", label="Nombre", value=DocumentTemplate.name, sort=DocumentTemplate.name),
        Column(name="version", label="Versión", value=_NEWEST, css="num c-side"),
        Column(
            name="estado",
            label="Estado",
            value=DocumentTemplate.archived_at,
            show=lambda archived: badge(ARCHIVED if archived else IN_USE),
            csv=lambda archived: (ARCHIVED if archived else IN_USE).word,
            css="c-state",
        ),
        Column(
            name="defecto",
            label="Por defecto",
            value=DocumentTemplate.is_default,
            show=lambda yes: Markup("<b>{}</b>").format(_("Se propone al publicar")) if yes else "",
            csv=lambda yes: _("Sí") if yes else _("No"),
            css="c-pub",
        ),
    )
    default_order = Order("nombre", descending=False)
    filters = (
        Choice(
            name="estado",
            label="Estado",
            options=[("uso", "En uso"), ("archivada", "Archivadas")],
            condition=lambda value: (
                DocumentTemplate.archived_at.is_(None) if value == "uso" else DocumentTemplate.archived_at.is_not(None)
            ),
        ),
    )
    tabs = (Tab("En uso", "estado=uso"), Tab("Archivadas", "estado=archivada"), Tab("Todas"))
    can_export = False
    form_class = TemplateForm
    form_template = "admin/template/form.html"
    panels = (Panel("plantilla", "Plantilla"),)

    def mentions(self, company_id: int, text: str) -> Any:
        return says(DocumentTemplate.name, text)

    def initial(self, db: ScopedSession, row: Any) -> dict[str, Any]:
        if row is None:
            return {"accent": db.get_one(Company, db.company_id).accent}
        look = look_of(newest_version(db, row.id))
        shown = look.columns.split(",")
        ticks = {f"has_{name}": name in shown for name in DEFAULT_COLUMNS.split(",")}
        return {"accent": look.accent, "intro": look.intro, "legal_footer": look.legal_footer} | ticks

    def form_context(self, db: ScopedSession, request: Request, row: Any, form: Any) -> dict[str, Any]:
        return {
            "logo_id": self._logo_id(db, row),
            "versions": versions_of(db, row.id) if row is not None else [],
            "is_archived": row is not None and row.archived_at is not None,
            "may_archive": self.has_permission(request, "action:archive"),
        }

    def ready(self, request: Request, form: TemplateForm) -> None:
        logo = posted_logo(request)
        if isinstance(logo, InvalidValue):
            raise logo
        form.sent_logo = logo

    def save(self, db: ScopedSession, row: Any, form: TemplateForm) -> DocumentTemplate:
        version = save_template(
            db,
            SaveTemplate(
                template_id=row.id if row is not None else None,
                name=form.name.data or "",
                look=form.look(self._logo_id(db, row)),
                is_default=bool(form.is_default.data),
                logo=form.sent_logo,
            ),
        )
        return version.template

    def saved_sentence(self, row: Any, is_new: bool) -> str:
        return _("Plantilla «%(nombre)s» guardada. Lo ya publicado se queda como estaba.") % {"nombre": row.name}

    @staticmethod
    def _logo_id(db: ScopedSession, row: Any) -> int | None:
        """The newest version's; a new template begins with the company's."""
        if row is None:
            return db.get_one(Company, db.company_id).logo_id
        return newest_version(db, row.id).logo_id

    @page("/preview", needs="action:preview", methods=("POST",))
    async def preview(self, request: Request) -> Response:
        """An invoice with what is being chosen. Nothing is kept."""
        return await run_in_threadpool(preview_typed, self, request)

    @page("/preview/{version}", needs="action:preview", methods=("GET",))
    async def preview_of_version(self, request: Request) -> Response:
        return await run_in_threadpool(preview_version, self, request)

    @page("/logo/{pk}", needs="action:preview", methods=("GET",))
    async def logo(self, request: Request) -> Response:
        return await run_in_threadpool(self._logo, request)

    def _logo(self, request: Request) -> Response:
        row_id = whole(request.path_params["pk"])
        with reading(request) as db:
            logo_id = self._logo_id(db, self.find(db, row_id) if row_id is not None else None)
        return stored_logo(request, logo_id)

    @page("/archive/{pk}", needs="action:archive")
    async def archive_page(self, request: Request) -> Response:
        """Stop publishing with a template, or begin again."""
        row_id = whole(request.path_params["pk"])
        if row_id is None:
            raise NotFound(_("esa plantilla"))
        again = request.query_params.get("recuperar") == "1"
        title = _("Recuperar la plantilla") if again else _("Archivar la plantilla")

        def run(db: ScopedSession, form: OfficeForm) -> str:
            template = restore_template(db, row_id) if again else archive_template(db, row_id, clock.now())
            sentence = _("Plantilla «%(nombre)s» recuperada.") if again else _("Plantilla «%(nombre)s» archivada.")
            return sentence % {"nombre": template.name}

        command = Command(
            title=title,
            subtitle="" if again else _("No se podrá publicar con ella. Lo ya publicado no cambia."),
            submit=title,
            form_class=OfficeForm,
            prepare=lambda db, form: load(self, db, row_id),
            run=run,
            back=self.edit_address(row_id),
        )
        return await self.command_page(request, command)
