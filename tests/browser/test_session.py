"""A page left open: the password is asked in place when the session falls asleep, not a while later."""

import datetime as dt

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from app import clock
from app.domain.staff_access import IDLE
from app.scope import SYSTEM
from app.secrets import hash_password, new_token, token_hash
from models import StaffSession
from tests.rig.desk import COOKIE

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "un gato muy largo"


@pytest.fixture
def rests(make_session):
    """``rests(for_minutes)``: as if the office had last been used so many minutes ago."""

    def rests(minutes):
        with make_session(scope=SYSTEM) as db:
            db.execute(update(StaffSession).values(seen_at=clock.now() - dt.timedelta(minutes=minutes)))
            db.commit()

    return rests


@pytest.fixture
def page(live_server, browser_page, make_session, db, make):
    user, token = make.user(password_hash=hash_password(PASSWORD)), new_token()
    db.commit()
    with make_session(scope=SYSTEM) as system:
        system.add(
            StaffSession(token_hash=token_hash(token), user_id=user.id, company_id=make.home.id, seen_at=clock.now())
        )
        system.commit()
    browser_page.context.add_cookies([{"name": COOKIE, "value": token, "domain": "127.0.0.1", "path": "/admin"}])
    browser_page.clock.install()
    browser_page.goto(f"{live_server}/admin/product/create")
    return browser_page


def test_the_password_is_asked_when_the_session_falls_asleep(page, rests):
    asked = page.get_by_role("dialog", name="Escriba su contraseña para seguir")
    page.locator("#name").fill("Cable a medio escribir")

    rests(25)
    with page.expect_response("**/admin/session"):
        page.clock.fast_forward("25:01")
    expect(asked).to_be_hidden()
    rests(IDLE.total_seconds() / 60)
    page.clock.fast_forward("05:21")
    expect(asked).to_be_visible()
    page.clock.fast_forward("50:00")
    expect(asked).to_have_count(1)

    asked.get_by_role("textbox").fill(PASSWORD)
    page.get_by_role("button", name="Seguir").click()
    expect(asked).to_be_hidden()
    expect(page.locator("#name")).to_have_value("Cable a medio escribir")


def test_a_session_in_use_elsewhere_is_not_asked(page, rests):
    rests(25)
    with page.expect_response("**/admin/session"):
        page.clock.fast_forward("25:01")
    rests(0)
    with page.expect_response("**/admin/session") as told:
        page.clock.fast_forward("05:21")

    assert told.value.json()["awake"]
    expect(page.get_by_role("dialog")).to_have_count(0)
