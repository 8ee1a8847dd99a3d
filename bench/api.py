"""Reads and writes of the API beside a bare Starlette route that asks the database the very same things."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from starlette.types import ASGIApp, Message

from app.domain.api_keys import MOST_REQUESTS, CreateApiKey, create_api_key
from app.installation import Installation, open_installation
from app.main import create_app
from app.migrations import migrate
from app.scope import CompanyScope, ScopedSession
from app.settings import Settings
from bench import Row
from bench._api_floor import Asked, bare_site, listening
from bench._invoices import fill
from bench.measure import interleaved
from models import ApiKey, Document, DocumentLine, Membership, StaffUser
from models.enums import ApiScope, Role
from tests.rig import postgres

ROUNDS, CALLS = 9, 60
LINES = 12
READS = (
    ("50 contactos", "/contacts", b"limit=50", 3),
    ("50 facturas", "/documents", b"limit=50&kind=invoice", 3.5),
    ("una factura de 12 líneas", "/documents/{}", b"", 3),
)
CREATION, CREATION_LIMIT = "alta de un contacto", 4
FLOOR = "las mismas consultas en una ruta de Starlette"


def run(quick: bool) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="ventanilla-bench-") as folder:
        rows = _measure("SQLite", f"sqlite:///{folder}/bench.db", Path(folder), (), quick)
    server = postgres.start(durable=True)
    try:
        with tempfile.TemporaryDirectory(prefix="ventanilla-bench-") as folder:
            rows += _measure("PostgreSQL", server.create("api"), Path(folder), (server.pid,), quick)
    finally:
        server.stop()
    return rows


def _measure(name: str, url: str, folder: Path, roots: tuple[int, ...], quick: bool) -> list[Row]:
    installation = _filled(url, folder, quick)
    program = Program(installation)
    with _loop() as wait:
        calls = _calls(program, wait)
        costs = interleaved(calls, rounds=3 if quick else ROUNDS, processes=roots)
    installation.database.engine.dispose()
    limits = {what: limit for what, _path, _query, limit in READS} | {CREATION: CREATION_LIMIT}
    rows = []
    for what, limit in limits.items():
        ours, bare = (costs[subject].cpu / CALLS for subject in (what, f"bare {what}"))
        rows.append(Row(what=what, value=ours * 1000, database=name, floor=bare * 1000, floor_is=FLOOR, limit=limit))
        rows.append(Row(what="  por segundo de CPU", value=1 / ours, unit="", database=name, floor=1 / bare))
    return rows


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


class Program:
    """One with a key, and the site it asks. A limit it never reaches."""

    def __init__(self, installation: Installation) -> None:
        self.engine = installation.database.engine
        with self.engine.connect() as connection:
            document = connection.execute(sa.select(Document.id, Document.company_id).limit(1)).one()
        self.company_id, self.document_id = document.company_id, document.id
        self.site = create_app(installation.settings, installation)
        with installation.database.write(CompanyScope(self.company_id)) as db:
            self.key = _key(db)
            _give_lines(db, self.document_id)


def _key(db: ScopedSession) -> str:
    user = StaffUser(name="Marta Ruiz Ortega", email="marta@tosma.example", password_hash="x")
    db.add(user)
    db.flush()
    db.add(Membership(company_id=db.company_id, user_id=user.id, role=Role.ADMINISTRATOR))
    db.flush()
    wanted = CreateApiKey(
        user_id=user.id, name="Medida", scopes=list(ApiScope), expires_at=None, per_minute=MOST_REQUESTS
    )
    made = create_api_key(db, wanted)
    db.get_one(ApiKey, made.key_id).per_minute = 10**9
    return made.secret


def _give_lines(db: ScopedSession, document_id: int) -> None:
    """Not through the session, which adds nothing to what is issued."""
    line = {"company_id": db.company_id, "document_id": document_id, "unit_price": 8, "net": 8, "tax_rate": 21}
    lines = [line | {"position": n, "quantity": 1, "concept": f"Partida {n}"} for n in range(LINES)]
    db.execute(sa.insert(DocumentLine), lines)


def _calls(program: Program, wait: Callable[[Any], Any]) -> dict[str, Callable[[], object]]:
    """Each of ours, and the bare one that asks what it was heard to ask."""
    headers = [(b"authorization", f"Bearer {program.key}".encode()), (b"content-type", b"application/json")]
    new = json.dumps({"name": "Instalaciones Merino, S.L."}).encode()
    asks = {what: Ask("GET", path.format(program.document_id), query, headers) for what, path, query, _limit in READS}
    asks[CREATION] = Ask("POST", "/contacts", b"", headers, new)
    heard: dict[str, Asked] = {}
    for what, ask in asks.items():
        wait(ask.send(program.site, "/api/v1"))  # what is done once only
        with listening(program.engine) as heard[what]:
            wait(ask.send(program.site, "/api/v1"))
    reads = {asks[what].path: heard[what] for what, *_rest in READS}
    bare = bare_site(program.engine, reads, heard[CREATION], program.company_id)
    calls: dict[str, Callable[[], object]] = {}
    for what, ask in asks.items():
        calls[what] = _often(wait, ask, program.site, "/api/v1")
        calls[f"bare {what}"] = _often(wait, ask, bare, "")
    return calls


def _often(wait: Callable[[Any], Any], ask: "Ask", app: ASGIApp, root: str) -> Callable[[], object]:
    """``CALLS`` requests, one after another, without a socket."""

    async def ask_often() -> None:
        for _ in range(CALLS):
            await ask.send(app, root)

    return lambda: wait(ask_often())


class Ask:
    """One request."""

    def __init__(self, method: str, path: str, query: bytes, headers: list[Any], content: bytes = b"") -> None:
        self.method, self.path, self.query, self.content = method, path, query, content
        self.headers = [(b"host", b"127.0.0.1:8000"), (b"content-length", b"%d" % len(content)), *headers]

    async def send(self, app: ASGIApp, root: str) -> None:
        place = root + self.path
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": place,
            "raw_path": place.encode(),
            "query_string": self.query,
            "root_path": "",
            "headers": self.headers,
            "client": ("203.0.113.7", 50000),
            "server": ("127.0.0.1", 8000),
        }
        status = 0
        messages: list[Message] = [{"type": "http.request", "body": self.content, "more_body": False}]

        async def receive() -> Message:
            if not messages:
                await asyncio.Event().wait()  # it stays
            return messages.pop()

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)

        await app(scope, receive, send)
        assert status in (200, 201), f"{place} answered {status}"


@contextmanager
def _loop() -> Iterator[Callable[[Any], Any]]:
    loop = asyncio.new_event_loop()
    try:
        yield loop.run_until_complete
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
