"""Our own SMTP client: one kept connection per account, and an exact answer about each message.

The only doubt SMTP leaves is a connection that breaks between the final dot and its reply. Everything here is arranged
so that no other case looks like that one, and so that a message in doubt is never sent again behind the outbox's back.
"""

import re
from contextlib import suppress
from typing import Self

from msgspec import Struct

from app.adapters.letters.address import checked_address
from app.adapters.link import LinkLost, Reply
from app.adapters.opening import CredentialsRefused, OpeningFailed
from app.adapters.smtp.account import SmtpAccount
from app.adapters.smtp.session import Session, Watch, open_session
from app.domain.mail.troubles import MailStep
from app.errors import Fault, InvalidValue
from app.texts import _


class Taken(Struct, frozen=True):
    """The server has taken charge of the message."""

    reply: str


class Deferred(Struct, frozen=True):
    """Certainly not delivered; worth trying again later."""

    reply: str
    verb: str
    fault: Fault | None = None


class Refused(Struct, frozen=True):
    """Certainly not delivered, and trying again cannot help."""

    reply: str
    verb: str


class Ambiguous(Struct, frozen=True):
    """The final dot left and nothing came back: delivered or not, nobody can tell."""

    reason: str


class AuthenticationFailed(Struct, frozen=True):
    """The account, not the message, is at fault; certainly not delivered."""

    reply: str
    fault: Fault | None = Fault.CREDENTIALS_REFUSED


class NotOpened(Struct, frozen=True):
    """No session for now: any other message of the account would have met the same. Certainly not delivered."""

    reply: str
    step: MailStep
    fault: Fault | None = None


AccountTrouble = NotOpened | AuthenticationFailed
Delivery = Taken | Deferred | Refused | Ambiguous | AccountTrouble
Commands = list[tuple[str, bytes]]

FINAL_DOT = "."
TOO_LARGE = (
    "El mensaje es más grande de lo que admite el servidor: envíelo de nuevo desde el documento, con un enlace o con "
    "menos archivos."
)
_CREDENTIALS_WANTED = {530, 534, 535, 538}


class Client:
    """Delivers for one account over one kept connection. Not for several threads at once.

    ``private_hosts`` and ``ca_file`` come from the settings. ``final_timeout`` is the wait for the reply to the final
    dot, ten minutes as RFC 5321 4.5.3.2.6 asks: giving up sooner is how copies are made.
    """

    def __init__(
        self,
        account: SmtpAccount,
        *,
        private_hosts: frozenset[str] = frozenset(),
        ca_file: str | None = None,
        final_timeout: float = 600.0,
        max_messages: int = 100,
    ) -> None:
        self.account = account
        self._private_hosts = private_hosts
        self._ca_file = ca_file
        self._final_timeout = final_timeout
        self._max_messages = max_messages
        self._session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether a kept connection stands ready, so that the next message needs no new one."""
        return self._kept() is not None

    def deliver(self, envelope_from: str, recipient: str, message: bytes) -> Delivery:
        """Offer ``message`` once, to one recipient.

        A kept connection that turns out dead before any of the message left is replaced, once. After the final dot
        nothing is ever repeated.
        """
        verb = "MAIL"
        try:
            sender = checked_address(envelope_from)
            verb = "RCPT"
            receiver = checked_address(recipient)
        except InvalidValue as invalid:
            return Refused(str(invalid), verb)
        content = on_the_wire(message)

        if session := self._kept():
            try:
                return self._offer(session, sender, receiver, content)
            except LinkLost:
                self._drop()
        session_or_failure = self._open()
        if not isinstance(session_or_failure, Session):
            return session_or_failure
        try:
            return self._offer(session_or_failure, sender, receiver, content)
        except LinkLost as lost:
            self._drop()
            return Deferred(str(lost), "MAIL", lost.fault)

    def verify(self, watch: Watch | None = None) -> AccountTrouble | None:
        """Connect, encrypt and sign in anew without sending anything; ``None`` when all of it works."""
        self.close()
        opened = self._open(watch)
        return None if isinstance(opened, Session) else opened

    def close(self) -> None:
        """Say goodbye, without waiting for the answer."""
        if self._session is not None:
            with suppress(LinkLost):
                self._session.link.send(b"QUIT\r\n")
            self._drop()

    def _open(self, watch: Watch | None = None) -> Session | AccountTrouble:
        try:
            self._session = open_session(
                self.account, private_hosts=self._private_hosts, ca_file=self._ca_file, watch=watch
            )
        except OpeningFailed as failed:
            return NotOpened(str(failed), failed.step, failed.fault)
        except CredentialsRefused as refused:
            return AuthenticationFailed(str(refused), refused.fault)
        return self._session

    def _kept(self) -> Session | None:
        if self._session is None:
            return None
        if self._session.transactions >= self._max_messages:
            self.close()
        elif not self._session.link.is_quiet():
            self._drop()
        return self._session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.link.close()
            self._session = None

    def _offer(self, session: Session, sender: str, receiver: str, content: bytes) -> Delivery:
        """Raises ``LinkLost`` only when nothing of the content has left."""
        commands = _commands(session, sender, receiver, content)
        if isinstance(commands, Refused):
            return commands
        session.transactions += 1
        session.needs_reset = True

        verb, reply = self._converse(session, commands)
        if verb == "RSET" or (verb == "MAIL" and reply.code == 421):
            raise LinkLost(str(reply), None)  # it wants no more on this connection: that is not about the message
        return self._send(session, content) if (verb, reply.code) == ("DATA", 354) else self._verdict(verb, reply)

    def _converse(self, session: Session, commands: Commands) -> tuple[str, Reply]:
        """The first reply that ends the transaction, or the one to DATA."""
        link = session.link
        if "PIPELINING" not in session.extensions:
            for verb, command in commands:
                link.send(command)
                if _stops(verb, reply := link.reply()):
                    break
            return verb, reply

        link.send(b"".join(command for _verb, command in commands))
        stopped: tuple[str, Reply] | None = None
        for verb, _command in commands:
            try:
                reply = link.reply()
            except LinkLost:
                if stopped is None:
                    raise
                self._drop()
                break
            if stopped is None and _stops(verb, reply):
                stopped = verb, reply
        if stopped and reply.code == 354:
            self._drop()  # it waits for a message that has no taker: leave rather than send an empty one
        return stopped or (verb, reply)

    def _send(self, session: Session, content: bytes) -> Delivery:
        try:
            session.link.send(content)
        except LinkLost as lost:
            return self._cut_short(session, lost)
        try:
            reply = session.link.reply(self._final_timeout)
        except LinkLost as lost:
            self._drop()
            return Ambiguous(str(lost))
        session.needs_reset = False
        if reply.code // 100 == 2:
            return Taken(str(reply))
        return self._verdict(FINAL_DOT, reply)

    def _cut_short(self, session: Session, lost: LinkLost) -> Delivery:
        """The final dot did not leave. A server that hung up may have said why: too large, closing down."""
        try:
            reply = session.link.reply(1.0)
        except LinkLost:
            return Deferred(str(lost), "DATA", lost.fault)
        finally:
            self._drop()
        return self._verdict(FINAL_DOT, reply)

    def _verdict(self, verb: str, reply: Reply) -> Delivery:
        if reply.code < 400:
            self._drop()
            # After the dot it means nothing we know; before, nothing was sent.
            return Ambiguous(str(reply)) if verb == FINAL_DOT else Deferred(str(reply), verb)
        if reply.code == 421:
            self._drop()
        if reply.code in _CREDENTIALS_WANTED:
            return AuthenticationFailed(str(reply))
        return Refused(str(reply), verb) if reply.code >= 500 else Deferred(str(reply), verb)


def _stops(verb: str, reply: Reply) -> bool:
    return reply.code // 100 != (3 if verb == "DATA" else 2)


def _commands(session: Session, sender: str, receiver: str, content: bytes) -> Commands | Refused:
    """The commands up to DATA, or why this server cannot take the message at all."""
    extensions = session.extensions
    options = ""
    if (limit := extensions.get("SIZE")) is not None:
        if limit.isdecimal() and 0 < int(limit) < len(content):
            return Refused(_(TOO_LARGE), "MAIL")
        options += f" SIZE={len(content)}"
    if not content.isascii():
        if "8BITMIME" not in extensions:
            return Refused(_("El servidor no admite mensajes de 8 bits."), "MAIL")
        options += " BODY=8BITMIME"
    if not (sender + receiver).isascii():
        if "SMTPUTF8" not in extensions:
            return Refused(_("El servidor no admite direcciones con acentos o eñes."), "RCPT")
        options += " SMTPUTF8"
    commands = [
        ("MAIL", f"MAIL FROM:<{sender}>{options}\r\n".encode()),
        ("RCPT", f"RCPT TO:<{receiver}>\r\n".encode()),
        ("DATA", b"DATA\r\n"),
    ]
    return [("RSET", b"RSET\r\n"), *commands] if session.needs_reset else commands


def on_the_wire(message: bytes) -> bytes:
    """``message`` with every line ended by CRLF, dots stuffed, and the final dot.

    A bare CR or LF becomes a whole line end: left alone, some servers would read a second message in it.
    """
    lines = message.count(b"\r\n")
    if not lines == message.count(b"\n") == message.count(b"\r"):
        message = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    if b"\r\n." in message or message.startswith(b"."):
        message = re.sub(rb"^\.", b"..", message, flags=re.MULTILINE)
    return message + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")
