"""*Firma DKIM*: the key the company signs its mail with, and the record that its domain has to publish."""

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from admin_views.acting import act, done, read
from admin_views.command_page import Command
from admin_views.forms import OfficeForm, Pick, Prose, Strict
from admin_views.mail.account_shown import MINUTE, throttle
from admin_views.posted import posted
from admin_views.proving import Proof, ProofForm, expect_proof, prove_again
from admin_views.templating import render
from app.adapters.letters.signatures import DkimKey, is_published, new_key, read_key
from app.domain.mail.accounts import company_account
from app.domain.mail.dkim_keys import SaveDkimKey, remove_dkim_key, save_dkim_key
from app.errors import AdapterError, InvalidValue, Refusal
from app.mail.signatures import dkim_key_of
from app.texts import _
from app.web import installation_of
from models import MailAccount

if TYPE_CHECKING:
    from admin_views.base import OfficePage

CHECK = "_check"
KEEP, NEW, PASTE = "keep", "new", "paste"
SOURCES = {NEW: "Crear una nueva", PASTE: "Pegar la mía"}


class SecretProse(Prose):
    """Several lines that are never given back, not even when something else was wrong."""

    def _value(self) -> str:
        return ""


class DkimForm(OfficeForm):
    domain = Strict("Dominio", required=True, css="s3", attributes={"placeholder": "empresa.es"})
    selector = Strict("Selector", required=True, css="s3", default="ventanilla", hint="El nombre de la clave en su DNS")
    source = Pick("Clave", SOURCES, css="s3", default=NEW)
    private_key = SecretProse(
        "Clave privada", rows=6, hint="En PEM y sin contraseña. Se guarda cifrada; no se muestra."
    )
    current = Proof(css="s3")


class Published(Struct, frozen=True):
    """What the domain's DNS says of the key: ``is_good`` none when it could not be asked."""

    is_good: bool | None
    says: str


def dkim_page(view: "OfficePage", request: Request, context: dict[str, Any]) -> Response:
    """Runs in a thread."""
    if request.method != "POST":
        return _show(view, request, context)
    if CHECK in posted(request):
        return _check(view, request, context)
    form = DkimForm(posted(request))
    _offer(form, _account(request))
    if not form.validate():
        return _show(view, request, context, form=form, status=422)
    try:
        _save(request, form)
    except Refusal as refusal:
        form.refuse(refusal)
        status = 422 if isinstance(refusal, InvalidValue) else refusal.status
        return _show(view, request, context, form=form, status=status)
    return done(request, _("Firma guardada. Publique el registro en su DNS."), str(request.url.path))


def _save(request: Request, form: DkimForm) -> None:
    """A key is made or read before anything is written."""
    private_key = None
    if form.source.data == NEW:
        private_key = new_key()
    elif form.source.data == PASTE:
        private_key = read_key(form.private_key.data or "", "private_key")
    if private_key is not None:
        prove_again(request, form.current)
    keys = installation_of(request).keys
    command = SaveDkimKey(domain=str(form.domain.data), selector=str(form.selector.data), private_key=private_key)
    act(request, lambda db: save_dkim_key(db, keys, command))


def _check(view: "OfficePage", request: Request, context: dict[str, Any]) -> Response:
    """Ask the domain's DNS for the record."""
    key = dkim_key_of(installation_of(request), _account(request))
    if key is None:
        return RedirectResponse(str(request.url.path), status_code=303)
    try:
        throttle(request, "dkim record", 10, MINUTE)
        published = _published(key)
    except Refusal as refusal:
        published = Published(None, str(refusal))
    return _show(view, request, context | {"published": published})


def _published(key: DkimKey) -> Published:
    from app.adapters.mail_discovery import texts_of  # with its resolver: seldom wanted

    try:
        texts = texts_of(key.record_name)
    except AdapterError as error:
        return Published(None, str(error))
    if is_published(key, texts):
        return Published(True, _("El registro está publicado: sus correos llegan firmados."))
    if texts:
        return Published(False, _("En su DNS hay otro registro con ese nombre: sustitúyalo por este."))
    return Published(False, _("Todavía no está en su DNS. Un registro nuevo puede tardar unas horas en verse."))


def _show(
    view: "OfficePage",
    request: Request,
    context: dict[str, Any],
    *,
    form: DkimForm | None = None,
    status: int = 200,
) -> Response:
    account = _account(request)
    key = dkim_key_of(installation_of(request), account)
    shown = form or DkimForm(data=_initial(account))
    _offer(shown, account)
    expect_proof(request, shown.current, _("Solo si cambia la clave"))
    whole = {"published": None} | context | {
        "view": view,
        "account": account,
        "form": shown,
        "key": key,
        "is_posted": form is not None,
        "has_key": account is not None and bool(account.sealed_dkim_key),
    }  # fmt: skip
    return HTMLResponse(render(request, "admin/mail/dkim.html", whole), status_code=status)


def _initial(account: MailAccount | None) -> dict[str, Any]:
    if account is None:
        return {}
    if account.sealed_dkim_key:
        return {"domain": account.dkim_domain, "selector": account.dkim_selector, "source": KEEP}
    return {"domain": account.sender_email.rpartition("@")[2]}


def _offer(form: DkimForm, account: MailAccount | None) -> None:
    kept = [(KEEP, _("Seguir con la que hay"))] if account is not None and account.sealed_dkim_key else []
    form.source.choices = [*kept, *((value, _(word)) for value, word in SOURCES.items())]


def _account(request: Request) -> MailAccount | None:
    return read(request, company_account)


def remove_command(request: Request, back: str) -> Command:
    def run(db: Any, form: OfficeForm) -> str:
        remove_dkim_key(db)
        return _("Los correos ya no se firman.")

    return Command(
        title=_("Dejar de firmar los correos"),
        submit=_("Dejar de firmar"),
        form_class=ProofForm,
        ready=lambda form: prove_again(request, form.current),
        run=run,
        back=back,
        template="admin/mail/dkim_remove.html",
        destroys=True,
    )
