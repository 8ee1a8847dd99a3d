"""The present moment and the present day.

Moments are UTC and aware. Days are those of Europe/Madrid, where an invoice is dated.
"""

import datetime as dt
from zoneinfo import ZoneInfo

MADRID = ZoneInfo("Europe/Madrid")


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    return now().astimezone(MADRID).date()


def madrid(moment: dt.datetime) -> dt.datetime:
    """The same moment on a Madrid clock. A naive moment is taken as UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(MADRID)
