"""``staff``: who works in the office, from the console."""

from collections.abc import Callable

import click
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.commands.entry import CONSOLE, company_by_slug, installed, say
from app.commands.spanish import Group
from app.domain import fields
from app.domain.passwords import check_password
from app.domain.staffing import (
    AddStaff,
    add_staff,
    change_role,
    disable_staff,
    enable_staff,
    end_membership,
    find_staff,
    set_staff_password,
)
from app.installation import Installation
from app.scope import SYSTEM, CompanyScope, ScopedSession
from app.secrets import hash_password, new_password
from app.texts import _
from models import Company, Membership, StaffUser
from models.enums import Role

SHORTEST = 12
ROLES = {
    "consulta": Role.READER,
    "facturación": Role.INVOICING,
    "responsable": Role.MANAGER,
    "administración": Role.ADMINISTRATOR,
}
_NAMES = {role: name for name, role in ROLES.items()}

company_option = click.option(
    "--company", "slug", required=True, metavar="DIRECCIÓN", help="La empresa, por su dirección."
)
role_option = click.option(
    "--role",
    "role_name",
    type=click.Choice([*ROLES, *(role.value for role in Role)], case_sensitive=False),
    metavar="ROL",
    default="administración",
    show_default=True,
    help="consulta, facturación, responsable o administración.",
)
type_option = click.option("--type", "typed", is_flag=True, help="Pide la contraseña en vez de generarla.")


@click.group(cls=Group, short_help="Usuarios de la oficina.")
def staff() -> None:
    """Quién trabaja en la oficina, con qué papel y con qué contraseña."""


@staff.command("add", short_help="Da de alta a un usuario en una empresa.")
@click.argument("email", metavar="CORREO")
@click.option("--name", required=True, metavar="NOMBRE", help="Nombre y apellidos.")
@company_option
@role_option
@type_option
@installed
def add(  # noqa: PLR0913 - one per option
    installation: Installation, *, email: str, name: str, slug: str, role_name: str, typed: bool
) -> None:
    """Da de alta a un usuario en una empresa; si ya trabaja en otra, conserva su contraseña."""
    company = company_by_slug(installation, slug)
    email, name = fields.email(email, "email", required=True), fields.line(name, "name", required=True)
    password = "" if _is_known(installation, email) else _new_password(typed, [company.name, name, email])
    command = AddStaff(
        email=email,
        name=name,
        role=_role(role_name),
        password_hash=hash_password(password) if password else "",
    )
    installation.database.run(CompanyScope(company.id), lambda db: add_staff(db, command), CONSOLE)
    say(_("%(empresa)s: ya puede entrar %(correo)s.") % {"correo": email, "empresa": company.name})
    _show(password, typed)


@staff.command("list", short_help="Muestra los usuarios.")
@click.option("--company", "slug", metavar="DIRECCIÓN", help="Solo los de esta empresa.")
@installed
def list_staff(installation: Installation, slug: str | None) -> None:
    """Muestra los usuarios, con su papel en cada empresa."""
    wanted = company_by_slug(installation, slug).id if slug else None
    with installation.database.read(SYSTEM) as db:
        companies = {company.id: company.slug for company in db.scalars(select(Company))}
        people = select(StaffUser).options(selectinload(StaffUser.memberships)).order_by(StaffUser.email)
        for user in db.scalars(people):
            places = [place for place in user.memberships if wanted in (None, place.company_id)]
            if places or wanted is None:
                say(_line(user, places, companies))


@staff.command("password", short_help="Cambia una contraseña y cierra sus sesiones.")
@click.argument("email", metavar="CORREO")
@type_option
@installed
def password(installation: Installation, email: str, typed: bool) -> None:
    """Cambia la contraseña de un usuario y cierra todas sus sesiones."""
    user = _user(installation, email)
    chosen = _new_password(typed, [user.name, user.email])
    hashed = hash_password(chosen)
    installation.database.run(SYSTEM, lambda db: set_staff_password(db, user.id, hashed), CONSOLE)
    say(_("Contraseña cambiada. Sus sesiones se han cerrado."))
    _show(chosen, typed)


@staff.command("role", short_help="Cambia el papel de un usuario en una empresa.")
@click.argument("email", metavar="CORREO")
@company_option
@role_option
@installed
def role(installation: Installation, email: str, slug: str, role_name: str) -> None:
    """Cambia el papel de un usuario en una empresa."""
    _in_company(installation, email, slug, lambda db, user_id: change_role(db, user_id, _role(role_name)))
    say(_("Hecho."))


@staff.command("remove", short_help="Quita a un usuario de una empresa.")
@click.argument("email", metavar="CORREO")
@company_option
@installed
def remove(installation: Installation, email: str, slug: str) -> None:
    """Quita a un usuario de una empresa; en las demás sigue como estaba."""
    _in_company(installation, email, slug, end_membership)
    say(_("Hecho."))


@staff.command("disable", short_help="Impide entrar a un usuario.")
@click.argument("email", metavar="CORREO")
@installed
def disable(installation: Installation, email: str) -> None:
    """Impide entrar a un usuario en todas las empresas y cierra sus sesiones."""
    user = _user(installation, email)
    installation.database.run(SYSTEM, lambda db: disable_staff(db, user.id), CONSOLE)
    say(_("Ya no puede entrar."))


@staff.command("enable", short_help="Vuelve a dejar entrar a un usuario.")
@click.argument("email", metavar="CORREO")
@installed
def enable(installation: Installation, email: str) -> None:
    """Vuelve a dejar entrar a un usuario."""
    user = _user(installation, email)
    installation.database.run(SYSTEM, lambda db: enable_staff(db, user.id), CONSOLE)
    say(_("Ya puede entrar."))


def _role(name: str) -> Role:
    return ROLES.get(name) or Role(name)


def _user(installation: Installation, email: str) -> StaffUser:
    with installation.database.read(SYSTEM) as db:
        return find_staff(db, fields.email(email, "email", required=True))


def _is_known(installation: Installation, email: str) -> bool:
    with installation.database.read(SYSTEM) as db:
        return db.scalar(select(StaffUser.id).where(StaffUser.email == email)) is not None


def _in_company(installation: Installation, email: str, slug: str, work: Callable[[ScopedSession, int], None]) -> None:
    company, user = company_by_slug(installation, slug), _user(installation, email)
    installation.database.run(CompanyScope(company.id), lambda db: work(db, user.id), CONSOLE)


def _new_password(typed: bool, words: list[str]) -> str:
    if not typed:
        return new_password()
    chosen = click.prompt(_("Contraseña"), hide_input=True, confirmation_prompt=True)
    return check_password(chosen, "password", least=SHORTEST, words=words)


def _show(chosen: str, typed: bool) -> None:
    if chosen and not typed:
        say(_("Contraseña: %(clave)s") % {"clave": chosen})
        say(_("Apúntela ahora: no se guarda en claro y no se puede volver a mostrar."))


def _line(user: StaffUser, places: list[Membership], companies: dict[int, str]) -> str:
    told = [
        f"{companies[place.company_id]}: {_(_NAMES[place.role])}" for place in places if place.ended_at is None
    ] or [_("sin empresa")]
    parts = [user.email, user.name, ", ".join(told)]
    if user.disabled_at is not None:
        parts.append(_("desactivado"))
    return " · ".join(parts)
