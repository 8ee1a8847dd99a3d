"""One strict reading for each sort of field, whatever the format it comes in."""

import datetime as dt
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from app.domain.fields import SPANISH_TAX_ID, TAX_ID, normal_tax_id
from app.errors import Refusal
from app.money import LARGEST, short
from app.texts import _

NAME = 200
CONCEPT = 2500
SHORT = 40
MOST_MARKS = 30

_DECIMAL = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:Z|[-+]\d{2}:\d{2})?", re.ASCII)
_PERSON = re.compile(r"\d{8}[A-Z]|[XYZKLM]\d{7}[A-Z]", re.ASCII)
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\.]+(?:\.[^\s@<>,;:\"()\[\]\\.]+)+")
_ENDING = re.compile(r"(.*?)[\s\-/._]*(\d{1,15})", re.ASCII | re.DOTALL)
_DIGITS = re.compile(r"\d+", re.ASCII)
# Marks that turn the writing direction round, and others nobody sees, can make a text read as another one.
_INVISIBLE = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF))
_SEPARATORS = " -/._"

AMOUNT = (2, LARGEST)
QUANTITY = (6, Decimal(999_999_999))
PRICE = (8, Decimal(9_999_999_999))
RATE = (4, Decimal(100_000))


class Flaw(Refusal):
    """What makes one invoice unreadable; whoever reads the file goes on with the next one."""


def clean(text: str) -> str:
    """NFC, without control characters other than line ends, nor spaces around a line or blank lines around."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _composed(text).translate(_INVISIBLE)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if not text.isprintable():
        text = "".join(character for character in text if character == "\n" or unicodedata.category(character) != "Cc")
    return "\n".join(line.strip() for line in text.strip().split("\n"))


def _composed(text: str) -> str:
    """NFC in linear time: composing takes the square of a run of combining marks, and no text has thirty."""
    if unicodedata.is_normalized("NFC", text):
        return text
    kept, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= MOST_MARKS:
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def block(raw: str, what: str, limit: int = CONCEPT) -> str:
    """Text that may have several lines."""
    text = clean(raw)
    if len(text) > limit:
        raise Flaw(
            _("%(what)s tiene %(length)s caracteres, y caben %(limit)s.")
            % {"what": _capital(what), "length": len(text), "limit": limit}
        )
    return text


def single(raw: str, what: str, limit: int = NAME) -> str:
    """Text of one line: whatever white space it had becomes single spaces."""
    return block(" ".join(clean(raw).split()), what, limit)


def clipped(raw: str, limit: int) -> str:
    """One line of text that only informs: cut rather than refused."""
    text = " ".join(clean(raw[: limit * 4]).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def number(raw: str, what: str, kind: tuple[int, Decimal] = AMOUNT) -> Decimal:
    """A machine's decimal, rounded to the decimals of its kind: no exponents, no NaN, no commas, ASCII digits."""
    places, largest = kind
    text = raw.strip(" \t\r\n")
    if not text:
        raise Flaw(_("Falta %(what)s.") % {"what": what})
    if len(text) > 40 or not _DECIMAL.fullmatch(text):
        raise Flaw(_("%(what)s no es un número: «%(text)s».") % {"what": _capital(what), "text": clipped(text, 40)})
    value = Decimal(text)
    if abs(value) > largest:
        raise Flaw(_("%(what)s es demasiado grande: «%(text)s».") % {"what": _capital(what), "text": text})
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0


def percent(raw: str, what: str) -> Decimal:
    """A rate of taxes or discounts, between nothing and everything."""
    return within_percent(number(raw, what, RATE), what)


def within_percent(rate: Decimal, what: str) -> Decimal:
    if not 0 <= rate <= 100:
        sentence = _("%(what)s debe estar entre 0 y 100, y pone %(rate)s.")
        raise Flaw(sentence % {"what": _capital(what), "rate": short(rate, 4)})
    return rate


def day(raw: str, what: str) -> dt.date:
    """A day as XML writes it, with or without a time zone."""
    match = _DAY.fullmatch(raw.strip(" \t\r\n"))
    return calendar_day(match[1], match[2], match[3], raw, what) if match else _no_day(raw, what)


def calendar_day(year: str, month: str, date: str, raw: str, what: str) -> dt.date:
    """A day that exists and that an invoice can bear."""
    try:
        found = dt.date(int(year), int(month), int(date))
    except ValueError:
        return _no_day(raw, what)
    return found if 1950 <= found.year <= 2150 else _no_day(raw, what)


def _no_day(raw: str, what: str) -> dt.date:
    raise Flaw(_("%(what)s no existe: «%(text)s».") % {"what": _capital(what), "text": clipped(raw, 40)})


def tax_id(raw: str, what: str) -> str:
    """As forms keep it, so that both mean the same party. Control characters are not checked: others issued it."""
    text = normal_tax_id(clean(raw[:200]))
    if text and not TAX_ID.fullmatch(text):
        raise Flaw(_("%(what)s no es válido: «%(text)s».") % {"what": _capital(what), "text": clipped(raw, 40)})
    return text


def is_spanish(identifier: str) -> bool:
    return SPANISH_TAX_ID.fullmatch(identifier) is not None


def has_digits(text: str) -> bool:
    """Whether it can be a number of any sort: some write words where a tax number goes."""
    return _DIGITS.search(text) is not None


def is_persons(identifier: str) -> bool:
    """Whether a Spanish tax id is that of a person."""
    return _PERSON.fullmatch(identifier) is not None


def email(raw: str) -> str:
    """The first address of those given; nothing when none is one."""
    for candidate in re.split(r"[;,\s]+", clean(raw[:1000])):
        if len(candidate) <= 254 and _EMAIL.fullmatch(candidate):
            return candidate
    return ""


def account(raw: str) -> str:
    """An account number without spaces; nothing when it is none."""
    text = "".join(raw[:100].split()).replace("-", "").upper()
    return text if re.fullmatch(r"[A-Z\d]{4,34}", text, re.ASCII) else ""


def currency(raw: str) -> str:
    text = raw.strip() or "EUR"
    if not re.fullmatch(r"[A-Z]{3}", text, re.ASCII):
        raise Flaw(_("La moneda no es un código de tres letras: «%(text)s».") % {"text": clipped(text, 20)})
    return text


class Numbering(NamedTuple):
    series_code: str
    number_text: str
    number: int | None
    sort_number: int | None


def numbering(raw_number: str, raw_series: str = "") -> Numbering:
    """How an invoice is called and counted.

    A number that already begins with its series is not given it twice; one without series takes for series
    whatever comes before its last digits (``F26/7``).
    """
    what = _("el número de factura")
    digits, series = single(raw_number, what, SHORT), single(raw_series, _("la serie"), SHORT)
    if not digits:
        raise Flaw(_("La factura no tiene número."))
    if not series:
        ending = _ENDING.fullmatch(digits)
        count = int(ending[2]) if ending else None
        return Numbering(ending[1].strip(_SEPARATORS) if ending else "", digits, count, _order(digits, count))
    rest = _after_series(digits, series)
    text = digits
    if rest is None:
        glue = "" if series[-1] in _SEPARATORS or len(series) + len(digits) >= SHORT else "-"
        text, rest = single(series + glue + digits, what, SHORT), digits
    rest = rest.strip(_SEPARATORS)
    count = int(rest) if len(rest) <= 15 and rest.isascii() and rest.isdigit() else None
    return Numbering(series.strip(_SEPARATORS), text, count, _order(digits, count))


def _after_series(digits: str, series: str) -> str | None:
    if not digits.startswith(series) or digits == series:
        return None
    rest = digits[len(series) :]
    plainly = rest[0] in _SEPARATORS or series[-1] in _SEPARATORS or not series.isdigit() or len(series) >= 4
    return rest if plainly else None


def _order(digits: str, count: int | None) -> int | None:
    runs = _DIGITS.findall(digits)
    return count if count is not None or not runs else int(runs[-1][-15:])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
