"""Series: where numbers come from. What has given out numbers can be renamed or closed, not renumbered."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from admin_views.base import OfficeView, page
from admin_views.columns import Column
from admin_views.command_page import Command
from admin_views.filters import Choice, whole
from admin_views.form_pages import Box, Panel, load
from admin_views.formatters import Sign, badge, day
from admin_views.forms import OfficeForm, Pick, Strict, Tick, Whole
from admin_views.saved_views import Tab
from admin_views.searching import Order
from app import clock
from app.domain import fields
from app.domain.folding import says
from app.domain.kinds import KINDS
from app.domain.saving_catalogue import SaveSeries, close_series, save_series
from app.errors import NotFound
from app.scope import ScopedSession
from app.texts import _
from models import Series
from models.enums import DocumentKind

DOCUMENTS = {kind: each.words.plural_title for kind, each in KINDS.items()}
OPEN_SIGN, CLOSED_SIGN = Sign("Abierta", "lock-open", "ok"), Sign("Cerrada", "lock")


class SeriesForm(OfficeForm):
    kind = Pick("Documento", DOCUMENTS, default=DocumentKind.INVOICE, css="s2")
    code = Strict("Código", fields.code, required=True, css="s1 m3", attributes={"maxlength": "18"})
    year = Whole("Año", least=2000, most=2100, hint="Vacío si no cambia de año", css="s2 m3")
    first_number = Whole("Primer número", least=1, most=10**15, default=1, css="s1 m3", required=True)
    name = Strict("Nombre", css="s4", hint="Por ejemplo: Facturas de venta")
    is_corrective = Tick("Para facturas rectificativas", css="s6")
    is_default = Tick("La que se propone al hacer un documento", css="s6")


class SeriesAdmin(OfficeView, model=Series):
    identity = "series"
    name, name_plural, category, icon = "Serie", "Series", "Administración", "list-numbers"
    noun, nouns, new_label = "serie", "series", "Nueva serie"
    search_hint = "Código o nombre"
    columns = (
        Column(name="serie", label="Serie", value=Series.label, sort=Series.label),
        Column(
            name="documento",
            label="Documento",
            value=Series.kind,
            show=lambda kind: _(DOCUMENTS[kind]),
            csv=lambda kind: _(DOCUMENTS[kind]),
            css="c-pub",
        ),
        Column(name="nombre", label="Nombre", value=Series.name, css="c-who"),
        Column(
            name="estado",
            label="Estado",
            value=Series.closed_at,
            show=lambda closed: badge(CLOSED_SIGN if closed else OPEN_SIGN),
            csv=lambda closed: (CLOSED_SIGN if closed else OPEN_SIGN).word,
            css="c-state",
        ),
        Column(
            name="defecto",
            label="Por defecto",
            value=Series.is_default,
            show=lambda yes: _("Sí") if yes else "",
            css="hide",
        ),
        Column(
            name="rectificativa",
            label="Rectificativas",
            value=Series.is_corrective,
            show=lambda yes: _("Sí") if yes else "",
            css="hide",
        ),
        Column(name="ultimo", label="Último día", value=Series.last_issued_on, show=day, css="hide"),
        Column(name="siguiente", label="Siguiente", value=Series.next_number, css="num c-side"),
    )
    default_order = Order("serie", descending=False)
    filters = (
        Choice(
            name="documento",
            label="Documento",
            options=[(kind.value, words) for kind, words in DOCUMENTS.items()],
            condition=lambda value: Series.kind == DocumentKind(value),
        ),
        Choice(
            name="estado",
            label="Estado",
            options=[("abierta", "Abiertas"), ("cerrada", "Cerradas")],
            condition=lambda value: Series.closed_at.is_(None) if value == "abierta" else Series.closed_at.is_not(None),
        ),
    )
    tabs = (Tab("Todas"), Tab("Abiertas", "estado=abierta"), Tab("Cerradas", "estado=cerrada"))
    form_class = SeriesForm
    form_template = "admin/series_form.html"
    panels = (
        Panel(
            "serie",
            "Serie",
            (
                Box("Numeración", ("kind", "code", "year", "first_number"), "Mientras no haya dado ningún número"),
                Box("Uso", ("name", "is_default", "is_corrective")),
            ),
        ),
    )

    def mentions(self, company_id: int, text: str) -> Any:
        return says(Series.label, text) | says(Series.name, text)

    def initial(self, db: ScopedSession, row: Any) -> dict[str, Any]:
        return {"year": clock.today().year} if row is None else {}

    def form_context(self, db: ScopedSession, request: Request, row: Any, form: OfficeForm) -> dict[str, Any]:
        return {
            "open_sign": OPEN_SIGN,
            "closed_sign": CLOSED_SIGN,
            "may_close": self.has_permission(request, "action:close"),
        }

    def save(self, db: ScopedSession, row: Any, form: SeriesForm) -> Series:
        return save_series(db, SaveSeries(id=row.id if row is not None else None, **form.command()))

    @page("/close/{pk}", needs="action:close")
    async def close_page(self, request: Request) -> Response:
        """Close a series, or open it again."""
        row_id = whole(request.path_params["pk"])
        if row_id is None:
            raise NotFound(_("esa serie"))
        opens = request.query_params.get("abrir") == "1"
        title = _("Abrir otra vez la serie") if opens else _("Cerrar la serie")

        def run(db: ScopedSession, form: OfficeForm) -> str:
            series = close_series(db, row_id, closed=not opens)
            return (_("Serie %(serie)s abierta.") if opens else _("Serie %(serie)s cerrada.")) % {"serie": series}

        command = Command(
            title=title,
            submit=title,
            form_class=OfficeForm,
            prepare=lambda db, form: load(self, db, row_id),
            run=run,
            back=self.edit_address(row_id),
            template="admin/close_series.html",
            context={"opens": opens},
        )
        return await self.command_page(request, command)
