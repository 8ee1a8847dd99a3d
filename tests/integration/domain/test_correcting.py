"""Corrective invoices."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.domain.copying import NoSeries, OtherCurrency
from app.domain.correcting import (
    AlreadyCorrected,
    CorrectInvoice,
    correct_invoice,
)
from app.domain.drafting import LineDraft, SaveDraft, save_draft
from app.domain.issuing import IssueDocument, issue_document
from app.errors import InvalidValue, NotFound
from app.scope import CompanyScope
from models import Invoice
from models.enums import DocumentStatus, Origin, TaxKind

TODAY = dt.date(2026, 11, 21)


def correct(db, invoice, reason="Precio equivocado"):
    command = CorrectInvoice(document_id=invoice.id, reason=reason, today=TODAY)
    return db.get_one(Invoice, correct_invoice(db, command).document_id)


@pytest.fixture
def corrective(make):
    return make.series(label="RT26", is_corrective=True)


def as_form(draft, **values):
    """The draft as its form shows it, unchanged."""
    line = {"quantity": draft.lines[0].quantity, "unit_price": draft.lines[0].unit_price, "id": draft.lines[0].id}
    return SaveDraft(
        **{
            "kind": draft.kind,
            "contact_id": draft.contact_id,
            "series_id": draft.series_id,
            "issued_on": draft.issued_on,
            "lines": (LineDraft(concept="Cuadro", tax_rate_id=None, **line),),
            "correction_reason": draft.correction_reason,
            "document_id": draft.id,
            "revision": draft.revision,
        }
        | values
    )


def test_a_correction_takes_back_all_the_original_says(db, make, corrective):
    original = make.invoice(discount_rate=Decimal(10), issued_on=TODAY)

    correction = correct(db, original)
    issue_document(db, IssueDocument(document_id=correction.id, today=TODAY))

    assert (correction.total, correction.payable, correction.dues) == (-original.total, -original.payable, [])
    assert (correction.number_text, correction.status) == ("RT26-0001", DocumentStatus.ISSUED)
    assert (correction.corrects_id, correction.corrects_text) == (original.id, "FV26-0001")
    assert correction.mentions == "Motivo de la rectificación: Precio equivocado"
    assert original.status is DocumentStatus.PENDING


def test_asking_twice_at_once_makes_one_draft(db, make, database, company, corrective):
    original = make.invoice()
    db.commit()
    command = CorrectInvoice(document_id=original.id, reason="x", today=TODAY)

    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(
                lambda _turn: database.run(CompanyScope(company.id), lambda db: correct_invoice(db, command)), range(4)
            )
        )

    assert len({answer.document_id for answer in answers}) == 1
    assert db.scalars(select(Invoice.id).where(Invoice.corrects_id == original.id)).all() == [answers[0].document_id]


def test_what_is_taken_back_in_full_is_not_taken_back_again(db, make, corrective):
    original = make.invoice(issued_on=TODAY, lines=[make.line(quantity=Decimal(2))])
    part = correct(db, original)
    part.lines[0].quantity = Decimal(-1)
    issue_document(db, IssueDocument(document_id=part.id, today=TODAY))
    rest = correct(db, original)
    rest.lines[0].quantity = Decimal(-1)
    issue_document(db, IssueDocument(document_id=rest.id, today=TODAY))

    with pytest.raises(AlreadyCorrected, match=r"FV26-0001 ya está rectificada por completo \(RT26-0001, RT26-0002\)"):
        correct(db, original)

    assert correct(db, rest).total == Decimal("121.00")


def test_only_issued_invoices_in_euros_are_corrected(db, make, corrective):
    with pytest.raises(NotFound):
        correct(db, make.draft())
    with pytest.raises(OtherCurrency):
        correct(db, make.invoice(currency="USD"))


def test_corrections_need_a_series_of_their_own(db, make):
    original = make.invoice()

    with pytest.raises(NoSeries):
        correct(db, original)


def test_a_correction_stays_in_a_corrective_series(db, make, corrective):
    original = make.invoice()
    draft = correct(db, original)

    with pytest.raises(InvalidValue) as refused:
        save_draft(db, as_form(draft, series_id=original.series_id))

    assert refused.value.field == "series"


def test_a_correction_says_why(db, make, corrective):
    draft = correct(db, make.invoice())
    save_draft(db, as_form(draft, correction_reason=" "))

    with pytest.raises(InvalidValue) as refused:
        issue_document(db, IssueDocument(document_id=draft.id, today=TODAY))

    assert refused.value.field == "correction_reason"


def test_a_correction_may_keep_a_tax_that_is_no_more(db, make, corrective):
    line = make.line(tax_kind=TaxKind.IGIC, tax_rate=Decimal(7), surcharge_rate=Decimal("0.7"))
    draft = correct(db, make.invoice(lines=[line]))

    save_draft(db, as_form(draft))

    assert [(tax.label, str(tax.amount), str(tax.surcharge_amount)) for tax in draft.taxes] == [
        ("IGIC 7 %", "-7.00", "-0.70")
    ]


def test_a_correction_is_taxed_as_of_the_day_it_corrects(db, make, corrective):
    old = make.tax("18", valid_from=dt.date(2020, 1, 1), valid_until=dt.date(2025, 12, 31))
    draft = correct(db, make.invoice(issued_on=dt.date(2025, 12, 31)))
    line = LineDraft(concept="Otra línea", unit_price=Decimal(100), tax_rate_id=old.id)

    save_draft(db, as_form(draft, lines=(line,)))

    assert [str(tax.amount) for tax in draft.taxes] == ["18.00"]


def test_an_imported_discount_is_taken_back_too(db, make, corrective):
    original = make.draft(discount_rate=Decimal("12.5"))
    original.discount_rate, original.origin = Decimal(0), Origin.IMPORTED  # it came as an amount
    original.number_text, original.status = "A-1", DocumentStatus.PENDING

    assert correct(db, original).total == -original.total


def test_invoices_of_others_are_not_corrected(db, make, make_session, company, corrective):
    original = make.invoice()
    db.commit()

    with make_session(scope=CompanyScope(company.id + 1)) as theirs, pytest.raises(NotFound):
        correct(theirs, original)
