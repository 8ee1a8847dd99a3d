"""An office whose mail goes to a server of ours, which writes down every message before it answers.

When the killing is over and the queue is empty, what it wrote down is held against the outbox: an independent count of
what left, once, twice, or not at all.
"""

import base64
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import sqlalchemy as sa

from app.domain.mail.outbox import mails
from app.domain.previewing import preview_publication
from app.domain.publishing import PublishDocuments, publish_documents
from app.domain.selections import DocumentSelection, NumberRange
from app.installation import Installation, open_installation
from app.migrations import migrate
from app.scope import SYSTEM, Actor, ScopedSession
from app.settings import Settings
from bench._invoices import fill
from models import MailAccount, PortalAccount, Publication
from models.enums import DocumentKind, MailSecurity, MailStatus
from tests.faults.outbox import Outbox
from tests.rig import postgres

SERIES = "FV25"
SLOW_ANSWERS = '{".": [{"delay": 0.003, "times": 0}]}'


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


class Office(Outbox):
    """Publishes, and counts what arrives."""

    def __init__(self, installation: Installation, company_id: int, record: Path, customers: int) -> None:
        super().__init__(installation, company_id, record)
        self.record = record
        self.customers = customers
        self.batches = 0
        self._counting = Lock()

    def next_numbers(self) -> NumberRange:
        """One invoice of every customer, none of them asked for before."""
        with self._counting:
            first = self.batches * self.customers + 1
            self.batches += 1
        return NumberRange(series_label=SERIES, first=first, last=first + self.customers - 1)

    def publish(self) -> None:
        """The next invoice of every customer, as the dialogue does it: a notice for each."""
        numbers = self.next_numbers()
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

    def keep_busy(self, waiting: int) -> None:
        """Publish when fewer mails than that wait."""
        if self.waiting(MailStatus.QUEUED, MailStatus.RETRY) < waiting:
            self.publish()

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


def on_both_databases(prove: Callable[[str, Path], None]) -> None:
    """``prove(url, folder)`` on SQLite, then on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="ventanilla-proof-") as folder:
        prove(f"sqlite:///{folder}/ventanilla.db", Path(folder))
    server = postgres.start()
    try:
        with tempfile.TemporaryDirectory(prefix="ventanilla-proof-") as folder:
            prove(server.create("proof"), Path(folder))
    finally:
        server.stop()


@contextmanager
def office_at(url: str, folder: Path, *, customers: int, batches: int, port: int = 443) -> Iterator[Office]:
    """An office with invoices for so many batches, the first of them published; ``port`` is its site's, if any."""
    record = folder / "received"
    arguments = [sys.executable, "-m", "tests.smtp_sink", "--record", str(record), "--script", SLOW_ANSWERS]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as sink:
        assert sink.stdout is not None
        try:
            smtp_port = int(sink.stdout.readline().split()[-1])
            installation = installation_at(url, folder, port)
            company_id = fill(installation.database.engine, invoices=customers * batches, contacts=customers)
            office = Office(installation, company_id, record, customers)
            installation.database.run(office.scope, _mail_account(smtp_port))
            office.publish()
            installation.database.run(office.scope, _some_have_a_password)
            yield office
            installation.database.engine.dispose()
        finally:
            sink.terminate()


def installation_at(url: str, folder: Path, port: int) -> Installation:
    settings = Settings(
        data_dir=folder,
        database_url=url,
        base_url=f"http://127.0.0.1:{port}",
        storage_url=(folder / "files").as_uri(),
        secret_keys=("proof" * 10,),
        run_worker=False,
        private_hosts=frozenset({"127.0.0.1"}),
    )
    installation = open_installation(settings)
    migrate(installation.database.engine)
    return installation


def _mail_account(port: int) -> Callable[[ScopedSession], None]:
    account = {"sender_email": "facturas@tosma.example", "host": "127.0.0.1", "security": MailSecurity.NONE}
    return lambda db: db.add(MailAccount(port=port, **account))


def _some_have_a_password(db: ScopedSession) -> None:
    """One in four has none, and needs a link in every notice."""
    most = sa.update(PortalAccount).where(PortalAccount.company_id == db.company_id, PortalAccount.id % 4 != 0)
    db.execute(most.values(password_hash="known").execution_options(synchronize_session=False))
