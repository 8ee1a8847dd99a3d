"""The same queries behind a bare Starlette route: a plain connection, the rows as JSON, nothing looked at."""

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import clock
from app.domain.folding import fold
from models import AuditEntry, Contact

JSON = "application/json"
_contacts: Any = Contact.__table__
_entries: Any = AuditEntry.__table__

Asked = list[tuple[str, Any]]


@contextmanager
def listening(engine: Engine) -> Iterator[Asked]:
    """What reads are sent to the database meanwhile, as it gets them."""
    asked: Asked = []

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if statement.startswith("SELECT") and not many:
            asked.append((statement, values))

    sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)


def bare_site(engine: Engine, reads: Mapping[str, Asked], creating: Asked, company_id: int) -> Starlette:
    """``reads``: what each address asks, ``creating`` what a new contact does before it is written."""
    writing = engine.execution_options(writes=True)
    numbers = itertools.count(1)

    def show(request: Request) -> Response:
        with engine.connect() as connection:
            found = [_rows(connection, *one) for one in reads[request.url.path]]
        return Response(msgspec.json.encode(found), media_type=JSON)

    def keep(content: bytes) -> Response:
        said = json.loads(content)
        with writing.begin() as connection:
            for one in creating:
                _rows(connection, *one)
            contact = _contact(company_id, f"Z{next(numbers)}", said["name"])
            (contact_id,) = connection.execute(sa.insert(_contacts).returning(_contacts.c.id), contact).one()
            connection.execute(sa.insert(_entries), _entry(company_id, contact_id, next(numbers), said))
        return Response(msgspec.json.encode(said | {"id": str(contact_id)}), status_code=201, media_type=JSON)

    async def create(request: Request) -> Response:
        return await run_in_threadpool(keep, await request.body())

    routes = [Route(path, show) for path in reads]
    return Starlette(routes=[*routes, Route("/contacts", create, methods=["POST"])])


def _rows(connection: Any, statement: str, values: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.exec_driver_sql(statement, values)]


def _contact(company_id: int, code: str, name: str) -> dict[str, Any]:
    return {"company_id": company_id, "code": code, "name": name, "sort_key": fold(name), "search_key": fold(name)}


def _entry(company_id: int, contact_id: int, number: int, said: dict[str, Any]) -> dict[str, Any]:
    """In the places of the chain that nobody takes: below its beginning."""
    return {
        "company_id": company_id,
        "position": -number,
        "at": clock.now(),
        "actor": "prueba",
        "action": "create",
        "entity": "contacts",
        "entity_id": contact_id,
        "label": said["name"],
        "changes": said,
        "previous_hash": "",
        "hash": "",
        "search_key": "",
    }
