"""The key with which the company signs its mail (DKIM): kept sealed, for a domain that its sender belongs to."""

import re

from msgspec import Struct

from app.domain import fields
from app.domain.mail.accounts import company_account, sealed_place
from app.domain.mail.presets import is_under
from app.errors import InvalidValue, NotFound
from app.scope import ScopedSession
from app.secrets import Keys
from app.texts import _
from models import MailAccount

_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_DOMAIN = re.compile(r"(?=.{4,190}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class SaveDkimKey(Struct, frozen=True, kw_only=True):
    """``private_key`` in PEM, none to keep the one there is."""

    domain: str
    selector: str
    private_key: str | None = None

    def __repr__(self) -> str:
        return f"SaveDkimKey({self.selector}._domainkey.{self.domain})"


def save_dkim_key(db: ScopedSession, keys: Keys, command: SaveDkimKey) -> MailAccount:
    """Sign from now on what leaves from the company's account. Raises ``InvalidValue`` or ``NotFound``."""
    account = _account(db)
    domain = fields.line(command.domain, "domain", required=True).lower().removesuffix(".")
    selector = fields.line(command.selector, "selector", required=True, most=40).lower()
    if not _DOMAIN.fullmatch(domain):
        raise InvalidValue(_("Escriba un dominio, como empresa.es."), field="domain")
    if not is_of(account.sender_email, domain):
        sentence = _("Tiene que ser el dominio del remitente (%(correo)s) o uno superior.")
        raise InvalidValue(sentence % {"correo": account.sender_email}, field="domain")
    if not _SELECTOR.fullmatch(selector):
        raise InvalidValue(_("Use letras sin acento, números y guiones."), field="selector")
    if command.private_key is None and not account.sealed_dkim_key:
        raise InvalidValue(_("Cree una clave o pegue la suya."), field="private_key")
    account.dkim_domain, account.dkim_selector = domain, selector
    if command.private_key is not None:
        account.sealed_dkim_key = keys.seal_text(command.private_key, sealed_place(account, "dkim"))
    db.flush()
    return account


def remove_dkim_key(db: ScopedSession) -> None:
    """Sign no longer. Raises ``NotFound``."""
    account = _account(db)
    account.dkim_domain = account.dkim_selector = account.sealed_dkim_key = ""
    db.flush()


def open_dkim_key(account: MailAccount, keys: Keys) -> str:
    """The private key, nothing when there is none. Raises ``SealBroken``."""
    return keys.open_text(account.sealed_dkim_key, sealed_place(account, "dkim")) if account.sealed_dkim_key else ""


def is_of(email: str, domain: str) -> bool:
    """Whether an address belongs to a domain: whoever checks a signature wants them aligned (DMARC, RFC 7489)."""
    return is_under(email.rpartition("@")[2], (domain,))


def _account(db: ScopedSession) -> MailAccount:
    account = company_account(db)
    if account is None:
        raise NotFound(_("la cuenta de correo de la empresa"))
    return account
