"""What the form of an invoice refuses: a sentence beside the field, and nothing kept."""

import pytest

from app import clock
from app.scope import SYSTEM
from models import Contact
from models.enums import Role
from tests.factories import Make
from tests.rig.sheet import count, errors_of_sheet, only, typed

TODAY = clock.today()
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

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
    *(("notes", *case) for case in [*TEXTS[:3], *EMOJI, ("x" * 4001, "Como mucho 4000 caracteres.")]),
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
@pytest.mark.parametrize("name", ["lines-²-concept", "lines-1234567890123-concept", "lines--concept", "lines-1-nada"])
def test_rows_with_impossible_numbers_are_no_rows(desk, db, shop, name):
    desk.post("invoice/create", typed(desk) | {name: "x"})

    assert len(only(db).lines) == 1


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


@ONLY_SQLITE
def test_a_sum_beyond_all_bounds_is_told(desk, shop):
    fields = typed(desk, **{"lines-0-quantity": "999999999", "lines-0-unit_price": "999999999"})

    estimate = desk.post("invoice/estimate", fields).json()
    answer = desk.post("invoice/create", fields)

    assert estimate["problem"] == "El importe de la línea es demasiado grande."
    assert errors_of_sheet(answer)["lines-0-unit_price"] == "El importe de la línea es demasiado grande."


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

    customers = desk.get("invoice/parties", term="merino").json()["results"]
    articles = desk.get("invoice/articles", term="cable", day="2111").json()["results"]

    assert [(found["text"], found["facts"]) for found in customers] == [
        ("00217 · Instalaciones Merino, S.L.", "B87654323 · C/ Tejedores, 8 · 28045 Madrid · 30, 60 días")
    ]
    assert [(found["code"], found["concept"], found["unit_price"]) for found in articles] == [
        ("CB-0625", "Cable RZ1-K 3×6 mm²", "4,20")
    ]
    for term in ("ajen", "\x00", "%", "x" * 10_000):
        assert desk.get("invoice/parties", term=term).json() == {"results": []}
        assert desk.get("invoice/articles", term=term, day="nunca").json() == {"results": []}


@ONLY_SQLITE
def test_readers_neither_write_nor_reckon(sit, db, shop, make):
    draft = make.draft()
    desk = sit(Role.READER)
    paths = ["create", f"edit/{draft.id}", "estimate", "preview", f"delete/{draft.id}", f"duplicate/{draft.id}"]

    answers = {path: desk.post(f"invoice/{path}", {"do": "save"}).status_code for path in paths}

    assert answers == dict.fromkeys(paths, 403)
    assert desk.get("invoice/parties", term="merino").status_code == 403
    assert desk.get(f"invoice/edit/{draft.id}").headers["location"] == f"/admin/invoice/details/{draft.id}"
    assert desk.get(f"invoice/details/{draft.id}").status_code == 200
    assert count(db) == 1


@ONLY_SQLITE
def test_an_archived_customer_is_not_offered(desk, db, shop):
    db.get(Contact, shop.id).archived_at = clock.now()
    db.commit()

    answer = desk.post("invoice/create", typed(desk))

    assert errors_of_sheet(answer)["contact"].startswith("No hay ningún cliente así.")
