"""Texts of mails as somebody writes them: the editor by mouse and by keys, what is pasted, the mail beside it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from app import clock
from app.adapters.letters.html import clean
from app.domain.files import kept
from app.scope import SYSTEM
from app.secrets import new_token, token_hash
from models import Company, MailText, StaffSession
from models.enums import TextKind
from tests.rig.desk import COOKIE
from tests.rig.hostile_html import CORPUS
from tests.rig.pictures import JPEG, PNG

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PAPER, BODY = "#body-editor", "#body"
TOOLS = "[role=toolbar][aria-controls=body-editor]"

PASTED = """
<html><head><style>p.MsoNormal{color:red;font-size:11pt}</style></head><body>
<!--StartFragment--><p class=MsoNormal style="color:red" onclick="alert(1)">Estimado <b>cliente</b>:<o:p></o:p></p>
<script>window.broken = 1</script><img src="https://malo.example/p.gif" onerror="window.broken = 1">
<ul><li style="margin:0">uno {total}</li></ul><h2>Título</h2><a href="javascript:alert(1)">x</a>
<a href="https://tosma.example/?a=1&b=2">web</a><!--EndFragment--></body></html>"""


@pytest.fixture
def office(live_server, open_page, make_session, db, make, installation):
    """``office("account/texts/invoice", width=390)``: a page of somebody signed in, with an invoice to look at."""
    user = make.user(name="Marta Ruiz")
    make.invoice(contact=make.contact(name="Instalaciones Merino, S.L."), series=make.series(label="FV26"))
    logo = kept(db, installation.storage.keep(make.home.id, PNG, name="logo.png", media_type="image/png"))
    db.get_one(Company, make.home.id).logo_id = logo.id
    db.commit()

    def open_at(path, **options):
        page = open_page(**options)
        token = new_token()
        with make_session(scope=SYSTEM) as system:
            session = StaffSession(
                token_hash=token_hash(token), user_id=user.id, company_id=make.home.id, seen_at=clock.now()
            )
            system.add(session)
            system.commit()
        cookie = {"name": COOKIE, "value": token, "domain": "127.0.0.1", "path": "/admin"}
        page.context.add_cookies([cookie])
        page.goto(f"{live_server}/admin/{path}")
        return page

    return open_at


@pytest.fixture
def page(office):
    return office("account/texts/invoice")


def written(page):
    return page.locator(BODY).input_value()


def mail(page):
    """The mail in the newest preview."""
    return page.frame_locator(".v-proof-mail iframe:not([hidden])")


def put_variable(page, name):
    page.locator(TOOLS).get_by_text("Variable", exact=True).click()
    page.locator(f"{TOOLS} [data-variable={name}]").click()


def paste(page, html="", text=""):
    page.locator(PAPER).focus()
    page.evaluate(
        """([html, text]) => {
            const brought = new DataTransfer();
            if (html) brought.setData("text/html", html);
            brought.setData("text/plain", text);
            const event = new ClipboardEvent("paste", { clipboardData: brought, bubbles: true, cancelable: true });
            document.getElementById("body-editor").dispatchEvent(event);
        }""",
        [html, text],
    )


def test_writing_with_variables_as_chips_shows_the_mail_and_is_kept(page, db):
    page.locator(PAPER).click()
    page.keyboard.type("Hola ")
    put_variable(page, "cliente")
    page.keyboard.type(":")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+b")
    page.keyboard.type("Son ")
    put_variable(page, "total")

    html = "<p>Hola {cliente}:</p><p><strong>Son {total}</strong></p>"
    assert written(page) == html
    expect(page.locator(f"{PAPER} .v-var")).to_have_text(["Cliente", "Total"])
    expect(page.locator("[data-changes]")).to_have_text("1 cambio sin guardar")
    expect(
        mail(page).frame_locator("iframe").get_by_text("Hola Instalaciones Merino, S.L.:", exact=True)
    ).to_be_visible()

    page.keyboard.press("Control+s")

    expect(page.get_by_text("Textos guardados.")).to_be_visible()
    expect(page.locator(f"{PAPER} .v-var")).to_have_text(["Cliente", "Total"])
    assert db.scalars(select(MailText.body)).all() == [html]


def test_everything_written_is_replaced_even_where_it_ends_in_a_variable(page):
    page.locator(PAPER).click()
    page.keyboard.type("Hola ")
    put_variable(page, "cliente")

    page.keyboard.press("Control+a")
    page.keyboard.type("Nuevo")

    assert written(page) == "<p>Nuevo</p>"
    page.keyboard.press("Control+z")
    assert written(page) == "<p>Hola {cliente}</p>"


def test_what_was_switched_off_is_off_for_a_variable_too(page):
    page.locator(PAPER).click()
    page.keyboard.press("Control+b")
    page.keyboard.type("neg")
    page.keyboard.press("Control+b")
    put_variable(page, "cliente")
    page.keyboard.type(" fin")

    assert written(page) == "<p><strong>neg</strong>{cliente} fin</p>"


def test_lists_colours_and_links(page):
    keys = page.keyboard
    page.locator(PAPER).click()
    page.locator(f"{TOOLS} [data-do=insertUnorderedList]").click()
    keys.type("uno")
    keys.press("Enter")
    keys.type("dos")
    for _ in range(3):
        keys.press("Shift+ArrowLeft")
    page.locator(TOOLS).get_by_text("Color", exact=True).click()
    page.locator(f"{TOOLS} [data-colour='#a8231c']").click()
    keys.press("Control+k")
    page.locator("#body-address").fill("no es nada")
    keys.press("Enter")
    expect(page.locator("[data-link] [data-wrong]").first).to_contain_text("Escriba una dirección")
    page.locator("#body-address").fill("www.tosma.example/ofertas")
    keys.press("Enter")

    plain = re.sub(r"</?span[^>]*>", "", written(page))
    assert plain == '<ul><li>uno</li><li><a href="https://www.tosma.example/ofertas">dos</a></li></ul>'
    assert '<span class="c-rojo">' in written(page)


def test_a_link_to_the_document_is_offered_by_its_name(page):
    page.locator(PAPER).click()
    page.keyboard.press("Control+k")
    page.locator("[data-link]").first.get_by_text("Dirección del documento").click()

    assert written(page) == '<p><a href="{enlace}">{enlace}</a></p>'


def test_pictures_are_sent_and_the_logo_is_at_hand(page, db):
    page.locator(PAPER).click()
    page.locator(f"{TOOLS} [data-open=picture]").click()
    dialog = page.locator("[data-picture]").first
    dialog.get_by_role("button", name="Poner imagen").click()
    expect(dialog.locator("[data-wrong]")).to_have_text("Elija una imagen.")
    page.locator("#body-file").set_input_files({"name": "f.gif", "mimeType": "image/gif", "buffer": b"GIF89a"})
    dialog.get_by_role("button", name="Poner imagen").click()
    expect(dialog.locator("[data-wrong]")).to_have_text("No es una imagen PNG o JPEG válida.")
    page.locator("#body-file").set_input_files({"name": "f.jpg", "mimeType": "image/jpeg", "buffer": JPEG})
    page.locator("#body-alt").fill('Sello "2026"')
    dialog.get_by_role("button", name="Poner imagen").click()
    expect(page.locator(f"{PAPER} img")).to_have_count(1)
    page.locator(f"{TOOLS} [data-open=picture]").click()
    dialog.get_by_role("button", name="Poner el logotipo de la empresa").click()

    expect(page.locator(f"{PAPER} img")).to_have_count(2)
    assert [re.sub("[0-9a-f]{64}", "…", found) for found in re.findall("<img[^>]*>", written(page))] == [
        '<img src="/admin/mail-images/…" alt="Sello &quot;2026&quot;" width="40" height="20">',
        '<img src="/admin/mail-images/…" alt="Suministros Tosma, S.L." width="40" height="20">',
    ]
    expect(mail(page).frame_locator("iframe").locator("img[src^='data:image/']")).to_have_count(3)


def test_what_is_pasted_leaves_its_dangers_and_its_look_behind(page):
    page.locator(PAPER).click()
    page.keyboard.type("antes")

    paste(page, PASTED)

    assert written(page) == (
        "<p>antes</p><p>Estimado <strong>cliente</strong>:</p><ul><li>uno {total}</li></ul><p>Título</p>"
        '<p>x</p><p><a href="https://tosma.example/?a=1&amp;b=2">web</a></p>'
    )
    expect(page.locator(f"{PAPER} .v-var")).to_have_text(["Total"])
    assert page.evaluate("window.broken") is None


def test_plain_text_is_pasted_with_its_lines(page):
    paste(page, text="uno\ndos\n\n<b>tres</b> & {numero}")

    assert written(page) == "<p>uno<br>dos</p><p>&lt;b&gt;tres&lt;/b&gt; &amp; {numero}</p>"


def test_each_step_can_be_taken_back(page):
    keys = page.keyboard
    page.locator(PAPER).click()
    keys.type("uno")
    put_variable(page, "total")
    paste(page, "<p>dos</p><p>tres</p>")
    whole = written(page)

    keys.press("Control+z")
    after_one = written(page)
    keys.press("Control+z")
    after_two = written(page)
    keys.press("Control+Shift+z")
    keys.press("Control+y")

    assert (after_one, after_two) == ("<p>uno{total}</p>", "<p>uno</p>")
    assert written(page) == whole == "<p>uno{total}</p><p>dos</p><p>tres</p>"


def test_undoing_everything_is_no_change(page):
    page.locator(PAPER).click()
    page.keyboard.type("uno")
    page.keyboard.press("Control+z")

    expect(page.locator("[data-changes]")).to_have_text("Sin cambios")


def test_by_keys_alone(page):
    keys = page.keyboard
    page.locator("#subject").focus()
    keys.press("Tab")
    keys.press("Enter")
    keys.press("Tab")
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    keys.press("ArrowUp")
    assert page.evaluate("document.activeElement.matches('[data-variable]:last-child')")
    keys.press("ArrowDown")
    keys.press("Enter")
    assert page.locator("#subject").input_value() == "{documento}"
    for _ in range(3):
        keys.press("Tab")
    tools = page.evaluate("document.activeElement.dataset.do")
    for _ in range(3):
        keys.press("ArrowRight")
    assert (tools, page.evaluate("document.activeElement.dataset.do")) == ("bold", "insertUnorderedList")
    keys.press("Enter")
    keys.type("punto")

    assert written(page) == "<ul><li>punto</li></ul>"
    expect(page.locator(f"{TOOLS} [data-do=insertUnorderedList]")).to_have_attribute("aria-pressed", "true")


def test_beginning_with_what_is_used_asks_nothing_and_loses_nothing(page):
    page.locator("#subject").fill("Mío {numero}")
    page.get_by_text("Ver el que se usa").nth(1).click()
    page.locator("[value='take body']").click()

    expect(page.locator(f"{PAPER} .v-var").first).to_have_text("Cliente")
    assert page.locator("#subject").input_value() == "Mío {numero}"
    expect(page.locator("[data-changes]")).to_have_text("Sin guardar")
    expect(page.locator("[data-save]")).to_be_enabled()


def test_a_refusal_leads_back_to_the_editor(page):
    page.locator(PAPER).click()
    page.keyboard.type("Hola {otra}")
    page.keyboard.press("Control+s")

    page.locator("#problemas a").click()

    expect(page.locator(PAPER)).to_be_focused()
    expect(page.locator(PAPER)).to_have_attribute("aria-invalid", "true")
    expect(page.locator(PAPER)).to_have_text("Hola {otra}")
    expect(mail(page).get_by_text("otra")).to_be_visible()


@pytest.mark.parametrize("hostile", [CORPUS, [f"<p>{one}</p>" for one in CORPUS]], ids=["bare", "wrapped"])
def test_what_was_cleaned_runs_nothing_and_asks_nobody(office, db, hostile):
    """The page itself tells on scripts, on its policy being broken, and on other hosts being asked."""
    db.add(MailText(kind="invoice", subject="x", body=clean("".join(hostile[:-4])) + "<p>Fin</p>", signature=""))
    db.commit()

    page = office("mail-texts/invoice")

    expect(mail(page).frame_locator("iframe").get_by_text("Fin", exact=True)).to_be_attached()
    expect(page.locator(PAPER)).to_contain_text("Fin")
    assert page.evaluate("window.broken") is None


def test_without_scripts_the_html_is_written_and_seen(office, db):
    page = office("account/texts/invoice", java_script_enabled=False)
    expect(page.locator(PAPER)).to_have_count(0)
    expect(page.locator(TOOLS)).to_be_hidden()

    page.locator(BODY).fill("Hola, {cliente}:\n\nAdjunta va.")
    page.get_by_text("Texto", exact=True).click()
    page.get_by_role("button", name="Actualizar").click()
    expect(page.frame_locator("[name=preview]").locator("pre")).to_contain_text("Hola, Instalaciones Merino, S.L.:")
    page.get_by_role("button", name="Guardar textos").click()

    expect(page.get_by_text("Textos guardados.")).to_be_visible()
    expect(page.locator(BODY)).to_have_value("<p>Hola, {cliente}:</p><p>Adjunta va.</p>")


@pytest.mark.parametrize("path", ["account/texts/invoice", "mail-texts/notice"])
@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (390, False), (390, True)])
def test_the_page_is_accessible_and_fits(office, db, path, width, dark):
    db.add(MailText(kind=TextKind.REMINDER, user_id=None if "mail-texts" in path else 1, subject="Recordatorio"))
    db.commit()
    page = office(path, width=width, dark=dark)
    page.locator(PAPER).click()
    put_variable(page, "cliente")

    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"], "iframes": False})

    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
