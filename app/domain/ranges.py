"""The numbers of a range, as runs: missing, unpublished, withdrawn, published."""

import datetime as dt
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Select

from app.clock import madrid
from app.domain.publishing_sql import publications
from app.domain.queries.documents import selected
from app.domain.selections import DocumentSelection, NumberRange
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.texts import _, plural
from models import Document

MOST_RUNS = 200
MOST_SPELT = 12


class Standing(StrEnum):
    """Where a number of the range stands. ``WITHDRAWN``: it was published once and is not any more."""

    MISSING = "missing"
    UNPUBLISHED = "unpublished"
    WITHDRAWN = "withdrawn"
    PUBLISHED = "published"


class Run(Struct, frozen=True):
    """Consecutive numbers that stand alike; ``withdrawn_on`` is the last day one of them was withdrawn."""

    first: int
    last: int
    standing: Standing
    withdrawn_on: dt.date | None = None

    def __str__(self) -> str:
        return f"{self.first:04d}" if self.first == self.last else f"{self.first:04d}–{self.last:04d}"


class Gaps(Struct, frozen=True):
    """A range, told as at most ``MOST_RUNS`` runs in order; the counts are of the whole range."""

    numbers: NumberRange
    runs: tuple[Run, ...]
    missing: int
    unpublished: int
    withdrawn: int
    published: int

    def spell(self, standing: Standing) -> str:
        """``0437–0439, 0441``: the first runs that stand so, and how many more there are."""
        runs = [run for run in self.runs if run.standing is standing]
        words = ", ".join(map(str, runs[:MOST_SPELT]))
        if told := sum(run.last - run.first + 1 for run in runs[:MOST_SPELT]):
            rest = getattr(self, standing) - told
            words += plural(" y %(n)s número más", " y %(n)s números más", rest) if rest else ""
        return words


def gaps_in(db: ScopedSession, selection: DocumentSelection) -> Gaps:
    """Where each number of the selection's range stands. Raises ``InvalidValue`` for a range that runs backwards."""
    wanted = selection.numbers
    if wanted is None:
        raise LookupError("the selection is not a range")
    if wanted.first > wanted.last:
        raise InvalidValue(_("El primer número del rango es mayor que el último."), field="last")
    counts: dict[str, int] = {row.standing: row.n for row in db.connection().execute(_counts(db.company_id, selection))}
    rows = db.connection().execute(_runs(db.company_id, selection)).all()
    present = [Run(row.first, row.last, Standing(row.standing), _day(row.withdrawn_at)) for row in rows[:MOST_RUNS]]
    end = wanted.last if len(rows) <= MOST_RUNS else present[-1].last
    return Gaps(
        wanted,
        tuple(_with_gaps(present, wanted.first, end))[:MOST_RUNS],
        missing=wanted.last - wanted.first + 1 - sum(counts.values()),
        unpublished=counts.get(Standing.UNPUBLISHED, 0),
        withdrawn=counts.get(Standing.WITHDRAWN, 0),
        published=counts.get(Standing.PUBLISHED, 0),
    )


def _day(moment: dt.datetime | None) -> dt.date | None:
    return madrid(moment).date() if moment else None


def _with_gaps(present: Iterable[Run], first: int, last: int) -> Iterator[Run]:
    """The runs, and between them those of numbers that do not exist."""
    expected = first
    for run in present:
        if run.first > expected:
            yield Run(expected, run.first - 1, Standing.MISSING)
        yield run
        expected = run.last + 1
    if expected <= last:
        yield Run(expected, last, Standing.MISSING)


def _standings(company_id: int, selection: DocumentSelection) -> Any:
    """``number, standing, withdrawn_at`` of each number that exists."""
    live, past = publications.alias("live"), publications.alias("past")
    withdrawn = (
        sa.select(sa.func.max(past.c.withdrawn_at))
        .where(
            past.c.company_id == company_id,
            past.c.contact_id == Document.contact_id,
            past.c.document_id == Document.id,
            past.c.withdrawn_at.is_not(None),
        )
        .correlate(Document)
        .scalar_subquery()
    )
    each = (
        sa.select(
            Document.sort_number.label("number"),
            sa.func.max(live.c.id).label("live_id"),
            sa.func.max(sa.case((live.c.id.is_(None), withdrawn))).label("withdrawn_at"),
        )
        .select_from(Document)
        .outerjoin(
            live,
            sa.and_(live.c.company_id == company_id, live.c.document_id == Document.id, live.c.withdrawn_at.is_(None)),
        )
        .where(*selected(company_id, selection))
        .group_by(Document.sort_number)
        .subquery()
    )
    standing = sa.case(
        (each.c.live_id.is_not(None), Standing.PUBLISHED.value),
        (each.c.withdrawn_at.is_not(None), Standing.WITHDRAWN.value),
        else_=Standing.UNPUBLISHED.value,
    )
    return sa.select(each.c.number, standing.label("standing"), each.c.withdrawn_at).subquery()


def _counts(company_id: int, selection: DocumentSelection) -> Select:
    each = _standings(company_id, selection)
    return sa.select(each.c.standing, sa.func.count().label("n")).group_by(each.c.standing)


def _runs(company_id: int, selection: DocumentSelection) -> Select:
    """Numbers that follow each other and stand alike differ from their place among those by the same amount."""
    each = _standings(company_id, selection)
    place = sa.func.row_number().over(partition_by=each.c.standing, order_by=each.c.number)
    placed = sa.select(each, (each.c.number - place).label("island")).subquery()
    return (
        sa.select(
            placed.c.standing,
            sa.func.min(placed.c.number).label("first"),
            sa.func.max(placed.c.number).label("last"),
            sa.func.max(placed.c.withdrawn_at).label("withdrawn_at"),
        )
        .group_by(placed.c.standing, placed.c.island)
        .order_by(sa.func.min(placed.c.number))
        .limit(MOST_RUNS + 1)
    )
