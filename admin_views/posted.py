"""What an unsafe request carried: read once at the door, then shared by everything behind it."""

from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from app.middleware import MOST_FIELDS

# Fields of the door's own pages, never part of a screen's form.
PASSWORD = "_password"
TO_COMPANY = "_to_company"
OWN = frozenset({PASSWORD, TO_COMPANY, "csrf"})


def posted(request: Request) -> FormData:
    """The form a request carried, files included. Empty for one that carried none."""
    found: FormData = request.scope.get("posted", FormData())
    return found


async def read_posted(request: Request) -> tuple[FormData, Receive]:
    """The form of the request, and a ``receive`` that gives its body again."""
    body = await request.body()

    async def again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return await _parse(Request(request.scope, again), body), again


async def _parse(request: Request, body: bytes) -> FormData:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            fields = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            return FormData()
        return FormData([(name, value) for name, value in fields])
    if kind == "multipart/form-data":
        try:
            return await request.form(max_fields=MOST_FIELDS, max_part_size=2 * 1024 * 1024)
        except HTTPException:
            return FormData()
    return FormData()


def carried(request: Request) -> list[tuple[str, str]]:
    """The fields a page of the door has to send on; files cannot be sent twice."""
    return [
        (name, value) for name, value in posted(request).multi_items() if isinstance(value, str) and name not in OWN
    ]


def lost_files(request: Request) -> list[str]:
    """Names of files that have to be chosen again."""
    return [
        value.filename
        for _name, value in posted(request).multi_items()
        if isinstance(value, UploadFile) and value.filename
    ]
