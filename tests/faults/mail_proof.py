"""Workers killed at any moment while they send the notices of publications: nothing lost, hardly a copy.

A server of ours writes down every message before it answers. When the killing is over and the queue is empty, what it
wrote down is held against the outbox: an independent count of what left, once, twice, or not at all.
"""

import base64
import datetime as dt
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from app.courier import LEASE
from app.domain.outbox import mails
from app.domain.previewing import preview_publication
from app.domain.publishing import PublishDocuments, publish_documents
from app.domain.selections import DocumentSelection, NumberRange
from app.installation import Installation, open_installation
from app.migrations import migrate
from app.scope import SYSTEM, Actor, CompanyScope, ScopedSession
from app.settings import Settings
from bench._invoices import fill
from models import Company, MailAccount, PortalAccount, Publication
from models.enums import DocumentKind, MailSecurity, MailStatus
from tests.faults import WHOLE, Report
from tests.faults.mail_workers import Workers
from tests.rig import postgres

CUSTOMERS = 300
SHORT_LEASE = dt.timedelta(seconds=2)
ENOUGH_WAITING = 200
PATIENCE = 120.0
SLOW_ANSWERS = '{".": [{"delay": 0.003, "times": 0}]}'
OPEN = (MailStatus.QUEUED, MailStatus.RETRY, MailStatus.SENDING)


def prove(scale: float, seed: int, report: Report) -> None:
    kills = max(1, round(WHOLE * scale))
    with tempfile.TemporaryDirectory(prefix="ventanilla-mail-proof-") as folder:
        _prove_on(f"sqlite:///{folder}/ventanilla.db", Path(folder), kills, seed, report)
    server = postgres.start()
    try:
        with tempfile.TemporaryDirectory(prefix="ventanilla-mail-proof-") as folder:
            _prove_on(server.create("mail_proof"), Path(folder), kills, seed, report)
    finally:
        server.stop()


def _prove_on(url: str, folder: Path, kills: int, seed: int, report: Report) -> None:
    dice = random.Random(seed)
    with _office(url, folder, kills) as office:
        with Workers(office.installation.settings, SHORT_LEASE) as workers:
            pauses = _torment(office, workers, kills, dice)
            office.wait_until_empty()
        tormented = office.count()
        with Workers(office.installation.settings, LEASE) as workers:
            _change_shifts(office, workers)
        peaceful = office.count()
    report(f"{url.partition(':')[0]}, semilla {seed}: {kills} muertes y {pauses} parones, {tormented}")

    broken = kills + pauses
    assert tormented.lost == 0, f"{tormented.lost} mails are said to be sent and never arrived"
    assert tormented.most_copies <= 2, f"a mail arrived {tormented.most_copies} times"
    assert tormented.extra <= min(broken, tormented.breaks), f"{tormented.extra} copies after {broken} breaks"
    assert peaceful.extra == tormented.extra, "there are new copies although nobody was killed"
    assert peaceful.breaks == tormented.breaks, "there are new breaks although nobody was killed"
    assert (peaceful.lost, peaceful.unknown) == (0, tormented.unknown), "a mail was lost although nobody was killed"


def _torment(office: "Office", workers: Workers, kills: int, dice: random.Random) -> int:
    """Kill one of two workers over and over, now and then stop one for longer than its lease. How many stops."""
    pauses = 0
    workers.make()
    workers.make()
    for _ in range(kills):
        office.keep_busy()
        office.wait_for_mail()
        time.sleep(dice.uniform(0, 0.2))
        victim = dice.choice(workers.alive)
        if dice.random() < 0.05:
            pauses += 1
            workers.kill(victim, signal.SIGSTOP)
            time.sleep(SHORT_LEASE.total_seconds() * 2)
            workers.kill(victim, signal.SIGCONT)
            time.sleep(0.1)
        workers.kill(victim)
        workers.make()
    return pauses


def _change_shifts(office: "Office", workers: Workers) -> None:
    """Two workers at a time, each told to stop in the middle of its work and replaced: all of it gently."""
    office.publish()
    workers.make()
    for _ in range(3):
        workers.make()
        time.sleep(0.3)
        workers.kill(workers.alive[0], signal.SIGTERM)
    office.wait_until_empty()


@dataclass(frozen=True)
class Count:
    """``lost``: said to be sent, never arrived. ``unknown``: left to the office, of which some never arrived."""

    mails: int
    lost: int
    unknown: int
    unknown_not_arrived: int
    extra: int
    most_copies: int
    breaks: int

    def __str__(self) -> str:
        return (
            f"{self.mails} correos: {self.lost} perdidos, {self.extra} copias de más en {self.breaks} cortes"
            f" ({self.most_copies} como mucho de uno), {self.unknown} sin confirmar"
            f" ({self.unknown_not_arrived} no llegaron)"
        )


class Office:
    """Publishes, and looks at its outbox as an outsider would."""

    def __init__(self, installation: Installation, company_id: int, record: Path) -> None:
        self.installation = installation
        self.scope = CompanyScope(company_id)
        self.record = record
        self.batches = 0

    def publish(self) -> None:
        """The next invoice of every customer, as the dialogue does it: a notice for each."""
        first = self.batches * CUSTOMERS + 1
        self.batches += 1
        numbers = NumberRange(series_label="FV25", first=first, last=first + CUSTOMERS - 1)
        selection = DocumentSelection(kind=DocumentKind.INVOICE, label=f"Tanda {self.batches}", numbers=numbers)
        database, company_id = self.installation.database, self.scope.company_id
        with database.read(self.scope) as db:
            shown = preview_publication(db, selection, notify=True)
        command = PublishDocuments(
            selection=selection, fingerprint=shown.fingerprint, key=f"{self.batches}", user_id=None
        )

        def publish(db: ScopedSession) -> None:
            publish_documents(db, command)
            # Printing is somebody else's proof.
            unprinted = sa.update(Publication).where(Publication.company_id == company_id)
            db.execute(unprinted.values(render_tries=9).execution_options(synchronize_session=False))

        database.run(self.scope, publish, Actor("prueba"))

    def keep_busy(self) -> None:
        if self._waiting(MailStatus.QUEUED, MailStatus.RETRY) < ENOUGH_WAITING:
            self.publish()

    def wait_for_mail(self) -> None:
        """Until one more has arrived, so that whoever dies does so at work."""
        before, until = self.record.stat().st_size, time.monotonic() + PATIENCE
        while self.record.stat().st_size == before:
            assert time.monotonic() < until, "no mail arrives any more"
            time.sleep(0.005)

    def wait_until_empty(self) -> None:
        until = time.monotonic() + PATIENCE
        while left := self._waiting(*OPEN):
            assert time.monotonic() < until, f"{left} mails are stuck"
            time.sleep(0.1)

    def _waiting(self, *statuses: MailStatus) -> int:
        mine = (mails.c.company_id == self.scope.company_id, mails.c.status.in_(statuses))
        with self.installation.database.read(self.scope) as db:
            return db.scalar(sa.select(sa.func.count()).select_from(mails).where(*mine)) or 0

    def count(self) -> Count:
        arrived = self._arrived()
        with self.installation.database.read(SYSTEM) as db:
            rows = db.execute(sa.select(mails)).all()
        known = {row.message_id: row for row in rows}
        assert {row.status for row in rows} <= {MailStatus.SENT, MailStatus.UNKNOWN}, "a mail has another end"
        assert set(arrived) <= set(known), "something arrived that the outbox does not know"
        for message_id, copies in arrived.items():
            row = known[message_id]
            contents = {content for _, content in copies}
            assert {recipient for recipient, _ in copies} == {row.recipient}, "a mail went to somebody else"
            assert len(contents) == 1, "two copies of a mail differ"
            assert row.is_secret or contents == {row.frozen}, "what arrived is not what was frozen"
        numbers = [(row.status, len(arrived.get(row.message_id, ()))) for row in rows]
        unknown = [number for status, number in numbers if status is MailStatus.UNKNOWN]
        return Count(
            mails=len(rows),
            lost=numbers.count((MailStatus.SENT, 0)),
            unknown=len(unknown),
            unknown_not_arrived=unknown.count(0),
            extra=sum(number - 1 for _, number in numbers if number),
            most_copies=max(number for _, number in numbers),
            breaks=sum(row.breaks for row in rows),
        )

    def _arrived(self) -> dict[str, list[tuple[str, bytes]]]:
        """Recipient and content of every copy, by Message-ID."""
        found: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for line in self.record.read_text().splitlines():
            message = json.loads(line)
            (recipient,) = message["recipients"]
            found[message["message_id"]].append((recipient, base64.b64decode(message["content"])))
        return found


@contextmanager
def _office(url: str, folder: Path, kills: int) -> Iterator[Office]:
    record = folder / "received"
    arguments = [sys.executable, "-m", "tests.smtp_sink", "--record", str(record), "--script", SLOW_ANSWERS]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as sink:
        assert sink.stdout is not None
        try:
            port = int(sink.stdout.readline().split()[-1])
            installation = _installation(url, folder)
            company_id = fill(installation.database.engine, invoices=CUSTOMERS * (kills + 10), contacts=CUSTOMERS)
            office = Office(installation, company_id, record)
            installation.database.run(office.scope, _prepare(port))
            office.publish()
            installation.database.run(office.scope, _some_have_a_password)
            yield office
            installation.database.engine.dispose()
        finally:
            sink.terminate()


def _installation(url: str, folder: Path) -> Installation:
    settings = Settings(
        data_dir=folder,
        database_url=url,
        base_url="https://clientes.tosma.example",
        storage_url=(folder / "files").as_uri(),
        secret_keys=("proof" * 10,),
        private_hosts=frozenset({"127.0.0.1"}),
    )
    installation = open_installation(settings)
    migrate(installation.database.engine)
    return installation


def _prepare(port: int) -> Callable[[ScopedSession], None]:
    def prepare(db: ScopedSession) -> None:
        account = {"sender_email": "facturas@tosma.example", "host": "127.0.0.1", "security": MailSecurity.NONE}
        db.add(MailAccount(port=port, **account))
        assert db.get(Company, db.company_id) is not None

    return prepare


def _some_have_a_password(db: ScopedSession) -> None:
    """One in four has none, and needs a link in every notice."""
    most = sa.update(PortalAccount).where(PortalAccount.company_id == db.company_id, PortalAccount.id % 4 != 0)
    db.execute(most.values(password_hash="known").execution_options(synchronize_session=False))
