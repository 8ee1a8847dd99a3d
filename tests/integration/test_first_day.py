"""The first company and its administrator, through an address that works once."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from sqlalchemy import select
from starlette.testclient import TestClient

from app import clock
from app.domain.companies import OpenCompany, open_company
from app.domain.kinds import KINDS
from app.domain.setting_up import SetUp, invite, set_up, stands
from app.domain.staff_access import find_credentials
from app.errors import NotFound
from app.scope import SYSTEM, Actor
from app.secrets import password_matches
from models import AuditEntry, Company, DocumentTemplate, Membership, Series, SetupToken, StaffUser, TaxRate
from models.enums import Role

PHRASE = "la farola de la esquina"
TYPED = {
    "company_name": "Suministros Tosma, S.L.",
    "tax_id": "B-12345674",
    "address": "C/ Ebanistas, 14",
    "postcode": "28500",
    "city": "Arganda del Rey",
    "province": "Madrid",
    "slug": "Tosma_SL",
    "name": "Marta Ruiz Ortega",
    "email": "Marta@Tosma.example",
    "password": PHRASE,
    "password_again": PHRASE,
}


@pytest.fixture
def token(database) -> str:
    token = database.run(SYSTEM, invite)
    assert token is not None
    return token


def fill_in(client: TestClient, token: str, **changes: str):
    """The form as a browser without script sends it."""
    address = f"/admin/alta/{token}"
    page = client.get(address)
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    return client.post(address, data=TYPED | changes | {"csrf": csrf[1] if csrf else ""})


def test_the_form_makes_a_company_ready_to_work_and_its_administrator(client, token, database):
    answer = fill_in(client, token)

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login?creada=1")
    assert "La empresa está creada." in client.get(answer.headers["location"]).text
    year = clock.today().year
    with database.read(SYSTEM) as db:
        company = db.scalars(select(Company)).one()
        role = db.scalars(select(Membership.role)).one()
        known = find_credentials(db, "marta@tosma.example")
        series = db.scalars(select(Series.label).order_by(Series.id)).all()
        furnished = [db.scalars(select(cls)).first() is not None for cls in (TaxRate, DocumentTemplate)]
        told = db.scalars(select(AuditEntry.actor)).first()
    assert (company.name, company.tax_id, company.slug, company.is_confirmed) == (
        "Suministros Tosma, S.L.",
        "B12345674",
        "Tosma_SL",
        True,
    )
    assert (role, known.name, password_matches(PHRASE, known.password_hash)) == (
        Role.ADMINISTRATOR,
        "Marta Ruiz Ortega",
        True,
    )
    codes = ("P", "PV", "PT", "A", "PF", "FV", "PC", "R")
    assert (series, furnished, told) == ([f"{code}{year % 100}" for code in codes], [True, True], "Marta Ruiz Ortega")


def test_afterwards_the_address_does_not_exist(client, token):
    fill_in(client, token)

    assert client.get(f"/admin/alta/{token}").status_code == 404
    assert fill_in(client, token, email="otra@tosma.example", tax_id="A58818501").status_code in {403, 404}


@pytest.mark.parametrize("forged", ["x", "A" * 43, "%00", "á"])
def test_other_addresses_do_not_exist(client, token, forged):
    assert client.get(f"/admin/alta/{forged}").status_code == 404


def test_nobody_posts_without_having_seen_the_form(client, token, database):
    answer = client.post(f"/admin/alta/{token}", data=TYPED)

    assert answer.status_code == 403
    with database.read(SYSTEM) as db:
        assert db.scalars(select(Company)).all() == []


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"company_name": " "}, "company_name", "Rellene este dato."),
        ({"company_name": "Tosma\x00"}, "company_name", "Hay caracteres que no se pueden usar aquí"),
        ({"tax_id": "B12345678"}, "tax_id", "El NIF no es correcto"),
        ({"tax_id": "x" * 5000}, "tax_id", "Como mucho 40 caracteres."),
        ({"slug": "ad"}, "slug", "De 3 a 40 letras sin acento"),
        ({"slug": "admin"}, "slug", "Esa dirección está reservada. Elija otra."),
        ({"email": "marta"}, "email", "Escriba una sola dirección de correo"),
        ({"password": "corta", "password_again": "corta"}, "password", "Use al menos 12 caracteres."),
        ({"password_again": "otra frase distinta"}, "password_again", "No coincide con la contraseña."),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_wrong_is_said_beside_its_field(client, token, database, changes, field, sentence):
    answer = fill_in(client, token, **changes)

    assert answer.status_code == 422
    beneath = re.search(rf'id="{field}-hint">([^<]*)<', answer.text)
    assert beneath is not None
    assert beneath[1].startswith(sentence)
    assert PHRASE not in answer.text
    assert 'value="Marta Ruiz Ortega"' in answer.text
    with database.read(SYSTEM) as db:
        assert (db.scalars(select(Company)).all(), db.scalars(select(StaffUser)).all()) == ([], [])
        assert stands(db, token)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_address_is_proposed_when_none_is_typed(client, token, database):
    fill_in(client, token, slug="")

    with database.read(SYSTEM) as db:
        assert db.scalars(select(Company.slug)).one() == "suministros-tosma-s-l"


def test_a_company_that_an_import_made_is_taken_over(client, token, database):
    database.run(SYSTEM, lambda db: open_company(db, OpenCompany(name="TOSMA", tax_id="B12345674")))

    answer = fill_in(client, token)

    assert answer.status_code == 303
    with database.read(SYSTEM) as db:
        company = db.scalars(select(Company)).one()
        assert (company.name, company.slug, company.is_confirmed) == ("Suministros Tosma, S.L.", "Tosma_SL", True)
        assert len(db.scalars(select(Series)).all()) == len(KINDS) + 1


def test_an_address_of_another_company_is_refused(client, token, database):
    database.run(SYSTEM, lambda db: open_company(db, OpenCompany(name="Otra", tax_id="A58818501", slug="tosma_sl")))

    answer = fill_in(client, token)

    assert answer.status_code == 422
    assert "Otra empresa tiene ya esa dirección. Elija otra." in answer.text


def test_only_the_newest_address_stands_and_only_for_a_day(database, token):
    newer = database.run(SYSTEM, invite)

    with database.read(SYSTEM) as db:
        assert (stands(db, token), stands(db, newer)) == (False, True)
        assert newer not in str(db.scalars(select(SetupToken.token_hash)).all())
        with time_machine.travel(clock.now() + dt.timedelta(hours=25)):
            assert not stands(db, newer)


def test_nobody_is_invited_once_somebody_administers(database, db, make):
    make.user(role=Role.MANAGER)
    db.commit()
    before = database.run(SYSTEM, invite)
    make.user(email="otra@tosma.example", role=Role.ADMINISTRATOR)
    db.commit()

    assert before is not None
    assert database.run(SYSTEM, invite) is None
    with database.read(SYSTEM) as reading:
        assert not stands(reading, before)


def test_of_eight_at_once_one_wins(database, token):
    def attempt(number: int) -> bool:
        command = SetUp(
            token=token,
            company=OpenCompany(name=f"Empresa {number}", tax_id=f"X{number}"),
            name="Alguien",
            email=f"alguien{number}@tosma.example",
            password_hash="x",
        )
        try:
            database.run(SYSTEM, lambda db: set_up(db, command), Actor("Prueba"))
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, range(8)))

    assert sum(won) == 1
    with database.read(SYSTEM) as db:
        assert len(db.scalars(select(Company)).all()) == 1
