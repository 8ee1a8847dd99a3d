"""The whole story on real invoices: from the files of another program to the PDF in the customer's hands."""

import io
import re
from decimal import Decimal
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace
from playwright.sync_api import expect
from pypdf import PdfReader
from sqlalchemy import select

from app.domain.companies import OpenCompany, open_company
from app.domain.mail.saving_accounts import SaveMailAccount, save_mail_account
from app.money import euros
from app.scope import SYSTEM, CompanyScope
from app.secrets import hash_password
from app.worker import worker_beside
from models import Contact, Membership, OutgoingMail, StaffUser
from models.base import utc_now
from models.enums import MailSecurity, MailStatus, Role
from tests.smtp_sink import Sink

SAMPLES = Path(__file__).parent.parent / "samples" / "shared"
ISSUER = "B23103039"
PASSWORD = "entra el sol por la ventana"
PATIENCE_MS = 20_000


@pytest.fixture
def settings(settings):
    return replace(settings, private_hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture
def office(installation, sink):
    """The company that issued the samples, its administrator, and its mail account."""
    hashed = hash_password(PASSWORD)

    def furnish(db):
        company = open_company(
            db, OpenCompany(name="Provide One S.L.", tax_id=ISSUER, slug="Provide_One", confirmed_at=utc_now())
        )
        user = StaffUser(email="marta@provide.example", name="Marta Ruiz", password_hash=hashed)
        db.add(user)
        db.flush()
        db.add(Membership(company_id=company.id, user_id=user.id, role=Role.ADMINISTRATOR))
        return company

    company = installation.database.run(SYSTEM, furnish)
    account = SaveMailAccount(
        sender_email="facturas@provide.example", host="127.0.0.1", port=sink.port, security=MailSecurity.NONE
    )
    installation.database.run(CompanyScope(company.id), lambda db: save_mail_account(db, installation.keys, account))
    return company


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_from_the_files_to_the_customer(installation, office, sink, live_server, open_page):
    with worker_beside(installation):
        desk = open_page()
        sign_in(desk, f"{live_server}/admin", "marta@provide.example")
        import_files(desk, live_server)
        invite(installation, office, "compras@moniward.example")
        publish_everything(desk, live_server)
        link = link_of(notice(sink, installation, office))

        customer = open_page(width=390)
        activate(customer, link)
        pdf = read_and_download(customer)

    assert_says_what_the_file_says(pdf)
    assert invoice_was_seen(desk, live_server)


def sign_in(page, address, email):
    page.goto(address)
    page.get_by_label("Correo").fill(email)
    page.get_by_role("textbox", name="Contraseña").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Qué me necesita hoy")).to_be_visible()


def import_files(page, server):
    page.goto(f"{server}/admin/invoice/list")
    page.get_by_role("link", name="Importar").first.click()
    page.set_input_files("input[type=file]", sorted(SAMPLES.rglob("*.xml")))
    page.get_by_role("button", name="Comprobar archivos").click()
    confirm = page.get_by_role("button", name=re.compile("Importar 2 facturas"))
    expect(confirm).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("que no es Provide One S.L.").first).to_be_visible()
    confirm.click()
    expect(page.get_by_text("Qué ha pasado")).to_be_visible(timeout=PATIENCE_MS)


def invite(installation, office, email):
    """The samples' buyer has no address of ours to write to: the book-keeper fills it in."""

    def fill(db):
        db.scalars(select(Contact)).one().email = email

    installation.database.run(CompanyScope(office.id), fill)


def publish_everything(page, server):
    page.goto(f"{server}/admin/invoice/list?publicada=no")
    expect(page.get_by_role("link", name="TEST01001F")).to_be_visible()
    page.locator("thead input[type=checkbox]").check()
    page.get_by_role("button", name="Publicar en Intranet").click()
    button = page.get_by_role("button", name=re.compile("Publicar 2 facturas y avisar a 1 persona"))
    expect(button).to_be_enabled(timeout=PATIENCE_MS)
    button.click()
    expect(page.get_by_text("2 documentos publicados").first).to_be_visible(timeout=PATIENCE_MS)


def notice(sink, installation, office):
    """The one mail that leaves, as the server got it, once the outbox says so too."""
    for _turn in range(PATIENCE_MS // 100):
        with installation.database.read(CompanyScope(office.id)) as db:
            mail = db.scalars(select(OutgoingMail)).one()
        if mail.status is MailStatus.SENT:
            break
        sink.stopped.wait(0.1)
    assert mail.status is MailStatus.SENT
    (received,) = sink.received
    assert received.recipients == ("compras@moniward.example",)
    return message_from_bytes(received.content, policy=policy.default)


def link_of(message):
    text = message.get_body(("plain",)).get_content()
    assert "TEST01001F" in text
    return re.search(r"http://\S+/activar/\S+", text)[0]


def activate(page, link):
    page.goto(link)
    page.get_by_role("textbox", name="Contraseña nueva").fill(PASSWORD)
    page.get_by_role("button", name="Guardar contraseña").click()
    page.get_by_role("textbox", name="Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    expect(page.get_by_role("heading", name="Resumen")).to_be_visible()


def read_and_download(page):
    page.goto(page.url.rstrip("/") + "/facturas?ano=")
    page.get_by_role("link", name="TEST01001F").click()
    expect(page.get_by_text(euros(Decimal("5084.42"))).first).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("link", name=re.compile("PDF")).first.click()
    return Path(waiting.value.path()).read_bytes()


def assert_says_what_the_file_says(pdf):
    text = " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
    totals = etree.parse(SAMPLES / "facturae" / "invoice-vat.xml").find(".//InvoiceTotals")
    for name in ("TotalGrossAmountBeforeTaxes", "TotalTaxOutputs", "InvoiceTotal"):
        assert euros(Decimal(totals.findtext(name))).replace("\u00a0", " ") in text.replace("\u00a0", " ")
    assert "TEST01001F" in text


def invoice_was_seen(page, server):
    """The timeline in the office tells, within the two seconds that footprints may take."""
    page.goto(f"{server}/admin/invoice/list?q=TEST01001F")
    page.get_by_role("link", name="TEST01001F").click()
    for _turn in range(20):
        if page.get_by_text("descarg").count():
            return True
        page.wait_for_timeout(250)
        page.reload()
    return False
