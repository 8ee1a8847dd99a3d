"""The IMAP protocol over a connection of ours: every wait ends, and no server can fill the memory."""

import imaplib
import math
import re
import socket
import time
from collections.abc import Callable

from app.adapters.link import Link, LinkLost, no_sense, printable
from app.texts import _

LONGEST_LINE = 1_000_000
MOST_OCTETS = 2 << 20
"""Of everything a server may say to one command."""
PATIENCE = 3
"""How many times the usual a whole answer may take: storing a message and looking for one keep some servers busy."""

SLOWEST = 32_000
"""Octets a second that a message must go at."""

_REFUSAL = re.compile(rb"\S+ (?:NO|BAD|BYE) ([^\r\n]*)")


class Wire(imaplib.IMAP4):
    """``imaplib`` with the connection given, and its reading and writing replaced. Raises ``LinkLost`` besides its own.

    When it is made the server has greeted and said what it can do, and nothing else has been said.
    """

    def __init__(self, connection: socket.socket, host: str, timeout: float, within: float = math.inf) -> None:
        self._link = Link(connection, timeout)
        self._timeout, self._end = timeout, time.monotonic() + within
        self._last_line = b""
        self._allow_an_answer()
        self.sock = connection
        try:
            super().__init__(host)
        except imaplib.IMAP4.error as error:
            raise no_sense(self.refusal) from error

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host = host

    def read(self, size: int) -> bytes:
        self._count(size)
        return self._link.octets(size, self._deadline)

    def readline(self) -> bytes:
        self._last_line = line = self._link.line(self._deadline, LONGEST_LINE)
        self._count(len(line))
        return line

    def send(self, data: bytes) -> None:  # type: ignore[override]
        self._link.send(data, within=self._timeout * PATIENCE + len(data) / SLOWEST)
        self._allow_an_answer()

    def shutdown(self) -> None:
        self._link.close()

    def encrypt(self, wrap: Callable[[socket.socket], socket.socket]) -> None:
        """Go on over what ``wrap`` makes of the connection, forgetting what was said in the clear."""

        def keep(connection: socket.socket) -> socket.socket:
            self.sock = wrap(connection)
            return self.sock

        self._link.encrypt(keep)
        self.untagged_responses.clear()
        self._allow_an_answer()
        self.refresh_capabilities()

    def refresh_capabilities(self) -> None:
        """Ask anew: who has signed in may be offered more."""
        self.untagged_responses.pop("CAPABILITY", None)
        _typ, answer = self.capability()
        said = b" ".join(part for part in answer if isinstance(part, bytes)).decode(errors="replace")
        self.capabilities = tuple(said.upper().split())

    def hang_up(self) -> None:
        """Say goodbye without waiting for the answer."""
        try:
            self._link.send(b"Z LOGOUT\r\n")
        except LinkLost:
            pass
        finally:
            self._link.close()

    @property
    def refusal(self) -> str:
        """The server's own words when the last it said was a refusal, fit for a screen. The library mangles them."""
        refused = _REFUSAL.match(self._last_line)
        return printable(refused[1].decode(errors="replace")) if refused else ""

    @property
    def is_secure(self) -> bool:
        return self._link.is_secure

    def _allow_an_answer(self) -> None:
        self._deadline = min(time.monotonic() + self._timeout * PATIENCE, self._end)
        self._left = MOST_OCTETS

    def _count(self, octets: int) -> None:
        self._left -= octets
        if self._left < 0:
            raise LinkLost(_("El servidor responde con más de lo que se le ha pedido."))
