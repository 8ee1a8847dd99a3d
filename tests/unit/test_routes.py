"""Every route says who may use it, and what protects its writes."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from app.routes import Described, UndeclaredRoute, describe

MATRIX = {"invoice": {"list": "reader", "action:publish": "invoicing"}}


def anything(request: Request) -> Response:
    return PlainTextResponse("")


class Door:
    audience = "customer"

    async def __call__(self, scope, receive, send):
        raise NotImplementedError


def publish(request: Request) -> Response:
    return PlainTextResponse("")


publish.needs = "action:publish"


def described(*routes):
    return describe(Starlette(routes=list(routes)), MATRIX, ["invoice", "series"])


def test_each_way_of_saying_it():
    found = described(
        Route("/healthz", anything),
        Route("/in/{slug}/facturas/{id:int}", Door(), methods=["POST"], name="portal:invoice"),
        Mount("/admin", routes=[
            Route("/", anything),
            Route("/{identity}/list", anything, name="list"),
            Route("/invoice/action/publish", anything, name="action-invoice-publish"),
            Route("/invoice/publish", publish, methods=["POST"], name="publish"),
        ]),
    )  # fmt: skip

    reads = ("GET", "HEAD")
    assert found == [
        Described("/healthz", reads, "anything", "public"),
        Described("/in/{slug}/facturas/{id}", ("POST",), "portal:invoice", "customer", csrf="token"),
        Described("/admin/", reads, "anything", "staff"),
        Described("/admin/invoice/list", reads, "list", "staff", "invoice:list", "reader"),
        Described("/admin/series/list", reads, "list", "nobody", "series:list"),
        Described(
            "/admin/invoice/action/publish",
            reads,
            "action-invoice-publish",
            "staff",
            "invoice:action:publish",
            "invoicing",
        ),
        Described(
            "/admin/invoice/publish", ("POST",), "publish", "staff", "invoice:action:publish", "invoicing", "token"
        ),
    ]


def test_a_route_that_says_nothing_is_refused():
    with pytest.raises(UndeclaredRoute, match="/facturas"):
        described(Route("/facturas", anything))
