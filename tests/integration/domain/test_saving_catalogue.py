"""Series beside invoices of another program: no number is given out twice."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app.domain.companies import open_series
from app.domain.importing import ImportInvoice, import_invoice
from app.domain.issuing import IssueDocument, issue_document
from app.domain.saving_catalogue import SaveSeries, save_series
from app.errors import InvalidValue
from app.scope import CompanyScope
from models import Invoice, Series
from models.enums import DocumentKind
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
        sentence = "Se importaron facturas de la serie C26 hasta el 12: empiece por el 13."
        assert (str(refusal.value), refusal.value.field) == (sentence, "first_number")
    else:
        series = save_series(db, replace(C26, first_number=first))
        assert (series.first_number, series.next_number) == (first, first)


def test_a_series_that_an_import_moved_is_not_moved_back(db):
    series = save_series(db, C26)
    imported(db, 12)
    moved = replace(C26, id=series.id)

    with pytest.raises(InvalidValue, match=r"hasta el 12: empiece por el 13\."):
        save_series(db, replace(moved, first_number=12))
    save_series(db, replace(moved, first_number=13, name="Contado"))

    assert (series.first_number, series.next_number, series.name) == (13, 13, "Contado")


def test_a_series_that_takes_the_name_of_an_imported_one_begins_after_it(db):
    series = save_series(db, replace(C26, code="X"))
    imported(db, 12)

    with pytest.raises(InvalidValue):
        save_series(db, replace(C26, id=series.id))


def test_the_series_of_a_year_are_one_for_each_kind_and_begin_after_what_was_imported(db, company):
    imported(db, 7, "FV26")

    open_series(db, company, 2026)

    facts = (Series.kind, Series.label, Series.name, Series.next_number, Series.is_default, Series.is_corrective)
    assert db.execute(select(*facts).order_by(Series.id)).all() == [
        (DocumentKind.QUOTE, "P26", "Presupuestos", 1, True, False),
        (DocumentKind.SALES_ORDER, "PV26", "Pedidos", 1, True, False),
        (DocumentKind.WORK_ORDER, "PT26", "Partes de trabajo", 1, True, False),
        (DocumentKind.DELIVERY_NOTE, "A26", "Albaranes", 1, True, False),
        (DocumentKind.PROFORMA, "PF26", "Proformas", 1, True, False),
        (DocumentKind.INVOICE, "FV26", "Facturas de venta", 8, True, False),
        (DocumentKind.PURCHASE_ORDER, "PC26", "Pedidos de compra", 1, True, False),
        (DocumentKind.INVOICE, "R26", "Facturas rectificativas", 1, False, True),
    ]


def test_each_kind_proposes_its_own_series_and_labels_may_be_the_same(db):
    invoices = save_series(db, replace(C26, is_default=True))
    quotes = save_series(db, replace(C26, kind=DocumentKind.QUOTE, is_default=True))
    newer = save_series(db, replace(C26, kind=DocumentKind.QUOTE, code="Q", is_default=True))
    corrective = save_series(db, replace(C26, code="R", is_corrective=True, is_default=True))

    assert [series.label for series in (invoices, quotes, newer, corrective)] == ["C26", "C26", "Q26", "R26"]
    assert [series.is_default for series in (invoices, quotes, newer, corrective)] == [True, False, True, True]


@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if kind is not DocumentKind.INVOICE])
def test_only_invoices_have_a_series_for_corrections(db, kind):
    with pytest.raises(InvalidValue) as refusal:
        save_series(db, replace(C26, kind=kind, is_corrective=True))

    sentence = "Solo las facturas se rectifican con una serie propia."
    assert (str(refusal.value), refusal.value.field) == (sentence, "is_corrective")


def test_a_series_that_a_draft_has_been_given_stays_of_its_kind(db, make):
    series = save_series(db, C26)
    to_quotes = replace(C26, id=series.id, kind=DocumentKind.QUOTE)
    draft = make.draft(series=series)

    with pytest.raises(InvalidValue) as refusal:
        save_series(db, to_quotes)
    db.delete(draft)
    db.flush()
    save_series(db, to_quotes)

    sentence = "Ya hay facturas de esta serie: no puede cambiar de documento. Cree otra."
    assert (str(refusal.value), refusal.value.field) == (sentence, "kind")
    assert series.kind is DocumentKind.QUOTE


def test_numbers_of_fifteen_digits_are_counted_on(db, make):
    series = save_series(db, replace(C26, year=None))
    taken = imported(db, LARGEST, "C")
    draft = make.draft(contact=db.get_one(Invoice, taken.document_id).contact, series=series, issued_on=TODAY)

    issue_document(db, IssueDocument(document_id=draft.id, today=TODAY))

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
