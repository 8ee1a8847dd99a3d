"""Mail addresses and one-line texts, checked before they reach a header or an envelope."""

import re

from msgspec import Struct
from msgspec.structs import force_setattr

from app.errors import InvalidValue
from app.texts import _

_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE
)
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def checked_address(text: str) -> str:
    """``text`` as an address fit for the wire, its domain in ASCII. Raises ``InvalidValue``.

    Quoted local parts and domain literals are refused: nobody has one, and they smuggle commands. Letters
    with accents before the at sign are kept; a server needs SMTPUTF8 to take them.
    """
    local, _at, domain = text[:400].rpartition("@")
    if not domain.isascii():
        domain = _ascii_domain(domain)
    if len(local.encode(errors="replace")) > 64 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise InvalidValue(_("La dirección de correo no es válida."))
    return f"{local}@{domain}"


def _ascii_domain(domain: str) -> str:
    import idna  # only domains with ñ or accents pay for its tables

    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return ""


def one_line(text: str) -> str:
    """``text`` as it may stand in a header: trimmed, without marks that reorder what is read.

    Raises ``InvalidValue`` for more than 1,000 characters and for line breaks and other control characters,
    which would begin another header.
    """
    if len(text) > 1000:
        raise InvalidValue(_("Como mucho 1.000 caracteres."))
    if _UNSAFE.search(text):
        raise InvalidValue(_("No puede llevar saltos de línea ni caracteres de control."))
    return text.strip() if text.isascii() else _REORDERING.sub("", text).strip()


class MailAddress(Struct, frozen=True):
    """Someone a mail comes from or goes to; cannot exist with an address or a name unfit for a header."""

    email: str
    name: str = ""

    def __post_init__(self) -> None:
        force_setattr(self, "email", checked_address(self.email))
        # Readers take several spaces of a name for one.
        force_setattr(self, "name", re.sub("  +", " ", one_line(self.name)))
