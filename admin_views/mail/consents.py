"""Giving consent at a provider (OAuth 2.0): going there, coming back, and what is made of it.

Whoever comes back from the provider only brings a code with them; nothing changes until they post it from our page.
"""

from typing import TYPE_CHECKING, Any

from sqladmin import Flash
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from admin_views.acting import act, not_done, read, reading
from admin_views.auth import GRANTS, visit_of
from admin_views.mail import account_asking as asking
from admin_views.mail.account_form import AccountForm, values_of
from admin_views.mail.account_shown import MINUTE, Whose, read_account, throttle
from admin_views.posted import posted
from admin_views.templating import render
from app import clock
from app.adapters import oauth
from app.domain.mail.accounts import owned_account
from app.domain.mail.consents import (
    BeginConsent,
    KeepConsent,
    begin_consent,
    claim_consent,
    is_consent_for_company,
    keep_consent,
)
from app.domain.mail.saving_accounts import choose_sent_folder
from app.errors import AdapterError, Refusal
from app.mail.credentials import RETURN_PATH, not_registered, oauth_app
from app.texts import _
from app.web import installation_of
from models import MailAccount
from models.enums import MailProvider

if TYPE_CHECKING:
    from admin_views.base import OfficePage

LONGEST = 4000


class WrongMailbox(Refusal):
    code = "wrong_mailbox"

    def __init__(self, given: str, wanted: str) -> None:
        sentence = _("El permiso se ha dado para %(dada)s, y la cuenta es de %(esperada)s. Pídalo otra vez con esa.")
        super().__init__(sentence % {"dada": given, "esperada": wanted})


class NotRegistered(Refusal):
    code = "not_registered"

    def __init__(self, provider: MailProvider) -> None:
        super().__init__(not_registered(provider), field="provider")


def go_and_consent(view: "OfficePage", request: Request, whose: Whose, account: MailAccount) -> Response:
    """A page that leads on to the provider of the account. Runs in a thread. Raises ``Refusal``.

    Not a redirection: a form of ours may not lead to another site, a link may.
    """
    installation, visit = installation_of(request), visit_of(request)
    assert account.provider is not None, "only an account that enters by consent asks for it"
    app = oauth_app(installation, account.provider)
    if app is None:
        raise NotRegistered(account.provider)
    throttle(request, "mail consent", 10, MINUTE)
    begin = BeginConsent(user_id=visit.user_id, provider=account.provider, is_for_company=not whose.is_own)
    begun = act(request, lambda db: begin_consent(db, installation.keys, begin))
    address = oauth.consent_address(app, state=begun.state, verifier=begun.verifier, email=account.username)
    context = {"view": view, "whose": whose, "name": app.name, "address": address, "email": account.username}
    return HTMLResponse(render(request, "admin/mail/consent_go.html", context))


def ask_again(view: "OfficePage", request: Request, whose: Whose) -> Response:
    """Consent to be given, or given anew, for the account as it is saved. Runs in a thread."""
    account = read_account(request, whose)
    if account is None or account.provider is None:
        raise HTTPException(404)
    try:
        return go_and_consent(view, request, whose, account)
    except Refusal as refusal:
        return not_done(request, refusal, whose.home)


def come_back(view: "OfficePage", request: Request, homes: tuple[str, str]) -> Response:
    """Where the provider sends people to. ``homes``: the page of one's own account, and of the company's."""
    brought = request.query_params if request.method == "GET" else posted(request)
    state, code = (str(brought.get(name, ""))[:LONGEST] for name in ("state", "code"))
    with reading(request) as db:
        is_companys = is_consent_for_company(db, state, visit_of(request).user_id)
    home = homes[1] if is_companys else homes[0]
    if request.method == "GET":
        context = {"view": view, "state": state, "code": code, "home": home, "is_given": bool(code and state)}
        context["address"] = RETURN_PATH
        return HTMLResponse(render(request, "admin/mail/consent_back.html", context))
    try:
        _finish(request, state, code)
    except (Refusal, AdapterError) as error:
        return not_done(request, error, home)
    return RedirectResponse(home, status_code=303)


def _finish(request: Request, state: str, code: str) -> None:
    """Claim, then ask the provider, then keep: no transaction is open while the provider talks."""
    installation, visit = installation_of(request), visit_of(request)
    claimed = act(request, lambda db: claim_consent(db, installation.keys, state, visit.user_id))
    if claimed.is_for_company and ("mail-account", "edit") not in GRANTS[visit.role]:
        raise HTTPException(403)
    app = oauth_app(installation, claimed.provider)
    if app is None:
        raise NotRegistered(claimed.provider)
    consented = oauth.redeem(app, code=code, verifier=claimed.verifier, now=clock.now())
    user_id = None if claimed.is_for_company else visit.user_id
    before = read(request, lambda db: owned_account(db, user_id))
    wanted = before.username if before is not None else ""
    is_other = bool(consented.email) and consented.email != wanted
    if is_other and claimed.provider is MailProvider.GOOGLE:
        oauth.revoke(app, consented.tokens)
        raise WrongMailbox(consented.email, wanted)
    keep = KeepConsent(user_id=user_id, provider=claimed.provider, tokens=consented.tokens)
    account = act(request, lambda db: keep_consent(db, installation.keys, keep))
    Flash.success(request, _("%(quien)s ha dado permiso. Envíe un correo de prueba.") % {"quien": app.name})
    if is_other:  # a mailbox that several share is opened by whoever may
        told = {"dada": consented.email, "cuenta": wanted}
        Flash.warning(request, _("Lo ha dado %(dada)s para la cuenta %(cuenta)s: la prueba dirá si puede.") % told)
    if before is not None and before.password_changed_at is None:
        _choose_folder(request, account, user_id)


def _choose_folder(request: Request, account: MailAccount, user_id: int | None) -> None:
    """Now that the mailbox opens: the server's own folder for what is sent, where nobody has chosen."""
    if not account.imap_host or account.sent_folder:
        return
    values: Any = values_of(account)
    command = AccountForm(data=values).save_command(user_id)
    try:
        found = asking.folders_of(installation_of(request), account, command)
    except Refusal:
        return  # the test will say why
    if found.sent:
        act(request, lambda db: choose_sent_folder(db, user_id, found.sent))
