"""Filters of a list: each reads its own parameters of the address, and shows as one chip that can be taken away."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, select

from app import clock
from app.domain import fields
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.texts import _

LARGEST_ID = 2**63 - 1

Conditions = list[ColumnElement[bool]]


def whole(text: str) -> int | None:
    """A key as it stands in an address; none for anything that cannot be one."""
    if not text.isascii() or not text.isdigit() or len(text) > 19 or int(text) > LARGEST_ID:
        return None
    return int(text)


class Filter(Struct, frozen=True, kw_only=True):
    """``name`` is the parameter in the address, in Spanish; ``template`` draws its controls."""

    name: str
    label: str
    template: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        return (self.name,)

    def read(self, asked: Mapping[str, str]) -> Any:
        """What the address asks for, or none; raises ``InvalidValue``."""
        raise NotImplementedError

    def conditions(self, value: Any) -> Conditions:
        raise NotImplementedError

    def spell(self, db: ScopedSession, value: Any) -> str:
        """What the chip says after the label."""
        raise NotImplementedError


class Choice(Filter, frozen=True, kw_only=True):
    """One of a closed list: ``options`` are value, words and, unless the view decides, the condition."""

    options: Sequence[tuple[str, str]]
    condition: Callable[[str], ColumnElement[bool]] | None = None
    template: str = "admin/filters/choice.html"

    def read(self, asked: Mapping[str, str]) -> str | None:
        value = asked.get(self.name, "").strip()
        if value and value not in dict(self.options):
            raise InvalidValue(
                _("«%(valor)s» no es una opción de este filtro.") % {"valor": value[:40]}, field=self.name
            )
        return value or None

    def conditions(self, value: str) -> Conditions:
        return [self.condition(value)] if self.condition else []

    def spell(self, db: ScopedSession, value: str) -> str:
        return _(dict(self.options)[value])


class Days(Struct, frozen=True):
    """From one day to another, either open."""

    first: dt.date | None
    last: dt.date | None


class DayRange(Filter, frozen=True, kw_only=True):
    """``desde`` and ``hasta`` over a column of days, or of moments (``of_moments``) by the Madrid calendar."""

    column: Any
    of_moments: bool = False
    first: str = "desde"
    last: str = "hasta"
    template: str = "admin/filters/days.html"

    @property
    def parameters(self) -> tuple[str, ...]:
        return (self.first, self.last)

    def read(self, asked: Mapping[str, str]) -> Days | None:
        first = fields.day(asked.get(self.first, ""), self.first, today=clock.today())
        last = fields.day(asked.get(self.last, ""), self.last, today=clock.today())
        if first and last and last < first:
            raise InvalidValue(_("La fecha final es anterior a la inicial."), field=self.last)
        return Days(first, last) if first or last else None

    def conditions(self, value: Days) -> Conditions:
        found: Conditions = []
        if value.first:
            found.append(self.column >= (_midnight(value.first) if self.of_moments else value.first))
        if value.last and self.of_moments:
            found.append(self.column < _midnight(value.last + dt.timedelta(days=1)))
        elif value.last:
            found.append(self.column <= value.last)
        return found

    def spell(self, db: ScopedSession, value: Days) -> str:
        first, last = (day.strftime("%d/%m/%Y") if day else "" for day in (value.first, value.last))
        if first and last:
            return first if first == last else f"{first} – {last}"
        return _("desde el %(dia)s") % {"dia": first} if first else _("hasta el %(dia)s") % {"dia": last}


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), clock.MADRID)


class Lookup(Filter, frozen=True, kw_only=True):
    """A row of another table, by id; ``screen`` is the identity of the view that looks it up while typing."""

    screen: str
    model: Any
    column: Any = None
    template: str = "admin/filters/lookup.html"

    def read(self, asked: Mapping[str, str]) -> int | None:
        text = asked.get(self.name, "").strip()
        if not text:
            return None
        if (value := whole(text)) is None:
            raise InvalidValue(_("Elija de la lista."), field=self.name)
        return value

    def conditions(self, value: int) -> Conditions:
        return [] if self.column is None else [self.column == value]

    def spell(self, db: ScopedSession, value: int) -> str:
        found = db.scalar(select(self.model).where(self.model.id == value))
        return str(found) if found is not None else _("(no existe)")
