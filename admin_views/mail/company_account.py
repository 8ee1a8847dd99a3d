"""*Cuenta de la empresa*: where the company's mail leaves from, whether it does, and how it is signed."""

from sqladmin.authorization import Action
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from admin_views.base import OfficePage, page
from admin_views.mail import dkim
from admin_views.mail.account_saving import account_page, remove_page, resume_page
from admin_views.mail.account_shown import Whose
from admin_views.mail.consents import ask_again
from admin_views.mail.testing import test_page
from admin_views.mail.troubles import COMPANYS
from app.texts import _

DKIM = f"{COMPANYS}/dkim"
TABS = ((COMPANYS, "Cuenta"), (DKIM, "Firma DKIM"))


def _tabs(current: str) -> list[tuple[str, str, bool]]:
    return [(address, _(label), address == current) for address, label in TABS]


def companys() -> Whose:
    return Whose(user_id=None, home=COMPANYS, template="admin/mail/account.html", context={"tabs": _tabs(COMPANYS)})


class MailAccountPage(OfficePage):
    name = "Cuenta de la empresa"
    category = "Correo"
    icon = "mail-cog"
    home = COMPANYS

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
        return await self.command_page(request, dkim.remove_command(request, DKIM))
