"""The dialogue that sends documents by mail: it does exactly what it showed, once, for whoever may."""

import datetime as dt
import io
from email.parser import BytesParser
from email.policy import SMTP

import pytest
from msgspec.structs import replace
from pypdf import PdfReader
from sqlalchemy import select

from app import clock
from models import Batch, Company, ContactEmail, Dispatch, MailText, OutgoingMail, StaffUser
from models.enums import BatchKind, DocumentKind, EmailPurpose, MailKind, MailStatus, TextKind
from tests.integration.office.sendings import SEND, again, looked, opened, queued
from tests.rig.answers import add_report
from tests.rig.desk import text_of
from tests.rig.forms import form_of
from tests.rig.mails import deliver
from tests.smtp_sink import Sink

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings):
    return replace(settings, private_hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def invoice(make, merino):
    make.template()
    return make.invoice(contact=merino)


def test_one_document_is_sent_as_it_was_shown(desk, db, invoice):
    db.commit()

    page = opened(desk, invoice)
    sent = desk.post(SEND, form_of(page))

    assert f"Enviar la factura {invoice} por correo" in text_of(page)
    assert "Correos que saldrán 1" in text_of(page)
    assert sent.headers["location"] == f"/admin/invoice/details/{invoice.id}"
    assert queued(db, "recipient", "subject", "status") == [
        ("lucia@merino.example", f"Adjunto Factura FV26 0001 de {company_name(db)}", MailStatus.QUEUED)
    ]
    told = text_of(desk.follow(sent))
    assert "1 correo en cola." in told
    assert "Marta Ruiz Ortega envió por correo la factura" in told
    assert db.scalars(select(Batch.selection).where(Batch.kind == BatchKind.SEND)).one() == f"Factura {invoice}"


def company_name(db):
    return db.scalars(select(Company)).first().shown_name


def test_it_begins_with_the_words_and_the_addresses_there_are(desk, db, make, merino, invoice):
    db.add(MailText(kind=TextKind.INVOICE, subject="Su factura {referencia}", body="<p>Estimado {cliente}:</p>"))
    db.add(ContactEmail(contact_id=merino.id, email="facturas@merino.example", purpose=EmailPurpose.INVOICES))
    other = make.invoice(contact=merino)
    db.commit()

    one, both = form_of(opened(desk, invoice)), form_of(opened(desk, invoice, other))

    assert (one["subject"], one["to"]) == ([f"Su factura {invoice}"], ["facturas@merino.example", ""])
    assert one["body"][0].startswith("<p>Estimado Instalaciones Merino, S.L.:</p>")
    assert both["subject"] == ["Su factura {referencia}"]
    assert both["body"][0].startswith("<p>Estimado {cliente}:</p>")


@ONLY_SQLITE
def test_a_name_that_looks_like_a_variable_stays_one(desk, db, make, merino):
    merino.name = "{empresa} <b>"
    invoice = make.invoice(contact=merino)
    db.commit()
    fields = form_of(opened(desk, invoice), subject="De {cliente}")

    desk.post(SEND, fields)

    assert "{cliente}" in fields["body"][0]
    assert queued(db, "subject") == [("De {empresa} <b>",)]
    assert "Hola, {empresa} &lt;b&gt;:" in db.scalars(select(Dispatch.body)).one()


def test_everything_that_was_typed_is_sent(desk, db, invoice):
    db.commit()
    fields = form_of(
        opened(desk, invoice),
        to=["lucia@merino.example", "Otra@Año.example", ""],
        cc=["asesor@gestoria.example", ""],
        bcc=["jefa@tosma.example"],
        subject="Aquí la tiene",
        body="<p>Un <b>saludo</b></p>",
        reply_to="cobros@tosma.example",
        receipt="y",
    )

    desk.post(SEND, fields)

    dispatch = db.scalars(select(Dispatch)).one()
    assert [recipient for (recipient,) in queued(db, "recipient")] == [
        "lucia@merino.example",
        "otra@xn--ao-zja.example",
        "asesor@gestoria.example",
        "jefa@tosma.example",
    ]
    assert dispatch.recipients["to"][0] == ["lucia@merino.example", "Instalaciones Merino, S.L."]
    assert (dispatch.subject, dispatch.body, dispatch.reply_to, dispatch.wants_receipt) == (
        "Aquí la tiene",
        "<p>Un <b>saludo</b></p>",
        "cobros@tosma.example",
        True,
    )


def test_a_click_that_came_twice_is_one(desk, db, invoice):
    db.commit()
    fields = form_of(opened(desk, invoice))

    first, second = desk.post(SEND, fields), desk.post(SEND, fields)

    assert (first.status_code, second.headers["location"]) == (303, first.headers["location"])
    assert len(queued(db, "id")) == 1


@ONLY_SQLITE
def test_a_dialogue_that_comes_back_with_other_words_is_refused(desk, db, invoice):
    db.commit()
    fields = form_of(opened(desk, invoice))
    desk.post(SEND, fields)

    answer = desk.post(SEND, fields | {"subject": ["Otra cosa"]})

    assert (answer.status_code, "Esta ventana ya se usó para otra cosa." in text_of(answer)) == (409, True)
    assert len(queued(db, "id")) == 1


def test_a_selection_is_one_mail_for_each_document_or_for_each_customer(desk, db, make, merino, nunez):
    invoices = [make.invoice(contact=merino), make.invoice(contact=nunez), make.invoice(contact=merino)]
    db.commit()
    page = opened(desk, *invoices)
    by_customer = form_of(page, grouping="customer")

    parts, copied = looked(desk, by_customer), looked(desk, by_customer | {"cc": "a@b.example", "bcc": "c@d.example"})
    sent = desk.post(SEND, again(by_customer, parts))

    assert "Enviar 3 facturas por correo" in text_of(page)
    assert "Correos que saldrán 3" in text_of(page)
    assert "Correos que saldrán 2" in text_of(parts)
    assert "Enviar 2 correos" in text_of(parts)
    assert "Copias, además 4" in text_of(copied)
    assert [one for (one,) in queued(db, "recipient")] == ["lucia@merino.example", "pilar@nunez.example"]
    batch = db.scalars(select(Batch).where(Batch.kind == BatchKind.SEND)).one()
    assert sent.headers["location"] == f"/admin/outgoing-mail/list?envio={batch.id}"
    told = text_of(desk.follow(sent))
    assert "2 correos en cola." in told
    assert "Envío: 3 facturas" in told


@ONLY_SQLITE
def test_a_mail_that_does_not_fit_is_told_and_the_others_leave(desk, db, make, merino, nunez, monkeypatch):
    invoices = [make.invoice(contact=merino), make.invoice(contact=nunez), make.invoice(contact=merino)]
    make.template()
    db.commit()
    monkeypatch.setattr("app.domain.mail.sending_plans.MOST_DOCUMENTS", 1)
    by_customer = form_of(opened(desk, *invoices), grouping="customer")

    parts = looked(desk, by_customer)
    desk.post(SEND, again(by_customer, parts))

    why = "1 correo no cabe y no sale. Pasa de 20 MB o de 100 documentos: quite archivos o envíe enlaces."
    assert f"{why} Instalaciones Merino, S.L." in text_of(parts).replace(" Ver quiénes", "")
    assert queued(db, "recipient") == [("pilar@nunez.example",)]


def test_only_the_mails_of_a_sending_are_watched(desk, db, make, merino, invoice):
    db.commit()
    desk.post(SEND, form_of(opened(desk, invoice)))
    other = make.invoice(contact=merino)
    db.commit()
    desk.post(SEND, form_of(opened(desk, other)))
    first, second = db.scalars(select(Batch.id).where(Batch.kind == BatchKind.SEND).order_by(Batch.id))

    one, none = (desk.get("outgoing-mail/list", envio=number) for number in (first, second + 1))

    assert ("FV26 0001" in text_of(one), "FV26 0002" in text_of(one)) == (True, False)
    assert "FV26" not in text_of(none)
    assert desk.get("outgoing-mail/list", envio="x").status_code == 400
    assert desk.get(f"batch/details/{first}").status_code == 404


def test_what_is_left_out_is_told_before_anything_is_sent(desk, db, make, merino, invoice):
    nobody = make.contact(name="Comunidad Alameda 14", email=None)
    rows = [invoice, make.invoice(contact=nobody), make.draft(contact=merino)]
    db.commit()

    told = text_of(opened(desk, *rows))

    assert "1 destinatario sin correo. No se le envía nada" in told
    assert "Comunidad Alameda 14" in told
    assert "Borradores, quedan fuera 1" in told


def test_a_selection_that_changed_is_shown_again(desk, db, make, merino, invoice):
    db.commit()
    fields = form_of(desk.get(SEND, scope="filter", q=""))
    make.invoice(contact=merino)
    db.commit()

    answer = desk.post(SEND, fields)

    assert answer.status_code == 409
    assert "Revise las cifras nuevas y confirme otra vez." in text_of(answer)
    assert (len(queued(db, "id")), "Enviar 2 correos" in text_of(answer)) == (0, True)
    assert desk.post(SEND, form_of(answer)).status_code == 303
    assert len(queued(db, "id")) == 2


@ONLY_SQLITE
def test_a_draft_cannot_be_sent(desk, db, make):
    draft = make.draft()
    db.commit()

    page = opened(desk, draft)

    assert "Es un borrador: emítalo antes." in text_of(page)
    assert "data-confirm disabled" in page.text
    assert "action:send" not in desk.get(f"invoice/details/{draft.id}").text
    assert "/invoice/send?" not in desk.get(f"invoice/details/{draft.id}").text


def test_it_leaves_at_the_moment_that_was_chosen(desk, db, make, invoice):
    make.mail_account()
    db.commit()
    day = clock.today() + dt.timedelta(days=3)
    fields = form_of(opened(desk, invoice), when="later", day=f"{day:%d/%m/%Y}", hour="09:30")

    sent = desk.post(SEND, fields)

    ((due_at,),) = queued(db, "due_at")
    assert clock.madrid(due_at).replace(tzinfo=None) == dt.datetime.combine(day, dt.time(9, 30))
    assert "1 correo programado." in text_of(desk.follow(sent))
    waiting = db.scalars(select(OutgoingMail.id)).one()
    assert f"Programado: sale el {day:%d/%m/%Y}, 09:30." in text_of(desk.get(f"outgoing-mail/details/{waiting}"))


def test_the_mail_is_shown_as_it_would_arrive(desk, db, make, merino, nunez):
    first, second = make.invoice(contact=merino), make.invoice(contact=nunez)
    db.commit()
    fields = form_of(opened(desk, first, second))

    one = desk.post(f"{SEND}/letter", fields)
    other = desk.post(f"{SEND}/letter", fields | {"_mail": [str(second.id)], "_format": ["text"]})
    wrong = desk.post(f"{SEND}/letter", fields | {"subject": ["{nada}"]})

    assert f"Asunto Adjunto Factura FV26 0001 de {company_name(db)}" in text_of(one)
    assert "Para Instalaciones Merino, S.L. <lucia@merino.example>" in text_of(one)
    assert f"Factura-{first}.pdf" in text_of(one)
    assert "srcdoc=" in one.text
    assert "Hola, Transportes Núñez, S.L.:" in text_of(other)
    assert "Todavía no se puede ver el correo" in text_of(wrong)
    assert "frame-ancestors 'self'" in one.headers["content-security-policy"]
    assert queued(db, "id") == []


@ONLY_SQLITE
def test_who_is_written_to_is_shown_where_they_will_stand(desk, db, make, invoice):
    make.mail_account(user_id=db.scalar(select(StaffUser.id)), sender_email="marta@tosma.example", sender_name="Marta")
    db.commit()
    fields = form_of(opened(desk, invoice)) | {"cc": ["LUCIA@merino.example", "copia@merino.example"]}

    parts = text_of(looked(desk, fields))
    page = text_of(desk.post(f"{SEND}/letter", fields))
    desk.post(SEND, fields)

    assert "De Marta <marta@tosma.example> Para Instalaciones Merino, S.L. <lucia@merino.example>" in page
    assert "Cc copia@merino.example Adjuntos" in page
    assert "Correos que saldrán 1 Copias, además 1 " in parts
    assert [mail for (mail,) in queued(db, "recipient")] == ["lucia@merino.example", "copia@merino.example"]


@ONLY_SQLITE
def test_links_need_something_published_and_somebody_who_may_enter(desk, db, make, merino, invoice):
    published = make.published_invoice(contact=merino)
    db.commit()

    none = looked(desk, form_of(opened(desk, invoice), enclosing="link"))
    one = looked(desk, form_of(opened(desk, published), enclosing="link"))
    mixed = looked(desk, form_of(opened(desk, invoice, published), enclosing="link"))

    assert "No está publicada: el enlace no llevaría a nada." in text_of(none)
    assert "1 destinatario no tiene acceso a la intranet." in text_of(one)
    assert "El asunto o el mensaje hablan de un adjunto, y no lleva ninguno." in text_of(one)
    assert "Sin publicar, quedan fuera 1" in text_of(mixed)


@ONLY_SQLITE
def test_what_was_sent_before_and_what_bounced_is_told(desk, db, make, merino, invoice):
    other, before = make.invoice(contact=merino), {"recipient": merino.email, "due_at": clock.now()}
    mail = OutgoingMail(kind=MailKind.TEST, status=MailStatus.SENT, dedup_key="before", **before)
    db.add(mail)
    db.flush()
    add_report(db, mail)
    desk.post(SEND, form_of(opened(desk, invoice)))

    told, of_both = text_of(opened(desk, invoice)), text_of(opened(desk, invoice, other))

    assert "Ya se envió antes por correo Sí" in told
    assert "De ellas, ya enviadas antes por correo 1" in of_both
    assert "1 dirección ya rebotó. Lo último que se le envió volvió: lucia@merino.example." in told


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("kind", "screen", "title"),
    [
        (DocumentKind.QUOTE, "quote", "Enviar el presupuesto"),
        (DocumentKind.DELIVERY_NOTE, "delivery-note", "Enviar el albarán"),
        (DocumentKind.PURCHASE_ORDER, "purchase-order", "Enviar el pedido de compra"),
        (DocumentKind.PROFORMA, "proforma", "Enviar la proforma"),
    ],
)
def test_every_kind_of_document_has_it(desk, db, make, kind, screen, title):
    document = make.document(kind)
    db.commit()

    page = opened(desk, document, screen=screen)
    sent = desk.post(f"{screen}/send", form_of(page))

    assert f"{title} {document} por correo" in text_of(page)
    assert f"/admin/{screen}/send?pks={document.id}" in desk.get(f"{screen}/details/{document.id}").text
    assert (sent.status_code, len(queued(db, "id"))) == (303, 1)


def test_what_was_typed_arrives(desk, db, make, company, settings, installation, invoice):
    with Sink() as sink:
        make.mail_account(port=sink.port)
        db.commit()
        fields = form_of(
            opened(desk, invoice), cc=["asesor@gestoria.example"], bcc=["oculto@tosma.example"], subject="Año nuevo"
        )
        desk.post(SEND, fields, files=[("files", ("Niño & cía.txt", "ñ".encode(), "text/plain"))])
        deliver(installation, company)

    message = BytesParser(policy=SMTP).parsebytes(sink.received[0].content)
    pdf, text = (part.get_payload(decode=True) for part in message.iter_attachments())
    assert [one.recipients for one in sink.received] == [
        ("lucia@merino.example",),
        ("asesor@gestoria.example",),
        ("oculto@tosma.example",),
    ]
    assert len({one.content for one in sink.received}) == 1
    assert (message["Subject"], "oculto" in sink.received[0].content.decode("latin-1")) == ("Año nuevo", False)
    assert [part.get_filename() for part in message.iter_attachments()] == [f"Factura-{invoice}.pdf", "Niño & cía.txt"]
    assert str(invoice) in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert text == "ñ".encode()


@ONLY_SQLITE
def test_its_page_in_the_outbox_tells_what_it_carries_and_to_whom(desk, db, make, merino, invoice):
    other = make.invoice(contact=merino)
    db.commit()
    both = form_of(opened(desk, invoice, other), grouping="customer", bcc="oculta@tosma.example")
    desk.post(SEND, again(both, looked(desk, both)))
    to, hidden = queued(db, "id")

    told, of_hidden = (text_of(desk.get(f"outgoing-mail/details/{mail_id}")) for (mail_id,) in (to, hidden))

    assert f"Documentos {invoice} , {other}" in told
    assert "<lucia@merino.example> También a oculta@tosma.example en copia oculta En cola De" in told
    assert "<oculta@tosma.example> en copia oculta También a lucia@merino.example En cola De" in of_hidden
