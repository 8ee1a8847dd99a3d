"""A person's own account."""

import pytest
from sqlalchemy import select

from app import clock
from app.scope import ScopedSession
from app.secrets import password_matches
from models import AuditEntry, PortalAccount, PortalSession
from tests.factories import Make
from tests.integration.portal.conftest import PASSWORD, PASSWORD_HASH, Arrive, Visitor, words_of

NEW = "tres tristes tigres 7"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def live_sessions(db: ScopedSession) -> list[int]:
    db.expire_all()
    return list(db.scalars(select(PortalSession.id).where(PortalSession.ended_at.is_(None)).order_by(PortalSession.id)))


def test_the_page_shows_who_and_where(arrive: Arrive, account: PortalAccount) -> None:
    page = words_of(arrive(account, browser=FIREFOX, address="203.0.113.7").get("/perfil"))

    assert "lucia@fincasferrer.example" in page
    assert "Firefox en Linux" in page
    assert "203.0.113.7" in page


def test_a_new_name_is_kept_and_audited(arrive: Arrive, account: PortalAccount, db: ScopedSession) -> None:
    visitor = arrive(account)

    answer = visitor.post("/perfil/nombre", nombre="  Lucía Ferrer Soto ")

    assert "Hemos guardado su nombre." in visitor.follow(answer).text
    db.refresh(account)
    entry = db.scalars(select(AuditEntry)).one()
    assert (account.name, entry.actor, entry.changes) == (
        "Lucía Ferrer Soto",
        account.email,
        {"name": ["Lucía Ferrer", "Lucía Ferrer Soto"]},
    )


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Rellene este dato."),
        ("x" * 81, "Como mucho 80 caracteres."),
        ("x" * 200_000, "Como mucho 80 caracteres."),
        ("Lu\ncía", "Hay caracteres que no se pueden usar aquí"),
        ("Lu\x00cía", "Hay caracteres que no se pueden usar aquí"),
        ("Lu\u202ecía", "Hay caracteres que no se pueden usar aquí"),
    ],
)
def test_an_odd_name_is_told_beside_its_field(
    arrive: Arrive, account: PortalAccount, db: ScopedSession, name: str, sentence: str
) -> None:
    page = arrive(account).post("/perfil/nombre", nombre=name)

    assert (page.status_code, page.text.count(sentence)) == (422, 2)
    assert len(page.content) < 60_000
    db.refresh(account)
    assert account.name == "Lucía Ferrer"


def test_markup_in_a_name_is_a_name(arrive: Arrive, account: PortalAccount) -> None:
    visitor = arrive(account)

    page = visitor.follow(visitor.post("/perfil/nombre", nombre="<M8> & tuerca 🔩"))

    assert "&lt;M8&gt; &amp; tuerca 🔩" in page.text


def test_changing_the_password_asks_the_present_one_and_ends_the_other_sessions(
    arrive: Arrive, account: PortalAccount, db: ScopedSession
) -> None:
    elsewhere, visitor = arrive(account), arrive(account)
    before = visitor.cookie

    answer = visitor.post("/perfil/clave", clave_actual=PASSWORD, clave=NEW)

    assert "Hemos cambiado su contraseña" in visitor.follow(answer).text
    assert (visitor.cookie != before, elsewhere.get().status_code, visitor.get().status_code) == (True, 303, 200)
    db.refresh(account)
    assert password_matches(NEW, account.password_hash)


@pytest.mark.parametrize(
    ("present", "new", "sentence"),
    [
        ("otra cosa distinta", NEW, "Esa no es su contraseña actual"),
        ("", NEW, "Esa no es su contraseña actual"),
        (PASSWORD, "corta", "Use al menos 10 caracteres."),
        (PASSWORD, "LucíaFerrer99", "de las primeras que alguien probaría"),
        (PASSWORD, "", "Escriba su contraseña nueva"),
    ],
)
def test_a_password_that_does_not_do_is_told_and_nothing_ends(
    arrive: Arrive, account: PortalAccount, db: ScopedSession, present: str, new: str, sentence: str
) -> None:
    arrive(account)
    page = arrive(account).post("/perfil/clave", clave_actual=present, clave=new)

    assert (page.status_code, page.text.count(sentence)) == (422, 2)
    assert len(live_sessions(db)) == 2
    db.refresh(account)
    assert account.password_hash == PASSWORD_HASH


def test_a_mailed_password_gives_way_to_ones_own(arrive: Arrive, account: PortalAccount, db: ScopedSession) -> None:
    account.must_change_password = True
    visitor = arrive(account)

    same = visitor.post("/perfil/clave", clave=PASSWORD)
    answer = visitor.post("/perfil/clave", clave=NEW)

    assert (same.status_code, "Es la que le enviamos." in same.text) == (422, True)
    assert answer.headers["location"] == "/in/Tosma"
    assert visitor.get("/facturas").status_code == 200
    db.refresh(account)
    assert (account.must_change_password, password_matches(NEW, account.password_hash)) == (False, True)


def test_one_can_close_ones_other_browsers(arrive: Arrive, account: PortalAccount, db: ScopedSession) -> None:
    others = [arrive(account) for _ in range(3)]
    visitor = arrive(account)
    first, *_rest = live_sessions(db)

    visitor.post(f"/perfil/sesiones/{first}")
    after_one = [browser.get().status_code for browser in others]
    visitor.post("/perfil/sesiones/otras")

    assert after_one == [303, 200, 200]
    assert ([browser.get().status_code for browser in others], visitor.get().status_code) == ([303] * 3, 200)


def test_nobody_elses_browsers_can_be_closed_or_seen(
    arrive: Arrive, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    colleague = make.account(account.memberships[0].contact, email="pau@fincasferrer.example", name="Pau")
    theirs = arrive(colleague, address="198.51.100.1")
    visitor = arrive(account)

    visitor.post(f"/perfil/sesiones/{live_sessions(db)[0]}")
    visitor.post("/perfil/sesiones/otras")

    assert theirs.get().status_code == 200
    assert "198.51.100.1" not in visitor.get("/perfil").text


@pytest.mark.parametrize("session", ["0", "999999999999999999", "9" * 30, "-1", "uno", "%00"])
def test_odd_sessions_give_no_error(arrive: Arrive, account: PortalAccount, session: str) -> None:
    assert arrive(account).post(f"/perfil/sesiones/{session}").status_code in (303, 404)


def test_guessing_the_present_password_is_slowed_down(arrive: Arrive, account: PortalAccount) -> None:
    visitor = arrive(account, address="testclient", created_at=clock.now())

    answers = [visitor.post("/perfil/clave", clave_actual=f"intento {n}", clave=NEW) for n in range(11)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert "retry-after" in answers[10].headers


def test_a_visitor_without_account_has_no_profile(visitor: Visitor) -> None:
    assert visitor.get("/perfil").status_code == 303
