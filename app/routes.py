"""Every route with who may use it and what protects its writes. A route that does not say so is a mistake."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from app.middleware import SAFE_METHODS

# Without a session, or before there is one.
PUBLIC = frozenset({
    "/", "/healthz", "/readyz", "/robots.txt", "/static", "/admin/statics", "/admin/login", "/admin/logout",
    "/admin/reauth", "/admin/session", "/admin/alta/{token}",
})  # fmt: skip
# Any member of staff, whatever their role.
STAFF = frozenset({"/admin/", "/admin/switch"})
# SQLAdmin's own addresses, one for all views.
GENERIC = re.compile(r"/admin/\{identity\}/(list|create|details|edit|delete|export|ajax)\b.*")
ACTION = re.compile(r"/admin/([a-z-]+)/action/([a-z-]+)")
NEEDS_OF = {"ajax": "list"}

Matrix = Mapping[str, Mapping[str, Any]]


class UndeclaredRoute(Exception):
    """Nobody has said who may use it."""

    def __init__(self, path: str) -> None:
        super().__init__(f"La ruta {path} no declara quién puede usarla.")


class Described(Struct, frozen=True):
    """``audience``: public, person, customer, staff or program.

    ``permission`` and least ``role`` are of staff; a program's ``permission`` is the scope its key needs. ``csrf``:
    ``token`` when an unsafe method needs our origin and the form's token, ``key`` when only a key in the header opens
    and no cookie counts, ``safe`` when there is no unsafe method.
    """

    path: str
    methods: tuple[str, ...]
    name: str
    audience: str
    permission: str = ""
    role: str = ""
    csrf: str = "safe"

    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"methods": list(self.methods)}


def describe(app: Starlette, matrix: Matrix, identities: list[str]) -> list[Described]:
    """Raises ``UndeclaredRoute``. ``matrix`` gives the least role of each action of each of the office's views."""
    return [found for path, route in _flat(app.routes, "") for found in _describe(path, route, matrix, identities)]


def _flat(routes: list[BaseRoute], prefix: str) -> Iterator[tuple[str, BaseRoute]]:
    for route in routes:
        if isinstance(route, Mount) and route.routes:
            yield from _flat(list(route.routes), prefix + route.path)
        elif isinstance(route, Mount | Route):
            yield prefix + (route.path if isinstance(route, Mount) else route.path_format), route


def _describe(path: str, route: BaseRoute, matrix: Matrix, identities: list[str]) -> Iterator[Described]:
    methods = tuple(sorted(getattr(route, "methods", None) or {"GET", "HEAD"}))
    told: dict[str, Any] = {"methods": methods, "name": getattr(route, "name", "") or "", "csrf": _csrf(methods)}
    endpoint = getattr(route, "endpoint", None)
    if declared := getattr(endpoint, "declared", None):
        yield from (Described(path=path, **one) for one in declared)
    elif path in PUBLIC or path in STAFF:
        yield Described(path=path, audience="public" if path in PUBLIC else "staff", **told)
    elif (audience := getattr(endpoint, "audience", None)) is not None:
        yield Described(path=path, audience=str(audience), **told)
    elif generic := GENERIC.fullmatch(path):
        for identity in identities:
            yield _for_staff(path.replace("{identity}", identity), generic[1], identity, matrix, told)
    elif action := ACTION.fullmatch(path):
        yield _for_staff(path, f"action:{action[2]}", action[1], matrix, told)
    elif needs := getattr(endpoint, "needs", None):
        yield _for_staff(path, str(needs), path.split("/")[2], matrix, told)
    else:
        raise UndeclaredRoute(path)


def _for_staff(path: str, needs: str, identity: str, matrix: Matrix, told: dict[str, Any]) -> Described:
    """What no role is granted is nobody's: the address answers 403 or 404 to everyone."""
    needs = NEEDS_OF.get(needs, needs)
    role = matrix.get(identity, {}).get(needs)
    return Described(
        path=path,
        audience="staff" if role else "nobody",
        permission=f"{identity}:{needs}",
        role=str(role or ""),
        **told,
    )


def _csrf(methods: tuple[str, ...]) -> str:
    return "safe" if SAFE_METHODS.issuperset(methods) else "token"
