"""What pages of both doors need from a request: installation, address, cookie, form token, templates."""

import hashlib
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from app import clock, money
from app.errors import Refusal
from app.installation import Installation
from app.secrets import new_token
from app.texts import _, ending, plural

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"
RETRY_SOON = 5


class Door(NamedTuple):
    """A part of the site with its own cookie: the office, or one company's intranet."""

    name: str
    path: str


def door_of(path: str) -> Door | None:
    """The door an address belongs to, if any. Cookie paths keep the case of the address."""
    if path == "/admin" or path.startswith("/admin/"):
        return Door("admin", "/admin")
    parts = path.split("/", 3)
    if len(parts) > 2 and parts[1] == "in" and parts[2]:
        return Door("portal", f"/in/{parts[2]}")
    return None


def cookie_name(door: Door, secure: bool) -> str:
    return f"{'__Secure-' if secure else ''}ventanilla_{door.name}"


def installation_of(request: Request) -> Installation:
    found: Installation = request.scope["installation"]
    return found


def browser_key(request: Request) -> str:
    """The value of this door's cookie: a session once signed in, else only what ties a form to this browser.

    A browser without one is given one with the answer.
    """
    new: str | None = request.scope.get("new_cookie")
    if new:
        return new
    door = door_of(request.scope["path"])
    assert door is not None, "only pages behind a door have a cookie"
    known = request.cookies.get(cookie_name(door, installation_of(request).settings.is_secure))
    return known or replace_cookie(request, new_token())


def replace_cookie(request: Request, value: str) -> str:
    """Give this browser another cookie with the answer: no key outlives a sign-in or sign-out."""
    request.scope["new_cookie"] = value
    return value


def form_token(request: Request) -> str:
    """The token every form of this browser must carry (field ``csrf`` or header ``X-CSRF-Token``)."""
    return installation_of(request).keys.sign("csrf", browser_key(request))


def client_address(request: Request) -> str:
    """The caller's address. X-Forwarded-For counts only as far as trusted proxies wrote it."""
    direct = request.client.host if request.client else ""
    trusted = installation_of(request).settings.trusted_proxies
    hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    address = direct
    while hops and _is_in(address, trusted):
        address = hops.pop()
    return address[:40]


def _is_in(address: str, networks: tuple[Any, ...]) -> bool:
    try:
        known = ip_address(address)
    except ValueError:
        return False
    return any(known in network for network in networks)


def retry_after(refusal: Refusal) -> dict[str, str]:
    """The header that tells programs how long to wait, for refusals that pass by themselves."""
    if refusal.status not in (429, 503):
        return {}
    return {"Retry-After": str(getattr(refusal, "retry_after", RETRY_SOON))}


@lru_cache
def asset(name: str) -> str:
    """The address of a static file, with its content in it so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def make_environment(*folders: Path) -> Environment:
    """Jinja for pages: escaping on, a missing variable is an error, our formats as filters."""
    environment = Environment(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"_": _, "plural": plural, "asset": asset, "today": clock.today}
    environment.filters |= {
        "ending": ending,
        "euros": money.euros,
        "spell": money.spell,
        "short": money.short,
        "day": lambda day: day.strftime("%d/%m/%Y") if day else "",
        "moment": lambda moment: clock.madrid(moment).strftime("%d/%m/%Y, %H:%M") if moment else "",
    }
    return environment
