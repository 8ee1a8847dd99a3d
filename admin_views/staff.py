"""Usuarios: who works in this company, as what, and the password somebody new begins with."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import joinedload
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import done, read
from admin_views.auth import visit_of
from admin_views.base import OfficeView, page
from admin_views.columns import Column
from admin_views.command_page import Command
from admin_views.filters import Choice, whole
from admin_views.form_pages import Box, Panel, find_row
from admin_views.formatters import ROLES, Sign, badge, moment
from admin_views.forms import OfficeForm, Pick, Strict
from admin_views.proving import Proof, ProofForm, prove_again
from admin_views.saved_views import Tab
from admin_views.searching import Order, Search
from admin_views.templating import render
from app.domain import fields
from app.domain.folding import says
from app.domain.mail.accounts import owned_account
from app.domain.mail.saving_accounts import remove_mail_account
from app.domain.staff_accounts import ResetPassword, reset_password
from app.domain.staffing import AddStaff, add_staff, change_role, end_membership
from app.errors import NotFound
from app.mail.credentials import withdraw_consent
from app.scope import SYSTEM, ScopedSession
from app.secrets import hash_password, new_password
from app.texts import _
from app.web import installation_of
from models import MailAccount, Membership, StaffUser
from models.enums import Role

WORKS, DISABLED, ENDED = Sign("En activo", "check", "ok"), Sign("Desactivado", "lock", "warn"), Sign("Baja", "user-off")


def _sign(ended_at: Any, disabled_at: Any) -> Sign:
    return ENDED if ended_at else DISABLED if disabled_at else WORKS


class NewStaffForm(OfficeForm):
    """``password`` is made between reading and recording, for whoever turns out to be new."""

    name = Strict("Nombre y apellidos", required=True, css="s3")
    email = Strict("Correo", fields.email, required=True, css="s3", hint="Con él entra", attributes={"type": "email"})
    role = Pick("Permisos", ROLES, default=Role.INVOICING, css="s3")
    current = Proof(css="s3")
    password = ""
    password_hash = ""
    is_new = False


class RoleForm(OfficeForm):
    role = Pick("Permisos", ROLES, css="s3")
    current = Proof(css="s3")


class StaffAdmin(OfficeView, model=Membership):
    identity = "staff"
    name, name_plural, category, icon = "Usuario", "Usuarios", "Administración", "users-group"
    noun, nouns, new_label = "usuario", "usuarios", "Nuevo usuario"
    can_export = False
    search_hint = "Nombre o correo"
    columns = (
        Column(name="nombre", label="Nombre", value=StaffUser.name, sort=StaffUser.name),
        Column(name="correo", label="Correo", value=StaffUser.email, css="c-who", sort=StaffUser.email),
        Column(
            name="permisos", label="Permisos", value=Membership.role, show=lambda role: _(ROLES[role]), css="c-state"
        ),
        Column(
            name="estado",
            label="Estado",
            value=(Membership.ended_at, StaffUser.disabled_at),
            show=lambda ended_at, disabled_at: badge(_sign(ended_at, disabled_at)),
            css="c-pub",
        ),
        Column(name="entrada", label="Última entrada", value=StaffUser.last_sign_in_at, show=moment, css="hide"),
    )
    default_order = Order("nombre", descending=False)
    filters = (
        Choice(
            name="estado",
            label="Estado",
            options=[("baja", "De baja")],
            condition=lambda value: Membership.ended_at.is_not(None),
        ),
        Choice(
            name="permisos",
            label="Permisos",
            options=[(role.value, word) for role, word in ROLES.items()],
            condition=lambda value: Membership.role == Role(value),
        ),
    )
    tabs = (Tab("En activo"), Tab("De baja", "estado=baja"))
    form_class = RoleForm
    form_template = "admin/staff_form.html"
    panels = (Panel("usuario", "Usuario", (Box("Qué puede hacer en esta empresa", ("role", "current")),)),)
    new_panels = (
        Panel("usuario", "Usuario", (Box("Quién es y qué puede hacer", ("name", "email", "role", "current")),)),
    )

    def joined(self, statement: Select[Any]) -> Select[Any]:
        return statement.join(StaffUser, StaffUser.id == Membership.user_id)

    def conditions(self, company_id: int, search: Search) -> list[ColumnElement[bool]]:
        """Who left only shows when asked for."""
        found = super().conditions(company_id, search)
        return found if "estado" in search.values else [*found, Membership.ended_at.is_(None)]

    def mentions(self, company_id: int, text: str) -> ColumnElement[bool]:
        people = select(StaffUser.id).where(says(StaffUser.name, text) | says(StaffUser.email, text))
        return Membership.user_id.in_(people)

    def find(self, db: ScopedSession, row_id: int) -> Membership | None:
        return db.scalar(
            select(Membership)
            .where(Membership.id == row_id, Membership.company_id == db.company_id)
            .options(joinedload(Membership.user))
        )

    def make_form(self, db: ScopedSession, request: Request, row: Any) -> OfficeForm:
        kind = RoleForm if row is not None else NewStaffForm
        return self.filled(kind, request, row)

    def form_context(self, db: ScopedSession, request: Request, row: Any, form: OfficeForm) -> dict[str, Any]:
        return {
            "panels": self.panels if row is not None else self.new_panels,
            "has_mail_account": row is not None and owned_account(db, row.user_id) is not None,
        }

    def ready(self, request: Request, form: Any) -> None:
        """Whoever may make others what they are themselves is asked as for anything that they would then do."""
        prove_again(request, form.current)
        if isinstance(form, NewStaffForm):
            form.password = new_password()
            form.password_hash = hash_password(form.password)

    def save(self, db: ScopedSession, row: Any, form: Any) -> Membership:
        if row is not None:
            change_role(db, row.user_id, form.role.data)
            kept: Membership = row
            return kept
        command = AddStaff(
            email=form.email.data, name=form.name.data, role=form.role.data, password_hash=form.password_hash
        )
        added = add_staff(db, command)
        form.is_new = added.is_new
        membership: Membership = db.scalars(select(Membership).where(Membership.user_id == added.user_id)).one()
        return membership

    def saved(self, request: Request, row: Any, form: Any, *, is_new: bool) -> Response | None:
        if not is_new or not form.is_new:
            return None
        return reveal(request, self, form.name.data, form.email.data, form.password)

    def saved_sentence(self, row: Any, is_new: bool) -> str:
        if is_new:
            return _("Ya tenía cuenta en Ventanilla: entra con su contraseña de siempre.")
        return _("Permisos cambiados.")

    @page("/end/{pk}", needs="action:end")
    async def end_page(self, request: Request) -> Response:
        """Somebody leaves the company: nothing of it from the next click on."""
        membership = await self._membership(request)
        account = await run_in_threadpool(_account_of, request, membership.user_id)

        def run(db: ScopedSession, form: OfficeForm) -> str:
            end_membership(db, membership.user_id)
            return _("%(nombre)s ya no puede entrar en esta empresa.") % {"nombre": membership.user.name}

        title = _("Dar de baja a %(nombre)s") % {"nombre": membership.user.name}
        command = Command(
            title=title,
            submit=title,
            form_class=OfficeForm,
            run=run,
            answer=_once_forgotten(request, account, self.list_address),
            back=self.list_address,
            template="admin/end_staff.html",
            destroys=True,
        )
        return await self.command_page(request, command)

    @page("/new-password/{pk}", needs="action:new-password")
    async def password_page(self, request: Request) -> Response:
        """Another password for who forgot theirs, shown once; their sessions end."""
        membership, visit = await self._membership(request), visit_of(request)
        password = new_password()
        hashed = await run_in_threadpool(hash_password, password) if request.method == "POST" else ""
        command = Command(
            title=_("Contraseña nueva para %(nombre)s") % {"nombre": membership.user.name},
            submit=_("Crear contraseña"),
            form_class=ProofForm,
            ready=lambda form: prove_again(request, form.current),
            run=lambda db, form: reset_password(
                db,
                ResetPassword(
                    user_id=membership.user_id,
                    by_user_id=visit.user_id,
                    company_id=visit.company_id,
                    password_hash=hashed,
                ),
            ),
            answer=lambda user: reveal(request, self, user.name, user.email, password),
            back=self.edit_address(membership.id),
            template="admin/new_password.html",
            scope=SYSTEM,
        )
        return await self.command_page(request, command)

    @page("/mail-account/{pk}", needs="action:mail-account")
    async def mail_account_page(self, request: Request) -> Response:
        """The account somebody has of their own can be removed by others, but not seen."""
        membership = await self._membership(request)
        name, back = membership.user.name, self.edit_address(membership.id)
        account = await run_in_threadpool(_account_of, request, membership.user_id)
        command = Command(
            title=_("Eliminar la cuenta de correo de %(nombre)s") % {"nombre": name},
            submit=_("Eliminar la cuenta"),
            form_class=OfficeForm,
            run=lambda db, form: remove_mail_account(db, membership.user_id),
            answer=_once_forgotten(request, account, back),
            back=back,
            template="admin/staff_mail_account.html",
            destroys=True,
            context={"name": name},
        )
        return await self.command_page(request, command)

    async def _membership(self, request: Request) -> Membership:
        if whole(request.path_params["pk"]) is None:
            raise NotFound(_("esa persona en esta empresa"))
        found: Membership = await run_in_threadpool(find_row, self, request)
        return found


def _account_of(request: Request, user_id: int) -> MailAccount | None:
    return read(request, lambda db: owned_account(db, user_id))


def _once_forgotten(request: Request, account: MailAccount | None, back: str) -> Callable[[Any], Response]:
    """Goes back; if a mail account went with it, the consent it used is taken back at its provider."""

    def answer(said: Any) -> Response:
        if account is not None:
            withdraw_consent(installation_of(request), account)
        return done(request, said, back)

    return answer


def reveal(request: Request, view: OfficeView, name: str, email: str, password: str) -> Response:
    """The only time a password is shown."""
    context = {"view": view, "name": name, "email": email, "password": password}
    return HTMLResponse(render(request, "admin/reveal.html", context))
