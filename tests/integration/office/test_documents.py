"""Every kind of document in the office: its list, form, number, paper, publication, states and what comes after it."""

import datetime as dt
import re

import pytest
from sqlalchemy import func, select

from admin_views.documents.states import STATES, moves_of, screen_of
from app import clock
from app.domain.kinds import KINDS
from models import Document, Publication
from models.enums import DocumentKind, DocumentStatus, Role
from tests.rig.desk import fields_of, text_of
from tests.rig.sheet import fields_of_sheet

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
EVERY_KIND = pytest.mark.parametrize("kind", DocumentKind)
ROW = 'name="pks" value='
QUOTE, ORDER = DocumentKind.QUOTE, DocumentKind.SALES_ORDER


@pytest.fixture
def party(make):
    """Merino, from whom and to whom everything is."""
    return make.contact(name="Instalaciones Merino, S.L.", is_supplier=True, email="lucia@merino.example")


@pytest.fixture
def series(db, make, party):
    """One of each kind, and a tax."""
    make.tax()
    found = {kind: make.series(kind=kind, label=f"{KINDS[kind].series_code}26") for kind in DocumentKind}
    db.commit()
    return found


def read(db, document_id=None):
    """A document as others have left it; the newest unless another is named."""
    db.rollback()
    db.expire_all()
    return db.get_one(Document, document_id or db.scalar(select(func.max(Document.id))))


@EVERY_KIND
def test_it_is_written_issued_and_read(desk, db, series, kind):
    screen, words = screen_of(kind), KINDS[kind].words
    line = {"contact": "Merino", "lines-0-concept": "Cuadro eléctrico", "lines-0-unit_price": "100"}
    day = {"due_on": "31/12/2099"} if KINDS[kind].day_label else {}
    fields = fields_of_sheet(desk.get(f"{screen}/create")) | line | day | {"do": "issue"}

    asked = desk.post(f"{screen}/create", fields)
    page = desk.follow(desk.post(f"{screen}/create", fields_of_sheet(asked) | {"do": "issue"}))

    document, number = read(db), f"{KINDS[kind].series_code}26-0001"
    assert (document.kind, document.number_text, str(document.total)) == (kind, number, "121.00")
    assert f"Emitir {words.the} {number}" in text_of(asked)
    assert words.agree(f"{words.title} {number} emitida", f"{words.title} {number} emitido") in text_of(page)
    assert f"emitió {words.the} {number}" in text_of(page)
    assert ("31/12/2099" in text_of(page)) == bool(day)
    assert [due.amount for due in document.dues] == ([document.payable] if KINDS[kind].falls_due else [])


@EVERY_KIND
def test_its_list_has_its_words_and_its_states(desk, db, make, party, kind):
    screen, statuses = screen_of(kind), [state for state in STATES[kind] if state.value in set(DocumentStatus)]
    drafts = [make.draft(kind=kind, contact=party)]
    issued = [make.document(kind, contact=party, status=state.value) for state in statuses[1:]]
    db.commit()

    page = text_of(desk.get(f"{screen}/list"))
    found = {one.word: desk.get(f"{screen}/list", estado=one.word).text.count(ROW) for one in statuses}

    assert len(drafts + issued) == len(statuses)
    assert all(state.sign.word in page for state in statuses)
    assert set(found.values()) == {1}
    assert (" Proveedor " in page) == KINDS[kind].is_purchase


@ONLY_SQLITE
@pytest.mark.parametrize(("kind", "word"), [(QUOTE, "Caducado"), (DocumentKind.PROFORMA, "Caducada")])
def test_what_nobody_answered_in_time_has_expired(desk, db, make, kind, word):
    today = clock.today()
    for day in (today - dt.timedelta(days=1), today):
        make.document(kind, due_on=day, subject=f"{day:%d/%m/%Y}")
    db.commit()

    page = desk.get(f"{screen_of(kind)}/list", estado=word.lower())

    assert page.text.count(ROW) == 1
    assert f"{today - dt.timedelta(days=1):%d/%m/%Y}" in text_of(page)


@EVERY_KIND
def test_it_is_printed_and_published(desk, db, make, party, kind):
    screen, words = screen_of(kind), KINDS[kind].words
    make.template()
    document = make.document(kind, contact=party)
    db.commit()

    pdf = desk.get(f"{screen}/pdf/{document.id}")
    dialogue = desk.get(f"{screen}/publish", pks=document.id)
    answer = desk.post(f"{screen}/publish", fields_of(dialogue))

    assert pdf.content.startswith(b"%PDF-")
    assert f"Publicar 1 {words.noun} en la intranet" in text_of(dialogue)
    assert answer.status_code == 303
    db.rollback()
    assert db.scalars(select(Publication.document_id)).all() == [document.id]
    assert words.agree("Publicada el", "Publicado el") in text_of(desk.get(f"{screen}/details/{document.id}"))


@ONLY_SQLITE
@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if KINDS[kind].moves])
def test_it_is_moved_by_its_buttons(desk, db, make, kind):
    screen, document = screen_of(kind), make.document(kind)
    to, label = moves_of(document)[0]
    db.commit()
    page = desk.get(f"{screen}/details/{document.id}")
    fields = {"seen": document.status, "to": to}

    moved = desk.follow(desk.post(f"{screen}/move/{document.id}", fields))
    again = desk.post(f"{screen}/move/{document.id}", fields)
    late = desk.post(f"{screen}/move/{document.id}", {"seen": DocumentStatus.ISSUED, "to": DocumentStatus.INVOICED})

    assert label in text_of(page)
    assert (read(db, document.id).status, again.status_code) == (to, 303)
    assert "cambió el estado a «" in text_of(moved)
    assert late.status_code in (409, 422)


@ONLY_SQLITE
def test_a_quote_becomes_an_order_and_both_say_so(desk, db, make, party, series):
    quote = make.document(QUOTE, contact=party, series=series[QUOTE])
    db.commit()
    page = desk.get(f"quote/details/{quote.id}")
    key = re.search(r'name="key" value="([^"]+)"><input type="hidden" name="to" value="sales_order"', page.text)

    answers = [desk.post(f"quote/convert/{quote.id}", {"to": ORDER, "key": key[1]}) for _twice in range(2)]

    order = read(db)
    assert {answer.headers["location"] for answer in answers} == {f"/admin/sales-order/edit/{order.id}"}
    assert "Convertir en pedido" in text_of(page)
    assert "Dio lugar a Borrador" in text_of(desk.get(f"quote/details/{quote.id}"))
    assert "Viene de P26-0001" in text_of(desk.get(f"sales-order/details/{order.id}"))


@ONLY_SQLITE
def test_an_id_of_another_kind_is_not_there(desk, db, make):
    quote = make.document(QUOTE)
    db.commit()

    for path in (f"invoice/details/{quote.id}", f"invoice/pdf/{quote.id}", f"sales-order/edit/{quote.id}"):
        assert desk.get(path).status_code == 404
    for path in (f"invoice/move/{quote.id}", f"invoice/convert/{quote.id}", f"sales-order/duplicate/{quote.id}"):
        assert desk.post(path, {"to": "invoice", "seen": "issued"}).status_code == 404


@ONLY_SQLITE
def test_who_only_reads_moves_and_makes_nothing(sit, db, make):
    quote = make.document(QUOTE)
    reader = sit(Role.READER)

    page = text_of(reader.get(f"quote/details/{quote.id}"))

    assert "Marcar como aceptado" not in page
    assert "Convertir en" not in page
    for path in ("move", "convert", "duplicate"):
        answer = reader.post(f"quote/{path}/{quote.id}", {"to": "accepted", "seen": "issued"})
        assert answer.status_code == 403
    assert read(db, quote.id).status is DocumentStatus.ISSUED


@ONLY_SQLITE
def test_a_supplier_is_looked_up_for_a_purchase_and_a_customer_for_a_sale(desk, db, make):
    make.contact(name="Bricolajes Alfa", is_customer=False, is_supplier=True)
    make.contact(name="Bar Alfa")
    db.commit()

    found = {
        screen: [one["name"] for one in desk.get(f"{screen}/parties", term="alfa").json()["results"]]
        for screen in ("purchase-order", "quote")
    }

    assert found == {"purchase-order": ["Bricolajes Alfa"], "quote": ["Bar Alfa"]}


@ONLY_SQLITE
@pytest.mark.parametrize("key", ["a\0b", "\ud800".encode("utf-8", "surrogatepass"), "x" * 41, "ñ", ""])
def test_a_key_that_is_none_of_ours_is_none(desk, db, make, key):
    quote = make.document(QUOTE)
    db.commit()

    answer = desk.post(f"quote/duplicate/{quote.id}", {"key": key})

    assert (answer.status_code, read(db).draft_key) == (303, None)


@ONLY_SQLITE
def test_a_number_of_five_thousand_digits_is_no_row(desk, db, series):
    fields = fields_of_sheet(desk.get("quote/create")) | {"_up": "lines-" + "9" * 5000}

    assert desk.post("quote/create", fields).status_code == 200
    assert desk.post("quote/estimate", fields).status_code == 200


@ONLY_SQLITE
@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "undefined", "punycode"])
def test_nobody_chooses_how_a_form_is_read(desk, db, make, charset):
    quote = make.document(QUOTE)
    db.commit()
    body = b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\n+2AA-\r\n--x--\r\n'

    answer = desk.client.post(
        f"/admin/quote/duplicate/{quote.id}",
        content=body,
        headers={"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"},
    )

    assert answer.status_code in (400, 403, 409)


@ONLY_SQLITE
def test_a_form_issued_before_with_other_content_is_not_told_as_issued(desk, db, series):
    line = {"contact": "Merino", "lines-0-concept": "Cable", "lines-0-unit_price": "100", "do": "issue"}
    fields = fields_of_sheet(desk.get("invoice/create")) | line
    agreed = fields_of_sheet(desk.post("invoice/create", fields)) | {"do": "issue"}
    first = desk.post("invoice/create", agreed)

    again = desk.post("invoice/create", agreed)
    other = desk.post("invoice/create", agreed | {"lines-0-unit_price": "999", "confirmed": ""})

    assert [first.status_code, again.headers["location"]] == [303, first.headers["location"]]
    assert (other.status_code, "ya está emitida y no puede cambiar" in text_of(other)) == (409, True)


@ONLY_SQLITE
def test_before_issuing_it_is_told_what_was_invoiced_of_the_same(desk, db, make, party, series):
    order = make.document(ORDER, contact=party)
    make.invoice(contact=party, made_from_id=order.id, number_text="FV26-0077")
    draft = make.draft(contact=party, made_from_id=order.id, series=series[DocumentKind.INVOICE])
    db.commit()

    asked = desk.post(
        f"invoice/edit/{draft.id}", fields_of_sheet(desk.get(f"invoice/edit/{draft.id}")) | {"do": "issue"}
    )

    assert "De lo mismo ya se emitió la factura FV26-0077, de 121,00" in text_of(asked)
