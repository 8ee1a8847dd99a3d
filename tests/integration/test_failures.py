"""What a stranger sees of a page that does not exist, or of an error of ours: a sentence, a reference, no more."""

import json
import logging
import re

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app.logs import JsonLines
from app.middleware import HEADERS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def broken(request: Request) -> Response:
    raise ZeroDivisionError("password=secreta")


@pytest.fixture
def visitor(application, settings):
    application.router.routes.insert(0, Route("/roto/activar/{token}", broken))
    with TestClient(
        application, base_url=settings.base_url, follow_redirects=False, raise_server_exceptions=False
    ) as client:
        yield client


def test_an_error_gives_a_reference_that_the_log_knows(visitor, caplog):
    with caplog.at_level(logging.ERROR):
        answer = visitor.get("/roto/activar/abcdefghijklmnop")

    assert answer.status_code == 500
    reference = re.search(r"referencia ([0-9A-F]{8})\.", answer.text)
    assert reference is not None
    assert "ZeroDivisionError" not in answer.text
    events = [json.loads(JsonLines().format(record)) for record in caplog.records]
    assert [(event["reference"], event["method"], event["path"]) for event in events] == [
        (reference[1], "GET", "/roto/activar/••••")
    ]
    assert "ZeroDivisionError: password=••••" in events[0]["trace"]


def test_the_office_gives_the_same_reference(visitor, application, caplog):
    application.state.office.admin.router.routes.insert(0, Route("/roto", broken))

    with caplog.at_level(logging.ERROR):
        answer = visitor.get("/admin/roto")

    assert answer.status_code == 500
    assert [record.reference for record in caplog.records] == re.findall(r"<b>([0-9A-F]{8})</b>", answer.text)
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("path", "status"), [("/roto/activar/abcdefghijkl", 500), ("/nada", 404), ("/static/../app.py", 404)]
)
def test_errors_are_spanish_and_dressed_like_every_answer(visitor, path, status):
    answer = visitor.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert 'lang="es"' in answer.text
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_other_methods_are_refused(visitor):
    answer = visitor.put("/healthz")

    assert answer.status_code in {403, 404, 405}
    assert 'lang="es"' in answer.text


def test_the_bare_address_leads_to_the_office(visitor):
    answer = visitor.get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")


def test_robots_are_asked_to_stay_away(visitor):
    assert visitor.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


def test_assets_may_be_kept_when_their_address_says_what_they_are(visitor):
    plain, versioned = visitor.get("/static/office.css"), visitor.get("/static/office.css?v=1")

    assert "immutable" in versioned.headers["cache-control"]
    assert "cache-control" not in plain.headers


@pytest.mark.parametrize(
    "host", ["[", "[::1", "127.0.0.1[", "[127.0.0.1]x", "127.0.0.1/x", "x@127.0.0.1", "127.0.0.1:999999", ""]
)
def test_a_host_that_is_none_is_not_known(visitor, host):
    answer = visitor.get("/healthz", headers={"host": host})

    assert (answer.status_code, "No conocemos esta dirección." in answer.text) == (400, True)


@pytest.mark.parametrize("origin", ["http://[", "null", "x", "https://evil.example"])
def test_an_origin_that_is_not_ours_is_another_site(visitor, origin):
    answer = visitor.post("/admin/login", headers={"origin": origin, "sec-fetch-site": "cross-site"})
    alone = visitor.post("/admin/login", headers={"origin": origin})

    assert (answer.status_code, alone.status_code) == (403, 403)
    assert "Petición de otro sitio." in alone.text


def test_a_missing_slash_is_added_without_saying_where_we_are(visitor):
    answer = visitor.get("/static")

    assert (answer.status_code, answer.headers["location"]) == (307, "/static/")
