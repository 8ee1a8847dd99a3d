"""What is asked of the company's mail account, and what its server is asked before it is believed."""

from typing import Any

from admin_views.forms import OfficeForm, Pick, Secret, Strict, Tick, Whole
from app.adapters.outbound import PORTS, check_target, host_name
from app.adapters.smtp import Security, fingerprint
from app.domain import fields
from app.domain.saving_mail_accounts import SaveMailAccount
from app.errors import AdapterError, InvalidValue
from app.texts import _
from models.enums import MailSecurity

PATIENCE = 8.0

SECURITIES = {MailSecurity.STARTTLS: "STARTTLS", MailSecurity.SSL: "SSL/TLS", MailSecurity.NONE: "Ninguna"}


class Hidden(Strict):
    control = "hidden"


class AccountForm(OfficeForm):
    sender_name = Strict("Nombre del remitente", css="s3", hint="Lo que ven los clientes; vacío, el de la empresa")
    sender_email = Strict(
        "Dirección del remitente", fields.email, required=True, css="s3", attributes={"inputmode": "email"}
    )
    reply_to = Strict("Responder a", fields.email, css="s3", hint="Vacío, el correo de la empresa")
    host = Strict("Servidor", required=True, css="s3", attributes={"placeholder": "smtp.empresa.es"})
    port = Whole("Puerto", least=1, most=65535, required=True, default=587, css="s1")
    security = Pick("Seguridad", SECURITIES, default=MailSecurity.STARTTLS, css="s2")
    username = Strict("Usuario", css="s3", hint="Vacío si el servidor no lo pide", attributes={"autocomplete": "off"})
    password = Secret("Contraseña", css="s3")
    fingerprint = Hidden("Huella del certificado", css="s6")
    accept = Tick("Aceptar solo el certificado con esta huella")

    def show_certificate(self, seen: str) -> None:
        """Ask whether the certificate with this fingerprint is to be accepted."""
        self.fingerprint.data = self.fingerprint.typed = seen
        self.accept.data = False

    def save_command(self) -> SaveMailAccount:
        values: dict[str, Any] = self.command()
        seen, is_accepted = values.pop("fingerprint") or "", values.pop("accept")
        password = values.pop("password") or None
        return SaveMailAccount(**values, password=password, pinned_fingerprint=seen if is_accepted else "")


class TestForm(OfficeForm):
    recipient = Strict("Destinatario", fields.email, required=True, css="s6", attributes={"inputmode": "email"})


def check_place(place: SaveMailAccount, private_hosts: frozenset[str]) -> None:
    """Refuse servers inside the own network and odd ports, beside the field. Raises ``InvalidValue``.

    A name that is only unknown for now passes: the account will say so when it is used.
    """
    try:
        name = host_name(place.host)
    except AdapterError as error:
        raise InvalidValue(str(error), field="host") from error
    if place.port not in PORTS and name not in private_hosts:
        raise InvalidValue(_("Los servidores de correo atienden en los puertos 25, 465, 587 o 2525."), field="port")
    try:
        check_target(name, place.port, timeout=PATIENCE, private_hosts=private_hosts)
    except AdapterError as error:
        if error.permanent:
            how = _("Se hace con el ajuste VENTANILLA_MAIL_PRIVATE_HOSTS.")
            raise InvalidValue(f"{error} {how}", field="host") from error


def certificate_of(place: SaveMailAccount, private_hosts: frozenset[str]) -> str:
    """The fingerprint that the server shows now, to be compared and accepted. Raises ``InvalidValue``.

    Talks to the server: never in a transaction.
    """
    security = Security(place.security)
    try:
        return fingerprint(place.host, place.port, security, private_hosts=private_hosts, timeout=PATIENCE)
    except AdapterError as error:
        raise InvalidValue(str(error), field="host") from error
