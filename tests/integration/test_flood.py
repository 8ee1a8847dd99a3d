"""More people signing in than can be: they are told at once, and nobody else notices."""

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from urllib.parse import urlencode

import httpx2
import pytest

from app import secrets
from app.domain import throttling
from app.installation import Installation
from app.secrets import new_token

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("company"),
]

THREADS, PLACES = 40, 16
DOORS = {
    "/in/Tosma/entrar": ("ventanilla_portal", {"correo": "nadie@nowhere.example", "clave": "una frase cualquiera"}),
    "/admin/login": ("ventanilla_admin", {"email": "nadie@nowhere.example", "password": "una frase cualquiera"}),
}
SENTENCE = "Hay muchas personas entrando a la vez."


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Turns to hash a password: none, until the test gives some."""
    turns = threading.Semaphore(0)
    monkeypatch.setattr(secrets, "_SLOTS", turns)
    monkeypatch.setattr(secrets, "_WAIT_FOR_SLOT", 60)
    monkeypatch.setattr(throttling, "check", lambda *whom: None)
    return turns


@pytest.mark.parametrize("door", DOORS)
def test_a_flood_of_sign_ins_leaves_the_other_pages_alone(
    live_server: str, installation: Installation, turns: threading.Semaphore, door: str
) -> None:
    name, fields = DOORS[door]

    browsers = httpx2.Client(base_url=live_server, timeout=60, limits=httpx2.Limits(max_connections=None))

    def sign_in() -> httpx2.Response:
        cookie = new_token()
        guard = {"csrf": installation.keys.sign("csrf", cookie), "company": "0"}
        kind = {"cookie": f"{name}={cookie}", "content-type": "application/x-www-form-urlencoded"}
        return browsers.post(door, content=urlencode(fields | guard), headers=kind)

    with browsers, ThreadPoolExecutor(2 * THREADS) as people:
        answers = [people.submit(sign_in) for _ in range(2 * THREADS)]
        try:
            _wait_until_done(answers, 2 * THREADS - PLACES)
            pages = [browsers.get(path, timeout=10).status_code for path in DOORS]
            waiting = sum(not answer.done() for answer in answers)
        finally:
            turns.release(2 * THREADS)
        turned_away = [answer.result() for answer in answers if answer.result().status_code == 503]

    assert (pages, waiting, len(turned_away)) == ([200, 200], PLACES, 2 * THREADS - PLACES)
    assert {(answer.headers["retry-after"], SENTENCE in answer.text) for answer in turned_away} == {("5", True)}


def _wait_until_done(answers: list[Future[httpx2.Response]], count: int) -> None:
    pending = set(answers)
    while len(answers) - len(pending) < count:
        done, pending = wait(pending, timeout=20, return_when=FIRST_COMPLETED)
        assert done, "nobody is told anything"
