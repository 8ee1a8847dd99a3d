"""Empresa: the facts of the company one works in. There is no list: there is one."""

from functools import partial
from typing import Any

from sqlalchemy import ColumnElement
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_views.auth import visit_of
from admin_views.base import OfficeView, page
from admin_views.command_page import Command
from admin_views.contact_form import short_line
from admin_views.form_pages import Box, Panel
from admin_views.formatters import PAYMENT_METHODS
from admin_views.forms import OfficeForm, Pick, Strict
from admin_views.printable import PrintedProse, printable
from app.domain import fields
from app.domain.countries import countries
from app.domain.saving_company import SaveCompany, confirm_company, save_company
from app.scope import ScopedSession
from app.texts import _
from models import Company
from models.enums import PaymentMethod


class CompanyForm(OfficeForm):
    name = Strict("Nombre o razón social", printable(fields.line), required=True, css="s3")
    trade_name = Strict("Nombre comercial", css="s3", hint="Si es otro, el que ven los clientes")
    tax_id = Strict("NIF", partial(fields.line, most=40), required=True, css="s2 m3")
    country = Pick("País", default="ES", css="s2 m3")
    address = Strict("Dirección", printable(fields.line), required=True, css="s4")
    postcode = Strict("Código postal", printable(short_line(10)), required=True, css="s2 m3")
    city = Strict("Población", printable(fields.line), required=True, css="s3")
    province = Strict("Provincia", printable(short_line(100)), css="s3")
    phone = Strict("Teléfono", printable(short_line(40)), css="s2", attributes={"type": "tel"})
    email = Strict("Correo", fields.email, css="s2", attributes={"type": "email"})
    website = Strict("Web", printable(fields.line), css="s2")
    registration = PrintedProse("Datos registrales", most=500, rows=2, hint="Salen al pie de los documentos")
    iban = Strict("IBAN para cobrar", fields.iban, css="s4", hint="Sale en las facturas por transferencia")
    payment_method = Pick(
        "Forma de pago de los clientes nuevos", PAYMENT_METHODS, default=PaymentMethod.TRANSFER, css="s3"
    )
    payment_days = Strict("Días de pago", fields.payment_days, css="s3", hint="30, 60, 90; 0 es al contado")

    def __init__(self, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self.country.choices = list(countries().items())


class CompanyAdmin(OfficeView, model=Company):
    identity = "company"
    name, name_plural, category, icon = "Empresa", "Empresa", "Administración", "building"
    noun, nouns = "empresa", "empresas"
    can_create = can_export = False
    form_class = CompanyForm
    form_template = "admin/company_form.html"
    panels = (
        Panel(
            "empresa",
            "Empresa",
            (
                Box(
                    "Datos fiscales",
                    ("name", "trade_name", "tax_id", "country", "address", "postcode", "city", "province"),
                ),
                Box("Contacto", ("phone", "email", "website")),
                Box("Documentos", ("iban", "registration")),
                Box("Clientes nuevos", ("payment_method", "payment_days"), "Lo que se propone al dar de alta"),
            ),
        ),
    )

    def own_rows(self, company_id: int) -> list[ColumnElement[bool]]:
        return [Company.id == company_id]

    async def list_page(self, request: Request) -> Response:
        return RedirectResponse(self.details_address(visit_of(request).company_id), status_code=303)

    async def details_page(self, request: Request) -> Response:
        """Who may change the company meets its form at once."""
        if self.has_permission(request, "edit") and request.path_params["pk"] == str(visit_of(request).company_id):
            return RedirectResponse(self.edit_address(visit_of(request).company_id), status_code=303)
        return await super().details_page(request)

    def form_context(self, db: ScopedSession, request: Request, row: Any, form: OfficeForm) -> dict[str, Any]:
        return {"may_confirm": self.has_permission(request, "action:confirm") and row.confirmed_at is None}

    def save(self, db: ScopedSession, row: Any, form: CompanyForm) -> Company:
        return save_company(db, SaveCompany(**form.command()))

    @page("/confirm", needs="action:confirm")
    async def confirm_page(self, request: Request) -> Response:
        """An import made this company: somebody says that it is right."""

        def run(db: ScopedSession, form: OfficeForm) -> str:
            return _("%(empresa)s está confirmada: ya se puede publicar.") % {"empresa": confirm_company(db)}

        command = Command(
            title=_("Confirmar la empresa"),
            submit=_("Confirmar la empresa"),
            form_class=OfficeForm,
            run=run,
            back=self.edit_address(visit_of(request).company_id),
            template="admin/confirm_company.html",
        )
        return await self.command_page(request, command)
