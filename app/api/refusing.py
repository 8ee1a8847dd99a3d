"""Whatever went wrong with a request, as a problem that a program can act on: every error, each with its place."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from starlette.responses import Response

from app.api.strict_json import BadJson
from app.errors import AdapterError, Refusal
from app.problems import problem
from app.texts import _
from app.web import RETRY_SOON, retry_after

log = logging.getLogger(__name__)

MOST_ERRORS = 100
MOST_SHOWN = 100
# How the office's forms call what programs call otherwise.
RENAMED = {"contact": "contact_id", "series": "series_id", "tax": "tax_rate_id"}
# What may come out of a request and is no mistake of ours.
EXPECTED = (Refusal, AdapterError, IntegrityError, OperationalError)

Errors = list[dict[str, Any]]


class Unfit(Refusal):
    """What a request carries does not fit its schema; ``errors`` say all that does not."""

    status = 422
    code = "invalid_request"

    def __init__(self, errors: Errors) -> None:
        super().__init__(_("Hay datos que no sirven: vea «errors»."))
        self.errors = errors


def unfit_body(error: ValidationError) -> Unfit:
    return Unfit([{"pointer": pointer_of(place)} | rest for place, rest in _told(error)])


def unfit_query(error: ValidationError) -> Unfit:
    return Unfit([{"parameter": _shown(str(place[0])) if place else ""} | rest for place, rest in _told(error)])


def pointer_of(place: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901); the whole is the empty one."""
    return "".join(f"/{_shown(str(part)).replace('~', '~0').replace('/', '~1')}" for part in place)


def answer_to(error: Exception) -> Response:
    """The problem that an expected error is. Anything else is a bug, and raised again."""
    if isinstance(error, Unfit):
        return problem(error.status, str(error), code=error.code, errors=error.errors)
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, AdapterError):
        log.warning("the outside failed: %s", error)
        sentence = _("Ha fallado algo que no depende de nosotros. Vuelva a intentarlo dentro de un rato.")
        return problem(502 if error.permanent else 503, sentence, code="outside_failed", headers=_SOON)
    if isinstance(error, IntegrityError):
        log.warning("a row was in the way: %s", error.orig)
        return problem(409, _("Otra petición ha cambiado lo mismo a la vez. Vuelva a intentarlo."), code="conflict")
    if isinstance(error, DBAPIError):
        log.error("the database does not serve: %s", error.orig)
        return problem(503, _("La base de datos no responde. Vuelva a intentarlo."), code="busy", headers=_SOON)
    raise error


_SOON = {"Retry-After": str(RETRY_SOON)}


def _refused(refusal: Refusal) -> Response:
    errors: Errors = []
    if isinstance(refusal, BadJson) and refusal.place is not None:
        errors = [{"pointer": pointer_of(refusal.place), "code": refusal.code, "detail": str(refusal)}]
    elif refusal.field:
        errors = [{"pointer": _pointer_of_field(refusal.field), "code": refusal.code, "detail": str(refusal)}]
    headers = retry_after(refusal)
    if waits := getattr(refusal, "retry_after", None):
        headers = {"Retry-After": str(waits)}
    headers |= getattr(refusal, "headers", {})
    return problem(refusal.status, str(refusal), code=refusal.code, errors=errors, headers=headers)


def _pointer_of_field(field: str) -> str:
    """``lines-3-tax`` of a form is ``/lines/3/tax_rate_id`` here."""
    return "".join(f"/{RENAMED.get(part, part)}" for part in field.split("-"))


def _told(error: ValidationError) -> Iterator[tuple[tuple[int | str, ...], dict[str, Any]]]:
    found = error.errors(include_url=False, include_input=False)
    for one in [each for each in found if not _is_of_its_parts(each, found)][:MOST_ERRORS]:
        context: Mapping[str, Any] = one.get("ctx", {})
        code, sentence = _spelt(one["type"], context)
        yield one["loc"], {"code": code, "detail": sentence}


def _is_of_its_parts(one: Any, found: Sequence[Any]) -> bool:
    """A list that is only too short because what is wrong in it was not counted."""
    place = one["loc"]
    return one["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in found
    )


def _spelt(kind: str, context: Mapping[str, Any]) -> tuple[str, str]:
    if kind == "rule":
        return context["code"], context["sentence"]
    if kind == "missing":
        return "missing", _("Falta este dato.")
    if kind == "extra_forbidden":
        return "unknown", _("No existe este dato.")
    if kind in ("enum", "literal_error"):
        expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        return "invalid_value", _("Debe ser uno de: %(cuales)s.") % {"cuales": expected}
    if kind in ("too_long", "too_short"):
        sentence = _("Como mucho %(n)s.") if kind == "too_long" else _("Al menos %(n)s.")
        return kind, sentence % {"n": context.get("max_length") or context.get("min_length")}
    is_type = kind not in ("greater_than_equal", "less_than_equal")
    return "invalid_type" if is_type else "out_of_range", _(_KINDS.get(kind, "No sirve."))


_KINDS = {
    "model_type": "Debe ser un objeto.",
    "model_attributes_type": "Debe ser un objeto.",
    "dict_type": "Debe ser un objeto.",
    "list_type": "Debe ser una lista.",
    "tuple_type": "Debe ser una lista.",
    "string_type": "Debe ser un texto.",
    "bool_type": "Debe ser true o false.",
    "int_type": "Debe ser un número entero.",
    "int_from_float": "Debe ser un número entero.",
    "greater_than_equal": "Es demasiado pequeño.",
    "less_than_equal": "Es demasiado grande.",
}


def _shown(name: str) -> str:
    """A name that came from outside, as it can be told again."""
    return name[:MOST_SHOWN]
