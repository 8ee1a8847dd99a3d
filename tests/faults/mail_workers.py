"""Worker processes to be killed: a parent that has imported everything makes them in no time, by forking.

As a program it takes pickled settings and a lease and then, line by line, orders to make a worker; it answers with the
new worker's process id.
"""

import datetime as dt
import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

from sqlalchemy.orm import configure_mappers

from app.adapters.letters import templates
from app.adapters.mail_address import MailAddress
from app.adapters.mime import Skeleton
from app.installation import open_installation
from app.settings import Settings
from app.worker import run_worker
from models.enums import MailKind

ROOT = Path(__file__).parents[2]


class Workers:
    """Real worker processes of one installation. Leaving the block kills what is left of them."""

    def __init__(self, settings: Settings, lease: dt.timedelta) -> None:
        self._orders = settings, lease
        self.alive: list[int] = []

    def __enter__(self) -> Self:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.mail_workers"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        assert self._parent.stdin is not None
        pickle.dump(self._orders, self._parent.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for worker in list(self.alive):
            self.kill(worker)
        self._parent.communicate()

    def make(self) -> int:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(b"one more\n")
        self._parent.stdin.flush()
        worker = int(self._parent.stdout.readline())
        self.alive.append(worker)
        return worker

    def kill(self, worker: int, how: signal.Signals = signal.SIGKILL) -> None:
        with suppress(ProcessLookupError):
            os.kill(worker, how)
        if how in (signal.SIGKILL, signal.SIGTERM):
            self.alive.remove(worker)


def main() -> None:
    settings, lease = pickle.load(sys.stdin.buffer)
    _warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while sys.stdin.buffer.readline():
        worker = os.fork()
        if worker == 0:
            _work(settings, lease)
        print(worker, flush=True)


def _warm_up() -> None:
    """What every worker would otherwise do first: import, compile, build."""
    for kind in MailKind:
        templates(kind)
    Skeleton(MailAddress("facturas@tosma.example", "Tosma"))
    configure_mappers()


def _work(settings: Settings, lease: dt.timedelta) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(0)
    run_worker(open_installation(settings), stop, lease=lease)
    os._exit(0)


if __name__ == "__main__":
    main()
