"""JSON without a second meaning: what two readers could understand differently is refused.

No key twice, no NaN, no number beyond what a number may be, no half of a character, no endless nesting.
"""

import json
import re
from collections import Counter
from typing import Any

from app.errors import Refusal
from app.texts import _

DEEPEST = 20
MOST_DIGITS = 40
_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")


class BadJson(Refusal):
    status = 400
    code = "bad_json"


def read_json(content: bytes) -> Any:
    """What ``content`` says. Raises ``BadJson``."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(_("El JSON tiene que estar en UTF-8.")) from error
    if text.startswith("\ufeff"):
        raise BadJson(_("El JSON no puede empezar por una marca de orden (BOM)."))
    try:
        found = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_decimal, parse_int=_whole
        )
    except json.JSONDecodeError as error:
        where = {"linea": error.lineno, "columna": error.colno}
        raise BadJson(_("No es JSON: falla en la línea %(linea)s, columna %(columna)s.") % where) from error
    except RecursionError as error:
        raise BadJson(_("El JSON tiene demasiados niveles.")) from error
    if _HALVES.search(content):
        _check_whole(found)
    _check_depth(found)
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _value in pairs).items() if count > 1)
        raise BadJson(_("El dato «%(nombre)s» está repetido.") % {"nombre": _shown(twice)})
    return found


def _no_constant(text: str) -> Any:
    raise BadJson(_("%(cual)s no es un número de JSON.") % {"cual": text})


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise BadJson(_("Hay un número con demasiadas cifras."))
    return int(text)


def _decimal(text: str) -> float:
    """Amounts are texts: a number with decimals is only read to be told that it cannot be one."""
    if len(text) > MOST_DIGITS:
        raise BadJson(_("Hay un número con demasiadas cifras."))
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise BadJson(_("Hay un número demasiado grande."))
    return value


def _check_whole(found: Any) -> None:
    """Half of a character outside the first 65,536 cannot be written down anywhere."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise BadJson(_("Hay medio carácter (un surrogate suelto).")) from error


def _check_depth(found: Any) -> None:
    level, depth = [found], 0
    while level := [inner for outer in level if isinstance(outer, dict | list) for inner in _within(outer)]:
        depth += 1
        if depth > DEEPEST:
            raise BadJson(_("El JSON tiene demasiados niveles."))


def _within(outer: dict[str, Any] | list[Any]) -> Any:
    return outer.values() if isinstance(outer, dict) else outer


def _shown(name: str) -> str:
    return name[:60].encode("utf-8", "replace").decode()
