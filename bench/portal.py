"""The portal's busiest pages beside bare ones: a customer's list of invoices, one invoice, its stored PDF."""

import asyncio
import datetime as dt
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from starlette.types import ASGIApp, Message

from app import clock
from app.installation import Installation, open_installation
from app.main import create_app
from app.migrations import migrate
from app.rendering import render_publication
from app.scope import CompanyScope, ScopedSession
from app.secrets import new_token, token_hash
from app.settings import Settings
from bench import Row
from bench._invoices import fill
from bench._portal_floor import bare_site
from bench.measure import interleaved
from models import (
    Batch,
    Contact,
    Document,
    DocumentEvent,
    DocumentLine,
    DocumentTax,
    DueDate,
    PortalAccount,
    PortalMembership,
    PortalSession,
    Publication,
    TemplateVersion,
)
from models.enums import BatchKind, EventKind
from tests.rig import postgres

ROUNDS, CALLS = 9, 60
LINES, EVENTS = 12, 6
LIMIT = 2.0
PAGES = (
    ("lista de facturas", "/facturas", "las mismas consultas y una plantilla"),
    ("una factura", "/facturas/{}", "las mismas consultas y una plantilla"),
    ("PDF guardado", "/facturas/{}/pdf", "FileResponse"),
)


def run(quick: bool) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="ventanilla-bench-") as folder:
        rows = _measure("SQLite", f"sqlite:///{folder}/bench.db", Path(folder), (), quick)
    server = postgres.start(durable=True)
    try:
        with tempfile.TemporaryDirectory(prefix="ventanilla-bench-") as folder:
            rows += _measure("PostgreSQL", server.create("portal"), Path(folder), (server.pid,), quick)
    finally:
        server.stop()
    return rows


def _measure(name: str, url: str, folder: Path, roots: tuple[int, ...], quick: bool) -> list[Row]:
    installation = _filled(url, folder, quick)
    reader = Reader(installation)
    bare = bare_site(installation.database.engine, reader.values, reader.pdf)
    ours = create_app(installation.settings, installation)
    with _loop() as wait:
        calls: dict[str, Callable[[], object]] = {}
        for what, path, _floor in PAGES:
            place = path.format(reader.document_id)
            calls[what] = _calling(wait, ours, f"/in/Tosma{place}", reader.cookie)
            calls[f"bare {what}"] = _calling(wait, bare, place, "")
        costs = interleaved(calls, rounds=3 if quick else ROUNDS, processes=roots)
    installation.database.engine.dispose()
    return [
        Row(
            what=what,
            value=costs[what].cpu * 1000 / CALLS,
            database=name,
            floor=costs[f"bare {what}"].cpu * 1000 / CALLS,
            floor_is=floor,
            limit=LIMIT,
        )
        for what, _path, floor in PAGES
    ]


def _filled(url: str, folder: Path, quick: bool) -> Installation:
    settings = Settings(
        data_dir=folder,
        database_url=url,
        base_url="http://127.0.0.1:8000",
        storage_url=(folder / "files").as_uri(),
        secret_keys=("a key of forty characters for figures only",),
        run_worker=False,
    )
    installation = open_installation(settings)
    migrate(installation.database.engine)
    invoices, contacts = (2_000, 40) if quick else (100_000, 2_000)
    fill(installation.database.engine, invoices=invoices, contacts=contacts)
    return installation


class Reader:
    """A customer who has signed in, all their invoices published, one of them with lines, history and a stored PDF."""

    def __init__(self, installation: Installation) -> None:
        self.cookie = new_token()
        with installation.database.engine.connect() as connection:
            company_id = connection.scalars(sa.select(Contact.company_id).limit(1)).one()
        with installation.database.write(CompanyScope(company_id)) as db:
            contact = db.scalars(sa.select(Contact).order_by(Contact.id).limit(1)).one()
            account_id = _sign_in(db, contact, self.cookie)
            _publish_everything(db)
            document = db.scalars(sa.select(Document).where(Document.contact_id == contact.id).limit(1)).one()
            _give_detail(db, document, account_id)
            publication_id = db.scalars(sa.select(Publication.id).where(Publication.document_id == document.id)).one()
        self.document_id = document.id
        self.values = {"company_id": company_id, "contact_id": contact.id}
        self.pdf = installation.settings.data_dir / "bare.pdf"
        self.pdf.write_bytes(render_publication(installation, company_id, publication_id))
        with installation.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def _sign_in(db: ScopedSession, contact: Contact, cookie: str) -> int:
    account = PortalAccount(email=contact.email or "", name="Lucía Ferrer", password_hash="x")
    db.add(account)
    db.flush()
    db.add(PortalMembership(account_id=account.id, contact_id=contact.id))
    # Seen a while ahead, so that no round has to write that it was seen.
    ahead = clock.now() + dt.timedelta(minutes=30)
    db.add(PortalSession(token_hash=token_hash(cookie), account_id=account.id, contact_id=contact.id, seen_at=ahead))
    return account.id


def _publish_everything(db: ScopedSession) -> None:
    version = db.scalars(sa.select(TemplateVersion)).one()
    batch = Batch(kind=BatchKind.PUBLISH, key="medida", selection="Todas", template_version_id=version.id)
    db.add(batch)
    db.flush()
    values: dict[str, Any] = {
        "company_id": Document.company_id,
        "document_id": Document.id,
        "contact_id": Document.contact_id,
        "batch_id": sa.literal(batch.id),
        "template_version_id": sa.literal(version.id),
        "created_at": sa.literal(clock.now(), Publication.__table__.c.created_at.type),
    }
    rows = sa.select(*values.values()).where(Document.company_id == db.company_id)
    db.execute(sa.insert(Publication).from_select(list(values), rows))


def _give_detail(db: ScopedSession, document: Document, account_id: int) -> None:
    """Not through the session, which adds nothing to what is issued."""
    due_on = document.issued_on + dt.timedelta(days=30)
    own = {"company_id": document.company_id, "document_id": document.id}
    line = own | {
        "quantity": Decimal(1),
        "unit_price": Decimal("8.33"),
        "net": Decimal("8.33"),
        "tax_rate": Decimal(21),
    }
    lines = [line | {"position": n, "concept": f"Partida {n} de la obra"} for n in range(LINES)]
    vat = {"position": 0, "label": "IVA 21 %", "base": Decimal(100), "rate": Decimal(21), "amount": Decimal(21)}
    db.execute(sa.insert(DocumentLine), lines)
    db.execute(sa.insert(DocumentTax), [own | vat])
    db.execute(sa.insert(DueDate), [own | {"day": due_on, "amount": Decimal(121)}])
    document.due_on = due_on
    contact_id = document.contact_id
    for number in range(EVENTS):
        kind = (EventKind.VIEWED, EventKind.DOWNLOADED)[number % 2]
        db.add(DocumentEvent(document_id=document.id, contact_id=contact_id, account_id=account_id, kind=kind))
    db.flush()


@contextmanager
def _loop() -> Iterator[Callable[[Any], Any]]:
    loop = asyncio.new_event_loop()
    try:
        yield loop.run_until_complete
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def _calling(wait: Callable[[Any], Any], app: ASGIApp, path: str, cookie: str) -> Callable[[], object]:
    """``CALLS`` requests, one after another, without a socket."""

    async def ask_often() -> None:
        for _ in range(CALLS):
            await _ask(app, path, cookie)

    return lambda: wait(ask_often())


async def _ask(app: ASGIApp, path: str, cookie: str) -> None:
    headers = [(b"host", b"127.0.0.1:8000"), (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")]
    if cookie:
        headers.append((b"cookie", f"ventanilla_portal={cookie}".encode()))
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("203.0.113.7", 50000),
        "server": ("127.0.0.1", 8000),
    }
    status = 0

    messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()  # the browser stays
        return messages.pop()

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    assert status == 200, f"{path} answered {status}"
