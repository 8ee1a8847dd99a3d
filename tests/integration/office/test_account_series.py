"""*Series por defecto*: chosen kind by kind by whoever is signed in, and used by their new documents only."""

import pytest
from sqlalchemy import select

from app import clock
from models import SeriesDefault
from models.enums import DocumentKind, Role
from tests.rig.desk import fields_of, text_of
from tests.rig.sheet import errors_of_sheet, fields_of_sheet

PAGE = "account/series"
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def series(db, make):
    """Two of invoices, the first one the company's, and one of quotes."""
    year = clock.today().year
    found = [
        make.series(label="FV", code="FV", year=year, is_default=True),
        make.series(label="FB", code="FB", year=year),
        make.series(kind=DocumentKind.QUOTE, label="P", code="P", year=year),
    ]
    db.commit()
    return found


def kept(db):
    db.rollback()
    return [(one.kind, one.series_id) for one in db.scalars(select(SeriesDefault).order_by(SeriesDefault.kind))]


def test_what_is_chosen_is_what_new_documents_begin_with(desk, sit, db, series):
    _fv, fb, quotes = series
    before = desk.get("invoice/create")

    page = desk.follow(desk.change(PAGE, {"invoice": str(fb.id), "quote": str(quotes.id)}))
    mine, theirs = desk.get("invoice/create"), sit(Role.INVOICING).get("invoice/create")

    assert "Sus series por defecto: guardadas." in text_of(page)
    assert (fields_of(page)["invoice"], fields_of(page)["sales_order"]) == (str(fb.id), "")
    assert kept(db) == [(DocumentKind.INVOICE, fb.id), (DocumentKind.QUOTE, quotes.id)]
    assert [fields_of_sheet(one)["series"] for one in (before, mine, theirs)] == [
        str(series[0].id),
        str(fb.id),
        str(series[0].id),
    ]
    assert "Será la FB-0001 · su serie por defecto" in text_of(mine)
    assert "Será la FV-0001 · serie de la empresa" in text_of(theirs)


@ONLY_SQLITE
def test_choosing_nothing_follows_the_company_again(desk, db, series):
    desk.change(PAGE, {"invoice": str(series[1].id)})
    desk.change(PAGE, {"invoice": ""})

    assert kept(db) == []


@ONLY_SQLITE
def test_next_year_the_series_of_the_same_code_is_one_s_own(desk, db, make, series):
    last = make.series(label="FB25", code="FB", year=clock.today().year - 1)
    db.commit()
    desk.change(PAGE, {"invoice": str(last.id)})

    assert fields_of_sheet(desk.get("invoice/create"))["series"] == str(series[1].id)


@ONLY_SQLITE
def test_a_series_of_another_kind_closed_or_of_nobody_is_refused(desk, db, make, series):
    closed = make.series(label="FX", closed_at=clock.now())
    corrective = make.series(label="R", is_corrective=True)
    db.commit()

    for wrong in (series[2].id, closed.id, corrective.id, 10**15, "x", "1; drop"):
        answer = desk.post(PAGE, {"invoice": str(wrong)})
        assert (answer.status_code, errors_of_sheet(answer)) == (422, {"invoice": "Elija una de la lista."})
    assert kept(db) == []


@ONLY_SQLITE
def test_one_closed_since_is_told_and_can_be_left(desk, db, series):
    desk.change(PAGE, {"invoice": str(series[1].id)})
    series[1].closed_at = clock.now()
    db.commit()

    page = desk.get(PAGE)

    assert "FB (cerrada)" in text_of(page)
    assert desk.change(PAGE, {"quote": str(series[2].id)}).status_code == 303
    assert desk.change(PAGE, {"invoice": ""}).status_code == 303
    assert fields_of_sheet(desk.get("invoice/create"))["series"] == str(series[0].id)
