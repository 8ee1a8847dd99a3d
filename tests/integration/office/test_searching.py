"""What the search box of each list finds: invoices by their number."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from models import Publication
from models.enums import Origin
from tests.rig.desk import fields_of

ROW = re.compile(r'scope="row" class="c-no"><a href="[^"]+">([^<]+)</a>')


def rows(page):
    return ROW.findall(page.text)


@pytest.fixture
def numbered(make, db):
    """Invoices whose number is 7412 in one way or another, and some where it is not."""
    series, contact = make.series(label="FV26"), make.contact()
    own = make.invoice(series=series, contact=contact, number=7412)
    priced, *_others = [make.invoice(series=series, contact=contact, number=number) for number in (412, 17412, 74121)]
    priced.total = Decimal(7412)
    imported = make.invoice(series=series, contact=contact, number=9, origin=Origin.IMPORTED)
    imported.series_id, imported.series_label, imported.number = None, "A", None
    imported.number_text, imported.sort_number = "A/2024/7412", 7412
    printed = make.invoice(series=series, contact=contact, number=10)
    printed.number_text = "7412-BIS"
    db.commit()
    return {
        "7412": [own, imported, printed, priced],
        "07412": [own, imported, priced],
        "7412-": [printed],
        "412": [priced],
        "74122": [],
    }


def test_a_number_is_found_by_its_digits_alone(desk, numbered):
    found = {typed: sorted(rows(desk.get("invoice/list", buscar=typed))) for typed in numbered}

    assert found == {typed: sorted(invoice.number_text for invoice in invoices) for typed, invoices in numbered.items()}


def test_what_a_number_finds_can_be_published(desk, db, make, numbered):
    make.template()
    db.commit()

    desk.post("invoice/publish", fields_of(desk.get("invoice/publish", scope="filter", q="buscar=07412")))

    assert sorted(db.scalars(select(Publication.document_id))) == sorted(invoice.id for invoice in numbered["07412"])
