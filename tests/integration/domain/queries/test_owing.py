"""What customers owe, by its age: to the cent, whatever its size."""

import datetime as dt
from decimal import Decimal

from sqlalchemy import cast, insert, literal, select

from app.domain.queries.owing import Owed, Sum, owed
from models import Document
from models.enums import DocumentStatus
from tests.factories import Make

TODAY = dt.date(2026, 11, 23)
NOTHING = Sum(Decimal(0), 0)


def due(make, days, payable="10", **values):
    """An invoice that was due so many days ago."""
    invoice = make.invoice(**values)
    invoice.due_on = None if days is None else TODAY - dt.timedelta(days=days)
    make.rewrite(invoice, payable=Decimal(payable))
    return invoice


def test_every_band_from_its_first_day_to_its_last(db, make):
    contact = make.contact()
    for place, days in enumerate((None, -1, 0, 1, 30, 31, 60, 61, 90, 91, 400)):
        due(make, days, payable=str(2**place), contact=contact)
    db.flush()

    assert owed(db, TODAY) == Owed(
        on_time=Sum(Decimal(1 + 2 + 4), 3),
        late=tuple(Sum(Decimal(total), 2) for total in (8 + 16, 32 + 64, 128 + 256, 512 + 1024)),
        returned=NOTHING,
        foreign=0,
        foreign_late=0,
        oldest=TODAY - dt.timedelta(days=400),
    )


def test_only_what_is_still_to_be_paid_counts(db, make, system_db):
    due(make, 5, "12.34", status=DocumentStatus.PART_PAID).collected = Decimal("2.04")
    due(make, 50, "-4")
    due(make, 99, "7", status=DocumentStatus.RETURNED)
    due(make, 5, status=DocumentStatus.PAID)
    due(make, 70, currency="USD")
    due(make, -70, currency="USD")
    make.draft()
    other = make.company()
    db.commit()
    due(Make(system_db, other), 5)
    system_db.commit()

    found = owed(db, TODAY)

    assert found == Owed(
        on_time=NOTHING,
        late=(Sum(Decimal("10.30"), 1), Sum(Decimal(-4), 1), NOTHING, NOTHING),
        returned=Sum(Decimal(7), 1),
        foreign=2,
        foreign_late=1,
        oldest=TODAY - dt.timedelta(days=70),
    )
    assert (found.overdue, found.all) == (Sum(Decimal("6.30"), 2), Sum(Decimal("13.30"), 3))


def test_nothing_owed(db):
    assert owed(db, TODAY).all == NOTHING


def test_ten_thousand_and_more_are_all_added_up(db, make):
    first = due(make, 5, "0.01")
    db.flush()
    rows = Document.__table__
    copied = {column.name: column for column in rows.c if column.name not in ("id", "number", "number_text")}
    n = select(literal(1).label("n")).cte("numbers", recursive=True)
    n = n.union_all(select(n.c.n + 1).where(n.c.n < 10_050))
    again = select(n.c.n + 1, literal("FV26-X") + cast(n.c.n, Document.number_text.type), *copied.values())
    db.connection().execute(
        insert(rows).from_select(
            ["number", "number_text", *copied],
            again.select_from(rows.join(n, n.c.n > 0)).where(rows.c.company_id == db.company_id, rows.c.id == first.id),
        )
    )

    assert owed(db, TODAY).overdue == Sum(Decimal("100.51"), 10_051)
