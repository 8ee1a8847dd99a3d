"""Mi configuración: one's own mail account and texts, series of documents, keys for programs, password."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.account import api_keys, series
from admin_views.account.api_keys import KeyPages
from admin_views.acting import act, done, reading
from admin_views.auth import visit_of
from admin_views.base import page
from admin_views.command_page import Command
from admin_views.entering import enter
from admin_views.forms import OfficeForm, Secret
from admin_views.mail.account_saving import account_page, remove_page, resume_page
from admin_views.mail.account_shown import Whose
from admin_views.mail.consents import ask_again, come_back
from admin_views.mail.testing import test_page
from admin_views.mail.texts import OWN, OwnTextPages
from admin_views.mail.troubles import COMPANYS
from admin_views.mail.troubles import OWN as MAIL
from admin_views.posted import posted
from admin_views.proving import Proof, prove_again
from admin_views.templating import render
from app.domain import staff_accounts
from app.domain.staffing import set_staff_password
from app.errors import InvalidValue, Refusal
from app.scope import SYSTEM
from app.secrets import hash_password
from app.texts import _

HOME, SERIES = "/admin/account", "/admin/account/series"
TABS = (
    (MAIL, "Cuenta de correo", "action:mail"),
    (OWN, "Valores por defecto para envíos", "action:texts"),
    (SERIES, "Series por defecto", "edit"),
    (api_keys.HOME, "API Key", "edit"),
    (HOME, "Seguridad", "edit"),
)
"""Address, name, and who sees it."""


class PasswordForm(OfficeForm):
    current = Proof("Contraseña actual", required=True, css="s3")
    new = Secret("Contraseña nueva", required=True, css="s3", hint="Al menos 12 caracteres; una frase suya sirve")
    again = Secret("Repita la nueva", required=True, css="s3")


class AccountPage(OwnTextPages, KeyPages):
    name = "Mi configuración"
    icon = "settings"
    home = HOME

    def tabs(self, request: Request) -> list[tuple[str, str, bool]]:
        """Address, name, and whether it is this one."""
        here = request.url.path
        shown = [(address, _(label)) for address, label, needs in TABS if self.has_permission(request, needs)]
        return [
            (address, label, here == address or (address == OWN and here.startswith(OWN))) for address, label in shown
        ]

    @page("/account", needs="edit", identity="account")
    async def account(self, request: Request) -> Response:
        return await run_in_threadpool(_account, self, request)

    @page("/account/series", needs="edit", identity="account")
    async def series(self, request: Request) -> Response:
        user_id, is_new = visit_of(request).user_id, request.method == "GET"
        command = Command(
            title=_("Series por defecto"),
            submit=_("Guardar series"),
            form_class=series.SeriesForm,
            prepare=lambda db, form: series.fill(db, form, user_id, is_new=is_new),
            run=lambda db, form: series.save(db, form, user_id),
            back=SERIES,
            template="admin/account/series.html",
            context={"groups": series.GROUPS},
        )
        return await self.command_page(request, command)

    @page("/account/api", needs="edit", identity="account")
    async def api(self, request: Request) -> Response:
        return await self.command_page(request, api_keys.making(self, request))

    @page("/account/mail", needs="action:mail", identity="account")
    async def mail(self, request: Request) -> Response:
        return await run_in_threadpool(account_page, self, request, _own(request))

    @page("/account/mail/test", needs="action:mail", methods=("POST",), identity="account")
    async def mail_test(self, request: Request) -> Response:
        return await test_page(self, request, _own(request))

    @page("/account/mail/resume", needs="action:mail", methods=("POST",), identity="account")
    async def mail_resume(self, request: Request) -> Response:
        return await run_in_threadpool(resume_page, request, _own(request))

    @page("/account/mail/permission", needs="action:mail", methods=("POST",), identity="account")
    async def mail_permission(self, request: Request) -> Response:
        return await run_in_threadpool(ask_again, self, request, _own(request))

    @page("/account/mail/delete", needs="action:mail", identity="account")
    async def mail_delete(self, request: Request) -> Response:
        return await remove_page(self, request, _own(request))

    @page("/account/mail/consent", needs="action:mail", identity="account")
    async def mail_consent(self, request: Request) -> Response:
        """Where providers send people back to, whichever account it was about."""
        return await run_in_threadpool(come_back, self, request, (MAIL, COMPANYS))

    @page("/account/sessions", needs="edit", methods=("POST",), identity="account")
    async def end_sessions(self, request: Request) -> Response:
        """Sign out everywhere but here."""
        visit = visit_of(request)
        await run_in_threadpool(act, request, lambda db: staff_accounts.end_other_sessions(db, visit), SYSTEM)
        return done(request, _("Las demás sesiones están cerradas."), HOME)


def _own(request: Request) -> Whose:
    return Whose(user_id=visit_of(request).user_id, home=MAIL, template="admin/account/mail.html")


def _account(view: AccountPage, request: Request) -> Response:
    """Runs in a thread."""
    form = PasswordForm(posted(request) if request.method == "POST" else None)
    if request.method == "POST" and form.validate():
        try:
            _change_password(request, form)
            return done(request, _("Contraseña cambiada. Sus demás sesiones se han cerrado."), HOME)
        except Refusal as refusal:
            form.refuse(refusal)
    visit = visit_of(request)
    with reading(request, SYSTEM) as db:
        context: dict[str, Any] = {
            "view": view,
            "form": form,
            "visit": visit,
            "sessions": staff_accounts.live_sessions(db, visit.user_id),
        }
        page = render(request, "admin/account/security.html", context)
    return HTMLResponse(page, status_code=422 if request.method == "POST" else 200)


def _change_password(request: Request, form: PasswordForm) -> None:
    """The current one proves who it is; the new one ends every session and begins this one again."""
    visit = visit_of(request)
    new = form.new.data or ""
    if new != form.again.data:
        raise InvalidValue(_("No es igual que la nueva."), field="again")
    with reading(request, SYSTEM) as db:
        staff_accounts.check_own_password(db, visit.user_id, new)
    prove_again(request, form.current, always=True)
    hashed = hash_password(new)
    act(request, lambda db: set_staff_password(db, visit.user_id, hashed), SYSTEM)
    enter(request, visit.email, new)
