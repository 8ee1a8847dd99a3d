"""The OpenAPI 3.1 document, written from the very declarations that validate and answer."""

import re
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import msgspec
from pydantic.json_schema import models_json_schema

from app.api.answering import JSON
from app.api.endpoint import Endpoint
from app.problems import MEDIA_TYPE
from app.texts import _

REFERENCE = "#/components/schemas/{}"
VERSION = "1.0.0"
_PARAMETER = re.compile(r"\{(\w+)\}")

Schema = dict[str, Any]


def written_document(modules: Iterable[ModuleType], address: str) -> Schema:
    """The whole document, in the language of whoever reads. ``address`` is where the site is served."""
    endpoints = [(endpoint, module) for module in modules for endpoint in module.endpoints]
    schemas = _Schemas([endpoint for endpoint, _module in endpoints])
    paths: dict[str, Schema] = {}
    for endpoint, module in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, module, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ventanilla", "version": VERSION, "description": _(ABOUT)},
        "servers": [{"url": f"{address}/api/v1"}],
        "security": [{"key": []}],
        "tags": [{"name": name, "description": _(title)} for name, title in _tags(modules)],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "vk_…"}},
            "schemas": schemas.components,
        },
    }


ABOUT = (
    "Programas que trabajan con los datos de una empresa. Cada clave es de una empresa y no puede hacer más que quien "
    "la hizo. Los identificadores y los importes son textos; las fechas, 2026-11-21; los momentos, en UTC."
)


def _tags(modules: Iterable[ModuleType]) -> list[tuple[str, str]]:
    """Each once; a module without one shares that of the module before."""
    return list(dict.fromkeys(module.TAG for module in modules if hasattr(module, "TAG")))


class _Schemas:
    """Every schema there is, by name, and where each endpoint's are."""

    def __init__(self, endpoints: list[Endpoint]) -> None:
        answers = list(dict.fromkeys(endpoint.answer for endpoint in endpoints if endpoint.answer is not None))
        found, components = msgspec.json.schema_components(answers, ref_template="#/components/schemas/{name}")
        bodies = list(dict.fromkeys(endpoint.body for endpoint in endpoints if endpoint.body is not None))
        _keys, told = models_json_schema(
            [(body, "validation") for body in bodies], ref_template="#/components/schemas/{model}"
        )
        self.answers = dict(zip(answers, found, strict=True))
        everything = components | told.get("$defs", {}) | {"Problem": PROBLEM}
        self.components = {_plain_name(name): _plain(schema) for name, schema in sorted(everything.items())}
        for endpoint in endpoints:
            self._loosen(endpoint)

    def _loosen(self, endpoint: Endpoint) -> None:
        """Of what may be asked for in part only the id is sure; what is left out of a change has no value."""
        if endpoint.sparse is not None:
            self.components[endpoint.sparse.__name__]["required"] = ["id"]
        if endpoint.method == "PATCH" and endpoint.body is not None:
            for schema in self.components[endpoint.body.__name__]["properties"].values():
                schema.pop("default", None)

    def of_answer(self, endpoint: Endpoint) -> Schema:
        schema: Schema = _plain(self.answers[endpoint.answer])
        return schema


def _plain_name(name: str) -> str:
    """``Page_ContactSummary_`` is the library's word for it."""
    inner = re.fullmatch(r"Page_(\w+)_", name)
    return f"{inner[1]}Page" if inner else name


def _plain(schema: Any) -> Any:
    """Without the titles that libraries make up of names, and with references by our names."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _plain(value) for name, value in schema.items() if name != "title" or isinstance(value, dict)}
    if isinstance(reference := found.get("$ref"), str):
        found["$ref"] = REFERENCE.format(_plain_name(reference.rpartition("/")[2]))
    return found


def _operation(endpoint: Endpoint, module: ModuleType, schemas: _Schemas) -> Schema:
    tag = getattr(module, "TAG", ("documents",))[0]
    described: Schema = {
        "operationId": endpoint.name,
        "tags": [tag],
        "summary": _(endpoint.summary),
        "description": _("Permiso: %(cual)s.") % {"cual": endpoint.scope.value},
        "parameters": list(_parameters(endpoint)),
        "responses": dict(_answers(endpoint, schemas)),
        "x-scope": endpoint.scope.value,
    }
    if endpoint.body is not None:
        schema = {"$ref": REFERENCE.format(endpoint.body.__name__)}
        described["requestBody"] = {"required": not endpoint.may_be_empty, "content": {JSON: {"schema": schema}}}
    elif endpoint.media_types != (JSON,):
        content = {
            media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in endpoint.media_types
        }
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameters(endpoint: Endpoint) -> Iterator[Schema]:
    for name in _PARAMETER.findall(endpoint.path):
        yield {"name": name, "in": "path", "required": True, "schema": ROW}
    if endpoint.query is not None:
        written = endpoint.query.model_json_schema()
        for name, schema in written["properties"].items():
            yield _query_parameter(name, _resolved(schema, written.get("$defs", {})))
    if endpoint.method not in ("GET", "DELETE"):
        yield {"name": "Idempotency-Key", "in": "header", "schema": REQUEST, "description": _(REPEATED)}
    if endpoint.has_version and endpoint.status != 201:
        name = "If-None-Match" if endpoint.method == "GET" else "If-Match"
        yield {"name": name, "in": "header", "schema": {"type": "string"}, "description": _(VERSIONED)}


ROW: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
REQUEST: Schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"}
REPEATED = (
    "La misma petición con la misma clave se hace una vez y recibe la misma respuesta durante siete días, sin los "
    "secretos."
)
VERSIONED = "La versión (ETag) que se conoce."


def _query_parameter(name: str, schema: Schema) -> Schema:
    """A list goes with commas; what may be left out has no null in an address."""
    choices = [one for one in schema.pop("anyOf", []) if one.get("type") != "null"]
    told = _plain(schema | (choices[0] if choices else {}))
    if told.get("default") is None:
        told.pop("default", None)
    found: Schema = {"name": name, "in": "query", "schema": told}
    if told.get("type") == "array":
        found |= {"style": "form", "explode": False}
    return found


def _resolved(schema: Schema, known: dict[str, Schema]) -> Schema:
    reference = schema.get("$ref")
    return dict(known[reference.rpartition("/")[2]]) if isinstance(reference, str) else dict(schema)


def _answers(endpoint: Endpoint, schemas: _Schemas) -> Iterator[tuple[str, Schema]]:
    done: Schema = {"description": _("Hecho.")}
    if endpoint.answer is not None:
        done["content"] = {JSON: {"schema": schemas.of_answer(endpoint)}}
    elif endpoint.answers_with != JSON:
        done["content"] = {endpoint.answers_with: {"schema": {"type": "string", "format": "binary"}}}
    if endpoint.has_version:
        done["headers"] = {"ETag": {"schema": {"type": "string"}}}
    yield str(endpoint.status), done
    if endpoint.has_version and endpoint.method == "GET":
        yield "304", {"description": _("No ha cambiado.")}
    for status in _problems_of(endpoint):
        schema = {"$ref": REFERENCE.format("Problem")}
        yield str(status), {"description": _(PROBLEMS[status]), "content": {MEDIA_TYPE: {"schema": schema}}}


def _problems_of(endpoint: Endpoint) -> list[int]:
    found = {400, 401, 403, 422, 429, 503}
    if "{" in endpoint.path:
        found.add(404)
    if endpoint.method != "GET":
        found |= {404, 409}
    if endpoint.carries:
        found |= {413, 415}
    elif endpoint.method not in ("GET", "DELETE"):
        found |= {415}
    if endpoint.has_version and endpoint.method != "GET" and endpoint.status != 201:
        found.add(412)
    return sorted(found | set(endpoint.also))


PROBLEMS = {
    400: "No se entiende lo que se envía.",
    401: "Falta la clave, o no sirve.",
    403: "La clave no tiene ese permiso.",
    404: "No existe en esta empresa.",
    409: "Ahora no se puede: «code» dice por qué.",
    412: "Ha cambiado desde que se leyó.",
    413: "Es demasiado grande.",
    415: "No se admite ese formato.",
    422: "Hay datos que no sirven: «errors» dice cuáles.",
    429: "Demasiadas peticiones: «Retry-After» dice cuánto esperar.",
    502: "Ha fallado algo de fuera.",
    503: "Ahora mismo no se puede: «Retry-After» dice cuánto esperar.",
}
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457. `code` never changes; the words may.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string"},
                    "parameter": {"type": "string"},
                    "header": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["code", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code"],
}
