"""What the screen and the worker ask about files on their way in."""

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import select

from app.scope import ScopedSession
from models import ImportRow, ImportRun
from models.enums import ImportVerdict

AT_ONCE = 100


class RunFigures(Struct, frozen=True, kw_only=True):
    """Invoices by verdict; ``totals`` add up what is new, each currency apart."""

    created: int
    exists: int
    refused: int
    new_customers: int
    totals: dict[str, Decimal]

    @property
    def all(self) -> int:
        return self.created + self.exists + self.refused


def figures_of(db: ScopedSession, run_id: int) -> RunFigures:
    found = db.execute(
        select(
            ImportRow.verdict,
            ImportRow.currency,
            sa.func.count(),
            sa.func.sum(ImportRow.amount),
            sa.func.count(sa.case((ImportRow.is_new_customer, 1))),
        )
        .where(ImportRow.company_id == db.company_id, ImportRow.run_id == run_id)
        .group_by(ImportRow.verdict, ImportRow.currency)
    ).all()

    def count(verdict: ImportVerdict) -> int:
        return sum(row[2] for row in found if row[0] is verdict)

    new = [row for row in found if row[0] is ImportVerdict.CREATED]
    return RunFigures(
        created=count(ImportVerdict.CREATED),
        exists=count(ImportVerdict.EXISTS),
        refused=count(ImportVerdict.REFUSED),
        new_customers=sum(row[4] for row in new),
        totals={row[1]: row[3] or Decimal(0) for row in sorted(new, key=lambda row: row[1] != "EUR")},
    )


class RowsPage(Struct, frozen=True):
    """Rows from one position on; ``next_after`` leads to the following ones."""

    rows: list[ImportRow]
    next_after: int | None


def rows_of(db: ScopedSession, run_id: int, verdict: ImportVerdict | None, after: int = 0) -> RowsPage:
    wanted = select(ImportRow).where(
        ImportRow.company_id == db.company_id, ImportRow.run_id == run_id, ImportRow.position > after
    )
    if verdict is not None:
        wanted = wanted.where(ImportRow.verdict == verdict)
    found = list(db.scalars(wanted.order_by(ImportRow.position).limit(AT_ONCE + 1)))
    return RowsPage(found[:AT_ONCE], found[AT_ONCE - 1].position if len(found) > AT_ONCE else None)


def new_customers_of(db: ScopedSession, run_id: int, most: int = 50) -> list[str]:
    """Names of the customers a run creates, as they come."""
    return list(
        db.scalars(
            select(ImportRow.customer)
            .where(ImportRow.company_id == db.company_id, ImportRow.run_id == run_id, ImportRow.is_new_customer)
            .order_by(ImportRow.position)
            .limit(most)
        )
    )


def latest_runs(db: ScopedSession, most: int = 10) -> list[ImportRun]:
    """The last runs of the company, the newest first."""
    return list(
        db.scalars(
            select(ImportRun).where(ImportRun.company_id == db.company_id).order_by(ImportRun.id.desc()).limit(most)
        )
    )


def waiting_runs(db: ScopedSession, now: dt.datetime) -> list[tuple[int, int]]:
    """Company and id of the runs, of whatever company, that a worker could take now. From a partial index."""
    waits = sa.text("import_runs.stage IN ('reading', 'taking')")
    free = sa.or_(ImportRun.leased_until.is_(None), ImportRun.leased_until < now)
    found = db.execute(select(ImportRun.company_id, ImportRun.id).where(waits, free).order_by(ImportRun.id).limit(10))
    return [(company_id, run_id) for company_id, run_id in found]
