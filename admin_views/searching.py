"""What an address asks a list for: words, filters, order and place. List, export and actions read it alike."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from msgspec import Struct, field
from sqlalchemy import Date, Integer
from sqlalchemy.types import TypeEngine

from admin_views.columns import Column
from admin_views.filters import Filter, whole
from app.domain import fields
from app.errors import InvalidValue
from app.money import read_plain
from models.types import Moment, Scaled

TEXT, ORDER, AFTER, BEFORE, SIZE, PLACE, LAST = "buscar", "orden", "tras", "antes", "ver", "n", "final"
SIZES = (25, 50, 100, 200)
LONGEST_QUERY = 4000


class Order(Struct, frozen=True):
    """The order of a list: one column and the id, both the same way."""

    name: str
    descending: bool

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name


class Search(Struct, frozen=True, kw_only=True):
    """``values`` by filter name; ``wrong`` by parameter: a search with something wrong in it finds nothing."""

    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)
    order: Order
    is_default_order: bool = True
    wrong: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, int] | None = None
    before: tuple[str, int] | None = None
    from_the_end: bool = False
    size: int = SIZES[0]
    place: int = 0

    @property
    def what(self) -> dict[str, str]:
        """Words and filters, as parameters: what a saved view keeps and an action acts on."""
        return {TEXT: self.text, **self.raw} if self.text else dict(self.raw)

    @property
    def is_everything(self) -> bool:
        return not self.what

    @property
    def query(self) -> str:
        """Words, filters and order as a query string that reproduces the list."""
        return urlencode(self.what | ({} if self.is_default_order else {ORDER: str(self.order)}))

    @property
    def is_backwards(self) -> bool:
        """Whether the page is read from its far end towards the near one."""
        return self.from_the_end or self.before is not None

    @property
    def cursor(self) -> dict[str, str]:
        """The place of the page, as parameters."""
        if self.from_the_end:
            return {LAST: "1"}
        place = {AFTER: self.after, BEFORE: self.before}
        return {name: json.dumps(cursor, ensure_ascii=False) for name, cursor in place.items() if cursor is not None}

    def link(self, **changes: str | None) -> str:
        """The query string with parameters changed or, when none, taken away; begins again at the first page."""
        parameters = dict(parse_qsl(self.query)) | ({SIZE: str(self.size)} if self.size != SIZES[0] else {})
        for name, value in changes.items():
            parameters.pop(name, None)
            if value is not None:
                parameters[name] = value
        return "?" + urlencode(parameters)

    def without(self, parameters: Iterable[str]) -> str:
        return self.link(**dict.fromkeys(parameters))


def read_search(
    asked: Mapping[str, str], *, filters: Sequence[Filter], columns: Sequence[Column], default: Order
) -> Search:
    """Read an address. Nothing in it can do worse than be ignored or be named as wrong."""
    wrong: dict[str, str] = {}
    values: dict[str, Any] = {}
    raw: dict[str, str] = {}
    for one in filters:
        typed = {name: asked[name].strip() for name in one.parameters if asked.get(name, "").strip()}
        try:
            value = one.read(asked)
        except InvalidValue as refusal:
            wrong[refusal.field or one.name] = str(refusal)
            raw |= typed
            continue
        if value is not None:
            values[one.name] = value
            raw |= typed
    order = _order(asked.get(ORDER, ""), columns)
    return Search(
        text=_text(asked.get(TEXT, ""), wrong),
        values=values,
        raw=raw,
        order=order or default,
        is_default_order=order is None or order == default,
        wrong=wrong,
        after=_cursor(asked.get(AFTER, "")),
        before=_cursor(asked.get(BEFORE, "")),
        from_the_end=asked.get(LAST) == "1",
        size=_size(asked.get(SIZE, "")),
        place=min(whole(asked.get(PLACE, "")) or 0, 10**9),
    )


def replay(query: str) -> dict[str, str]:
    """The parameters of a stored query string."""
    return dict(parse_qsl(query[:LONGEST_QUERY]))


def spell_cursor(value: Any, row_id: int) -> str:
    """A place in the list as it stands in an address: the sorted value and the id of the row."""
    plain = value.isoformat() if isinstance(value, dt.date) else str(value)
    return json.dumps([plain, row_id], ensure_ascii=False, separators=(",", ":"))


def read_place(text: str, kind: TypeEngine[Any]) -> Any:
    """The sorted value of a cursor as its column has it; raises ``ValueError``."""
    if isinstance(kind, Moment):
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return moment
    if isinstance(kind, Date):
        return dt.date.fromisoformat(text)
    if isinstance(kind, Scaled):
        return read_plain(text, places=kind.places)
    if isinstance(kind, Integer):
        if (number := whole(text)) is None:
            raise ValueError(text)
        return number
    return fields.line(text, AFTER, most=1000)


def _cursor(text: str) -> tuple[str, int] | None:
    if not text or len(text) > 1000:
        return None
    try:
        found = json.loads(text)
        text.encode(), json.dumps(found, ensure_ascii=False).encode()  # half a letter is none
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or len(found) != 2 or not isinstance(found[0], str):
        return None
    row_id = whole(str(found[1]))
    return None if row_id is None else (found[0], row_id)


def _text(typed: str, wrong: dict[str, str]) -> str:
    try:
        return fields.line(typed, TEXT, most=100)
    except InvalidValue as refusal:
        wrong[TEXT] = str(refusal)
        return ""


def _order(asked: str, columns: Sequence[Column]) -> Order | None:
    name = asked.removeprefix("-")
    if any(column.name == name and column.sort is not None for column in columns):
        return Order(name, asked.startswith("-"))
    return None


def _size(asked: str) -> int:
    wanted = whole(asked)
    return wanted if wanted in SIZES else SIZES[0]
