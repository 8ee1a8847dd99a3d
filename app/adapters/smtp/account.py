"""An account at an SMTP server."""

import re

from msgspec import Struct

from app.errors import InvalidValue
from app.texts import _
from models.enums import MailSecurity


class SmtpAccount(Struct, frozen=True, kw_only=True):
    """Where and as whom to send. ``pinned_fingerprint`` (SHA-256) accepts that certificate and no other.

    ``access_token`` stands for a password where the provider gives those by consent (XOAUTH2).
    """

    host: str
    port: int
    security: MailSecurity
    username: str | None = None
    password: str | None = None
    access_token: str | None = None
    pinned_fingerprint: str | None = None
    timeout: float = 20.0
    hello_name: str = "localhost"

    def __repr__(self) -> str:
        return f"SmtpAccount({self.username!r} at {self.host}:{self.port})"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9.:_\[\]-]{1,255}", self.hello_name):
            raise InvalidValue(_("El nombre con el que se saluda al servidor no es válido."), field="hello_name")
        texts = (("username", self.username), ("password", self.password), ("access_token", self.access_token))
        for name, value in texts:
            if re.search("[\0\ud800-\udfff]", value or ""):
                raise InvalidValue(_("No puede llevar caracteres de control."), field=name)
