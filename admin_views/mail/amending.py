"""What can be done about a mail that did not arrive: another address, the same address after all, its copy again."""

from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from admin_views.acting import act_and_tell, done, not_done
from admin_views.base import page
from admin_views.command_page import Command
from admin_views.form_pages import find_row
from admin_views.forms import OfficeForm, Strict
from app import clock
from app.domain import fields
from app.domain.mail.bounces import dismiss_bounces
from app.domain.mail.keeping_copies import keep_copy_again
from app.domain.mail.readdressing import (
    CannotBeReaddressed,
    Readdressed,
    ReaddressMail,
    can_be_readdressed,
    readdress_mail,
)
from app.domain.queries.mail_replies import copy_of
from app.scope import ScopedSession
from app.texts import _
from models import OutgoingMail
from models.enums import MailKind

AGAIN = "action:send-again"


class AddressForm(OfficeForm):
    address = Strict(
        "Nueva dirección", partial(fields.email, required=True), required=True, css="s6", attributes={"type": "email"}
    )


class AmendingPages:
    """Mixed into the views of mails."""

    @page("/readdress/{pk}", needs=AGAIN)
    async def readdress_page(self: Any, request: Request) -> Response:
        mail: OutgoingMail = await run_in_threadpool(find_row, self, request)
        if not can_be_readdressed(mail):
            return not_done(request, CannotBeReaddressed(mail), self.details_address(mail.id))

        def run(db: ScopedSession, form: AddressForm) -> Readdressed:
            return readdress_mail(db, ReaddressMail(mail_id=mail.id, address=form.address.data or ""))

        command = Command(
            title=_("Cambiar la dirección y enviar"),
            submit=_("Enviar a la nueva"),
            subtitle=mail.subject,
            form_class=AddressForm,
            run=run,
            answer=lambda result: done(request, result, self.details_address(result.mail_id)),
            back=self.details_address(mail.id),
            template="admin/mail/readdress.html",
            context={"mail": mail, "is_notice": mail.kind is MailKind.NOTICE},
        )
        result: Response = await self.command_page(request, command)
        return result

    @page("/keep-copy/{pk}", needs=AGAIN, methods=("POST",))
    async def keep_copy(self: Any, request: Request) -> Response:
        return await run_in_threadpool(_keep_copy, self, request)

    @page("/good-address/{pk}", needs=AGAIN, methods=("POST",))
    async def good_address(self: Any, request: Request) -> Response:
        return await run_in_threadpool(_good_address, self, request)


def _keep_copy(view: Any, request: Request) -> Response:
    mail = find_row(view, request)
    return act_and_tell(request, lambda db: _kept_again(db, mail.id), view.details_address(mail.id))


def _kept_again(db: ScopedSession, mail_id: int) -> str:
    keep_copy_again(db, copy_of(db, db.get_one(OutgoingMail, mail_id)), clock.now())
    return _("La copia se guarda en un momento.")


def _good_address(view: Any, request: Request) -> Response:
    mail = find_row(view, request)
    address = view.details_address(mail.id)
    return act_and_tell(request, lambda db: dismiss_bounces(db, mail.recipient, clock.now()), address)
