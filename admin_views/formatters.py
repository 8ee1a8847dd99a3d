"""How values look: Spanish dates and money, one badge per state, words for every closed list."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from markupsafe import Markup

from app import clock
from app.money import short, spell
from app.texts import _
from models.enums import PaymentMethod, Role, TaxKind

DASH = "—"


class Sign(NamedTuple):
    """How a state is told: word, icon and tone (none, ``info``, ``warn``, ``bad``, ``ok``). The same everywhere."""

    word: str
    icon: str
    tone: str = ""


ROLES = {
    Role.READER: "Solo consulta",
    Role.INVOICING: "Facturación",
    Role.MANAGER: "Responsable",
    Role.ADMINISTRATOR: "Administración",
}

PAYMENT_METHODS = {
    PaymentMethod.TRANSFER: "Transferencia",
    PaymentMethod.DIRECT_DEBIT: "Recibo domiciliado",
    PaymentMethod.CASH: "Efectivo",
    PaymentMethod.CARD: "Tarjeta",
    PaymentMethod.CHEQUE: "Cheque",
    PaymentMethod.OTHER: "Otra",
}

TAX_KINDS = {
    TaxKind.VAT: "IVA",
    TaxKind.IGIC: "IGIC",
    TaxKind.IPSI: "IPSI",
    TaxKind.WITHHOLDING: "Retención",
    TaxKind.OTHER: "Otro",
}


@lru_cache(maxsize=256)
def badge(sign: Sign) -> Markup:
    tone = f" {sign.tone}" if sign.tone else ""
    return Markup('<span class="v-badge{}"><i class="ti ti-{}" aria-hidden="true"></i>{}</span>').format(
        tone, sign.icon, _(sign.word)
    )


@lru_cache(maxsize=64)
def dot(word: str, on: bool) -> Markup:
    """Published or not: another axis than the state, so another shape."""
    return Markup('<span class="v-dot {}">{}</span>').format("on" if on else "soft", _(word))


def seen_on(day: dt.datetime | None) -> Markup:
    """An eye and the day a customer last looked; nothing when nobody did."""
    if day is None:
        return Markup()
    local = clock.madrid(day)
    return Markup(
        ' <span class="soft" title="{}"><i class="ti ti-eye" aria-hidden="true"></i>'
        '<span class="visually-hidden">, {}</span> {}</span>'
    ).format(_("Vista el %(dia)s") % {"dia": local.strftime("%d/%m/%Y")}, _("vista el"), local.strftime("%d/%m"))


def money(amount: Decimal | None) -> str:
    """``1.234,50``, without the sign of the currency: the heading carries it."""
    return DASH if amount is None else spell(amount)


def percent(rate: Decimal | None) -> str:
    return DASH if rate is None else f"{short(rate, 4)}\u00a0%"


def price(amount: Decimal | None) -> str:
    """At least two decimals, more only where there are more."""
    if amount is None:
        return DASH
    text = short(amount, 8)
    decimals = len(text.partition(",")[2])
    return text if decimals >= 2 else spell(amount)


def day(value: dt.date | None) -> str:
    return value.strftime("%d/%m/%Y") if value else DASH


def moment(value: dt.datetime | None) -> str:
    return clock.madrid(value).strftime("%d/%m/%Y, %H:%M") if value else DASH


def yes_no(value: bool) -> str:
    return _("Sí") if value else _("No")


def count(number: int) -> str:
    """``4.312``."""
    return f"{number:,}".replace(",", ".")


def initials(name: str) -> str:
    """Two letters for a round mark: ``ET`` for Electricidad Tosma, S.L."""
    words = [word for word in name.replace(",", " ").split() if word[0].isalnum() and word.upper() not in _LEGAL_FORMS]
    return "".join(word[0] for word in words[:2]).upper() or "·"


def browser_name(agent: str) -> str:
    """``Firefox en Windows``, from what a browser says of itself."""
    program = next((name for mark, name in _PROGRAMS if mark in agent), _("Otro navegador"))
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return _("%(programa)s en %(sistema)s") % {"programa": program, "sistema": system} if system else program


_PROGRAMS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip
_LEGAL_FORMS = {"S.L.", "S.A.", "S.L.U.", "C.B.", "S.COOP.", "DE", "DEL", "LA", "EL", "LOS", "LAS", "Y", "E"}
_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip


def long_day(value: dt.date) -> str:
    """``lunes, 23 de noviembre de 2026``."""
    return f"{_DAYS[value.weekday()]}, {value.day} de {_MONTHS[value.month - 1]} de {value.year}"


_STORED_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_STORED_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def spell_stored(value: Any) -> str:
    """A value as the audit keeps it (JSON), as a person reads it."""
    if value is None or value == "":
        return DASH
    if isinstance(value, bool):
        return yes_no(value)
    text = str(value)
    if _STORED_DAY.fullmatch(text):
        return day(dt.date.fromisoformat(text))
    if _STORED_DAY.match(text) and "T" in text[:11]:
        return moment(dt.datetime.fromisoformat(text))
    if _STORED_NUMBER.fullmatch(text) and "." in text:
        return text.replace(".", ",")
    return text


FILTERS: dict[str, Callable[..., Any]] = {
    "badge": badge,
    "browser_name": browser_name,
    "count": count,
    "initials": initials,
    "long_day": long_day,
    "percent": percent,
    "price": price,
}
