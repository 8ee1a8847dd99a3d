"""Issuing: numbers without gaps, frozen parties, one winner."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.domain.drafting import AlreadyIssued
from app.domain.issuing import (
    CustomerIncomplete,
    DateInFuture,
    IssueDocument,
    NegativeTotal,
    NothingToIssue,
    NumberTaken,
    SellerIncomplete,
    issue_document,
)
from app.domain.numbering import DateBeforePredecessor, DateOutsideYear, SeriesClosed
from app.errors import NotFound
from app.scope import CompanyScope
from models import Company, ContactAddress, Invoice, Series
from models.enums import AddressPurpose, DocumentKind, DocumentStatus

TODAY = dt.date(2026, 11, 21)
YESTERDAY = TODAY - dt.timedelta(days=1)


def issue(db, invoice):
    return issue_document(db, IssueDocument(document_id=invoice.id, today=TODAY))


def test_issuing_takes_the_next_number_and_freezes_both_parties(db, make, company):
    seller = db.get_one(Company, company.id)
    seller.registration, seller.phone, seller.website = "R. M. de Valencia, hoja V-1", "960 000 000", "tosma.example"
    series = make.series(label="FV26", next_number=446, first_number=400)
    draft = make.draft(series=series, issued_on=TODAY)

    issued = issue(db, draft)

    assert str(issued) == "Factura FV26-0446 emitida por 121,00\u00a0€."
    draft.contact.name = "Otro nombre"
    assert (draft.number, draft.number_text, draft.status) == (446, "FV26-0446", DocumentStatus.PENDING)
    assert (draft.seller_name, draft.seller_tax_id) == (company.name, company.tax_id)
    assert (draft.seller_address, draft.seller_contact, draft.seller_registration) == (
        "C/ Mayor, 1\n28013 Madrid",
        "960 000 000\ntosma.example",
        "R. M. de Valencia, hoja V-1",
    )
    assert draft.buyer_address == "C/ Tejedores, 8\n28045 Madrid"
    assert draft.buyer_name.startswith("Instalaciones Merino")
    assert (series.next_number, series.last_issued_on) == (447, TODAY)


def test_what_is_issued_can_be_found_by_its_words(db, make):
    draft = make.draft(series=make.series(label="FV26"), issued_on=TODAY, subject="Reforma  nº 3")
    before = draft.search_key

    issue(db, draft)

    assert (before, draft.search_key) == ("", "fv26-0001 reforma no 3 cuadro electrico de 24 modulos")


def test_the_address_for_invoices_goes_on_the_invoice(db, make):
    draft = make.draft(issued_on=TODAY)
    db.add_all(
        ContactAddress(
            contact_id=draft.contact_id, purpose=purpose, address=f"C/ {purpose}, 1", city="Lisboa", country="PT"
        )
        for purpose in (AddressPurpose.DELIVERY, AddressPurpose.BILLING, AddressPurpose.OTHER)
    )
    db.flush()

    issue(db, draft)

    assert draft.buyer_address == "C/ billing, 1\nLisboa\nPT"


@pytest.mark.parametrize(
    ("series", "draft", "refused"),
    [
        ({"last_issued_on": TODAY}, {"issued_on": YESTERDAY}, DateBeforePredecessor),
        ({"year": 2025}, {"issued_on": TODAY}, DateOutsideYear),
        ({"closed_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, {"issued_on": TODAY}, SeriesClosed),
        ({}, {"issued_on": TODAY + dt.timedelta(days=1)}, DateInFuture),
        ({}, {"issued_on": TODAY, "lines": []}, NothingToIssue),
    ],
)
def test_a_draft_that_breaks_a_rule_keeps_being_a_draft(db, make, series, draft, refused):
    row = make.series(**series)
    invoice = make.draft(series=row, **draft)

    with pytest.raises(refused):
        issue(db, invoice)

    assert (invoice.number, invoice.status, row.next_number) == (None, DocumentStatus.DRAFT, 1)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"tax_id": ""}, "Al cliente le falta el NIF. Complételo en su ficha."),
        ({"address": ""}, "Al cliente le falta la dirección. Complételo en su ficha."),
        ({"city": ""}, "Al cliente le falta la población. Complételo en su ficha."),
        ({"postcode": ""}, "Al cliente le falta el código postal. Complételo en su ficha."),
    ],
    ids=["tax id", "address", "city", "postcode"],
)
def test_an_invoice_names_its_customer_in_full(db, make, values, sentence):
    draft = make.draft(issued_on=TODAY)
    for name, value in values.items():
        setattr(draft.contact, name, value)

    with pytest.raises(CustomerIncomplete) as refused:
        issue(db, draft)

    assert (str(refused.value), refused.value.field) == (sentence, "contact")


def test_an_address_abroad_may_lack_a_postcode(db, make):
    draft = make.draft(contact=make.contact(country="IE", tax_id="IE6388047V"), issued_on=TODAY)
    draft.contact.postcode = ""

    issue(db, draft)

    assert draft.buyer_address == "C/ Tejedores, 8\nMadrid\nIE"


@pytest.mark.parametrize(("country", "is_issued"), [("FR", True), ("US", True), ("ES", False)])
def test_a_customer_from_abroad_may_have_no_tax_id(db, make, country, is_issued):
    draft = make.draft(issued_on=TODAY, contact=make.contact(tax_id="", country=country))

    with nullcontext() if is_issued else pytest.raises(CustomerIncomplete, match="le falta el NIF"):
        issue(db, draft)

    assert (draft.is_draft, draft.buyer_tax_id) == (not is_issued, "")


@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if kind is not DocumentKind.INVOICE])
def test_what_is_not_an_invoice_may_come_to_less_than_nothing(db, make, kind):
    returned = make.draft(kind=kind, lines=[make.line(quantity=-1)], issued_on=TODAY)

    issue_document(db, IssueDocument(document_id=returned.id, today=TODAY))

    assert (returned.total < 0, returned.is_draft) == (True, False)


def test_less_than_nothing_is_invoiced_only_to_correct(db, make):
    lines = [make.line(quantity=Decimal(-1))]
    draft = make.draft(issued_on=TODAY, lines=lines)

    with pytest.raises(NegativeTotal, match="abra la factura y elija Rectificar") as refused:
        issue(db, draft)

    assert (refused.value.field, draft.is_draft) == ("lines", True)
    nothing = make.draft(issued_on=TODAY, lines=[make.line(), make.line(quantity=Decimal(-1))])
    issue(db, nothing)
    assert (nothing.total, nothing.status) == (Decimal("0.00"), DocumentStatus.ISSUED)


def test_an_invoice_names_its_seller_in_full(db, make, company):
    draft = make.draft(issued_on=TODAY)
    db.get_one(Company, company.id).address = ""

    with pytest.raises(SellerIncomplete) as refused:
        issue(db, draft)

    assert str(refused.value) == "A su empresa le falta la dirección. Complételo en Administración → Empresa."


def test_why_there_is_no_tax_is_printed_once(db, make):
    exempt = {"tax_rate": Decimal(0), "exemption": "Operación exenta, art. 20 LIVA"}
    lines = [make.line(), make.line(**exempt), make.line(**exempt), make.line(tax_rate=Decimal(0))]
    draft = make.draft(lines=lines, issued_on=TODAY, mentions="Según contrato 14")

    issue(db, draft)

    assert draft.mentions == "Según contrato 14\nOperación exenta, art. 20 LIVA"


def test_a_number_another_program_gave_is_not_given_again(db, make):
    series = make.series(label="FV26")
    make.invoice(series=series, number=1, issued_on=TODAY)
    series.next_number = 1

    with pytest.raises(NumberTaken):
        issue(db, make.draft(series=series, issued_on=TODAY))


def test_the_same_draft_is_issued_once(db, make):
    draft = make.draft(issued_on=TODAY)
    issue(db, draft)

    with pytest.raises(AlreadyIssued):
        issue(db, draft)

    assert draft.series.next_number == 2


def test_a_draft_of_another_company_does_not_exist(db, make, make_session, company):
    with make_session(scope=CompanyScope(company.id)) as ours:
        draft_id = make.draft(issued_on=TODAY).id
        db.commit()
        with make_session(scope=CompanyScope(company.id + 1)) as theirs, pytest.raises(NotFound):
            issue_document(theirs, IssueDocument(document_id=draft_id, today=TODAY))
        assert ours.get(Invoice, draft_id).status is DocumentStatus.DRAFT


def test_two_hundred_at_once_are_numbered_one_to_two_hundred(db, make, database, company):
    series, contact = make.series(), make.contact()
    ids = [make.draft(series=series, contact=contact, issued_on=TODAY).id for _ in range(200)]
    db.commit()

    def issue_one(document_id):
        return database.run(
            CompanyScope(company.id),
            lambda session: issue_document(session, IssueDocument(document_id=document_id, today=TODAY)),
        )

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(issue_one, ids))

    db.expire_all()
    assert sorted(db.scalars(select(Invoice.number))) == list(range(1, 201))
    assert db.scalars(select(Series.next_number).where(Series.id == series.id)).one() == 201


def test_surcharge_and_withholding_reach_the_total_to_pay(db, make):
    line = make.line(unit_price=Decimal("1000"), surcharge_rate=Decimal("5.2"))
    draft = make.draft(lines=[line], issued_on=TODAY, withholding_rate=Decimal(15))

    issue(db, draft)

    figures = (
        draft.base_total,
        draft.tax_total,
        draft.surcharge_total,
        draft.total,
        draft.withheld_total,
        draft.payable,
    )
    assert [str(figure) for figure in figures] == ["1000.00", "210.00", "52.00", "1262.00", "150.00", "1112.00"]
    assert sum(due.amount for due in draft.dues) == draft.payable
