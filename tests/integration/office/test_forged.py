"""Forms no page of ours would send: files where text belongs, text where a file does, more rows than there may be."""

import datetime as dt

import pytest
from sqlalchemy import select, update

from admin_views.inline import MOST_ROWS
from app import clock
from app.domain.staff_access import IDLE
from models import Product, Publication, StaffSession
from tests.rig.desk import fields_of, text_of

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def file(*names):
    return dict.fromkeys(names, ("nombre.txt", b"1", "text/plain"))


@ONLY_SQLITE
@pytest.mark.parametrize("field", ["template", "scope", "aim", "key", "fingerprint", "pks", "q", "notify", "_preview"])
def test_a_file_in_the_place_of_a_choice_is_no_choice(desk, db, make, field):
    make.template()
    invoice = make.invoice()
    db.commit()
    fields = fields_of(desk.get("invoice/publish", pks=invoice.id, q=""))

    answer = desk.post("invoice/publish", {k: v for k, v in fields.items() if k != field}, files=file(field))

    assert answer.status_code < 500
    assert field != "template" or (answer.status_code, db.scalars(select(Publication)).all()) == (422, [])


@ONLY_SQLITE
def test_a_file_in_the_place_of_a_text_is_no_text(desk, db):
    answer = desk.post("product/create", {"code": "CB-01", "unit_price": "1"}, files=file("name", "description"))

    assert (answer.status_code, "Rellene este dato." in text_of(answer)) == (422, True)
    assert "UploadFile" not in answer.text
    assert db.scalars(select(Product)).all() == []


@ONLY_SQLITE
def test_a_file_in_the_place_of_the_password_is_none(desk, db):
    db.execute(update(StaffSession).values(seen_at=clock.now() - IDLE - dt.timedelta(minutes=1)))
    db.commit()

    asked = desk.post("product/create", {"code": "CB-01"}, files=file("_password"))
    again = desk.post("reauth", files=file("_password"))
    entered = desk.post("login", {"email": "a@b.example"}, files=file("password", "next"))

    assert [asked.status_code, again.status_code, entered.status_code] == [401, 400, 400]


@ONLY_SQLITE
def test_a_text_in_the_place_of_a_file_is_no_file(desk):
    imported = desk.post("invoice/importar", {"archivos": "FV26-0001"})
    drawn = desk.post("intranet/appearance", {"accent": "#126f5c", "logo": "logo.png"})

    assert (imported.status_code, "Elija al menos un archivo." in text_of(imported)) == (422, True)
    assert drawn.status_code == 303


@ONLY_SQLITE
def test_no_more_rows_than_there_may_be(desk, merino, db):
    db.commit()
    path = f"customer/edit/{merino.id}"
    rows = {f"emails-{n}-email": f"e{n}@merino.example" for n in range(MOST_ROWS)}

    answer = desk.post(path, fields_of(desk.get(path)) | rows | {"_more": "emails"})

    assert (answer.status_code, f"Como mucho {MOST_ROWS} líneas." in text_of(answer)) == (200, True)
