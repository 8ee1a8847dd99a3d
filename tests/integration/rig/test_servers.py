"""The two ways to ask the application: in process, and through a socket."""

import urllib.request

from starlette.testclient import TestClient


def test_the_client_asks_the_application(client: TestClient) -> None:
    assert (client.get("/healthz").text, client.get("/readyz").text) == ("ok", "ok")


def test_the_live_server_answers(live_server: str) -> None:
    with urllib.request.urlopen(f"{live_server}/readyz", timeout=10) as answer:
        assert answer.read() == b"ok"
