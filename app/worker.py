"""The worker: sends what is due, prints what was published, and cleans up after workers that died.

One thread looks around, seldom and cheaply; what it finds is done by threads of their own, one company at a time each,
so that a slow server holds up nobody else. Any number of workers may run, in one process with the web or apart.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.chores import give_up, release_dead, throw_away
from app.db import Database
from app.domain.queries.import_runs import waiting_runs
from app.domain.queries.mailboxes import WaitingMailbox, waiting_mailboxes
from app.domain.queries.outbox import Queue, due_queues
from app.domain.webhook_deliveries import Due, due_webhooks
from app.installation import Installation
from app.mail.courier import LEASE, Courier
from app.mail.transports import TransportFactory, transport_of
from app.printing import print_waiting, unprinted
from app.scope import SYSTEM

log = logging.getLogger(__name__)

COURIERS = 4
IMPORTERS = 2
POSTMEN = 2
MESSENGERS = 4
POLL, IDLE_POLL = 1.0, 2.0
IDLE_AFTER = 30.0
REST_AFTER_FAILURE = 10.0
HANG_UP_AFTER = 30.0
BREATH = 1.0
STOP_WITHIN = 9.0
MAILBOXES_EVERY = 5.0
MINUTE, HOUR = 60.0, 3600.0


def run_worker(
    installation: Installation,
    stop: Event,
    make_transport: TransportFactory = transport_of,
    *,
    lease: dt.timedelta = LEASE,
    wake: Event | None = None,
) -> None:
    """Work until ``stop``, then return within ten seconds: the mail on its way is finished, the others are given back.

    ``wake`` makes it look at once. A worker that falls over is picked up again; only an answer that a server withholds
    for longer than ten seconds can leave a mail in doubt.
    """
    while not stop.is_set():
        round_ = _Round(installation, stop, make_transport, lease, wake or Event())
        looking = Thread(target=round_.run, name="worker", daemon=True)
        looking.start()
        while looking.is_alive() and not stop.wait(1.0):
            pass
        if stop.is_set():
            round_.wake.set()
            looking.join(STOP_WITHIN)
        else:
            log.error("the worker fell over and begins again")
            stop.wait(REST_AFTER_FAILURE)


@contextmanager
def worker_beside(
    installation: Installation, make_transport: TransportFactory = transport_of, *, stop: Event | None = None
) -> Iterator[None]:
    """A worker in a thread of this process, for as long as the block lasts; it wakes up at our own commits.

    Its first look around waits a breath, so that whoever started us is answered first. Whoever knows earlier that the
    block is about to end sets ``stop``.
    """
    stop, wake = stop or Event(), Event()

    def look(*_: object) -> None:
        wake.set()

    def work() -> None:
        wake.wait(BREATH)
        run_worker(installation, stop, make_transport, wake=wake)

    event.listen(installation.database.writes, "after_commit", look)
    thread = Thread(target=work, name="worker-keeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        wake.set()
        thread.join(STOP_WITHIN + 1)
        event.remove(installation.database.writes, "after_commit", look)


class SharedClock:
    """The database's clock, so that a lease means the same to every worker whatever its own machine thinks."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._ahead = dt.timedelta()
        self._read_at = -MINUTE

    def __call__(self) -> dt.datetime:
        if self._engine.dialect.name != "sqlite" and time.monotonic() - self._read_at >= MINUTE:
            self._compare()
        return clock.now() + self._ahead

    def _compare(self) -> None:
        self._read_at = time.monotonic()
        try:
            with self._engine.connect() as connection:
                theirs: dt.datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        except SQLAlchemyError:
            return  # clocks do not drift far in a minute, and what there is to record must not wait
        self._ahead = theirs - clock.now()


class _Job(Thread):
    """Something done on the side. ``failed``: it ended by an error, which the thread has already reported."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._is_finished = False
        self.started_at = time.monotonic()

    def run(self) -> None:
        self._work()
        self._is_finished = True

    @property
    def failed(self) -> bool:
        return not self.is_alive() and not self._is_finished


class _Round:
    def __init__(
        self,
        installation: Installation,
        stop: Event,
        make_transport: TransportFactory,
        lease: dt.timedelta,
        wake: Event,
    ) -> None:
        # A database of its own, so that what it writes does not wake it up.
        self.installation = replace(installation, database=Database(installation.database.engine))
        self.database = self.installation.database
        self.stop = stop
        self.wake = wake
        self.lease = lease
        self.clock = SharedClock(self.database)
        self.make_transport = make_transport
        self.couriers: dict[Queue, Courier] = {}
        self.jobs: dict[Queue | str, _Job] = {}
        self.not_before: dict[Queue | str, float] = {}
        self.used_at: dict[Queue, float] = {}
        self.visited_at: dict[WaitingMailbox, float] = {}
        self.busy_at = time.monotonic()

    def run(self) -> None:
        while not self.stop.is_set():
            self.wake.clear()
            try:
                self._look()
            except SQLAlchemyError:
                log.exception("the worker cannot reach the database")
            self.wake.wait(self._pause())
        for job in self.jobs.values():
            job.join()
        self._collect()
        self._hang_up(0)

    def _pause(self) -> float:
        if self.jobs:
            self.busy_at = time.monotonic()
        return POLL if time.monotonic() - self.busy_at < IDLE_AFTER else IDLE_POLL

    def _look(self) -> None:
        self._collect()
        now = self.clock()
        if self._is_time("release", min(self.lease.total_seconds() / 4, 5.0)):
            release_dead(self.database, now)
        if self._is_time("give up", MINUTE):
            give_up(self.database, now)
        if self._is_time("throw away", HOUR):
            throw_away(self.database, now)
        with self.database.read(SYSTEM) as db:
            due = due_queues(db, now, without_account=self.installation.settings.demo)
            imports = waiting_runs(db, now)
            webhooks = due_webhooks(db, now)
        for queue in sorted(due, key=lambda queue: self.used_at.get(queue, 0.0)):
            self._send(queue)
        if not self.installation.settings.demo and self._is_time("mailboxes", MAILBOXES_EVERY):
            self._visit_mailboxes(now)
        if self._is_free("print") and unprinted(self.database, 1):
            self._start("print", lambda: print_waiting(self.installation, self.stop))
        for company_id, run_id in imports:
            self._import(company_id, run_id)
        for webhook in webhooks:
            self._tell(webhook)
        self._hang_up(HANG_UP_AFTER)

    def _is_time(self, chore: str, every: float) -> bool:
        if time.monotonic() < self.not_before.get(chore, 0.0):
            return False
        self.not_before[chore] = time.monotonic() + every
        return True

    def _collect(self) -> None:
        """Forget the jobs that have ended; what failed rests for a while."""
        for name, job in list(self.jobs.items()):
            if not job.is_alive():
                del self.jobs[name]
                self.not_before[name] = time.monotonic() + (REST_AFTER_FAILURE if job.failed else 0.0)

    def _is_free(self, name: Queue | str) -> bool:
        return name not in self.jobs and time.monotonic() >= self.not_before.get(name, 0.0)

    def _send(self, queue: Queue) -> None:
        sending = sum(isinstance(name, Queue) for name in self.jobs)
        if sending >= COURIERS or not self._is_free(queue):
            return
        courier = self.couriers.setdefault(queue, self._courier(queue))
        self.used_at[queue] = time.monotonic()
        self._start(queue, lambda: courier.run(self.stop))

    def _visit_mailboxes(self, now: dt.datetime) -> None:
        with self.database.read(SYSTEM) as db:
            waiting = waiting_mailboxes(db, now)
        for where in sorted(waiting, key=lambda where: self.visited_at.get(where, 0.0)):
            if sum(str(job).startswith("mailbox ") for job in self.jobs) < POSTMEN:
                self._visit(where)

    def _visit(self, where: WaitingMailbox) -> None:
        name = f"mailbox {where.account_id}"
        if self._is_free(name):
            from app.mail.mailbox_visits import visit_mailbox  # with the IMAP client: not before an account has one

            self.visited_at[where] = time.monotonic()
            self._start(name, lambda: visit_mailbox(self.installation, where, self.stop, clock=self.clock))

    def _import(self, company_id: int, run_id: int) -> None:
        name = f"import {run_id}"
        importing = sum(str(job).startswith("import ") for job in self.jobs)
        if importing < IMPORTERS and self._is_free(name):
            from app.importer import work_on  # with the readers of every format: not before there is a file

            self._start(name, lambda: work_on(self.installation, company_id, run_id, self.stop, self.clock))

    def _tell(self, due: Due) -> None:
        name = f"webhook {due.webhook_id}"
        telling = sum(str(job).startswith("webhook ") for job in self.jobs)
        if telling < MESSENGERS and self._is_free(name):
            from app.webhook_courier import tell_webhook  # with the web's own client: not before somebody listens

            self._start(name, lambda: tell_webhook(self.installation, due, self.stop, self.clock))

    def _courier(self, queue: Queue) -> Courier:
        return Courier(self.installation, queue, clock=self.clock, make_transport=self.make_transport, lease=self.lease)

    def _start(self, name: Queue | str, work: Callable[[], None]) -> None:
        def work_and_wake() -> None:
            work()
            self.wake.set()

        self.jobs[name] = _Job(f"worker-{name}", work_and_wake)
        self.jobs[name].start()

    def _hang_up(self, after: float) -> None:
        """Servers do not like to be kept waiting: connections that have not been used for a while are closed."""
        for queue in [queue for queue in self.couriers if queue not in self.jobs]:
            if time.monotonic() - self.used_at[queue] >= after:
                self.couriers.pop(queue).close()
