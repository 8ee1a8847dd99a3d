"""What the servers of a mail account are asked before they are believed: never in a transaction, never for long."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

from msgspec import Struct

from admin_views.mail.account_form import INCOMING, OUTGOING, Side
from app.adapters.imap.account import ImapAccount
from app.adapters.imap.session import imap_fingerprint
from app.adapters.opening import CredentialsRefused, step_of
from app.adapters.outbound import check_target, host_name
from app.adapters.smtp.session import smtp_fingerprint
from app.domain.mail.presets import Place, Preset, is_of_provider, preset_behind, preset_for
from app.domain.mail.saving_accounts import SaveMailAccount, checked_place, is_move, password_needed
from app.domain.mail.troubles import Where, advice_on
from app.errors import AdapterError, Fault, InvalidValue, Refusal
from app.installation import Installation
from app.mail.credentials import access_token_of, password_of
from app.settings import Settings
from app.texts import _
from models import MailAccount

PATIENCE = 8.0
AT_ONCE = BoundedSemaphore(4)
"""Each holds a thread for as long as a server likes to think."""


class TooManyAsked(Refusal):
    status = 503
    code = "too_many_asked"

    def __init__(self) -> None:
        super().__init__(_("Hay varias consultas a servidores de correo a la vez. Espere unos segundos y repita."))


@contextmanager
def one_of_few() -> Iterator[None]:
    """Raises ``TooManyAsked`` rather than wait."""
    if not AT_ONCE.acquire(blocking=False):
        raise TooManyAsked
    try:
        yield
    finally:
        AT_ONCE.release()


class Suggested(Struct, frozen=True):
    """What is known of the servers behind an address, and where from. ``username``: what to sign in with."""

    smtp: Place
    imap: Place | None
    username: str
    source: str
    preset: Preset | None = None


def check_places(command: SaveMailAccount, settings: Settings) -> None:
    """Refuse servers inside the own network and odd ports, beside the field. Raises ``InvalidValue``.

    A name that is only unknown for now passes: the account will say so when it is used.
    """
    _check(command, OUTGOING, settings)
    if command.imap_host.strip():
        _check(command, INCOMING, settings)


def _check(command: SaveMailAccount, side: Side, settings: Settings) -> None:
    host, port = getattr(command, side.name("host")), getattr(command, side.name("port"))
    try:
        name = host_name(host)
    except AdapterError as error:
        raise InvalidValue(str(error), field=side.name("host")) from error
    is_trusted = name in settings.private_hosts
    if port not in side.ports and not is_trusted:
        raise InvalidValue(_(side.odd), field=side.name("port"))
    if command.provider is not None and not is_trusted and not is_of_provider(name, command.provider):
        sentence = _("El permiso solo sirve para los servidores de quien lo da. Pulse «Rellenar los datos».")
        raise InvalidValue(sentence, field=side.name("host"))
    try:
        check_target(name, port, timeout=PATIENCE, private_hosts=settings.private_hosts)
    except AdapterError as error:
        if error.fault is Fault.NOT_ALLOWED:
            how = _("Se hace con el ajuste VENTANILLA_MAIL_PRIVATE_HOSTS.")
            raise InvalidValue(f"{error} {how}", field=side.name("host")) from error


def certificate_of(command: SaveMailAccount, side: Side, settings: Settings) -> str:
    """The fingerprint that a server shows now, to be compared and accepted. Raises ``InvalidValue``."""
    look: Any = imap_fingerprint if side is INCOMING else smtp_fingerprint
    host, port, security = (getattr(command, side.name(field)) for field in ("host", "port", "security"))
    try:
        with one_of_few():
            return str(look(host, port, security, private_hosts=settings.private_hosts, timeout=PATIENCE))
    except AdapterError as error:
        raise InvalidValue(str(error), field=side.name("host")) from error


class FoldersRead(Struct, frozen=True):
    """Those that can hold messages; ``sent``: the one for what was sent, if there is one."""

    names: tuple[str, ...]
    sent: str


def folders_of(installation: Installation, account: MailAccount | None, command: SaveMailAccount) -> FoldersRead:
    """Sign in with what was typed, or with what is kept where it may go, and look. Raises ``InvalidValue``."""
    from app.adapters.imap.mailbox import open_mailbox  # with its library: not before somebody has a mailbox

    settings = installation.settings
    pinned = checked_place(command)["imap_fingerprint"]
    try:
        where = _mailbox(installation, account, command, pinned)
        opening = open_mailbox(where, private_hosts=settings.private_hosts, ca_file=settings.mail_ca_file)
        with one_of_few(), opening as mailbox:
            found = [folder for folder in mailbox.folders() if folder.can_select]
    except AdapterError as error:
        field = "password" if isinstance(error, CredentialsRefused) and command.provider is None else "imap_host"
        raise InvalidValue(_told(error, command), field=field) from error
    return FoldersRead(
        tuple(folder.name for folder in found), next((folder.name for folder in found if folder.is_sent), "")
    )


def _mailbox(
    installation: Installation, account: MailAccount | None, command: SaveMailAccount, pinned: str | None
) -> ImapAccount:
    password, token = command.password, None
    if password is None and (account is None or is_move(account, command)):
        raise InvalidValue(password_needed(), field="password" if command.provider is None else "provider")
    if command.provider is not None and account is not None:
        token = access_token_of(installation, account)
    elif password is None and account is not None:
        password = password_of(installation, account)
    return ImapAccount(
        host=command.imap_host,
        port=command.imap_port,
        security=command.imap_security,
        username=command.username,
        password=password,
        access_token=token,
        pinned_fingerprint=pinned,
        timeout=PATIENCE,
        within=3 * PATIENCE,
    )


def _told(error: AdapterError, command: SaveMailAccount) -> str:
    where = Where(
        host=command.imap_host,
        port=command.imap_port,
        security=command.imap_security,
        username=command.username,
        provider=command.provider,
    )
    advice = advice_on(step_of(error), error.fault, str(error), where)
    return f"{advice.meaning} {advice.remedy}".strip()


def suggest(email: str, settings: Settings) -> Suggested | None:
    """The servers of an address: a known provider's, or what its domain publishes. None where nobody says."""
    if (preset := preset_for(email)) is not None:
        return _of_preset(preset, email, _("Datos de %(quien)s.") % {"quien": preset.name})
    from app.adapters import mail_discovery  # with its resolver: seldom wanted

    domain = email.rpartition("@")[2]
    try:
        if (preset := preset_behind(mail_discovery.exchanges_of(domain))) is not None:
            return _of_preset(preset, email, _("El correo de %(dominio)s está en %(quien)s.") % {
                "dominio": domain, "quien": preset.name,
            })  # fmt: skip
        found, source = mail_discovery.by_records(domain), _("Lo dice el DNS de %(dominio)s: compruébelo.")
        if found is None:
            found, source = (
                mail_discovery.by_autoconfig(
                    domain, private_hosts=settings.private_hosts, ca_file=settings.mail_ca_file
                ),
                _("Lo dice la web de %(dominio)s: compruébelo."),
            )
    except AdapterError:
        return None
    if found is None:
        return None
    username = email.partition("@")[0] if found.is_local else email
    return Suggested(found.smtp, found.imap, username, source % {"dominio": domain})


def _of_preset(preset: Preset, email: str, source: str) -> Suggested:
    return Suggested(preset.smtp, preset.imap, email, source, preset)
