"""What the servers of a mail account are asked before they are believed: never in a transaction, never for long."""

from typing import Any

from msgspec import Struct

from app.adapters.imap.account import ImapAccount
from app.adapters.imap.session import imap_fingerprint
from app.adapters.opening import CredentialsRefused, step_of
from app.adapters.outbound import check_target, host_name
from app.adapters.smtp.session import smtp_fingerprint
from app.domain.mail.presets import Place, Preset, is_of_provider, preset_behind, preset_for
from app.domain.mail.saving_accounts import SaveMailAccount, checked_place, is_move, password_needed
from app.domain.mail.troubles import Where, advice_on
from app.errors import AdapterError, Fault, InvalidValue
from app.installation import Installation
from app.mail.credentials import access_token_of, password_of
from app.settings import Settings
from app.texts import _
from models import MailAccount

PATIENCE = 8.0
SMTP_PORTS, IMAP_PORTS = frozenset({25, 465, 587, 2525}), frozenset({143, 993})


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
    odd = _("Los servidores de correo atienden en los puertos 25, 465, 587 o 2525.")
    _check(command.host, command.port, ("host", "port"), SMTP_PORTS, odd, command, settings)
    if command.imap_host.strip():
        odd = _("Los servidores entrantes atienden en los puertos 143 o 993.")
        names = ("imap_host", "imap_port")
        _check(command.imap_host, command.imap_port, names, IMAP_PORTS, odd, command, settings)


def _check(  # noqa: PLR0913, PLR0917 - a server and what may be said of it
    host: str,
    port: int,
    names: tuple[str, str],
    ports: frozenset[int],
    odd: str,
    command: SaveMailAccount,
    settings: Settings,
) -> None:
    try:
        name = host_name(host)
    except AdapterError as error:
        raise InvalidValue(str(error), field=names[0]) from error
    is_trusted = name in settings.private_hosts
    if port not in ports and not is_trusted:
        raise InvalidValue(odd, field=names[1])
    if command.provider is not None and not is_trusted and not is_of_provider(name, command.provider):
        sentence = _("El permiso solo sirve para los servidores de quien lo da. Pulse «Rellenar los datos».")
        raise InvalidValue(sentence, field=names[0])
    try:
        check_target(name, port, timeout=PATIENCE, private_hosts=settings.private_hosts)
    except AdapterError as error:
        if error.fault is Fault.NOT_ALLOWED:
            how = _("Se hace con el ajuste VENTANILLA_MAIL_PRIVATE_HOSTS.")
            raise InvalidValue(f"{error} {how}", field=names[0]) from error


def certificate_of(command: SaveMailAccount, settings: Settings, *, of: str = "") -> str:
    """The fingerprint that a server shows now, to be compared and accepted; ``of``: ``imap_`` for that server.

    Raises ``InvalidValue``.
    """
    look: Any = imap_fingerprint if of else smtp_fingerprint
    host, port = getattr(command, f"{of}host"), getattr(command, f"{of}port")
    security = getattr(command, f"{of}security")
    try:
        return str(look(host, port, security, private_hosts=settings.private_hosts, timeout=PATIENCE))
    except AdapterError as error:
        raise InvalidValue(str(error), field=f"{of}host") from error


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
        with open_mailbox(where, private_hosts=settings.private_hosts, ca_file=settings.mail_ca_file) as mailbox:
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
