"""*Cuenta de la empresa*: where the company's mail leaves from, and whether it does."""

import datetime as dt
from typing import Any

from sqladmin import Flash
from sqladmin.authorization import Action
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from admin_views.auth import visit_of
from admin_views.base import OfficePage, page
from admin_views.filters import whole
from admin_views.mail_account_form import AccountForm, TestForm, certificate_of, check_place
from admin_views.mail_steps import steps_of
from admin_views.mail_troubles import trouble_of
from admin_views.posted import posted
from admin_views.templating import render
from app.domain import throttling
from app.domain.mail_accounts import company_account, resume_account
from app.domain.mail_desk import queue_test
from app.domain.queries.outbox import UNSENT
from app.domain.saving_mail_accounts import SaveMailAccount, save_mail_account
from app.errors import InvalidValue, Refusal
from app.scope import Actor, CompanyScope, ScopedSession
from app.texts import _
from app.web import installation_of
from models import MailAccount, OutgoingMail
from models.enums import MailKind

HOME = "/admin/mail-account"
CERTIFICATE = "_certificate"
TEST = "prueba"


class MailAccountPage(OfficePage):
    name = "Cuenta de la empresa"
    category = "Correo"
    icon = "mail-cog"
    home = HOME

    @page("/mail-account", needs=Action.EDIT, identity="mail-account")
    async def account(self, request: Request) -> Response:
        return await run_in_threadpool(_account, self, request)

    @page("/mail-account/test", needs="action:test", methods=("POST",), identity="mail-account")
    async def test(self, request: Request) -> Response:
        return await run_in_threadpool(_test, self, request)

    @page("/mail-account/resume", needs="action:test", methods=("POST",), identity="mail-account")
    async def resume(self, request: Request) -> Response:
        return await run_in_threadpool(_resume, self, request)


def _account(view: MailAccountPage, request: Request) -> Response:
    if request.method != "POST":
        return _show(view, request)
    form = AccountForm(posted(request))
    if not form.validate():
        return _show(view, request, form=form, status=422)
    private_hosts, place = installation_of(request).settings.private_hosts, form.save_command()
    try:
        check_place(place, private_hosts)
        if CERTIFICATE in posted(request):
            _count(request, "mail certificate", 5)
            form.show_certificate(certificate_of(place, private_hosts))
            return _show(view, request, form=form)
        _save(request, place)
    except Refusal as refusal:
        form.refuse(refusal)
        return _show(view, request, form=form, status=422 if isinstance(refusal, InvalidValue) else refusal.status)
    Flash.success(request, _("Cuenta guardada. Envíe un correo de prueba para ver que funciona."))
    return RedirectResponse(HOME, status_code=303)


def _save(request: Request, place: SaveMailAccount) -> None:
    keys = installation_of(request).keys
    _write(request, lambda db: save_mail_account(db, keys, place))


def _test(view: MailAccountPage, request: Request) -> Response:
    """Queue a mail that the worker sends like any other; the page then tells what becomes of it."""
    form = TestForm(posted(request))
    if not form.validate():
        return _show(view, request, test=form, status=422)
    try:
        _count(request, "mail test", 5)
        mail_id = _write(request, lambda db: _queue(db, str(form.recipient.data)))
    except Refusal as refusal:
        form.recipient.errors = [str(refusal)]
        answer = _show(view, request, test=form, status=refusal.status)
        if isinstance(refusal, throttling.TooManyTries):
            answer.headers["Retry-After"] = str(refusal.retry_after)
        return answer
    return RedirectResponse(f"{HOME}?{TEST}={mail_id}", status_code=303)


def _queue(db: ScopedSession, recipient: str) -> int:
    resume_account(db)
    return queue_test(db, recipient).id


def _resume(view: MailAccountPage, request: Request) -> Response:
    try:
        _count(request, "mail resume", 5)
    except Refusal as refusal:
        Flash.error(request, str(refusal))
    else:
        _write(request, resume_account)
        Flash.success(request, _("Se vuelve a probar ahora mismo."))
    return RedirectResponse(HOME, status_code=303)


def _show(
    view: MailAccountPage,
    request: Request,
    *,
    form: AccountForm | None = None,
    test: TestForm | None = None,
    status: int = 200,
) -> Response:
    visit, installation = visit_of(request), installation_of(request)
    settings = installation.settings
    with installation.database.read(CompanyScope(visit.company_id)) as db:
        account = company_account(db)
        mail = _tested(db, request.query_params.get(TEST, ""))
        context: dict[str, Any] = {
            "view": view,
            "account": account,
            "form": form or AccountForm(data=_values(account)),
            "test": test or TestForm(data={"recipient": visit.email}),
            "trouble": trouble_of(db, demo=settings.demo),
            "mail": mail,
            "steps": steps_of(account, mail, demo=settings.demo) if mail else None,
            "is_moving": mail is not None and mail.status in UNSENT,
            "can_test": account is not None or settings.demo,
            "is_posted": form is not None,
            "is_demo": settings.demo,
            "company": visit.company_name,
        }
        return HTMLResponse(render(request, "admin/mail/account.html", context), status_code=status)


def _values(account: MailAccount | None) -> dict[str, Any]:
    if account is None:
        return {}
    names = ("sender_name", "sender_email", "reply_to", "host", "port", "security", "username")
    pinned = account.pinned_fingerprint or ""
    return {name: getattr(account, name) for name in names} | {"fingerprint": pinned, "accept": bool(pinned)}


def _tested(db: ScopedSession, text: str) -> OutgoingMail | None:
    mail_id = whole(text)
    if mail_id is None:
        return None
    return db.scalar(select(OutgoingMail).where(OutgoingMail.id == mail_id, OutgoingMail.kind == MailKind.TEST))


def _count(request: Request, what: str, limit: int) -> None:
    """Each of these knocks at somebody's server: so many a minute and company."""
    subject = f"{what} {visit_of(request).company_id}"
    _write(request, lambda db: throttling.check(db, subject, limit, dt.timedelta(minutes=1)))


def _write(request: Request, work: Any) -> Any:
    visit = visit_of(request)
    scope, actor = CompanyScope(visit.company_id), Actor(visit.user_name, visit.user_id)
    return installation_of(request).database.run(scope, work, actor)
