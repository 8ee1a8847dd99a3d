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
    """The texts of the form a request carried, whoever made it: a file sent in their place is not there."""
    found: FormData = request.scope.get("posted", FormData())
    return found


def sent_files(request: Request, name: str) -> list[UploadFile]:
    """The files chosen under a name; a text sent in their place is not there."""
    found: list[tuple[str, UploadFile]] = request.scope.get("sent_files", [])
    return [file for field, file in found if field == name and file.filename]


async def read_posted(request: Request) -> Receive:
    """Put the form of the request where ``posted`` and ``sent_files`` find it; a ``receive`` that gives its body again.

    Whoever calls it closes the files in the end: see ``close_files``.
    """
    body = await request.body()
    fields = (await _parse(Request(request.scope, _again(body, request.receive)), body)).multi_items()
    request.scope["posted"] = FormData([(name, value) for name, value in fields if isinstance(value, str)])
    request.scope["sent_files"] = [(name, value) for name, value in fields if isinstance(value, UploadFile)]
    return _again(body, request.receive)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more; whoever then waits for the end of the connection waits for the real one."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def close_files(request: Request) -> None:
    for _name, file in request.scope.get("sent_files", []):
        await file.close()


async def _parse(request: Request, body: bytes) -> FormData:
    kind, _semicolon, parameters = request.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            fields = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            return FormData()
        return FormData([(name, value) for name, value in fields])
    if kind == "multipart/form-data" and "charset" not in parameters.lower():  # browsers say none: it is UTF-8
        try:
            return await request.form(max_fields=MOST_FIELDS, max_part_size=2 * 1024 * 1024)
        except (HTTPException, UnicodeError):
            return FormData()
    return FormData()


def carried(request: Request) -> list[tuple[str, str]]:
    """The fields a page of the door has to send on; files cannot be sent twice."""
    return [(name, str(value)) for name, value in posted(request).multi_items() if name not in OWN]


def lost_files(request: Request) -> list[str]:
    """Names of files that have to be chosen again."""
    return [file.filename for _name, file in request.scope.get("sent_files", []) if file.filename]
