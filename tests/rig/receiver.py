"""A web server of somebody else's: it writes down what it is sent and answers as it is told."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """``answers`` are the statuses to come, the last one for ever; ``raw`` goes out instead of any of them."""

    port: int = 0
    answers: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b"recibido"
    raw: bytes | None = None
    drip: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    is_secure: bool = False

    @property
    def url(self) -> str:
        return f"http{'s' if self.is_secure else ''}://localhost:{self.port}"

    def next_status(self) -> int:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver(is_secure=context is not None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(receiver))
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def _answering(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.asked.append(Asked(self.command, self.path, headers, body))
            if receiver.raw is not None:
                self.wfile.write(receiver.raw)
                self.close_connection = True
                return
            self.send_response(receiver.next_status())
            for name, value in ({"Content-Length": str(len(receiver.content))} | receiver.headers).items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            self._write(receiver.content)

        def _write(self, content: bytes) -> None:
            if not receiver.drip:
                self.wfile.write(content)
                return
            for one in content:
                self.wfile.write(bytes([one]))
                self.wfile.flush()
                time.sleep(receiver.drip)

        do_GET = do_POST = _answer

        def log_message(self, *_: object) -> None:
            return None

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return  # whoever asked has hung up

    return Answering
