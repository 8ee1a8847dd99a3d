"""What happens is noted in its own transaction, in order, for whoever listens."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from app import clock
from app.domain.following import MoveDocument, move_document
from app.domain.importing import ImportInvoice, import_invoice
from app.domain.issuing import IssueDocument, issue_document
from app.domain.mail.bounces import Fate, TakeReport, note_refusal, take_report
from app.domain.mail.outbox import SetAside, set_aside
from app.domain.mail.testing import BeginTest, begin_test, end_test
from app.domain.saving_contacts import SaveContact, save_contact
from app.domain.telling import tell
from app.domain.webhooks import delete_webhook
from app.domain.withdrawing import UndoBatch, undo_batch
from app.scope import CompanyScope
from models import Webhook, WebhookDelivery
from models.enums import DocumentKind, DocumentStatus, MailStatus, ReportKind, WebhookEvent
from tests.integration.domain.publishing import publish, ticked, withdraw
from tests.rig.mails import add_mail
from tests.unit.domain.foreign_invoices import invoice, line

LEASE = dt.timedelta(minutes=1)
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def told(db):
    db.commit()
    rows = db.scalars(select(WebhookDelivery).order_by(WebhookDelivery.webhook_id, WebhookDelivery.position))
    return [(row.position, row.event, row.subject, row.subject_id) for row in rows]


def accept(db, quote):
    seen, to = DocumentStatus.ISSUED, DocumentStatus.ACCEPTED
    move_document(db, MoveDocument(document_id=quote.id, kind=DocumentKind.QUOTE, seen=seen, to=to))
    db.commit()


def test_each_thing_that_happens_is_noted_once_and_in_order(db, make, listen):
    make.tax()
    make.template()
    quote, draft = make.document(DocumentKind.QUOTE), make.draft()
    listen()
    contact = save_contact(db, SaveContact(name="Merino"))
    db.commit()
    save_contact(db, SaveContact(id=contact.id, name="Merino"))
    db.commit()
    issued = issue_document(db, IssueDocument(document_id=draft.id, today=draft.issued_on))
    db.commit()
    accept(db, quote)
    published = publish(db, ticked(draft))
    db.commit()
    withdrawn = withdraw(db, ticked(draft))
    db.commit()
    undo_batch(db, UndoBatch(batch_id=published.batch_id, user_id=None))

    assert told(db) == [
        (1, "contact.created", "contact", contact.id),
        (2, "contact.changed", "contact", contact.id),
        (3, "document.issued", "document", issued.document_id),
        (4, "document.moved", "document", quote.id),
        (5, "documents.published", "batch", published.batch_id),
        (6, "documents.withdrawn", "batch", withdrawn.batch_id),
        (7, "publication.undone", "batch", published.batch_id),
    ]


def test_an_import_tells_its_invoice_and_its_customer(db, listen):
    listen()

    imported = import_invoice(db, ImportInvoice(invoice=invoice(line("100"))))

    (created, taken) = told(db)
    assert (created[1], taken[1], taken[3]) == ("contact.created", "document.imported", imported.document_id)


def test_what_is_rolled_back_was_never_told(db, listen):
    listen()
    save_contact(db, SaveContact(name="Nadie"))
    db.rollback()
    save_contact(db, SaveContact(name="Merino"))

    assert [(position, event) for position, event, *_ in told(db)] == [(1, "contact.created")]


def test_only_what_somebody_listens_to_is_noted(db, make, listen, receiver):
    listen("document.issued", name="Facturas", url=f"{receiver.url}/facturas")
    listen("contact.created", "contact.changed", name="Contactos")
    contact = save_contact(db, SaveContact(name="Merino"))

    assert told(db) == [(1, "contact.created", "contact", contact.id)]


@ONLY_SQLITE
def test_a_stopped_or_deleted_webhook_notes_nothing(db, listen, receiver):
    stopped, gone = listen().webhook, listen(url=f"{receiver.url}/otros").webhook
    db.get_one(Webhook, stopped.id).stopped_at = stopped.created_at
    delete_webhook(db, gone.id)
    db.commit()
    save_contact(db, SaveContact(name="Merino"))

    assert told(db) == []


def test_nobody_hears_of_another_company(db, make, listen, make_session):
    listen()
    other = make.company()
    db.commit()
    with make_session(scope=CompanyScope(other.id)) as theirs:
        save_contact(theirs, SaveContact(name="Suyo"))
        theirs.commit()

    assert told(db) == []


@pytest.mark.parametrize("count", [1, 3])
def test_without_anybody_listening_it_costs_one_look(db, statements, count):
    for number in range(count):
        tell(db, WebhookEvent.MAIL_SENT, "mail", number)
    db.commit()

    assert [sql for sql in statements if "webhook" in sql] == statements[:1]
    assert len(statements) == 1


def test_mails_are_told_when_they_have_ended(db, listen):
    listen("mail.sent", "mail.failed")
    mail = add_mail(db)
    set_aside(db, SetAside(mail.id, MailStatus.CANCELLED, "Nadie lo espera."), mail.created_at)
    other = add_mail(db, number=2)
    set_aside(db, SetAside(other.id, MailStatus.FAILED, "No hay dirección."), mail.created_at)

    assert told(db) == [(1, "mail.failed", "mail", other.id)]


def test_what_comes_back_about_a_mail_is_told_once(db, listen):
    listen("mail.bounced", "mail.read", "mail.failed")
    mails = [add_mail(db, MailStatus.SENT, number=n, message_id=f"<{n}@tosma.example>") for n in range(4)]
    kinds = (ReportKind.BOUNCED, ReportKind.READ, ReportKind.DELAYED, ReportKind.DELIVERED)
    for mail, kind in zip(mails * 2, kinds * 2, strict=True):
        fate = Fate(kind=kind, code="5.1.1" if kind is ReportKind.BOUNCED else "")
        take_report(db, TakeReport(key=kind, about=(mail.message_id,), fates=(fate,), now=clock.now()))
        db.commit()

    bounced, read = mails[:2]
    assert told(db) == [(1, "mail.bounced", "mail", bounced.id), (2, "mail.read", "mail", read.id)]
    facts = db.scalars(select(WebhookDelivery.facts).order_by(WebhookDelivery.position)).all()
    assert facts == [{"code": "5.1.1"}, {"code": ""}]


def test_what_a_server_refuses_at_once_did_not_come_back(db, listen):
    listen("mail.bounced", "mail.failed")
    mail = add_mail(db)
    set_aside(db, SetAside(mail.id, MailStatus.FAILED, "550 5.1.1 User unknown"), mail.created_at)
    note_refusal(db, mail.id, "550 5.1.1 User unknown", clock.now())

    assert told(db) == [(1, "mail.failed", "mail", mail.id)]


def test_a_test_that_could_not_leave_is_told_like_any_mail(db, listen):
    listen("mail.failed")
    now = clock.now()
    begin = BeginTest(account=None, recipient="a@b.example", claim="1", until=now + LEASE, now=now)
    mail = begin_test(db, begin)
    end_test(db, mail.id, "2", "de otro", now)
    end_test(db, mail.id, "1", "530 Authentication required", now)

    assert told(db) == [(1, "mail.failed", "mail", mail.id)]


def test_numbers_have_no_gaps_however_many_write_at_once(db, database, company, listen):
    listen()

    def save(number):
        command = SaveContact(name=f"Cliente {number}", code=f"C{number}")
        return database.run(CompanyScope(company.id), lambda db: save_contact(db, command))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(save, range(24)))

    positions = [position for position, *_ in told(db)]
    assert positions == list(range(1, 25))


@ONLY_SQLITE
def test_facts_are_few_and_plain(db, make, listen):
    quote = make.document(DocumentKind.QUOTE)
    listen()
    accept(db, quote)

    facts = db.scalars(select(WebhookDelivery.facts)).one()
    assert facts == {"kind": "quote", "number": quote.number_text, "status": "accepted"}
