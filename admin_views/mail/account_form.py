"""What is asked of a mail account, the company's or somebody's own."""

from enum import StrEnum
from typing import Any, NamedTuple

from wtforms.validators import StopValidation

from admin_views.forms import OfficeForm, Pick, Secret, Strict, Tick, Whole
from admin_views.proving import Proof
from app.domain import fields
from app.domain.mail.saving_accounts import SaveMailAccount
from app.errors import InvalidValue
from app.texts import _
from models import MailAccount
from models.enums import MailProvider, MailSecurity

BY_SERVER = "*"
"""In the place of a folder: the one that the server keeps for what is sent."""


class Side(NamedTuple):
    """A server of an account; ``prefix`` begins the names of its fields, ``pinned`` is where its fingerprint is kept.

    ``odd`` refuses any port but ``ports``.
    """

    prefix: str
    pinned: str
    ports: frozenset[int]
    odd: str

    def name(self, field: str) -> str:
        return f"{self.prefix}{field}"


OUTGOING = Side(
    "",
    "pinned_fingerprint",
    frozenset({25, 465, 587, 2525}),
    "Los servidores de correo atienden en los puertos 25, 465, 587 o 2525.",
)
INCOMING = Side(
    "imap_",
    "imap_fingerprint",
    frozenset({143, 993}),
    "Los servidores entrantes atienden en los puertos 143 o 993.",
)


class Way(StrEnum):
    """How a connection is protected; *own*: by a certificate that no authority signed, accepted by its fingerprint."""

    NONE = "none"
    SSL = "ssl"
    SSL_OWN = "ssl-own"
    STARTTLS = "starttls"
    STARTTLS_OWN = "starttls-own"

    @property
    def security(self) -> MailSecurity:
        return MailSecurity(self.removesuffix("-own"))

    @property
    def is_own(self) -> bool:
        return self.endswith("-own")


def way_of(security: MailSecurity, fingerprint: str | None) -> Way:
    return Way(f"{security}-own") if fingerprint else Way(security)


WAYS = {
    Way.NONE: "Ninguna",
    Way.SSL: "SSL",
    Way.SSL_OWN: "SSL (autofirmado)",
    Way.STARTTLS: "TLS (STARTTLS)",
    Way.STARTTLS_OWN: "TLS (STARTTLS, autofirmado)",
}
PROVIDERS = {
    "": "Con contraseña",
    MailProvider.GOOGLE: "Con el permiso de Google",
    MailProvider.MICROSOFT: "Con el permiso de Microsoft",
}


class Hidden(Strict):
    control = "hidden"


class Folder(Pick):
    """A folder of the mailbox: of those that were read, the one there was, or the one that was sent."""

    def offer(self, names: tuple[str, ...] = (), sent: str = "") -> None:
        """With ``names`` just read, what had not been chosen becomes ``sent``."""
        if names and (self.data or "") not in {*names, ""}:
            self.data = sent
        chosen = str(self.data or "")
        known = [name for name in dict.fromkeys((*names, chosen)) if name not in {"", BY_SERVER}]
        first = [] if names else [(BY_SERVER, _("La de enviados, según el servidor"))]
        self.choices = [*first, *((name, name) for name in known), ("", _("No guardar copias"))]

    def pre_validate(self, form: Any) -> None:
        """Any name will do: whether there is such a folder only its server knows."""
        try:
            fields.line(str(self.data or ""), self.name)
        except InvalidValue as refusal:
            raise StopValidation(str(refusal)) from refusal


def _is_of_each(name: str) -> bool:
    return name.removeprefix("imap_") in ("port", "security", "fingerprint", "accept")


class AccountForm(OfficeForm):
    sender_email = Strict(
        "Dirección de correo", fields.email, required=True, css="s3", attributes={"inputmode": "email"}
    )
    sender_name = Strict("Nombre del remitente", css="s3", hint="Lo que ven los clientes")
    reply_to = Strict("Responder a", fields.email, css="s3", attributes={"inputmode": "email"})
    wants_receipt = Tick("Pedir confirmación de lectura", css="s3", hint="En los documentos que se envían por correo")
    provider = Pick("Cómo se entra", PROVIDERS, css="s6", required=False, coerce=str, default="")
    username = Strict(
        "Usuario de correo", css="s3", hint="Vacío si el servidor no lo pide", attributes={"autocomplete": "off"}
    )
    password = Secret("Contraseña de correo", css="s3")
    host = Strict("Servidor saliente (SMTP)", required=True, css="s4", attributes={"placeholder": "smtp.empresa.es"})
    port = Whole("Puerto", least=1, most=65535, required=True, default=587, css="s2")
    security = Pick("Seguridad de la conexión", WAYS, default=Way.STARTTLS, css="s4")
    fingerprint = Hidden("Huella del certificado", css="s6")
    accept = Tick("Aceptar solo el certificado con esta huella")
    imap_host = Strict("Servidor entrante (IMAP)", css="s4", attributes={"placeholder": "imap.empresa.es"})
    imap_port = Whole("Puerto", least=1, most=65535, default=993, css="s2")
    imap_security = Pick("Seguridad de la conexión", WAYS, default=Way.SSL, css="s4")
    imap_fingerprint = Hidden("Huella del certificado", css="s6")
    imap_accept = Tick("Aceptar solo el certificado con esta huella")
    sent_folder = Folder("Carpeta de enviados", css="s4", required=False, default=BY_SERVER)
    current = Proof(css="s3")

    @property
    def problems(self) -> list[tuple[str, str, str]]:
        """Of what each server has, with the server it is of."""
        return [
            (id_, f"{label} ({'IMAP' if id_.startswith('imap_') else 'SMTP'})" if _is_of_each(id_) else label, sentence)
            for id_, label, sentence in super().problems
        ]

    def show_certificate(self, side: Side, seen: str) -> None:
        """Ask whether the certificate with this fingerprint is to be accepted."""
        self.put(side.name("fingerprint"), seen)
        self.put(side.name("accept"), False)

    def put(self, name: str, value: Any) -> None:
        """Fill a field in for whoever is typing."""
        place: Any = self[name]
        place.data, place.typed, place.errors = value, None, []

    def save_command(self, user_id: int | None) -> SaveMailAccount:
        values: dict[str, Any] = self.command()
        values.pop("current")
        for side in (OUTGOING, INCOMING):
            way, is_accepted = values[side.name("security")], values.pop(side.name("accept"))
            seen = values.pop(side.name("fingerprint")) or ""
            values[side.name("security")] = way.security
            values[side.pinned] = seen if way.is_own and is_accepted else ""
        values["provider"] = MailProvider(values["provider"]) if values["provider"] else None
        values["password"] = values["password"] or None
        values["imap_port"] = values["imap_port"] or 993
        folder = values.pop("sent_folder") or ""
        return SaveMailAccount(**values, user_id=user_id, sent_folder="" if folder == BY_SERVER else folder)


class TestForm(OfficeForm):
    recipient = Strict("Destinatario", fields.email, required=True, css="s6", attributes={"inputmode": "email"})


def values_of(account: MailAccount) -> dict[str, Any]:
    """An account as its form shows it. No secret is ever among it."""
    names = ("sender_name", "sender_email", "reply_to", "wants_receipt", "host", "port", "username")
    mailbox = ("imap_host", "imap_port", "sent_folder")
    return {
        **{name: getattr(account, name) for name in (*names, *mailbox)},
        "provider": account.provider or "",
        "security": way_of(account.security, account.pinned_fingerprint),
        "fingerprint": account.pinned_fingerprint or "",
        "accept": bool(account.pinned_fingerprint),
        "imap_security": way_of(account.imap_security, account.imap_fingerprint),
        "imap_fingerprint": account.imap_fingerprint or "",
        "imap_accept": bool(account.imap_fingerprint),
        # Without a server nothing has been chosen yet.
        "sent_folder": account.sent_folder if account.imap_host else BY_SERVER,
    }
