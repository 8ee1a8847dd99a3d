"""How long a session lasts, and how nothing typed is lost when it ends by itself."""

import datetime as dt
import re
from html import unescape

import pytest
from sqlalchemy import select

from app import clock
from app.scope import ScopedSession
from models import PortalAccount, PortalSession
from tests.factories import Make
from tests.integration.portal.conftest import PASSWORD, Arrive

MINUTES = dt.timedelta(minutes=1)


def last_session(db: ScopedSession) -> PortalSession:
    db.expire_all()
    return list(db.scalars(select(PortalSession).order_by(PortalSession.id)))[-1]


@pytest.mark.parametrize(
    ("idle", "old", "status"),
    [(59, 59, 200), (61, 61, 303), (1, 12 * 60 - 1, 200), (1, 12 * 60 + 1, 303)],
)
def test_a_session_lasts_an_hour_idle_and_half_a_day_at_most(
    arrive: Arrive, account: PortalAccount, idle: int, old: int, status: int
) -> None:
    visitor = arrive(account, seen_at=clock.now() - idle * MINUTES, created_at=clock.now() - old * MINUTES)

    assert visitor.get("/facturas").status_code == status


def test_using_a_session_keeps_it_awake(arrive: Arrive, account: PortalAccount, db: ScopedSession) -> None:
    visitor = arrive(account, seen_at=clock.now() - 50 * MINUTES)

    visitor.get("/facturas")
    visitor.client.app.state.footprints.flush()  # type: ignore[attr-defined]

    assert clock.now() - last_session(db).seen_at < MINUTES


def test_reading_often_writes_seldom(arrive: Arrive, account: PortalAccount, statements: list[str]) -> None:
    visitor = arrive(account, seen_at=clock.now() - dt.timedelta(seconds=30))
    statements.clear()

    visitor.get("/facturas")
    visitor.client.app.state.footprints.flush()  # type: ignore[attr-defined]

    assert [sql for sql in statements if not sql.startswith("SELECT")] == []


def test_an_idle_reader_signs_in_and_goes_on_where_they_were(arrive: Arrive, account: PortalAccount) -> None:
    visitor = arrive(account, seen_at=clock.now() - 61 * MINUTES)

    page = visitor.follow(visitor.get("/facturas?ano=2026"))

    assert "Por seguridad hemos cerrado su sesión" in page.text
    assert 'value="lucia@fincasferrer.example"' in page.text
    answer = visitor.sign_in(account.email, volver="/in/Tosma/facturas?ano=2026")
    assert answer.headers["location"] == "/in/Tosma/facturas?ano=2026"


@pytest.mark.parametrize(("path", "back"), [("/pdf", ""), ("/pdf?ver=1", "/pdf?ver=1")])
def test_an_idle_download_goes_on_at_its_page(
    arrive: Arrive, account: PortalAccount, make: Make, path: str, back: str
) -> None:
    """A file would leave its reader before the form of the password."""
    invoice = make.published_invoice(contact=account.memberships[0].contact)
    visitor = arrive(account, seen_at=clock.now() - 61 * MINUTES)

    page = visitor.follow(visitor.get(f"/facturas/{invoice.id}{path}"))

    assert f'name="volver" value="/in/Tosma/facturas/{invoice.id}{back}"' in page.text


def carried(page: str) -> dict[str, str]:
    """The fields that the page of the password carries, as a browser would send them."""
    found = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    return {name: unescape(text) for name, text in found}


def test_what_was_typed_survives_an_idle_sign_out(arrive: Arrive, account: PortalAccount, db: ScopedSession) -> None:
    visitor = arrive(account, seen_at=clock.now() - 61 * MINUTES)
    before = visitor.cookie
    typed = 'Lucía <Ferrer> & "hijos"'

    page = visitor.post("/perfil/nombre", nombre=typed)
    answer = visitor.post("/seguir", clave=PASSWORD, **carried(page.text))

    assert (page.status_code, "Confirme que es usted" in page.text) == (200, True)
    assert carried(page.text) == {"nombre": typed, "_destino": "/in/Tosma/perfil/nombre"}
    assert answer.headers["location"] == "/in/Tosma/perfil?aviso=nombre"
    db.refresh(account)
    assert account.name == typed
    assert visitor.cookie != before
    assert visitor.follow(answer).status_code == 200


def test_a_wrong_password_keeps_what_was_typed_and_does_nothing(
    arrive: Arrive, account: PortalAccount, db: ScopedSession
) -> None:
    visitor = arrive(account, seen_at=clock.now() - 61 * MINUTES)
    page = visitor.post("/perfil/nombre", nombre="Lucía F.")

    again = visitor.post("/seguir", clave="otra cosa distinta", **carried(page.text))

    assert (again.status_code, "El correo o la contraseña no coinciden" in again.text) == (422, True)
    assert carried(again.text) == carried(page.text)
    db.refresh(account)
    assert account.name == "Lucía Ferrer"


def test_passwords_are_not_carried_but_asked_again(arrive: Arrive, account: PortalAccount) -> None:
    visitor = arrive(account, seen_at=clock.now() - 61 * MINUTES)

    page = visitor.post("/perfil/clave", clave_actual=PASSWORD, clave="tres tristes tigres 7")
    answer = visitor.post("/seguir", clave=PASSWORD, **carried(page.text))

    assert ("tres tristes" in page.text, PASSWORD in page.text) == (False, False)
    assert (answer.status_code, "Escriba su contraseña nueva" in answer.text) == (422, True)


@pytest.mark.parametrize(
    "where", ["", "/in/Tosma/salir", "/in/Tosma/clave", "/admin/logout", "/in/Otra/perfil/nombre", "x\x00"]
)
def test_only_forms_of_signed_in_people_can_be_resumed(arrive: Arrive, account: PortalAccount, where: str) -> None:
    visitor = arrive(account, seen_at=clock.now() - 61 * MINUTES)

    answer = visitor.post("/seguir", clave=PASSWORD, _destino=where)

    assert (answer.status_code, "No sabemos qué quería hacer." in answer.text) == (400, True)


def test_a_form_of_another_customer_is_not_resumed_for_who_lost_access(
    arrive: Arrive, account: PortalAccount, db: ScopedSession
) -> None:
    visitor = arrive(account, seen_at=clock.now() - 61 * MINUTES)
    account.memberships[0].ended_at = clock.now()
    db.commit()

    answer = visitor.post("/seguir", clave=PASSWORD, _destino="/in/Tosma/perfil/nombre", nombre="Otra")

    assert (answer.status_code, answer.headers["location"]) == (303, "/in/Tosma/entrar")


def test_the_customer_chosen_before_is_still_chosen(
    arrive: Arrive, make: Make, account: PortalAccount, db: ScopedSession
) -> None:
    first, second = make.contact(name="Garajes del Turia"), make.contact(name="Comunidad Ruzafa")
    both = make.account(first, second, email="admin@fincas.example", password_hash=account.password_hash)
    visitor = arrive(both, contact_id=second.id, seen_at=clock.now() - 61 * MINUTES)

    page = visitor.post("/perfil/nombre", nombre="Ana")
    answer = visitor.post("/seguir", clave=PASSWORD, **carried(page.text))

    assert answer.headers["location"] == "/in/Tosma/perfil?aviso=nombre"
    assert last_session(db).contact_id == second.id
