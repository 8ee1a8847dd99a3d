"""Signing in to the office: one answer for every kind of wrong, sessions that end, the password again in place."""

import datetime as dt

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from app import clock
from app.domain.staff_access import IDLE, LONGEST, RESUMABLE
from app.secrets import hash_password, token_hash
from models import AuditEntry, Product, StaffSession, StaffUser
from tests.rig.desk import COOKIE, fields_of, text_of

PASSWORD = "el gato duerme al sol"
WRONG = "El correo o la contraseña no son correctos."


@pytest.fixture
def marta(make, db):
    user = make.user(email="marta@tosma.example", password_hash=hash_password(PASSWORD))
    db.commit()
    return user


@pytest.fixture
def browser(application, settings):
    return TestClient(application, base_url=settings.base_url, follow_redirects=False)


def sign_in(browser, email="marta@tosma.example", password=PASSWORD, **query):
    page = browser.get("/admin/login", params=query)
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    return browser.post(
        "/admin/login",
        data=fields_of(page) | {"csrf": csrf, "company": "0", "email": email, "password": password},
    )


def rest(db, pause, column=StaffSession.seen_at):
    db.execute(update(StaffSession).values({column: clock.now() - pause}))
    db.commit()


def test_the_right_password_opens_a_session_of_which_only_a_hash_is_kept(browser, db, marta):
    before = browser.get("/admin/login").cookies[COOKIE]

    answer = sign_in(browser)

    cookie = browser.cookies[COOKIE]
    session = db.scalars(select(StaffSession)).one()
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")
    assert cookie != before
    assert (session.token_hash, session.user_id, session.address) == (token_hash(cookie), marta.id, "testclient")
    assert browser.get("/admin/").status_code == 200
    assert db.scalars(select(AuditEntry.action)).all() == ["sign_in"]


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("marta@tosma.example", "otra contraseña cualquiera"),
        ("nadie@tosma.example", PASSWORD),
        ("marta@tosma.example", ""),
        ("marta@tosma.example", PASSWORD + "x" * 200),
        ("\x00", PASSWORD),
        ("x" * 5000, PASSWORD),
    ],
)
def test_every_kind_of_wrong_has_the_same_answer(browser, marta, email, password):
    answer = sign_in(browser, email, password)

    assert (answer.status_code, WRONG in answer.text) == (400, True)
    assert "Error: Entrar" in answer.text
    assert browser.get("/admin/").status_code == 303


@pytest.mark.parametrize("column", ["disabled_at", "ended_at"])
def test_who_was_shut_out_cannot_enter(browser, db, marta, column):
    row = marta if column == "disabled_at" else marta.memberships[0]
    setattr(row, column, clock.now())
    db.commit()

    assert WRONG in sign_in(browser).text


def test_guessing_from_one_place_is_slowed_down(browser, marta):
    answers = [sign_in(browser, f"nadie{number}@tosma.example").status_code for number in range(21)]

    assert answers == [400] * 20 + [429]
    assert "Demasiados intentos. Espere un minuto" in text_of(sign_in(browser))


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/admin/invoice/list?estado=vencida", "/admin/invoice/list?estado=vencida"),
        ("https://evil.example/", "/admin/"),
        ("//evil.example/admin/", "/admin/"),
        ("/admin/../../evil", "/admin/../../evil"),
        ("/admin/logout", "/admin/"),
        ("/in/Tosma", "/admin/"),
        ("/admin/x\\evil", "/admin/"),
    ],
)
def test_signing_in_leads_back_to_a_page_of_the_office_only(browser, marta, wanted, leads_to):
    answer = sign_in(browser, next=wanted)

    assert answer.headers["location"] == leads_to


def test_a_page_asked_for_without_a_session_comes_after_signing_in(browser, marta):
    refused = browser.get("/admin/invoice/list?estado=vencida")

    assert refused.headers["location"] == "/admin/login?next=/admin/invoice/list%3Festado%3Dvencida"


def test_signing_out_ends_the_session_everywhere_it_was_copied(desk, db, application, settings):
    copied = TestClient(application, base_url=settings.base_url, follow_redirects=False)
    copied.cookies.set(COOKIE, desk.client.cookies[COOKIE], domain="127.0.0.1", path="/admin")

    answer = desk.post("logout")

    assert answer.headers["location"] == "/admin/login"
    assert copied.get("/admin/").status_code == 303
    assert desk.get("").status_code == 303
    assert desk.client.get("/admin/logout").status_code == 405


@pytest.mark.parametrize(
    ("pause", "column", "status"),
    [
        (IDLE - dt.timedelta(minutes=1), StaffSession.seen_at, 200),
        (IDLE + dt.timedelta(minutes=1), StaffSession.seen_at, 303),
        (LONGEST - dt.timedelta(minutes=1), StaffSession.created_at, 200),
        (LONGEST + dt.timedelta(minutes=1), StaffSession.created_at, 303),
    ],
)
def test_a_session_falls_asleep(desk, db, pause, column, status):
    rest(db, pause, column)

    assert desk.get("invoice/list").status_code == status


def test_using_the_office_keeps_it_awake_and_asking_whether_it_is_does_not(desk, db):
    pause = IDLE - dt.timedelta(minutes=5)

    rest(db, pause)
    awake = desk.get("session").json()
    untouched = db.scalars(select(StaffSession.seen_at)).one()
    db.rollback()
    desk.get("invoice/list")
    touched = db.scalars(select(StaffSession.seen_at)).one()

    assert awake["awake"]
    assert 290 <= awake["seconds"] <= 300
    assert clock.now() - untouched > pause - dt.timedelta(seconds=30)
    assert clock.now() - touched < dt.timedelta(minutes=1)


@pytest.fixture
def asleep(desk, db):
    """A desk whose session rested too long, of somebody with a password."""
    db.execute(update(StaffUser).values(password_hash=hash_password(PASSWORD)))
    rest(db, IDLE + dt.timedelta(minutes=1))
    return desk


def test_a_form_sent_after_a_rest_asks_for_the_password_and_loses_nothing(asleep, db):
    typed = {"code": "A1", "name": "Cable <rojo>\r\n& azul", "unit_price": "4,20", "tax_rate": "21"}

    asked = asleep.post("product/create", typed)
    carried = {
        name: value.partition("</textarea>")[0]
        for name, value in (part.split('" hidden>\n', 1) for part in asked.text.split('<textarea name="')[1:])
    }
    kept = db.scalars(select(Product)).all()

    assert asked.status_code == 401
    assert "Escriba su contraseña para seguir" in asked.text
    assert carried == typed | {"company": str(asleep.company_id), "name": "Cable &lt;rojo&gt;\r\n&amp; azul"}
    assert kept == []


def test_the_password_in_place_opens_a_new_session_and_goes_on(asleep, db):
    before = asleep.client.cookies[COOKIE]

    answer = asleep.post("product/create", {"code": "A1", "name": "Cable", "unit_price": "4,20", "_password": PASSWORD})

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/product/edit/1")
    assert asleep.client.cookies[COOKIE] != before
    assert [product.name for product in db.scalars(select(Product))] == ["Cable"]
    assert asleep.get("product/list").status_code == 200


def test_a_wrong_password_in_place_saves_nothing(asleep, db):
    answer = asleep.post("product/create", {"code": "A1", "name": "Cable", "_password": "otra cosa"})

    assert (answer.status_code, WRONG in answer.text, "Cable" in answer.text) == (400, True, True)
    assert db.scalars(select(Product)).all() == []


def test_a_page_left_open_asks_in_place(asleep):
    told = asleep.get("session").json()
    wrong = asleep.post("reauth", {"_password": "no"})
    right = asleep.post("reauth", {"_password": PASSWORD})
    keys = asleep.installation.keys

    assert (told["awake"], told["seconds"]) == (False, 0)
    assert (wrong.status_code, wrong.json()) == (400, {"detail": WRONG})
    assert right.json() == {"csrf": keys.sign("csrf", asleep.client.cookies[COOKIE])}
    assert asleep.get("session").json()["awake"]


def test_a_long_day_ends_however_busy_it_is(desk, db):
    rest(db, LONGEST - dt.timedelta(minutes=2), StaffSession.created_at)

    assert 110 <= desk.get("session").json()["seconds"] <= 120


def test_after_a_day_of_rest_there_is_nothing_to_resume(asleep, db):
    rest(db, RESUMABLE + dt.timedelta(minutes=1))

    answer = asleep.post("product/create", {"code": "A1", "name": "Cable", "_password": PASSWORD})

    assert answer.headers["location"] == "/admin/login"
    assert db.scalars(select(Product)).all() == []


def test_a_session_is_over_when_the_place_in_the_company_is(desk, db):
    db.scalars(select(StaffUser)).one().memberships[0].ended_at = clock.now()
    db.commit()

    assert desk.get("").status_code == 303


def test_changing_the_own_password_ends_the_other_sessions(desk, db):
    user = db.scalars(select(StaffUser)).one()
    user.password_hash = hash_password(PASSWORD)
    db.commit()
    new = "la mesa del comedor es verde"

    wrong = desk.post("account", {"current": "no es", "new": new, "again": new})
    short = desk.post("account", {"current": PASSWORD, "new": "corta", "again": "corta"})
    other = desk.post("account", {"current": PASSWORD, "new": new, "again": new + "x"})
    changed = desk.post("account", {"current": PASSWORD, "new": new, "again": new})

    assert "No es su contraseña de Ventanilla." in text_of(wrong)
    assert "Use al menos 12 caracteres." in text_of(short)
    assert "No es igual que la nueva." in text_of(other)
    assert "Contraseña cambiada." in text_of(desk.follow(changed))
    db.rollback()
    live = db.scalars(select(StaffSession.token_hash).where(StaffSession.ended_at.is_(None))).all()
    assert live == [token_hash(desk.client.cookies[COOKIE])]
