"""HTTP requests to servers that people name: one request, one answer, through the door for outgoing connections.

No redirect is followed, no proxy of the environment used, nothing kept open. Bodies are bounded both in size and time.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from msgspec import Struct, field

from app.adapters.outbound import open_connection, secure
from app.errors import AdapterError
from app.texts import _

MOST_OCTETS = 1024 * 1024


class HttpRequest(Struct, frozen=True, kw_only=True):
    """``url`` is absolute, ``https`` unless its host is on the operator's private list. ``timeout``: for all of it."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout: float = 10.0


class HttpAnswer(Struct, frozen=True):
    """``headers`` by their names in lower case; of a repeated one, the last."""

    status: int
    headers: dict[str, str]
    body: bytes


def send(
    request: HttpRequest, *, private_hosts: frozenset[str] = frozenset(), ca_file: str | None = None
) -> HttpAnswer:
    """Ask once. Raises ``AdapterError`` when no whole answer came; any status is an answer."""
    place = urlsplit(request.url)
    host = place.hostname or ""
    is_secure = place.scheme == "https"
    if not host or place.username is not None or not (is_secure or (place.scheme == "http" and host in private_hosts)):
        raise AdapterError(_("La dirección tiene que empezar por https://."), permanent=True)
    try:
        port = place.port or (443 if is_secure else 80)
    except ValueError as error:
        raise AdapterError(_("El puerto de la dirección no es válido."), permanent=True) from error
    began = time.monotonic()
    connection = open_connection(host, port, timeout=request.timeout, private_hosts=private_hosts)
    if is_secure:
        connection = secure(connection, host, ca_file=ca_file)
    target = f"{place.path or '/'}?{place.query}" if place.query else place.path or "/"
    with connection, _hung_up_after(connection, request.timeout - (time.monotonic() - began)) as is_late:
        try:
            answer = _converse(_Kept(host, port, connection), request, target)
            if is_late.is_set():  # an answer without a length ends where the line was cut
                raise TimeoutError
            return answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            sentence = _("%(host)s tarda demasiado en contestar.") if is_late.is_set() else _NONSENSE
            raise AdapterError(sentence % {"host": host}) from error


_NONSENSE = "%(host)s no contesta como un servidor web."


class _Kept(http.client.HTTPConnection):
    """Speaks over a connection that is open already, and never opens another."""

    auto_open = 0

    def __init__(self, host: str, port: int, connection: socket.socket) -> None:
        super().__init__(host, port)
        self.default_port = 443 if isinstance(connection, ssl.SSLSocket) else 80
        self.sock = connection


@contextmanager
def _hung_up_after(connection: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """Ends a conversation that takes longer, however it drips; the event says that it did."""
    is_late = threading.Event()

    def hang_up() -> None:
        is_late.set()
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(seconds, 0), hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield is_late
    finally:
        timer.cancel()


def _converse(kept: _Kept, request: HttpRequest, target: str) -> HttpAnswer:
    headers = {"User-Agent": "Ventanilla", "Accept-Encoding": "identity", "Connection": "close"} | request.headers
    kept.request(request.method, target, body=request.body, headers=headers)
    answer = kept.getresponse()
    body = answer.read(MOST_OCTETS + 1)
    if answer.length and len(body) <= MOST_OCTETS:  # the library keeps quiet about what never came
        raise http.client.IncompleteRead(body, answer.length)
    if len(body) > MOST_OCTETS:
        raise AdapterError(_("La respuesta de %(host)s es demasiado grande.") % {"host": kept.host}, permanent=True)
    return HttpAnswer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)
