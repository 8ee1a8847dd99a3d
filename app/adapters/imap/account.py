"""An account at an IMAP server."""

import math
import re

from msgspec import Struct

from app.errors import InvalidValue
from app.texts import _
from models.enums import MailSecurity


class ImapAccount(Struct, frozen=True, kw_only=True):
    """Where and as whom to read; ``access_token`` goes instead of the password.

    ``pinned_fingerprint`` (SHA-256) accepts that certificate and no other. ``timeout`` is for each answer, ``within``
    for all of a visit; seconds both.
    """

    host: str
    port: int
    security: MailSecurity
    username: str
    password: str | None = None
    access_token: str | None = None
    pinned_fingerprint: str | None = None
    timeout: float = 20.0
    within: float = math.inf

    def __repr__(self) -> str:
        return f"ImapAccount({self.username!r} at {self.host}:{self.port})"

    def __post_init__(self) -> None:
        for name in ("username", "password", "access_token"):
            if re.search("[\0\ud800-\udfff]", getattr(self, name) or ""):
                raise InvalidValue(_("No puede llevar caracteres de control."), field=name)
