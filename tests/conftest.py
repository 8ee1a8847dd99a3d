"""What every test may ask for: databases, a server and a browser. What the business needs is in ``factories``.

``engine`` and whatever builds on it run twice, on SQLite and on PostgreSQL; a test that is about something else takes
one of them with ``@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)``.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine, event
from sqlalchemy.orm import sessionmaker
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.db import Database, make_engine
from app.installation import Installation, open_installation
from app.main import create_app
from app.scope import SYSTEM, CompanyScope, ScopedSession, make_sessions
from app.settings import Settings
from models import Company
from models.base import utc_now
from tests.factories import Make
from tests.imap_server import ImapServer, imap_server
from tests.rig import postgres
from tests.rig.browser import Visits, launch
from tests.rig.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.rig.server import served
from tests.rig.tripwire import Tripwire

KINDS = ("sqlite", "postgresql")

for name in [name for name in os.environ if name.startswith("VENTANILLA_") and name != postgres.ADDRESS]:
    del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test is marked with its folder: ``-m unit``, ``-m "not browser"``."""
    for item in items:
        folder = item.path.relative_to(item.config.rootpath / "tests").parts[0]
        item.add_marker(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    server = postgres.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqlite_databases() -> Iterator[SqliteDatabases]:
    databases = SqliteDatabases()
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def postgresql_databases(postgres_server: postgres.Server) -> Iterator[PostgresDatabases]:
    databases = PostgresDatabases(postgres_server)
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def imap() -> Iterator[ImapServer]:
    with imap_server() as server:
        yield server


def _databases(request: pytest.FixtureRequest) -> Databases:
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    return databases


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database of the test's own."""
    with _databases(request).migrated() as url:
        yield url


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database without a table."""
    with _databases(request).empty() as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine)


@pytest.fixture
def make_session(engine: Engine) -> sessionmaker[ScopedSession]:
    return make_sessions(engine)


@pytest.fixture
def system_db(make_session: sessionmaker[ScopedSession]) -> Iterator[ScopedSession]:
    """A session that sees every company."""
    with make_session(scope=SYSTEM) as db:
        yield db


@pytest.fixture
def company(make_session: sessionmaker[ScopedSession]) -> Company:
    """The company most tests happen in."""
    with make_session(scope=SYSTEM) as db:
        company = Company(
            name="Suministros Tosma, S.L.",
            tax_id="B12345674",
            address="C/ Mayor, 1",
            postcode="28013",
            city="Madrid",
            province="Madrid",
            slug="Tosma",
            slug_key="tosma",
            short_code="tosma",
            confirmed_at=utc_now(),
        )
        db.add(company)
        db.commit()
    return company


@pytest.fixture
def db(make_session: sessionmaker[ScopedSession], company: Company) -> Iterator[ScopedSession]:
    """A session in ``company``. Commit before a server is to see what it wrote, or to write beside it."""
    with make_session(scope=CompanyScope(company.id)) as db:
        yield db


@pytest.fixture
def make(db: ScopedSession, company: Company) -> Make:
    """Rows of ``company``, written through ``db``: commit ``db`` before another connection is to see them."""
    return Make(db, company)


@pytest.fixture(autouse=True)
def tripwire(request: pytest.FixtureRequest) -> Iterator[Tripwire]:
    """Fails a test with a database when a statement forgets the company, even where a server swallowed the error."""
    wire = Tripwire()
    if "engine" not in request.fixturenames:
        yield wire
        return
    with wire.armed():
        yield wire
    assert wire.caught == []


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The SQL of every statement from here on; ``statements.clear()`` begins again."""
    seen: list[str] = []

    def listen(connection: Any, cursor: Any, sql: str, *rest: Any) -> None:
        if not sql.startswith(("BEGIN", "PRAGMA")):
            seen.append(sql)

    event.listen(Engine, "before_cursor_execute", listen)
    yield seen
    event.remove(Engine, "before_cursor_execute", listen)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A free port of this machine, held from before its number is known to anyone."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def settings(database_url: str, listening: socket.socket, tmp_path: Path) -> Settings:
    """A production-like installation at its own port, without a worker. ``replace`` for another."""
    return Settings(
        data_dir=tmp_path,
        database_url=database_url,
        base_url=f"http://127.0.0.1:{listening.getsockname()[1]}",
        storage_url=(tmp_path / "files").as_uri(),
        secret_keys=("a key of forty characters for tests only",),
        run_worker=False,
    )


@pytest.fixture
def installation(settings: Settings, engine: Engine) -> Iterator[Installation]:
    """What the application under test works with; its engine is not the test's own."""
    installation = open_installation(settings)
    yield installation
    installation.database.engine.dispose()


@pytest.fixture
def application(settings: Settings, installation: Installation) -> Starlette:
    return create_app(settings, installation)


@pytest.fixture
def client(application: Starlette, settings: Settings) -> Iterator[TestClient]:
    """A visitor without a browser. Cookies are kept, redirects are shown, not followed."""
    with TestClient(application, base_url=settings.base_url, follow_redirects=False) as client:
        yield client


@pytest.fixture
def live_server(application: Starlette, settings: Settings, listening: socket.socket) -> Iterator[str]:
    """The application's address, answering real requests."""
    with served(application, listening):
        yield settings.base_url


@pytest.fixture(scope="session")
def chromium() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """The browser and the event loop that Playwright leaves running in this thread, put aside for other tests."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield browser, loop
        asyncio._set_running_loop(loop)
        browser.close()


@pytest.fixture
def open_page(chromium: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Callable[..., Page]]:
    """``open_page(width=390, dark=True)``: a page in a new, empty browser profile; a person of their own.

    Fails the test when a page raised a script error, broke its own content policy or asked another host for anything.
    """
    browser, loop = chromium
    asyncio._set_running_loop(loop)
    visits = Visits(browser)
    yield visits.open_page
    visits.close()
    asyncio._set_running_loop(None)
    assert visits.wrong == []


@pytest.fixture
def browser_page(open_page: Callable[..., Page]) -> Page:
    return open_page()
