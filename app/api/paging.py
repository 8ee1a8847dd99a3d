"""Where a list goes on: the place of its last row, as a text that means nothing to anybody else."""

import base64
import binascii
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from app.api.endpoint import Page
from app.api.refusing import Unfit
from app.texts import _

LONGEST = 600


def page_of(
    found: Sequence[Any], limit: int, place: Callable[[Any], tuple[Any, ...]], make: Callable[[Any], Any]
) -> Page[Any]:
    """A page of what was found, of which one row more than fits was asked for; ``place`` is where a row stands."""
    rows = found[:limit]
    more = cursor_of(*place(rows[-1])) if len(found) > limit else None
    return Page([make(row) for row in rows], more)


def cursor_of(*place: dt.date | str | int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place_of(cursor: str | None, *kinds: type) -> Any:
    """What ``cursor_of`` was given; none without a cursor. Raises ``Unfit`` for what it did not write."""
    if cursor is None:
        return None
    try:
        if len(cursor) > LONGEST or not cursor.isascii():
            raise ValueError(cursor)
        content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place = msgspec.json.decode(content, type=tuple[kinds])  # type: ignore[valid-type]
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        sentence = _("Use el valor «next» de la página anterior, con los mismos filtros.")
        raise Unfit([{"parameter": "cursor", "code": "invalid_value", "detail": sentence}]) from error
    if any(not 0 < part < 2**63 if isinstance(part, int) else not str(part).isprintable() for part in place):
        raise Unfit([{"parameter": "cursor", "code": "invalid_value", "detail": _("No sirve.")}])
    return place
