"""What the parts of a request may be: the business's own rules for each kind of field, as types that know their schema.

Amounts, quantities and rates are texts with a decimal point; ids are texts; days are ``2026-11-21``.
"""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StrictBool
from pydantic_core import PydanticCustomError, core_schema

from app.adapters.pdf import check_printable
from app.domain import fields
from app.errors import InvalidValue
from app.money import read_plain
from app.texts import _

Rule = Callable[[str], Any]

LARGEST_ID = 2**63 - 1
_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


class Body(BaseModel):
    """What a request says: nothing that nobody asked for, and nothing guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self) -> dict[str, Any]:
        """Only what was said, for changing only that."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    def values(self) -> dict[str, Any]:
        """Everything, with what it is where nothing was said."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class Query(BaseModel):
    """The part of an address after ``?``: texts, which each type reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Ruled:
    """A text read by a rule of ours, and the schema it is written down with: ``Annotated[Decimal, Number(2)]``."""

    def __init__(self, rule: Rule, **schema: Any) -> None:
        self.rule = rule
        self.schema = {"type": "string"} | schema

    def read(self, value: Any) -> Any:
        try:
            return self.rule(value)
        except InvalidValue as refusal:
            facts = {"sentence": str(refusal), "code": refusal.code}
            raise PydanticCustomError("rule", "{sentence}", facts) from refusal

    def __get_pydantic_core_schema__(self, source: Any, inner: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.read, core_schema.str_schema(strict=True))

    def __get_pydantic_json_schema__(self, schema: Any, inner: Any) -> dict[str, Any]:
        return dict(self.schema)


class Line(Ruled):
    """One line of text, without controls."""

    def __init__(self, most: int = 200, *, required: bool = False) -> None:
        schema = {"maxLength": most} | ({"minLength": 1} if required else {})
        super().__init__(lambda typed: fields.line(typed, "", most=most, required=required), **schema)


class Prose(Ruled):
    """Several lines of text."""

    def __init__(self, most: int = 5000, *, required: bool = False) -> None:
        schema = {"maxLength": most} | ({"minLength": 1} if required else {})
        super().__init__(lambda typed: fields.prose(typed, "", most=most, required=required), **schema)


class Printed(Ruled):
    """A text that goes on paper: the typeface must have its letters."""

    def __init__(self, inner: Ruled) -> None:
        super().__init__(self._printable, **inner.schema)
        self.inner = inner

    def _printable(self, typed: str) -> str:
        value: str = self.inner.rule(typed)
        check_printable(value, "")
        return value


class Number(Ruled):
    """An exact decimal, written as a text: ``"1234.50"``."""

    def __init__(
        self, places: int, *, least: Decimal | None = None, most: Decimal | None = None, signed: bool = False
    ) -> None:
        pattern = f"^{'-?' if signed else ''}[0-9]{{1,{18 - places}}}(\\.[0-9]{{1,{places}}})?$"
        super().__init__(self._number, pattern=pattern, examples=["1234.5"])
        self.places, self.least, self.most = places, least, most
        self.pattern = re.compile(pattern, re.ASCII)

    def _number(self, typed: str) -> Decimal:
        if not self.pattern.fullmatch(typed):
            sentence = _("Escriba un número como 1234.50, con %(n)s decimales como mucho.")
            raise InvalidValue(sentence % {"n": self.places})
        value = read_plain(typed, places=self.places)
        if self.least is not None and value < self.least:
            raise InvalidValue(_("No puede ser menor que %(n)s.") % {"n": self.least})
        if self.most is not None and value > self.most:
            raise InvalidValue(_("No puede ser mayor que %(n)s.") % {"n": self.most})
        return value


class Whole(Ruled):
    """A whole number in an address, which is text."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(self._whole, type="integer", minimum=least, maximum=most)
        self.least, self.most = least, most

    def _whole(self, typed: str) -> int:
        if not _WHOLE.fullmatch(typed) or not self.least <= int(typed) <= self.most:
            sentence = _("Escriba un número entre %(least)s y %(most)s.")
            raise InvalidValue(sentence % {"least": self.least, "most": self.most})
        return int(typed)


class Several(Ruled):
    """Some of a closed list, with commas between them."""

    def __init__(self, names: tuple[str, ...]) -> None:
        items = {"type": "string", "enum": list(names)}
        super().__init__(self._several, type="array", items=items, minItems=1, maxItems=len(names))
        self.names = names

    def _several(self, typed: str) -> tuple[str, ...]:
        parts = typed.split(",", len(self.names))
        if len(parts) > len(self.names) or not set(parts) <= set(self.names):
            raise InvalidValue(_("Debe ser uno de: %(cuales)s.") % {"cuales": ", ".join(self.names)})
        return tuple(dict.fromkeys(parts))


def one_of(choices: type[StrEnum]) -> Ruled:
    """A value of a closed list in an address."""
    names = [choice.value for choice in choices]

    def read(typed: str) -> StrEnum:
        if typed not in names:
            raise InvalidValue(_("Debe ser uno de: %(cuales)s.") % {"cuales": ", ".join(names)})
        return choices(typed)

    return Ruled(read, enum=names)


def read_id(typed: str) -> int:
    if not _ID.fullmatch(typed) or int(typed) > LARGEST_ID:
        raise InvalidValue(_("Un identificador es un número escrito como texto."))
    return int(typed)


def _read_day(typed: str) -> dt.date:
    found = fields.day(typed, "") if _DAY.fullmatch(typed) else None
    if found is None:
        raise InvalidValue(_("Escriba la fecha como 2026-11-21."))
    return found


def _read_moment(typed: str) -> dt.datetime:
    try:
        if not _MOMENT.fullmatch(typed):
            raise ValueError(typed)
        return dt.datetime.fromisoformat(typed).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValue(_("Escriba el momento como 2026-11-21T10:30:00Z.")) from error


def _read_switch(typed: str) -> bool:
    if typed not in ("true", "false"):
        raise InvalidValue(_("Debe ser true o false."))
    return typed == "true"


def rule(check: Callable[[str, str], Any], **schema: Any) -> Ruled:
    """A rule of ``app.domain.fields``; the name of the field it wants is of no use here."""
    return Ruled(partial(_nameless, check), **schema)


def _nameless(check: Callable[[str, str], Any], typed: str) -> Any:
    return check(typed, "")


Id = Annotated[int, Ruled(read_id, pattern="^[1-9][0-9]{0,18}$", examples=["4312"])]
Day = Annotated[dt.date, Ruled(_read_day, format="date")]
Moment = Annotated[dt.datetime, Ruled(_read_moment, format="date-time")]
Switch = Annotated[bool, Ruled(_read_switch, type="boolean")]
Flag = StrictBool
Money = Annotated[Decimal, Number(2, signed=True)]
Percent = Annotated[Decimal, Number(4, least=Decimal(0), most=Decimal(100))]
Email = Annotated[str, rule(fields.email, maxLength=254)]
Country = Annotated[str, rule(fields.country, pattern="^[A-Z]{2}$")]
