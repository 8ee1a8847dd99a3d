"""Numbers and days as people write them in a spreadsheet."""

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal

from app.adapters.formats.fields import Flaw, calendar_day, clean, clipped, day, number
from app.texts import _

_FORMULA = re.compile(r"'[=+\-@\t\r]")
_NUMBER = re.compile(r"([-+]?)(\d[\d.,]*)", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*", re.ASCII)
_AROUND = re.compile(r"^\s*(?:€|EUR)?\s*|\s*(?:€|EUR|%)?\s*$")
_SPACED = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))", re.ASCII)
_DAY = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?: 0?0:00(?::00)?)?", re.ASCII)
_MIDNIGHT = re.compile(r"[ T]00:00(?::00(?:\.0+)?)?$", re.ASCII)


def cell(text: str) -> str:
    """What a cell says. The apostrophe that keeps a text from being taken for a formula is not part of it."""
    return clean(text[1:] if _FORMULA.match(text) else text)


def bare(text: str) -> str:
    """A number without currency, per cent sign or spaces for thousands."""
    text = _AROUND.sub("", text).replace("−", "-")
    return _SPACED.sub("", text)


def decimal_mark(texts: Iterable[str]) -> str | None:
    """The decimal sign that the numbers of a file bear out: ``,`` or ``.``, ``""`` if none does, None if both do."""
    seen = {mark for mark in map(_own_mark, texts) if mark}
    return None if len(seen) > 1 else "".join(seen)


def _own_mark(text: str) -> str:
    """The decimal sign of one number, when it cannot be anything else."""
    match = _NUMBER.fullmatch(bare(text))
    digits = match[2] if match else ""
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        return digits[max(comma, point)]
    at = max(comma, point)
    if at < 0:
        return ""
    if grouped := _GROUPED.fullmatch(digits):
        return _other(grouped[1]) if digits.count(grouped[1]) > 1 else ("" if digits[0] != "0" else grouped[1])
    return digits[at]


def _other(mark: str) -> str:
    return "." if mark == "," else ","


def read_number(text: str, what: str, kind: tuple[int, Decimal], mark: str | None) -> Decimal:
    """A number with the decimal sign of its file; ``1.234`` alone is read as a Spaniard writes it."""
    plain = bare(text)
    own = _own_mark(plain)
    if not own and ("," in plain or "." in plain):
        if mark is None:
            raise Flaw(
                _("%(what)s: no se sabe si «%(text)s» lleva decimales, porque el archivo mezcla comas y puntos.")
                % {"what": what, "text": clipped(text, 40)}
            )
        own = mark or ","
    whole, sign, decimals = plain.partition(own) if own else (plain, "", "")
    grouped = _GROUPED.fullmatch(whole.lstrip("-+"))
    if grouped and grouped[1] != own:
        whole = whole.replace(grouped[1], "")
    return number(f"{whole}.{decimals}" if decimals else (text if sign else whole), what, kind)


def read_day(text: str, what: str) -> dt.date:
    """A day with the Spanish order or the international one. Two digits are no year."""
    if match := _DAY.fullmatch(text):
        return calendar_day(match[4], match[3], match[1], text, what)
    return day(_MIDNIGHT.sub("", text), what)
