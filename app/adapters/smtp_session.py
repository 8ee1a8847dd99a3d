"""Opening an SMTP session: connect, greet, encrypt, sign in."""

import base64
import hmac
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from msgspec import Struct

from app.adapters.outbound import open_connection, secure, shown_certificate
from app.adapters.smtp_link import Link, LinkLost, Reply
from app.errors import AdapterError, InvalidValue
from app.texts import _


class Security(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    SSL = "ssl"


class Account(Struct, frozen=True, kw_only=True):
    """Where and as whom to send. ``pinned_fingerprint`` (SHA-256) accepts that certificate and no other."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = None
    pinned_fingerprint: str | None = None
    timeout: float = 20.0
    hello_name: str = "localhost"

    def __repr__(self) -> str:
        return f"Account({self.username!r} at {self.host}:{self.port})"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9.:_\[\]-]{1,255}", self.hello_name):
            raise InvalidValue(_("El nombre con el que se saluda al servidor no es válido."), field="hello_name")
        for name, value in (("username", self.username), ("password", self.password)):
            if re.search("[\0\ud800-\udfff]", value or ""):
                raise InvalidValue(_("No puede llevar caracteres de control."), field=name)


class OpeningFailed(AdapterError):
    """No session for now; ``step`` says how far it got: CONNECT, EHLO, TLS or AUTH."""

    def __init__(self, step: str, message: str) -> None:
        super().__init__(message)
        self.step = step


class CredentialsRefused(AdapterError):
    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class Session(Struct):
    """An open connection, what the server said it can do, and what has been done with it."""

    link: Link
    extensions: dict[str, str]
    transactions: int = 0
    needs_reset: bool = False


def open_session(account: Account, *, private_hosts: frozenset[str], ca_file: str | None) -> Session:
    """Raises ``OpeningFailed`` or ``CredentialsRefused``.

    No credential leaves before the certificate has been checked, and STARTTLS that is not offered is a failure, not a
    reason to go on in the clear.
    """

    def encrypt(connection: socket.socket) -> ssl.SSLSocket:
        return secure(connection, account.host, pinned=account.pinned_fingerprint, ca_file=ca_file)

    with _step("CONNECT"):
        connection = open_connection(account.host, account.port, timeout=account.timeout, private_hosts=private_hosts)
    if account.security is Security.SSL:
        with _step("TLS"):
            connection = encrypt(connection)

    link = Link(connection, account.timeout)
    try:
        extensions = _greet(link, account.hello_name)
        if account.security is Security.STARTTLS:
            with _step("TLS"):
                _start_tls(link, extensions, encrypt)
            extensions = _hello(link, account.hello_name)
        if account.username is not None:
            with _step("AUTH"):
                _sign_in(link, extensions.get("AUTH", ""), account.username, account.password or "")
    except AdapterError:
        link.close()
        raise
    return Session(link, extensions)


def fingerprint(
    host: str, port: int, security: Security, *, private_hosts: frozenset[str] = frozenset(), timeout: float = 10.0
) -> str:
    """SHA-256 of the certificate the server shows now, in hexadecimal, for a person to compare and pin.

    Believes nothing and sends nothing but a greeting. Raises ``AdapterError``.
    """
    if security is Security.NONE:
        raise InvalidValue(_("Sin cifrado no hay certificado."), field="security")
    seen: list[str] = []

    def look(connection: socket.socket) -> socket.socket:
        seen.append(shown_certificate(connection, host))
        return connection

    connection = open_connection(host, port, timeout=timeout, private_hosts=private_hosts)
    if security is Security.SSL:
        look(connection)
    else:
        link = Link(connection, timeout)
        try:
            with _step("TLS"):
                _start_tls(link, _greet(link, "localhost"), look)
        finally:
            link.close()
    return seen[0]


@contextmanager
def _step(name: str) -> Iterator[None]:
    try:
        yield
    except LinkLost as lost:
        raise OpeningFailed(name, str(lost)) from lost
    except (OpeningFailed, CredentialsRefused):
        raise
    except AdapterError as error:
        raise OpeningFailed(name, str(error)) from error


def _greet(link: Link, hello_name: str) -> dict[str, str]:
    with _step("CONNECT"):
        greeting = link.reply()
    if greeting.code != 220:
        raise OpeningFailed("CONNECT", str(greeting))
    return _hello(link, hello_name)


def _hello(link: Link, hello_name: str) -> dict[str, str]:
    with _step("EHLO"):
        reply = link.ask(f"EHLO {hello_name}".encode())
    if reply.code != 250:
        raise OpeningFailed("EHLO", str(reply))
    offers = (line.decode(errors="replace").upper() for line in reply.lines[1:])
    # "AUTH=LOGIN" is how servers older than RFC 4954 write "AUTH LOGIN".
    named = (re.split(r"[ =]", offer, maxsplit=1) for offer in offers)
    return {name: "".join(parameters).strip() for name, *parameters in named}


def _start_tls(link: Link, extensions: dict[str, str], encrypt: Callable[[socket.socket], socket.socket]) -> None:
    if "STARTTLS" not in extensions:
        raise OpeningFailed("TLS", _("El servidor no ofrece STARTTLS; sin cifrar no se envía nada."))
    reply = link.ask(b"STARTTLS")
    if reply.code != 220:
        raise OpeningFailed("TLS", str(reply))
    link.encrypt(encrypt)


def _sign_in(link: Link, offered: str, username: str, password: str) -> None:
    mechanisms = {"PLAIN": _plain, "LOGIN": _login, "CRAM-MD5": _cram_md5}
    # In the clear, the one mechanism that does not show the password goes first.
    wanted = mechanisms if link.is_secure else dict(reversed(mechanisms.items()))
    usable = [mechanism for name, mechanism in wanted.items() if name in offered.split()]
    if not usable:
        raise CredentialsRefused(_("El servidor no admite usuario y contraseña en esta conexión."))
    for mechanism in usable:
        reply = mechanism(link, username.encode(), password.encode())
        if reply.code == 235:
            return
        if reply.code != 504:  # mechanism not supported after all
            break
    if reply.code // 100 == 4:
        raise OpeningFailed("AUTH", str(reply))
    raise CredentialsRefused(str(reply))


def _plain(link: Link, username: bytes, password: bytes) -> Reply:
    credentials = base64.b64encode(b"\0" + username + b"\0" + password)
    if len(credentials) <= 480:
        return link.ask(b"AUTH PLAIN " + credentials)
    # A command may not pass 512 octets: long credentials go as an answer.
    return _answer(link, link.ask(b"AUTH PLAIN"), credentials)


def _login(link: Link, username: bytes, password: bytes) -> Reply:
    asked = _answer(link, link.ask(b"AUTH LOGIN"), base64.b64encode(username))
    return _answer(link, asked, base64.b64encode(password))


def _cram_md5(link: Link, username: bytes, password: bytes) -> Reply:
    challenge = link.ask(b"AUTH CRAM-MD5")
    try:
        nonce = base64.b64decode(challenge.lines[0], validate=True)
    except ValueError:
        nonce = b""
    digest = hmac.new(password, nonce, "md5").hexdigest().encode()
    return _answer(link, challenge, base64.b64encode(username + b" " + digest))


def _answer(link: Link, asked: Reply, answer: bytes) -> Reply:
    return link.ask(answer) if asked.code == 334 else asked
