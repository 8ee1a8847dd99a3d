"""Series beside invoices of another program: no number is given out twice."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app.domain.companies import open_series
from app.domain.importing import ImportInvoice, import_invoice
from app.domain.issuing import IssueInvoice, issue_invoice
from app.domain.saving_catalogue import SaveSeries, save_series
from app.errors import InvalidValue
from app.scope import CompanyScope
from models import Invoice, Series
from tests.integration.domain.test_importing import INVOICE

C26 = SaveSeries(code="C", year=2026)
LARGEST = 999_999_999_999_999
TODAY = dt.date(2026, 11, 21)


def imported(db, number: int, label: str = "C26"):
    named = {"series_code": label, "number_text": f"{label}-{number}", "number": number, "sort_number": number}
    return import_invoice(db, ImportInvoice(invoice=replace(INVOICE, **named)))


@pytest.mark.parametrize(("first", "is_taken"), [(1, True), (12, True), (13, False), (400, False)])
def test_a_new_series_begins_after_what_was_imported(db, first, is_taken):
    for number in (11, 12):
        imported(db, number)
    imported(db, 70, "D26")

    if is_taken:
        with pytest.raises(InvalidValue) as refusal:
            save_series(db, replace(C26, first_number=first))
        sentence = "Se han importado facturas de la serie C26 hasta la 12: empiece por la 13."
        assert (str(refusal.value), refusal.value.field) == (sentence, "first_number")
    else:
        series = save_series(db, replace(C26, first_number=first))
        assert (series.first_number, series.next_number) == (first, first)


def test_a_series_that_an_import_moved_is_not_moved_back(db):
    series = save_series(db, C26)
    imported(db, 12)
    moved = replace(C26, id=series.id)

    with pytest.raises(InvalidValue, match=r"hasta la 12: empiece por la 13\."):
        save_series(db, replace(moved, first_number=12))
    save_series(db, replace(moved, first_number=13, name="Contado"))

    assert (series.first_number, series.next_number, series.name) == (13, 13, "Contado")


def test_a_series_that_takes_the_name_of_an_imported_one_begins_after_it(db):
    series = save_series(db, replace(C26, code="X"))
    imported(db, 12)

    with pytest.raises(InvalidValue):
        save_series(db, replace(C26, id=series.id))


def test_the_series_of_a_year_begin_after_what_was_imported(db, company):
    imported(db, 7, "FV26")

    open_series(db, company, 2026)

    assert db.execute(select(Series.label, Series.first_number, Series.next_number).order_by(Series.label)).all() == [
        ("FV26", 8, 8),
        ("R26", 1, 1),
    ]


def test_numbers_of_fifteen_digits_are_counted_on(db, make):
    series = save_series(db, replace(C26, year=None))
    taken = imported(db, LARGEST, "C")
    draft = make.draft(contact=db.get_one(Invoice, taken.document_id).contact, series=series, issued_on=TODAY)

    issue_invoice(db, IssueInvoice(document_id=draft.id, today=TODAY))

    own = db.scalars(select(Invoice).where(Invoice.number.is_not(None))).one()
    assert (own.number, own.number_text, series.next_number) == (LARGEST + 1, f"C-{LARGEST + 1}", LARGEST + 2)


@pytest.mark.parametrize("turn", range(4))
def test_a_series_and_an_import_at_once_never_share_a_number(database, company, turn):
    barrier = Barrier(2)

    def at_once(work):
        barrier.wait()
        try:
            return database.run(CompanyScope(company.id), work)
        except InvalidValue as refusal:
            return refusal

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(at_once, (lambda db: imported(db, 12), lambda db: save_series(db, C26))))

    with database.read(CompanyScope(company.id)) as db:
        assert db.scalars(select(Series.first_number)).all() in ([], [13])
