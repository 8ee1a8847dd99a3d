"""Taking the next number of a series."""

import datetime as dt
from enum import StrEnum
from typing import NamedTuple

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
        .with_for_update(key_share=True)  # drafts of it may be begun meanwhile
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


class Why(StrEnum):
    """Where a proposed series comes from."""

    OWN = "own"
    COMPANY = "company"
    NEWEST = "newest"


class Proposed(NamedTuple):
    series: Series
    why: Why


def proposed_series(
    db: ScopedSession, kind: DocumentKind, day: dt.date, *, user_id: int | None = None, is_corrective: bool = False
) -> Proposed | None:
    """The open series a new document of ``day`` takes: of its year, then one's own, the company's, the newest.

    One's own of another year stands for the one with its code.
    """
    chosen = db.scalar(
        select(Series)
        .join(SeriesDefault, SeriesDefault.series_id == Series.id)
        .where(SeriesDefault.user_id == user_id, SeriesDefault.kind == kind)
    )
    candidates = db.scalars(
        select(Series).where(Series.kind == kind, Series.is_corrective.is_(is_corrective), Series.closed_at.is_(None))
    )

    def is_own(one: Series) -> bool:
        return chosen is not None and (one.id == chosen.id or one.code == chosen.code)

    best = max(
        candidates,
        key=lambda one: (one.year in (None, day.year), is_own(one), one.is_default, one.year or 0, one.id),
        default=None,
    )
    if best is None:
        return None
    return Proposed(best, Why.OWN if is_own(best) else Why.COMPANY if best.is_default else Why.NEWEST)


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
