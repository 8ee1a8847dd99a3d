"""An office that sends its documents by mail: from two accounts, each at a moody server, with a mailbox for its copies.

What waits a minute for a server to be in a better mood waits a second here.
"""

import datetime as dt
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

import sqlalchemy as sa

from app import clock
from app.domain.mail.accounts import sealed_place
from app.domain.mail.keeping_copies import copies
from app.domain.mail.outbox import mails
from app.installation import Installation
from app.scope import ScopedSession
from bench._invoices import fill
from models import Contact, Document, MailAccount
from models.enums import CopyStatus, MailSecurity, MailStatus
from tests.faults.office import installation_at
from tests.faults.outbox import Outbox
from tests.imap_server import PASSWORD, ImapServer

CUSTOMERS = 40
DOCUMENTS = 400
FOLDER = "Enviados"
LONG = dt.timedelta(seconds=30)
"""A right ends sooner; what is paused for longer than that is in trouble."""

accounts: Any = MailAccount.__table__


class Server(NamedTuple):
    """Where an account sends, and the mailbox where it keeps copies."""

    process: "subprocess.Popen[str]"
    port: int
    journal: Path
    user: str


class DispatchOffice(Outbox):
    """``emails`` says whose each document is; ``servers`` are the company's and the one of somebody's own account."""

    def __init__(
        self, installation: Installation, company_id: int, servers: tuple[Server, Server], imap: ImapServer
    ) -> None:
        super().__init__(installation, company_id, *(server.journal for server in servers))
        self.servers, self.imap = servers, imap
        with installation.database.read(self.scope) as db:
            whose = sa.select(Document.id, Contact.email).join(Contact, Contact.id == Document.contact_id)
            self.emails: dict[int, str] = {row.id: row.email for row in db.execute(whose)}
        self._add_account(0, None)
        self.account_ids: list[int | None] = [None]

    def give_account(self, user_id: int) -> int:
        """That one may send from an account of their own as well: which."""
        account_id = self._add_account(1, user_id)
        self.account_ids.append(account_id)
        return account_id

    def _add_account(self, place: int, user_id: int | None) -> int:
        server, database = self.servers[place], self.installation.database

        def add(db: ScopedSession) -> int:
            account = MailAccount(
                user_id=user_id,
                sender_email=server.user,
                host="127.0.0.1",
                port=server.port,
                security=MailSecurity.NONE,
                username=server.user,
                imap_host="127.0.0.1",
                imap_port=self.imap.port,
                imap_security=MailSecurity.NONE,
                sent_folder=FOLDER,
            )
            db.add(account)
            db.flush()
            account.sealed_password = self.installation.keys.seal_text(PASSWORD, sealed_place(account, "password"))
            return account.id

        return database.run(self.scope, add)

    def left(self) -> int:
        with self.installation.database.read(self.scope) as db:
            waiting = copies.c.company_id == self.scope.company_id, copies.c.status == CopyStatus.WAITING
            return super().left() + (db.scalar(sa.select(sa.func.count()).select_from(copies).where(*waiting)) or 0)

    def leave_no_doubt(self) -> None:
        """From now on the servers say what they do with every message."""
        for server in self.servers:
            server.process.send_signal(signal.SIGUSR1)

    @contextmanager
    def in_a_hurry(self) -> Iterator[None]:
        stop = Event()

        def hurry() -> None:
            while not stop.wait(1.0):
                self.installation.database.run(self.scope, _let_time_pass)

        hurrying = Thread(target=hurry, daemon=True)
        hurrying.start()
        try:
            yield
        finally:
            stop.set()
            hurrying.join()


def _let_time_pass(db: ScopedSession) -> None:
    """Rights are left alone: who has them counts on them."""
    now = clock.now()

    def hurry(table: Any, *which: Any, **values: Any) -> None:
        db.connection().execute(sa.update(table).where(table.c.company_id == db.company_id, *which).values(**values))

    retried = mails.c.status == MailStatus.RETRY, mails.c.due_at > now
    hurry(mails, mails.c.status == MailStatus.RETRY, mails.c.deferred_at.is_not(None), deferred_at=None)
    hurry(mails, *retried, due_at=now)
    hurry(copies, copies.c.status == CopyStatus.WAITING, copies.c.due_at > now, due_at=now)
    hurry(accounts, accounts.c.paused_until > now + LONG, paused_until=now)
    hurry(accounts, accounts.c.imap_paused_until > now + LONG, imap_paused_until=now)


@contextmanager
def dispatch_office(url: str, folder: Path, *, port: int, seed: int, imap: ImapServer) -> Iterator[DispatchOffice]:
    """An office with its documents, the company's account, and a server for somebody's own."""
    with ExitStack() as stack:
        servers = (
            stack.enter_context(_server(folder / "company", seed, imap)),
            stack.enter_context(_server(folder / "own", seed + 1, imap)),
        )
        installation = installation_at(url, folder, port)
        stack.callback(installation.database.engine.dispose)
        company_id = fill(installation.database.engine, invoices=DOCUMENTS, contacts=CUSTOMERS)
        yield DispatchOffice(installation, company_id, servers, imap)


@contextmanager
def _server(journal: Path, seed: int, imap: ImapServer) -> Iterator[Server]:
    user = imap.user()
    options = ["--journal", str(journal), "--seed", str(seed), "--user", user, "--password", PASSWORD]
    program = [sys.executable, "-m", "tests.faults.moody_sink", *options]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Server(process, int(process.stdout.readline().split()[-1]), journal, user)
        finally:
            process.terminate()
