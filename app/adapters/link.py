"""A mail server's connection as lines and replies, without opinion on what they mean."""

import math
import re
import socket
import ssl
import time
from collections.abc import Callable

from msgspec import Struct

from app.errors import AdapterError, Fault
from app.texts import _

_REPLY_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*?))?\r?\n", re.DOTALL)
_LONGEST_LINE = 8192
_MOST_LINES = 200
_BLOCK = 65536
_CHUNK = 16384


class LinkLost(AdapterError):
    """The connection broke, fell silent or stopped making sense: nothing more can be asked over it."""

    def __init__(self, message: str, fault: Fault | None = Fault.SILENT) -> None:
        super().__init__(message, fault)


def no_sense(refusal: str = "") -> LinkLost:
    """Of a server that stopped making sense; of one that said why, its own words."""
    return LinkLost(refusal, None) if refusal else LinkLost(_("El servidor no responde como un servidor de correo."))


class Reply(Struct, frozen=True):
    code: int
    lines: tuple[bytes, ...]

    def __str__(self) -> str:
        """The server's own words, fit for a screen: one line, printable, at most 500 characters."""
        return printable(b" ".join((b"%d" % self.code, *self.lines)).decode(errors="replace"))


def printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text[:500]).strip()


class Link:
    """Speaks lines over a connected socket. Every call may raise ``LinkLost``, after which it is useless."""

    def __init__(self, connection: socket.socket, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self._received = b""

    @property
    def is_secure(self) -> bool:
        return isinstance(self._connection, ssl.SSLSocket)

    def send(self, octets: bytes, within: float | None = None) -> None:
        """Hand ``octets`` to the network. ``LinkLost`` means that the last octet did not leave.

        As long as it goes on it may take its time, unless it has to be done ``within`` so many seconds.
        """
        deadline = time.monotonic() + (math.inf if within is None else within)
        try:
            self._connection.settimeout(self._timeout)
            for start in range(0, len(octets), _BLOCK):
                if time.monotonic() > deadline:
                    raise TimeoutError
                self._connection.sendall(octets[start : start + _BLOCK])
        except OSError as error:
            raise self._lost(error) from error

    def reply(self, timeout: float | None = None) -> Reply:
        deadline = time.monotonic() + (timeout or self._timeout)
        lines: list[bytes] = []
        while len(lines) < _MOST_LINES:
            parts = _REPLY_LINE.fullmatch(self.line(deadline))
            if parts is None:
                break
            code, mark, text = parts.groups()
            lines.append(text or b"")
            if mark != b"-":
                return Reply(int(code), tuple(lines))
        raise no_sense()

    def ask(self, line: bytes) -> Reply:
        self.send(line + b"\r\n")
        return self.reply()

    def line(self, deadline: float, longest: int = _LONGEST_LINE) -> bytes:
        """The next line with its end, before ``deadline`` of ``time.monotonic``."""
        while (end := self._received.find(b"\n")) < 0 and len(self._received) < longest:
            self._received += self._receive(deadline)
        if not 0 <= end < longest:
            raise no_sense()
        return self._taken(end + 1)

    def octets(self, count: int, deadline: float) -> bytes:
        """Exactly so many octets; what their number may be is for the caller to say."""
        while len(self._received) < count:
            self._received += self._receive(deadline)
        return self._taken(count)

    def is_quiet(self) -> bool:
        """Whether nothing has arrived that was not asked for: a farewell, or the end of the connection."""
        if self._received:
            return False
        try:
            self._connection.settimeout(0)
            self._received = self._connection.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def encrypt(self, wrap: Callable[[socket.socket], socket.socket]) -> None:
        """Go on over what ``wrap`` makes of the connection. Refuses if anything came in the clear ahead of it."""
        if self._received:
            raise LinkLost(_("El servidor ha mezclado respuestas sin cifrar con el cifrado."))
        self._connection.settimeout(self._timeout)
        self._connection = wrap(self._connection)

    def close(self) -> None:
        self._connection.close()

    def _taken(self, count: int) -> bytes:
        taken, self._received = self._received[:count], self._received[count:]
        return taken

    def _receive(self, deadline: float) -> bytes:
        try:
            # One deadline for the whole reply: a server that drips a letter at a time must not hold us for ever.
            self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
            chunk = self._connection.recv(_CHUNK)
        except OSError as error:
            raise self._lost(error) from error
        if not chunk:
            raise LinkLost(_("El servidor ha cerrado la conexión."))
        return chunk

    @staticmethod
    def _lost(error: OSError) -> LinkLost:
        if isinstance(error, TimeoutError):
            return LinkLost(_("El servidor no responde a tiempo."))
        return LinkLost(_("Se ha cortado la conexión con el servidor."))
