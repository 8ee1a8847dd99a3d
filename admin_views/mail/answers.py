"""What can be done about a mail that did not arrive: another address, the same address after all, its copy again."""

from functools import partial
from typing import Any

from sqladmin import Flash
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_views.auth import visit_of
from admin_views.base import page
from admin_views.command_page import Command
from admin_views.form_pages import load
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
from app.errors import Refusal
from app.scope import Actor, CompanyScope, ScopedSession
from app.texts import _
from app.web import installation_of
from models import OutgoingMail
from models.enums import MailKind

AGAIN = "action:send-again"


class AddressForm(OfficeForm):
    address = Strict(
        "Nueva dirección", partial(fields.email, required=True), required=True, css="s6", attributes={"type": "email"}
    )


class AnswerPages:
    """Mixed into the views of mails."""

    @page("/readdress/{pk}", needs=AGAIN)
    async def readdress_page(self: Any, request: Request) -> Response:
        mail = await run_in_threadpool(_find, self, request)
        if not can_be_readdressed(mail):
            Flash.error(request, str(CannotBeReaddressed(mail)))
            return RedirectResponse(self.details_address(mail.id), status_code=303)

        def run(db: ScopedSession, form: AddressForm) -> Readdressed:
            return readdress_mail(db, ReaddressMail(mail_id=mail.id, address=form.address.data or ""))

        def answer(result: Readdressed) -> Response:
            Flash.success(request, str(result))
            return RedirectResponse(self.details_address(result.mail_id), status_code=303)

        command = Command(
            title=_("Cambiar la dirección y enviar"),
            submit=_("Enviar a la nueva"),
            subtitle=mail.subject,
            form_class=AddressForm,
            run=run,
            answer=answer,
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


def _find(view: Any, request: Request) -> OutgoingMail:
    with installation_of(request).database.read(CompanyScope(visit_of(request).company_id)) as db:
        mail: OutgoingMail = load(view, db, request.path_params["pk"])
        return mail


def _keep_copy(view: Any, request: Request) -> Response:
    mail = _find(view, request)
    return done(request, lambda db: _kept_again(db, mail.id), view.details_address(mail.id))


def _kept_again(db: ScopedSession, mail_id: int) -> str:
    keep_copy_again(db, copy_of(db, db.get_one(OutgoingMail, mail_id)), clock.now())
    return _("La copia se guarda en un momento.")


def _good_address(view: Any, request: Request) -> Response:
    mail = _find(view, request)
    return done(request, lambda db: dismiss_bounces(db, mail.recipient, clock.now()), view.details_address(mail.id))


def done(request: Request, work: Any, back: str) -> Response:
    """Do it and go back, with what came of it as a message."""
    visit = visit_of(request)
    scope, actor = CompanyScope(visit.company_id), Actor(visit.user_name, visit.user_id)
    try:
        Flash.success(request, str(installation_of(request).database.run(scope, work, actor)))
    except Refusal as refusal:
        Flash.error(request, str(refusal))
    return RedirectResponse(back, status_code=303)
