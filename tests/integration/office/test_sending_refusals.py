"""The dialogue that sends documents by mail: what it does not take, and from whom."""

import pytest
from sqlalchemy import func, select

from models import Company, Dispatch, DispatchFile, StoredFile
from models.enums import Role
from tests.factories import Make
from tests.integration.office.sendings import SEND, again, looked, opened, queued
from tests.rig.desk import renew, text_of
from tests.rig.forms import form_of

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def invoice(make, merino):
    make.template()
    return make.invoice(contact=merino)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"to": ["", ""]}, "Escriba al menos una dirección."),
        ({"to": "a@b,c@d"}, "«a@b,c@d»: Escriba una sola dirección de correo"),
        ({"to": "a@b.example,c@d.example"}, "Escriba una sola dirección de correo"),
        ({"to": "a@b.example\r\nBcc: x@y.example"}, "saltos de línea"),
        ({"to": "a@b.example>\r\nRCPT TO:<x@y.example"}, "saltos de línea"),
        ({"to": f"{'a' * 300}@b.example"}, "Como mucho 254 caracteres."),
        ({"to": '"Ana López"@b.example'}, "Escriba una sola dirección de correo"),
        ({"to": "Ana <a@b.example>"}, "Escriba una sola dirección de correo"),
        ({"to": "a@\x00b.example"}, "caracteres que no se pueden usar"),
        ({"to": [f"p{n}@b.example" for n in range(31)]}, "Como mucho 30 destinatarios"),
        ({"cc": "a@b\r\nX: y"}, "saltos de línea"),
        ({"bcc": "a@b.example;c@d.example"}, "Escriba una sola dirección de correo"),
        ({"reply_to": "a@b.example\nX: y"}, "saltos de línea"),
        ({"reply_to": "a@b,c@d"}, "Escriba una sola dirección de correo"),
        ({"subject": ""}, "Rellene este dato."),
        ({"subject": "Hola\r\nBcc: x@y.example"}, "saltos de línea"),
        ({"subject": "a" * 300}, "Como mucho 200 caracteres."),
        ({"subject": "{x.__class__}"}, "No existe la variable {x.__class__}."),
        ({"subject": "{{7*7}}"}, "Las llaves solo se usan para variables."),
        ({"body": ""}, "Rellene este dato."),
        ({"body": "<p>{contraseña}</p>"}, "No existe la variable {contraseña}."),
        ({"body": "<script>alert(1)</script>"}, "No se admite <script> en un correo"),
        ({"body": '<p onclick="x">Hola</p>'}, "No se admite código"),
        ({"body": '<img src="https://evil.example/x.png">'}, "Las imágenes se suben"),
        ({"body": f'<p><img src="/admin/mail-images/{"0" * 64}"></p>'}, "Hay una imagen que ya no existe"),
        ({"enclosing": "zip"}, "Elija una de la lista."),
        ({"template": "999"}, "Elija una de la lista."),
        ({"sender": "999"}, "Elija una de la lista."),
        ({"grouping": "all"}, "Elija una de la lista."),
        ({"when": "never"}, "Elija una de la lista."),
        ({"when": "later"}, "Rellene este dato."),
        ({"when": "later", "day": "31/02/2027", "hour": "09:00"}, "Esa fecha no existe."),
        ({"when": "later", "day": "01/01/2020", "hour": "09:00"}, "Ese momento ya ha pasado."),
        ({"when": "later", "day": "01/01/2099", "hour": "09:00"}, "Como mucho dentro de un año."),
        ({"when": "later", "day": "01/01/2027", "hour": "25:00"}, "Escriba una hora como 09:30."),
        ({"fingerprint": ""}, "El formulario está incompleto."),
        ({"fingerprint": "1.abc"}, "Revise las cifras nuevas"),
        ({"key": ""}, "El formulario está incompleto."),
        ({"key": "a" * 500}, "Como mucho 40 caracteres."),
    ],
)
@ONLY_SQLITE
def test_what_cannot_be_is_refused_and_nothing_is_done(desk, db, make, invoice, typed, sentence):
    make.mail_account()
    db.commit()
    fields = form_of(opened(desk, invoice))

    answer = desk.post(
        SEND, form_of(opened(desk, invoice)) | {k: v if isinstance(v, list) else [v] for k, v in typed.items()}
    )
    parts = looked(desk, fields | typed)

    assert 400 <= answer.status_code < 500
    assert sentence in text_of(answer)
    assert (parts.status_code, queued(db, "id")) == (200, [])


@ONLY_SQLITE
def test_nothing_that_was_typed_is_lost_with_a_refusal(desk, db, invoice):
    db.commit()
    typed = {"to": ["uno@a.example", "mal", "dos@a.example"], "cc": ["tres@a.example"], "subject": ["Asunto mío"]}
    files = [("files", ("nota.txt", b"hola", "text/plain"))]

    page = desk.post(SEND, form_of(opened(desk, invoice)) | typed, files=files)

    kept = form_of(page)
    assert (kept["to"], kept["cc"], kept["subject"]) == ([*typed["to"], ""], ["tres@a.example", ""], ["Asunto mío"])
    assert "nota.txt 1 kB" in text_of(page)
    mended = kept | {"to": ["uno@a.example"]}
    assert desk.post(SEND, again(mended, looked(desk, mended))).status_code == 303
    assert db.scalars(select(StoredFile.name)).all() == ["nota.txt"]


def test_files_come_once_and_travel_with_the_form(desk, db, installation, invoice):
    db.commit()
    fields = form_of(opened(desk, invoice))
    files = [("files", ("../../Año %2226%22.txt", "ñ".encode(), "text/html")), ("files", ("plano.pdf", b"%PDF", "x/y"))]

    parts = looked(desk, fields, files=files)
    dropped = looked(desk, again(fields, parts) | {"_preview": [f"drop {form_of(parts)['kept'][1]}"]})
    desk.post(SEND, again(fields, dropped))

    assert "Año 26.txt 1 kB" in text_of(parts)
    assert "plano.pdf 1 kB" in text_of(parts)
    assert "plano.pdf" not in text_of(dropped)
    renew(db)
    (file,) = db.scalars(select(StoredFile).join(DispatchFile, DispatchFile.file_id == StoredFile.id))
    assert (file.name, file.media_type, installation.storage.get(file.key)) == (
        "Año 26.txt",
        "text/plain",
        "ñ".encode(),
    )


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([("grande.bin", 30 * 2**20)], "«grande.bin» pasa de 20 MB."),
        ([("uno.bin", 11 * 2**20), ("dos.bin", 11 * 2**20)], "Los archivos pasan de 20 MB entre todos"),
        ([("vacío.txt", 0)], "«vacío.txt» está vacío."),
        ([(f"{n}.txt", 1) for n in range(21)], "Como mucho 20 archivos."),
    ],
)
def test_files_that_cannot_go_are_refused_beside_their_field(desk, db, installation, invoice, files, sentence):
    db.commit()
    fields = form_of(opened(desk, invoice))
    sent = [("files", (name, b"0" * size, "application/octet-stream")) for name, size in files]

    parts, answer = looked(desk, fields, files=sent), desk.post(SEND, fields, files=sent)

    assert sentence in text_of(parts)
    assert (answer.status_code, sentence in text_of(answer)) == (422, True)
    assert "#files" in answer.text
    assert queued(db, "id") == []
    assert [path for path in installation.storage.folder.rglob("*") if path.is_file()] == []


@ONLY_SQLITE
def test_nobody_adds_a_file_that_they_did_not_bring(desk, sit, db, invoice):
    db.commit()
    fields = form_of(opened(desk, invoice))
    (sealed,) = form_of(looked(desk, fields, files=[("files", ("a.txt", b"1", "text/plain"))]))["kept"]
    text, _dot, tag = sealed.rpartition(".")

    for forged in (f"{text}x.{tag}", f"{text}.{tag[:-1]}", text, "x" * 9000, "", "."):
        assert "a.txt" not in text_of(looked(desk, fields | {"kept": [forged]}))
    assert "a.txt" not in text_of(looked(sit(), fields | {"kept": [sealed]}))
    assert "a.txt" in text_of(looked(desk, fields | {"kept": [sealed, sealed]}))


@ONLY_SQLITE
def test_a_company_nobody_reviewed_sends_nothing(desk, db, company, invoice):
    db.get_one(Company, company.id).confirmed_at = None
    db.commit()

    page = opened(desk, invoice)
    answer = desk.post(SEND, form_of(page))

    assert "Esta empresa está pendiente de revisar." in text_of(page)
    assert (answer.status_code, queued(db, "id")) == (409, [])


@ONLY_SQLITE
def test_documents_of_another_company_are_not_there(desk, db, make, company, system_db, invoice):
    db.commit()
    everywhere = Make(system_db, company)
    stranger = everywhere.company().id
    series = everywhere.series(company_id=stranger)
    theirs = everywhere.invoice(contact=everywhere.contact(company_id=stranger), series=series)
    version = everywhere.template(company_id=stranger)
    account = everywhere.mail_account(company_id=stranger)
    system_db.commit()

    page, only_theirs = opened(desk, theirs, invoice), opened(desk, theirs)
    forged = [desk.post(SEND, form_of(page, template=version.id)), desk.post(SEND, form_of(page, sender=account.id))]
    desk.post(SEND, form_of(page))

    assert f"Enviar la factura {invoice} por correo" in text_of(page)
    assert "data-confirm disabled" in only_theirs.text
    assert theirs.buyer_name not in only_theirs.text
    assert [answer.status_code for answer in forged] == [422, 422]
    assert system_db.scalar(select(func.count(Dispatch.id))) == 1


@ONLY_SQLITE
@pytest.mark.parametrize("path", [SEND, f"{SEND}/preview", f"{SEND}/letter", "invoice/action/send"])
def test_readers_do_not_send(sit, db, invoice, path):
    desk = sit(Role.READER)

    seen, sent = desk.get(path, pks=invoice.id), desk.post(path, {"pks": invoice.id})

    assert seen.status_code in (403, 405)
    assert sent.status_code in (403, 405)
    assert "/invoice/send?" not in desk.get(f"invoice/details/{invoice.id}").text
    assert "Enviar por correo" not in text_of(desk.get("invoice/list"))


@ONLY_SQLITE
def test_whoever_bills_sends(sit, db, invoice):
    desk = sit(Role.INVOICING)

    desk.post(SEND, form_of(opened(desk, invoice)))

    assert len(queued(db, "id")) == 1


@ONLY_SQLITE
@pytest.mark.parametrize("pks", ["x", "-1", "9" * 30, "0", "\x00", ""])
def test_ids_that_are_none_select_nothing(desk, db, invoice, pks):
    db.commit()

    page = desk.get(SEND, pks=pks)

    assert page.status_code in (200, 400)
    assert "data-confirm>" not in page.text


@ONLY_SQLITE
@pytest.mark.parametrize("field", ["to", "subject", "body", "kept", "sender", "key", "fingerprint", "when"])
def test_a_file_in_the_place_of_a_text_is_none(desk, db, invoice, field):
    db.commit()
    fields = {name: values for name, values in form_of(opened(desk, invoice)).items() if name != field}

    answer = desk.post(SEND, fields, files=[(field, ("nombre.txt", b"1", "text/plain"))])

    assert answer.status_code < 500
    assert "UploadFile" not in answer.text
