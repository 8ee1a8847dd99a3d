"""Artículos: what lines of documents are filled from."""

from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from sqladmin import action
from sqlalchemy import ColumnElement
from starlette.requests import Request
from starlette.responses import Response

from admin_views.archiving import archive_command
from admin_views.base import OfficeView, page
from admin_views.columns import Column
from admin_views.filters import Choice
from admin_views.form_pages import Box, Panel
from admin_views.formatters import percent, price
from admin_views.forms import Number, OfficeForm, Prose, Strict
from admin_views.saved_views import Tab
from admin_views.searching import Order, Search
from app.domain import fields
from app.domain.saving_catalogue import SaveProduct, save_product
from app.scope import ScopedSession
from models import Product


class ProductForm(OfficeForm):
    code = Strict("Código", fields.code, required=True, css="s2 m3")
    name = Strict("Nombre", partial(fields.line, most=200), required=True, css="s4")
    unit_price = Number("Precio €", places=8, least=Decimal(0), required=True, css="s2 m3", hint="Sin IVA")
    tax_rate = Number(
        "IVA %", places=2, least=Decimal(0), most=Decimal(100), trim=True, default=Decimal(21), css="s2 m3"
    )
    description = Prose("Descripción", most=2000, hint="Se añade al concepto de la línea")


class ProductAdmin(OfficeView, model=Product):
    identity = "product"
    name, name_plural, category, icon = "Artículo", "Artículos", "Principal", "package"
    noun, nouns, new_label = "artículo", "artículos", "Nuevo artículo"
    search_hint = "Código o nombre"
    empty_text = "Con artículos, una línea de factura se rellena al escribir su código."
    columns = (
        Column(name="codigo", label="Código", value=Product.code, sort=Product.code),
        Column(name="nombre", label="Nombre", value=Product.name, css="c-who", sort=Product.name),
        Column(name="iva", label="IVA", value=Product.tax_rate, show=percent, css="num hide"),
        Column(
            name="precio",
            label="Precio",
            value=Product.unit_price,
            show=price,
            css="num c-total",
            currency=True,
            sort=Product.unit_price,
        ),
    )
    default_order = Order("codigo", descending=False)
    filters = (
        Choice(
            name="estado",
            label="Estado",
            options=[("archivado", "Archivados")],
            condition=lambda value: Product.archived_at.is_not(None),
        ),
    )
    tabs = (Tab("En uso"), Tab("Archivados", "estado=archivado"))
    action_icons: ClassVar[dict[str, str]] = {"archive": "archive"}
    form_class = ProductForm
    panels = (Panel("ficha", "Ficha", (Box("Artículo", ("code", "name", "unit_price", "tax_rate", "description")),)),)

    def conditions(self, company_id: int, search: Search) -> list[ColumnElement[bool]]:
        """Archived articles only show when asked for."""
        found = super().conditions(company_id, search)
        return found if "estado" in search.values else [*found, Product.archived_at.is_(None)]

    def lookup(self, db: ScopedSession, term: str) -> list[dict[str, str]]:
        return [
            {"id": str(row.id), "code": row.code, "text": row.name, "hint": f"{price(row.unit_price)} €"}
            for row in db.scalars(self.matching(db, term, Product.code).where(Product.archived_at.is_(None)))
        ]

    def save(self, db: ScopedSession, row: Any, form: ProductForm) -> Product:
        return save_product(db, SaveProduct(id=row.id if row is not None else None, **form.command()))

    @action("archive", label="Archivar o recuperar", add_in_detail=False)
    async def archive(self, request: Request) -> Response:
        return self.to_page(request, "archive")

    @page("/archive", needs="action:archive")
    async def archive_page(self, request: Request) -> Response:
        return await archive_command(self, request)
