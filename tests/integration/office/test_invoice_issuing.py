"""Issuing from the form: asked first, done once, told to everybody else."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app import clock
from app.domain.drafting import DraftChanged
from models import AuditEntry, Company, Invoice, Series
from models.enums import DocumentStatus, Role
from tests.rig.desk import fields_of, text_of
from tests.rig.sheet import errors_of_sheet, fields_of_sheet

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ISSUE = {"do": "issue"}


@pytest.fixture
def draft(db, make):
    """A draft of 121,00 whose number would be FV26-0447."""
    series = make.series(label="FV26", next_number=447, first_number=400)
    tax = make.tax()
    draft = make.draft(series=series, contact=make.contact(name="Instalaciones Merino, S.L."))
    db.commit()
    assert tax.rate == draft.lines[0].tax_rate
    return draft


def opened(desk, draft):
    return fields_of_sheet(desk.get(f"invoice/edit/{draft.id}"))


def agreed(desk, draft):
    """The form as it stands once the question has been asked."""
    asked = desk.post(f"invoice/edit/{draft.id}", opened(desk, draft) | ISSUE)
    return fields_of_sheet(asked) | ISSUE


def fresh(db, draft):
    db.rollback()
    db.expire_all()
    return db.get_one(Invoice, draft.id)


def test_issuing_asks_first_and_then_says_the_number(desk, db, draft):
    asked = desk.post(f"invoice/edit/{draft.id}", opened(desk, draft) | ISSUE | {"subject": "Obra en Getafe"})
    assert asked.status_code == 200
    assert "Emitir la factura FV26-0447 Cliente Instalaciones Merino, S.L." in text_of(asked)
    assert fresh(db, draft).is_draft

    page = desk.follow(desk.post(f"invoice/edit/{draft.id}", fields_of_sheet(asked) | ISSUE))

    invoice = fresh(db, draft)
    assert (invoice.number_text, invoice.status, invoice.subject) == (
        "FV26-0447",
        DocumentStatus.PENDING,
        "Obra en Getafe",
    )
    assert "Factura FV26-0447 emitida por 121,00\u00a0€." in page.text
    assert "FV26-0447 · Instalaciones Merino, S.L." in text_of(page)
    assert [entry.changes["number_text"] for entry in db.scalars(select(AuditEntry)) if "number_text" in entry.changes]


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("method", "iban", "is_told"),
    [("transfer", "", True), ("transfer", "ES9121000418450200051332", False), ("cash", "", False)],
)
def test_a_transfer_to_nowhere_is_told_before_issuing(desk, db, draft, method, iban, is_told):
    db.get_one(Company, draft.company_id).iban = iban
    db.commit()

    asked = desk.post(
        f"invoice/edit/{draft.id}", opened(desk, draft) | ISSUE | {"payment_method": method, "by_terms": "y"}
    )

    assert ("no dice a qué cuenta" in text_of(asked)) == is_told


@ONLY_SQLITE
def test_a_new_invoice_is_saved_and_issued_in_one(desk, db, draft):
    line = {"lines-0-concept": "Cable", "lines-0-unit_price": "10"}
    fields = fields_of_sheet(desk.get("invoice/create")) | {"contact": "Merino"} | line | ISSUE

    asked = desk.post("invoice/create", fields)
    answer = desk.post("invoice/create", fields_of_sheet(asked) | ISSUE)

    db.rollback()
    issued = db.scalars(select(Invoice).where(Invoice.number.is_not(None))).one()
    assert answer.headers["location"] == f"/admin/invoice/details/{issued.id}"
    assert (issued.number_text, str(issued.total)) == ("FV26-0447", "12.10")


@ONLY_SQLITE
@pytest.mark.parametrize("change", [{"lines-0-unit_price": "200"}, {"contact": "Hotel"}])
def test_what_was_not_agreed_to_is_asked_again(desk, db, make, draft, change):
    make.contact(name="Hotel Mirador, S.A.", tax_id="A58818501")
    db.commit()

    answer = desk.post(f"invoice/edit/{draft.id}", agreed(desk, draft) | change)

    assert (answer.status_code, "Emitir la factura FV26-0447" in text_of(answer)) == (200, True)
    assert fresh(db, draft).is_draft


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("spoil", "field", "sentence"),
    [
        ({"tax_id": ""}, "contact", "Al cliente le falta el NIF. Complételo en su ficha."),
        ({"name": "Casa 😀"}, "contact", "No se puede imprimir «😀»"),
        ({"last_issued_on": clock.today() + dt.timedelta(1)}, "issued_on", "la fecha no puede ser anterior."),
        ({"year": 2020}, "issued_on", "La serie FV26 es de 2020"),
    ],
    ids=["tax id", "unprintable", "predecessor", "year"],
)
def test_a_rule_that_says_no_is_shown_beside_its_field(desk, db, draft, spoil, field, sentence):
    for name, value in spoil.items():
        setattr(draft.contact if field == "contact" else draft.series, name, value)
    db.commit()

    answer = desk.post(f"invoice/edit/{draft.id}", opened(desk, draft) | ISSUE)

    assert answer.status_code in (409, 422)
    assert sentence in errors_of_sheet(answer)[field]
    invoice = fresh(db, draft)
    assert (invoice.is_draft, invoice.revision, invoice.series.next_number) == (True, 1, 447)


@ONLY_SQLITE
def test_nothing_to_invoice_is_told_with_the_lines(desk, db, draft):
    fields = {name: value for name, value in opened(desk, draft).items() if not name.startswith("lines-")}

    answer = desk.post(f"invoice/edit/{draft.id}", fields | ISSUE)

    assert errors_of_sheet(answer)["lines"] == "La factura no tiene líneas: añada al menos una."
    assert fresh(db, draft).is_draft


def test_the_second_of_two_editors_loses_nothing_of_what_was_typed(desk, sit, db, draft):
    mine, theirs = opened(desk, draft), opened(other := sit(Role.INVOICING), draft)
    other.post(f"invoice/edit/{draft.id}", theirs | {"do": "save", "subject": "La suya"})

    answer = desk.post(f"invoice/edit/{draft.id}", mine | {"do": "save", "subject": "La mía"})

    assert answer.status_code == 409
    assert "Otra persona ha cambiado este borrador." in text_of(answer)
    assert fields_of_sheet(answer)["subject"] == "La mía"
    assert fresh(db, draft).subject == "La suya"


def test_of_two_who_issue_the_other_is_told(desk, sit, db, draft):
    mine, theirs = agreed(desk, draft), agreed(other := sit(Role.INVOICING), draft)
    other.post(f"invoice/edit/{draft.id}", theirs | {"lines-0-concept": "Otro concepto"})

    saved = desk.post(f"invoice/edit/{draft.id}", mine | {"do": "save"})

    assert saved.status_code == 409
    assert "La factura FV26-0447 ya está emitida y no puede cambiar." in text_of(saved)
    assert fresh(db, draft).lines[0].concept == "Otro concepto"


@pytest.mark.parametrize("is_new", [True, False])
def test_two_simultaneous_clicks_number_it_once(desk, db, draft, is_new):
    path = "invoice/create" if is_new else f"invoice/edit/{draft.id}"
    if is_new:
        line = {"lines-0-concept": "Cable", "lines-0-unit_price": "10"}
        blank = fields_of_sheet(desk.get(path)) | {"contact": "Merino"} | line | ISSUE
        fields = fields_of_sheet(desk.post(path, blank)) | ISSUE
    else:
        fields = agreed(desk, draft)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _click: desk.post(path, fields), range(4)))

    db.rollback()
    issued = db.scalars(select(Invoice).where(Invoice.number.is_not(None))).one()
    assert {answer.headers.get("location") for answer in answers} == {f"/admin/invoice/details/{issued.id}"}
    assert db.scalar(select(Series.next_number).where(Series.id == issued.series_id)) == 448


def test_a_new_form_saved_twice_is_one_draft(desk, db, draft):
    line = {"lines-0-concept": "Cable", "lines-0-unit_price": "10"}
    fields = fields_of_sheet(desk.get("invoice/create")) | {"contact": "Merino", "do": "save"} | line

    first = desk.post("invoice/create", fields)
    second = desk.post("invoice/create", fields | {"lines-0-unit_price": "11"})

    db.rollback()
    assert first.headers["location"] == second.headers["location"]
    assert db.scalar(select(func.count(Invoice.id))) == 2
    saved = db.get_one(Invoice, int(first.headers["location"].rpartition("/")[2]))
    assert saved.base_total == Decimal(11)


@ONLY_SQLITE
def test_what_is_issued_is_neither_changed_nor_deleted(desk, db, draft):
    fields = agreed(desk, draft)
    desk.post(f"invoice/edit/{draft.id}", fields)
    invoice = fresh(db, draft)
    page = f"/admin/invoice/details/{invoice.id}"

    assert desk.get(f"invoice/edit/{invoice.id}").headers["location"] == page
    told = [
        desk.post(f"invoice/edit/{invoice.id}", fields | {"do": "save", "subject": "Otra"}),
        desk.get(f"invoice/delete/{invoice.id}"),
        desk.post(f"invoice/delete/{invoice.id}"),
    ]

    assert [answer.status_code for answer in told] == [409] * 3
    assert all("La factura FV26-0447 ya está emitida y no puede cambiar." in text_of(answer) for answer in told)
    assert fresh(db, draft).subject == ""


@ONLY_SQLITE
def test_a_draft_is_deleted_after_asking(desk, db, draft):
    leads = re.search(rf'href="/admin/(invoice/delete/{draft.id}[^"]*)"', desk.get(f"invoice/edit/{draft.id}").text)[1]
    asked = desk.get(leads)
    answer = desk.post(f"invoice/delete/{draft.id}", fields_of(asked))

    assert "No se puede deshacer." in text_of(asked)
    assert answer.headers["location"] == "/admin/invoice/list"
    db.rollback()
    assert db.scalar(select(func.count(Invoice.id))) == 0


@ONLY_SQLITE
@pytest.mark.parametrize("of_the_form", [True, False])
def test_a_draft_that_somebody_else_changed_is_not_deleted_unseen(desk, db, draft, of_the_form):
    seen = f"?revision={draft.revision}" if of_the_form else ""
    asked = None if of_the_form else desk.get(f"invoice/delete/{draft.id}")
    draft.subject, draft.revision = "Otra persona", draft.revision + 1
    db.commit()
    asked = asked or desk.get(f"invoice/delete/{draft.id}{seen}")

    refused = desk.post(f"invoice/delete/{draft.id}", fields_of(asked))
    again = desk.post(f"invoice/delete/{draft.id}", fields_of(refused))

    assert (refused.status_code, str(DraftChanged()) in text_of(refused)) == (409, True)
    assert again.status_code == 409
    assert fresh(db, draft).subject == "Otra persona"
