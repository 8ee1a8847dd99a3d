"""Addresses of the office without parameters: found as any other, and by nothing that only begins like them."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from admin_views.office import FixedRoute, OfficeRouter


async def told(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.url.path} {request.path_params}")


@pytest.fixture
def client() -> TestClient:
    router = OfficeRouter()
    router.add_route("/list", told, methods=["GET", "POST"], name="list")
    router.add_route("/edit/{pk}", told, methods=["GET"], name="edit")
    return TestClient(Starlette(routes=[Mount("/admin", app=router)]), follow_redirects=False)


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/admin/list", 200, "GET /admin/list {}"),
        ("POST", "/admin/list", 200, "POST /admin/list {}"),
        ("DELETE", "/admin/list", 405, "Method Not Allowed"),
        ("GET", "/admin/lists", 404, "Not Found"),
        ("GET", "/admin/list/x", 404, "Not Found"),
        ("GET", "/list", 404, "Not Found"),
        ("GET", "/admin/edit/7", 200, "GET /admin/edit/7 {'pk': '7'}"),
    ],
)
def test_an_address_is_found_by_its_whole_path(
    client: TestClient, method: str, path: str, status: int, text: str
) -> None:
    answer = client.request(method, path)

    assert (answer.status_code, answer.text) == (status, text)


def test_what_has_no_parameters_is_only_compared_and_has_its_address() -> None:
    router = OfficeRouter()
    router.add_route("/list", told, name="list")
    router.add_route("/edit/{pk}", told, name="edit")

    assert [type(route) for route in router.routes] == [FixedRoute, Route]
    assert [router.url_path_for("list"), router.url_path_for("edit", pk="7")] == ["/list", "/edit/7"]
