"""Opening an SMTP session: connect, greet, encrypt, sign in."""

import re
import socket
import ssl
from collections.abc import Callable

from msgspec import Struct

from app.adapters.link import Link
from app.adapters.opening import OpeningFailed, during
from app.adapters.outbound import certificate_of, open_connection, secure, shown_certificate
from app.adapters.smtp.account import SmtpAccount
from app.adapters.smtp.signing_in import sign_in
from app.domain.mail.troubles import MailStep
from app.errors import AdapterError, Fault, InvalidValue
from app.texts import _
from models.enums import MailSecurity

Watch = Callable[[MailStep, str], None]
"""Told of each step that has worked, with what there is to say of it."""


class Session(Struct):
    """An open connection, what the server said it can do, and what has been done with it."""

    link: Link
    extensions: dict[str, str]
    transactions: int = 0
    needs_reset: bool = False


def open_session(
    account: SmtpAccount, *, private_hosts: frozenset[str], ca_file: str | None, watch: Watch | None = None
) -> Session:
    """Raises ``OpeningFailed`` or ``CredentialsRefused``.

    No credential leaves before the certificate has been checked, and STARTTLS that is not offered is a failure, not a
    reason to go on in the clear.
    """
    watch = watch or _nobody

    def encrypt(connection: socket.socket) -> ssl.SSLSocket:
        secured = secure(connection, account.host, pinned=account.pinned_fingerprint, ca_file=ca_file)
        if watch is not _nobody:
            watch(MailStep.TLS, spell_encryption(secured))
        return secured

    def resolved(addresses: tuple[str, ...]) -> None:
        watch(MailStep.RESOLVE, ", ".join(addresses[:4]))

    with during(MailStep.CONNECT):
        connection = open_connection(
            account.host, account.port, timeout=account.timeout, private_hosts=private_hosts, resolved=resolved
        )
    if account.security is MailSecurity.SSL:
        watch(MailStep.CONNECT, "")
        with during(MailStep.TLS):
            connection = encrypt(connection)

    link = Link(connection, account.timeout)
    try:
        greeting, extensions = _greet(link, account.hello_name)
        if account.security is not MailSecurity.SSL:
            watch(MailStep.CONNECT, greeting)
        if account.security is MailSecurity.STARTTLS:
            with during(MailStep.TLS):
                _start_tls(link, extensions, encrypt)
            extensions = _hello(link, account.hello_name)
        if account.username is not None:
            with during(MailStep.AUTH):
                watch(MailStep.AUTH, sign_in(link, extensions.get("AUTH", ""), account))
    except AdapterError:
        link.close()
        raise
    return Session(link, extensions)


def _nobody(step: MailStep, says: str) -> None:
    """Watches nothing."""


def spell_encryption(secured: ssl.SSLSocket) -> str:
    """``TLSv1.3 · certificado de smtp.empresa.es, emitido por …, válido hasta el …``."""
    shown = certificate_of(secured)
    told = {"nombre": shown.subject, "autoridad": shown.issuer, "dia": f"{shown.expires_at:%d/%m/%Y}"}
    sentence = _("certificado de %(nombre)s, emitido por %(autoridad)s, válido hasta el %(dia)s")
    return f"{secured.version()} · {sentence % told}"


def smtp_fingerprint(
    host: str, port: int, security: MailSecurity, *, private_hosts: frozenset[str] = frozenset(), timeout: float = 10.0
) -> str:
    """SHA-256 of the certificate the server shows now, in hexadecimal, for a person to compare and pin.

    Believes nothing and sends nothing but a greeting. Raises ``AdapterError``.
    """
    if security is MailSecurity.NONE:
        raise InvalidValue(_("Sin cifrado no hay certificado."), field="security")
    seen: list[str] = []

    def look(connection: socket.socket) -> socket.socket:
        seen.append(shown_certificate(connection, host))
        return connection

    connection = open_connection(host, port, timeout=timeout, private_hosts=private_hosts)
    if security is MailSecurity.SSL:
        look(connection)
    else:
        link = Link(connection, timeout)
        try:
            with during(MailStep.TLS):
                _start_tls(link, _greet(link, "localhost")[1], look)
        finally:
            link.close()
    return seen[0]


def _greet(link: Link, hello_name: str) -> tuple[str, dict[str, str]]:
    with during(MailStep.CONNECT):
        greeting = link.reply()
    if greeting.code != 220:
        raise OpeningFailed(MailStep.CONNECT, str(greeting))
    return str(greeting), _hello(link, hello_name)


def _hello(link: Link, hello_name: str) -> dict[str, str]:
    with during(MailStep.CONNECT):
        reply = link.ask(f"EHLO {hello_name}".encode())
    if reply.code != 250:
        raise OpeningFailed(MailStep.CONNECT, str(reply))
    offers = (line.decode(errors="replace").upper() for line in reply.lines[1:])
    # "AUTH=LOGIN" is how servers older than RFC 4954 write "AUTH LOGIN".
    named = (re.split(r"[ =]", offer, maxsplit=1) for offer in offers)
    return {name: "".join(parameters).strip() for name, *parameters in named}


def _start_tls(link: Link, extensions: dict[str, str], encrypt: Callable[[socket.socket], socket.socket]) -> None:
    if "STARTTLS" not in extensions:
        sentence = _("El servidor no ofrece STARTTLS; sin cifrar no se envía nada.")
        raise OpeningFailed(MailStep.TLS, sentence, Fault.NO_STARTTLS)
    reply = link.ask(b"STARTTLS")
    if reply.code != 220:
        raise OpeningFailed(MailStep.TLS, str(reply))
    link.encrypt(encrypt)
