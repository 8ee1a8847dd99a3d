"""Clientes and Proveedores: one form with lines, what it refuses, and putting files away."""

import re

import pytest
from sqlalchemy import select

from models import (
    AuditEntry,
    Company,
    Contact,
    ContactAddress,
    ContactEmail,
)
from models.enums import EmailPurpose
from tests.factories import Make
from tests.rig.desk import fields_of, renew, text_of

CUSTOMER = {"name": "Instalaciones Merino, S.L.", "tax_id": "B87654323", "is_customer": "y"}


def only(db, model):
    renew(db)
    return db.scalars(select(model)).one()


def test_a_new_customer_with_terms_of_the_company(desk, db, company):
    db.get(Company, company.id).payment_days = "30,60"
    db.commit()

    answer = desk.create("customer", CUSTOMER)

    contact = only(db, Contact)
    assert answer.headers["location"] == f"/admin/customer/edit/{contact.id}"
    assert (contact.code, contact.name, contact.tax_id, contact.payment_days) == (
        "00001", "Instalaciones Merino, S.L.", "B87654323", "30,60",
    )  # fmt: skip
    assert (contact.is_customer, contact.is_supplier) == (True, False)
    assert contact.search_key == "instalaciones merino, s.l. b87654323 00001"
    assert "Instalaciones Merino, S.L.: guardado." in text_of(desk.follow(answer))


def test_saving_and_beginning_another(desk, db):
    answer = desk.create("customer", CUSTOMER | {"_again": "1"})

    assert answer.headers["location"] == "/admin/customer/create"
    assert only(db, Contact).name == CUSTOMER["name"]


WRONG = [
    ({"name": ""}, "Rellene este dato."),
    ({"name": "x" * 201}, "Como mucho 200 caracteres."),
    ({"name": "a\x00b"}, "Hay caracteres que no se pueden usar aquí"),
    ({"name": "a\u202eb"}, "Hay caracteres que no se pueden usar aquí"),
    ({"tax_id": "B87654321"}, "El NIF no es correcto: revise los números y la letra de control."),
    ({"tax_id": "<script>"}, "Escriba solo letras y números."),
    ({"email": "a@b, c@d"}, "Escriba una sola dirección de correo, como nombre@empresa.es."),
    ({"email": "a@b.example\r\nBcc: x@y.example"}, "Hay caracteres que no se pueden usar aquí"),
    ({"payment_days": "60,30"}, "Los días van de menor a mayor, sin repetir y hasta 365."),
    ({"payment_day": "32"}, "Escriba un número entre 1 y 31."),
    ({"payment_day": "２"}, "Escriba un número entre 1 y 31."),
    ({"withholding_rate": "1e999"}, "Escriba un número como 1.234,56."),
    ({"withholding_rate": "NaN"}, "Escriba un número como 1.234,56."),
    ({"withholding_rate": "51"}, "No puede ser mayor que 50."),
    ({"iban": "ES0021000418450200051332"}, "El IBAN no es correcto."),
    ({"country": "XX"}, "Elija una de la lista."),
    ({"payment_method": "magic"}, "Elija una de la lista."),
    ({"is_customer": ""}, "Marque si es cliente, proveedor o las dos cosas."),
    ({"code": "<M8>"}, "Use letras, números, puntos, barras o guiones."),
    (
        {"emails-0-purpose": "general", "emails-0-email": "no", "emails-0-name": ""},
        "Escriba una sola dirección de correo",
    ),
    ({"emails-0-purpose": "x", "emails-0-email": "a@b.example"}, "Elija una de la lista."),
    (
        {"emails-0-id": "999", "emails-0-purpose": "general", "emails-0-email": "a@b.example"},
        "No existe esa línea en esta ficha.",
    ),
    *(
        ({"addresses-0-purpose": "billing", "addresses-0-address": "C/ Sol, 1", "addresses-0-country": code}, sentence)
        for code, sentence in (
            ("99", "Escriba las dos letras de un país: ES, PT, FR…"),
            ("<<", "Escriba las dos letras de un país: ES, PT, FR…"),
            ("ZZ", "Escriba las dos letras de un país: ES, PT, FR…"),
        )
    ),
    ({"emails-0-id": "x", "emails-0-purpose": "general", "emails-0-email": "a@b.example"}, "Esa referencia no existe."),
]


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_saved(desk, db):
    blank = fields_of(desk.get("customer/create"))

    for fields, sentence in WRONG:
        sent = {name: value for name, value in (blank | CUSTOMER | fields).items() if name != "is_customer" or value}
        answer = desk.post("customer/create", sent)

        assert answer.status_code in {404, 422}, fields
        assert sentence in text_of(answer), fields
        assert "<title>Error:" in answer.text
        assert "Instalaciones Merino" in answer.text or "name" in fields
    assert db.scalars(select(Contact)).all() == []


def test_what_was_typed_stays_escaped_in_the_form(desk):
    answer = desk.create("customer", CUSTOMER | {"name": '<M8> & "tuerca"', "email": "no es un correo"})

    assert 'value="&lt;M8&gt; &amp; &#34;tuerca&#34;"' in answer.text
    assert 'value="no es un correo"' in answer.text
    assert 'id="problemas"' in answer.text
    assert '<a href="#email">Correo</a>' in answer.text


def test_a_tax_id_that_another_file_has_asks_whether_that_is_meant(desk, db, make):
    make.contact(name="La de siempre", tax_id="B87654323")
    db.commit()

    asked = desk.create("customer", CUSTOMER)
    confirmed = desk.create("customer", CUSTOMER | {"shares_tax_id": "y"})

    assert (asked.status_code, "Ya lo tiene La de siempre" in text_of(asked)) == (422, True)
    assert "Es otra ficha con un NIF que ya existe" in text_of(asked)
    assert confirmed.status_code == 303


def test_a_foreign_tax_id_is_kept_without_checking(desk, db):
    desk.create("customer", CUSTOMER | {"tax_id": "de-123 456", "country": "DE"})

    assert only(db, Contact).tax_id == "DE123456"


@pytest.fixture
def merino(make, db):
    contact = make.contact(name="Instalaciones Merino, S.L.")
    contact.emails = [
        ContactEmail(company_id=contact.company_id, email="obra@merino.example", name="Obra"),
        ContactEmail(company_id=contact.company_id, email="compras@merino.example"),
    ]
    contact.addresses = [ContactAddress(company_id=contact.company_id, address="C/ Mayor, 1", purpose="delivery")]
    db.commit()
    return contact


def test_lines_are_changed_added_dropped_and_kept_in_order(desk, db, merino):
    page = desk.get(f"customer/edit/{merino.id}")
    fields = fields_of(page)
    first = fields["emails-0-id"]
    for name in [name for name in fields if name.startswith("emails-1-")]:
        del fields[name]
    fields |= {
        "emails-0-email": "OBRA2@merino.example",
        "emails-7-id": "", "emails-7-purpose": "invoices", "emails-7-email": "facturas@merino.example",
        "emails-9-id": "", "emails-9-purpose": "general", "emails-9-email": "", "emails-9-name": " ",
    }  # fmt: skip

    answer = desk.post(f"customer/edit/{merino.id}", fields)

    renew(db)
    kept = db.execute(select(ContactEmail.id, ContactEmail.email, ContactEmail.purpose).order_by(ContactEmail.id)).all()
    assert answer.status_code == 303
    assert [(str(kept[0].id) == first, kept[0].email), (kept[1].email, kept[1].purpose)] == [
        (True, "obra2@merino.example"), ("facturas@merino.example", EmailPurpose.INVOICES),
    ]  # fmt: skip
    assert len(kept) == 2
    assert db.scalars(select(ContactAddress.address)).all() == ["C/ Mayor, 1"]


@pytest.mark.parametrize(("typed", "kept"), [("pt", "PT"), ("", "ES"), ("ES", "ES")])
def test_the_country_of_a_further_address_is_one_there_is(desk, db, typed, kept):
    address = {"addresses-0-purpose": "billing", "addresses-0-address": "R. Augusta, 1", "addresses-0-country": typed}

    desk.create("customer", CUSTOMER | address)

    assert [one.country for one in only(db, Contact).addresses] == [kept]


def test_buttons_give_a_line_more_or_less_without_saving(desk, db, merino):
    path = f"customer/edit/{merino.id}"
    fields = fields_of(desk.get(path)) | {"name": "Sin guardar"}

    more = desk.post(path, fields | {"_more": "emails"})
    less = desk.post(path, fields | {"_less": "emails-0"})

    assert len(re.findall(r'name="emails-\d+-email"', more.text)) == 3
    assert re.findall(r'name="emails-(\d+)-email"', less.text) == ["1"]
    assert 'value="Sin guardar"' in more.text
    assert only(db, Contact).name == "Instalaciones Merino, S.L."


def test_a_line_of_another_file_cannot_be_taken(desk, db, make, merino):
    other = make.contact(tax_id="A58818501")
    db.commit()
    theirs = db.scalars(select(ContactEmail.id)).first()
    fields = fields_of(desk.get(f"customer/edit/{other.id}"))

    answer = desk.post(
        f"customer/edit/{other.id}",
        fields | {"emails-0-id": str(theirs), "emails-0-purpose": "general", "emails-0-email": "x@y.example"},
    )

    assert answer.status_code == 404
    renew(db)
    assert db.get(ContactEmail, theirs).email == "obra@merino.example"


def test_files_of_another_company_do_not_exist(desk, system_db, make, db):
    other = make.company()
    db.commit()
    theirs = Make(system_db, other).contact()
    system_db.commit()

    answers = [
        desk.get(f"customer/edit/{theirs.id}"),
        desk.get(f"customer/details/{theirs.id}"),
        desk.post(f"customer/edit/{theirs.id}", CUSTOMER),
        desk.get("invoice/list", cliente=str(theirs.id)),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 200]
    assert theirs.name not in answers[3].text


def test_archived_files_leave_the_list_and_come_back(desk, db, merino):
    asked = desk.get("customer/archive", pks=str(merino.id))
    gone = desk.follow(desk.post("customer/archive", fields_of(asked)))
    again = desk.get("customer/archive", pks=str(merino.id), q="estado=archivada")
    back = desk.follow(desk.post("customer/archive", fields_of(again)))

    assert "Archivar 1 cliente" in text_of(asked)
    assert "1 ficha archivada." in text_of(gone)
    assert "Instalaciones Merino" not in text_of(gone)
    assert "Recuperar 1 cliente" in text_of(again)
    assert "1 ficha recuperada." in text_of(back)
    assert only(db, Contact).archived_at is None
    entries = db.scalars(select(AuditEntry).order_by(AuditEntry.position)).all()
    changes = {
        "contacts": [None, 1],
        "selection": [None, f"marcadas: {merino.id}"],
        "fingerprint": [None, f"1.{merino.id}.{merino.id}"],
    }
    assert [(entry.action, entry.changes) for entry in entries] == [("archive", changes), ("restore", changes)]


def test_the_whole_search_is_archived_and_nothing_beyond(desk, db, make):
    for name in ("Talleres Ródano", "Talleres Cano", "Hotel Mirador"):
        make.contact(name=name)
    db.commit()

    asked = desk.get("customer/archive", scope="filter", q="buscar=talleres")
    desk.post("customer/archive", fields_of(asked))

    renew(db)
    assert "Archivar 2 clientes" in text_of(asked)
    assert db.scalars(select(Contact.name).where(Contact.archived_at.is_(None))).all() == ["Hotel Mirador"]
    archived = db.scalars(select(Contact.id).where(Contact.archived_at.is_not(None))).all()
    assert db.scalars(select(AuditEntry.changes)).one() == {
        "contacts": [None, 2],
        "selection": [None, "buscar: talleres"],
        "fingerprint": [None, f"2.{sum(archived)}.{max(archived)}"],
    }


@pytest.mark.parametrize(
    "query", [{}, {"pks": ""}, {"pks": "abc,-1,9" + "9" * 30}, {"scope": "filter", "q": "estado=nada"}]
)
def test_an_action_over_nothing_says_so(desk, query):
    answer = desk.get("customer/archive", **query)

    assert (answer.status_code, "No hay nada marcado." in text_of(answer)) == (400, True)
