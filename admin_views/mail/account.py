"""*Cuenta de la empresa*: where the company's mail leaves from, whether it does, and how it is signed."""

from typing import Any

from sqladmin.authorization import Action
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_views.acting import act, done, not_done
from admin_views.base import OfficePage, page
from admin_views.command_page import Command
from admin_views.forms import OfficeForm
from admin_views.mail import dkim
from admin_views.mail.account_pages import MINUTE, Whose, count, read_account
from admin_views.mail.account_saving import account_page
from admin_views.mail.consents import ask_again
from admin_views.mail.testing import test_page
from app.domain.mail.accounts import resume_account
from app.domain.mail.saving_accounts import remove_mail_account
from app.errors import Refusal
from app.mail.credentials import withdraw_consent
from app.texts import _
from app.web import installation_of

HOME, DKIM = "/admin/mail-account", "/admin/mail-account/dkim"
TABS = ((HOME, "Cuenta"), (DKIM, "Firma DKIM"))


def _tabs(current: str) -> list[tuple[str, str, bool]]:
    return [(address, _(label), address == current) for address, label in TABS]


def companys() -> Whose:
    return Whose(user_id=None, home=HOME, template="admin/mail/account.html", context={"tabs": _tabs(HOME)})


class MailAccountPage(OfficePage):
    name = "Cuenta de la empresa"
    category = "Correo"
    icon = "mail-cog"
    home = HOME

    @page("/mail-account", needs=Action.EDIT, identity="mail-account")
    async def account(self, request: Request) -> Response:
        return await run_in_threadpool(account_page, self, request, companys())

    @page("/mail-account/test", needs="action:test", methods=("POST",), identity="mail-account")
    async def test(self, request: Request) -> Response:
        return await test_page(self, request, companys())

    @page("/mail-account/resume", needs="action:test", methods=("POST",), identity="mail-account")
    async def resume(self, request: Request) -> Response:
        return await run_in_threadpool(resume_page, request, companys())

    @page("/mail-account/permission", needs=Action.EDIT, methods=("POST",), identity="mail-account")
    async def permission(self, request: Request) -> Response:
        return await run_in_threadpool(ask_again, self, request, companys())

    @page("/mail-account/delete", needs=Action.EDIT, identity="mail-account")
    async def delete(self, request: Request) -> Response:
        return await remove_page(self, request, companys())

    @page("/mail-account/dkim", needs=Action.EDIT, identity="mail-account")
    async def dkim(self, request: Request) -> Response:
        return await run_in_threadpool(dkim.dkim_page, self, request, {"tabs": _tabs(DKIM)})

    @page("/mail-account/dkim/delete", needs=Action.EDIT, identity="mail-account")
    async def dkim_delete(self, request: Request) -> Response:
        return await self.command_page(request, dkim.remove_command(DKIM))


def resume_page(request: Request, whose: Whose) -> Response:
    """Have a paused account tried at once. Runs in a thread."""
    account = read_account(request, whose)
    try:
        count(request, "mail resume", 5, MINUTE)
    except Refusal as refusal:
        return not_done(request, refusal, whose.home)
    if account is not None:
        act(request, lambda db: resume_account(db, account.id))
    return done(request, _("Se vuelve a probar ahora mismo."), whose.home)


async def remove_page(view: OfficePage, request: Request, whose: Whose) -> Response:
    """Asks first; the consent, if there is one, is taken back at its provider once everything is forgotten here."""
    account = await run_in_threadpool(read_account, request, whose)
    if account is None:
        return RedirectResponse(whose.home, status_code=303)

    def answer(removed: Any) -> Response:
        withdraw_consent(installation_of(request), account)
        return done(request, removed, whose.home)

    command = Command(
        title=_("Eliminar la cuenta de correo %(correo)s") % {"correo": account.sender_email},
        submit=_("Eliminar la cuenta"),
        form_class=OfficeForm,
        run=lambda db, form: remove_mail_account(db, whose.user_id),
        answer=answer,
        back=whose.home,
        template="admin/mail/remove.html",
        destroys=True,
        context={"whose": whose, "account": account},
    )
    return await view.command_page(request, command)
