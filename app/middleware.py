"""What holds for every request: known host, bounded body, safe headers, and one guard for writes.

Plain ASGI, so that it also stands before SQLAdmin. A guard answers; it never raises.
"""

import re
from collections.abc import Awaitable, Callable
from html import escape
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.installation import Installation
from app.problems import is_for_programs, problem, spoken_to
from app.texts import _
from app.web import Door, cookie_name, door_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_LIMITS = {"admin": 32 * 1024 * 1024, "portal": 256 * 1024}
MOST_FIELDS = 20_000
CODES = {403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 500: "internal_error"}
_OTHER_SITE = "Petición de otro sitio."
_HOST = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", re.ASCII)

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; manifest-src 'self'; form-action 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # stricter, and old browsers keep the origin of our own forms to themselves
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Threshold:
    """The outermost layer: refuses unknown hosts, hands the installation in, dresses every answer."""

    def __init__(self, app: ASGIApp, installation: Installation) -> None:
        self.app = app
        self.installation = installation
        self.headers = dict(HEADERS)
        if installation.settings.is_secure:
            self.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["installation"] = self.installation

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(scope, MutableHeaders(scope=message))
            await send(message)

        host = _HOST.fullmatch(Headers(scope=scope).get("host", ""))
        if host is None or host[1].strip("[]").lower() not in self.installation.settings.hosts:
            await refuse(scope, 400, "No conocemos esta dirección.")(scope, receive, dressed)
            return
        await self.app(scope, receive, dressed)

    def _dress(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        # A redirect to the same place with its slash is built from the request; behind a proxy it would lead to http.
        own = f"{scope['scheme']}://{Headers(scope=scope).get('host', '')}"
        if headers.get("location", "").startswith(f"{own}/"):
            headers["Location"] = headers["location"].removeprefix(own)
        door = door_of(scope["path"])
        if door is None:
            return
        headers.setdefault("Cache-Control", "no-store, private")
        if cookie := scope.get("new_cookie"):
            secure = self.installation.settings.is_secure
            headers.append(
                "Set-Cookie",
                f"{cookie_name(door, secure)}={cookie}; Path={door.path}; HttpOnly; SameSite=Lax"
                + ("; Secure" if secure else ""),
            )


class WriteGuard:
    """Every unsafe request must come from our own pages: right origin, and the token tied to this browser's cookie.

    The body is read here, within its limit, and handed on. Paths that programs use with a key of their own
    (``exempt`` prefixes) pass without cookie, which counts for nothing there, and are refused to browsers of other
    sites all the same; what they carry is read by whoever has seen the key.
    """

    def __init__(self, app: ASGIApp, installation: Installation, exempt: tuple[str, ...] = ()) -> None:
        self.app = app
        self.installation = installation
        self.exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        if self._is_exempt(scope):
            answer = None if self._same_origin(Headers(scope=scope)) else refuse(scope, 403, _OTHER_SITE)
            await (answer or self.app)(scope, receive, send)
            return
        judged = await self._judge(scope, receive)
        if isinstance(judged, bytes):
            await self.app(scope, _replay(judged, receive), send)
        else:
            await judged(scope, receive, send)

    def _is_exempt(self, scope: Scope) -> bool:
        return door_of(scope["path"]) is None and scope["path"].startswith(self.exempt or ("\x00",))

    async def _judge(self, scope: Scope, receive: Receive) -> bytes | HTMLResponse:
        headers = Headers(scope=scope)
        if not self._same_origin(headers):
            return refusal(403, _(_OTHER_SITE))
        door = door_of(scope["path"])
        if door is None:
            return refusal(404, _("No existe esa página."))
        body = await _read(receive, BODY_LIMITS[door.name])
        if body is None:
            return refusal(413, _("Lo enviado es demasiado grande."))
        if not await self._has_token(scope, door, headers, body):
            return refusal(403, _("La página ha caducado. Vuelva atrás, recárguela y repita la operación."))
        return body

    def _same_origin(self, headers: Headers) -> bool:
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return False
        origin = headers.get("origin")
        if origin is None:
            return True
        if origin == "null":  # what browsers say of our own pages under no-referrer; Fetch Metadata must vouch then
            return headers.get("sec-fetch-site") == "same-origin"
        return origin.partition("://")[2] == headers.get("host")

    async def _has_token(self, scope: Scope, door: Door, headers: Headers, body: bytes) -> bool:
        cookie = Request(scope).cookies.get(cookie_name(door, self.installation.settings.is_secure))
        if not cookie:
            return False
        token = headers.get("x-csrf-token") or await _posted_token(scope, headers, body)
        return token is not None and self.installation.keys.signed("csrf", cookie, token)


def refuse(scope: Scope, status: int, sentence: str) -> Response:
    """A guard's answer to a person or to a program, each as they read it. ``sentence`` is a message of ours."""
    if not is_for_programs(scope["path"]):
        return refusal(status, _(sentence))
    with spoken_to(scope):
        return problem(status, _(sentence), code=CODES.get(status, "bad_request"))


def refusal(status: int, sentence: str) -> HTMLResponse:
    """A small page of its own: it must not depend on anything that could also fail, and reads well without its look."""
    said = escape(sentence)
    return HTMLResponse(
        '<!doctype html><html lang="es"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{said}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/static/portal.css"></head>'
        '<body class="gate"><header class="top"></header>'
        f'<main class="flow"><p class="sheet">{said}</p></main></body></html>',
        status_code=status,
    )


async def _read(receive: Receive, limit: int) -> bytes | None:
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _posted_token(scope: Scope, headers: Headers, body: bytes) -> str | None:
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            found = parse_qs(body.decode("ascii"), max_num_fields=MOST_FIELDS).get("csrf")
        except (ValueError, UnicodeDecodeError):
            return None
        return found[0] if found else None
    if kind == "multipart/form-data":
        return await _multipart_token(scope, body)
    return None


async def _multipart_token(scope: Scope, body: bytes) -> str | None:
    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    try:
        async with Request(scope, _replay(body, nothing)).form(max_fields=MOST_FIELDS) as form:
            token = form.get("csrf")
            return token if isinstance(token, str) else None
    except (MultiPartException, HTTPException, ClientDisconnect, ValueError):
        return None
