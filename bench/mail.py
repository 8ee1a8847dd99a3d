"""Mails through the outbox beside the same mails built by `emails` and handed over by `smtplib`."""

import datetime as dt
import smtplib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import make_msgid
from itertools import count
from pathlib import Path
from threading import Event
from typing import NamedTuple

import sqlalchemy as sa
from emails.message import Message

from app import clock
from app.adapters.letters.letter import Letters
from app.domain.mail.outbox import mails, next_mails
from app.domain.previewing import preview_publication
from app.domain.publishing import PublishDocuments, publish_documents
from app.domain.queries.letters import letter_facts
from app.domain.queries.outbox import Queue
from app.domain.selections import DocumentFilter, DocumentSelection
from app.installation import Installation, open_installation
from app.mail.courier import Courier
from app.mail.writing import HEADERS
from app.migrations import migrate
from app.scope import SYSTEM, CompanyScope, ScopedSession
from app.settings import Settings
from bench import Row
from bench._dispatches import ALONE, TOGETHER, dispatch_row
from bench._invoices import fill
from bench._mail_servers import HOST, MailServers, servers_of_all_kinds
from bench._sending_office import SendingOffice
from bench.measure import interleaved
from models import MailAccount, PortalAccount
from models.enums import DocumentKind, MailSecurity, MailStatus
from tests.rig import postgres

INVOICES = 3
HOUR = dt.timedelta(hours=1)
SELECTION = DocumentSelection(
    kind=DocumentKind.INVOICE, label="Todas", search=DocumentFilter(kind=DocumentKind.INVOICE, state="pending")
)


class Size(NamedTuple):
    mails_each: int
    rounds: int


def run(quick: bool) -> list[Row]:
    notices, dispatches = (Size(50, 3), Size(90, 2)) if quick else (Size(200, 9), Size(600, 5))
    server = postgres.start(durable=True)
    try:
        with tempfile.TemporaryDirectory() as folder, servers_of_all_kinds(Path(folder)) as servers:
            rows = _notices(Path(folder), server, servers, notices)
            return rows + _dispatches(Path(folder), server, servers, dispatches)
    finally:
        server.stop()


def _notices(folder: Path, server: postgres.Server, servers: MailServers, size: Size) -> list[Row]:
    port = servers.ports[MailSecurity.NONE]
    sqlite = _measure(_installation(folder, f"sqlite:///{folder}/notices.db", servers), port, size)
    address = server.create("bench_notices")
    postgresql = _measure(_installation(folder, address, servers), port, size, processes=(server.pid,))
    return [_row("SQLite", *sqlite), _row("PostgreSQL", *postgresql)]


def _row(database: str, ours: float, floor: float) -> Row:
    return Row(
        what=f"un aviso de {INVOICES} facturas, de la cola al servidor",
        value=ours,
        floor=floor,
        floor_is="emails y smtplib, una conexión",
        database=database,
        limit=1.5,
    )


def _dispatches(folder: Path, server: postgres.Server, servers: MailServers, size: Size) -> list[Row]:
    rows = []
    places = ((f"sqlite:///{folder}/dispatches.db", None), (server.create("bench_dispatches"), server.pid))
    for url, database_pid in places:
        installation = _installation(folder, url, servers)
        office = SendingOffice(installation, size.mails_each, size.rounds + 1)
        for scene in ALONE if database_pid is None else ALONE + TOGETHER:
            rows.append(dispatch_row(office, scene, servers.ports[scene.security], size.rounds, database_pid))
        installation.database.engine.dispose()
    return rows


def _measure(installation: Installation, port: int, size: Size, processes: tuple[int, ...] = ()) -> tuple[float, float]:
    """CPU milliseconds per mail: ours, and the floor."""
    mails_each, rounds = size
    begin, turn = clock.now(), count()
    company_id = _queue(installation, port, mails_each, rounds + 1, begin)
    courier = Courier(installation, Queue(company_id), clock=clock.now)

    def from_the_outbox() -> None:
        moment = begin + next(turn) * HOUR
        courier.clock = lambda: moment
        courier.run(Event())

    with _by_hand(installation, company_id, port, begin) as by_hand:
        costs = interleaved({"floor": by_hand, "ours": from_the_outbox}, rounds=rounds, processes=processes)
    courier.close()
    with installation.database.read(SYSTEM) as db:
        sent = db.scalar(sa.select(sa.func.count()).where(mails.c.status == MailStatus.SENT))
    installation.database.engine.dispose()
    assert sent == mails_each * (rounds + 1), "every mail has been sent, once each round"
    return costs["ours"].cpu * 1000 / mails_each, costs["floor"].cpu * 1000 / mails_each


def _installation(folder: Path, url: str, servers: MailServers) -> Installation:
    settings = Settings(
        data_dir=folder,
        database_url=url,
        base_url="https://clientes.tosma.example",
        storage_url=(folder / "files").as_uri(),
        secret_keys=("bench" * 10,),
        private_hosts=frozenset({HOST}),
        mail_ca_file=servers.authority,
    )
    installation = open_installation(settings)
    migrate(installation.database.engine)
    return installation


def _queue(installation: Installation, port: int, mails_each: int, rounds: int, begin: dt.datetime) -> int:
    """A publication with a notice for each of its customers, who all have a password; every hour some are due."""
    customers = mails_each * rounds
    company_id = fill(installation.database.engine, invoices=customers * INVOICES, contacts=customers)
    scope = CompanyScope(company_id)
    with installation.database.read(scope) as db:
        shown = preview_publication(db, SELECTION, notify=True)
    command = PublishDocuments(selection=SELECTION, fingerprint=shown.fingerprint, key="medida", user_id=None)

    def publish(db: ScopedSession) -> None:
        account = MailAccount(
            sender_email="facturas@tosma.example", host="127.0.0.1", port=port, security=MailSecurity.NONE
        )
        db.add(account)
        publish_documents(db, command)
        known = {"password_hash": "x", "told_at": begin}
        db.execute(sa.update(PortalAccount).where(PortalAccount.company_id == company_id).values(**known))
        first = db.scalar(sa.select(sa.func.min(mails.c.id)).where(mails.c.company_id == company_id)) or 0
        for turn in range(rounds):
            mine = mails.c.id.between(first + turn * mails_each, first + (turn + 1) * mails_each - 1)
            due = sa.update(mails).where(mails.c.company_id == company_id, mine)
            db.connection().execute(due.values(due_at=begin + turn * HOUR, is_secret=False))

    installation.database.run(scope, publish)
    if installation.database.engine.dialect.name == "postgresql":
        # What it does by itself after a while; better not while we measure.
        with installation.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    return company_id


@contextmanager
def _by_hand(
    installation: Installation, company_id: int, port: int, begin: dt.datetime
) -> Iterator[Callable[[], None]]:
    """What anybody would write: the same letters of the same facts, built by `emails`, over one kept connection."""
    with installation.database.read(CompanyScope(company_id)) as db:
        due = next_mails(db, begin, limit=10_000)
        facts = letter_facts(db, due)
    letters = Letters(installation.intranet(facts.company.slug), facts)

    def send() -> None:
        for mail in due:
            subject, text, html = letters.write(mail, None, begin)
            message = Message(
                subject=subject,
                text=text,
                html=html,
                mail_from=("Suministros Tosma, S.L.", "facturas@tosma.example"),
                mail_to=(mail.recipient_name, mail.recipient),
                message_id=make_msgid(domain="clientes.tosma.example"),
                headers=dict(HEADERS),
            )
            connection.sendmail("facturas@tosma.example", [mail.recipient], message.as_bytes())

    with smtplib.SMTP("127.0.0.1", port) as connection:
        yield send
