"""Access for a whole search: done without showing each person, and only to those who were shown in figures."""

import pytest

from admin_views import selection
from admin_views.access import dialogue
from app import clock
from tests.integration.office.people import acting, mails, who
from tests.rig.desk import fields_of, text_of


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_many_are_done_without_showing_each(desk, db, make):
    for number in range(200):
        make.contact(name=f"Cliente {number:03}", email=f"c{number}@merino.example")
    make.account(make.contact(email="activa@merino.example"), password_hash="x", activated_at=clock.now())
    db.commit()

    page = desk.get("customer/access", scope="filter", q="")
    desk.post("customer/access", fields_of(page))

    told = text_of(page)
    assert "se hará con las que necesitan algo. Sin acceso 200 Activa 1" in told
    assert "Dar acceso a 200 personas" in told
    assert len(mails(db)) == 200


@pytest.fixture
def few(monkeypatch):
    """A company of three is already too many: to be ticked, and to be shown one by one."""
    monkeypatch.setattr(selection, "MOST_TICKED", 2)
    monkeypatch.setattr(dialogue, "MOST_SHOWN", 2)


@pytest.mark.usefixtures("few")
def test_a_whole_search_is_done_however_many_it_finds(desk, db, make, merino, nunez):
    make.contact(name="Talleres Ródano", email="taller@rodano.example")
    make.contact(name="Bodegas Artieda", email="bodega@artieda.example", archived_at=clock.now())
    make.contact(name="Electricidad Sur", email=None)
    make.contact(name="Proveedor", email="ventas@proveedor.example", is_customer=False, is_supplier=True)
    db.commit()

    page = desk.get("customer/access", scope="filter", q="correo=si")
    done = desk.post("customer/access", fields_of(page))
    withdrawal = desk.get("access/withdraw-access", scope="filter", q="")
    desk.post("access/withdraw-access", fields_of(withdrawal))

    told = text_of(page)
    assert "3 personas de 3 clientes. Son muchas para verlas una a una: se hará con las que necesitan algo." in told
    assert "Sin acceso 3 Cómo se envía" in told
    assert mails(db) == ["lucia@merino.example", "pilar@nunez.example", "taller@rodano.example"]
    assert "Acceso dado a 3 personas" in text_of(desk.follow(done))
    assert "3 personas tienen acceso. Son muchas para verlas una a una: se hará con todas." in text_of(withdrawal)
    assert acting(db) == []


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("path", ["access", "withdraw-access"])
def test_whoever_joined_a_search_since_it_was_shown_is_shown_first(desk, db, make, merino, nunez, path):
    make.account(merino), make.account(nunez), make.account(make.contact())
    db.commit()
    fields = fields_of(desk.get(f"customer/{path}", scope="filter", q=""))
    make.account(make.contact())
    db.commit()

    refused = desk.post(f"customer/{path}", fields)
    before = len(acting(db)), len(mails(db))
    done = desk.post(f"customer/{path}", fields_of(refused))

    assert refused.status_code == 409
    assert "Revise las cifras nuevas y confirme otra vez." in text_of(refused)
    assert "Acceso sin comunicar 4" in text_of(refused)
    assert (before, done.status_code) == ((4, 0), 303)
    assert (len(acting(db)), len(mails(db))) == ((4, 4) if path == "access" else (0, 0))


@pytest.mark.usefixtures("few")
def test_those_ticked_stay_so_when_the_search_finds_too_many_to_show(desk, db, make, merino, nunez):
    db.commit()
    fields = fields_of(desk.get("customer/access", scope="filter", q=""))
    make.contact()
    db.commit()

    desk.post("customer/access", fields | {"who": who(merino)})

    assert acting(db) == [("lucia@merino.example", "Instalaciones Merino, S.L.")]
