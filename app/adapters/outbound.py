"""The one door for outgoing connections.

People type host names into forms. Each is resolved once, every answer is checked, and the connection goes to the very
address that was checked: neither a private address nor a name that changes its answer reaches the inside network.
"""

import datetime as dt
import hashlib
import hmac
import ipaddress
import queue
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import BoundedSemaphore, Thread

from msgspec import Struct

from app.errors import AdapterError, Fault
from app.texts import _

PORTS = frozenset({25, 143, 443, 465, 587, 993, 2525})
"""Mail submission, IMAP and web. Hosts on the operator's private list may use any."""

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Where clouds answer for their machines, beside 169.254.169.254: Python 3.11 takes both for public.
_CLOUDS = (ipaddress.IPv4Network("192.0.0.0/24"), ipaddress.IPv4Network("168.63.129.16/32"))
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Target = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


class ShownCertificate(Struct, frozen=True):
    """What a server's certificate says of itself. ``fingerprint``: SHA-256 in hexadecimal."""

    subject: str
    issuer: str
    expires_at: dt.datetime
    fingerprint: str


def open_connection(
    host: str,
    port: int,
    *,
    timeout: float,
    private_hosts: frozenset[str] = frozenset(),
    resolved: Callable[[tuple[str, ...]], None] | None = None,
) -> socket.socket:
    """A TCP connection to a public address of ``host``, within ``timeout`` seconds in all.

    ``private_hosts`` are names the operator trusts, in the settings and never in a form: for them neither the
    address nor the port is restricted. ``resolved`` is told the addresses that will be tried. Raises ``AdapterError``.
    """
    deadline = time.monotonic() + timeout
    name = host_name(host)
    targets = _checked_targets(name, port, timeout, private_hosts)
    if resolved is not None:
        resolved(tuple(dict.fromkeys(str(target[4][0]) for target in targets)))
    return _connect(name, port, targets, deadline, timeout)


def check_target(host: str, port: int, *, timeout: float, private_hosts: frozenset[str] = frozenset()) -> None:
    """Whether a connection there would be allowed, without making one. Raises ``AdapterError``.

    It is ``permanent`` when the place itself is at fault, and not when its name is only unknown for now, or when
    others are waiting for names of theirs: connections are guarded by themselves.
    """
    name = host_name(host)
    if not _LOOKING.acquire(blocking=False):
        raise AdapterError(_("Hay demasiados nombres por comprobar. Espere unos segundos."))
    try:
        _checked_targets(name, port, timeout, private_hosts)
    finally:
        _LOOKING.release()


_LOOKING = BoundedSemaphore(4)
"""Each holds a thread for as long as somebody's name server likes to think."""


def _checked_targets(name: str, port: int, timeout: float, private_hosts: frozenset[str]) -> Sequence[Target]:
    trusted = name in {private.lower().rstrip(".") for private in private_hosts}
    if not 0 < port < 65536 or (port not in PORTS and not trusted):
        sentence = _("El puerto %(port)s no está permitido.")
        raise AdapterError(sentence % {"port": port}, Fault.NOT_ALLOWED, permanent=True)
    targets = _resolve(name, port, timeout)
    if not trusted and not all(is_public(str(target[4][0])) for target in targets):
        raise AdapterError(
            _("El servidor %(host)s está en una red privada. Quien administra la instalación puede permitirlo.")
            % {"host": name},
            Fault.NOT_ALLOWED,
            permanent=True,
        )
    return targets


def host_name(text: str) -> str:
    """The canonical form of a typed host: lower case, without final dot, in ASCII. Raises ``AdapterError``."""
    host = text[:300].lower().removesuffix(".")
    try:
        if not host.isascii():
            import idna  # only names with ñ or accents pay for its tables

            host = idna.encode(host, uts46=True).decode()
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
    except UnicodeError:
        labels = []
    except ValueError:
        labels = host.split(".")
    # An address in decimal, octal or hexadecimal would be understood by the resolver: 2130706433 is loopback.
    if len(host) > 253 or not labels or not all(map(_LABEL.fullmatch, labels)) or _NUMERIC.fullmatch(labels[-1]):
        raise AdapterError(_("El nombre del servidor no es válido."), Fault.NAME_UNKNOWN, permanent=True)
    return host


def is_public(address: str) -> bool:
    """Whether a numeric address belongs to the public Internet and to a single machine."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:  # what an IPv6-only network gives for every IPv4 server
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        return ip in _GLOBAL_UNICAST and ip not in _SIX_TO_FOUR and ip.is_global
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _CLOUDS)


def _resolve(name: str, port: int, timeout: float) -> Sequence[Target]:
    answer: queue.SimpleQueue[Sequence[Target] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP))
        except OSError as error:
            answer.put(error)

    # The system's resolver knows no deadline: it is asked apart and left alone when it does not answer.
    Thread(target=ask, name="resolve", daemon=True).start()
    try:
        found = answer.get(timeout=timeout)
    except queue.Empty:
        sentence = _("El nombre %(host)s tarda demasiado en resolverse.")
        raise AdapterError(sentence % {"host": name}, Fault.NAME_UNKNOWN) from None
    if isinstance(found, OSError):
        raise AdapterError(_("No se encuentra el servidor %(host)s.") % {"host": name}, Fault.NAME_UNKNOWN) from found
    return found


def _connect(name: str, port: int, targets: Sequence[Target], deadline: float, timeout: float) -> socket.socket:
    failure: OSError = TimeoutError()
    for family, kind, protocol, _canonical, target in targets:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            break
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(remaining)
            connection.connect(target)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(timeout)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    sentence, fault = _("No se puede llegar a %(host)s, puerto %(port)s."), Fault.UNREACHABLE
    if isinstance(failure, ConnectionRefusedError):
        sentence, fault = _("%(host)s rechaza la conexión en el puerto %(port)s."), Fault.CONNECTION_REFUSED
    elif isinstance(failure, TimeoutError):
        sentence = _("%(host)s no responde en el puerto %(port)s.")
    raise AdapterError(sentence % {"host": name, "port": port}, fault) from failure


def secure(
    connection: socket.socket, host: str, *, pinned: str | None = None, ca_file: str | None = None
) -> ssl.SSLSocket:
    """TLS 1.2 or better over ``connection``, with a certificate valid for ``host``.

    With ``pinned``, only the certificate of that SHA-256, as ``fields.fingerprint`` gives it, is accepted, whoever
    signed it. ``ca_file`` adds authorities to those of the system. Raises ``AdapterError`` with the connection closed.
    """
    if pinned is None:
        return _handshake(connection, host, _verifying_beside(connection, ca_file))
    secured = _handshake(connection, host, _trusting())
    if not hmac.compare_digest(fingerprint_of(secured), pinned):
        secured.close()
        sentence = _("El certificado de %(host)s ha cambiado.")
        raise AdapterError(sentence % {"host": host}, Fault.CERTIFICATE_CHANGED, permanent=True)
    return secured


def shown_certificate(connection: socket.socket, host: str) -> str:
    """The fingerprint of the certificate shown, valid or not, for a person to compare. Closes the connection."""
    with _handshake(connection, host, _trusting()) as secured:
        return fingerprint_of(secured)


def fingerprint_of(secured: ssl.SSLSocket) -> str:
    return hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()


def certificate_of(secured: ssl.SSLSocket) -> ShownCertificate:
    """The certificate of the other side, whether or not anybody has checked it."""
    from cryptography import x509  # only to tell people about it

    shown = x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")

    def spell(name: x509.Name) -> str:
        found = [
            attribute
            for kind in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME)
            for attribute in name.get_attributes_for_oid(kind)
        ]
        return str(found[0].value)[:200] if found else ""

    return ShownCertificate(
        spell(shown.subject), spell(shown.issuer), shown.not_valid_after_utc, fingerprint_of(secured)
    )


def _verifying_beside(connection: socket.socket, ca_file: str | None) -> ssl.SSLContext:
    try:
        return _verifying(ca_file)
    except OSError as error:
        connection.close()
        raise AdapterError(_("No se pueden leer los certificados de %(ruta)s.") % {"ruta": ca_file}) from error


@lru_cache
def _verifying(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


@lru_cache
def _trusting() -> ssl.SSLContext:
    """Accepts anything: its callers look at the certificate themselves before they send a byte."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


_EXPIRED, _WRONG_NAME, _WRONG_ADDRESS = 10, 62, 64  # X509_V_ERR_… of OpenSSL


def _handshake(connection: socket.socket, host: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    try:
        return context.wrap_socket(connection, server_hostname=host_name(host))
    except ssl.SSLCertVerificationError as error:
        connection.close()
        if error.verify_code == _EXPIRED:
            sentence, fault = _("El certificado de %(host)s ha caducado."), Fault.CERTIFICATE_EXPIRED
        elif error.verify_code in {_WRONG_NAME, _WRONG_ADDRESS}:
            sentence, fault = _("El certificado no es de %(host)s."), Fault.CERTIFICATE_OF_ANOTHER
        else:
            sentence = _("El certificado de %(host)s no está firmado por una autoridad conocida.")
            fault = Fault.CERTIFICATE_UNKNOWN
        raise AdapterError(sentence % {"host": host}, fault, permanent=True) from error
    except OSError as error:
        connection.close()
        raise AdapterError(_("No se pudo cifrar la conexión con %(host)s.") % {"host": host}) from error
