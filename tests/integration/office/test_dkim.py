"""*Firma DKIM*: a key made or pasted, the record to publish, and whether it is."""

import datetime as dt

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select, update

from app import clock
from app.adapters import mail_discovery
from app.domain.mail.dkim_keys import open_dkim_key
from app.errors import AdapterError
from app.mail.signatures import dkim_key_of
from models import MailAccount, StaffSession
from tests.rig.desk import fields_of, text_of

PAGE = "mail-account/dkim"
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NEW = {"domain": "tosma.example", "selector": "ventanilla", "source": "new"}


@pytest.fixture
def companys(db, make):
    account = make.mail_account()
    db.commit()
    return account


def account_of(db):
    db.rollback()
    return db.scalars(select(MailAccount).execution_options(populate_existing=True)).one()


def pem() -> str:
    key = rsa.generate_private_key(65537, 1024)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def test_a_key_is_made_kept_and_its_record_shown(desk, db, installation, companys):
    before = desk.get(PAGE)
    page = desk.follow(desk.post(PAGE, NEW))

    key = dkim_key_of(installation, account_of(db))
    assert (fields_of(before)["domain"], fields_of(before)["selector"]) == ("tosma.example", "ventanilla")
    assert "ventanilla._domainkey.tosma.example" in text_of(page)
    assert (key.record in text_of(page), key.record.startswith("v=DKIM1; k=rsa; p=MIIB")) == (True, True)
    assert "PRIVATE" not in page.text
    assert fields_of(page)["source"] == "keep"


@SQLITE
def test_one_s_own_key_is_kept_and_never_given_back(desk, db, installation, companys):
    mine = pem()

    wrong = desk.post(PAGE, NEW | {"source": "paste", "private_key": mine, "domain": "merino.example"})
    right = desk.post(PAGE, NEW | {"source": "paste", "private_key": mine})
    renamed = desk.post(PAGE, {"domain": "tosma.example", "selector": "otro", "source": "keep"})

    assert (wrong.status_code, right.status_code, renamed.status_code) == (422, 303, 303)
    assert "Tiene que ser el dominio del remitente (facturas@tosma.example) o uno superior." in text_of(wrong)
    assert (mine[100:140] in wrong.text, 'id="private_key"' in wrong.text) == (False, True)
    account = account_of(db)
    assert account.dkim_selector == "otro"
    assert open_dkim_key(account, installation.keys).startswith("-----BEGIN PRIVATE KEY-----")


@SQLITE
@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"domain": ""}, "domain"),
        ({"domain": "tosma.example\r\nX: 1"}, "domain"),
        ({"selector": "con espacio"}, "selector"),
        ({"source": "keep"}, "source"),
        ({"source": "paste", "private_key": ""}, "private_key"),
        ({"source": "paste", "private_key": "x" * 100_000}, "private_key"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(desk, db, companys, values, field):
    answer = desk.post(PAGE, NEW | values)

    assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True)
    assert account_of(db).sealed_dkim_key == ""


@SQLITE
@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (lambda key: (key.record,), "El registro está publicado: sus correos llegan firmados."),
        (lambda key: ("v=DKIM1; p=MIIB",), "En su DNS hay otro registro con ese nombre: sustitúyalo por este."),
        (lambda key: (), "Todavía no está en su DNS."),
    ],
)
def test_the_dns_is_asked_for_it(desk, db, installation, companys, monkeypatch, texts, sentence):
    desk.post(PAGE, NEW)
    key = dkim_key_of(installation, account_of(db))
    asked = []

    def texts_of(name):
        asked.append(name)
        return texts(key)

    monkeypatch.setattr(mail_discovery, "texts_of", texts_of)
    page = desk.post(PAGE, {"_check": "1"})

    assert (page.status_code, asked, sentence in text_of(page)) == (200, ["ventanilla._domainkey.tosma.example"], True)


@SQLITE
def test_a_dns_that_cannot_be_asked_is_told(desk, companys, monkeypatch):
    def nobody(name):
        raise AdapterError("No se puede preguntar por ese nombre.")

    monkeypatch.setattr(mail_discovery, "texts_of", nobody)
    without = desk.post(PAGE, {"_check": "1"})
    desk.post(PAGE, NEW)

    assert without.status_code == 303
    assert "No se puede preguntar por ese nombre." in text_of(desk.post(PAGE, {"_check": "1"}))


@SQLITE
def test_it_is_left_off_after_asking(desk, db, companys):
    desk.post(PAGE, NEW)

    asked = desk.get(f"{PAGE}/delete")
    page = desk.follow(desk.post(f"{PAGE}/delete"))

    assert "La clave se borra y no se puede recuperar." in text_of(asked)
    assert ("Los correos ya no se firman." in text_of(page), account_of(db).sealed_dkim_key) == (True, "")


@SQLITE
def test_a_sender_of_another_domain_is_not_signed_for(desk, db, companys):
    desk.post(PAGE, NEW)
    account_of(db).sender_email = "avisos@otro.example"
    db.commit()

    assert "No se firma: la clave es de tosma.example, y el remitente de otro dominio." in text_of(desk.get(PAGE))


@SQLITE
def test_without_an_account_there_is_nothing_to_sign(desk):
    page, answer = desk.get(PAGE), desk.post(PAGE, NEW)

    assert ("Antes hace falta la cuenta" in text_of(page), answer.status_code) == (True, 404)


@SQLITE
def test_another_key_asks_who_one_is(desk, db, companys):
    db.execute(update(StaffSession).values(created_at=clock.now() - dt.timedelta(minutes=16)))
    db.commit()

    answer = desk.post(PAGE, NEW)

    assert (answer.status_code, account_of(db).sealed_dkim_key) == (422, "")
    assert "Para cambiar esto, escriba su contraseña de Ventanilla." in text_of(answer)
