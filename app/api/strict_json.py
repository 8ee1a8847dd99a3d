"""JSON without a second meaning: what two readers could understand differently is refused.

No key twice, no NaN, no number beyond what a number may be, no half of a character, no endless nesting.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from itertools import count
from typing import Any

from msgspec import Struct

from app.errors import Refusal
from app.texts import _

DEEPEST = 20
MOST_DIGITS = 40
_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")


Place = tuple[int | str, ...]


class BadJson(Refusal):
    """``place`` is where in the JSON, when that is known."""

    status = 400
    code = "bad_json"

    def __init__(self, sentence: str, place: Place | None = None) -> None:
        super().__init__(sentence)
        self.place = place


class _Wrong(Struct, frozen=True):
    """Stands where something cannot be read, until its place is known."""

    sentence: str


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
    _check(found, is_whole=_HALVES.search(content) is None)
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, times in Counter(name for name, _value in pairs).items() if times > 1)
        found[twice] = _Wrong(_("El dato «%(nombre)s» está repetido.") % {"nombre": _shown(twice)})
    return found


def _no_constant(text: str) -> _Wrong:
    return _Wrong(_("%(cual)s no es un número de JSON.") % {"cual": text})


def _whole(text: str) -> int | _Wrong:
    return int(text) if len(text) <= MOST_DIGITS else _Wrong(_("Hay un número con demasiadas cifras."))


def _decimal(text: str) -> float | _Wrong:
    """Amounts are texts: a number with decimals is only read to be told that it cannot be one."""
    if len(text) > MOST_DIGITS:
        return _Wrong(_("Hay un número con demasiadas cifras."))
    value = float(text)
    return _Wrong(_("Hay un número demasiado grande.")) if value in (float("inf"), float("-inf")) else value


def _check(found: Any, *, is_whole: bool) -> None:
    """Level by level. Half of a character outside the first 65,536 cannot be written down anywhere."""
    level: list[tuple[Place, Any]] = [((), found)]
    for depth in count():
        if not level:
            return
        for place, value in level:
            if isinstance(value, _Wrong):
                raise BadJson(value.sentence, place)
            if depth > DEEPEST:
                raise BadJson(_("El JSON tiene demasiados niveles."), place[:1])
            if not is_whole and _has_halves(value):
                raise BadJson(_("Hay medio carácter (un surrogate suelto)."), place)
        level = [((*place, name), inner) for place, outer in level for name, inner in _within(outer)]


def _has_halves(value: Any) -> bool:
    """Of a text, or of the names of an object."""
    texts = [value] if isinstance(value, str) else value if isinstance(value, dict) else ()
    return any("\ud800" <= mark <= "\udfff" for text in texts for mark in text)


def _within(outer: Any) -> Iterable[tuple[int | str, Any]]:
    if isinstance(outer, dict):
        return outer.items()
    return enumerate(outer) if isinstance(outer, list) else ()


def _shown(name: str) -> str:
    return name[:60].encode("utf-8", "replace").decode()
