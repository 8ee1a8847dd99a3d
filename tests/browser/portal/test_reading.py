"""A customer with a phone, as most come: everything is there, fits, can be read, and works without scripts."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app import clock
from app.scope import ScopedSession
from app.secrets import hash_password, new_token, token_hash
from models import Company, Document, Invoice, PortalAccount, PortalMembership, PortalSession, PortalToken
from models.enums import DocumentKind, DocumentStatus, TokenPurpose
from tests.factories import Make

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "mi perro come pienso"
AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text()
OpenPage = Callable[..., Page]


@pytest.fixture
def account(make: Make, db: ScopedSession) -> PortalAccount:
    contact = make.contact(name="C. P. Plaza del Olmo, 14", email="lucia@fincasferrer.example")
    account = make.account(contact, name="Lucía Ferrer", password_hash=hash_password(PASSWORD))
    db.merge(Company(id=make.home.id, phone="960 000 123", opening_hours="De lunes a viernes, 8–15 h"))
    db.commit()
    return account


@pytest.fixture
def invoice(make: Make, account: PortalAccount, db: ScopedSession) -> Invoice:
    """The customer's invoices in every state; this one is waiting."""
    mine = account.memberships[0].contact
    for status in (DocumentStatus.PAID, DocumentStatus.PART_PAID, DocumentStatus.RETURNED, DocumentStatus.ISSUED):
        make.published_invoice(contact=mine, status=status, subject="Mantenimiento mensual de la instalación")
    lines = [make.line(concept=f"Interruptor magnetotérmico de {n} A", discount_rate=5) for n in (10, 16, 25)]
    invoice = make.published_invoice(contact=mine, lines=lines, subject="Cuadro general")
    invoice.due_on = clock.today() + dt.timedelta(days=5)
    db.commit()
    return invoice


@pytest.fixture
def quote(make: Make, account: PortalAccount, db: ScopedSession) -> Document:
    """The customer's, waiting for an answer, beside something of every other kind."""
    mine, day = account.memberships[0].contact, clock.today() + dt.timedelta(days=14)
    for kind in DocumentKind:
        make.published(kind, contact=mine, subject="Punto de recarga en el garaje")
    quote: Document = make.published(DocumentKind.QUOTE, contact=mine, due_on=day, subject="Aire acondicionado")
    db.commit()
    return quote


def sign_in(page: Page, server: str, account: PortalAccount) -> None:
    _enter(page, f"{server}/in/Tosma", account)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hola, Lucía")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_customer_finds_reads_and_takes_an_invoice(
    open_page: OpenPage, live_server: str, account: PortalAccount, invoice: Invoice, scripts: bool
) -> None:
    page = open_page(width=390, java_script_enabled=scripts)

    sign_in(page, live_server, account)
    page.get_by_role("navigation").get_by_role("link", name="Facturas").click()
    page.get_by_label("Buscar").fill("magnetotermico")
    page.get_by_role("button", name="Buscar").click()
    page.get_by_role("row").filter(has_text=str(invoice.number_text)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Factura {invoice.number_text}")
    expect(page.get_by_text("dentro de 5 días")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Descargar PDF").click()
    page.get_by_role("button", name="Salir").click()

    assert download.value.suggested_filename == f"Factura-{invoice.number_text}.pdf"
    expect(page.get_by_text("Ha salido de su área de cliente.")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_phone_finds_every_section(
    open_page: OpenPage, live_server: str, account: PortalAccount, quote: Document, scripts: bool
) -> None:
    page = open_page(width=390, java_script_enabled=scripts)
    sign_in(page, live_server, account)
    bar = page.get_by_role("navigation", name="Secciones")

    bar.get_by_role("link", name="Presupuestos").click()
    page.get_by_role("row").filter(has_text=str(quote.number_text)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Presupuesto {quote.number_text}")
    expect(page.get_by_text("dentro de 14 días")).to_be_visible()
    expect(bar.get_by_role("link", name="Albaranes")).to_be_hidden()
    bar.get_by_text("Más").click()
    bar.get_by_role("link", name="Albaranes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Albaranes")
    bar.get_by_text("Más").click()
    if scripts:
        page.keyboard.press("Escape")
        expect(bar.get_by_role("link", name="Mi perfil")).to_be_hidden()
        bar.get_by_text("Más").click()
    bar.get_by_role("button", name="Salir").click()

    expect(page.get_by_text("Ha salido de su área de cliente.")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_nothing_typed_is_lost_by_an_idle_sign_out(
    open_page: OpenPage, live_server: str, account: PortalAccount, invoice: Invoice, db: ScopedSession, scripts: bool
) -> None:
    page = open_page(java_script_enabled=scripts)
    sign_in(page, live_server, account)
    page.goto(f"{live_server}/in/Tosma/perfil")
    page.get_by_label("Nombre y apellidos").fill("Lucía <Ferrer> & Soto")
    db.execute(update(PortalSession).values(seen_at=clock.now() - dt.timedelta(hours=2)))
    db.commit()

    page.get_by_role("button", name="Guardar nombre").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirme que es usted")
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Seguir").click()

    expect(page.get_by_role("status")).to_have_text("Hemos guardado su nombre.")
    expect(page.get_by_label("Nombre y apellidos")).to_have_value("Lucía <Ferrer> & Soto")


def test_a_refused_form_says_so_first(open_page: OpenPage, live_server: str, account: PortalAccount) -> None:
    page = open_page(width=390)
    page.goto(f"{live_server}/in/Tosma/entrar")
    page.get_by_label("Correo electrónico").fill(account.email)
    page.get_by_label("Contraseña").fill("otra cosa distinta")
    page.get_by_role("button", name="Mostrar").click()
    expect(page.get_by_label("Contraseña")).to_have_attribute("type", "text")

    page.get_by_role("button", name="Entrar").click()

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title("Error: Entrar · Suministros Tosma, S.L.")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Contraseña")).to_be_focused()


def test_the_pdf_opens_beside_the_page(
    open_page: OpenPage, live_server: str, account: PortalAccount, invoice: Invoice
) -> None:
    page = open_page()
    sign_in(page, live_server, account)
    page.goto(f"{live_server}/in/Tosma/facturas/{invoice.id}")

    link = page.get_by_role("link", name="Ver e imprimir")

    expect(link).to_have_attribute("target", "_blank")
    answer = page.request.get(f"{live_server}{link.get_attribute('href')}")
    assert (answer.status, answer.headers["content-disposition"].partition(";")[0]) == (200, "inline")


@pytest.mark.parametrize(
    ("has_viewer", "idle", "printed"),
    [(True, False, ["the PDF"]), (False, False, ["the page"]), (True, True, [])],
    ids=["viewer", "no viewer", "idle"],
)
def test_the_pdf_is_printed_where_it_can_be_shown_else_the_page(
    open_page: OpenPage,
    live_server: str,
    account: PortalAccount,
    invoice: Invoice,
    db: ScopedSession,
    has_viewer: bool,
    idle: bool,
    printed: list[str],
) -> None:
    page = open_page()
    asked: list[str] = []
    page.context.expose_binding(
        "printing", lambda source: asked.append("the PDF" if "/pdf" in source["page"].url else "the page")
    )
    viewer = f"Object.defineProperty(navigator, 'pdfViewerEnabled', {{value: {json.dumps(has_viewer)}}})"
    page.context.add_init_script(f"window.print = () => printing(); {viewer}")
    sign_in(page, live_server, account)
    page.goto(f"{live_server}/in/Tosma/facturas/{invoice.id}")
    if idle:
        db.execute(update(PortalSession).values(seen_at=clock.now() - dt.timedelta(hours=2)))
        db.commit()

    if has_viewer:
        with page.expect_popup() as popup:
            page.get_by_role("link", name="Ver e imprimir").click()
        popup.value.wait_for_load_state()
    else:
        page.get_by_role("link", name="Ver e imprimir").click()

    for _ in range(100):
        if asked == printed:
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(300)
    assert asked == printed


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1440])
def test_every_page_fits_and_can_be_read_by_everybody(
    open_page: OpenPage,
    live_server: str,
    account: PortalAccount,
    invoice: Invoice,
    quote: Document,
    width: int,
    dark: bool,
) -> None:
    page = open_page(width=width, dark=dark)
    wrong: dict[str, Any] = {}

    for path in ("/entrar", "/clave", "/activar/nada", "/entrar?volver=%2Fin%2FTosma%2Ffacturas&aviso=sesion"):
        page.goto(f"{live_server}/in/Tosma{path}")
        wrong |= _barriers(page, path, width)
    sign_in(page, live_server, account)
    for path in ("", "/facturas", "/facturas?ano=1", "/facturas?q=nada", f"/facturas/{invoice.id}", "/perfil"):
        page.goto(f"{live_server}/in/Tosma{path}")
        wrong |= _barriers(page, path, width)
    for path in ("/presupuestos", f"/presupuestos/{quote.id}", "/pedidos", "/albaranes", "/pedidos-compra"):
        page.goto(f"{live_server}/in/Tosma{path}")
        if width < 1024:
            page.locator("summary", has_text="Más").click()
        wrong |= _barriers(page, path, width)

    assert wrong == {}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1440])
def test_so_can_every_step_of_coming_in(
    open_page: OpenPage,
    live_server: str,
    account: PortalAccount,
    make: Make,
    db: ScopedSession,
    width: int,
    dark: bool,
) -> None:
    other = make.contact(name="Garajes del Turia")
    db.add(PortalMembership(account_id=account.id, contact_id=other.id))
    theirs = make.published_invoice(contact=other)
    account.must_change_password = True
    links = [_link(db, account, hours) for hours in (72, -1)]
    base, wrong = f"{live_server}/in/Tosma", dict[str, Any]()
    page = open_page(width=width, dark=dark)

    def look(heading: str) -> None:
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        wrong.update(_barriers(page, heading, width))

    for path, heading in ((links[0], "Cree su contraseña"), (links[1], "Este enlace ha caducado")):
        page.goto(base + path)
        look(heading)
    _enter(page, base, account)
    look("Elija su propia contraseña")
    db.execute(update(PortalAccount).values(must_change_password=False))
    db.commit()
    page.goto(f"{base}/facturas")
    look("¿Para quién entra?")
    page.get_by_role("button", name="Plaza del Olmo").click()
    page.goto(f"{base}/facturas/{theirs.id}")
    look("Esta factura es de Garajes del Turia")
    page.goto(f"{base}/perfil")
    db.execute(update(PortalSession).values(seen_at=clock.now() - dt.timedelta(hours=2)))
    db.commit()
    page.get_by_role("button", name="Guardar nombre").click()
    look("Confirme que es usted")

    assert wrong == {}


def _link(db: ScopedSession, account: PortalAccount, hours: int) -> str:
    secret, expires_at = new_token(), clock.now() + dt.timedelta(hours=hours)
    token = {"purpose": TokenPurpose.ACTIVATE, "account_id": account.id, "expires_at": expires_at}
    db.add(PortalToken(token_hash=token_hash(secret), **token))
    db.commit()
    return f"/activar/{secret}"


def _enter(page: Page, base: str, account: PortalAccount) -> None:
    page.goto(base)
    page.get_by_label("Correo electrónico").fill(account.email)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()


def _barriers(page: Page, path: str, width: int) -> dict[str, Any]:
    """What the rules of WCAG 2.2 AA that can be checked say of a page, and how far it sticks out."""
    page.evaluate(AXE)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run({runOnly: tags})", tags)["violations"]
    said = [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found]
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        said.append(("sticks out", [str(wide)]))
    return {path: said} if said else {}
