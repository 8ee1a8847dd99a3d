"""One way to declare what a program may ask: method and address, scope, what comes in, what goes out.

    @reading("/contacts", summary="…", scope=ApiScope.READ, query=Wanted, answer=Page[Contact], sparse=Contact)
    def index(db, call):                     # in one read of the company, in a thread
        return Page(...)

    @writing("POST", "/contacts", summary="…", scope=ApiScope.WRITE, body=NewContact, answer=Contact, status=201)
    def create(db, call):                    # in one write; may be run again, so no effect but through ``db``
        return Answer(contact, location=f"/contacts/{contact.id}")

A module of ``app.api.v1`` ends with its ``endpoints``. The same declaration validates, limits, answers and is written
down in the OpenAPI document.
"""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Struct, field
from pydantic import create_model

from app.api.fields import Body, Query, Several, Whole, read_id
from app.domain.api_keys import Program
from app.errors import InvalidValue, NotFound, Refusal
from app.installation import Installation
from app.scope import Actor, CompanyScope
from app.texts import _
from models.enums import ApiScope

Row = TypeVar("Row")
Work = Callable[..., Any]

LARGEST_BODY = 4 * 1024 * 1024
LEASE = dt.timedelta(seconds=60)
USUAL_PAGE, LARGEST_PAGE = 50, 200


class Changed(Refusal):
    """What the program knows is not what there is (``If-Match``)."""

    status = 412
    code = "changed"

    def __init__(self) -> None:
        super().__init__(_("Ha cambiado desde que lo leyó. Léalo otra vez y decida."))


class Page(Struct, Generic[Row]):
    """Part of a list. ``next`` is the ``cursor`` of the rest, none at the end."""

    items: list[Row]
    next: str | None = None


class Answer(Struct, kw_only=True):
    """What goes out: a struct, or the bytes of a file with their ``media_type``."""

    content: Any = None
    location: str = ""
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class Call(Struct, frozen=True, kw_only=True):
    """A request of a program, read and checked. ``key`` is its own for what is done once, if it gave one."""

    installation: Installation
    program: Program
    path: dict[str, str]
    query: Any = None
    body: Any = None
    content: bytes = b""
    match: str | None = None
    key: str | None = None

    @property
    def scope(self) -> CompanyScope:
        return CompanyScope(self.program.company_id)

    @property
    def actor(self) -> Actor:
        """As the audit keeps it: in Spanish, whoever reads the answer."""
        return Actor(f"{self.program.user_name} (clave «{self.program.key_name}»)"[:200], self.program.user_id)

    def id(self, what: str, name: str = "id") -> int:
        """An id of the address. Raises ``NotFound``, saying what there is not, for what cannot be one."""
        try:
            return read_id(self.path[name])
        except InvalidValue as error:
            raise NotFound(what) from error


class Endpoint(Struct, frozen=True, kw_only=True):
    """``db_mode``: ``read`` and ``write`` hand over a session; ``apart`` opens its own transactions.

    ``once``: fields that the first answer carries alone, secrets; the same request again finds none in their place.
    """

    method: str
    path: str
    work: Work
    db_mode: str
    summary: str
    scope: ApiScope
    tag: str = ""
    answer: Any = None
    status: int = 200
    query: type[Query] | None = None
    body: type[Body] | None = None
    may_be_empty: bool = False
    media_types: tuple[str, ...] = ("application/json",)
    answers_with: str = "application/json"
    sparse: Any = None
    has_version: bool = False
    largest_body: int = LARGEST_BODY
    lease: dt.timedelta = LEASE
    before: Callable[[Call], None] | None = None
    also: tuple[int, ...] = ()
    once: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """For the document: ``contacts_create``."""
        return f"{self.work.__module__.rpartition('.')[2]}_{self.work.__name__}"

    @property
    def carries(self) -> bool:
        """Whether a request has something in it."""
        return self.body is not None or self.media_types != ("application/json",)


class Paged(Query):
    """How every list is read: so many at a time, then those after the ``cursor`` that the last answer gave."""

    limit: Annotated[int, Whole(1, LARGEST_PAGE)] = USUAL_PAGE
    cursor: str | None = None


def reading(path: str, **declared: Any) -> Callable[[Work], Endpoint]:
    """``work(db, call)`` in a transaction that changes nothing."""
    return lambda work: _made("GET", path, work, db_mode="read", **declared)


def writing(method: str, path: str, **declared: Any) -> Callable[[Work], Endpoint]:
    """``work(db, call)`` in one write transaction; ``before(call)`` first, with none open."""
    return lambda work: _made(method, path, work, db_mode="write", **declared)


def working(method: str, path: str, **declared: Any) -> Callable[[Work], Endpoint]:
    """``work(call)``, which reads, works and records by itself, and which is safe to repeat."""
    return lambda work: _made(method, path, work, db_mode="apart", **declared)


def _made(method: str, path: str, work: Work, *, query: type[Query] | None = None, **declared: Any) -> Endpoint:
    if (sparse := declared.get("sparse")) is not None:
        base = query or Query
        names = Annotated[tuple[str, ...], Several(sparse.__struct_fields__)]
        fields: Any = {"fields": (names | None, None)}
        query = create_model(base.__name__, __base__=base, **fields)
    return Endpoint(method=method, path=path, work=work, query=query, **declared)
