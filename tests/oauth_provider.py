"""A real OAuth 2.0 provider for the tests: people consent at once, PKCE is checked, consents can be taken back.

``with OAuthProvider(context) as provider: …``; it refuses whatever a strict provider would, and misbehaves on request.
"""

import base64
import hashlib
import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT = ("ventanilla.example", "secreto & ñ")


@dataclass(kw_only=True)
class OAuthProvider:
    """``answers``: what to reply at an address instead of the usual, as status and body, for ever."""

    context: ssl.SSLContext
    client: tuple[str, str] = CLIENT
    email: str = "marta@gmail.example"
    lasts: int = 3600
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.access: set[str] = set()
        self.refresh: set[str] = set()
        self.codes: dict[str, dict[str, str]] = {}
        self._numbers = count(1)

    def __enter__(self) -> Self:
        provider = self

        class Answering(_Answering):
            ours = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._server.socket = self.context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_port}"
        self._serving = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._serving.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._serving.join()
        self._server.server_close()

    def consent(self, address: str) -> dict[str, str]:
        """Somebody opens the address, says yes, and is sent back with this."""
        asked = _first(urlsplit(address).query)
        wanted = ("client_id", "redirect_uri", "state", "code_challenge", "scope")
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256"), asked
        assert (asked["client_id"], [name for name in wanted if not asked.get(name)]) == (self.client[0], []), asked
        code = f"codigo-{next(self._numbers)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def take_back(self) -> None:
        """Whoever consented changes their mind at the provider's own page."""
        self.access.clear()
        self.refresh.clear()

    def token(self, asked: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        if (asked.get("client_id"), asked.get("client_secret")) != self.client:
            return 401, {"error": "invalid_client"}
        if asked.get("grant_type") == "refresh_token":
            if asked.get("refresh_token") not in self.refresh:
                return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
            return 200, self.issue()
        begun = self.codes.pop(asked.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.get("code_verifier", "").encode()).digest())
        if begun is None or begun["code_challenge"] != challenge.decode().rstrip("="):
            return 400, {"error": "invalid_grant"}
        if begun["redirect_uri"] != asked.get("redirect_uri"):
            return 400, {"error": "redirect_uri_mismatch"}
        refresh = f"1//renovar-{next(self._numbers)}"
        self.refresh.add(refresh)
        claims = base64.urlsafe_b64encode(json.dumps({"email": self.email}).encode()).decode().rstrip("=")
        return 200, self.issue() | {"refresh_token": refresh, "id_token": f"e30.{claims}.firma"}

    def issue(self) -> dict[str, Any]:
        access = f"ya29.acceso-{next(self._numbers)}"
        self.access.add(access)
        return {"access_token": access, "token_type": "Bearer", "expires_in": self.lasts}

    def revoke(self, asked: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        if asked.get("token") not in self.refresh:
            return 400, {"error": "invalid_token"}
        self.take_back()
        return 200, {}


class _Answering(BaseHTTPRequestHandler):
    ours: OAuthProvider

    def do_POST(self) -> None:
        asked = _first(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.ours.asked.append((self.path, asked))
        if self.path in self.ours.answers:
            status, body = self.ours.answers[self.path]
        else:
            status, found = getattr(self.ours, self.path.strip("/"))(asked)
            body = json.dumps(found).encode()
        self.answer(status, body, {})

    def do_GET(self) -> None:
        back = self.ours.consent(self.path)
        place = _first(urlsplit(self.path).query)["redirect_uri"]
        self.answer(302, b"", {"Location": f"{place}?{urlencode(back)}"})

    def answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def _first(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
