"""Clientes and Proveedores: two screens over the same files."""

from typing import Any, ClassVar

from msgspec.structs import replace
from sqladmin import action
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import selectinload
from starlette.requests import Request
from starlette.responses import Response

from admin_views.access.contact_tab import INTRANET_TAB, IntranetTab
from admin_views.archiving import archive_command
from admin_views.base import OfficeView, page
from admin_views.columns import Column
from admin_views.contact_bounces import EMAIL, BouncePages
from admin_views.contact_form import ContactForm
from admin_views.filters import Choice
from admin_views.form_pages import Box, Panel
from admin_views.saved_views import Tab
from admin_views.searching import Order, Search
from app.domain.keeping_contacts import KeptContact, keep_contact
from app.domain.queries.people import found_contacts
from app.domain.selections import ContactFilter
from app.scope import ScopedSession
from models import Company, Contact

PANELS = (
    Panel(
        "ficha",
        "Ficha",
        (
            Box(
                "Quién es",
                (
                    "name", "trade_name", "tax_id", "country", "code", "shares_tax_id", "is_customer", "is_supplier",
                    "is_person",
                ),
            ),
            Box(
                "Dirección y contacto",
                (
                    "address", "postcode", "city", "province", "email", "old_access", "share_confirmed", "phone",
                    "language",
                ),
            ),
        ),
    ),
    Panel(
        "pago",
        "Pago e impuestos",
        (
            Box("Cómo paga", ("payment_method", "payment_days", "payment_day", "iban")),
            Box("Impuestos", ("has_surcharge", "withholding_rate")),
        ),
    ),
    Panel("direcciones", "Direcciones", (Box("Otras direcciones", ("addresses",)),)),
    Panel("correos", "Correos", (Box("Otros correos", ("emails", "lost_access")),)),
    Panel("notas", "Notas", (Box("", ("notes",)),)),
)  # fmt: skip


TABS = (
    Tab("Todos"),
    Tab("Sin correo", "correo=no"),
    Tab("Correo rebotado", "correo=rebotado"),
    Tab("Archivados", "estado=archivada"),
)
EMAILS = [("si", "Con correo"), ("no", "Sin correo"), ("rebotado", "Rebotado")]


class ContactAdmin(BouncePages, IntranetTab, OfficeView):
    """What both screens share."""

    icon = "users"
    search_hint = "Nombre, NIF, correo, código o población"
    columns = (
        Column(name="nombre", label="Nombre", value=Contact.name, sort=Contact.sort_key),
        Column(name="codigo", label="Código", value=Contact.code, css="hide", sort=Contact.code),
        Column(name="nif", label="NIF", value=Contact.tax_id, css="c-state"),
        Column(name="poblacion", label="Población", value=Contact.city, css="c-pub"),
        EMAIL,
        Column(name="telefono", label="Teléfono", value=Contact.phone, css="hide"),
        Column(name="plazo", label="Días de pago", value=Contact.payment_days, css="hide"),
    )
    default_order = Order("nombre", descending=False)
    filters = (
        Choice(name="estado", label="Estado", options=[("archivada", "Archivados")]),
        Choice(name="correo", label="Correo", options=EMAILS),
    )
    action_icons: ClassVar[dict[str, str]] = {"access": "key", "archive": "archive"}
    form_class = ContactForm
    form_template = "admin/contact_form.html"
    panels = PANELS
    other_pages = (INTRANET_TAB,)

    def conditions(self, company_id: int, search: Search) -> list[ColumnElement[bool]]:
        return found_contacts(company_id, self.wanted(search))

    def wanted(self, search: Search) -> ContactFilter:
        """A search as the business knows it. Archived files only show when asked for."""
        email = search.values.get("correo", "")
        has_email, has_bounced = {"si": True, "no": False}.get(email), email == "rebotado"
        archived = "estado" in search.values
        return ContactFilter(text=search.text, archived=archived, has_email=has_email, has_bounced=has_bounced)

    def find(self, db: ScopedSession, row_id: int) -> Contact | None:
        return db.scalar(
            select(Contact)
            .where(Contact.id == row_id, Contact.company_id == db.company_id)
            .options(selectinload(Contact.addresses), selectinload(Contact.emails))
        )

    def lookup(self, db: ScopedSession, term: str) -> list[dict[str, str]]:
        found = db.scalars(self.matching(db, term, Contact.sort_key).where(Contact.archived_at.is_(None)))
        return [{"id": str(row.id), "code": row.code, "text": row.name, "hint": row.tax_id} for row in found]

    def initial(self, db: ScopedSession, row: Any) -> dict[str, Any]:
        if row is not None:
            return {}
        company = db.get_one(Company, db.company_id)
        return {"payment_method": company.payment_method, "payment_days": company.payment_days, **self._side()}

    def _side(self) -> dict[str, bool]:
        return {"is_customer": True, "is_supplier": False}

    def save(self, db: ScopedSession, row: Any, form: ContactForm) -> KeptContact:
        return keep_contact(db, form.keep_command(row.id if row is not None else None))

    def saved_sentence(self, row: Any, is_new: bool) -> str:
        return str(row)

    @action("archive", label="Archivar o recuperar", add_in_detail=False)
    async def archive(self, request: Request) -> Response:
        return self.to_page(request, "archive")

    @page("/archive", needs="action:archive")
    async def archive_page(self, request: Request) -> Response:
        return await archive_command(self, request)


class CustomerAdmin(ContactAdmin, model=Contact):
    identity = "customer"
    name, name_plural, category = "Cliente", "Clientes", "Principal"
    noun, nouns, new_label = "cliente", "clientes", "Nuevo cliente"
    empty_text = "Dé de alta al primero, o importe facturas: los clientes se crean con ellas."
    tabs = TABS

    def own_rows(self, company_id: int) -> list[ColumnElement[bool]]:
        return [Contact.company_id == company_id, Contact.is_customer.is_(True)]

    def wanted(self, search: Search) -> ContactFilter:
        return replace(super().wanted(search), is_customer=True)


class SupplierAdmin(ContactAdmin, model=Contact):
    identity = "supplier"
    name, name_plural, category = "Proveedor", "Proveedores", "Principal"
    noun, nouns, new_label = "proveedor", "proveedores", "Nuevo proveedor"
    empty_text = "Aquí salen los proveedores que dé de alta."
    tabs = TABS

    def own_rows(self, company_id: int) -> list[ColumnElement[bool]]:
        return [Contact.company_id == company_id, Contact.is_supplier.is_(True)]

    def wanted(self, search: Search) -> ContactFilter:
        return replace(super().wanted(search), is_supplier=True)

    def _side(self) -> dict[str, bool]:
        return {"is_customer": False, "is_supplier": True}
