"""The *Intranet* tab of a customer: a password by hand, their own view; and what a change of e-mail asks."""

import pytest
from sqlalchemy import select

from app.secrets import password_matches
from models import Contact, ContactEmail, DocumentEvent, PortalAccount
from models.enums import EmailPurpose, EventKind
from tests.integration.office.people import acting, mails
from tests.rig.desk import fields_of, text_of


def test_a_password_by_hand_is_told_to_nobody(desk, db, merino):
    db.commit()

    fields = {"email": merino.email, "password": "tres tristes tigres"}
    page = desk.follow(desk.post(f"customer/password/{merino.id}", fields))

    account = db.scalars(select(PortalAccount)).one()
    assert password_matches("tres tristes tigres", account.password_hash)
    assert mails(db) == []
    assert "ya puede entrar con la contraseña nueva. No se le ha avisado." in text_of(page)
    assert "No se recomienda." in text_of(page)
    assert "tres tristes tigres" not in page.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password": ""}, "Rellene este dato."),
        ({"password": "corta"}, "Use al menos 10 caracteres."),
        ({"password": "contraseña2026"}, "de las primeras que alguien probaría"),
        ({"password": "merino-merino"}, "de las primeras que alguien probaría"),
        ({"password": "x" * 5000}, "Como mucho 128 caracteres."),
        ({"password": "tres\x00tristes tigres"}, "caracteres de control"),
        ({"email": "otra@persona.example"}, "Elija una de la lista."),
    ],
)
def test_passwords_that_cannot_be(desk, db, merino, fields, sentence):
    db.commit()

    answer = desk.post(
        f"customer/password/{merino.id}", {"email": merino.email, "password": "tres tristes tigres"} | fields
    )

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert acting(db) == []


def test_a_password_for_a_shared_email_must_be_confirmed(desk, db, make, merino):
    make.account(make.contact(name="Merino Eventos, S.L.", email=merino.email))
    db.commit()
    fields = {"email": merino.email, "password": "tres tristes tigres"}

    refused = desk.post(f"customer/password/{merino.id}", fields)
    done = desk.post(f"customer/password/{merino.id}", fields | {"share_confirmed": "y"})

    assert refused.status_code == 409
    assert "lo confirmo" in text_of(refused)
    assert done.status_code == 303
    assert len(acting(db)) == 2


def test_the_tab_tells_what_happened(desk, db, make, merino):
    invoice = make.published_invoice(contact=merino)
    account = make.account(merino, name="Lucía Merino")
    db.add(
        DocumentEvent(document_id=invoice.id, contact_id=merino.id, account_id=account.id, kind=EventKind.DOWNLOADED)
    )
    db.commit()

    page = desk.get(f"customer/intranet/{merino.id}")

    assert f"Lucía Merino descargó el PDF de {invoice.number_text}" in text_of(page)
    assert f'<a href="/admin/invoice/details/{invoice.id}">{invoice.number_text}</a>' in page.text
    assert "publicó un documento" in text_of(page)
    assert "Acceso a la intranet para lucia@merino.example" in text_of(page)


def changed(desk, contact, **values):
    return desk.post(f"customer/edit/{contact.id}", fields_of(desk.get(f"customer/edit/{contact.id}")) | values)


def test_changing_an_email_asks_what_becomes_of_the_access(desk, db, make, merino):
    make.account(merino)
    db.commit()

    asked = changed(desk, merino, email="nueva@merino.example")

    assert asked.status_code == 409
    assert "Elija si el acceso pasa al correo nuevo o queda en el viejo." in text_of(asked)
    assert "Pasa al correo nuevo, al que se le envía una invitación" in text_of(asked)
    assert acting(db) == [("lucia@merino.example", "Instalaciones Merino, S.L.")]


@pytest.mark.parametrize(
    ("wish", "reader", "invited"),
    [("move", "nueva@merino.example", ["nueva@merino.example"]), ("keep", "lucia@merino.example", [])],
)
def test_the_answer_decides(desk, db, make, merino, wish, reader, invited):
    make.account(merino)
    db.commit()

    done = changed(desk, merino, email="nueva@merino.example", old_access=wish)

    assert done.status_code == 303
    assert acting(db) == [(reader, "Instalaciones Merino, S.L.")]
    assert mails(db) == invited
    assert db.get_one(Contact, merino.id).email == "nueva@merino.example"


@pytest.mark.parametrize(
    ("email", "wish", "readers", "invited"),
    [
        ("elena@merino.example", "move", ["elena@merino.example"], ["elena@merino.example"]),
        ("elena@merino.example", "withdraw", [], []),
        ("", "move", [], []),
        ("", "keep", ["andres@merino.example"], []),
    ],
)
def test_a_further_email_that_changes_or_goes_asks_too(desk, db, make, merino, email, wish, readers, invited):
    db.add(ContactEmail(contact_id=merino.id, purpose=EmailPurpose.PORTAL, email="andres@merino.example"))
    make.account(merino, email="andres@merino.example")
    db.commit()
    line = {"emails-0-email": email} if email else {"emails-0-id": "", "emails-0-email": ""}

    asked = changed(desk, merino, **line)
    undecided = acting(db)
    done = changed(desk, merino, lost_access=wish, **line)

    assert asked.status_code == 409
    assert "Con andres@merino.example se entra ahora en la intranet." in text_of(asked)
    assert "El acceso por los correos que cambia o quita" in text_of(asked)
    assert undecided == [("andres@merino.example", "Instalaciones Merino, S.L.")]
    assert done.status_code == 303
    assert acting(db) == [(reader, "Instalaciones Merino, S.L.") for reader in readers]
    assert mails(db) == invited
    assert db.scalars(select(ContactEmail.email)).all() == ([email] if email else [])


def test_sharing_an_email_asks_for_confirmation(desk, db, merino, nunez):
    db.commit()

    asked = changed(desk, nunez, email=merino.email)
    done = changed(desk, nunez, email=merino.email, share_confirmed="y")

    assert asked.status_code == 409
    assert "es el correo de varios clientes" in text_of(asked)
    assert "Es correcto que ese correo vea los documentos de todos" in text_of(asked)
    assert done.status_code == 303
    assert db.scalars(select(Contact.email).where(Contact.id == nunez.id)).one() == merino.email


def test_a_new_customer_with_a_shared_email_asks_too(desk, db, merino):
    db.commit()
    fields = fields_of(desk.get("customer/create")) | {"name": "Merino Eventos, S.L.", "email": merino.email}

    asked = desk.post("customer/create", fields)
    done = desk.post("customer/create", fields | {"share_confirmed": "y"})

    assert (asked.status_code, done.status_code) == (409, 303)
    db.rollback()
    assert sorted(db.scalars(select(Contact.email))) == [merino.email] * 2


def test_an_unchanged_email_asks_nothing(desk, db, make, merino):
    make.account(merino)
    db.commit()

    assert changed(desk, merino, phone="910 000 000").status_code == 303
    assert acting(db) == [("lucia@merino.example", "Instalaciones Merino, S.L.")]


def test_looking_as_the_customer_opens_their_intranet(desk, db, make, merino):
    invoice = make.published_invoice(contact=merino)
    db.commit()

    link = desk.post(f"customer/as-customer/{merino.id}").headers["location"]
    entered = desk.client.get(link)
    page = desk.client.get(entered.headers["location"])

    assert link.startswith("/in/Tosma/ver/")
    assert entered.status_code == 303
    assert invoice.number_text in page.text


def test_from_an_invoice_one_lands_on_it_once_it_is_published(desk, db, make, merino):
    published, hidden = make.published_invoice(contact=merino), make.invoice(contact=merino)
    db.commit()

    links = [desk.post(f"invoice/as-customer/{each.id}").headers["location"] for each in (published, hidden)]
    landed = [desk.client.get(link).headers["location"] for link in links]

    assert landed == [f"/in/Tosma/facturas/{published.id}", "/in/Tosma"]
    assert desk.client.get(landed[0]).status_code == 200
