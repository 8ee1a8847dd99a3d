"""An invoice typed as a book-keeper types: look-ups, Enter, the keypad, figures that follow, one number."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from app import clock
from app.domain.contacts import refold
from app.scope import SYSTEM
from app.secrets import new_token, token_hash
from models import Invoice, StaffSession
from models.enums import PaymentMethod
from tests.rig.desk import COOKIE

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TODAY = clock.today()
ROW = "[data-lines=lines] tbody tr"


@pytest.fixture
def shop(db, make):
    """A customer with two due dates and a surcharge, two articles, a series and its taxes."""
    make.tax()
    make.tax("10")
    make.series(label="FV26", next_number=447, first_number=400, is_default=True)
    make.product(code="CU-2210", name="Cuadro eléctrico de 24 módulos", unit_price=Decimal(612))
    cable = make.product(code="CB-0625", name="Cable RZ1-K 3×6 mm²", unit_price=Decimal("4.2"), tax_rate=Decimal(10))
    contact = make.contact(name="Instalaciones Merino, S.L.", payment_days="30,60", has_surcharge=True)
    contact.code, contact.payment_method = "00217", PaymentMethod.DIRECT_DEBIT
    refold(contact)
    db.commit()
    return cable


@pytest.fixture
def office(live_server, open_page, make_session, db, make, shop):
    """``office("invoice/create", width=390)``: a page of somebody signed in."""
    user = make.user()
    db.commit()

    def open_at(path, **options):
        page = open_page(**options)
        token = new_token()
        with make_session(scope=SYSTEM) as system:
            company_id = make.home.id
            session = StaffSession(
                token_hash=token_hash(token), user_id=user.id, company_id=company_id, seen_at=clock.now()
            )
            system.add(session)
            system.commit()
        cookie = {"name": COOKIE, "value": token, "domain": "127.0.0.1", "path": "/admin"}
        page.context.add_cookies([cookie])
        page.goto(f"{live_server}/admin/{path}")
        return page

    return open_at


def cell(page, row, name):
    return page.locator(ROW).nth(row).locator(f"[name$='-{name}']")


def focused(page):
    return page.evaluate("document.activeElement.name || document.activeElement.tagName")


def sums(page):
    return page.locator("[data-sums]").inner_text().replace("\u00a0", " ").split("\n")


def test_a_customer_brings_its_terms_and_a_day_is_typed_short(office):
    page = office("invoice/create")
    keys = page.keyboard

    keys.type("mérin")
    expect(page.get_by_role("option", name=re.compile("Instalaciones Merino"))).to_be_visible()
    keys.press("Enter")
    expect(page.locator("#contact")).to_have_value("00217 · Instalaciones Merino, S.L.")
    expect(page.get_by_text("B87654323 · C/ Tejedores, 8 · 28045 Madrid · 30, 60 días")).to_be_visible()
    assert (page.locator("#payment_method").input_value(), page.locator("#has_surcharge").is_checked()) == (
        "direct_debit",
        True,
    )

    for short in (f"{TODAY:%d%m}", f"{TODAY:%d/%m/%y}"):
        page.locator("#issued_on").fill(short)
        page.locator("#issued_on").press("Enter")
        expect(page.locator("#issued_on")).to_have_value(f"{TODAY:%d/%m/%Y}")


def test_articles_come_by_code_or_words_and_enter_goes_on(office, db):
    page = office("invoice/create")
    keys = page.keyboard
    page.locator("#contact").fill("00217")
    page.locator("#contact").press("Tab")
    expect(page.locator("#has_surcharge")).to_be_checked()

    cell(page, 0, "code").focus()
    keys.type("cu-2210")
    keys.press("Enter")
    expect(cell(page, 0, "concept")).to_have_value("Cuadro eléctrico de 24 módulos")
    expect(cell(page, 0, "quantity")).to_be_focused()
    keys.type("1")
    for _cell in ("quantity", "price", "discount", "tax"):
        keys.press("Enter")
    expect(cell(page, 1, "code")).to_be_focused()

    keys.type("cable")
    expect(page.get_by_role("option", name=re.compile("CB-0625"))).to_be_visible()
    keys.press("Enter")
    expect(cell(page, 1, "quantity")).to_be_focused()
    keys.type("2")
    keys.press("NumpadDecimal")
    keys.type("5")
    expect(cell(page, 1, "quantity")).to_have_value("2,5")
    expect(page.locator("[data-issue]")).to_have_text("Emitir factura de 784,04\u00a0€")
    assert sums(page) == [
        *("Base imponible", "622,50"),
        *("Cuota IVA 21 % de 612,00", "128,52"),
        *("Cuota IVA 10 % de 10,50", "1,05"),
        *("Recargo equiv. 5,2 %", "31,82"),
        *("Recargo equiv. 1,4 %", "0,15"),
        *("Total a pagar", "784,04 €"),
    ]

    page.keyboard.press("Control+s")
    expect(page.get_by_text("Borrador guardado.")).to_be_visible()
    db.rollback()
    saved = db.scalars(select(Invoice)).one()
    assert [(line.code, line.quantity, line.tax_rate) for line in saved.lines] == [
        ("CU-2210", Decimal(1), Decimal(21)),
        ("CB-0625", Decimal("2.5"), Decimal(10)),
    ]


def test_an_article_without_a_single_tax_asks_for_it(office, db, make):
    make.tax("0", name="Exenta", exemption="Exenta, art. 20 LIVA")
    exported = make.tax("0", name="Exportación", exemption="Exenta, art. 21 LIVA")
    make.product(code="SEGURO", name="Seguro de transporte", unit_price=Decimal(50), tax_rate=Decimal(0))
    db.commit()
    page = office("invoice/create")
    page.locator("#contact").fill("00217")
    page.locator("#contact").press("Tab")
    expect(page.locator("#has_surcharge")).to_be_checked()

    cell(page, 0, "code").fill("seguro")
    cell(page, 0, "code").press("Tab")
    expect(cell(page, 0, "concept")).to_have_value("Seguro de transporte")
    expect(cell(page, 0, "tax")).to_have_value("")
    page.locator("[data-save]").click()
    expect(page.locator("#problemas")).to_contain_text("Elija el impuesto.")
    cell(page, 0, "tax").select_option(str(exported.id))
    page.locator("[data-save]").click()
    expect(page.get_by_text("Borrador guardado.")).to_be_visible()

    db.rollback()
    assert db.scalars(select(Invoice)).one().lines[0].exemption == "Exenta, art. 21 LIVA"


def test_lines_move_and_go_and_figures_follow(office, db):
    page = office("invoice/create")
    page.locator("#contact").fill("00217")
    page.locator("#contact").press("Tab")
    expect(page.locator("#contact")).to_have_value("00217 · Instalaciones Merino, S.L.")
    for row, (concept, price) in enumerate([("Uno", "1"), ("Dos", "20"), ("Tres", "300")]):
        if row:
            page.get_by_role("button", name="Añadir línea").click()
        cell(page, row, "concept").fill(concept)
        cell(page, row, "unit_price").fill(price)
    expect(page.locator("[data-amount]").nth(2)).to_have_text("300,00")

    cell(page, 2, "concept").press("Alt+ArrowUp")
    cell(page, 0, "concept").press("Alt+ArrowDown")
    page.get_by_role("button", name="Quitar la línea 3").click()
    expect(page.locator("[data-issue]")).to_have_text("Emitir factura de 379,86\u00a0€")
    page.locator("[data-save]").click()
    expect(page.get_by_text("Borrador guardado.")).to_be_visible()

    db.rollback()
    assert [line.concept for line in db.scalars(select(Invoice)).one().lines] == ["Tres", "Uno"]


def test_due_dates_are_recalculated_until_touched(office):
    page = office("invoice/create")
    page.locator("#contact").fill("merino")
    page.get_by_role("option", name=re.compile("Merino")).click()
    cell(page, 0, "concept").fill("Uno")
    cell(page, 0, "unit_price").fill("100")
    dues = page.locator("[data-lines=dues] tbody tr")
    expect(dues).to_have_count(2)
    expect(page.locator("[data-dues-state]")).to_have_text("Suman el total")

    dues.nth(0).locator("[name$=-amount]").fill("100")
    expect(page.locator("[data-by-terms]")).not_to_be_checked()
    expect(page.locator("[data-dues-state]")).to_have_text("Sobran 36,90\u00a0€")
    cell(page, 0, "unit_price").fill("200")
    expect(page.locator("[data-dues-state]")).to_have_text("Faltan 89,30\u00a0€")
    assert dues.nth(0).locator("[name$=-amount]").input_value() == "100"

    page.locator("[data-by-terms]").check()
    expect(dues.nth(0).locator("[name$=-amount]")).to_have_value("126,20")


def test_what_is_wrong_shows_while_typing_and_on_saving(office):
    page = office("invoice/create")
    cell(page, 0, "concept").fill("Uno")
    cell(page, 0, "quantity").fill("doce")
    cell(page, 0, "unit_price").fill("5")
    expect(page.get_by_text("Escriba un número como 1.234,56.")).to_be_visible()
    cell(page, 0, "quantity").fill("12")
    cell(page, 0, "unit_price").focus()
    expect(page.get_by_text("Escriba un número como 1.234,56.")).to_have_count(0)

    page.locator("[data-save]").click()

    expect(page.locator("#problemas")).to_be_focused()
    assert page.title().startswith("Error: ")
    page.locator("#problemas").get_by_role("link", name="Cliente").click()
    assert focused(page) == "contact"
    assert cell(page, 0, "quantity").input_value() == "12"


def test_taxes_are_those_of_the_day(office, make, db):
    make.tax("18", valid_from=dt.date(2019, 1, 1), valid_until=dt.date(2019, 12, 31))
    db.commit()
    page = office("invoice/create")
    cell(page, 0, "concept").fill("Uno")
    cell(page, 0, "unit_price").fill("100")
    tax = cell(page, 0, "tax")

    page.locator("#issued_on").fill("31/12/2019")
    expect(tax.locator("option")).to_have_text(["IVA 21 %", "IVA 18 %"])
    expect(page.get_by_text("Ese impuesto no vale en esa fecha.")).to_be_visible()
    expect(page.locator("[data-amount]").first).to_have_text("—")
    tax.select_option(label="IVA 18 %")

    expect(page.locator("[data-issue]")).to_have_text("Emitir factura de 118,00\u00a0€")
    expect(page.get_by_text("Ese impuesto no vale en esa fecha.")).to_have_count(0)
    expect(tax.locator("option")).to_have_text(["IVA 18 %"])


def test_issuing_asks_and_a_double_press_numbers_once(office, db):
    page = office("invoice/create")
    page.locator("#contact").fill("00217")
    cell(page, 0, "concept").fill("Mano de obra")
    cell(page, 0, "unit_price").fill("100")
    page.locator("[data-issue]").click()
    question = page.get_by_role("dialog", name="Emitir la factura FV26-0447")
    expect(question).to_be_visible()
    expect(question.get_by_role("link", name="Cancelar")).to_be_focused()

    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    page.locator("[data-issue]").click()
    question.get_by_role("button", name="Emitir FV26-0447").dblclick()

    expect(page.get_by_text(re.compile("Factura FV26-0447 emitida por"))).to_be_visible()
    db.rollback()
    assert db.scalars(select(Invoice.number)).all() == [447]


def test_leaving_asks_only_when_something_would_be_lost(office):
    page = office("invoice/create")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))

    page.get_by_role("link", name="Facturas de venta").first.click()
    page.go_back()
    page.locator("#subject").fill("Obra")
    page.get_by_role("link", name="Facturas de venta").first.click()
    expect(page.get_by_role("heading", name="Facturas de venta")).to_be_visible()

    assert asked == ["beforeunload"]


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_pages_are_accessible_and_fit(office, make, db, width, dark):
    contact = make.contact(payment_days="30,60")
    draft = make.draft(contact=contact)
    issued = make.invoice(contact=contact, notes="Gracias")
    version = make.template()
    db.commit()

    for path in (
        f"invoice/edit/{draft.id}",
        f"invoice/details/{issued.id}",
        f"invoice/correct/{issued.id}",
        f"document-template/edit/{version.template_id}",
    ):
        page = office(path, width=width, dark=dark)
        page.wait_for_load_state("networkidle")

        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"], "iframes": False})
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")

        assert found.response["passes"]
        assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found.response["violations"]] == [], path
        assert wide <= 0, path
