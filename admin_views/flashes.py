"""Messages for the next page, in a small signed cookie, behind the dictionary that SQLAdmin's ``Flash`` writes to."""

import base64
import binascii
import json
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import Message, Send

from app.web import cookie_name, door_of, installation_of

LONGEST = 3000


def carry_flashes(request: Request, send: Send) -> Send:
    """Give the request a ``session`` with the messages it brought; what is left in it goes out with the answer."""
    door = door_of(request.url.path)
    assert door is not None, "the office is behind a door"
    secure = installation_of(request).settings.is_secure
    name = f"{cookie_name(door, secure)}_flash"
    brought = _open(request, request.cookies.get(name, ""))
    session: dict[str, Any] = {"_messages": brought} if brought else {}
    brought_count = len(brought)
    request.scope["session"] = session

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            left = session.get("_messages", [])
            if left and len(left) != brought_count:
                cookie = f"{name}={_seal(request, left)}"
            elif brought_count and not left:
                cookie = f"{name}=; Max-Age=0"
            else:
                cookie = ""
            if cookie:
                attributes = f"; Path={door.path}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
                MutableHeaders(scope=message).append("Set-Cookie", cookie + attributes)
        await send(message)

    return sending


def _seal(request: Request, messages: list[dict[str, str]]) -> str:
    """The newest messages that fit, signed."""
    while True:
        text = base64.urlsafe_b64encode(json.dumps(messages, ensure_ascii=False).encode()).decode()
        if len(text) <= LONGEST or not messages:
            return f"{text}.{installation_of(request).keys.sign('flash', text)}"
        longest = messages[-1] | {"message": messages[-1]["message"][:400]}
        messages = messages[1:] if len(messages) > 1 else ([longest] if longest != messages[-1] else [])


def _open(request: Request, cookie: str) -> list[dict[str, str]]:
    text, _, tag = cookie.rpartition(".")
    if not text or not installation_of(request).keys.signed("flash", text, tag):
        return []
    try:
        found: list[dict[str, str]] = json.loads(base64.urlsafe_b64decode(text))
    except (ValueError, binascii.Error):
        return []
    return found
