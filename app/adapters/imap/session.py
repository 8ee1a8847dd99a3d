"""Opening an IMAP session: connect, encrypt, sign in."""

import hmac
import imaplib
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from app.adapters.imap.account import ImapAccount
from app.adapters.imap.wire import Wire
from app.adapters.link import no_sense
from app.adapters.opening import CredentialsRefused, during
from app.adapters.outbound import open_connection, secure, shown_certificate
from app.domain.mail.troubles import MailStep
from app.errors import AdapterError, Fault, InvalidValue
from app.texts import _
from models.enums import MailSecurity

# RFC 5530: what a server says when it refuses somebody only for now.
_FOR_NOW = ("[UNAVAILABLE]", "[INUSE]", "[SERVERBUG]", "[LIMIT]", "[THROTTLED]")

# What hostile nonsense makes of the parsers beneath.
NONSENSE = (LookupError, TypeError, ValueError, RecursionError)


def open_session(account: ImapAccount, *, private_hosts: frozenset[str], ca_file: str | None) -> Wire:
    """A connection that has signed in. Raises ``CredentialsRefused``, or ``OpeningFailed`` (CONNECT, TLS or AUTH).

    No credential leaves before the certificate has been checked, and STARTTLS that is not offered is a failure, not a
    reason to go on in the clear.
    """

    def encrypt(connection: socket.socket) -> socket.socket:
        return secure(connection, account.host, pinned=account.pinned_fingerprint, ca_file=ca_file)

    with during(MailStep.CONNECT):
        connection = open_connection(account.host, account.port, timeout=account.timeout, private_hosts=private_hosts)
    if account.security is MailSecurity.SSL:
        with during(MailStep.TLS):
            connection = encrypt(connection)
    with during(MailStep.CONNECT), answers():
        wire = Wire(connection, account.host, account.timeout, account.within)
    try:
        if account.security is MailSecurity.STARTTLS:
            with during(MailStep.TLS), answers(wire):
                _start_tls(wire, encrypt)
        with during(MailStep.AUTH), answers(wire):
            _sign_in(wire, account)
            wire.refresh_capabilities()
    except AdapterError:
        wire.shutdown()
        raise
    return wire


def imap_fingerprint(
    host: str, port: int, security: MailSecurity, *, private_hosts: frozenset[str] = frozenset(), timeout: float = 10.0
) -> str:
    """SHA-256 of the certificate the server shows now, in hexadecimal, for a person to compare and pin.

    Believes nothing and signs in nowhere. Raises ``AdapterError``.
    """
    if security is MailSecurity.NONE:
        raise InvalidValue(_("Sin cifrado no hay certificado."), field="security")
    connection = open_connection(host, port, timeout=timeout, private_hosts=private_hosts)
    if security is MailSecurity.SSL:
        return shown_certificate(connection, host)
    with during(MailStep.CONNECT), answers():
        wire = Wire(connection, host, timeout, within=2 * timeout)
    try:
        with during(MailStep.TLS), answers(wire):
            _ask_for_tls(wire)
            return shown_certificate(connection, host)
    finally:
        wire.shutdown()


@contextmanager
def answers(wire: Wire | None = None) -> Iterator[None]:
    """What a server refuses, in its own words, as an ``AdapterError``; everything worse as a ``LinkLost``."""
    try:
        yield
    except AdapterError:
        raise
    except imaplib.IMAP4.abort as abort:
        raise no_sense(wire.refusal if wire else "") from abort
    except (imaplib.IMAP4.error, *NONSENSE) as error:
        refusal = wire.refusal if wire and isinstance(error, imaplib.IMAP4.error) else ""
        raise (AdapterError(refusal) if refusal else no_sense()) from error


def _start_tls(wire: Wire, encrypt: Callable[[socket.socket], socket.socket]) -> None:
    _ask_for_tls(wire)
    wire.encrypt(encrypt)


def _ask_for_tls(wire: Wire) -> None:
    # One that says we have signed in already would keep us from encrypting.
    if wire.state != "NONAUTH" or "STARTTLS" not in wire.capabilities:
        sentence = _("El servidor no ofrece STARTTLS; sin cifrar no se le da la contraseña.")
        raise AdapterError(sentence, Fault.NO_STARTTLS)
    kind, answer = wire.xatom("STARTTLS")
    if kind != "OK":
        raise wire.error(answer)


def _sign_in(wire: Wire, account: ImapAccount) -> None:
    mechanism, give = _credentials(wire, account)
    try:
        if mechanism == "LOGIN":
            credentials: Any = (_quoted(account.username), _quoted(account.password or ""))  # octets it takes too
            kind, answer = wire.xatom("LOGIN", *credentials)
            if kind != "OK":
                raise wire.error(answer)
            wire.state = "AUTH"
        else:
            wire.authenticate(mechanism, give)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        if wire.refusal.upper().startswith(_FOR_NOW):
            raise
        raise CredentialsRefused(wire.refusal or _("El servidor rechaza el usuario o la contraseña.")) from error


def _credentials(wire: Wire, account: ImapAccount) -> tuple[str, Callable[[bytes], bytes]]:
    """The mechanism to use and what to give it; in the clear, one that does not show the password goes first."""
    user, password = account.username.encode(), (account.password or "").encode()
    if account.access_token is not None:
        return "XOAUTH2", _once(b"user=%s\1auth=Bearer %s\1\1" % (user, account.access_token.encode()))
    offered = [name for name in ("PLAIN", "CRAM-MD5") if f"AUTH={name}" in wire.capabilities]
    mechanism = (offered[0] if wire.is_secure else offered[-1]) if offered else "LOGIN"
    if mechanism == "LOGIN" and "LOGINDISABLED" in wire.capabilities:
        raise CredentialsRefused(_("El servidor no admite usuario y contraseña en esta conexión."), Fault.NO_WAY_IN)
    if mechanism == "CRAM-MD5":
        return mechanism, lambda nonce: user + b" " + hmac.new(password, nonce, "md5").hexdigest().encode()
    return mechanism, _once(b"\0%s\0%s" % (user, password))


def _once(answer: bytes) -> Callable[[bytes], bytes]:
    """Says it when first asked; after that there is nothing to add, and the server tells why it refuses."""
    left = [answer]
    return lambda _challenge: left.pop() if left else b""


def _quoted(text: str) -> bytes:
    if re.search("[\r\n]", text):
        raise CredentialsRefused(_("El servidor no admite saltos de línea en la contraseña."))
    return b'"' + re.sub(r'(["\\])', r"\\\1", text).encode() + b'"'
