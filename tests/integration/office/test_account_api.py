"""*API Key* in Mi configuración: made with the password, shown once, never more than its maker, taken back."""

import datetime as dt
import re

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from app import clock
from app.domain.api_keys import scopes_of
from app.scope import CompanyScope
from app.secrets import hash_password
from models import ApiKey, AuditEntry, StaffSession, StaffUser
from models.enums import ApiScope, Role
from tests.factories import Make
from tests.rig.desk import fields_of, renew, text_of
from tests.rig.robot import Robot, key_for
from tests.rig.sheet import errors_of_sheet

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PASSWORD = "el gato duerme al sol"
PAGE = "account/api"
NEW = {"name": "Tienda web", "read": "y", "write": "y", "life": "365", "per_minute": "60", "current": PASSWORD}
SECRET = re.compile(r"vk_\w+_[0-9A-Za-z]{43}")


@pytest.fixture(scope="module")
def password_hash():
    return hash_password(PASSWORD)


@pytest.fixture
def sit(sit, db, password_hash):
    """As everybody sits, with a password."""

    def seated(role=Role.ADMINISTRATOR):
        desk = sit(role)
        db.execute(update(StaffUser).values(password_hash=password_hash))
        db.commit()
        return desk

    return seated


@pytest.fixture
def desk(sit):
    return sit()


def kept(db):
    renew(db)
    return db.scalars(select(ApiKey).order_by(ApiKey.id)).all()


def made(desk, **fields):
    """The secret of a new key."""
    page = desk.post(PAGE, NEW | fields)
    assert page.status_code == 200, text_of(page)
    (secret,) = set(SECRET.findall(page.text))
    return secret


def asks(application, settings, secret):
    client = TestClient(application, base_url=settings.base_url)
    return client.get("/api/v1/key", headers={"Authorization": f"Bearer {secret}"})


def test_a_key_is_shown_once_and_opens(desk, sit, db, application, settings):
    secret = made(desk)

    answer, page = asks(application, settings, secret), desk.get(PAGE)
    row = kept(db)[0]
    assert answer.json()["scopes"] == ["read", "write"]
    assert (row.name, row.scopes, row.per_minute) == ("Tienda web", ["read", "write"], 60)
    assert (row.expires_at - clock.now()).days == 364
    words = text_of(page)
    assert f"Tienda web {secret[:-37]}… Consultar, Escribir · 60 por minuto · caduca el " in words
    assert "desde testclient" in words
    audited = str([entry.changes for entry in db.scalars(select(AuditEntry))])
    assert [secret in place for place in (page.text, audited, str(vars(row)))] == [False] * 3
    assert [row.secret_hash in place for place in (page.text, audited)] == [False] * 2


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"current": "otra"}, {"current": "No es su contraseña de Ventanilla."}),
        ({"current": ""}, {"current": "Rellene este dato."}),
        ({"current": "x" * 5000}, {"current": "No es su contraseña de Ventanilla."}),
        ({"name": " "}, {"name": "Rellene este dato."}),
        ({"life": "99999"}, {"life": "Elija una de la lista."}),
        ({"per_minute": "0"}, {"per_minute": "Escriba un número entre 1 y 6000."}),
        ({"per_minute": "1e3"}, {"per_minute": "Escriba un número entre 1 y 6000."}),
    ],
)
@ONLY_SQLITE
def test_what_is_wrong_makes_no_key(desk, db, fields, errors):
    answer = desk.post(PAGE, NEW | fields)

    assert (answer.status_code, errors_of_sheet(answer)) == (422, errors)
    assert (kept(db), PASSWORD in answer.text) == ([], False)


@ONLY_SQLITE
def test_a_key_without_any_permission_is_refused(desk, db):
    answer = desk.post(PAGE, {name: value for name, value in NEW.items() if name not in {"read", "write"}})

    assert "Marque al menos un permiso." in text_of(answer)
    assert (answer.status_code, kept(db)) == (422, [])


@ONLY_SQLITE
def test_nobody_offers_or_takes_more_than_their_role(sit, db):
    for role in Role:
        desk = sit(role)
        page = desk.get(PAGE)
        offered = {scope for scope in ApiScope if f'name="{scope.value}"' in page.text}
        made(desk, **{scope.value: "y" for scope in ApiScope})
        assert (offered, kept(db)[-1].scopes) == (
            set(scopes_of(role)),
            [scope.value for scope in ApiScope if scope in scopes_of(role)],
        )


@ONLY_SQLITE
def test_a_key_always_asks_and_what_it_was_told_serves_elsewhere(desk, db, make):
    make.mail_account()
    db.execute(update(StaffSession).values(created_at=clock.now() - dt.timedelta(minutes=16)))
    db.commit()
    dkim = {"domain": "tosma.example", "selector": "ventanilla", "source": "new"}

    asked = desk.post("mail-account/dkim", dkim)
    made(desk)
    trusted, again = desk.post("mail-account/dkim", dkim), desk.post(PAGE, NEW | {"current": ""})

    assert [answer.status_code for answer in (asked, trusted, again)] == [422, 303, 422]
    assert len(kept(db)) == 1


@ONLY_SQLITE
def test_guessing_the_password_here_is_slowed_down_as_at_the_door(desk, db):
    answers = [desk.post(PAGE, NEW | {"current": "otra"}).status_code for _ in range(20)]
    spent = desk.post(PAGE, NEW)

    assert answers == [422] * 20
    assert (spent.status_code, int(spent.headers["retry-after"]) <= 60, kept(db)) == (429, True, [])


def test_another_secret_and_the_one_before_for_as_long_as_chosen(desk, db, application, settings):
    first = made(desk)
    key_id = kept(db)[0].id
    wrong = desk.post(f"{PAGE}/rotate/{key_id}", {"overlap": "7", "current": "otra"})
    page = desk.post(f"{PAGE}/rotate/{key_id}", {"overlap": "7", "current": PASSWORD})
    (second,) = set(SECRET.findall(page.text))

    both = [asks(application, settings, secret).status_code for secret in (first, second)]
    listed = text_of(desk.get(PAGE))
    ended = desk.follow(desk.post(f"{PAGE}/end-overlap/{key_id}"))

    assert errors_of_sheet(wrong) == {"current": "No es su contraseña de Ventanilla."}
    assert (second != first, both) == (True, [200, 200])
    assert "La de antes sirve hasta el" in listed
    assert "Se usó el" in listed
    assert "la clave de antes ya no abre nada." in text_of(ended)
    assert "La de antes sirve hasta el" not in text_of(ended)
    assert [asks(application, settings, secret).status_code for secret in (first, second)] == [401, 200]


@ONLY_SQLITE
def test_revoked_it_opens_nothing_and_leaves_the_list(desk, db, application, settings):
    secret = made(desk)
    address = f"{PAGE}/revoke/{kept(db)[0].id}"

    asked = desk.get(address)
    page = desk.follow(desk.post(address))

    assert "No se puede deshacer" in text_of(asked)
    assert "Tienda web: revocada, ya no abre nada." in text_of(page)
    assert "Todavía no hay ninguna." in text_of(page)
    assert asks(application, settings, secret).status_code == 401
    assert desk.post(address).status_code == 404


@ONLY_SQLITE
def test_administrators_see_and_revoke_those_of_others_who_see_only_their_own(sit, db):
    one, other, boss = sit(Role.MANAGER), sit(Role.READER), sit()
    made(one)
    key_id = kept(db)[0].id

    pages = [text_of(someone.get(PAGE)) for someone in (one, other, boss)]
    refused = [
        (other.get(f"{PAGE}/{deed}/{key_id}").status_code, boss.get(f"{PAGE}/{deed}/{key_id}").status_code)
        for deed in ("rotate", "revoke")
    ]
    taken = [someone.post(f"{PAGE}/end-overlap/{key_id}").status_code for someone in (other, boss)]
    gone = [someone.post(f"{PAGE}/revoke/{key_id}").status_code for someone in (other, boss)]

    assert ["Tienda web" in page for page in pages] == [True, False, True]
    assert "Tienda web · Marta Ruiz Ortega" in pages[2]
    assert refused == [(404, 404), (404, 200)]
    assert (taken, gone) == ([404, 404], [404, 303])
    assert kept(db)[0].ended_at is not None


@ONLY_SQLITE
@pytest.mark.parametrize("wrong", ["0", "-1", "x", "9" * 30, "1;2", "%00"])
def test_a_key_that_is_none(desk, wrong):
    addresses = [f"{PAGE}/{deed}/{wrong}" for deed in ("rotate", "revoke")]

    assert [desk.get(address).status_code for address in addresses] == [404, 404]
    assert desk.post(f"{PAGE}/end-overlap/{wrong}").status_code == 404


@ONLY_SQLITE
def test_another_company_s_key_is_none(desk, db, make_session, make, application, settings):
    elsewhere = make.company()
    db.commit()
    with make_session(scope=CompanyScope(elsewhere.id)) as theirs:
        key = key_for(theirs, Make(theirs, elsewhere).user(email="otra@otra.example"))
        theirs.commit()

    page = desk.get(PAGE)
    answers = [
        desk.post(f"{PAGE}/{deed}/{key.key_id}", {"current": PASSWORD}).status_code
        for deed in ("rotate", "revoke", "end-overlap")
    ]

    assert ("Todavía no hay ninguna." in text_of(page), answers) == (True, [404, 404, 404])
    client = TestClient(application, base_url=settings.base_url)
    assert Robot(client, key).get("key").status_code == 200


@ONLY_SQLITE
def test_the_form_of_another_page_starts_clean(desk):
    fields = fields_of(desk.get(PAGE))

    assert fields == {"name": "", "read": "y", "life": "365", "per_minute": "600", "current": ""}
