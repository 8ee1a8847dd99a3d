"""One strict schema per kind of field, for forms, CSV and XML alike.

Every function takes what came in and the name of its field, returns the value to keep, and raises ``InvalidValue``
with the sentence to show beside that field.
"""

import datetime as dt
import re
import unicodedata

from email_validator import EmailNotValidError, validate_email
from stdnum import iban as iban_number
from stdnum.es import nif
from stdnum.exceptions import ValidationError

from app.domain.countries import countries
from app.errors import InvalidValue
from app.texts import _

# Bidirectional overrides and other invisible controls can make a name read as another.
# What turns or hides text, and what stands for letters that could not be read.
_UNWANTED = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffd]")
_SPACES = " \t\r\n\f\v\u00a0\u200c\u200d"  # and what joins letters, where there are none
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{2}|\d{4})", re.ASCII)
_SHORT_DAY = re.compile(r"(\d{2})(\d{2})(\d{2}|\d{4})?", re.ASCII)
_SLUG = re.compile(r"[A-Za-z0-9_-]{3,40}", re.ASCII)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_SERVER = re.compile(r"[a-z0-9.:_\[\]ñáéíóúüàèòçäöß-]{1,253}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_BETWEEN = re.compile(r"[\s./\-\u2010-\u2014]")
_CODE = re.compile(r"[A-Za-z0-9ÁÉÍÓÚÜÑáéíóúüñ./_ -]{1,40}")

SPANISH_TAX_ID = re.compile(r"(?:ES)?(\d{8}[A-Z]|[A-Z]\d{7}[A-Z\d])", re.ASCII)
TAX_ID = re.compile(r"[A-ZÑ\d&+*_]{2,40}", re.ASCII)
EARLIEST, LATEST = dt.date(1990, 1, 1), dt.date(2100, 12, 31)
RESERVED_SLUGS = frozenset({
    "admin", "administracion", "ajustes", "api", "app", "assets", "ayuda", "clientes", "correo", "docs", "entrar",
    "favicon", "health", "healthz", "hooks", "in", "intranet", "login", "logout", "mail", "metrics", "portal",
    "readyz", "robots", "root", "salir", "soporte", "static", "support", "system", "test", "ventanilla", "www",
})  # fmt: skip


def line(value: str, field: str, *, most: int = 200, required: bool = False) -> str:
    """One line of text: NFC, no control characters, no line breaks, outer spaces dropped."""
    if len(value) > 4 * most:
        raise InvalidValue(_("Como mucho %(n)s caracteres.") % {"n": most}, field=field)
    text = unicodedata.normalize("NFC", value).strip().strip(_SPACES)
    if any(unicodedata.category(mark) in {"Cc", "Cs", "Zl", "Zp"} for mark in text) or _UNWANTED.search(text):
        raise InvalidValue(_("Hay caracteres que no se pueden usar aquí (saltos de línea o de control)."), field=field)
    return _measured(text, field, most, required)


def prose(value: str, field: str, *, most: int = 5000, required: bool = False) -> str:
    """Several lines of text: like ``line``, but line breaks stay, as ``\\n``."""
    if len(value) > 4 * most:
        raise InvalidValue(_("Como mucho %(n)s caracteres.") % {"n": most}, field=field)
    text = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n").strip().strip(_SPACES)
    if any(unicodedata.category(mark) in {"Cc", "Cs"} and mark not in "\n\t" for mark in text) or _UNWANTED.search(
        text
    ):
        raise InvalidValue(_("Hay caracteres de control que no se pueden usar."), field=field)
    return _measured(text, field, most, required)


def _measured(text: str, field: str, most: int, required: bool) -> str:
    if required and not text:
        raise InvalidValue(_("Rellene este dato."), field=field)
    if len(text) > most:
        raise InvalidValue(_("Como mucho %(n)s caracteres.") % {"n": most}, field=field)
    return text


def normal_tax_id(value: str) -> str:
    """A tax id as we keep it: capitals without separators, Spanish ones without their country."""
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", value)).upper()
    spanish = SPANISH_TAX_ID.fullmatch(plain)
    return spanish[1] if spanish else plain


def tax_id(value: str, field: str, *, country: str = "ES", required: bool = False) -> str:
    """A NIF, NIE or CIF with its control character right; foreign ones are normalised, not checked."""
    plain = normal_tax_id(line(value, field, most=40, required=required))
    if plain and not TAX_ID.fullmatch(plain):
        raise InvalidValue(_("Escriba solo letras y números."), field=field)
    if plain and country == "ES" and not is_spanish_tax_id(plain):
        raise InvalidValue(_("El NIF no es correcto: revise los números y la letra de control."), field=field)
    return plain


def is_spanish_tax_id(plain: str) -> bool:
    try:
        nif.validate(plain)
    except ValidationError:
        return False
    return True


def email(value: str, field: str, *, required: bool = False) -> str:
    """One address, lower case, its domain in ASCII. No names, no lists, no quoted tricks."""
    typed = line(value, field, most=254, required=required)
    if not typed:
        return ""
    try:
        found = validate_email(typed, check_deliverability=False, allow_quoted_local=False)
    except EmailNotValidError as error:
        raise InvalidValue(_("Escriba una sola dirección de correo, como nombre@empresa.es."), field=field) from error
    return f"{found.local_part}@{found.ascii_domain}".lower()


def server(value: str, field: str, *, example: str) -> str:
    """The name or address of a server, lower case. Whether anybody may connect to it is not its business."""
    host = line(value, field, required=True).lower().removesuffix(".")
    if not _SERVER.fullmatch(host):
        raise InvalidValue(_("Escriba el nombre de un servidor, como %(ejemplo)s.") % {"ejemplo": example}, field=field)
    return host


def port(value: int, field: str) -> int:
    if not 0 < value < 65536:
        raise InvalidValue(_("El puerto es un número entre 1 y 65535."), field=field)
    return value


def fingerprint(value: str, field: str) -> str | None:
    """SHA-256 of a certificate in hexadecimal, with or without colons; none for none."""
    digits = re.sub(r"[\s:]", "", value).lower()
    if digits and not _FINGERPRINT.fullmatch(digits):
        raise InvalidValue(_("La huella son 64 cifras hexadecimales (SHA-256)."), field=field)
    return digits or None


def slug(value: str, field: str) -> str:
    """The last part of an intranet's address; kept as typed, matched without regard to case."""
    typed = line(value, field, most=40, required=True)
    if not _SLUG.fullmatch(typed) or not typed.strip("-_"):
        raise InvalidValue(_("De 3 a 40 letras sin acento, números, guiones o guiones bajos."), field=field)
    if typed.lower() in RESERVED_SLUGS:
        raise InvalidValue(_("Esa dirección está reservada. Elija otra."), field=field)
    return typed


def country(value: str, field: str) -> str:
    """The two letters of a country; Spain when there are none."""
    typed = line(value, field, most=2).upper() or "ES"
    if typed not in countries():
        raise InvalidValue(_("Escriba las dos letras de un país: ES, PT, FR…"), field=field)
    return typed


def iban(value: str, field: str) -> str:
    plain = re.sub(r"\s", "", line(value, field, most=50)).upper()
    if plain:
        try:
            iban_number.validate(plain)
        except ValidationError as error:
            raise InvalidValue(_("El IBAN no es correcto."), field=field) from error
    return plain


def colour(value: str, field: str) -> str:
    typed = line(value, field, most=10, required=True)
    if not _COLOUR.fullmatch(typed):
        raise InvalidValue(_("Escriba un color como #1f5f8b."), field=field)
    return typed.lower()


def code(value: str, field: str) -> str:
    """A series or article code: letters, digits and a few signs."""
    typed = line(value, field, most=40, required=True)
    if not _CODE.fullmatch(typed):
        raise InvalidValue(_("Use letras, números, puntos, barras o guiones."), field=field)
    return typed


def day(value: str, field: str, *, today: dt.date | None = None, required: bool = False) -> dt.date | None:
    """A day as typed: ``21/11/2026``, ``21/11/26``, ``2026-11-21``, or ``2111`` and ``211126`` without its signs."""
    typed = line(value, field, most=20, required=required)
    if not typed:
        return None
    try:
        found = _spelt_day(typed, today)
    except ValueError as error:
        raise InvalidValue(_("Esa fecha no existe. Escríbala como 21/11/2026."), field=field) from error
    if not EARLIEST <= found <= LATEST:
        raise InvalidValue(_("El año de la fecha no parece correcto."), field=field)
    return found


def _spelt_day(typed: str, today: dt.date | None) -> dt.date:
    if found := _DAY.fullmatch(typed):
        return dt.date(_year(found[3]), int(found[2]), int(found[1]))
    if found := _SHORT_DAY.fullmatch(typed):
        year = _year(found[3]) if found[3] else (today or dt.date.today()).year
        return dt.date(year, int(found[2]), int(found[1]))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", typed, re.ASCII):
        return dt.date.fromisoformat(typed)
    raise ValueError(typed)


def _year(digits: str) -> int:
    return int(digits) + (2000 if len(digits) == 2 else 0)


def payment_days(value: str, field: str) -> str:
    """Payment terms as days after the invoice, ``30, 60, 90``; ``0`` is cash. Kept as ``30,60,90``."""
    typed = line(value, field, most=40) or "0"
    parts = [part.strip() for part in re.split(r"[,;/ ]+", typed) if part.strip()]
    if not 1 <= len(parts) <= 12 or not all(re.fullmatch(r"\d{1,3}", part, re.ASCII) for part in parts):
        raise InvalidValue(_("Escriba los días separados por comas: 30, 60, 90."), field=field)
    days = [int(part) for part in parts]
    if days != sorted(set(days)) or days[-1] > 365:
        raise InvalidValue(_("Los días van de menor a mayor, sin repetir y hasta 365."), field=field)
    return ",".join(str(number) for number in days)
