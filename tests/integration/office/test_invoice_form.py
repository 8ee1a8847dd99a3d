"""Writing an invoice without JavaScript: everything typed comes back, and the figures are those of saving."""

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app import clock
from models import DocumentLine, SeriesDefault, StaffUser
from models.enums import DocumentKind, PaymentMethod, Role
from tests.rig.desk import text_of
from tests.rig.sheet import count, errors_of_sheet, fields_of_sheet, only, sums_of_sheet, typed

TODAY = clock.today()
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@ONLY_SQLITE
def test_a_new_invoice_is_of_today_in_ones_own_series(sit, db, make, shop):
    mine = make.series(label="FB26", next_number=12)
    desk = sit(Role.INVOICING)
    user_id = db.scalar(select(StaffUser.id))
    db.add(SeriesDefault(user_id=user_id, kind=DocumentKind.INVOICE, series_id=mine.id))
    db.commit()

    page = desk.get("invoice/create")

    fields = fields_of_sheet(page)
    assert (fields["issued_on"], fields["series"]) == (TODAY.strftime("%d/%m/%Y"), str(mine.id))
    assert "Será la FB26-0012" in text_of(page)


@ONLY_SQLITE
def test_it_can_begin_with_a_customer_and_its_terms(desk, make, db, shop):
    contact = make.contact(has_surcharge=True, withholding_rate=Decimal(15), payment_method=PaymentMethod.DIRECT_DEBIT)
    db.commit()

    fields = fields_of_sheet(desk.get("invoice/create", cliente=contact.id))

    wanted = ("contact_id", "has_surcharge", "withholding_rate", "payment_method")
    assert [fields.get(name) for name in wanted] == [str(contact.id), "y", "15", "direct_debit"]


def test_a_draft_is_saved_as_typed_and_shown_again(desk, db, shop):
    answer = desk.post(
        "invoice/create",
        typed(desk, issued_on="2111", **{"lines-0-quantity": "1.234,5", "lines-0-discount_rate": "10"}),
    )

    invoice = only(db)
    page = desk.follow(answer)
    assert (invoice.contact_id, invoice.series_label, str(invoice.lines_total)) == (shop.id, "FV26", "111105.00")
    assert [due.day - invoice.issued_on for due in invoice.dues] == [dt.timedelta(30), dt.timedelta(60)]
    fields = fields_of_sheet(page)
    cells = ("concept", "quantity", "unit_price", "discount_rate")
    assert [fields[f"lines-0-{cell}"] for cell in cells] == ["Cuadro eléctrico", "1234,5", "100,00", "10"]
    assert fields["contact"] == "00217 · Instalaciones Merino, S.L."
    assert fields["issued_on"] == f"21/11/{TODAY.year}"
    assert fields["by_terms"] == "y"
    assert sums_of_sheet(page)["Total a pagar"] == "134.437,05 €"


def test_sending_a_draft_back_unchanged_changes_nothing(desk, db, shop):
    desk.post("invoice/create", typed(desk))
    before = only(db)
    lines = [(line.id, line.concept, line.net) for line in before.lines]
    dues = [due.id for due in before.dues]
    revision = before.revision

    desk.post(f"invoice/edit/{before.id}", fields_of_sheet(desk.get(f"invoice/edit/{before.id}")) | {"do": "save"})

    after = only(db)
    assert [(line.id, line.concept, line.net) for line in after.lines] == lines
    assert [due.id for due in after.dues] == dues
    assert after.revision == revision + 1


@ONLY_SQLITE
def test_a_line_comes_back_with_the_rate_of_its_own_surcharge(desk, db, make, shop):
    tobacco = make.tax("21", name="IVA 21 % tabaco", surcharge_rate=Decimal("1.75"))
    shop.has_surcharge = True
    db.commit()

    page = desk.follow(desk.post("invoice/create", typed(desk, **{"lines-0-tax": str(tobacco.id)})))

    assert fields_of_sheet(page)["lines-0-tax"] == str(tobacco.id)
    assert only(db).surcharge_total == Decimal("1.75")


@ONLY_SQLITE
def test_an_article_comes_with_its_code(desk, db, shop):
    line = {"lines-0-code": "cb-0625", "lines-0-concept": "", "lines-0-unit_price": "", "lines-0-quantity": "85"}

    desk.post("invoice/create", typed(desk, **line))

    (written,) = only(db).lines
    assert (written.code, written.concept, str(written.net)) == ("CB-0625", "Cable RZ1-K 3×6 mm²", "357.00")


@ONLY_SQLITE
@pytest.mark.parametrize(("rate", "exemptions"), [("0", ["Exenta, art. 20", "Exportación, art. 21"]), ("7", [])])
def test_an_article_without_a_single_tax_leaves_it_to_be_chosen(desk, db, make, shop, rate, exemptions):
    taxes = [make.tax("0", name=exemption, exemption=exemption) for exemption in exemptions] or [make.tax("10")]
    make.product(code="SEGURO", name="Seguro de transporte", tax_rate=Decimal(rate))
    db.commit()
    line = {"lines-0-code": "seguro", "lines-0-concept": "", "lines-0-unit_price": ""}

    asked = desk.post("invoice/create", typed(desk, **line))
    nothing_kept = count(db)
    given_back = fields_of_sheet(asked)
    desk.post("invoice/create", given_back | {"do": "save", "lines-0-tax": str(taxes[0].id)})

    assert (errors_of_sheet(asked), nothing_kept) == ({"lines-0-tax": "Elija el impuesto."}, 0)
    assert (given_back["lines-0-concept"], given_back["lines-0-tax"]) == ("Seguro de transporte", "")
    assert [(written.tax_rate, written.exemption) for written in only(db).lines] == [
        (taxes[0].rate, taxes[0].exemption)
    ]


@ONLY_SQLITE
def test_a_line_that_says_no_tax_is_not_given_one(desk, db, shop):
    fields = typed(desk)
    del fields["lines-0-tax"]

    answer = desk.post("invoice/create", fields)
    estimate = desk.post("invoice/estimate", fields).json()

    assert errors_of_sheet(answer) == {"lines-0-tax": "Elija el impuesto."}
    assert (estimate["lines"], estimate["errors"]) == ({}, {})
    assert count(db) == 0


@ONLY_SQLITE
def test_lines_are_added_five_at_a_time_and_moved(desk, db, shop):
    second = {"lines-1-concept": "Cable", "lines-1-unit_price": "4,20", "lines-1-tax": "1"}
    fields = typed(desk, **second)

    page = desk.post("invoice/create", fields | {"_more": "lines"})
    more = fields_of_sheet(page)
    moved = fields_of_sheet(desk.post("invoice/create", more | {"_up": "lines-1"}))
    less = fields_of_sheet(desk.post("invoice/create", moved | {"_less": "lines-1"}))

    assert page.status_code == 200
    assert [more.get(f"lines-{n}-concept") for n in range(8)] == ["Cuadro eléctrico", "Cable", *[""] * 5, None]
    assert more["lines-6-tax"] == more["lines-0-tax"]
    assert [moved[f"lines-{n}-concept"] for n in (0, 1)] == ["Cable", "Cuadro eléctrico"]
    assert [moved[f"lines-{n}-unit_price"] for n in (0, 1)] == ["4,20", "100"]
    assert "lines-1-concept" not in less
    assert count(db) == 0


@ONLY_SQLITE
@pytest.mark.parametrize("says", ["00217", "B87654323", "instalaciones merino, s.l.", "MERÍNO", "00217 · Otro nombre"])
def test_a_customer_is_found_by_what_was_typed(desk, db, shop, says):
    desk.post("invoice/create", typed(desk, contact=says))

    assert only(db).contact_id == shop.id


@ONLY_SQLITE
def test_a_customer_that_could_be_several_is_asked_for(desk, db, make, shop):
    make.contact(name="Talleres Merino, S.A.", tax_id="A58818501")
    db.commit()

    answer = desk.post("invoice/create", typed(desk, contact="merino"))

    assert answer.status_code == 422
    assert errors_of_sheet(answer)["contact"].startswith("Hay varios: 00217 · Instalaciones Merino, S.L.; ")
    assert count(db) == 0


@ONLY_SQLITE
def test_a_customer_that_was_typed_brings_its_terms_once(desk, db, shop):
    shop.has_surcharge, shop.withholding_rate = True, Decimal(15)
    db.commit()

    page = desk.follow(desk.post("invoice/create", typed(desk)))
    fields = fields_of_sheet(page)
    del fields["has_surcharge"]
    invoice = only(db)
    brought = (invoice.surcharge_total, invoice.withheld_total)
    desk.post(f"invoice/edit/{invoice.id}", fields | {"do": "save", "withholding_rate": ""})

    assert brought == (Decimal("5.20"), Decimal(15))
    invoice = only(db)
    db.refresh(invoice)
    assert (invoice.surcharge_total, invoice.withheld_total) == (Decimal(0), Decimal(0))


@ONLY_SQLITE
@pytest.mark.parametrize(("chosen", "kept"), [("transfer", "direct_debit"), ("card", "card")])
def test_a_customer_that_was_typed_brings_how_it_pays_unless_somebody_chose(desk, db, shop, chosen, kept):
    shop.payment_method = PaymentMethod.DIRECT_DEBIT
    db.commit()

    desk.post("invoice/create", typed(desk, payment_method=chosen))

    assert only(db).payment_method == kept


@ONLY_SQLITE
def test_the_text_wins_over_a_customer_chosen_before(desk, db, make, shop):
    other = make.contact(name="Hotel Mirador, S.A.", tax_id="A58818501")
    db.commit()

    desk.post("invoice/create", typed(desk, contact="Hotel", contact_id=str(shop.id)))

    assert only(db).contact_id == other.id


@ONLY_SQLITE
def test_what_was_typed_comes_back_when_something_is_wrong(desk, shop):
    values = {
        "subject": "<M8> & tuerca",
        "lines-0-quantity": "uno",
        "notes": 'Dos\n"líneas" <b>',
        "issued_on": "3002",
    }

    page = desk.post("invoice/create", typed(desk, **values))

    fields = fields_of_sheet(page)
    assert {name: fields[name].replace("\r", "") for name in values} == values
    assert "Error: " in page.text.partition("</title>")[0]
    assert '<a href="#lines-0-quantity">' in page.text


@ONLY_SQLITE
def test_signs_of_html_are_text(desk, db, shop):
    desk.post("invoice/create", typed(desk, **{"lines-0-concept": "<M8> & tuerca", "subject": "=1+1"}))

    invoice = only(db)
    page = desk.get(f"invoice/edit/{invoice.id}")
    assert (invoice.lines[0].concept, invoice.subject) == ("<M8> & tuerca", "=1+1")
    assert fields_of_sheet(page)["lines-0-concept"].strip() == "<M8> & tuerca"
    assert "<M8>" not in page.text


@ONLY_SQLITE
def test_due_dates_by_hand_must_add_up(desk, db, shop):
    dues = {"dues-0-day": f"3112{TODAY:%y}", "dues-0-amount": "21", "dues-0-method": "cash"}
    dues |= {"dues-1-day": f"0101{TODAY.year + 1}", "dues-1-amount": "99,99", "dues-1-method": "transfer"}
    fields = typed(desk, **dues)
    del fields["by_terms"]

    refused = desk.post("invoice/create", fields)
    saved = desk.post("invoice/create", fields | {"dues-1-amount": "100"})
    page = desk.follow(saved)

    assert (refused.status_code, errors_of_sheet(refused)["dues"]) == (
        422,
        "Los vencimientos no suman el total a pagar.",
    )
    assert "Faltan 0,01\u00a0€" in refused.text
    assert [(due.amount, due.method) for due in only(db).dues] == [
        (Decimal(21), PaymentMethod.CASH),
        (Decimal(100), PaymentMethod.TRANSFER),
    ]
    assert "by_terms" not in fields_of_sheet(page)


def test_figures_while_typing_are_those_of_saving(desk, db, shop):
    shop.has_surcharge = True
    db.commit()
    lines = {"lines-0-quantity": "3", "lines-0-discount_rate": "2,5", "discount_rate": "1"}
    fields = typed(desk, withholding_rate="15", **lines)

    estimate = desk.post("invoice/estimate", fields).json()
    page = desk.follow(desk.post("invoice/create", fields))

    assert estimate["lines"] == {"lines-0": "292,50"}
    assert [(label, amount.replace("\u00a0", " ")) for label, amount, _tone in estimate["sums"]] == list(
        sums_of_sheet(page).items()
    )
    assert [(due["day"], due["amount"]) for due in estimate["dues"]] == [
        (f"{due.day:%d/%m/%Y}", f"{due.amount}".replace(".", ",")) for due in only(db).dues
    ]


@ONLY_SQLITE
def test_figures_leave_out_what_cannot_be_read_yet(desk, shop):
    rows = {"lines-1-concept": "Otra", "lines-1-quantity": "doce", "lines-1-tax": "1", "lines-2-unit_price": "5"}

    estimate = desk.post("invoice/estimate", typed(desk, contact="", issued_on="3002", **rows, **{"lines-2-tax": "1"}))

    answer = estimate.json()
    assert answer["lines"] == {"lines-0": "100,00", "lines-2": "5,00"}
    assert answer["dues"] == []
    assert sorted(answer["errors"]) == ["issued_on", "lines-1-quantity"]


def test_four_hundred_lines_are_saved_and_a_thousand_and_one_refused(desk, db, shop):
    fields = typed(desk)
    tax = fields["lines-0-tax"]

    def rows(many):
        cells = {"concept": "Cable", "unit_price": "1", "quantity": "2", "tax": tax, "code": "", "id": ""}
        return {f"lines-{n}-{cell}": value for n in range(many) for cell, value in cells.items()}

    too_many = desk.post("invoice/create", fields | rows(1001))
    desk.post("invoice/create", fields | rows(400))

    assert (too_many.status_code, "Como mucho 1000 líneas." in text_of(too_many)) == (422, True)
    db.rollback()
    assert db.scalar(select(func.count(DocumentLine.id))) == 400
    assert str(only(db).lines_total) == "800.00"
