"""When things happened: working days of the last two years and of this one, up to today."""

import datetime as dt
from functools import cached_property

from msgspec import Struct

from app import clock

# Days off that fall on the same date every year.
_HOLIDAYS = frozenset({(1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25)})
_AUGUST = 8
MONTHLY_FOR = dt.timedelta(days=150)

MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip
QUARTERS = ("primer", "segundo", "tercer", "cuarto")


class Timeline(Struct, frozen=True, dict=True):
    today: dt.date

    @property
    def years(self) -> tuple[int, ...]:
        return (self.today.year - 2, self.today.year - 1, self.today.year)

    @cached_property
    def working_days(self) -> list[dt.date]:
        first = dt.date(self.years[0], 1, 1)
        days = (first + dt.timedelta(days=n) for n in range((self.today - first).days + 1))
        return [day for day in days if day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS]

    def weights(self) -> list[int]:
        """How much work each working day brings: August is quiet."""
        return [2 if day.month == _AUGUST else 5 for day in self.working_days]

    def months(self) -> list[tuple[dt.date, dt.date]]:
        """First and last day of every month, the last of them today's."""
        firsts = [dt.date(year, month, 1) for year in self.years for month in range(1, 13)]
        spans = [(first, _following(first) - dt.timedelta(days=1)) for first in firsts]
        return [span for span in spans if span[0] <= self.today]

    def publications(self, until: dt.date) -> list[tuple[str, dt.date, dt.date]]:
        """What was published together, up to a day: by quarters at first, by months in the end."""
        recent = until - MONTHLY_FOR
        monthly_from = dt.date(recent.year, recent.month - (recent.month - 1) % 3, 1)
        spans: dict[str, tuple[dt.date, dt.date]] = {}
        for first, last in self.months():
            if first > until:
                break
            label = _quarter(first) if first < monthly_from else _month(first, is_whole=last <= until)
            began, _ended = spans.get(label, (first, last))
            spans[label] = (began, min(last, until))
        return [(label, first, last) for label, (first, last) in spans.items()]

    def working_day_from(self, day: dt.date) -> dt.date:
        """``day`` or the next working day; today at the latest."""
        return next((known for known in self.working_days if known >= day), self.today)

    def working_day_to(self, day: dt.date) -> dt.date:
        """``day`` or the working day before it."""
        return next(known for known in reversed(self.working_days) if known <= day)


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A moment of a day on a Madrid clock, never in the future."""
    moment = dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=clock.MADRID).astimezone(dt.UTC)
    return min(moment, clock.now())


def _following(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=32)).replace(day=1)


def _month(first: dt.date, *, is_whole: bool) -> str:
    what = "Facturas" if is_whole else "Primeras facturas"
    return f"{what} de {MONTHS[first.month - 1]} de {first.year}"


def _quarter(first: dt.date) -> str:
    return f"Facturas del {QUARTERS[(first.month - 1) // 3]} trimestre de {first.year}"
