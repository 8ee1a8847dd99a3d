"""A real SMTP server that keeps what it gets and misbehaves on request.

In a test: ``with Sink(script={"RCPT": [Step(reply="450 4.2.0 más tarde")]}) as sink: …`` and then ``sink.received``.
As a program, for proofs that kill the sender: ``python -m tests.smtp_sink --record FILE [--port N] [--script JSON]``.
Each message is one JSON line of FILE, written before its reply leaves.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import signal
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Self

from tests.sink_signing_in import SigningIn

EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 20000000")


@dataclass(kw_only=True)
class Step:
    """What to do, instead of answering as usual, when a verb arrives.

    Verbs are CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (once ``after`` octets of content are in), "." (the
    final dot), RSET, NOOP and QUIT.
    """

    reply: str | None = None
    delay: float = 0
    drop: bool = False  # hang up without a word
    hang_up: bool = False  # hang up after the reply
    truncate: int | None = None  # send so many octets of the reply, then hang up
    stall: bool = False  # say nothing, for ever
    keep: bool | None = None  # the final dot: take the message whatever is replied, or lose it
    match: str = ""  # only when the command contains this
    after: int = 0  # BODY: octets to read first
    times: int = 1  # 0 for ever


@dataclass(frozen=True)
class Received:
    connection: int
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    options: str = ""

    @property
    def message_id(self) -> str:
        return str(BytesHeaderParser().parsebytes(self.content).get("Message-ID", ""))

    def as_json(self) -> str:
        return json.dumps(
            {
                "at": time.time(),
                "connection": self.connection,
                "sender": self.sender,
                "recipients": self.recipients,
                "message_id": self.message_id,
                "sha256": hashlib.sha256(self.content).hexdigest(),
                "content": base64.b64encode(self.content).decode(),
            }
        )


class _HungUp(Exception):
    pass


@dataclass(kw_only=True)
class Sink:
    host: str = "127.0.0.1"
    port: int = 0
    script: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    extensions: Sequence[str] = EXTENSIONS
    security: str = "none"
    context: ssl.SSLContext | None = None
    credentials: tuple[str, str] | None = None
    mechanisms: str = "PLAIN LOGIN CRAM-MD5"
    greylist: bool = False
    messages_per_connection: int = 0
    record: Path | None = None

    def __post_init__(self) -> None:
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.failed_handshakes = 0
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        self.steps = {verb: list(steps) for verb, steps in self.script.items()}
        self.seen: set[tuple[str, str]] = set()
        self.open: list[socket.socket] = []
        self._conversations: list[threading.Thread] = []
        self._record = os.open(self.record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if self.record else None

    def __enter__(self) -> Self:
        self._server = socket.create_server((self.host, self.port))
        self.port = self._server.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stopped.set()
        with socket.socket() as wake_up:
            wake_up.connect((self.host, self.port))
        self._accepting.join()
        self._server.close()
        self.hang_up_on_all()
        for conversation in self._conversations:
            conversation.join()
        if self._record is not None:
            os.close(self._record)

    def verbs(self) -> list[str]:
        return [command.partition(" ")[0] for command in self.commands]

    def hang_up_on_all(self) -> None:
        """Close every connection, as a server does with idle ones."""
        with self.lock:
            connections, self.open = self.open, []
        for connection in connections:
            _hang_up(connection)

    def keep(self, message: Received) -> None:
        with self.lock:
            self.received.append(message)
            if self._record is not None:
                os.write(self._record, message.as_json().encode() + b"\n")

    def note_farewell(self, connection: int) -> None:
        """Somebody leaves as one should, with a QUIT."""

    def next_step(self, verb: str, argument: str) -> Step | None:
        with self.lock:
            waiting = self.steps.get(verb, [])
            step = next((step for step in waiting if step.match in argument), None)
            if step is not None and step.times:
                step.times -= 1
                if step.times == 0:
                    waiting.remove(step)
            return step

    def _accept(self) -> None:
        while True:
            connection, _address = self._server.accept()
            if self.stopped.is_set():
                connection.close()
                return
            with self.lock:
                self.connections += 1
                self.open.append(connection)
            conversation = threading.Thread(target=_Conversation(self, connection, self.connections).run, daemon=True)
            self._conversations.append(conversation)
            conversation.start()


def _hang_up(connection: socket.socket) -> None:
    """Both sides notice; the conversation, woken up, closes it."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Conversation(SigningIn):
    def __init__(self, sink: Sink, connection: socket.socket, number: int) -> None:
        self.sink = sink
        self.connection = connection
        self.number = number
        self.buffer = b""
        self.is_secure = self.is_signed_in = False
        self.kept = 0
        self.forget()

    def forget(self) -> None:
        self.sender: str | None = None
        self.options = ""
        self.recipients: list[str] = []

    def run(self) -> None:
        try:
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.sink.security == "ssl":
                self.encrypt()
            self.answer("CONNECT", "", "220 sumidero ESMTP")
            while True:
                self.obey(self.read_until(b"\r\n").decode(errors="surrogateescape"))
        except (_HungUp, OSError):
            self.connection.close()

    def obey(self, command: str) -> None:
        with self.sink.lock:
            self.sink.commands.append(command)
        verb = command.partition(" ")[0].upper()
        action = getattr(self, f"on_{verb.lower()}", None)
        if action is None:
            self.send("502 5.5.1 orden desconocida")
        else:
            action(command)

    # Verbs

    def on_ehlo(self, command: str) -> None:
        offers = [*self.sink.extensions]
        if self.sink.security == "starttls" and not self.is_secure:
            offers.append("STARTTLS")
        if self.sink.credentials:
            offers.append(f"AUTH {self.sink.mechanisms}")
        lines = ["sumidero", *offers]
        usual = "\r\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines)
        self.forget()
        self.answer("EHLO", command, usual)

    def on_starttls(self, command: str) -> None:
        if self.answer("STARTTLS", command, "220 2.0.0 adelante"):
            self.encrypt()

    def on_auth(self, command: str) -> None:
        _verb, mechanism, *initial = command.split(" ")
        step = self.sink.next_step("AUTH", command)
        if step is not None:
            self.play(step, "")
            return
        self.is_signed_in = self.is_proved(mechanism, initial, self.sink.credentials or ("", ""))
        self.send("235 2.7.0 bienvenido" if self.is_signed_in else "535 5.7.8 usuario o contraseña incorrectos")

    def on_mail(self, command: str) -> None:
        parts = re.fullmatch(r"MAIL FROM:<([^<>]*)>(.*)", command, re.IGNORECASE)
        limit = self.sink.messages_per_connection
        if self.sink.credentials and not self.is_signed_in:
            self.send("530 5.7.0 hay que identificarse")
        elif limit and self.kept >= limit:
            self.play(Step(reply="421 4.7.0 demasiados mensajes en esta conexión", hang_up=True), "")
        elif parts is None or self.sender is not None:
            self.send("503 5.5.1 mal momento" if parts else "501 5.5.4 así no")
        elif self.answer("MAIL", command, "250 2.1.0 de acuerdo"):
            self.sender, self.options = parts.groups()

    def on_rcpt(self, command: str) -> None:
        parts = re.fullmatch(r"RCPT TO:<([^<>]+)>", command, re.IGNORECASE)
        if parts is None or self.sender is None:
            self.send("503 5.5.1 mal momento" if parts else "501 5.5.4 así no")
            return
        pair = (self.sender, parts[1])
        if self.sink.greylist and pair not in self.sink.seen:
            self.sink.seen.add(pair)
            self.send("450 4.2.0 lista gris, vuelva más tarde")
        elif self.answer("RCPT", command, "250 2.1.5 de acuerdo"):
            self.recipients.append(parts[1])

    def on_data(self, command: str) -> None:
        if self.answer("DATA", command, "354 adelante" if self.recipients else "503 5.5.1 sin destinatarios"):
            self.take_content()

    def take_content(self) -> None:
        step = self.sink.next_step("BODY", "")
        if step is not None:
            self.read_octets(step.after)
            self.play(step, "")
            raise _HungUp
        raw = b"\r\n" + self.read_until(b"\r\n.\r\n") + b"\r\n"
        content = raw.replace(b"\r\n.", b"\r\n")[2:]
        message = Received(self.number, self.sender or "", tuple(self.recipients), content, self.options.strip())
        self.forget()

        step = self.sink.next_step(".", " ".join(message.recipients)) or Step()
        reply = step.reply or "250 2.0.0 aceptado"
        if step.keep if step.keep is not None else reply.startswith("2"):
            self.sink.keep(message)
            self.kept += 1
        self.play(step, reply)

    def on_rset(self, command: str) -> None:
        self.forget()
        self.answer("RSET", command, "250 2.0.0 olvidado")

    def on_noop(self, command: str) -> None:
        self.answer("NOOP", command, "250 2.0.0 aquí sigo")

    def on_quit(self, command: str) -> None:
        self.sink.note_farewell(self.number)
        self.answer("QUIT", command, "221 2.0.0 adiós")
        raise _HungUp

    # Answers

    def answer(self, verb: str, command: str, usual: str) -> bool:
        """Reply as usual or as scripted; whether the reply was a good one."""
        return self.play(self.sink.next_step(verb, command) or Step(), usual)

    def play(self, step: Step, usual: str) -> bool:
        if step.stall:
            self.sink.stopped.wait()
        if step.delay:
            self.sink.stopped.wait(step.delay)
        if step.stall or step.drop:
            raise _HungUp
        reply = step.reply or usual
        if step.truncate is not None:
            self.connection.sendall(reply.encode()[: step.truncate])
            raise _HungUp
        self.send(reply)
        if step.hang_up:
            raise _HungUp
        return reply[0] in "23"

    def send(self, reply: str) -> None:
        self.connection.sendall(reply.encode() + b"\r\n")

    def encrypt(self) -> None:
        if self.sink.context is None:
            raise _HungUp
        try:
            secured = self.sink.context.wrap_socket(self.connection, server_side=True)
        except OSError:
            self.sink.failed_handshakes += 1
            raise
        with self.sink.lock:
            self.sink.open.append(secured)
        self.connection, self.buffer, self.is_secure = secured, b"", True

    def read_until(self, end: bytes) -> bytes:
        while end not in self.buffer:
            self.read_more()
        found, _end, self.buffer = self.buffer.partition(end)
        return found

    def read_octets(self, count: int) -> None:
        while len(self.buffer) < count:
            self.read_more()

    def read_more(self) -> None:
        chunk = self.connection.recv(65536)
        if not chunk:
            raise _HungUp
        self.buffer += chunk


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--record", type=Path, required=True)
    options.add_argument(
        "--script", type=json.loads, default={}, metavar="JSON", help='{"RCPT": [{"reply": "450 no"}]}'
    )
    options.add_argument("--security", choices=["none", "starttls", "ssl"], default="none")
    options.add_argument("--certificate", type=Path, help="PEM with key and chain")
    options.add_argument("--user")
    options.add_argument("--password")
    options.add_argument("--no-pipelining", action="store_true")
    options.add_argument("--greylist", action="store_true")
    given = options.parse_args()

    context = None
    if given.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate)
    sink = Sink(
        host=given.host,
        port=given.port,
        record=given.record,
        script={verb: [Step(**step) for step in steps] for verb, steps in given.script.items()},
        extensions=[name for name in EXTENSIONS if not (given.no_pipelining and name == "PIPELINING")],
        security=given.security,
        context=context,
        credentials=(given.user, given.password) if given.user else None,
        greylist=given.greylist,
    )
    with sink:
        print(f"ready {sink.host} {sink.port}", flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
