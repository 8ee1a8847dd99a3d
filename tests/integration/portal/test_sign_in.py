"""Signing in and out: what is asked, what is told, and to whom."""

import datetime as dt
import re

import pytest
import time_machine
from sqlalchemy import select

from app import clock
from app.scope import ScopedSession
from app.secrets import token_hash
from models import PortalAccount, PortalMembership, PortalSession
from tests.factories import Make
from tests.integration.portal.conftest import PASSWORD, Arrive, Visitor

WRONG = "El correo o la contraseña no coinciden"


def sessions(db: ScopedSession) -> list[PortalSession]:
    db.expire_all()
    return list(db.scalars(select(PortalSession).order_by(PortalSession.id)))


def test_the_form_of_the_page_signs_in(visitor: Visitor, account: PortalAccount, db: ScopedSession) -> None:
    page = visitor.get("/entrar")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token is not None

    answer = visitor.post("/entrar", correo=" Lucia@FincasFerrer.example ", clave=PASSWORD, csrf=token[1])

    assert (answer.status_code, answer.headers["location"]) == (303, "/in/Tosma")
    assert "Hola, Lucía" in visitor.follow(answer).text
    session = sessions(db)[0]
    assert (session.account_id, session.contact_id) == (account.id, account.memberships[0].contact_id)
    assert account.last_sign_in_at == account.activated_at == session.seen_at


def test_signing_in_gives_another_cookie_and_keeps_its_hash(
    visitor: Visitor, account: PortalAccount, db: ScopedSession
) -> None:
    visitor.cookie = before = "a value from somewhere else"

    visitor.sign_in(account.email)

    assert visitor.cookie not in (before, None)
    assert [session.token_hash for session in sessions(db)] == [token_hash(visitor.cookie or "")]


def test_the_cookie_stays_within_the_intranet(visitor: Visitor, account: PortalAccount) -> None:
    cookie = visitor.sign_in(account.email).headers["set-cookie"]

    assert re.fullmatch(r"ventanilla_portal=[\w-]{43}; Path=/in/Tosma; HttpOnly; SameSite=Lax", cookie)


@pytest.mark.parametrize("who", ["wrong password", "unknown", "not activated", "access withdrawn", "too long"])
def test_every_failure_looks_the_same(
    visitor: Visitor, account: PortalAccount, make: Make, db: ScopedSession, who: str
) -> None:
    password = {"wrong password": "otra cosa distinta", "too long": "x" * 5000}.get(who, PASSWORD)
    if who == "unknown":
        account.email = "otra@fincasferrer.example"
    elif who == "not activated":
        account.password_hash = ""
    elif who == "access withdrawn":
        account.memberships[0].ended_at = clock.now()
    db.commit()
    visitor.cookie = "the same browser each time"

    answer = visitor.sign_in("lucia@fincasferrer.example", password)

    reference = visitor.sign_in("nadie@nowhere.example", PASSWORD)
    assert (answer.status_code, WRONG in answer.text) == (422, True)
    assert "set-cookie" not in answer.headers
    assert answer.text.replace("lucia@fincasferrer.example", "") == reference.text.replace("nadie@nowhere.example", "")
    assert sessions(db) == []


def test_what_was_typed_stays_but_the_password(visitor: Visitor, account: PortalAccount) -> None:
    page = visitor.sign_in(account.email, "otra cosa distinta")

    assert 'value="lucia@fincasferrer.example"' in page.text
    assert "otra cosa distinta" not in page.text
    assert "<title>Error: Entrar" in page.text


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("", "Rellene este dato."),
        ("lucia", "Escriba una sola dirección"),
        ("a@b.example, c@d.example", "Escriba una sola dirección"),
        ("lucia\x00@fincasferrer.example", "Hay caracteres que no se pueden usar"),
        ("x" * 100_000 + "@x.example", "Como mucho 254 caracteres."),
        ("<script>@x.example", "Escriba una sola dirección"),
    ],
)
def test_an_odd_email_is_told_beside_its_field(visitor: Visitor, email: str, sentence: str) -> None:
    page = visitor.sign_in(email)

    assert (page.status_code, page.text.count(sentence)) == (422, 2)
    assert "<script>@" not in page.text


def test_no_password_no_try(visitor: Visitor, account: PortalAccount) -> None:
    assert "Escriba su contraseña" in visitor.sign_in(account.email, "").text


def test_an_account_is_guessed_at_slowly_but_never_locked_for_good(visitor: Visitor, account: PortalAccount) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), tick=False) as now:
        answers = [visitor.sign_in(account.email, f"intento número {n}").status_code for n in range(11)]
        refused = visitor.sign_in(account.email)
        now.shift(dt.timedelta(minutes=16))
        later = visitor.sign_in(account.email)

    assert answers == [422] * 10 + [429]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "900")
    assert "Demasiados intentos" in refused.text
    assert later.status_code == 303


def test_one_address_cannot_try_many_accounts(visitor: Visitor) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), tick=False):
        answers = [visitor.sign_in(f"persona{n}@nowhere.example").status_code for n in range(21)]

    assert answers == [422] * 20 + [429]


def test_strangers_cannot_keep_somebody_out_of_their_usual_place(
    visitor: Visitor, account: PortalAccount, db: ScopedSession
) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), tick=False):
        known = PortalSession(
            token_hash="0", account_id=account.id, seen_at=clock.now(), address="testclient", created_at=clock.now()
        )
        db.add(known)
        db.commit()
        spent = [visitor.sign_in(account.email, f"intento {n}").status_code for n in range(10)]
        known.address = "203.0.113.7"
        db.commit()

        from_elsewhere = visitor.sign_in(account.email)

    assert spent == [422] * 10
    assert from_elsewhere.status_code == 303


def test_signing_in_again_ends_the_session_this_browser_had(
    arrive: Arrive, account: PortalAccount, db: ScopedSession
) -> None:
    visitor = arrive(account)

    visitor.sign_in(account.email)

    assert [session.ended_at is None for session in sessions(db)] == [False, True]


def test_whoever_is_signed_in_needs_no_form(arrive: Arrive, account: PortalAccount) -> None:
    assert arrive(account).get("/entrar").headers["location"] == "/in/Tosma"


def test_signing_out_ends_the_session_for_copied_cookies_too(
    arrive: Arrive, account: PortalAccount, db: ScopedSession
) -> None:
    visitor = arrive(account)
    copied = visitor.cookie or ""

    answer = visitor.post("/salir")

    assert "Ha salido de su área de cliente." in visitor.follow(answer).text
    visitor.cookie = copied
    assert visitor.get().headers["location"] == "/in/Tosma/entrar"
    assert sessions(db)[0].ended_at is not None


def test_leaving_by_a_link_is_not_possible(arrive: Arrive, account: PortalAccount) -> None:
    visitor = arrive(account)

    assert (visitor.get("/salir").status_code, visitor.get().status_code) == (404, 200)


def test_nobody_reads_without_signing_in(visitor: Visitor) -> None:
    paths = ("", "/facturas", "/facturas/1", "/facturas/1/pdf", "/perfil", "/perfil/clave", "/elegir")

    answers = [visitor.get(path) for path in paths]

    assert [(answer.status_code, answer.headers["location"].partition("?")[0]) for answer in answers] == [
        (303, "/in/Tosma/entrar")
    ] * len(paths)


def test_nobody_writes_without_signing_in(visitor: Visitor) -> None:
    paths = ("/elegir", "/perfil/nombre", "/perfil/clave", "/perfil/sesiones/1", "/perfil/sesiones/otras", "/seguir")

    answers = [visitor.post(path, nombre="Intruso") for path in paths]

    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [
        (303, "/in/Tosma/entrar")
    ] * len(paths)


def test_after_signing_in_one_is_where_one_wanted_to_be(visitor: Visitor, account: PortalAccount) -> None:
    page = visitor.follow(visitor.get("/facturas?ano=2026"))

    assert 'name="volver" value="/in/Tosma/facturas?ano=2026"' in page.text
    answer = visitor.sign_in(account.email, volver="/in/Tosma/facturas?ano=2026")
    assert answer.headers["location"] == "/in/Tosma/facturas?ano=2026"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/in/Tosma/../../admin",
        "/in/Otra/facturas",
        "/in/Tosma/\\evil",
        "x" * 9000,
    ],
)
def test_one_never_ends_up_elsewhere(visitor: Visitor, account: PortalAccount, elsewhere: str) -> None:
    assert visitor.sign_in(account.email, volver=elsewhere).headers["location"] == "/in/Tosma"


def test_a_cookie_of_another_company_is_worth_nothing(
    arrive: Arrive, account: PortalAccount, make: Make, system_db: ScopedSession
) -> None:
    Make(system_db, make.home).company(slug="Rodano", slug_key="rodano", tax_id="B00000001", short_code="rodano")
    system_db.commit()
    visitor = arrive(account)
    theirs = Visitor(visitor.client, visitor.installation, "/in/Rodano")
    theirs.cookie = visitor.cookie or ""

    assert theirs.get("/facturas").status_code == 303


def test_access_withdrawn_ends_at_the_next_request(arrive: Arrive, account: PortalAccount, db: ScopedSession) -> None:
    visitor = arrive(account)
    assert visitor.get("/facturas").status_code == 200

    db.get_one(PortalMembership, account.memberships[0].id).ended_at = clock.now()
    db.commit()

    assert visitor.get("/facturas").status_code == 303


def test_a_post_without_the_pages_token_changes_nothing(
    arrive: Arrive, account: PortalAccount, db: ScopedSession
) -> None:
    visitor = arrive(account)

    answers = [
        visitor.post("/salir", csrf="").status_code,
        visitor.post("/salir", csrf=visitor.installation.keys.sign("csrf", "another browser")).status_code,
        visitor.client.post("/in/Tosma/salir", headers={"origin": "https://evil.example"}).status_code,
    ]

    assert (answers, sessions(db)[0].ended_at) == ([403, 403, 403], None)


def test_a_mailed_password_must_be_changed_before_anything_else(
    visitor: Visitor, account: PortalAccount, db: ScopedSession
) -> None:
    account.must_change_password = True
    db.commit()

    visitor.sign_in(account.email)

    assert [visitor.get(path).headers["location"] for path in ("", "/facturas", "/facturas/1/pdf", "/perfil")] == [
        "/in/Tosma/perfil/clave"
    ] * 4
    assert "Elija su propia contraseña" in visitor.get("/perfil/clave").text
