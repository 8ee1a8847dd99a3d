"""The office asked without a network: our application, and SQLAdmin's stock list over the same rows."""

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from jinja2 import Environment
from sqladmin import Admin, ModelView
from starlette.applications import Starlette

from app.installation import open_installation
from app.main import create_app
from app.settings import read_settings
from bench._office_rows import TOKEN
from bench.measure import memory_mb
from models import Contact, Document, Invoice, Publication
from models.enums import DocumentKind

HOST = "127.0.0.1:8000"
_documents: Any = Document.__table__
_contacts: Any = Contact.__table__
_publications: Any = Publication.__table__

_SMALL_TEMPLATE = """<table>{% for row in rows %}<tr><td>{{ row.number_text }}</td><td>{{ row.issued_on }}</td>
<td>{{ row.buyer_name or row.name }}</td><td>{{ row.status }}</td><td>{{ row.published }}</td><td>{{ row.due_on }}</td>
<td>{{ row.base_total }}</td><td>{{ row.total }}</td><td>{{ row.payable - row.collected }}</td></tr>{% endfor %}</table>
"""


@dataclass(frozen=True)
class Answer:
    """What a request came to; ``first_byte`` in seconds, ``grown`` in MB at most while it ran."""

    status: int
    size: int
    first_byte: float
    grown: float = 0.0


class Office:
    """Our application over one database, asked as the browser of somebody who is signed in."""

    def __init__(self, url: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ventanilla-bench-")
        settings = read_settings(
            {
                "VENTANILLA_DATA_DIR": self._folder.name,
                "VENTANILLA_BASE_URL": f"http://{HOST}",
                "VENTANILLA_DATABASE_URL": url,
                "VENTANILLA_RUN_WORKER": "no",
            }
        )
        self.installation = open_installation(settings)
        self._app = create_app(settings, self.installation)
        self._loop = asyncio.new_event_loop()

    def ask(self, path: str) -> Answer:
        """One page, whole. Raises when it is not what was asked for."""
        answer = self._loop.run_until_complete(_ask(self._app, path))
        assert answer.status == 200, (path, answer)
        return answer

    def watched(self, path: str) -> Answer:
        """Like ``ask``, with an eye on the memory of this process."""
        before, grown, over = memory_mb(os.getpid()), [0.0], threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                grown[0] = max(grown[0], memory_mb(os.getpid()) - before)

        watcher = threading.Thread(target=watch)
        watcher.start()
        answer = self.ask(path)
        over.set()
        watcher.join()
        return Answer(answer.status, answer.size, answer.first_byte, grown[0])

    def close(self) -> None:
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        self.installation.database.engine.dispose()
        self._folder.cleanup()


def bare_page(engine: sa.Engine, company_id: int) -> Callable[[], str]:
    """The query of the page and one small template: nothing signed in, nothing counted, nothing around it."""
    template = Environment(autoescape=True).from_string(_SMALL_TEMPLATE)

    def page() -> str:
        live = sa.exists().where(
            _publications.c.company_id == company_id,
            _publications.c.document_id == _documents.c.id,
            _publications.c.withdrawn_at.is_(None),
        )
        names = (
            "id", "number_text", "issued_on", "buyer_name", "status", "due_on", "base_total", "total", "payable",
            "collected",
        )  # fmt: skip
        theirs = (_contacts.c.company_id == _documents.c.company_id) & (_contacts.c.id == _documents.c.contact_id)
        name = sa.select(_contacts.c.name).where(theirs).scalar_subquery().label("name")
        rows = (
            sa.select(*(_documents.c[column] for column in names), name, live.label("published"))
            .where(_documents.c.company_id == company_id, _documents.c.kind == DocumentKind.INVOICE)
            .order_by(_documents.c.issued_on.desc(), _documents.c.id.desc())
            .limit(25)
        )
        with engine.connect() as connection:
            return template.render(rows=connection.execute(rows).all())

    return page


class StockView(ModelView, model=Invoice):
    """What SQLAdmin makes of the same columns by itself."""

    name, name_plural = "Factura", "Facturas"
    column_list = (
        "number_text", "issued_on", "buyer_name", "status", "due_on", "base_total", "total", "payable", "collected",
    )  # fmt: skip
    column_default_sort = [("issued_on", True), ("id", True)]  # noqa: RUF012 - as SQLAdmin wants it
    page_size = 25


def stock_page(engine: sa.Engine) -> Callable[[], Answer]:
    """SQLAdmin's own list, without anybody signed in."""
    app, loop = Starlette(), asyncio.new_event_loop()
    Admin(app, engine).add_view(StockView)

    def page() -> Answer:
        answer = loop.run_until_complete(_ask(app, "/admin/invoice/list"))
        assert answer.status == 200, answer
        return answer

    return page


async def _ask(app: Any, path: str) -> Answer:
    place, _, query = path.partition("?")
    began, status, size, first = time.perf_counter(), 0, 0, 0.0
    told = False

    async def receive() -> dict[str, Any]:
        nonlocal told
        if told:
            await asyncio.Event().wait()
        told = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, size, first
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message.get("body"):
            first = first or time.perf_counter() - began
            size += len(message["body"])

    cookie = f"ventanilla_admin={TOKEN}".encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": place, "raw_path": place.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", HOST.encode()), (b"cookie", cookie)],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    await app(scope, receive, send)
    return Answer(status, size, first)
