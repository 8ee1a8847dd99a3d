"""*Valores por defecto para envíos*: a user's and the company's, seen before they are saved, refused in place."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from admin_views.mail.text_form import KINDS
from models import AuditEntry, Company, Contact, MailText, OutgoingMail, StaffUser, StoredFile
from models.enums import DocumentKind, Role, TextKind
from tests.factories import Make
from tests.rig.desk import fields_of, renew, text_of
from tests.rig.pictures import JPEG, PNG, picture
from tests.rig.sheet import errors_of_sheet

OWN, COMPANYS = "account/texts/invoice", "mail-texts/invoice"
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOSTILE = "<script>alert(1)</script>"


def kept(db):
    renew(db)
    rows = db.scalars(select(MailText).order_by(MailText.id))
    return [(row.kind, row.user_id is not None, row.subject, row.body, row.signature) for row in rows]


def typed(page, name):
    """What a textarea of the page holds."""
    return unescape(re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL)[1])


def mail_in(page):
    """The mail in the frame of a preview."""
    return unescape(re.search(r'srcdoc="(.*?)"', page.text, re.DOTALL)[1])


def test_what_a_user_writes_is_theirs_and_what_the_company_writes_is_for_the_others(desk, sit, db):
    colleague = sit(Role.INVOICING)
    mine = {"subject": "Su factura {numero}", "body": "<p>Hola, <b>{cliente}</b></p>", "signature": "Un saludo"}

    saved = desk.follow(desk.post(OWN, mine))
    desk.post(COMPANYS, {"subject": "Factura de {empresa}"})

    assert "Textos guardados." in text_of(saved)
    assert kept(db) == [
        (TextKind.INVOICE, True, "Su factura {numero}", "<p>Hola, <b>{cliente}</b></p>", "<p>Un saludo</p>"),
        (TextKind.INVOICE, False, "Factura de {empresa}", "", ""),
    ]
    assert (typed(saved, "body"), fields_of(saved)["subject"]) == (mine["body"], mine["subject"])
    words = text_of(colleague.get(OWN))
    assert "De la empresa Vacío: se usa el de la empresa, porque usted no ha escrito otro." in words
    assert "De Ventanilla Vacío: se usa el de Ventanilla, porque ni usted ni la empresa han escrito otro." in words
    assert "Suyo Se usa el suyo. Volver al de la empresa" in text_of(desk.get(OWN))
    assert "De la empresa Se usa este, salvo que quien envía tenga el suyo." in text_of(desk.get(COMPANYS))


def test_what_would_be_used_is_shown_with_its_variables_by_name(desk):
    page = desk.get(OWN)

    assert '<span class="v-var">Tipo de documento, con artículo</span>' in page.text
    assert "Adjunto Tipo de documento Serie Número de Nuestra empresa" in text_of(page)


@ONLY_SQLITE
def test_beginning_with_the_text_that_is_used_saves_nothing_yet(desk, db):
    page = desk.post(OWN, {"subject": "Mío {numero}", "body": "", "signature": "", "_preview": "take body"})

    assert page.status_code == 200
    assert typed(page, "body").startswith("<p>Hola, {cliente}:</p>")
    assert fields_of(page)["subject"] == "Mío {numero}"
    assert "data-unsaved" in page.text
    assert kept(db) == []


@ONLY_SQLITE
def test_going_back_to_what_the_company_says_is_leaving_it_empty(desk, db):
    desk.post(OWN, {"subject": "Mío"})

    page = desk.post(OWN, {"subject": "Mío", "_preview": "leave subject"})
    desk.post(OWN, fields_of(page))

    assert fields_of(page)["subject"] == ""
    assert kept(db) == []


@pytest.mark.parametrize(("field", "value", "sentence"), [
    ("subject", "{x.__class__}", "No existe la variable {x.__class__}. Puede usar {documento}, {el_documento}"),
    ("subject", "Hola\r\nBcc: x@malo.example", "Hay caracteres que no se pueden usar aquí"),
    ("subject", "x" * 300, "Como mucho 200 caracteres."),
    ("body", "<p>{{7*7}}</p>", "Las llaves solo se usan para variables. Puede usar"),
    ("body", "<p>{número}</p>", "No existe la variable {número}. ¿Quería decir {numero}?"),
    ("body", f"<p>Hola</p>{HOSTILE}", "No se admite <script> en un correo: quítelo."),
    ("body", "<style>p{color:red}</style>", "No se admite <style> en un correo: quítelo."),
    ("body", '<a href="javascript:alert(1)">x</a>', "El enlace «javascript:alert(1)» no vale: empiece por https://."),
    ("signature", '<img src="https://malo.example/x.png">', "Las imágenes se suben con el botón Imagen"),
    ("signature", f'<img src="/admin/mail-images/{"a" * 64}">', "Hay una imagen que ya no existe"),
    ("signature", "<b>x</b>" * 11_000, "Como mucho 20.000 caracteres."),
    ("signature", "{novedades}", "No existe la variable {novedades}."),
])  # fmt: skip
@ONLY_SQLITE
def test_bad_texts_are_refused_beside_their_field_and_given_back(desk, db, field, value, sentence):
    good = {"subject": "Bien", "body": "<p>Bien</p>", "signature": "<p>Bien</p>"}

    page = desk.post(OWN, good | {field: value})

    assert page.status_code == 422
    assert list(errors_of_sheet(page)) == [field]
    assert sentence in errors_of_sheet(page)[field]
    assert HOSTILE not in page.text
    assert kept(db) == []
    if field != "subject":
        assert typed(page, field) == value


@ONLY_SQLITE
def test_everything_that_is_wrong_is_told_at_once(desk):
    page = desk.post(OWN, {"subject": "{a}", "body": "{b}", "signature": HOSTILE})

    assert {name: sentence.partition(".")[0] for name, sentence in errors_of_sheet(page).items()} == {
        "subject": "No existe la variable {a}",
        "body": "No existe la variable {b}",
        "signature": "No se admite <script> en un correo: quítelo",
    }
    assert text_of(page).count("Sin guardar todavía: será el que se use.") == 3


@ONLY_SQLITE
def test_a_signature_for_all_documents(desk, db):
    page = desk.follow(desk.post(OWN, {"signature": "<p>{usuario}</p>", "signs_all": "y"}))

    assert "La firma es ahora la de todos los documentos." in text_of(page)
    assert {kind for kind, *_rest, signature in kept(db) if signature} == set(DocumentKind)
    assert 'name="signs_all"' not in desk.get("account/texts/notice").text


# Who may


@pytest.mark.parametrize(("role", "own", "companys"), [
    (Role.READER, 403, 403),
    (Role.INVOICING, 200, 403),
    (Role.MANAGER, 200, 403),
    (Role.ADMINISTRATOR, 200, 200),
])  # fmt: skip
@ONLY_SQLITE
def test_who_sends_writes_their_own_and_administrators_the_company_s(sit, db, role, own, companys):
    desk = sit(role)

    answers = [desk.get(path).status_code for path in (OWN, COMPANYS)]
    previews = [desk.get(f"{path}/preview").status_code for path in (OWN, COMPANYS)]
    posted = [desk.post(path, {"subject": "Hola"}).status_code for path in (OWN, COMPANYS)]

    assert answers == previews == [own, companys]
    assert posted == [303 if each == 200 else 403 for each in (own, companys)]
    assert ("Valores por defecto para envíos" in desk.get("account").text) is (own == 200)
    assert (desk.get("mail-images").status_code, desk.post("mail-images").status_code) == (
        (200, 422) if own == 200 else (403, 403)
    )


@ONLY_SQLITE
def test_the_tabs_are_the_kinds_of_mail(desk):
    pages = {kind: desk.get(f"account/texts/{kind.replace('_', '-')}") for kind in TextKind}
    first = desk.get("account/texts")

    assert {page.status_code for page in pages.values()} == {200}
    assert all(KINDS[kind] in text_of(page) for kind, page in pages.items())
    assert first.headers["location"] == "/admin/account/texts/invoice"
    assert desk.get("account/texts/otra").status_code == 404
    assert desk.get("mail-texts").headers["location"] == "/admin/mail-texts/invoice"


# Seen before it is saved


@pytest.fixture
def invoice(db, make):
    contact = make.contact(name="Instalaciones Merino, S.L.", email="lucia@merino.example")
    invoice = make.invoice(contact=contact, series=make.series(label="FV26", next_number=446))
    db.commit()
    return invoice


def preview(desk, path=OWN, **fields):
    return desk.post(f"{path}/preview", {"subject": "", "body": "", "signature": ""} | fields)


def test_the_preview_is_the_mail_a_real_document_would_make(desk, db, invoice):
    page = preview(desk, subject="Para {cliente}: {numero}", body="<p>Son {total}.</p>")

    words, mail = text_of(page), mail_in(page)
    assert page.status_code == 200
    assert "Para Instalaciones Merino, S.L.: 0446" in words
    assert "Para Instalaciones Merino, S.L. <lucia@merino.example>" in words
    assert '<p style="margin:0 0 16px">Son 121,00\u00a0€.</p>' in mail
    assert "Marta Ruiz Ortega" in mail
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert (kept(db), db.scalars(select(OutgoingMail)).all()) == ([], [])


@ONLY_SQLITE
def test_the_preview_as_text(desk, invoice):
    page = preview(desk, body="<p>Uno</p><ul><li>{referencia}</li></ul>", _format="text")

    assert "Uno\n\n- FV26-0446\n\nUn saludo,\n\nMarta Ruiz Ortega" in unescape(page.text)


@ONLY_SQLITE
def test_another_document_is_chosen_to_look_at_it_with(desk, db, make, invoice):
    other = make.invoice(contact=db.get(Contact, invoice.contact_id), number_text="FV26-0099", number=99)
    quote = make.document(DocumentKind.QUOTE)
    db.commit()

    def subject_with(sample):
        return re.search(r"<b>(.*?)</b>", preview(desk, subject="{referencia}", _sample=sample).text)[1]

    newest = subject_with("")
    assert subject_with(str(other.id)) == "FV26-0099"
    assert subject_with("several") == "FV26-0099 y FV26-0446"
    assert {subject_with(wrong) for wrong in (str(quote.id), "x", "-1", "9" * 30)} == {newest}
    make.invoice(contact=make.contact(name="Otro"), number_text="FV26-0500", number=500)
    db.commit()
    assert (subject_with(""), subject_with("several")) == ("FV26-0500", "FV26-0099 y FV26-0446")


@ONLY_SQLITE
def test_a_text_that_cannot_be_said_has_no_preview(desk, invoice):
    page = preview(desk, subject="{otra}", body=HOSTILE)

    assert page.status_code == 422
    assert "Cuerpo : No se admite <script> en un correo: quítelo." in text_of(page)
    assert HOSTILE not in page.text
    assert "No existe la variable {otra}" in text_of(preview(desk, subject="{otra}"))


@pytest.mark.parametrize("kind", TextKind)
@ONLY_SQLITE
def test_without_any_document_one_is_made_up(desk, db, kind):
    page = desk.get(f"account/texts/{kind.replace('_', '-')}/preview")

    assert page.status_code == 200
    assert "de ejemplo, S.L." in text_of(page)
    assert not re.search(r"\{[a-z_]+\}", text_of(page) + re.sub(r"<style>.*?</style>", "", mail_in(page), flags=re.S))


@ONLY_SQLITE
def test_notices_and_accesses_are_seen_with_what_they_always_say(desk, invoice):
    notice = mail_in(
        preview(desk, "account/texts/notice", body="<p>Novedad: {novedades}</p>", signature="<p>Marta</p>")
    )
    access = mail_in(preview(desk, "mail-texts/access", body="<p>Bienvenido</p>"))
    built_in = mail_in(desk.get("account/texts/notice/preview"))

    assert "Novedad: una factura nueva" in notice
    assert "FV26-0446" in notice
    assert "Tiene una factura nueva" in built_in
    assert "Bienvenido" in access
    assert "/activar/••••" in access


@ONLY_SQLITE
def test_each_text_is_seen_from_the_account_it_leaves_from(desk, db, make, invoice):
    owner_id = db.scalar(select(StaffUser.id))
    make.mail_account()
    make.mail_account(user_id=owner_id, sender_email="marta@tosma.example", sender_name="Marta")
    db.commit()

    senders = {
        path: re.search(r"De (.*?) Para", text_of(desk.get(f"{path}/preview")))[1]
        for path in ("account/texts/invoice", "account/texts/notice", "account/texts/access", "mail-texts/notice")
    }

    companys = "Suministros Tosma <facturas@tosma.example>"
    assert senders == dict.fromkeys(senders, companys) | {"account/texts/invoice": "Marta <marta@tosma.example>"}


@ONLY_SQLITE
def test_values_in_a_preview_stay_text(desk, db, make):
    hostile = f"{HOSTILE} {{empresa}} {{{{7*7}}}} 😀"
    make.invoice(contact=make.contact(name=hostile))
    db.commit()

    page = preview(desk, subject="{cliente}", body="<p>{cliente}</p>")

    assert HOSTILE not in page.text
    assert "<script>" not in mail_in(page)
    assert f"<b>{hostile}</b>" in unescape(page.text)


def test_another_company_s_documents_are_not_seen(desk, system_db, invoice):
    theirs = Company(name="Otra", tax_id="B1", slug="otra", slug_key="otra", short_code="otra")
    system_db.add(theirs)
    system_db.flush()
    other = Make(system_db, theirs)
    foreign = other.invoice(contact=other.contact(name="Ajeno"))
    system_db.commit()

    page = preview(desk, subject="{cliente}", _sample=str(foreign.id))

    assert "Ajeno" not in page.text
    assert "Instalaciones Merino" in page.text


# Pictures


def send(desk, content, *, script=False):
    headers = {"accept": "application/json"} if script else {}
    return desk.post("mail-images", {}, files={"picture": ("foto.png", content, "image/png")}, headers=headers)


def test_a_picture_is_kept_clean_and_shown_to_the_company_only(desk, db, system_db):
    answer = send(desk, PNG, script=True).json()

    shown = desk.get(answer["src"].removeprefix("/admin/"))
    file = db.scalars(select(StoredFile)).one()
    assert answer == {"src": f"/admin/mail-images/{file.sha256}", "width": 40, "height": 20}
    assert (shown.headers["content-type"], shown.content[:4]) == ("image/png", b"\x89PNG")
    assert shown.headers["cache-control"].startswith("private")
    desk.post(OWN, {"body": f'<p><img src="{answer["src"]}" alt="Logo" width="40" height="20"></p>'})
    assert len(kept(db)) == 1

    theirs = Company(name="Otra", tax_id="B1", slug="otra", slug_key="otra", short_code="otra")
    db.rollback()
    system_db.add(theirs)
    system_db.flush()
    system_db.get(StoredFile, file.id).company_id = theirs.id
    system_db.commit()
    assert desk.get(answer["src"].removeprefix("/admin/")).status_code == 404


@ONLY_SQLITE
def test_without_scripts_a_picture_is_sent_on_a_page_that_gives_its_html(desk):
    page = send(desk, JPEG)

    code = re.search(r'<pre class="v-code[^"]*">(.*?)</pre>', page.text)[1]
    assert re.fullmatch(r'<img src="/admin/mail-images/[0-9a-f]{64}" width="40" height="20" alt="">', unescape(code))
    assert desk.post(OWN, {"body": unescape(code)}).status_code == 303


@pytest.mark.parametrize(("content", "sentence"), [
    (b"", "No es una imagen PNG o JPEG válida."),
    (b"GIF89a" + b"\0" * 100, "No es una imagen PNG o JPEG válida."),
    (b"<svg onload=alert(1)></svg>", "No es una imagen PNG o JPEG válida."),
    (PNG[:60], "No es una imagen PNG o JPEG válida."),
    (PNG + b"\0" * (30 * 1024 * 1024), "La imagen ocupa demasiado: como mucho 5 MB."),
    (picture(size=(4100, 10)), "La imagen es demasiado grande: como mucho 4.000 píxeles de lado y 8 megapíxeles."),
])  # fmt: skip
@ONLY_SQLITE
def test_what_is_no_picture_is_refused(desk, db, content, sentence):
    page, told = send(desk, content), send(desk, content, script=True)

    assert (page.status_code, told.status_code) == (422, 422)
    assert sentence in text_of(page)
    assert told.json() == {"detail": sentence}
    assert db.scalars(select(StoredFile)).all() == []


@ONLY_SQLITE
def test_a_picture_that_is_missing_is_asked_for(desk):
    assert "Elija una imagen." in text_of(desk.post("mail-images"))


@ONLY_SQLITE
def test_the_audit_says_which_text_was_changed(desk, db):
    desk.post(OWN, {"subject": "Uno"})
    desk.post(OWN, {"subject": "Dos"})

    words = text_of(desk.get("audit-entry/list"))
    assert "Texto de correo · Factura" in words
    assert [entry.action for entry in db.scalars(select(AuditEntry).where(AuditEntry.entity == "mail_texts"))] == [
        "create",
        "change",
    ]
