"""*Administración → Intranet*: each tab saves what it says, shows it first, and refuses what cannot be."""

import io

import pytest
from PIL import Image
from sqlalchemy import select

from models import AuditEntry, Company, CompanySlug, StoredFile
from models.enums import AccessDelivery, ButtonSize, Role
from tests.factories import Make
from tests.rig.desk import fields_of, text_of

TABS = ("address", "publishing", "appearance", "website")


def saved(db, company):
    db.rollback()
    return db.get_one(Company, company.id)


def picture(size=(300, 120), kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", size, "#1f5f8b").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_and_says_where_one_is(desk, tab):
    page = desk.get(f"intranet/{tab}")

    assert page.status_code == 200
    assert f'<a href="/admin/intranet/{tab}" aria-current="page">' in page.text


def test_the_list_of_settings_is_its_first_tab(desk):
    assert desk.get("intranet/list").headers["location"] == "/admin/intranet/address"


def test_an_address_changes_and_the_former_one_is_told(desk, db, company):
    page = desk.follow(desk.post("intranet/address", fields_of(desk.get("intranet/address")) | {"slug": "Demo_SA"}))

    assert saved(db, company).slug == "Demo_SA"
    told = text_of(page)
    assert "/in/tosma" in told
    assert "/in/Demo_SA" in told
    assert db.scalars(select(AuditEntry.changes)).all()[-1]["slug"] == ["Tosma", "Demo_SA"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("slug", ["_demo", "-demo", "de_", "x" * 40])
def test_an_address_is_of_letters_figures_hyphens_and_underscores(desk, db, company, slug):
    desk.post("intranet/address", fields_of(desk.get("intranet/address")) | {"slug": slug})

    assert saved(db, company).slug == slug
    assert desk.client.get(f"/in/{slug}/entrar").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("", "Rellene este dato."),
        ("ab", "De 3 a 40 letras sin acento"),
        ("con espacio", "De 3 a 40 letras sin acento"),
        ("../etc", "De 3 a 40 letras sin acento"),
        ("admin", "Esa dirección está reservada."),
        ("x" * 100_000, "Como mucho 40 caracteres."),
        ("de\x00mo", "caracteres que no se pueden usar"),
        ("Rodano", "Otra empresa tiene o ha tenido esa dirección."),
        ("antigua", "Otra empresa tiene o ha tenido esa dirección."),
    ],
)
def test_addresses_that_cannot_be(desk, db, company, system_db, slug, sentence):
    other = Make(system_db, company).company(slug="Rodano", slug_key="rodano")
    system_db.add(CompanySlug(company_id=other.id, slug_key="antigua"))
    system_db.commit()

    answer = desk.post("intranet/address", {"slug": slug})

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert saved(db, company).slug == "Tosma"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_address_is_judged_while_it_is_typed(desk, settings):
    answers = [desk.get("intranet/check", slug=slug).json() for slug in ("Demo_SA", "admin", "Tosma", "\x00")]

    assert answers == [
        {"free": True, "sentence": "Libre.", "address": f"{settings.base_url}/in/Demo_SA"},
        {"free": False, "sentence": "Esa dirección está reservada. Elija otra."},
        {"free": True, "sentence": "Es la dirección de ahora.", "address": f"{settings.base_url}/in/Tosma"},
        {"free": False, "sentence": "Hay caracteres que no se pueden usar aquí (saltos de línea o de control)."},
    ]


def test_how_it_publishes_is_kept(desk, db, company):
    page = desk.follow(desk.post("intranet/publishing", {"access_delivery": "password"}))

    company = saved(db, company)
    assert (company.notify_by_default, company.access_delivery) == (False, AccessDelivery.PASSWORD)
    assert fields_of(page) == {"access_delivery": "password"}


def test_a_logo_is_cleaned_kept_and_shown(desk, db, company):
    fields = fields_of(desk.get("intranet/appearance")) | {"accent": "#AA3300", "phone": "910 123 456"}
    del fields["logo"]
    desk.post("intranet/appearance", fields, files={"logo": ("../../logo.jpg", picture(kind="JPEG"), "image/jpeg")})

    company = saved(db, company)
    assert (company.accent, company.phone) == ("#aa3300", "910 123 456")
    file = db.get_one(StoredFile, company.logo_id)
    assert (file.name, file.media_type) == ("logo.png", "image/png")
    shown = desk.get("intranet/logo")
    assert (shown.headers["content-type"], shown.content[:4]) == ("image/png", b"\x89PNG")

    desk.post("intranet/appearance", fields | {"removes_logo": "y"})

    assert saved(db, company).logo_id is None
    assert desk.get("intranet/logo").status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("logo.png", b"esto no es una imagen", "no es una imagen PNG o JPEG"),
        ("logo.svg", b"<svg onload='alert(1)'/>", "no es una imagen PNG o JPEG"),
        ("logo.png", b"", "no es una imagen PNG o JPEG"),
        ("logo.png", b"\x89PNG\r\n\x1a\n" + b"0" * 3_000_000, "como mucho 2 MB"),
        ("grande.png", picture((5000, 10)), "como mucho 4.000 píxeles de lado"),
    ],
)
def test_pictures_that_are_none_are_told_beside_the_field(desk, db, company, name, content, sentence):
    fields = fields_of(desk.get("intranet/appearance")) | {"phone": "910 999 999"}
    del fields["logo"]

    answer = desk.post("intranet/appearance", fields, files={"logo": (name, content, "image/png")})

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert (saved(db, company).logo_id, saved(db, company).phone) == (None, "")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_both_buttons_are_there_to_copy(desk, settings):
    page = desk.get("intranet/website")

    assert page.text.count("ÁREA DE CLIENTES&lt;/a&gt;</code>") == 2
    assert page.text.count("&lt;a href=&#34;" + settings.base_url + "/in/Tosma&#34; target=&#34;_blank&#34;") == 4
    assert "style=" not in page.text.replace("style=&#34;", "").replace("style%3D", "")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_button_is_shown_alone_under_its_own_policy(desk):
    shown = desk.get("intranet/button", shape="filled", text="<b>Mis</b> facturas", colour="#0a7c4a", size="large")

    assert ">&lt;b&gt;Mis&lt;/b&gt; facturas</a>" in shown.text
    assert "background:#0a7c4a" in shown.text
    policy = shown.headers["content-security-policy"]
    assert "sandbox allow-popups" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "asked",
    [{"colour": "red;}"}, {"colour": "url(//x)"}, {"size": "huge"}, {"text": ""}, {"text": "\x00"}, {"shape": "x"}],
)
def test_buttons_that_cannot_be(desk, asked):
    answers = [desk.get(f"intranet/{path}", **asked).status_code for path in ("button", "buttons")]

    assert answers in ([404, 422], [404, 200])


def test_a_button_is_modified(desk, db, company):
    fields = {"text": "Mis facturas", "colour": "#0A7C4A", "size": "small"}
    page = desk.follow(desk.post("intranet/website", fields))

    company = saved(db, company)
    assert (company.button_text, company.button_colour, company.button_size) == (
        "Mis facturas",
        "#0a7c4a",
        ButtonSize.SMALL,
    )
    assert page.text.count("Mis facturas&lt;/a&gt;</code>") == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_colours_are_a_stylesheet(desk):
    sheet = desk.get("intranet/colours", colour="#1f5f8b")

    assert sheet.headers["content-type"].startswith("text/css")
    assert sheet.text.startswith(".v-sample{--own:#1f5f8b;--on-own:#ffffff}.v-sample.night{--own:#")
    assert [desk.get("intranet/colours", colour=wrong).status_code for wrong in ("red", "}", "")] == [404, 404, 404]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("role", "looks"), [(Role.READER, 403), (Role.INVOICING, 403), (Role.MANAGER, 200)])
def test_who_may_look_and_who_may_change(sit, db, company, role, looks):
    desk = sit(role)

    seen = [desk.get(f"intranet/{tab}").status_code for tab in TABS]
    sent = [desk.post(f"intranet/{tab}", {"slug": "Otra", "text": "X"}).status_code for tab in TABS]

    assert (seen, sent) == ([looks] * 4, [403] * 4)
    assert saved(db, company).slug == "Tosma"
