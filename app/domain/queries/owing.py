"""What customers still have to pay, by how late it is: exact, and read from one index alone."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import func, select, text, type_coerce

from app.scope import ScopedSession
from models import Document
from models.enums import DocumentKind, DocumentStatus
from models.types import Scaled

EUROS = "EUR"
# Days late, first and last, of each band; the last one has no end.
BANDS = ((1, 30), (31, 60), (61, 90), (91, None))
# As literals: a partial index only serves a query that says the same.
_IS_OPEN = text("documents.status IN ('pending', 'part_paid', 'returned')")


class Sum(NamedTuple):
    """Euros, and of how many invoices."""

    total: Decimal
    number: int


class Owed(Struct, frozen=True, kw_only=True):
    """``late`` has a sum for each of ``BANDS``; ``returned`` is late in its own way.

    Other currencies are only counted: all of them, and the late ones. ``oldest`` is the first due day of what is late.
    """

    on_time: Sum
    late: tuple[Sum, ...]
    returned: Sum
    foreign: int
    foreign_late: int
    oldest: dt.date | None

    @property
    def overdue(self) -> Sum:
        return _sum(self.late)

    @property
    def all(self) -> Sum:
        return _sum((self.on_time, *self.late, self.returned))


class _Row(NamedTuple):
    """What stands alike: the days late, none when it is not, and the sum."""

    status: DocumentStatus
    currency: str
    days: int
    sum: Sum


def owed(db: ScopedSession, today: dt.date) -> Owed:
    rows = _rows(db, today)
    ours = [row for row in rows if row.currency == EUROS]
    returned = [row.sum for row in ours if row.status is DocumentStatus.RETURNED]
    dues = [row for row in ours if row.status is not DocumentStatus.RETURNED]
    late = [row for row in rows if row.days > 0 and row.status is not DocumentStatus.RETURNED]
    return Owed(
        on_time=_sum(row.sum for row in dues if row.days <= 0),
        late=tuple(
            _sum(row.sum for row in dues if first <= row.days and (last is None or row.days <= last))
            for first, last in BANDS
        ),
        returned=_sum(returned),
        foreign=sum(row.sum.number for row in rows if row.currency != EUROS),
        foreign_late=sum(row.sum.number for row in late if row.currency != EUROS),
        oldest=today - dt.timedelta(days=max(row.days for row in late)) if late else None,
    )


def _rows(db: ScopedSession, today: dt.date) -> list[_Row]:
    alike = (Document.status, Document.currency, Document.due_on)
    left = func.sum(type_coerce(Document.payable - Document.collected, Scaled(2)))
    found = db.execute(
        select(*alike, left, func.count())
        .where(Document.company_id == db.company_id, Document.kind == DocumentKind.INVOICE, _IS_OPEN)
        .group_by(*alike)
    )
    return [
        _Row(status, currency, (today - due_on).days if due_on else 0, Sum(total, number))
        for status, currency, due_on, total, number in found
    ]


def _sum(sums: Iterable[Sum]) -> Sum:
    sums = list(sums)
    return Sum(sum((one.total for one in sums), Decimal(0)), sum(one.number for one in sums))
