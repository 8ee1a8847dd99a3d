"""Processes of an installation to be killed: a parent that has imported everything makes them in no time, by forking.

As a program it takes what it needs to know, pickled, and then, line by line, the names of what it is to make; it
answers with the new process's id.
"""

import datetime as dt
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

from sqlalchemy.orm import configure_mappers

from app import worker
from app.adapters.letters.address import MailAddress
from app.adapters.letters.letter import templates
from app.adapters.letters.mime import Skeleton
from app.adapters.pdf import Party, Sheet, render
from app.installation import open_installation
from app.mail import mailbox_visits
from app.main import create_app
from app.serving import StoppingServer, server_config
from app.settings import Settings
from app.worker import run_worker
from models.enums import MailKind

ROOT = Path(__file__).parents[2]
VISIT_LEASE = dt.timedelta(seconds=6)
"""A mailbox is anybody's again so long after its visitor died; longer than a server of ours takes for a message."""


@dataclass(frozen=True)
class Orders:
    """``descriptor``: the listening socket that every web process inherits. Who comes between two of them waits."""

    settings: Settings
    lease: dt.timedelta
    descriptor: int = -1


class Processes:
    """Real processes of one installation. Leaving the block kills what is left of them."""

    def __init__(self, settings: Settings, lease: dt.timedelta, listening: socket.socket | None = None) -> None:
        self._orders = Orders(settings, lease, listening.fileno() if listening else -1)
        self.alive: dict[int, str] = {}

    def __enter__(self) -> Self:
        inherited = () if self._orders.descriptor < 0 else (self._orders.descriptor,)
        program = [sys.executable, "-m", "tests.faults.processes"]
        self._parent = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, pass_fds=inherited
        )
        assert self._parent.stdin is not None
        pickle.dump(self._orders, self._parent.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in list(self.alive):
            self.kill(process)
        self._parent.communicate()

    def make(self, what: str = "worker") -> int:
        """One more ``worker``, ``site``, or ``web``: the site with a worker beside it. Its process id."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(f"{what}\n".encode())
        self._parent.stdin.flush()
        process = int(self._parent.stdout.readline())
        self.alive[process] = what
        return process

    def all_of(self, what: str) -> list[int]:
        return [process for process, each in self.alive.items() if each == what]

    def kill(self, process: int, how: signal.Signals = signal.SIGKILL) -> None:
        with suppress(ProcessLookupError):
            os.kill(process, how)
        if how in (signal.SIGKILL, signal.SIGTERM):
            self.alive.pop(process)

    def replace(self, process: int) -> None:
        """Kill one and make another like it."""
        what = self.alive[process]
        self.kill(process)
        self.make(what)


def main() -> None:
    orders: Orders = pickle.load(sys.stdin.buffer)
    _warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while asked := sys.stdin.buffer.readline():
        process = os.fork()
        if process == 0:
            _live(_WORK[asked.decode().strip()], orders)
        print(process, flush=True)


def _warm_up() -> None:
    """What every process would otherwise do first: import, compile, build."""
    for kind in set(MailKind) - {MailKind.DOCUMENT}:  # what people write has no template
        templates(kind)
    Skeleton(MailAddress("facturas@tosma.example", "Tosma"))
    somebody = Party(name="Tosma")
    render(Sheet(kind_label="", reference="", issued_on=dt.date(2026, 1, 1), seller=somebody, buyer=somebody))
    configure_mappers()


def _live(work: Callable[[Orders], None], orders: Orders) -> None:
    worker.MAILBOXES_EVERY = 1.0
    mailbox_visits.visit_mailbox = partial(mailbox_visits.visit_mailbox, lease=VISIT_LEASE)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(0)
    work(orders)
    os._exit(0)


def _work(orders: Orders) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run_worker(open_installation(orders.settings), stop, lease=orders.lease)


def _serve(orders: Orders) -> None:
    beside, stop = open_installation(orders.settings), Event()
    Thread(target=lambda: run_worker(beside, stop, lease=orders.lease), daemon=True).start()
    _serve_alone(orders)


def _serve_alone(orders: Orders) -> None:
    settings, listening = orders.settings, socket.socket(fileno=orders.descriptor)
    StoppingServer(server_config(settings, lambda: create_app(settings))).run([listening])


_WORK = {"worker": _work, "site": _serve_alone, "web": _serve}


if __name__ == "__main__":
    main()
