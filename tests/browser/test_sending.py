"""Sending documents by mail in a browser: the keyboard alone, files, what is shown meanwhile; and without scripts."""

import datetime as dt
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select, update

from app import clock
from app.domain.staff_access import IDLE
from app.scope import SYSTEM
from app.secrets import hash_password, new_token, token_hash
from models import Dispatch, OutgoingMail, StaffSession, StoredFile
from tests.browser.test_publishing import AXE
from tests.rig.desk import COOKIE, renew

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "un gato muy largo"


@pytest.fixture
def office(db, make):
    """Three invoices of two customers, and who sends them."""
    make.template()
    make.mail_account()
    first, second = make.contact(name="Cliente A", email="a@a.example"), make.contact(name="Cliente B", email=None)
    for contact in (first, second, first):
        make.invoice(contact=contact)
    return make.user()


@pytest.fixture
def sit(office, db, company, make_session, live_server, open_page):
    """``sit("invoice/list")``: a page of the office where somebody is signed in."""

    def sit(path, **options):
        token = new_token()
        db.commit()
        with make_session(scope=SYSTEM) as system:
            kept = {"user_id": office.id, "company_id": company.id, "seen_at": clock.now()}
            system.add(StaffSession(token_hash=token_hash(token), **kept))
            system.commit()
        page = open_page(**options)
        page.context.add_cookies([{"name": COOKIE, "value": token, "domain": "127.0.0.1", "path": "/admin"}])
        page.goto(f"{live_server}/admin/{path}")
        return page

    return sit


def mails(db):
    renew(db)
    return list(db.scalars(select(OutgoingMail.recipient).order_by(OutgoingMail.id)))


def letter(page):
    return page.frame_locator("iframe:not([hidden])")


def test_one_document_with_the_keyboard_alone(sit, db):
    page = sit("invoice/details/1")
    page.get_by_role("link", name="Enviar por correo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Enviar la factura FV26-0001 por correo")).to_be_visible()

    expect(letter(page).get_by_text("FV26-0001")).to_be_visible()
    page.get_by_label("Para, otra dirección").focus()
    page.keyboard.type("uno@b.example, dos@b.example")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    expect(letter(page).get_by_text("dos@b.example")).to_be_visible()
    expect(page.locator("[data-confirm]")).to_be_enabled()
    page.locator("[data-confirm]").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("1 correo en cola. 3 direcciones en total.")).to_be_visible()
    assert mails(db) == ["a@a.example", "uno@b.example", "dos@b.example"]


def test_enter_in_a_field_sends_nothing(sit, db):
    page = sit("invoice/send?pks=1")

    page.get_by_label("Asunto").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Enviar la factura FV26-0001 por correo")).to_be_visible()
    assert mails(db) == []


def test_what_is_written_is_shown_as_it_would_arrive(sit, db):
    page = sit("invoice/send?pks=1")
    expect(letter(page).get_by_text("Factura-FV26-0001.pdf")).to_be_visible()

    page.get_by_label("Asunto").fill("Su factura de noviembre")
    page.get_by_role("textbox", name="Mensaje").fill("Buenos días")

    expect(letter(page).get_by_text("Su factura de noviembre")).to_be_visible()
    expect(letter(page).frame_locator("iframe").get_by_role("paragraph").get_by_text("Buenos días")).to_be_visible()
    page.locator("[data-confirm]").dblclick()
    expect(page.get_by_text("1 correo en cola.")).to_be_visible()
    renew(db)
    assert [tuple(row) for row in db.execute(select(Dispatch.subject, Dispatch.body))] == [
        ("Su factura de noviembre", "<p>Buenos días</p>")
    ]


@pytest.mark.parametrize("label", ["Responder a", "Para, otra dirección"])
def test_a_press_right_after_typing_counts(sit, db, label):
    page = sit("invoice/send?pks=1")
    page.get_by_label(label).press_sequentially("b@b.example")
    if label != "Responder a":
        page.wait_for_timeout(900)  # what is typed has been worked out
    expect(page.locator("[data-confirm]")).to_be_enabled()
    place = page.locator("[data-confirm]").bounding_box()

    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(110)
    page.mouse.up()

    expect(page.get_by_text("1 correo en cola.")).to_be_visible()


@pytest.fixture
def tab(sit, live_server):
    """A page with a dialogue half written, and another tab of the same browser."""
    page = sit("invoice/send?pks=1")
    page.get_by_label("Asunto").fill("A medio escribir")
    expect(letter(page).get_by_text("A medio escribir")).to_be_visible()  # nothing is asked any more
    other = page.context.new_page()
    other.goto(f"{live_server}/admin/invoice/list")
    return page, other


def reauth(tab, password):
    """As generating a key does: the session is renewed, and the cookie with it."""
    return tab.evaluate(
        """async (password) => (await fetch("/admin/reauth", {
             method: "POST", body: new URLSearchParams({ _password: password }),
             headers: { "X-CSRF-Token": document.querySelector("meta[name=csrf]").content } })).status""",
        password,
    )


@pytest.fixture
def renewed(tab, office, db):
    """The other tab has renewed the session since."""
    office.password_hash = hash_password(PASSWORD)
    db.commit()
    assert reauth(tab[1], PASSWORD) == 200
    return tab


def test_a_session_renewed_in_another_tab_goes_on_by_itself(renewed):
    page, _other = renewed

    with page.expect_response("**/send/preview") as refused:
        page.get_by_label("Pedir confirmación de lectura").check()

    assert refused.value.status == 403
    expect(page.locator("[data-confirm]")).to_be_enabled()
    expect(page.get_by_label("Asunto")).to_have_value("A medio escribir")
    page.locator("[data-confirm]").click()
    expect(page.get_by_text("1 correo en cola.")).to_be_visible()


def test_a_press_right_after_coming_back_from_a_tab_that_renewed_it_counts(renewed, live_server):
    page, other = renewed
    other.goto(f"{live_server}/admin/invoice/list")

    page.locator("[data-confirm]").click()

    expect(page.get_by_text("1 correo en cola.")).to_be_visible()


def test_a_session_that_rests_asks_in_place(tab, office, db, make_session):
    office.password_hash = hash_password(PASSWORD)
    db.commit()
    page, _other = tab
    with make_session(scope=SYSTEM) as system:
        system.execute(update(StaffSession).values(seen_at=clock.now() - IDLE))
        system.commit()

    page.get_by_label("Pedir confirmación de lectura").check()

    expect(page.get_by_text("Lo que ha escrito sigue aquí")).to_be_visible()
    asked = page.get_by_role("dialog", name="Escriba su contraseña para seguir")
    asked.get_by_role("textbox").fill(PASSWORD)
    asked.get_by_role("button", name="Seguir").click()
    expect(asked).to_be_hidden()
    expect(page.get_by_text("Lo que ha escrito sigue aquí")).to_be_hidden()
    page.locator("[data-confirm]").click()
    expect(page.get_by_text("1 correo en cola.")).to_be_visible()
    renew(db)
    assert list(db.scalars(select(Dispatch.subject))) == ["A medio escribir"]


def test_a_session_ended_in_another_tab_waits_for_the_next(tab, office, live_server, db):
    office.password_hash = hash_password(PASSWORD)
    db.commit()
    page, other = tab
    other.evaluate(
        """() => fetch("/admin/logout", { method: "POST", headers: {
             "X-CSRF-Token": document.querySelector("meta[name=csrf]").content } })"""
    )

    page.get_by_label("Pedir confirmación de lectura").check()

    asked = page.get_by_role("dialog", name="Escriba su contraseña para seguir")
    asked.get_by_role("textbox").fill(PASSWORD)
    asked.get_by_role("button", name="Seguir").click()
    expect(asked.get_by_text("Hágalo en otra pestaña")).to_be_visible()
    other.goto(f"{live_server}/admin/login")
    other.get_by_label("Correo").fill(office.email)
    other.get_by_role("textbox", name="Contraseña").fill(PASSWORD)
    other.get_by_role("button", name="Entrar").click()
    expect(other.get_by_role("heading", level=1)).to_be_visible()
    asked.get_by_role("button", name="Seguir").click()
    expect(asked).to_be_hidden()
    expect(page.get_by_label("Asunto")).to_have_value("A medio escribir")
    expect(page.locator("[data-confirm]")).to_be_enabled()


def test_files_are_sent_once_and_can_be_taken_away(sit, db):
    page = sit("invoice/send?pks=1")
    files = [{"name": f"{name}.txt", "mimeType": "text/plain", "buffer": b"x"} for name in ("Año", "otro")]

    page.get_by_label("Otros archivos").set_input_files(files)
    expect(page.get_by_text("otro.txt")).to_be_visible()
    page.get_by_role("button", name="Quitar otro.txt").click()
    expect(page.locator("[data-part=files]").get_by_text("otro.txt")).to_be_hidden()
    expect(letter(page).get_by_text("Año.txt")).to_be_visible()
    large = {"name": "grande.bin", "mimeType": "application/octet-stream", "buffer": b"0" * (20 * 2**20)}
    page.get_by_label("Otros archivos").set_input_files([large])
    expect(page.get_by_text("Los archivos pasan de 20 MB entre todos")).to_be_visible()
    page.locator("[data-confirm]").click()

    expect(page.get_by_text("1 correo en cola.")).to_be_visible()
    renew(db)
    assert list(db.scalars(select(StoredFile.name))) == ["Año.txt"]


def test_a_selection_follows_how_it_is_divided(sit, db):
    page = sit("invoice/list")
    page.locator("[data-all]").check()
    page.get_by_role("button", name="Enviar por correo").click()
    expect(page.get_by_role("button", name="Enviar 2 correos")).to_be_visible()
    expect(page.get_by_text("1 destinatario sin correo.")).to_be_visible()

    page.get_by_label("Un correo por cliente, con todos los suyos").check()
    expect(page.get_by_role("button", name="Enviar el correo")).to_be_enabled()
    page.get_by_label("El día y a la hora que elija").check()
    page.get_by_label("Día", exact=True).fill("01012020")
    page.get_by_label("Hora", exact=True).fill("09:30")
    expect(page.locator("[data-part=outcome]").get_by_text("Ese momento ya ha pasado.")).to_be_visible()
    page.get_by_label("Día", exact=True).fill(f"{clock.today() + dt.timedelta(days=9):%d/%m/%Y}")
    expect(page.get_by_role("button", name="Programar el correo")).to_be_enabled()
    page.get_by_label("Ahora").check()
    page.get_by_role("button", name="Enviar el correo").click()

    expect(page.get_by_text("1 correo en cola. A 1 destinatario no se le envía.")).to_be_visible()
    assert mails(db) == ["a@a.example"]


def test_an_address_that_is_none_is_said_at_once(sit, db):
    page = sit("invoice/send?pks=2")
    expect(page.locator("[data-part=outcome]").get_by_text("Escriba al menos una dirección.")).to_be_visible()

    page.get_by_label("Para, otra dirección").fill("a@b")

    expect(page.locator("[data-part=outcome]").get_by_text("«a@b»: Escriba una sola dirección")).to_be_visible()
    expect(page.locator("[data-confirm]")).to_be_disabled()
    field = page.get_by_label("Para, otra dirección").first
    page.keyboard.press("Tab")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("«a@b»: Escriba una sola dirección"))
    field.fill("a@b.example")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-confirm]")).to_be_enabled()


def test_what_cannot_be_written_is_not_offered(sit, db):
    page = sit("invoice/send?pks=1")

    page.get_by_label("Asunto").fill("Su {factuta}")

    expect(page.locator("[data-part=foot]").get_by_text("Asunto: No existe la variable {factuta}.")).to_be_visible()
    expect(page.locator("[data-confirm]")).to_be_disabled()
    page.get_by_label("Asunto").fill("Su factura")
    expect(page.locator("[data-confirm]")).to_be_enabled()


@pytest.mark.parametrize("between", [", ", ";", "\n"])
def test_several_addresses_in_one_field_are_one_in_each(sit, db, between):
    page = sit("invoice/send?pks=2")
    field = page.get_by_label("Para, otra dirección").first

    if between == "\n":
        field.evaluate(
            """(field) => { const pasted = new DataTransfer(); pasted.setData("text", "a@x.example\\nb@x.example");
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: pasted, bubbles: true })); }"""
        )
    else:
        field.fill(f"a@x.example{between}b@x.example")
        page.keyboard.press("Tab")

    expect(letter(page).get_by_text("b@x.example")).to_be_visible()
    page.locator("[data-confirm]").click()
    expect(page.get_by_text("1 correo en cola.")).to_be_visible()
    assert mails(db) == ["a@x.example", "b@x.example"]


def test_without_scripts_everything_is_there(sit, db):
    page = sit("invoice/send?pks=2", java_script_enabled=False)

    page.get_by_label("Para, otra dirección").fill("b@b.example")
    page.get_by_role("textbox", name="Mensaje").fill("Hola\n\nSu factura")
    page.get_by_label("Otros archivos").set_input_files(
        [{"name": "nota.txt", "mimeType": "text/plain", "buffer": b"hola"}]
    )
    page.get_by_role("button", name="Calcular").click()
    expect(page.get_by_text("nota.txt")).to_be_visible()
    page.get_by_role("button", name="Actualizar").click()
    expect(page.frame_locator("iframe").get_by_text("Factura-FV26-0002.pdf")).to_be_visible()
    page.get_by_role("button", name="Enviar el correo").click()

    expect(page.get_by_text("1 correo en cola.")).to_be_visible()
    renew(db)
    assert mails(db) == ["b@b.example"]
    assert list(db.scalars(select(Dispatch.body))) == ["<p>Hola</p><p>Su factura</p>"]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("path", ["invoice/send?pks=1", "invoice/send?scope=filter&q="])
def test_everybody_can_use_it(sit, path, dark):
    page = sit(path, dark=dark)
    page.get_by_text("Añadir copia (Cc)").click()
    page.wait_for_load_state("networkidle")

    found = Axe().run(page, options=AXE | {"iframes": False})

    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found.response["violations"]] == []


@pytest.mark.parametrize("path", ["invoice/send?pks=1", "invoice/send?scope=filter&q="])
def test_nothing_hangs_over_the_edge_of_a_phone(sit, path):
    page = sit(path, width=390)
    page.get_by_text("Añadir copia (Cc)").click()
    page.wait_for_load_state("networkidle")

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert re.search("por correo", page.title())
