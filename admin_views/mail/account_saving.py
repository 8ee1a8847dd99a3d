"""Filling a mail account in, saving, resuming and removing it, whosever it is.

Servers are asked first, and nothing is written until all of it is right.
"""

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from sqladmin import Flash
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_views.acting import act, done, not_done
from admin_views.command_page import Command
from admin_views.mail import account_asking as asking
from admin_views.mail.account_form import BY_SERVER, INCOMING, OUTGOING, AccountForm, Side, way_of
from admin_views.mail.account_shown import MINUTE, Shown, Whose, read_account, show, throttle
from admin_views.mail.consents import NotRegistered, go_and_consent
from admin_views.posted import posted
from admin_views.proving import ProofForm, prove_again
from app.domain.mail.accounts import resume_account
from app.domain.mail.saving_accounts import SaveMailAccount, is_move, remove_mail_account, save_mail_account
from app.errors import InvalidValue, Refusal
from app.mail.credentials import oauth_app, withdraw_consent
from app.texts import _
from app.web import installation_of
from models import MailAccount

if TYPE_CHECKING:
    from admin_views.base import OfficePage

PRESET, CERTIFICATE, FOLDERS = "_preset", "_certificate", "_folders"
ASIDES = {
    PRESET: "No se han podido rellenar los datos. Revise esto:",
    CERTIFICATE: "No se ha podido leer el certificado. Revise esto:",
    FOLDERS: "No se han podido leer las carpetas. Revise esto:",
}


def account_page(view: "OfficePage", request: Request, whose: Whose) -> Response:
    """Runs in a thread."""
    if request.method != "POST":
        return show(view, request, whose, Shown())
    form = AccountForm(posted(request))
    shown = Shown(form=form)
    is_valid = form.validate()
    aside = next((name for name in ASIDES if name in posted(request)), None)
    try:
        if aside is not None:
            shown.undone = _(ASIDES[aside])
            _ask(request, whose, shown, aside)
        elif is_valid:
            return _save(view, request, whose, form)
        else:
            shown.status = 422
    except Refusal as refusal:
        _refuse(form, refusal)
        shown.status = 422 if isinstance(refusal, InvalidValue) else refusal.status
    if aside is None and form.password.data and not form.password.errors:
        form.password.errors = [_("Vuelva a escribirla: una contraseña no se devuelve a la página.")]
    return show(view, request, whose, shown)


def _refuse(form: AccountForm, refusal: Refusal) -> None:
    # The domain's name for what the form shows as a certificate to accept.
    if refusal.field == "pinned_fingerprint":
        refusal.field = "fingerprint"
    form.refuse(refusal)


def _ask(request: Request, whose: Whose, shown: Shown, aside: str) -> None:
    """Find out what whoever is filling the form in wants to know; only what that needs has to be right."""
    form = shown.form
    assert form is not None
    if aside == PRESET:
        _keep_errors(form, "sender_email")
        shown.status = 422 if form.errors else 200
        if not form.errors:
            _suggest(request, shown, form)
        return
    is_incoming = aside == FOLDERS or posted(request)[CERTIFICATE] == INCOMING.prefix
    side = INCOMING if is_incoming else OUTGOING
    host = form[side.name("host")]
    if not host.data and not host.errors:
        host.errors = [_("Rellene este dato.")]
    needed = [side.name(field) for field in ("host", "port", "security")]
    _keep_errors(form, *needed, *(("username", "provider") if aside == FOLDERS else ()))
    shown.status = 422 if form.errors else 200
    if form.errors:
        return
    command = _without_address(form, whose)
    asking.check_places(command, installation_of(request).settings)
    if aside == CERTIFICATE:
        _show_certificate(request, form, command, side)
    else:
        account = read_account(request, whose)
        _require_certificate(request, form, account, command, side)
        throttle(request, "mail folders", 10, MINUTE)
        shown.folders = asking.folders_of(installation_of(request), account, command)


def _keep_errors(form: AccountForm, *names: str) -> None:
    for field in form:
        if field.name not in names:
            field.errors = []


def _without_address(form: AccountForm, whose: Whose) -> SaveMailAccount:
    """What has been typed so far; the rest may still be missing."""
    command = form.save_command(whose.user_id)
    return replace(command, host=command.host or command.imap_host, port=command.port or 587)


def _suggest(request: Request, shown: Shown, form: AccountForm) -> None:
    throttle(request, "mail discovery", 10, MINUTE)
    with asking.one_of_few():
        found = asking.suggest(str(form.sender_email.data), installation_of(request).settings)
    shown.suggested, shown.found_nothing = found, found is None
    if found is None:
        return
    form.put("username", found.username)
    for side, place in ((OUTGOING, found.smtp), (INCOMING, found.imap)):
        if place is not None:
            form.put(side.name("host"), place.host)
            form.put(side.name("port"), place.port)
            form.put(side.name("security"), way_of(place.security, None))
    form.put("sent_folder", BY_SERVER)
    provider = found.preset.provider if found.preset is not None else None
    if provider is not None and oauth_app(installation_of(request), provider) is not None:
        form.put("provider", provider.value)


def _save(view: "OfficePage", request: Request, whose: Whose, form: AccountForm) -> Response:
    """Everything the servers have to say is asked before anything is written."""
    installation, account = installation_of(request), read_account(request, whose)
    command = form.save_command(whose.user_id)
    asking.check_places(command, installation.settings)
    moves = is_move(account, command) or command.password is not None
    if moves or _turns_answers(account, command):
        prove_again(request, form.current)
    for side in (OUTGOING, INCOMING):
        if getattr(command, side.name("host")):
            _require_certificate(request, form, account, command, side)
    warning, provider = "", command.provider
    lacks_consent = provider is not None and (moves or account is None or not account.sealed_tokens)
    if lacks_consent and provider is not None and oauth_app(installation, provider) is None:
        raise NotRegistered(provider)
    if command.imap_host and form.sent_folder.data == BY_SERVER and not lacks_consent:
        command, warning = _with_folder(request, account, command)
    saved = act(request, lambda db: save_mail_account(db, installation.keys, command))
    if account is not None and account.sealed_tokens and not saved.sealed_tokens:
        withdraw_consent(installation, account)
    if saved.provider is not None and not saved.sealed_tokens:
        return go_and_consent(view, request, whose, saved)
    Flash.success(request, _("Cuenta guardada. Envíe un correo de prueba para ver que funciona."))
    if warning:
        Flash.warning(request, warning)
    return RedirectResponse(whose.home, status_code=303)


def _turns_answers(account: MailAccount | None, command: SaveMailAccount) -> bool:
    """Whether customers would see, or answer to, somebody else."""
    if account is None:
        return False
    return (account.sender_email, account.reply_to) != (command.sender_email, command.reply_to)


def _with_folder(
    request: Request, account: MailAccount | None, command: SaveMailAccount
) -> tuple[SaveMailAccount, str]:
    """With the server's own folder for what is sent; a server that does not serve now keeps nothing from being saved.

    Raises ``InvalidValue`` for the password.
    """
    try:
        throttle(request, "mail folders", 10, MINUTE)
        found = asking.folders_of(installation_of(request), account, command)
    except Refusal as refusal:
        if refusal.field == "password":
            raise
        why = {"servidor": command.imap_host, "motivo": str(refusal)}
        return command, _("No se guardarán copias: no se pueden leer las carpetas de %(servidor)s. %(motivo)s") % why
    if not found.sent:
        return command, _("El servidor no dice cuál es su carpeta de enviados: elíjala para que se guarden copias.")
    return replace(command, sent_folder=found.sent), ""


def _require_certificate(
    request: Request, form: AccountForm, account: MailAccount | None, command: SaveMailAccount, side: Side
) -> None:
    """An own certificate is only believed when somebody accepts the very one the server shows."""
    if not form[side.name("security")].data.is_own:
        return
    names = (side.name("host"), side.name("port"), side.name("security"), side.pinned)
    is_known = account is not None and all(getattr(account, name) == getattr(command, name) for name in names)
    accepted: str = getattr(command, side.pinned)
    if is_known and accepted:
        return
    if accepted != _show_certificate(request, form, command, side):
        raise InvalidValue(_("Compare la huella del certificado y acéptela."), field=side.name("fingerprint"))
    form.put(side.name("accept"), True)


def _show_certificate(request: Request, form: AccountForm, command: SaveMailAccount, side: Side) -> str:
    throttle(request, "mail certificate", 10, MINUTE)
    seen = asking.certificate_of(command, side, installation_of(request).settings)
    form.show_certificate(side, seen)
    return seen


def resume_page(request: Request, whose: Whose) -> Response:
    """Have a paused account tried at once. Runs in a thread."""
    account = read_account(request, whose)
    try:
        throttle(request, "mail resume", 5, MINUTE)
    except Refusal as refusal:
        return not_done(request, refusal, whose.home)
    if account is not None:
        act(request, lambda db: resume_account(db, account.id))
    return done(request, _("Se vuelve a probar ahora mismo."), whose.home)


async def remove_page(view: "OfficePage", request: Request, whose: Whose) -> Response:
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
        form_class=ProofForm,
        ready=lambda form: prove_again(request, form.current),
        run=lambda db, form: remove_mail_account(db, whose.user_id),
        answer=answer,
        back=whose.home,
        template="admin/mail/remove.html",
        destroys=True,
        context={"whose": whose, "account": account},
    )
    return await view.command_page(request, command)
