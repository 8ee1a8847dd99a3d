"""The application behind a real socket, in a thread of the tests."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

PATIENCE = 15.0


class NotServing(Exception):
    """The server did not start, or did not stop."""


@contextmanager
def served(app: ASGIApp, listening: socket.socket) -> Iterator[None]:
    """Answer requests on ``listening`` until the block ends."""
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, ws="none", timeout_graceful_shutdown=5)
    )
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="live server", daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE
    while not server.started:
        if time.monotonic() > until or not thread.is_alive():
            raise NotServing
        time.sleep(0.005)
    yield
    server.should_exit = True
    thread.join(PATIENCE)
    if thread.is_alive():
        raise NotServing
