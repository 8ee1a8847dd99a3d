"""Columns of a list: what is asked of the database, how a cell reads on screen and in a spreadsheet."""

import datetime as dt
import enum
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from app import clock
from app.texts import _

# What a spreadsheet would take for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def as_is(value: Any) -> Any:
    return "" if value is None else value


class Column(Struct, frozen=True, kw_only=True):
    """One column.

    ``value`` is a SQL expression, or several that ``show`` and ``csv`` take together; ``extra`` names one of the
    view's extras, given to them last. ``sort`` is an expression that is never null. ``total`` is summed over the whole
    search for the foot. ``css``: ``num`` for figures; on a phone ``c-who``, ``c-state``, ``c-pub`` and either
    ``c-total`` (euros) or ``c-side`` have their place, ``hide`` goes.
    """

    name: str
    label: str
    value: Any
    show: Callable[..., Any] = as_is
    csv: Callable[..., Any] | None = None
    extra: str = ""
    css: str = ""
    sort: Any = None
    newest_first: bool = False
    total: Any = None
    currency: bool = False

    @property
    def values(self) -> tuple[Any, ...]:
        return self.value if isinstance(self.value, tuple) else (self.value,)

    @property
    def heading(self) -> str:
        """Money says its currency here, once."""
        return f"{_(self.label)} €" if self.currency else _(self.label)


Cutter = Callable[[Any, dict[str, dict[int, Any]]], tuple[Any, ...]]


def cutters(columns: Sequence[Column], first: int) -> list[Cutter]:
    """For each column, how to take its values out of a row whose ``first`` places are taken."""
    found, place = [], first
    for column in columns:
        found.append(_cutter(slice(place, place + len(column.values)), column.extra))
        place += len(column.values)
    return found


def _cutter(places: slice, extra: str) -> Cutter:
    if not extra:
        return lambda row, extras: row[places]
    return lambda row, extras: (*row[places], extras[extra].get(row[0]))


def spreadsheet(value: Any) -> str:  # noqa: PLR0911 - one line per kind of value
    """A value as a Spanish spreadsheet reads it: decimal comma, dd/mm/aaaa, and never a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Sí") if value else _("No")
    if isinstance(value, Decimal):
        return format(value, "f").replace(".", ",")
    if isinstance(value, dt.datetime):
        return clock.madrid(value).strftime("%d/%m/%Y %H:%M")
    if isinstance(value, dt.date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, int):
        return str(value)
    text = value.value if isinstance(value, enum.Enum) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
