"""Stands before a real IMAP server and misbehaves on request: refuses, falls silent, cuts the line, tells lies.

``with Relay(server.port, script={"APPEND": [Turn(swallow=True)]}) as relay: …`` and then ``relay.verbs()``.
"""

import base64
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n\Z")


@dataclass(kw_only=True)
class Turn:
    """What to do, instead of passing it on, when a command arrives; CONNECT is the connection itself."""

    reply: str | None = None  # instead of asking the server: "NO [OVERQUOTA] lleno"; the tag goes before it
    raw: bytes | None = None  # send these very octets, whatever they are, and ask nobody
    drop_after: bool = False  # and then hang up
    untagged: str = ""  # a line to say before the server's own answer
    slip: bytes = b""  # STARTTLS: in the clear, right behind the answer
    drop: bool = False  # hang up without a word, and without passing it on
    swallow: bool = False  # pass it on, let it be done, and hang up instead of telling so
    stall: bool = False  # say nothing, for ever
    times: int = 1  # 0 for ever


class _HungUp(Exception):
    pass


@dataclass(kw_only=True)
class Relay:
    upstream: int
    port: int = 0
    script: Mapping[str, Sequence[Turn]] = field(default_factory=dict)
    lies: Mapping[bytes, bytes] = field(default_factory=dict)  # in everything the server says outside literals
    on: Mapping[str, Callable[[Any], None]] = field(default_factory=dict)  # called before a command is passed on
    security: str = "none"
    context: ssl.SSLContext | None = None
    tokens: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # access token: user and password it stands for

    def __post_init__(self) -> None:
        self.commands: list[str] = []
        self.connections = 0
        self.stopped = threading.Event()
        self.steps = {verb: [replace(turn) for turn in turns] for verb, turns in self.script.items()}
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", self.port))
        self.port = int(self._server.getsockname()[1])
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stopped.set()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            pass
        self._accepting.join()
        self._server.close()
        self._hang_up()
        for thread in self._threads:
            thread.join(5)
        self._hang_up()  # on what a thread had opened meanwhile

    def _hang_up(self) -> None:
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def verbs(self) -> list[str]:
        """Every command that came, without its tag and arguments; ``UID`` commands as ``UID FETCH``."""
        return [_verb(command) for command in self.commands]

    def next_turn(self, verb: str) -> Turn:
        waiting = self.steps.get(verb, [])
        if not waiting:
            return Turn()
        turn = waiting[0]
        if turn.times:
            turn.times -= 1
            if turn.times == 0:
                waiting.pop(0)
        return turn

    def kept(self, connection: socket.socket) -> socket.socket:
        self._open.append(connection)
        return connection

    def _accept(self) -> None:
        while True:
            connection, _address = self._server.accept()
            if self.stopped.is_set():
                connection.close()
                return
            self.connections += 1
            thread = threading.Thread(target=_Conversation(self, self.kept(connection)).run, daemon=True)
            self._threads.append(thread)
            thread.start()


def _verb(command: str) -> str:
    words = command.upper().split(" ")[1:]
    return " ".join(words[:2]) if words[:1] == ["UID"] else "".join(words[:1])


class _Conversation:
    def __init__(self, relay: Relay, client: socket.socket) -> None:
        self.relay, self.client = relay, client

    def run(self) -> None:
        with suppress(_HungUp, OSError, ValueError):
            if self.relay.security == "ssl":
                self.encrypt()
            self.reading = self.client.makefile("rb")
            self.play(self.relay.next_turn("CONNECT"), b"*")
            self.server = self.relay.kept(socket.create_connection(("127.0.0.1", self.relay.upstream)))
            self.answers = self.server.makefile("rb")
            self.tell(self.answers.readline())
            while True:
                self.obey(self.command_line())
        with suppress(OSError):
            self.client.shutdown(socket.SHUT_RDWR)
        self.client.close()

    def encrypt(self) -> None:
        if self.relay.context is None:
            raise _HungUp
        self.client = self.relay.kept(self.relay.context.wrap_socket(self.client, server_side=True))

    def obey(self, line: bytes) -> None:
        command = line.decode(errors="replace").rstrip()
        self.relay.commands.append(command)
        tag, verb = line.partition(b" ")[0], _verb(command)
        turn = self.relay.next_turn(verb)
        self.relay.on.get(verb, lambda _relay: None)(self.relay)
        self.play(turn, tag)
        if turn.reply is not None or turn.raw is not None:
            return
        if verb == "STARTTLS" and self.relay.security == "starttls":
            self.send(tag + b" OK adelante\r\n" + turn.slip)
            self.encrypt()
            self.reading = self.client.makefile("rb")
        elif verb == "AUTHENTICATE" and "XOAUTH2" in command.upper():
            self.take_token(tag)
        else:
            self.pass_on(tag, line, swallow=turn.swallow)

    def play(self, turn: Turn, tag: bytes) -> None:
        if turn.stall:
            self.relay.stopped.wait()
        if turn.stall or turn.drop:
            raise _HungUp
        if turn.untagged:
            self.send(f"* {turn.untagged}\r\n".encode())
        if turn.raw is not None:
            self.send(turn.raw)
        if turn.reply is not None:
            self.send(tag + f" {turn.reply}\r\n".encode())
        if turn.drop_after:
            raise _HungUp

    def pass_on(self, tag: bytes, line: bytes, *, swallow: bool) -> None:
        while literal := _LITERAL.search(line):
            self.server.sendall(line)
            if not literal[2]:
                go_on = self.answers.readline()
                self.tell(go_on)
                if not go_on.startswith(b"+"):
                    return
            self.server.sendall(self.reading.read(int(literal[1])))
            line = self.command_line()
        self.server.sendall(line)
        self.hear(tag, swallow=swallow)

    def hear(self, tag: bytes, *, swallow: bool = False) -> None:
        """Pass answers on up to the one that ends the command."""
        while True:
            line = self.answers.readline()
            if not line:
                raise _HungUp
            is_last = line.startswith(tag + b" ")
            if is_last and swallow:
                raise _HungUp
            self.tell(line)
            if line.startswith(b"+"):
                self.server.sendall(self.command_line())
            while literal := _LITERAL.search(line):
                self.send(self.answers.read(int(literal[1])))
                line = self.answers.readline()
                self.tell(line)
            if is_last:
                return

    def take_token(self, tag: bytes) -> None:
        self.send(b"+ \r\n")
        said = base64.b64decode(self.command_line()).decode()
        parts = re.fullmatch("user=(.*)\1auth=Bearer (.*)\1\1", said)
        known = self.relay.tokens.get(parts[2]) if parts else None
        if parts is None or known is None or known[0] != parts[1]:
            self.send(b"+ " + base64.b64encode(b'{"status":"400","schemes":"bearer"}') + b"\r\n")
            self.command_line()
            self.send(tag + b" NO [AUTHENTICATIONFAILED] Invalid credentials\r\n")
            return
        self.server.sendall(tag + b" AUTHENTICATE PLAIN\r\n")
        self.answers.readline()
        self.server.sendall(base64.b64encode("\0{}\0{}".format(*known).encode()) + b"\r\n")
        self.hear(tag)

    def command_line(self) -> bytes:
        line = self.reading.readline()
        if not line:
            raise _HungUp
        return line

    def tell(self, line: bytes) -> None:
        for old, new in self.relay.lies.items():
            line = line.replace(old, new)
        self.send(line)

    def send(self, octets: bytes) -> None:
        self.client.sendall(octets)
