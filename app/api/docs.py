"""The OpenAPI document and a page that explains it, both made here: nothing of anybody else's is asked for."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.api.answering import JSON
from app.api.openapi import written_document
from app.api.v1 import MODULES
from app.problems import TITLES, spoken_to
from app.texts import ENGLISH_OF_PROGRAMS, language
from app.web import TEMPLATES, installation_of, make_environment
from models.enums import ApiScope, WebhookEvent

FRESH = {"Cache-Control": "no-cache"}


class Field(Struct, frozen=True):
    """A line of a table of fields. ``link`` leads to the schema it is of."""

    name: str
    kind: str
    link: str
    note: str
    required: bool


class Asked(Struct, frozen=True):
    """One thing that may be asked, as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: list[Field]
    body: str
    answers: list[tuple[str, str, str]]


def show_document(request: Request) -> Response:
    with spoken_to(request.scope):
        content = msgspec.json.encode(_document(installation_of(request).settings.base_url, language.get()))
    return Response(content, 200, FRESH, JSON)


def show_page(request: Request) -> Response:
    with spoken_to(request.scope):
        written = _document(installation_of(request).settings.base_url, language.get())
        page = (
            _environment()
            .get_template("api/docs.html")
            .render(
                document=written,
                spoken="en" if language.get() == ENGLISH_OF_PROGRAMS else "es",
                groups=[(tag, list(_asked(written, tag["name"]))) for tag in written["tags"]],
                schemas={name: _fields(schema) for name, schema in written["components"]["schemas"].items()},
                scopes=[scope.value for scope in ApiScope],
                events=[event.value for event in WebhookEvent],
                titles=TITLES,
            )
        )
    return HTMLResponse(page, headers=FRESH)


for _page in (show_document, show_page):
    _page.audience = "public"  # type: ignore[attr-defined]  # for the list of routes


@lru_cache
def _document(address: str, spoken: str) -> dict[str, Any]:
    """The same for everybody who reads the same language."""
    return written_document(MODULES, address)


@lru_cache
def _environment() -> Any:
    made = make_environment(TEMPLATES)
    made.filters["code"] = lambda text: re.sub(r"`([^`]+)`", r"\1", text)
    return made


def _asked(document: dict[str, Any], tag: str) -> Iterator[Asked]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation["tags"] == [tag]:
                yield Asked(
                    id=operation["operationId"],
                    method=method.upper(),
                    path=path,
                    summary=operation["summary"],
                    scope=operation["x-scope"],
                    parameters=[_parameter(one) for one in operation["parameters"]],
                    body=_body(operation.get("requestBody")),
                    answers=[_answer(*one) for one in operation["responses"].items()],
                )


def _parameter(one: dict[str, Any]) -> Field:
    kind, link = _kind(one["schema"])
    return Field(one["name"], kind, link, one.get("description", ""), one.get("required", False))


def _fields(schema: dict[str, Any]) -> tuple[str, list[Field]]:
    """What a schema says of itself, and its fields; of a closed list, its values."""
    required = schema.get("required", [])
    fields = []
    for name, inner in schema.get("properties", {}).items():
        kind, link = _kind(inner)
        fields.append(Field(name, kind, link, "", name in required))
    if "enum" in schema:
        fields.append(Field("", " · ".join(map(str, schema["enum"])), "", "", required=False))
    return schema.get("description", ""), fields


def _kind(schema: dict[str, Any]) -> tuple[str, str]:
    """In a word, and the schema it leads to, if any."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return name, name
    if choices := schema.get("anyOf"):
        kinds = [_kind(one) for one in choices]
        return " | ".join(kind for kind, _link in kinds), next((link for _kind, link in kinds if link), "")
    if schema.get("type") == "array":
        kind, link = _kind(schema.get("items", {}))
        return f"{kind}[]", link
    told = str(schema.get("format") or schema.get("type", ""))
    if "enum" in schema:
        told = " · ".join(map(str, schema["enum"]))
    return told, ""


def _body(request_body: dict[str, Any] | None) -> str:
    """The schema of what is sent, or the formats of a file."""
    if request_body is None:
        return ""
    content = request_body["content"]
    schema = content.get(JSON, {}).get("schema", {})
    return str(schema["$ref"]).rpartition("/")[2] if schema else ", ".join(content)


def _answer(status: str, answer: dict[str, Any]) -> tuple[str, str, str]:
    """Status, words, and the schema of what comes with it."""
    schemas = [content["schema"] for content in answer.get("content", {}).values()]
    link = next((str(schema["$ref"]).rpartition("/")[2] for schema in schemas if "$ref" in schema), "")
    return status, answer["description"], link
