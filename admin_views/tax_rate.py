"""Impuestos: the rates offered on lines, each with the days on which it holds."""

from decimal import Decimal
from typing import Any

from admin_views.base import OfficeView
from admin_views.columns import Column
from admin_views.filters import Choice
from admin_views.form_pages import Box, Panel
from admin_views.formatters import DASH, TAX_KINDS, day, percent
from admin_views.forms import Day, Number, OfficeForm, Pick, Strict
from admin_views.printable import printable
from admin_views.saved_views import Tab
from admin_views.searching import Order
from app import clock
from app.domain import fields
from app.domain.folding import says
from app.domain.saving_catalogue import SaveTaxRate, save_tax_rate
from app.scope import ScopedSession
from app.texts import _
from models import TaxRate
from models.enums import TaxKind


def _holds(value: str) -> Any:
    today = clock.today()
    now = (TaxRate.valid_from <= today) & (TaxRate.valid_until.is_(None) | (TaxRate.valid_until >= today))
    return now if value == "vigente" else ~now


class TaxRateForm(OfficeForm):
    kind = Pick("Impuesto", TAX_KINDS, default=TaxKind.VAT, css="s2")
    name = Strict("Nombre", required=True, css="s4", hint="Como sale al elegirlo: IVA 21 %")
    rate = Number("Tipo %", places=4, least=Decimal(0), most=Decimal(100), trim=True, required=True, css="s2 m3")
    surcharge_rate = Number(
        "Recargo de equivalencia %",
        places=4,
        least=Decimal(0),
        most=Decimal(100),
        trim=True,
        default=Decimal(0),
        css="s2 m3",
    )
    valid_from = Day("Vigente desde", required=True, css="s2 m3")
    valid_until = Day("Vigente hasta", css="s2 m3", hint="Vacío si sigue en vigor")
    exemption = Strict(
        "Causa de exención",
        printable(fields.line),
        css="s6",
        hint="La mención que la ley pide en la factura si el tipo es 0 %",
    )


class TaxRateAdmin(OfficeView, model=TaxRate):
    identity = "tax-rate"
    name, name_plural, category, icon = "Impuesto", "Impuestos", "Administración", "percentage"
    noun, nouns, new_label = "impuesto", "impuestos", "Nuevo impuesto"
    search_hint = "Nombre"
    columns = (
        Column(name="nombre", label="Nombre", value=TaxRate.name, sort=TaxRate.name),
        Column(
            name="impuesto",
            label="Impuesto",
            value=TaxRate.kind,
            show=lambda kind: _(TAX_KINDS[kind]),
            csv=lambda kind: _(TAX_KINDS[kind]),
            css="c-state",
        ),
        Column(name="exencion", label="Causa de exención", value=TaxRate.exemption, css="c-who"),
        Column(name="desde", label="Vigente desde", value=TaxRate.valid_from, show=day, css="hide"),
        Column(
            name="hasta",
            label="Vigente hasta",
            value=TaxRate.valid_until,
            show=lambda until: day(until) if until else _("sigue en vigor"),
            css="c-pub",
        ),
        Column(
            name="recargo",
            label="Recargo",
            value=TaxRate.surcharge_rate,
            show=lambda rate: percent(rate) if rate else DASH,
            css="num hide",
        ),
        Column(name="tipo", label="Tipo", value=TaxRate.rate, show=percent, css="num", sort=TaxRate.rate),
    )
    default_order = Order("tipo", descending=True)
    filters = (
        Choice(
            name="estado",
            label="Estado",
            options=[("vigente", "En vigor hoy"), ("otro", "Pasados o futuros")],
            condition=_holds,
        ),
    )
    tabs = (Tab("Todos"), Tab("En vigor", "estado=vigente"))
    form_class = TaxRateForm
    panels = (
        Panel(
            "impuesto",
            "Impuesto",
            (
                Box("Tipo", ("kind", "name", "rate", "surcharge_rate")),
                Box("Vigencia", ("valid_from", "valid_until", "exemption")),
            ),
        ),
    )

    def mentions(self, company_id: int, text: str) -> Any:
        return says(TaxRate.name, text)

    def initial(self, db: ScopedSession, row: Any) -> dict[str, Any]:
        return {"valid_from": clock.today()} if row is None else {}

    def save(self, db: ScopedSession, row: Any, form: TaxRateForm) -> TaxRate:
        return save_tax_rate(db, SaveTaxRate(id=row.id if row is not None else None, **form.command()))
