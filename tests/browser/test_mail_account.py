"""A mail account in the browser: servers are asked while one goes on typing, and a test fills in as it goes."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace
from playwright.sync_api import expect
from sqlalchemy import select

from app import clock
from app.scope import SYSTEM
from app.secrets import new_token, token_hash
from models import MailAccount, StaffSession
from tests.imap_server import PASSWORD
from tests.rig.desk import COOKIE
from tests.smtp_sink import Sink, Step

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings, imap):
    return replace(settings, private_hosts=frozenset({"127.0.0.1", "localhost"}), mail_ca_file=imap.authority)


@pytest.fixture
def user(imap):
    return imap.user()


@pytest.fixture
def sink(user):
    with Sink(credentials=(user, PASSWORD)) as sink:
        yield sink


@pytest.fixture
def page(live_server, browser_page, make_session, db, make):
    person, token = make.user(), new_token()
    db.commit()
    with make_session(scope=SYSTEM) as system:
        system.add(
            StaffSession(token_hash=token_hash(token), user_id=person.id, company_id=make.home.id, seen_at=clock.now())
        )
        system.commit()
    browser_page.context.add_cookies([{"name": COOKIE, "value": token, "domain": "127.0.0.1", "path": "/admin"}])
    browser_page.goto(f"{live_server}/admin/account/mail")
    return browser_page


@pytest.fixture
def filled(page, sink, imap, user):
    """The form with everything but the folder."""
    values = {"sender_email": user, "username": user, "password": PASSWORD, "host": "127.0.0.1", "port": str(sink.port)}
    values |= {"imap_host": "localhost", "imap_port": str(imap.tls_port)}
    page.locator("#host").fill("127.0.0.1")  # or the address would fill the servers in
    for name, value in values.items():
        page.locator(f"#{name}").fill(value)
    page.locator("#security").select_option("none")
    return page


def test_a_known_address_fills_the_servers_in_and_what_was_typed_stays(page):
    page.locator("#password").fill("se queda aquí")
    page.locator("#sender_email").fill("marta@yahoo.es")
    page.locator("#sender_name").fill("Marta, de la oficina")

    expect(page.locator("#host")).to_have_value("smtp.mail.yahoo.com")
    expect(page.locator("#imap_host")).to_have_value("imap.mail.yahoo.com")
    expect(page.locator("#password")).to_have_value("se queda aquí")
    expect(page.locator("#sender_name")).to_have_value("Marta, de la oficina")
    expect(page.get_by_text("Contraseña de Yahoo: cómo conseguirla")).to_be_visible()
    expect(page.locator("[data-changes]")).to_contain_text("cambios sin guardar")


def test_servers_nobody_typed_follow_the_address(page):
    address, host = page.locator("#sender_email"), page.locator("#host")
    address.fill("marta@yahoo.es")
    page.locator("#sender_name").focus()
    expect(host).to_have_value("smtp.mail.yahoo.com")
    address.fill("marta@gmail.com")
    page.locator("#sender_name").focus()
    expect(host).to_have_value("smtp.gmail.com")

    host.fill("smtp.tosma.example")
    address.fill("marta@icloud.com")
    page.locator("#sender_name").focus()
    page.get_by_role("button", name="Leer las carpetas").click()  # asks after what the address might have asked

    expect(page.locator("#problemas")).to_be_visible()
    expect(host).to_have_value("smtp.tosma.example")


def test_folders_are_read_without_leaving_the_form(filled, db, user):
    filled.get_by_role("button", name="Leer las carpetas").click()

    expect(filled.locator("#sent_folder")).to_have_value("Enviados")
    expect(filled.locator("#password")).to_have_value(PASSWORD)
    filled.get_by_role("button", name="Guardar la cuenta").click()
    expect(filled.get_by_text("Cuenta guardada.")).to_be_visible()
    account = db.scalars(select(MailAccount)).one()
    assert (account.sender_email, account.sent_folder) == (user, "Enviados")


def test_what_a_server_refuses_is_told_in_the_form(filled):
    filled.locator("#password").fill("otra")
    filled.get_by_role("button", name="Leer las carpetas").click()

    expect(filled.locator("#problemas")).to_contain_text("El servidor no acepta el usuario o la contraseña.")
    expect(filled.locator("#password")).to_have_value("otra")
    filled.locator("#password").fill(PASSWORD)
    filled.get_by_role("button", name="Leer las carpetas").click()
    expect(filled.locator("#problemas")).to_have_count(0)


def test_an_own_certificate_is_read_as_soon_as_it_is_chosen(filled, imap):
    filled.locator("#imap_security").select_option("ssl-own")

    expect(filled.get_by_text("Huella SHA-256 del certificado de localhost")).to_be_visible()
    expect(filled.locator("#imap_accept")).not_to_be_checked()
    expect(filled.locator("#password")).to_have_value(PASSWORD)


def test_without_encryption_there_is_a_warning(filled):
    expect(filled.locator("#saliente .v-insecure")).to_be_visible()
    expect(filled.locator("#entrante .v-insecure")).to_be_hidden()


def test_a_test_fills_in_as_it_goes(filled, sink):
    filled.get_by_role("button", name="Guardar la cuenta").click()
    sink.steps["DATA"] = [Step(stall=True)]
    filled.get_by_role("button", name="Enviar correo de prueba").click()

    report = filled.locator("[data-report]")
    expect(report.get_by_text("Entregar el correo a")).to_be_visible()
    expect(report.locator(".v-step.good")).to_have_count(3)
    expect(report.locator("[data-over]")).to_have_count(0)
    sink.stopped.set()
    expect(report.locator("[data-over]")).to_be_visible(timeout=30_000)
    expect(report.locator(".v-step.bad")).to_have_count(1)
    expect(report.locator(".v-step.going:visible")).to_have_count(0)


def test_both_pages_can_be_used_by_everybody(filled, live_server):
    filled.get_by_role("button", name="Guardar la cuenta").click()
    filled.get_by_role("button", name="Enviar correo de prueba").click()
    expect(filled.locator("[data-over]")).to_be_visible()

    for path in ("account/mail", "mail-account", "mail-account/dkim"):
        if path != "account/mail":
            filled.goto(f"{live_server}/admin/{path}")
        found = Axe().run(filled, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, found.generate_report()
        filled.set_viewport_size({"width": 390, "height": 844})
        assert filled.evaluate("document.documentElement.scrollWidth") == 390
        filled.set_viewport_size({"width": 1440, "height": 900})
