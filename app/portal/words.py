"""What the portal says: days as people count them, what was done with a document."""

import datetime as dt

from app import clock
from app.domain.kinds import KINDS
from app.texts import _, plural
from models.enums import DocumentKind, EventKind

_DEEDS = {
    EventKind.VIEWED: "vio %(documento)s",
    EventKind.DOWNLOADED: "descargó el PDF",
    EventKind.PRINTED: "abrió el PDF para imprimirlo",
}
_DEEDS_WITH = {
    EventKind.VIEWED: "vio %(documento)s",
    EventKind.DOWNLOADED: "descargó %(documento)s",
    EventKind.PRINTED: "abrió para imprimir %(documento)s",
}

_REFUSALS = {
    400: "No le hemos entendido",
    403: "Aquí no puede hacer eso",
    404: "No está aquí",
    410: "Este enlace ya no sirve",
    429: "Espere un momento",
    503: "Ahora no es posible",
}

_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip


def spell_day(day: dt.date) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year}"


def spell_moment(moment: dt.datetime) -> str:
    """``19/11/2026, 8:30`` on a Madrid clock."""
    local = clock.madrid(moment)
    return f"{spell_day(local)}, {local.hour}:{local.minute:02d}"


def distance(day: dt.date, today: dt.date) -> str:
    """How far away a day is, as people say it."""
    days = (day - today).days
    if -2 < days < 2:
        return (_("hoy"), _("mañana"), _("ayer"))[days]
    count = _count(abs(days))
    return (_("dentro de %s") if days > 0 else _("hace %s")) % count


def due(day: dt.date, today: dt.date) -> str:
    return _("Vence el") if day >= today else _("Venció el")


def part_due(day: dt.date, today: dt.date) -> str:
    """The same of what is paid in several parts: the first of those that are left."""
    return _("El próximo plazo vence el") if day >= today else _("Un plazo venció el")


def month_of(day: dt.date, today: dt.date) -> str:
    """``en diciembre``, with the year when it is another."""
    month = _(_MONTHS[day.month - 1])
    return (
        _("en %s") % month
        if day.year == today.year
        else _("en %(month)s de %(year)s") % {"month": month, "year": day.year}
    )


def capital(text: str) -> str:
    """As a sentence begins."""
    return text[:1].upper() + text[1:]


def the(kind: DocumentKind) -> str:
    """``la factura``, ``el presupuesto``."""
    return _(KINDS[kind].words.the)


def day_label(kind: DocumentKind) -> str:
    """What the day of a document is: ``Vencimiento``, ``Válido hasta``; nothing where it has none."""
    label = KINDS[kind].day_label
    return _("Vencimiento") if KINDS[kind].falls_due else _(label) if label else ""


def deed(event: EventKind, kind: DocumentKind) -> str:
    """What somebody did with the document at hand: ``descargó el PDF``."""
    return _(_DEEDS[event]) % {"documento": the(kind)}


def deed_with(event: EventKind, kind: DocumentKind) -> str:
    """The same, to be followed by its number: ``descargó la factura`` FV26-0001."""
    return _(_DEEDS_WITH[event]) % {"documento": the(kind)}


def refusal_title(status: int) -> str:
    return _(_REFUSALS.get(status, "No ha podido ser"))


def _count(days: int) -> str:
    if days < 60:
        return plural("%(n)s día", "%(n)s días", days)
    if days < 700:
        return plural("%(n)s mes", "%(n)s meses", round(days / 30.4))
    return plural("%(n)s año", "%(n)s años", round(days / 365.25))
