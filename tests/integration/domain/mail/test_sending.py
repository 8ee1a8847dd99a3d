"""Sending queues exactly what was shown, once, for whoever may be written to; the rest is named."""

import datetime as dt

import pytest
from sqlalchemy import select

from app import clock
from app.domain.batches import DialogueUsed
from app.domain.confirming import CompanyNotConfirmed
from app.domain.mail.addressing import MOST_PEOPLE
from app.domain.mail.enclosures import MOST_OCTETS, NewFile
from app.domain.mail.sending import PlanChanged, Sent, send_documents
from app.domain.queries.addressees import Addressee
from app.errors import InvalidValue, NotFound
from models import AuditEntry, Batch, ContactEmail, Dispatch, DispatchDocument, DispatchFile, OutgoingMail, StoredFile
from models.enums import BatchKind, DocumentKind, EmailPurpose, MailKind, MailStatus
from tests.factories import Make
from tests.integration.domain.mail.sending import (
    LUCIA,
    OTHER,
    PORTAL,
    by_customer,
    changed,
    command,
    everything,
    queued,
    send,
    ticked,
    wishes,
)


@pytest.fixture
def user(make):
    return make.user()


@pytest.fixture
def merino(make):
    return make.contact(name="Instalaciones Merino, S.L.", email="compras@merino.example")


@pytest.fixture
def invoice(make, merino):
    return make.invoice(contact=merino)


def file(name="planos.pdf", size=1000):
    return NewFile(sha256=f"{size:064x}", size=size, media_type="application/pdf", name=name)


def test_one_document_to_one_person(db, make, user, invoice, merino):
    version = make.template()

    sent = send(db, wishes(invoice, to=(LUCIA,)), user)

    (dispatch,) = db.scalars(select(Dispatch))
    batch = db.get_one(Batch, sent.batch_id)
    assert sent == Sent(batch_id=batch.id, dispatches=1, mails=1, documents=1, customers=1)
    assert (batch.kind, batch.document_kind, batch.selection) == (BatchKind.SEND, DocumentKind.INVOICE, "Las marcadas")
    assert (dispatch.subject, dispatch.body) == (
        "Adjunto Factura FV26-0001",
        "<p>Hola, Instalaciones Merino, S.L.:</p><p>Total 121,00\u00a0€.</p>",
    )
    assert (dispatch.contact_id, dispatch.user_id) == (merino.id, user.id)
    assert dispatch.recipients == {"to": [[LUCIA.email, LUCIA.name]], "cc": []}
    assert [(one.document_id, one.template_version_id) for one in dispatch.documents] == [(invoice.id, version.id)]
    (mail,) = db.scalars(select(OutgoingMail))
    assert (mail.kind, mail.status, mail.recipient, mail.recipient_name) == (
        MailKind.DOCUMENT,
        MailStatus.QUEUED,
        LUCIA.email,
        LUCIA.name,
    )
    assert (mail.contact_id, mail.document_id, mail.account_id) == (merino.id, invoice.id, None)
    assert mail.dispatch_id == dispatch.id
    assert (mail.subject, mail.search_key) == ("Adjunto Factura FV26-0001", "adjunto factura fv26-0001")
    assert mail.due_at == dispatch.due_at == dispatch.created_at
    assert str(sent) == "1 correo en cola."


def test_everybody_gets_one_mail_and_hidden_ones_are_nowhere_else(db, make, user, invoice):
    boss = Addressee("marta@tosma.example")

    sent = send(
        db, wishes(invoice, to=(LUCIA, OTHER, LUCIA)), user, cc=(OTHER, boss), bcc=(boss, Addressee("x@y.example"))
    )

    assert str(sent) == "1 correo en cola. 4 direcciones en total."
    assert queued(db, "recipient", "facts") == [
        (LUCIA.email, {"place": "to"}),
        (OTHER.email, {"place": "to"}),
        (boss.email, {"place": "cc"}),
        ("x@y.example", {"place": "bcc"}),
    ]
    assert db.scalars(select(Dispatch)).one().recipients == {
        "to": [[LUCIA.email, LUCIA.name], [OTHER.email, ""]],
        "cc": [[boss.email, ""]],
    }


@pytest.mark.parametrize("count", [1, 3])
def test_a_mail_for_each_document(db, make, user, merino, count):
    invoices = [make.invoice(contact=merino) for _ in range(count)]

    sent = send(db, wishes(*invoices), user)

    assert (sent.dispatches, sent.mails, sent.documents, sent.customers) == (count, count, count, 1)
    assert queued(db, "document_id", "recipient", "subject") == [
        (invoice.id, merino.email, f"Adjunto Factura {invoice}") for invoice in invoices
    ]


def test_a_mail_for_each_customer_with_all_of_theirs(db, make, user, merino):
    nunez = make.contact(name="Transportes Núñez, S.L.", email="pilar@nunez.example")
    theirs = [make.invoice(contact=merino) for _ in range(3)]
    one = make.invoice(contact=nunez)

    sent = send(db, by_customer(theirs[2], one, theirs[0], theirs[1]), user)

    assert (sent.dispatches, sent.documents, sent.customers) == (2, 4, 2)
    assert queued(db, "contact_id", "document_id", "subject") == [
        (merino.id, None, "Adjunto Facturas FV26-0001, FV26-0002 y FV26-0003"),
        (nunez.id, one.id, "Adjunto Factura FV26-0004"),
    ]
    assert [list(row) for row in db.execute(select(DispatchDocument.document_id).order_by(DispatchDocument.id))] == [
        [document.id] for document in (*theirs, one)
    ]


def test_each_goes_to_the_addresses_meant_for_it(db, make, user, merino):
    for email, purpose in (("facturas@merino.example", "invoices"), ("pedidos@merino.example", "orders")):
        db.add(ContactEmail(contact_id=merino.id, email=email, purpose=EmailPurpose(purpose), name="Oficina"))
    nameless = make.contact(name="Talleres Abad", email=None)
    db.add(ContactEmail(contact_id=nameless.id, email="hola@abad.example", purpose=EmailPurpose.GENERAL))
    db.add(ContactEmail(contact_id=nameless.id, email="web@abad.example", purpose=EmailPurpose.PORTAL))
    invoices = [make.invoice(contact=merino), make.invoice(contact=nameless)]
    quote = make.document(DocumentKind.QUOTE, contact=merino)

    send(db, wishes(*invoices), user)
    send(db, wishes(selection=ticked(quote, kind=DocumentKind.QUOTE)), user, key="otra")

    assert queued(db, "recipient", "recipient_name") == [
        ("facturas@merino.example", "Oficina"),
        ("hola@abad.example", "Talleres Abad"),
        ("pedidos@merino.example", "Oficina"),
    ]


def test_drafts_and_who_has_no_address_are_left_out_and_told(db, make, user, invoice):
    nobody = make.contact(name="Comunidad Alameda 14", email=None)
    rows = [invoice, make.invoice(contact=nobody), make.draft(contact=nobody)]

    sent = send(db, wishes(*rows), user)

    assert (sent.dispatches, sent.drafts, sent.without_email) == (1, 1, 1)
    assert str(sent) == "1 correo en cola. A 1 destinatario no se le envía."
    assert db.get_one(Batch, sent.batch_id).figures["left_out"] == ["Comunidad Alameda 14"]


def test_nothing_to_send_is_said(db, make, user):
    draft = make.draft()

    with pytest.raises(PlanChanged) as refusal:
        send(db, wishes(draft), user)

    assert str(refusal.value) == "Es un borrador: emítalo antes."
    assert (refusal.value.plan.drafts, queued(db, "id")) == (1, [])


@pytest.mark.parametrize("change", ["another document", "another address"])
def test_what_is_no_longer_as_shown_is_not_sent(db, make, user, merino, invoice, change):
    asked = command(db, wishes(selection=everything()), user)
    if change == "another document":
        make.invoice(contact=merino)
    else:
        merino.email = "otra@merino.example"
    db.flush()

    with pytest.raises(PlanChanged) as refusal:
        send_documents(db, asked)

    assert "Revise las cifras nuevas" in str(refusal.value)
    assert queued(db, "id") == []
    again = send_documents(db, changed(asked, fingerprint=refusal.value.plan.fingerprint))
    assert again.dispatches == len(refusal.value.plan.dispatches)


def test_the_same_dialogue_twice_is_one_sending(db, make, user, invoice):
    asked = command(db, wishes(invoice), user)

    first, second = send_documents(db, asked), send_documents(db, asked)

    assert second == changed(first, again=True)
    assert len(queued(db, "id")) == 1


def test_a_dialogue_that_comes_back_with_other_words_is_refused(db, make, user, invoice):
    asked = command(db, wishes(invoice), user)
    send_documents(db, asked)

    with pytest.raises(DialogueUsed):
        send_documents(db, changed(asked, body="<p>Otra cosa</p>"))


def test_it_leaves_at_the_moment_that_was_chosen(db, make, user, invoice):
    moment = clock.now() + dt.timedelta(days=3)

    sent = send(db, wishes(invoice), user, due_at=moment)

    assert queued(db, "due_at") == [(moment,)]
    assert str(sent) == "1 correo programado."
    assert db.scalars(select(Dispatch.due_at)).one() == moment


def test_links_lead_to_what_is_published_and_the_rest_stays(db, make, user, merino, invoice):
    shown = make.published_invoice(contact=merino)

    sent = send(db, wishes(invoice, shown, has_links=True), user)

    (dispatch,) = db.scalars(select(Dispatch))
    assert (sent.dispatches, dispatch.has_links) == (1, True)
    assert dispatch.body.endswith(f'<p><a href="{PORTAL}/facturas/{shown.id}">Ver la factura {shown}</a></p>')


def test_files_go_with_every_mail(db, make, user, merino):
    invoices = [make.invoice(contact=merino) for _ in range(2)]

    send(db, wishes(*invoices), user, files=(file("planos.pdf"), file("memoria.pdf", 2000)))

    names = select(DispatchFile.dispatch_id, StoredFile.name).join(StoredFile, StoredFile.id == DispatchFile.file_id)
    first, second = db.scalars(select(Dispatch.id).order_by(Dispatch.id))
    assert [tuple(row) for row in db.execute(names.order_by(DispatchFile.id))] == [
        (one, name) for one in (first, second) for name in ("planos.pdf", "memoria.pdf")
    ]


def test_a_chosen_template_is_kept_and_otherwise_that_of_the_publication(db, make, user, merino):
    default, other = make.template(), make.template(is_default=False)
    published = make.invoice(contact=merino)
    make.publication(published, version=other)
    plain = make.invoice(contact=merino)

    send(db, wishes(published, plain), user)
    send(db, wishes(published, template_version_id=default.id), user, key="otra")

    versions = select(DispatchDocument.template_version_id).order_by(DispatchDocument.id)
    assert list(db.scalars(versions)) == [other.id, default.id, default.id]


def test_one_entry_of_the_audit_tells_it(db, make, user, invoice):
    from app.scope import Actor

    db.actor = Actor("Marta")
    send(db, wishes(invoice), user)
    db.commit()

    (entry,) = db.scalars(select(AuditEntry).where(AuditEntry.action == "send"))
    assert (entry.actor, entry.entity, entry.label) == ("Marta", "dispatches", "Las marcadas")


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"subject": ""}, "subject", "Rellene este dato."),
        ({"subject": "Hola\r\nBcc: x@y.example"}, "subject", "saltos de línea"),
        ({"subject": "Factura {x.__class__}"}, "subject", "No existe la variable {x.__class__}."),
        ({"subject": "Factura {{7*7}}"}, "subject", "Las llaves solo se usan para variables."),
        ({"body": ""}, "body", "Escriba el mensaje."),
        ({"body": "<p>{contraseña}</p>"}, "body", "No existe la variable {contraseña}."),
        ({"cc": (Addressee("a@b,c@d"),)}, "cc", "Escriba una sola dirección de correo"),
        ({"cc": (Addressee("a@b.example,c@d.example"),)}, "cc", "Escriba una sola dirección de correo"),
        ({"bcc": (Addressee("a@b.example\r\nRCPT TO:<x@y.example>"),)}, "bcc", "saltos de línea"),
        ({"bcc": (Addressee(f"{'a' * 300}@b.example"),)}, "bcc", "254 caracteres"),
        ({"bcc": (Addressee('"a b"@c.example'),)}, "bcc", "Escriba una sola dirección de correo"),
        ({"cc": (Addressee("a@b.example", "Ana\r\nBcc: x@y.example"),)}, "cc", "saltos de línea"),
        ({"reply_to": "a@b.example\nX: y"}, "reply_to", "saltos de línea"),
        ({"account_id": 999}, "sender", "Elija una de la lista."),
        ({"due_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "day", "Ese momento ya ha pasado."),
        ({"due_at": dt.datetime(2400, 1, 1, tzinfo=dt.UTC)}, "day", "Como mucho dentro de un año."),
        ({"files": (file(size=30 * 2**20),)}, "files", "Los archivos pasan de 20 MB"),
        ({"files": (file("vacío.txt", 0),)}, "files", "«vacío.txt» está vacío."),
        ({"files": tuple(file(f"{n}.txt") for n in range(21))}, "files", "Como mucho 20 archivos."),
        ({"bcc": tuple(Addressee(f"p{n}@y.example") for n in range(MOST_PEOPLE))}, "to", "Como mucho 30 destinatarios"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_is_refused_beside_its_field(db, make, user, invoice, values, field, sentence):
    with pytest.raises(InvalidValue) as refusal:
        send(db, wishes(invoice, to=(LUCIA,)), user, **values)

    assert (refusal.value.field, sentence in str(refusal.value)) == (field, True), str(refusal.value)
    assert queued(db, "id") == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_addresses_of_other_alphabets_are_kept_as_they_travel(db, make, user, invoice):
    send(db, wishes(invoice, to=(Addressee("Pedidos@Año.example"),)), user)

    assert queued(db, "recipient") == [("pedidos@xn--ao-zja.example",)]


def test_files_that_do_not_fit_with_the_document_are_refused(db, make, user, invoice):
    wanted = wishes(invoice, to=(LUCIA,))

    with pytest.raises(InvalidValue) as refusal:
        send(db, wanted, user, files=(file(size=MOST_OCTETS - 1),))

    assert (refusal.value.field, queued(db, "id")) == ("files", [])


def test_a_company_nobody_reviewed_writes_to_nobody(db, make, user, company, invoice):
    make.home = db.merge(company)
    make.home.confirmed_at = None
    db.flush()

    with pytest.raises(CompanyNotConfirmed):
        send(db, wishes(invoice), user)


def test_documents_templates_and_accounts_of_others_are_not_there(db, make, user, invoice, system_db, company):
    db.commit()
    everywhere = Make(system_db, company)
    stranger = everywhere.company().id
    series = everywhere.series(company_id=stranger)
    theirs = everywhere.invoice(contact=everywhere.contact(company_id=stranger), series=series)
    version = everywhere.template(company_id=stranger)
    account = everywhere.mail_account(company_id=stranger, user_id=user.id)
    system_db.commit()

    with pytest.raises(PlanChanged):
        send(db, wishes(theirs), user)
    with pytest.raises(NotFound):
        send(db, wishes(invoice, template_version_id=version.id), user)
    with pytest.raises(InvalidValue):
        send(db, wishes(invoice), user, account_id=account.id)
    assert send(db, wishes(theirs, invoice), user).documents == 1


def test_nobody_sends_with_the_account_of_a_colleague(db, make, user, invoice):
    own, colleague = make.mail_account(user_id=user.id), make.mail_account(user_id=make.user().id)

    with pytest.raises(InvalidValue):
        send(db, wishes(invoice), user, account_id=colleague.id)
    send(db, wishes(invoice), user, account_id=own.id)

    assert queued(db, "account_id") == [(own.id,)]
