"""The page of an invoice: what it says, its PDF and files, and what can be done from it."""

import hashlib
import io
import re
from decimal import Decimal

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from app.scope import SYSTEM
from models import Attachment, Invoice, PortalSession
from models.enums import Origin, PaymentMethod, Role
from tests.factories import Make
from tests.rig.desk import text_of
from tests.rig.sheet import fields_of_sheet

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def words_of(answer):
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("inline;")
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(answer.content)).pages)


def test_a_page_says_what_the_invoice_says(desk, db, make):
    contact = make.contact(name="Instalaciones Merino, S.L.", payment_days="30,60")
    invoice = make.invoice(
        contact=contact,
        subject="Obra en Getafe",
        notes="Gracias por su confianza",
        internal_notes="Llamar antes",
        withholding_rate=Decimal(15),
        payment_method=PaymentMethod.DIRECT_DEBIT,
    )
    db.commit()

    said = text_of(desk.get(f"invoice/details/{invoice.id}"))

    for words in (
        "FV26-0001 · Instalaciones Merino, S.L. Pendiente Sin publicar",
        "Publicar en Intranet",
        "NIF B87654323",
        "Recibo domiciliado",
        "Obra en Getafe",
        "Cuadro eléctrico de 24 módulos 1 100,00 21\u00a0% 100,00".replace("\u00a0", " "),
        "Base imponible 100,00 Cuota IVA 21 % 21,00 Total factura 121,00 Retención IRPF 15 % −15,00",
        "Total a pagar 106,00 €",
        "Gracias por su confianza",
        "Llamar antes",
    ):
        assert words in said.replace("\u00a0", " ")


@ONLY_SQLITE
def test_a_page_tells_what_is_published(desk, db, make):
    invoice = make.published_invoice()
    db.commit()

    said = text_of(desk.get(f"invoice/details/{invoice.id}"))

    assert "Publicada el" in said
    assert f'href="/admin/invoice/publish?pks={invoice.id}"' in desk.get(f"invoice/details/{invoice.id}").text


@ONLY_SQLITE
def test_readers_see_drafts_and_nothing_to_press(sit, db, make):
    draft, invoice = make.draft(), make.invoice()
    desk = sit(Role.READER)

    pages = [desk.get(f"invoice/details/{row.id}") for row in (draft, invoice)]

    assert [page.status_code for page in pages] == [200, 200]
    for words in ("Rectificar", "Duplicar", "Publicar en Intranet", "Editar borrador", "Eliminar borrador"):
        assert all(words not in text_of(page) for page in pages)
    for path in (f"correct/{invoice.id}", f"duplicate/{invoice.id}"):
        assert desk.post(f"invoice/{path}").status_code == 403


def test_an_imported_invoice_brings_its_files(desk, db, make, installation):
    invoice = make.invoice(number=90, origin=Origin.IMPORTED, source_note="Cliente nuevo: Merino.")
    content = '<?xml version="1.0"?><Facturae>ñ</Facturae>'.encode()
    file = installation.storage.keep(invoice.company_id, content, name="factura ñ.xml", media_type="application/xml")
    db.add(file)
    db.flush()
    attachment = Attachment(company_id=invoice.company_id, document_id=invoice.id, file_id=file.id, is_original=True)
    db.add(attachment)
    other = make.invoice()
    db.commit()

    said = text_of(desk.get(f"invoice/details/{invoice.id}"))
    sent = desk.get(f"invoice/file/{invoice.id}/{attachment.id}")

    assert "Importada de otro programa" in said
    assert "Cliente nuevo: Merino." in said
    assert f"SHA-256 {hashlib.sha256(content).hexdigest()} Descargar XML original" in said
    assert sent.content == content
    assert sent.headers["content-disposition"] == "attachment; filename*=UTF-8''factura%20%C3%B1.xml"
    for path in (f"{other.id}/{attachment.id}", f"{invoice.id}/999", f"{invoice.id}/x", f"999/{attachment.id}"):
        assert desk.get(f"invoice/file/{path}").status_code == 404


def test_the_pdf_is_the_published_one_or_what_it_would_be(desk, db, make):
    draft, issued, published = make.draft(), make.invoice(), make.published_invoice()
    db.commit()

    said = [words_of(desk.get(f"invoice/pdf/{row.id}")) for row in (draft, issued, published)]

    assert ["BORRADOR" in words for words in said] == [True, False, False]
    for row, words in zip((issued, published), said[1:], strict=True):
        assert f"Factura {row.number_text}" in words


@ONLY_SQLITE
def test_what_is_typed_can_be_seen_on_paper_without_saving_it(desk, db, make):
    tax = make.tax("0", name="Exento", exemption="Operación exenta, art. 20 LIVA")
    make.series(label="FV26")
    make.contact(name="Instalaciones Merino, S.L.")
    db.commit()
    line = {"lines-0-concept": "Cable al aire", "lines-0-unit_price": "10", "lines-0-tax": str(tax.id)}
    fields = fields_of_sheet(desk.get("invoice/create")) | {"contact": "Merino"} | line

    words = words_of(desk.post("invoice/preview", fields))
    refused = desk.post("invoice/preview", fields | {"contact": "nadie"})

    for part in ("BORRADOR", "Instalaciones Merino, S.L.", "C/ Tejedores, 8", "Cable al aire", "exenta, art. 20"):
        assert part in words
    assert (refused.status_code, "No hay ningún cliente así." in text_of(refused)) == (422, True)
    db.rollback()
    assert db.scalar(select(func.count(Invoice.id))) == 0


def test_correcting_asks_why_and_leads_to_the_draft(desk, db, make):
    make.tax()
    make.series(label="RT26", is_corrective=True)
    invoice = make.invoice()
    db.commit()

    asked = desk.get(f"invoice/correct/{invoice.id}")
    refused = [desk.post(f"invoice/correct/{invoice.id}", {"reason": reason}) for reason in ("", " ", "😀", "\x00")]
    answer = desk.post(f"invoice/correct/{invoice.id}", {"reason": "Precio equivocado"})
    again = desk.post(f"invoice/correct/{invoice.id}", {"reason": "Otra vez"})

    assert "Crear rectificativa de FV26-0001" in text_of(asked)
    assert [page.status_code for page in refused] == [422] * 4
    assert answer.headers["location"] == again.headers["location"]
    page = desk.follow(answer)
    fields = fields_of_sheet(page)
    assert "Rectifica la FV26-0001" in text_of(page)
    assert (fields["lines-0-quantity"], fields["correction_reason"]) == ("-1", "Precio equivocado")
    issue = fields | {"do": "issue"}
    issued = desk.post(
        answer.headers["location"].removeprefix("/admin/"),
        fields_of_sheet(desk.post(answer.headers["location"].removeprefix("/admin/"), issue)) | {"do": "issue"},
    )
    assert "Rectifica a FV26-0001 Motivo Precio equivocado" in text_of(desk.follow(issued))
    assert "Rectificada por RT26-0001" in text_of(desk.get(f"invoice/details/{invoice.id}"))


@ONLY_SQLITE
def test_a_correction_keeps_a_tax_that_is_offered_no_more(desk, db, make):
    make.tax()
    make.series(label="RT26", is_corrective=True)
    invoice = make.invoice(lines=[make.line(tax_rate=Decimal(7))])
    db.commit()
    draft = desk.follow(desk.post(f"invoice/correct/{invoice.id}", {"reason": "Devolución"}))
    path = str(draft.url.path).removeprefix("/admin/")

    saved = desk.post(path, fields_of_sheet(draft) | {"do": "save"})

    assert fields_of_sheet(draft)["lines-0-tax"] == "igual"
    assert saved.status_code == 303
    db.rollback()
    correction = db.scalars(select(Invoice).where(Invoice.corrects_id == invoice.id)).one()
    assert [(tax.rate, str(tax.amount)) for tax in correction.taxes] == [(Decimal(7), "-7.00")]


@ONLY_SQLITE
@pytest.mark.parametrize("has_surcharge", [True, False], ids=["of all lines", "of one line"])
def test_a_correction_keeps_the_surcharge_of_each_line(desk, db, make, has_surcharge):
    tax = make.tax()
    make.series(label="RT26", is_corrective=True)
    lines = [make.line(surcharge_rate=Decimal("5.2")), make.line()]
    invoice = make.invoice(lines=lines, has_surcharge=has_surcharge)
    db.commit()
    draft = desk.follow(desk.post(f"invoice/correct/{invoice.id}", {"reason": "Devolución"}))
    fields = fields_of_sheet(draft)

    desk.post(str(draft.url.path).removeprefix("/admin/"), fields | {"do": "save"})

    taxes = [str(tax.id), "igual"] if has_surcharge else ["igual", str(tax.id)]
    assert [fields[f"lines-{n}-tax"] for n in (0, 1)] == taxes
    db.rollback()
    correction = db.scalars(select(Invoice).where(Invoice.corrects_id == invoice.id)).one()
    assert (correction.surcharge_total, correction.total) == (Decimal("-5.20"), -invoice.total)


@ONLY_SQLITE
def test_a_repeated_invoice_opens_as_a_draft(desk, db, make):
    invoice = make.invoice(subject="Mantenimiento")
    make.tax()
    db.commit()

    page = desk.follow(desk.post(f"invoice/duplicate/{invoice.id}"))

    fields = fields_of_sheet(page)
    assert "Borrador nuevo con las líneas de FV26-0001." in text_of(page)
    assert (fields["subject"], fields["lines-0-unit_price"]) == ("Mantenimiento", "100,00")


def test_the_button_that_repeats_pressed_twice_makes_one(desk, db, make):
    invoice = make.invoice()
    make.tax()
    db.commit()
    keys = [
        re.search(r'name="key" value="([^"]+)"', desk.get(f"invoice/details/{invoice.id}").text)[1] for _ in range(2)
    ]

    first, second, other = (
        desk.post(f"invoice/duplicate/{invoice.id}", {"key": key}).headers["location"] for key in (keys[0], *keys)
    )

    assert first == second != other
    db.rollback()
    assert db.scalar(select(func.count(Invoice.id))) == 3


def test_looking_as_the_customer_leads_to_the_intranet(desk, db, make):
    invoice = make.invoice()
    db.commit()

    answer = desk.post(f"invoice/as-customer/{invoice.id}")

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/in/Tosma/ver/")
    with desk.installation.database.read(SYSTEM) as system:
        assert [session.contact_id for session in system.scalars(select(PortalSession))] == [invoice.contact_id]


@ONLY_SQLITE
def test_files_and_pages_of_another_company_do_not_exist(desk, make_session, company):
    with make_session(scope=SYSTEM) as db:
        make = Make(db, company)
        company_id = make.company().id
        invoice = make.invoice(contact=make.contact(company_id=company_id))
        db.commit()

    answers = {path: desk.get(f"invoice/{path}/{invoice.id}").status_code for path in ("details", "pdf", "correct")}
    posted = {path: desk.post(f"invoice/{path}/{invoice.id}").status_code for path in ("duplicate", "as-customer")}

    assert answers == dict.fromkeys(answers, 404)
    assert posted == dict.fromkeys(posted, 404)
