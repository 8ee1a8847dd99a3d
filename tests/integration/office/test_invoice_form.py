"""Writing an invoice without JavaScript: everything typed comes back, and what is wrong is told beside it."""

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app import clock
from app.domain.contacts import refold
from app.scope import SYSTEM
from models import Contact, DocumentLine, Invoice, SeriesDefault, StaffUser
from models.enums import DocumentKind, PaymentMethod, Role
from tests.factories import Make
from tests.rig.desk import text_of
from tests.rig.sheet import errors_of_sheet, fields_of_sheet, sums_of_sheet

TODAY = clock.today()
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def shop(db, make):
    """What an invoice needs: a customer, a series, a tax and an article."""
    make.tax()
    make.series(label="FV26", next_number=447, first_number=400, is_default=True)
    make.product(code="CB-0625", name="Cable RZ1-K 3×6 mm²", unit_price=Decimal("4.2"))
    contact = make.contact(name="Instalaciones Merino, S.L.", payment_days="30,60")
    contact.code = "00217"
    refold(contact)
    db.commit()
    return contact


def typed(desk, **values):
    """A new invoice with one line of 100,00, and whatever else is typed."""
    line = {"lines-0-concept": "Cuadro eléctrico", "lines-0-unit_price": "100"}
    return fields_of_sheet(desk.get("invoice/create")) | {"contact": "Merino", "do": "save"} | line | values


def only(db):
    db.rollback()
    return db.scalars(select(Invoice)).one()


def count(db):
    db.rollback()
    return db.scalar(select(func.count(Invoice.id)))


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
def test_an_article_comes_with_its_code(desk, db, shop):
    line = {"lines-0-code": "cb-0625", "lines-0-concept": "", "lines-0-unit_price": "", "lines-0-quantity": "85"}

    desk.post("invoice/create", typed(desk, **line))

    (written,) = only(db).lines
    assert (written.code, written.concept, str(written.net)) == ("CB-0625", "Cable RZ1-K 3×6 mm²", "357.00")


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
def test_the_text_wins_over_a_customer_chosen_before(desk, db, make, shop):
    other = make.contact(name="Hotel Mirador, S.A.", tax_id="A58818501")
    db.commit()

    desk.post("invoice/create", typed(desk, contact="Hotel", contact_id=str(shop.id)))

    assert only(db).contact_id == other.id


MEGABYTE = "x" * 1_000_000
TEXTS = [("\x00", "caracteres"), ("a\x07b", "caracteres"), ("\u202eabc", "caracteres"), (MEGABYTE, "Como mucho")]
FIGURES = [
    ("1e999", "Escriba un número como 1.234,56."),
    ("NaN", "Escriba un número como 1.234,56."),
    ("１２", "Escriba un número como 1.234,56."),
    ("1,234.56", "Escriba un número como 1.234,56."),
    ("1 234", "Escriba un número como 1.234,56."),
    ("\x00", "Escriba un número como 1.234,56."),
    ("9" * 30, "El número es demasiado grande."),
    (MEGABYTE, "Escriba un número como 1.234,56."),
]
DAYS = [
    ("30/02/2026", "Esa fecha no existe."),
    ("3002", "Esa fecha no existe."),
    ("２１/11/2026", "Esa fecha no existe."),
    ("1/1/0001", "El año de la fecha no parece correcto."),
    ("\x00", "caracteres"),
    (MEGABYTE, "Como mucho 20 caracteres."),
]
EMOJI = [("Cuadro 😀", "No se puede imprimir «😀»")]
WRONG = [
    *(("contact", *case) for case in [*TEXTS[:3], (MEGABYTE, "Como mucho"), ("nadie", "No hay ningún cliente así.")]),
    *(("subject", *case) for case in TEXTS + EMOJI),
    *(("notes", *case) for case in TEXTS[:3] + EMOJI),
    *(("mentions", *case) for case in TEXTS + EMOJI),
    *(("internal_notes", *case) for case in TEXTS),
    *(("issued_on", *case) for case in [*DAYS, ("", "Rellene este dato.")]),
    *(("operation_on", *case) for case in DAYS),
    *(("discount_rate", *case) for case in [*FIGURES, ("-1", "No puede ser menor"), ("100,01", "No puede ser mayor")]),
    *(("withholding_rate", *case) for case in [*FIGURES[:3], ("101", "No puede ser mayor")]),
    *(("lines-0-code", *case) for case in TEXTS + EMOJI),
    *(("lines-0-concept", *case) for case in [*TEXTS, *EMOJI, (" ", "Rellene este dato.")]),
    *(("lines-0-quantity", *case) for case in [*FIGURES, ("1,1234567", "Como mucho 6 decimales.")]),
    *(("lines-0-unit_price", *case) for case in [*FIGURES, ("1,123456789", "Como mucho 8 decimales.")]),
    *(("lines-0-discount_rate", *case) for case in [*FIGURES[:3], ("-5", "No puede ser menor")]),
    *(("lines-0-tax", *case) for case in [("99999", "Elija una de la lista."), ("' OR 1", "Elija una de la lista.")]),
    *(("series", *case) for case in [("99999", "Elija una de la lista."), ("x\x00", "Elija una de la lista.")]),
    ("payment_method", "barter", "Elija una de la lista."),
]


@ONLY_SQLITE
def test_what_cannot_be_is_told_beside_its_field_and_nothing_is_kept(desk, db, shop):
    fields = typed(desk)
    told = {}
    expected = {}

    for field, value, sentence in WRONG:
        answer = desk.post("invoice/create", fields | {field: value})
        case = f"{field}={value[:20]!r}"
        expected[case] = (422, True, True)
        said = errors_of_sheet(answer).get(field, "")
        told[case] = (answer.status_code, sentence in said, "No se ha guardado. Revise esto:" in answer.text)

    assert told == expected
    assert count(db) == 0


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
@pytest.mark.parametrize("name", ["lines-²-concept", "lines-1234567890123-concept", "lines--concept", "lines-1-nada"])
def test_rows_with_impossible_numbers_are_no_rows(desk, db, shop, name):
    desk.post("invoice/create", typed(desk) | {name: "x"})

    assert len(only(db).lines) == 1


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


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("due", "field", "sentence"),
    [
        ({"day": "30/02/2026"}, "dues-0-day", "Esa fecha no existe."),
        ({"day": ""}, "dues-0-day", "Rellene este dato."),
        ({"day": "1/1/2020"}, "dues-0-day", "El vencimiento no puede ser anterior a la fecha de la factura."),
        ({"amount": "-121"}, "dues-0-amount", "Escriba un importe mayor que cero."),
        ({"amount": "1e3"}, "dues-0-amount", "Escriba un número como 1.234,56."),
        ({"account": "ES00"}, "dues-0-account", "El IBAN no es correcto."),
        ({"method": "barter"}, "dues-0-method", "Elija una de la lista."),
    ],
)
def test_a_due_date_is_refused_beside_its_cell(desk, db, shop, due, field, sentence):
    row = {"day": TODAY.strftime("%d/%m/%Y"), "amount": "121", "method": "transfer", "account": ""} | due
    fields = typed(desk) | {f"dues-0-{name}": value for name, value in row.items()}
    del fields["by_terms"]

    answer = desk.post("invoice/create", fields)

    assert answer.status_code == 422
    assert sentence in errors_of_sheet(answer)[field]
    assert count(db) == 0


@pytest.fixture
def theirs(make_session, company):
    """Rows of another company."""
    with make_session(scope=SYSTEM) as db:
        make = Make(db, company)
        company_id = make.company().id
        draft = make.draft(contact=make.contact(company_id=company_id, name="Ajena, S.L."))
        tax, product = make.tax(company_id=company_id), make.product(company_id=company_id, code="AJENO-1")
        ids = {"contact": draft.contact_id, "series": draft.series_id, "draft": draft.id, "line": draft.lines[0].id}
        ids |= {"tax": tax.id, "product": product.id}
        db.commit()
    return ids


@ONLY_SQLITE
def test_rows_of_another_company_cannot_be_named(desk, db, shop, theirs):
    fields = typed(desk)
    forged = {
        "series": fields | {"series": str(theirs["series"])},
        "lines-0-tax": fields | {"lines-0-tax": str(theirs["tax"])},
        "lines-0-concept": fields | {"lines-0-id": str(theirs["line"])},
        "contact": fields | {"contact_id": str(theirs["contact"]), "contact": "Ajena, S.L."},
    }

    answers = {field: desk.post("invoice/create", values) for field, values in forged.items()}
    article = desk.post("invoice/create", fields | {"lines-0-code": "AJENO-1", "lines-0-concept": ""})

    assert {field: answer.status_code for field, answer in answers.items()} == dict.fromkeys(forged, 422)
    assert all(errors_of_sheet(answer)[field] for field, answer in answers.items())
    assert errors_of_sheet(article) == {"lines-0-concept": "Rellene este dato."}
    pages = ("edit", "details", "delete", "pdf", "correct")
    assert [desk.get(f"invoice/{page}/{theirs['draft']}").status_code for page in pages] == [404] * 5
    assert desk.post(f"invoice/edit/{theirs['draft']}", fields).status_code == 404
    assert desk.post(f"invoice/estimate?of={theirs['draft']}", fields).status_code == 404
    assert count(db) == 0


@ONLY_SQLITE
def test_customers_and_articles_are_looked_up_within_the_company(desk, make, db, shop, theirs):
    make.contact(name="Merino proveedor", is_customer=False, is_supplier=True)
    db.commit()

    customers = desk.get("invoice/customers", term="merino").json()["results"]
    articles = desk.get("invoice/articles", term="cable", day="2111").json()["results"]

    assert [(found["text"], found["facts"]) for found in customers] == [
        ("00217 · Instalaciones Merino, S.L.", "B87654323 · C/ Tejedores, 8 · 28045 Madrid · 30, 60 días")
    ]
    assert [(found["code"], found["concept"], found["unit_price"]) for found in articles] == [
        ("CB-0625", "Cable RZ1-K 3×6 mm²", "4,20")
    ]
    for term in ("ajen", "\x00", "%", "x" * 10_000):
        assert desk.get("invoice/customers", term=term).json() == {"results": []}
        assert desk.get("invoice/articles", term=term, day="nunca").json() == {"results": []}


def test_figures_while_typing_are_those_of_saving(desk, db, shop):
    lines = {"lines-0-quantity": "3", "lines-0-discount_rate": "2,5", "discount_rate": "1", "has_surcharge": "y"}
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


@ONLY_SQLITE
def test_a_sum_beyond_all_bounds_is_told(desk, shop):
    fields = typed(desk, **{"lines-0-quantity": "999999999", "lines-0-unit_price": "999999999"})

    estimate = desk.post("invoice/estimate", fields).json()
    answer = desk.post("invoice/create", fields)

    assert estimate["problem"] == "El importe de la línea es demasiado grande."
    assert errors_of_sheet(answer)["lines-0-unit_price"] == "El importe de la línea es demasiado grande."


def test_four_hundred_lines_are_saved_and_a_thousand_and_one_refused(desk, db, shop):
    fields = typed(desk)
    tax = fields["lines-0-tax"]

    def rows(many):
        cells = {"concept": "Cable", "unit_price": "1", "quantity": "2", "tax": tax, "code": "", "id": ""}
        return {f"lines-{n}-{cell}": value for n in range(many) for cell, value in cells.items()}

    too_many = desk.post("invoice/create", fields | rows(1001))
    desk.post("invoice/create", fields | rows(400))

    assert (too_many.status_code, "Como mucho 1000 líneas por factura." in text_of(too_many)) == (422, True)
    db.rollback()
    assert db.scalar(select(func.count(DocumentLine.id))) == 400
    assert str(only(db).lines_total) == "800.00"


@ONLY_SQLITE
def test_readers_neither_write_nor_reckon(sit, db, shop, make):
    draft = make.draft()
    desk = sit(Role.READER)
    paths = ["create", f"edit/{draft.id}", "estimate", "preview", f"delete/{draft.id}", f"duplicate/{draft.id}"]

    answers = {path: desk.post(f"invoice/{path}", {"do": "save"}).status_code for path in paths}

    assert answers == dict.fromkeys(paths, 403)
    assert desk.get("invoice/customers", term="merino").status_code == 403
    assert desk.get(f"invoice/edit/{draft.id}").headers["location"] == f"/admin/invoice/details/{draft.id}"
    assert desk.get(f"invoice/details/{draft.id}").status_code == 200
    assert count(db) == 1


@ONLY_SQLITE
def test_an_archived_customer_is_not_offered(desk, db, shop):
    db.get(Contact, shop.id).archived_at = clock.now()
    db.commit()

    answer = desk.post("invoice/create", typed(desk))

    assert errors_of_sheet(answer)["contact"].startswith("No hay ningún cliente así.")
