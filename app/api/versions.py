"""Answers as they go out, with what tells one state of a thing from the next (``ETag``)."""

import hashlib
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.api.endpoint import Answer, Call, Changed, Endpoint, Page

_encode = msgspec.json.Encoder().encode
PRIVATE = {"Cache-Control": "no-store, private"}


def version_of(content: Any) -> str:
    """The ETag of a thing: the same for the same thing, whatever part of it was asked for."""
    return f'"{hashlib.sha256(_encode(content)).hexdigest()[:24]}"'


def check_version(call: Call, content: Any) -> None:
    """Whoever said which version they know may only go on with that one. Raises ``Changed``."""
    if call.match is not None and not is_known(call.match, version_of(content)):
        raise Changed


def is_known(header: str, version: str) -> bool:
    """Whether ``If-Match`` or ``If-None-Match`` names this version."""
    named = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in named or version in named


def respond(endpoint: Endpoint, request: Request, call: Call, done: Any) -> Response:
    """``done`` as it goes out: all of it, or the ``fields`` that were asked for."""
    answer = done if isinstance(done, Answer) else Answer(content=done)
    headers = PRIVATE | answer.headers
    if answer.location:
        headers["Location"] = f"/api/v1{answer.location}"
    if isinstance(answer.content, bytes):
        return Response(answer.content, endpoint.status, headers, answer.media_type)
    if endpoint.has_version:
        headers["ETag"] = version_of(answer.content)
        known = request.headers.get("if-none-match")
        if known is not None and request.method in ("GET", "HEAD") and is_known(known, headers["ETag"]):
            return Response(status_code=304, headers=headers)
    if endpoint.status == 204:
        return Response(status_code=204, headers=headers)
    content = _part(answer.content, getattr(call.query, "fields", None))
    return Response(_encode(content), endpoint.status, headers, answer.media_type)


def _part(content: Any, names: tuple[str, ...] | None) -> Any:
    """Only the fields that were asked for, and always the id."""
    if names is None:
        return content
    wanted = ("id", *(name for name in names if name != "id"))
    if isinstance(content, Page):
        rows = [{name: getattr(row, name) for name in wanted} for row in content.items]
        return {"items": rows, "next": content.next}
    return {name: getattr(content, name) for name in wanted}
