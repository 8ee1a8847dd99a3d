"""Amounts: exact decimals, rounded half up, read and written the Spanish way."""

import re
from decimal import ROUND_HALF_UP, Decimal

from app.errors import InvalidValue

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
LARGEST = Decimal("999999999999.99")

_UNITS = tuple(Decimal(1).scaleb(-places) for places in range(9))
_SPANISH_SIGNS = str.maketrans(",.", ".,")
_SPANISH = re.compile(r"[-−]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)(?:,\d+)?", re.ASCII)
_PLAIN = re.compile(r"[-+]?\d+(?:\.\d+)?", re.ASCII)


def cents(amount: Decimal) -> Decimal:
    """``amount`` with two decimals, half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def percent_of(amount: Decimal, rate: Decimal) -> Decimal:
    """``rate`` per cent of ``amount``, rounded to the cent."""
    return cents(amount * rate / 100)


def spell(amount: Decimal, places: int = 2) -> str:
    """``-1234.5`` as ``−1.234,50``: a real minus, points for thousands, a decimal comma."""
    text = f"{amount.quantize(_UNITS[places], ROUND_HALF_UP):,.{places}f}".translate(_SPANISH_SIGNS)
    if text[0] != "-":
        return text
    return "−" + text[1:] if text.strip("-0.,") else text[1:]


def euros(amount: Decimal, currency: str = "EUR") -> str:
    """``spell`` with the currency behind a non-breaking space."""
    return f"{spell(amount)}\u00a0{'€' if currency == 'EUR' else currency}"


def short(number: Decimal, places: int = 8) -> str:
    """A quantity or rate without trailing zeros: ``12``, ``2,5``."""
    whole, _, decimals = spell(number, places).partition(",")
    decimals = decimals.rstrip("0")
    return f"{whole},{decimals}" if decimals else whole


def read_spanish(text: str, *, places: int = 2, field: str | None = None) -> Decimal:
    """What a person typed: ``1.234,56``, ``1234,56`` or, with a lone point, ``1234.56``; ``0.125`` has no thousands.

    Raises ``InvalidValue`` for anything else: no exponents, no full-width digits, no NaN, no more decimals
    than ``places``, nothing above ``LARGEST`` or its column.
    """
    typed = text.strip().replace("\u00a0", "").removesuffix("€").strip().replace("−", "-")
    if _SPANISH.fullmatch(typed):
        typed = typed.replace(".", "").replace(",", ".")
    return read_plain(typed, places=places, field=field)


def read_plain(text: str, *, places: int = 2, field: str | None = None) -> Decimal:
    """A machine's decimal: ``1234.56``. Raises ``InvalidValue`` like ``read_spanish``."""
    if len(text) > 40 or not _PLAIN.fullmatch(text):
        raise InvalidValue("Escriba un número como 1.234,56.", field=field)
    number = Decimal(text)
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        raise InvalidValue(f"Como mucho {places} decimales.", field=field)
    if abs(number) > min(LARGEST, Decimal(10) ** (18 - places)):  # the scaled integer must fit its column
        raise InvalidValue("El número es demasiado grande.", field=field)
    return number.quantize(Decimal(1).scaleb(-places)) if places <= 8 else number
