"""Taking the next number of a series."""

import datetime as dt

from sqlalchemy import func, select

from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Document, Series, SeriesDefault
from models.enums import DocumentKind, Origin


class SeriesClosed(Refusal):
    code = "series_closed"

    def __init__(self, label: str) -> None:
        super().__init__(_("La serie %(serie)s está cerrada.") % {"serie": label}, field="series")


class DateBeforePredecessor(Refusal):
    """A document may not be dated before the one whose number precedes it (of invoices: RD 1619/2012, art. 6.1.a)."""

    code = "date_before_predecessor"

    def __init__(self, label: str, last: dt.date) -> None:
        sentence = _("La serie %(serie)s va por el %(dia)s: la fecha no puede ser anterior.")
        super().__init__(sentence % {"serie": label, "dia": last.strftime("%d/%m/%Y")}, field="issued_on")


class DateOutsideYear(Refusal):
    code = "date_outside_year"

    def __init__(self, label: str, year: int) -> None:
        sentence = _("La serie %(serie)s es de %(year)s: elija una fecha de ese año u otra serie.")
        super().__init__(sentence % {"serie": label, "year": year}, field="issued_on")


def lock_series(db: ScopedSession, series_id: int, kind: DocumentKind) -> Series:
    """The series row, locked until the transaction ends: the first lock of every numbering transaction."""
    series = db.scalar(
        select(Series)
        .where(Series.id == series_id, Series.kind == kind)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if series is None:
        raise NotFound(_("esa serie"))
    return series


def first_free(db: ScopedSession, company_id: int, kind: DocumentKind, label: str) -> int:
    """The least number a series of this label can begin with: what another program gave out is not given out again."""
    highest = db.scalar(
        select(func.max(Document.sort_number)).where(
            Document.company_id == company_id,
            Document.kind == kind,
            Document.origin == Origin.IMPORTED,
            Document.series_label == label,
        )
    )
    return (highest or 0) + 1


def default_series(
    db: ScopedSession, kind: DocumentKind, day: dt.date, *, user_id: int | None = None, is_corrective: bool = False
) -> Series | None:
    """The open series a new document of ``day`` takes: of its year, then one's own, the company's, the newest."""
    own = db.scalar(select(SeriesDefault.series_id).where(SeriesDefault.user_id == user_id, SeriesDefault.kind == kind))
    candidates = db.scalars(
        select(Series).where(Series.kind == kind, Series.is_corrective.is_(is_corrective), Series.closed_at.is_(None))
    )
    return max(
        candidates,
        key=lambda one: (one.year in (None, day.year), one.id == own, one.is_default, one.year or 0, one.id),
        default=None,
    )


def take_number(series: Series, day: dt.date) -> int:
    """The next number of a locked series for a document of ``day``. Rolled back with the transaction: no gaps."""
    if series.closed_at is not None:
        raise SeriesClosed(series.label)
    if series.year is not None and day.year != series.year:
        raise DateOutsideYear(series.label, series.year)
    if series.last_issued_on is not None and day < series.last_issued_on:
        raise DateBeforePredecessor(series.label, series.last_issued_on)
    number = series.next_number
    series.next_number, series.last_issued_on = number + 1, day
    return number


def make_room(series: Series, imported: int, day: dt.date) -> None:
    """Move a locked series beyond an imported number and its ``day``, as long as it has given out none of its own.

    Raises ``Refusal`` afterwards: the count of our own numbers may not be disturbed.
    """
    if series.has_own_numbers:
        sentence = _("La serie %(serie)s ya numera sus propios documentos: no admite el %(numero)s de otro programa.")
        raise Refusal(sentence % {"serie": series.label, "numero": imported})
    series.first_number = series.next_number = max(series.next_number, imported + 1)
    series.last_issued_on = max(series.last_issued_on or day, day)
