"""Working in several companies: switching, and a form that belongs to another one."""

import re

import pytest
from sqlalchemy import select

from admin_views import signing_in
from models import Membership, Product, StaffSession
from models.enums import Role
from tests.rig.desk import text_of

PRODUCT = {"code": "A1", "name": "Cable", "unit_price": "4,20", "tax_rate": "21"}


@pytest.fixture
def second(make, db, system_db, desk):
    """Another company where the same person may only read."""
    company = make.company(name="Tosma Climatización, S.L.")
    db.commit()
    user_id = system_db.scalars(select(StaffSession.user_id)).one()
    system_db.add(Membership(company_id=company.id, user_id=user_id, role=Role.ADMINISTRATOR))
    system_db.commit()
    return company


def products(system_db):
    system_db.rollback()
    return [(product.company_id, product.code) for product in system_db.scalars(select(Product))]


def test_the_menu_offers_the_companies_of_the_person(desk, second):
    page = desk.get("")

    assert '<button class="v-who" name="to"' in page.text
    assert "Tosma Climatización, S.L." in text_of(page)


def test_somebody_with_one_company_is_offered_none(desk):
    assert 'name="to"' not in desk.get("").text


def test_switching_shows_the_other_company_and_nothing_of_the_first(desk, db, make, second):
    make.product(code="DE-AQUI")
    db.commit()

    answer = desk.post("switch", {"to": str(second.id)})

    assert answer.headers["location"] == "/admin/"
    assert "Tosma Climatización, S.L." in text_of(desk.get("product/list"))
    assert "DE-AQUI" not in desk.get("product/list").text


@pytest.fixture
def advisory(make, db, system_db, desk):
    """The same person keeps sixty companies more."""
    names = ["Óptica Peña, S.L.", "Zafra Gestión, S.L.", *(f"Comunidad de vecinos {n}" for n in range(58))]
    companies = [make.company(name=name) for name in names]
    db.commit()
    user_id = system_db.scalars(select(StaffSession.user_id)).one()
    system_db.add_all(Membership(company_id=one.id, user_id=user_id, role=Role.ADMINISTRATOR) for one in companies)
    system_db.commit()
    return companies


def offered(page):
    return re.findall(r'name="to" value="(\d+)"', page.text)


def test_who_has_many_companies_reaches_every_one(desk, advisory):
    home, page = desk.get(""), desk.get("switch")

    assert offered(home) == []
    assert '<a class="v-who" href="/admin/switch"' in home.text
    assert sorted(map(int, offered(page))) == sorted([desk.company_id, *(one.id for one in advisory)])
    assert offered(page)[-3:] == [str(advisory[0].id), str(desk.company_id), str(advisory[1].id)]
    assert "61 empresas" in text_of(page)


@pytest.mark.parametrize("text", ["optica PENA", "ÓPTICA", " peña "])
def test_companies_are_found_without_regard_to_accents(desk, advisory, text):
    page = desk.get("switch", buscar=text)
    answer = desk.post("switch", {"to": offered(page)[0]})

    assert offered(page) == [str(advisory[0].id)]
    assert "1 coincide con" in text_of(page)
    assert re.search(r'value="\d+" autofocus>', page.text)
    assert "Óptica Peña, S.L." in text_of(desk.follow(answer))


def test_companies_are_found_by_tax_id_and_only_among_ones_own(desk, db, make, advisory):
    others = make.company(name="Ajena, S.A.")
    db.commit()

    assert offered(desk.get("switch", buscar=advisory[1].tax_id)) == [str(advisory[1].id)]
    assert offered(desk.get("switch", buscar=others.name)) == []
    assert "Ninguna de sus empresas" in text_of(desk.get("switch", buscar=others.name))


def test_more_companies_than_are_shown_ask_for_a_name(desk, advisory, monkeypatch):
    monkeypatch.setattr(signing_in, "SHOWN_COMPANIES", 20)

    page = desk.get("switch", buscar="vecinos")

    assert len(offered(page)) == 20
    assert "y 38 más: escriba parte del nombre" in text_of(page)


def test_only_who_is_inside_sees_companies(client, engine):
    assert client.get("/admin/switch").headers["location"] == "/admin/login"


@pytest.mark.parametrize("to", ["999", "", "abc", "9" * 30, "-1"])
def test_nobody_switches_to_a_company_that_is_not_theirs(desk, db, to):
    answer = desk.post("switch", {"to": to})

    assert (answer.status_code, "No existe esa empresa entre las suyas." in answer.text) == (404, True)
    assert db.scalars(select(StaffSession.company_id)).one() == desk.company_id


def test_a_form_of_another_company_saves_nothing_and_offers_to_go_back(desk, system_db, second):
    desk.post("switch", {"to": str(second.id)})

    refused = desk.post("product/create", PRODUCT)

    told = text_of(refused)
    assert refused.status_code == 409
    assert "Ha cambiado de empresa en otra pestaña" in told
    assert "Volver a Suministros Tosma, S.L. y guardar" in told
    assert products(system_db) == []

    saved = desk.post("product/create", PRODUCT | {"_to_company": "1"})

    assert saved.headers["location"].startswith("/admin/product/edit/")
    assert products(system_db) == [(desk.company_id, "A1")]
    assert "Suministros Tosma" in text_of(desk.get("product/list"))


@pytest.mark.parametrize("named", ["", "0", "999", "abc", "1;2"])
def test_a_form_that_names_no_company_of_ours_saves_nothing(desk, system_db, second, named):
    refused = desk.post("product/create", PRODUCT | {"company": named, "_to_company": "1"})

    assert (refused.status_code, "Volver a" in refused.text) == (409, False)
    assert products(system_db) == []


def test_losing_a_company_ends_the_session_in_it(desk, db, system_db, second):
    desk.post("switch", {"to": str(second.id)})
    membership = system_db.scalars(select(Membership).where(Membership.company_id == second.id)).one()
    system_db.delete(membership)
    system_db.commit()

    assert desk.get("product/list").status_code == 303
