"""Serving the application: one process, or several behind one socket, that stop within ten seconds."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, cast

from starlette.applications import Starlette
from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.importer import import_from_string
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from app.errors import Refusal
from app.logs import logging_for
from app.settings import Settings
from app.texts import _

BACKLOG = 2048
MOST_CONNECTIONS = 800
KEEP_ALIVE = 15
STOP_WITHIN = 5  # for answers under way; what the application itself winds up comes on top
ENOUGH = 64 * 1024  # the largest head of a request, and what must arrive of a body within PATIENCE
PATIENCE = 30.0


class CannotListen(Refusal):
    code = "cannot_listen"


def listen(host: str, port: int) -> socket.socket:
    """A socket that nobody else can have from now on. Who comes before all is ready waits."""
    bound = None
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        if bound is not None:
            bound.close()
        sentence = _("No se puede atender en %(lugar)s: %(por)s. Pruebe con otro puerto: --port 8001")
        raise CannotListen(sentence % {"lugar": f"{host}:{port}", "por": error.strerror or error}) from error
    bound.set_inheritable(True)
    return bound


def address_of(bound: socket.socket) -> str:
    """The address to open in a browser of this machine."""
    host, port = bound.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def serve(settings: Settings, maker: str, bound: socket.socket, stop: threading.Event | None = None) -> None:
    """Answer with ``maker(settings)`` until told to stop, which sets ``stop`` too.

    ``maker`` is named like ``module:function``: each of several workers is a new process that imports it by itself.
    """
    config = server_config(settings, partial(make, maker, settings))
    if settings.workers == 1:
        StoppingServer(config).run([bound])
        return
    supervisor = StoppingSupervisor(config, [bound], stop or threading.Event())
    supervisor.run()
    if supervisor.has_failed:
        raise SystemExit(STARTUP_FAILURE)


def make(maker: str, settings: Settings) -> Starlette:
    made: Starlette = import_from_string(maker)(settings)
    return made


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that is set when this process is told to stop."""
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def tell(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in before:
        signal.signal(number, tell)
    try:
        yield stop
    finally:
        stop.set()
        for number, earlier in before.items():
            signal.signal(number, earlier)


def server_config(settings: Settings, factory: Callable[[], Any]) -> Config:
    return Config(
        factory,
        factory=True,
        workers=settings.workers,
        loop="uvloop",
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=logging_for(settings.log_level),
        log_level=None,
        access_log=False,
        proxy_headers=False,  # X-Forwarded-For is read by ``app.web`` as far as trusted proxies wrote it
        server_header=False,
        backlog=BACKLOG,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=STOP_WITHIN,
    )


class StoppingServer(Server):
    """Tells the application at once that it is to stop, so that its worker winds up while answers are finished."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self.config.loaded:
            cast(Starlette, self.config.loaded_app).state.stopping.set()


class StoppingSupervisor(Multiprocess):
    """Tells what runs beside the workers to stop when they are. ``has_failed``: the application could not start."""

    has_failed = False

    def __init__(self, config: Config, sockets: list[socket.socket], stop: threading.Event) -> None:
        super().__init__(config, sockets)
        self.stop = stop

    def handle_int(self) -> None:
        self.stop.set()
        super().handle_int()

    def handle_term(self) -> None:
        self.stop.set()
        super().handle_term()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that were killed; one that ended by an error of its own would do so again.

        One that is slow is only busy: killing it would cost what it is answering.
        """
        for index, worker in enumerate(self.processes):
            if self.should_exit.is_set() or worker.process.is_alive():
                continue
            if (worker.exitcode or 0) > 0:
                self.has_failed = True
                self.should_exit.set()
                return
            worker.join()
            self.processes[index] = Process(self.config, self.sockets)
            self.processes[index].start()


class PatientProtocol(HttpToolsProtocol):
    """A request arrives at a bearable pace and with a head of bounded size, or its connection is closed.

    The server itself only limits how long a connection may be idle between requests.
    """

    _deadline: asyncio.TimerHandle | None = None
    _received = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        if self._received < ENOUGH:
            return
        if self._in_head:
            self.transport.close()
        elif self._deadline is not None:
            self._wait()

    def on_message_begin(self) -> None:
        self._in_head = True
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._stop_waiting()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Half a minute for the next 64 KB, or for the rest."""
        self._stop_waiting()
        self._received = 0
        self._deadline = self.loop.call_later(PATIENCE, self._cut)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()
