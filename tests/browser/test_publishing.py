"""Publishing, access and the intranet's settings in a browser: what scripts add, what remains without them."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from app import clock
from app.scope import SYSTEM
from app.secrets import new_token, token_hash
from models import Batch, Company, Publication, StaffSession
from tests.rig.desk import COOKIE

SCREENS = (
    "invoice/publish?q=",
    "batch/list",
    "batch/details/1",
    "batch/undo/1",
    "customer/access?scope=filter&q=",
    "customer/intranet/1",
    "access/list",
    "intranet/address",
    "intranet/publishing",
    "intranet/appearance",
    "intranet/website",
)
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def office(db, make):
    """Ten invoices of three customers, one of them without e-mail, numbered with a gap."""
    series = make.series(label="FV26")
    make.template()
    emails = {"A": "a@a.es", "B": "b@b.es", "C": None}
    contacts = [make.contact(name=f"Cliente {letter}", email=email) for letter, email in emails.items()]
    for number in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11):
        make.invoice(series=series, number=number, contact=contacts[number % 3])
    return make.user()


@pytest.fixture
def sit(office, db, company, make_session, live_server, open_page):
    """``sit("batch/list")``: a page of the office where somebody is signed in."""

    def sit(path, **options):
        token = new_token()
        db.commit()
        with make_session(scope=SYSTEM) as system:
            system.add(
                StaffSession(
                    token_hash=token_hash(token), user_id=office.id, company_id=company.id, seen_at=clock.now()
                )
            )
            system.commit()
        page = open_page(**options)
        page.context.add_cookies([{"name": COOKIE, "value": token, "domain": "127.0.0.1", "path": "/admin"}])
        page.goto(f"{live_server}/admin/{path}")
        return page

    return sit


def test_the_dialogue_follows_what_is_asked(sit, db):
    page = sit("invoice/publish?q=")
    expect(page.get_by_role("heading", name="Publicar 10 facturas en la intranet")).to_be_visible()

    page.get_by_label("Un rango por serie y número").check()
    expect(page.get_by_text("Elija la serie y escriba el primer y el último número.").first).to_be_visible()
    page.get_by_label("Desde").fill("1")
    page.get_by_label("Hasta").fill("6")

    expect(page.get_by_role("heading", name="Publicar 5 facturas en la intranet")).to_be_visible()
    expect(page.locator(".v-strip .gap")).to_have_text("4")
    expect(page.get_by_text("No existe en el programa: 0004.")).to_be_visible()
    page.get_by_label("Avisar por correo a los clientes").uncheck()
    expect(page.get_by_role("button", name="Publicar 5 facturas", exact=True)).to_be_enabled()
    page.get_by_label("Avisar por correo a los clientes").check()

    page.get_by_role("button", name="Publicar 5 facturas y avisar a 2 personas").dblclick()

    expect(page.get_by_role("heading", name="5 facturas publicadas")).to_be_visible()
    assert db.scalars(select(Batch.selection)).all() == ["FV26 del 1 al 6"]


def test_withdrawing_hides_what_is_only_for_publishing(sit):
    page = sit("invoice/publish?q=")

    page.get_by_label("Anular publicación").check()

    expect(page.get_by_text("Ninguna está publicada.").first).to_be_visible()
    expect(page.get_by_label("Plantilla", exact=True)).to_be_hidden()
    expect(page.get_by_label("Avisar por correo a los clientes")).to_be_hidden()


def test_without_scripts_calculating_is_a_button(sit, db):
    page = sit("invoice/publish?q=", java_script_enabled=False)

    page.get_by_label("Un rango por serie y número").check()
    page.get_by_label("Desde").fill("9")
    page.get_by_label("Hasta").fill("11")
    page.get_by_role("button", name="Calcular").click()
    page.get_by_role("button", name=re.compile("Publicar 3 facturas")).click()

    expect(page.get_by_role("heading", name="3 facturas publicadas")).to_be_visible()
    assert len(db.scalars(select(Publication.id)).all()) == 3


def test_progress_is_told_while_one_looks(sit, db):
    page = sit("invoice/publish?q=")
    page.get_by_role("button", name=re.compile("Publicar 10 facturas")).click()
    expect(page.get_by_text("0 / 10")).to_be_visible()

    db.rollback()
    for publication in db.scalars(select(Publication)):
        publication.render_tries = 2
    db.commit()

    expect(page.get_by_text("10 no se han podido preparar")).to_be_visible()


def test_undoing_begins_on_the_safe_button(sit):
    page = sit("invoice/publish?q=")
    page.get_by_role("button", name=re.compile("Publicar 10 facturas")).click()

    page.get_by_role("link", name="Deshacer publicación").click()
    expect(page.get_by_role("link", name="Cancelar")).to_be_focused()
    page.get_by_role("button", name="Deshacer publicación").click()

    expect(page.get_by_text("Publicación deshecha. 10 documentos dejan de verse.")).to_be_visible()


def test_the_button_counts_who_is_ticked(sit):
    page = sit("customer/access?scope=filter&q=")
    expect(page.get_by_role("button", name="Dar acceso a 2 personas")).to_be_enabled()

    page.get_by_label("Marcar a a@a.es").uncheck()
    expect(page.get_by_role("button", name="Dar acceso a 1 persona")).to_be_enabled()
    expect(page.get_by_text("Saldrá 1 correo")).to_be_visible()
    page.get_by_label("Enviarles por correo cómo entrar").uncheck()
    expect(page.get_by_text("No saldrá ningún correo")).to_be_visible()
    page.get_by_label("Marcar a b@b.es").uncheck()

    expect(page.get_by_role("button", name="Dar acceso", exact=True)).to_be_disabled()


def test_an_address_is_judged_while_it_is_typed(sit, live_server):
    page = sit("intranet/address")

    page.get_by_label("Última parte de la dirección").fill("admin")
    expect(page.get_by_text("Esa dirección está reservada.")).to_be_visible()
    page.get_by_label("Última parte de la dirección").fill("Demo_SA")
    expect(page.get_by_text(f"Libre. {live_server}/in/Demo_SA")).to_be_visible()
    page.get_by_role("button", name="Guardar dirección").click()

    expect(page.get_by_role("link", name="/in/Demo_SA")).to_be_visible()
    expect(page.get_by_text("/in/tosma")).to_be_visible()


def test_a_button_is_seen_and_copied_before_it_is_saved(sit, db, company, live_server):
    page = sit("intranet/website")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server)

    page.get_by_label("Texto").fill("Mis <b>facturas</b>")
    page.get_by_label("Color").fill("#0a7c4a")
    shown = page.frame_locator("iframe[title='Botón con fondo']").get_by_role("link")
    expect(shown).to_have_text("Mis <b>facturas</b>")
    expect(shown).to_have_css("background-color", "rgb(10, 124, 74)")
    page.get_by_role("button", name="Copiar HTML").first.click()
    expect(page.get_by_text("Copiado").first).to_be_visible()

    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f'<a href="{live_server}/in/Tosma" target="_blank" rel="noopener"')
    assert copied.endswith("Mis &lt;b&gt;facturas&lt;/b&gt;</a>")
    assert db.get_one(Company, company.id).button_text == "ÁREA DE CLIENTES"


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (390, False)])
def test_nothing_stands_in_anybodys_way(sit, db, make, live_server, width, dark):
    db.commit()
    publication = make.publication(make.invoice())
    publication.batch.figures = {"documents": 1, "customers": 1, "mails": 0}
    page = sit("invoice/list", width=width, dark=dark)

    found = {}
    for path in SCREENS:
        page.goto(f"{live_server}/admin/{path}")
        broken = [
            (rule["id"], [node["target"] for node in rule["nodes"]][:3])
            for rule in Axe().run(page, options=AXE).response["violations"]
        ]
        if broken or page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[path] = broken or "wider than its window"

    assert json.dumps(found, indent=1) == "{}"


def test_of_the_intranets_address_the_slug_is_never_cut(sit, db, company):
    slug = "Suministros-Industriales-del-Levante"
    row = db.get_one(Company, company.id)
    row.slug, row.slug_key = slug, slug.lower()

    address = sit("batch/list").locator(".v-address")

    expect(address).to_have_attribute("href", re.compile(f"/in/{slug}$"))
    expect(address.locator("span").last).to_have_text(f"/in/{slug}")
    is_whole = "one => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight"
    assert address.locator("span").last.evaluate(is_whole)
