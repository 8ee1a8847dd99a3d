"""The server as the operator starts it: what it says, what it answers, whom it cuts off, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app import serving
from app.main import create_app
from app.serving import CannotListen, StoppingServer, address_of, listen, server_config

ROOT = Path(__file__).parents[2]
PATIENCE = 60
STOP_WITHIN = 10

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path) -> Iterator[Start]:
    """``start("serve", "--port", "0")`` in a group of its own, as a shell would; whatever happens, it is gone after."""
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> "subprocess.Popen[str]":
        environment = os.environ | {"VENTANILLA_DATA_DIR": str(tmp_path / "var"), "PYTHONUNBUFFERED": "1"}
        if "--demo" not in arguments:
            environment["VENTANILLA_BASE_URL"] = "http://127.0.0.1:8000"
        begun = subprocess.Popen(
            [sys.executable, "-m", "app", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        running.append(begun)
        return begun

    yield begin
    for begun in running:
        if begun.poll() is None:
            os.killpg(begun.pid, signal.SIGKILL)
        begun.communicate()


def read_until(begun: "subprocess.Popen[str]", pattern: str) -> "re.Match[str]":
    """What the process says, up to the line that matches."""
    assert begun.stdout is not None
    told = []
    for line in begun.stdout:
        told.append(line)
        if found := re.search(pattern, line):
            return found
    raise AssertionError("".join(told))


def ask(address: str) -> tuple[int, str, dict[str, str]]:
    """Waits for a server that has said where it will answer and is about to."""
    for _attempt in range(PATIENCE * 10):
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.headers.items()}
        except ConnectionRefusedError:
            pass
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
        time.sleep(0.1)
    raise AssertionError(f"{address} never answered")


@pytest.mark.parametrize("options", [[], ["--workers", "2"]])
def test_serve_answers_and_stops_when_its_group_is_told_to(start, options):
    begun = start("serve", "--port", "0", *options)

    invitation = read_until(begun, r"http://127\.0\.0\.1:8000/admin/alta/\S{43}$")
    address = read_until(begun, r"Atendiendo en (\S+)\.")[1]
    health, ready = ask(f"{address}/healthz"), ask(f"{address}/readyz")
    os.killpg(begun.pid, signal.SIGTERM)
    rest, _nothing = begun.communicate(timeout=STOP_WITHIN)

    assert invitation is not None
    assert (health[:2], ready[:2]) == ((200, "ok"), (200, "ok"))
    assert "server" not in health[2]
    assert begun.returncode in {0, -signal.SIGTERM}
    assert rest == ""


def test_the_demonstration_is_ready_with_one_command(start, tmp_path):
    begun = start("serve", "--demo", "--port", "0")

    address = read_until(begun, r"Atendiendo en (\S+)\.")[1]
    health = ask(f"{address}/healthz")
    written = json.loads((tmp_path / "var" / "credentials.json").read_text())
    os.killpg(begun.pid, signal.SIGTERM)
    rest, _nothing = begun.communicate(timeout=STOP_WITHIN)
    checked = start("check", "--demo")
    told, _nothing = checked.communicate(timeout=PATIENCE)

    assert health[:2] == (200, "ok")
    assert [written[door]["url"] for door in ("admin", "portal", "api")] == [
        f"{address}/admin",
        f"{address}/in/Tosma_SL",
        f"{address}/api/v1",
    ]
    assert rest == ""
    assert (checked.returncode, told) == (
        0,
        "Electricidad Tosma, S.L.: todo en orden\nLucía Ferrer Ibáñez: todo en orden\n",
    )


def children(begun: "subprocess.Popen[str]") -> set[int]:
    """The workers of a server, which its operating system knows as its children."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return {int(pid) for pid, parent, words in rows if int(parent) == begun.pid and "spawn_main" in words}


def test_a_worker_that_was_killed_is_replaced(start):
    begun = start("serve", "--port", "0", "--workers", "2")
    address = read_until(begun, r"Atendiendo en (\S+)\.")[1]
    ask(f"{address}/healthz")
    before = children(begun)

    os.kill(min(before), signal.SIGKILL)
    while len(now := children(begun)) < 2 or now == before:
        time.sleep(0.1)

    os.killpg(begun.pid, signal.SIGTERM)
    begun.communicate(timeout=STOP_WITHIN)


BROKEN = """
from pathlib import Path
from app.serving import listen, serve
from app.settings import Settings

settings = Settings(
    data_dir=Path("."), database_url="", base_url="http://127.0.0.1", storage_url="", secret_keys=(), workers={workers}
)
serve(settings, "app.nowhere:create_app", listen("127.0.0.1", 0))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_an_application_that_cannot_start_ends_the_server(workers):
    ended = subprocess.run(
        [sys.executable, "-c", BROKEN.format(workers=workers)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert ended.returncode not in {0, -signal.SIGKILL}
    assert "app.nowhere" in ended.stderr


def test_a_request_under_way_is_finished_before_it_stops(start):
    begun = start("serve", "--port", "0")
    address = read_until(begun, r"Atendiendo en http://(\S+)\.")[1]
    ask(f"http://{address}/healthz")
    host, port = address.split(":")

    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(f"POST /admin/login HTTP/1.1\r\nHost: {address}\r\nContent-Length: 4\r\n\r\nab".encode())
        begun.terminate()
        connection.sendall(b"cd")
        answer = connection.recv(65536)

    begun.communicate(timeout=STOP_WITHIN)
    assert answer.startswith(b"HTTP/1.1 403")


def test_the_worker_works_and_stops(start):
    migrated = start("migrate")
    migrated.communicate(timeout=PATIENCE)
    begun = start("worker")

    read_until(begun, "Trabajando")
    os.killpg(begun.pid, signal.SIGTERM)
    rest, _nothing = begun.communicate(timeout=STOP_WITHIN)

    assert (migrated.returncode, begun.returncode, rest) == (0, 0, "")


def test_a_port_that_is_taken_is_said_in_one_sentence(start, listening):
    begun = start("serve", "--port", str(listening.getsockname()[1]))

    told, _nothing = begun.communicate(timeout=PATIENCE)

    assert begun.returncode == 1
    assert told.startswith("Error: No se puede atender en 127.0.0.1:")
    assert told.count("\n") == 1


def test_a_socket_is_nobody_else_s_and_lets_people_wait():
    with listen("127.0.0.1", 0) as bound:
        host, port = bound.getsockname()

        with pytest.raises(CannotListen):
            listen(host, port)
        with socket.create_connection((host, port), timeout=PATIENCE) as waiting:
            waiting.sendall(b"GET / HTTP/1.1\r\n")
        assert address_of(bound) == f"http://127.0.0.1:{port}"


def echo(request: Request) -> Response:
    return PlainTextResponse(request.headers.get("x-long", "")[:2])


@pytest.fixture
def patient(settings, monkeypatch) -> Iterator[tuple[str, int]]:
    """A server that waits for a fifth of a second, and its address."""
    monkeypatch.setattr(serving, "PATIENCE", 0.2)
    application = Starlette(routes=[Route("/", echo, methods=["GET", "POST"])])
    server = StoppingServer(server_config(settings, lambda: application))
    bound = listen("127.0.0.1", 0)
    thread = Thread(target=server.run, args=([bound],), daemon=True)
    address = bound.getsockname()
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield address
    server.should_exit = True
    thread.join(STOP_WITHIN)


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_does_not_finish_a_request_is_cut_off(patient, begun):
    with socket.create_connection(patient, timeout=PATIENCE) as connection:
        connection.sendall(begun)

        answer = connection.recv(65536)
        while more := connection.recv(65536):
            answer += more

    assert answer == b"" or answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_head_has_a_bounded_size(patient):
    with socket.create_connection(patient, timeout=PATIENCE) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: " + b"a" * 30_000 + b"\r\n\r\n")
        accepted = connection.recv(65536)
    with socket.create_connection(patient, timeout=PATIENCE) as connection:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 500_000)
            refused = connection.recv(65536)
        except (BrokenPipeError, ConnectionResetError):
            refused = b""

    assert accepted.startswith(b"HTTP/1.1 200")
    assert refused == b""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_large_body_that_keeps_coming_is_waited_for(patient):
    size = 2_000_000
    with socket.create_connection(patient, timeout=PATIENCE) as connection:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
        connection.sendall(head.encode() + bytes(size))

        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_being_told_to_stop_reaches_the_application_at_once(settings, installation):
    application = create_app(replace(settings, run_worker=False), installation)
    server = StoppingServer(server_config(settings, lambda: application))
    server.config.load()

    server.handle_exit(signal.SIGTERM, None)

    assert application.state.stopping.is_set()
    assert server.should_exit
