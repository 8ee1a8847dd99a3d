"""Forms of the office: Spanish, strict, and they give back what was typed.

Every field reads through one rule of ``app.domain.fields``, so a form, a CSV and an XML refuse the same things with
the same words. Text is kept as typed until it is right.
"""

import datetime as dt
import enum
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from wtforms import BooleanField, Form, HiddenField, SelectField, StringField
from wtforms.validators import StopValidation

from app import clock
from app.domain import fields
from app.errors import InvalidValue, Refusal
from app.money import read_spanish, short
from app.texts import _

Rule = Callable[[str, str], Any]


class OfficeForm(Form):
    """The base of every form. ``refusal`` is what a rule of the business said about it as a whole."""

    class Meta:
        locales = ("es",)

    refusal: str | None = None

    def refuse(self, refusal: Refusal) -> None:
        """Put what a rule said beside the field it names, or on top."""
        place = self._fields.get((refusal.field or "").partition("-")[0])
        if place is None:
            self.refusal = str(refusal)
        else:
            place.errors = [*place.errors, str(refusal)]

    @property
    def problems(self) -> list[tuple[str, str, str]]:
        """Everything wrong, for the summary: id of the control, label and sentence."""
        return [problem for field in self for problem in problems_of(field)]

    def command(self) -> dict[str, Any]:
        """The values by name, for a command."""
        return {name: field.data for name, field in self._fields.items()}


def problems_of(field: Any, prefix: str = "") -> list[tuple[str, str, str]]:
    own = [error for error in field.errors if isinstance(error, str)]
    label = f"{prefix}{field.label.text}"
    found = [(field.id, label, error) for error in own]
    for number, entry in enumerate(getattr(field, "entries", ()), 1):
        for inner in entry.form:
            found += problems_of(inner, _("%(parte)s %(n)s, ") % {"parte": field.label.text, "n": number})
    return found


class Strict(StringField):
    """Text read by a rule. ``css`` is its share of six columns, ``hint`` stands beneath it."""

    control = "input"
    nothing: Any = ""

    def __init__(
        self,
        label: str,
        rule: Rule = fields.line,
        *,
        required: bool = False,
        hint: str = "",
        css: str = "s3",
        **options: Any,
    ) -> None:
        attributes = options.pop("attributes", {})
        super().__init__(_(label), **options)
        self.rule, self.required, self.hint, self.css = rule, required, hint, css
        self.attributes: Mapping[str, str] = attributes
        self.typed: str | None = None

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist:
            if self.data is None and not self.required:
                self.data = self.nothing
            return
        self.typed = str(valuelist[0])
        try:
            if self.required and not self.typed.strip():
                raise InvalidValue(_("Rellene este dato."), field=self.name)
            self.data = self.rule(self.typed, self.short_name)
        except InvalidValue as refusal:
            raise ValueError(str(refusal)) from refusal

    def pre_validate(self, form: Any) -> None:
        if self.required and not self.process_errors and self.data in (None, ""):
            raise StopValidation(_("Rellene este dato."))

    def _value(self) -> str:
        return self.typed if self.typed is not None else self.spell(self.data)

    def put(self, text: str) -> None:
        """Have it say this, as if it had been typed."""
        self.data = self.typed = text
        self.process_errors = []

    def spell(self, value: Any) -> str:
        """A value as a person would type it."""
        return "" if value is None else str(value)


class Prose(Strict):
    control = "textarea"

    def __init__(self, label: str, *, most: int = 5000, rows: int = 3, **options: Any) -> None:
        super().__init__(label, partial(fields.prose, most=most), **{"css": "s6"} | options)
        self.rows = rows


class Number(Strict):
    """An amount, a price, a rate: decimal comma, as many ``places`` as may be."""

    nothing = Decimal(0)

    def __init__(
        self,
        label: str,
        *,
        places: int = 2,
        least: Decimal | None = None,
        most: Decimal | None = None,
        trim: bool = False,
        **options: Any,
    ) -> None:
        attributes = {"inputmode": "decimal", "class": "num"} | options.pop("attributes", {})
        super().__init__(label, self._read, attributes=attributes, **{"css": "s2"} | options)
        self.places, self.least, self.most, self.trim = places, least, most, trim

    def _read(self, typed: str, name: str) -> Decimal:
        value = read_spanish(typed, places=self.places, field=name) if typed.strip() else Decimal(0)
        if self.least is not None and value < self.least:
            raise InvalidValue(_("No puede ser menor que %(n)s.") % {"n": short(self.least)}, field=name)
        if self.most is not None and value > self.most:
            raise InvalidValue(_("No puede ser mayor que %(n)s.") % {"n": short(self.most)}, field=name)
        return value

    def spell(self, value: Any) -> str:
        if value is None:
            return ""
        whole, _comma, decimals = short(Decimal(value), self.places).partition(",")
        digits = decimals if self.trim else decimals.ljust(2, "0")
        return f"{whole},{digits}".rstrip(",").replace("−", "-").replace(".", "")


class Whole(Strict):
    """A whole number between two bounds, or nothing."""

    nothing = None

    def __init__(self, label: str, *, least: int = 0, most: int = 10**9, **options: Any) -> None:
        attributes = {"inputmode": "numeric", "class": "num"} | options.pop("attributes", {})
        super().__init__(label, self._read, attributes=attributes, **{"css": "s1"} | options)
        self.least, self.most = least, most

    def _read(self, typed: str, name: str) -> int | None:
        text = typed.strip()
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 18 or not self.least <= int(text) <= self.most:
            sentence = _("Escriba un número entre %(least)s y %(most)s.")
            raise InvalidValue(sentence % {"least": self.least, "most": self.most}, field=name)
        return int(text)


class Day(Strict):
    """A day: ``21/11/2026``, or ``2111`` with the year understood."""

    nothing = None

    def __init__(self, label: str, **options: Any) -> None:
        attributes = {"inputmode": "numeric", "placeholder": _("dd/mm/aaaa"), "data-day": ""}
        super().__init__(label, self._read, attributes=attributes, **{"css": "s2"} | options)

    def _read(self, typed: str, name: str) -> dt.date | None:
        return fields.day(typed, name, today=clock.today(), required=self.required)

    def spell(self, value: Any) -> str:
        return value.strftime("%d/%m/%Y") if value else ""


class Secret(Strict):
    """A password. Never given back, not even when something else was wrong."""

    def __init__(self, label: str, *, current: bool = False, **options: Any) -> None:
        attributes = {"type": "password", "autocomplete": "current-password" if current else "new-password"}
        super().__init__(label, self._read, attributes=attributes, **options)

    def _read(self, typed: str, name: str) -> str:
        return typed

    def _value(self) -> str:
        return ""


class Pick(SelectField):
    """One of a list. With an enumeration, ``words`` are its members' names on screen.

    One that only answers an objection is not ``is_asked`` until there is one.
    """

    control = "select"

    def __init__(
        self,
        label: str,
        words: Mapping[Any, str] | None = None,
        *,
        hint: str = "",
        css: str = "s2",
        required: bool = True,
        **options: Any,
    ) -> None:
        words = words or {}
        kind = type(next(iter(words))) if words else str
        coerce = options.pop("coerce", kind if issubclass(kind, enum.Enum) else str)
        choices = [(_plain(value), _(word)) for value, word in words.items()]
        super().__init__(_(label), choices=choices, coerce=partial(_coerced, coerce), **options)
        self.hint, self.css, self.required, self.is_asked = hint, css, required, True
        self.attributes: dict[str, str] = {}

    def iter_choices(self) -> Iterator[Any]:
        chosen = self._chosen()
        pairs: Any = self.choices or ()
        for value, word in pairs:
            yield (value, word, str(value) == chosen, {})

    def process_formdata(self, valuelist: list[Any]) -> None:
        """What is no choice at all is none; validating says so."""
        if not valuelist:
            return
        try:
            self.data = self.coerce(valuelist[0])
        except (ValueError, TypeError):
            self.data = None

    def pre_validate(self, form: Any) -> None:
        if self._chosen() not in {str(choice[0]) for choice in self.iter_choices()}:
            raise StopValidation(_("Elija una de la lista."))

    def _chosen(self) -> str:
        return "" if self.data is None else str(_plain(self.data))


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


def _coerced(coerce: Callable[[Any], Any], value: Any) -> Any:
    if value is None or value == "":
        return None
    return coerce(value)


class Tick(BooleanField):
    """Yes or no. Unticked, a browser sends nothing: only a posted form unticks.

    One that only answers an objection is not ``is_asked`` until there is one.
    """

    control = "tick"

    def __init__(self, label: str, *, hint: str = "", css: str = "s6", **options: Any) -> None:
        super().__init__(_(label), **options)
        self.hint, self.css, self.required, self.is_asked = hint, css, False, True
        self.attributes: dict[str, str] = {}


class Key(HiddenField):
    """The id of a row that stands behind what is shown; nothing for a new one."""

    control = "hidden"

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = str(valuelist[0]).strip() if valuelist else ""
        if text and (not text.isascii() or not text.isdigit() or len(text) > 18):
            raise ValueError(_("Esa referencia no existe."))
        self.data: int | None = int(text) if text else None  # type: ignore[assignment]

    @property
    def hint(self) -> str:
        return ""
