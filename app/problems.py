"""Errors as programs read them (RFC 9457), in Spanish or English as their reader asks."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from app.texts import ENGLISH_OF_PROGRAMS, _, language, speaking

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "No se entiende la petición",
    401: "Falta una clave que sirva",
    403: "La clave no da permiso",
    404: "No existe",
    405: "Así no se puede",
    409: "Ahora no se puede",
    412: "Ha cambiado",
    413: "Demasiado grande",
    415: "Ese formato no",
    422: "Hay datos que no sirven",
    429: "Demasiadas peticiones",
    500: "Ha fallado algo nuestro",
    502: "Ha fallado algo de fuera",
    503: "Ahora mismo no se puede",
}


def is_for_programs(path: str) -> bool:
    return path == "/api" or path.startswith("/api/")


def problem(
    status: int,
    detail: str,
    *,
    code: str,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """``code`` never changes; words may. Each of ``errors`` says where: a ``pointer``, a ``parameter`` or a ``header``.

    The language is that of the reader at this moment: see ``spoken_to``.
    """
    content: dict[str, Any] = {
        "type": f"/api/v1/docs#{code}",
        "title": _(TITLES.get(status, TITLES[400])),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        content["errors"] = errors
    spoken = "en" if language.get() == ENGLISH_OF_PROGRAMS else "es"
    told = {"Content-Language": spoken, "Cache-Control": "no-store, private", **(headers or {})}
    return Response(msgspec.json.encode(content), status, told, MEDIA_TYPE)


def spoken_to(scope: Scope) -> AbstractContextManager[None]:
    """Texts inside are in the language that the request asks for."""
    return speaking(asked_language(Headers(scope=scope).get("accept-language", "")))


def asked_language(accepted: str) -> str:
    """The one of our two that comes first by its weight; Spanish when neither is asked for."""
    best, found = 0.0, "es"
    for part in accepted[:200].split(","):
        name, _semicolon, weight = part.partition(";")
        known = {"es": "es", "en": ENGLISH_OF_PROGRAMS}.get(name.strip().lower().partition("-")[0])
        value = _weight(weight)
        if known is not None and value > best:
            best, found = value, known
    return found


def _weight(text: str) -> float:
    name, _equals, value = text.strip().partition("=")
    try:
        return min(float(value), 1.0) if name.strip().lower() == "q" else 1.0
    except ValueError:
        return 0.0
