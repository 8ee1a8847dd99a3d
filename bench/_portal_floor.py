"""Bare pages of the same queries: a plain endpoint, a plain connection, a small template. And a plain FileResponse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, Environment
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from app import clock, money
from app.domain.queries import customer_document as one
from app.domain.queries import customer_documents as many
from models.enums import DocumentKind

LIST = """<!doctype html><title>Facturas</title><h1>Facturas ({{ seen.waiting }} por pagar)</h1><table>
{% for row in rows %}<tr><td><a href="/facturas/{{ row.id }}">{{ row.number_text }}</a> {{ row.subject }}</td>
<td>{{ row.issued_on | day }}</td><td>{{ row.due_on | day }}</td><td>{{ row.status }}</td>
<td>{{ row.total | euros }}</td><td>{{ row.outstanding | euros }}</td></tr>{% endfor %}</table>
{% for row in totals %}<p>{{ row.documents }}: {{ row.total | euros }}, {{ row.outstanding | euros }}</p>{% endfor %}"""

SHOW = """<!doctype html><title>{{ it.number_text }}</title><h1>{{ it.number_text }} ({{ seen.waiting }})</h1>
<p>{{ it.subject }} {{ it.issued_on | day }} {{ it.due_on | day }} {{ it.payable | euros }} {{ it.status }}</p>
<p>{{ it.seller_name }} {{ it.seller_tax_id }} {{ it.buyer_name }} {{ it.buyer_tax_id }}</p><table>
{% for row in lines %}<tr><td>{{ row.concept }}</td><td>{{ row.quantity }}</td><td>{{ row.unit_price | euros }}</td>
<td>{{ row.tax_rate }}</td><td>{{ row.net | euros }}</td></tr>{% endfor %}</table>
{% for row in taxes %}<p>{{ row.label }} {{ row.base | euros }} {{ row.amount | euros }}</p>{% endfor %}
{% for row in dues %}<p>{{ row.day | day }} {{ row.amount | euros }}</p>{% endfor %}
<p>{{ it.base_total | euros }} {{ it.tax_total | euros }} {{ it.total | euros }}</p>
{% for row in events %}<p>{{ row.created_at | moment }} {{ row.name }} {{ row.kind }}</p>{% endfor %}"""


def bare_site(engine: Engine, values: dict[str, Any], pdf: Path) -> Starlette:
    """``values``: the company and the contact whose rows are read."""
    pages = Environment(loader=DictLoader({"list": LIST, "show": SHOW}), autoescape=True, auto_reload=False)
    pages.filters |= {
        "euros": money.euros,
        "day": lambda day: day.strftime("%d/%m/%Y") if day else "",
        "moment": lambda moment: clock.madrid(moment).strftime("%d/%m/%Y, %H:%M"),
    }

    def index(request: Request) -> Response:
        asked = values | {"kind": DocumentKind.INVOICE, "today": clock.today()}
        with engine.connect() as connection:
            ask = _asker(connection, asked)
            context = {
                "seen": ask(many._OVERVIEW)[0],
                "rows": ask(many._page(False, False, None, False))[: many.PAGE],
                "totals": ask(many._totals(False, False, None)),
            }
        return HTMLResponse(pages.get_template("list").render(context))

    def show(request: Request) -> Response:
        document = {"kind": DocumentKind.INVOICE, "document_id": request.path_params["id"]}
        asked = values | document | {"today": clock.today()}
        with engine.connect() as connection:
            ask = _asker(connection, asked)
            context = {
                "it": ask(one._DOCUMENT)[0],
                "lines": ask(one._LINES),
                "taxes": ask(one._TAXES),
                "dues": ask(one._DUES),
                "events": ask(one._EVENTS),
                "seen": ask(many._OVERVIEW)[0],
            }
        return HTMLResponse(pages.get_template("show").render(context))

    return Starlette(
        routes=[
            Route("/facturas", index),
            Route("/facturas/{id:int}", show),
            Route("/facturas/{id:int}/pdf", lambda request: FileResponse(pdf)),
        ]
    )


def _asker(connection: Any, values: dict[str, Any]) -> Callable[[Any], Any]:
    return lambda statement: connection.execute(statement, values).all()
