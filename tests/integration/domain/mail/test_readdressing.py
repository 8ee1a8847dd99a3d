"""The same mail to another address: a new one, the old one kept, and access never given away with it."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from app import clock
from app.domain.invariants import each_recipient_of_a_batch_has_one_mail
from app.domain.mail.readdressing import (
    CAN_BE_READDRESSED,
    CannotBeReaddressed,
    Readdressed,
    ReaddressMail,
    readdress_mail,
)
from app.errors import InvalidValue, NotFound
from app.scope import Actor, CompanyScope
from models import AuditEntry, Batch, Dispatch, DispatchDocument, DispatchFile, OutgoingMail, StoredFile
from models.enums import MailKind, MailStatus
from tests.rig.mails import add_mail, notice

NEW = "nueva@merino.example"


def readdress(db, mail, address=NEW):
    return readdress_mail(db, ReaddressMail(mail_id=mail.id, address=address))


def facts(mail):
    names = ("kind", "status", "recipient", "portal_account_id", "batch_id", "document_id", "account_id", "attempts")
    return tuple(getattr(mail, name) for name in names)


@pytest.mark.parametrize("status", list(MailStatus))
def test_a_new_mail_goes_to_the_new_address_and_the_old_one_stays(db, make, status):
    contact, account = make.contact(), make.mail_account()
    mail = add_mail(
        db, status, recipient_name="Lucía", contact_id=contact.id, account_id=account.id, message_id="<1@x>", attempts=3
    )
    if status not in CAN_BE_READDRESSED:
        with pytest.raises(CannotBeReaddressed, match="ya no se le puede cambiar"):
            readdress(db, mail)
        return

    result = readdress(db, mail, " NUEVA@Merino.example ")
    again = db.get_one(OutgoingMail, result.mail_id)

    assert result == Readdressed(again.id, NEW)
    assert str(result) == "El correo sale otra vez, ahora para nueva@merino.example."
    assert facts(again) == (MailKind.TEST, MailStatus.QUEUED, NEW, None, None, None, account.id, 0)
    assert (again.message_id, again.frozen, again.recipient_name, again.contact_id) == (None, None, "Lucía", contact.id)
    waited = status in (MailStatus.QUEUED, MailStatus.RETRY)
    assert mail.status is (MailStatus.CANCELLED if waited else status)
    assert (mail.last_reply == "Se envía a nueva@merino.example.") is waited


def test_it_is_on_record(db, make):
    mail = add_mail(db, MailStatus.FAILED)

    again = readdress(db, mail)
    db.commit()

    entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "readdress")).one()
    assert (entry.entity, entry.entity_id, entry.label, entry.changes) == (
        "outgoing_mails", mail.id, NEW, {"to": again.mail_id},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "Rellene este dato"),
        ("nadie", "Escriba una sola dirección"),
        ("a@b.example, c@d.example", "Escriba una sola dirección"),
        ("a@b.example\r\nBcc: c@d.example", "control"),
        ("x" * 300 + "@b.example", "254"),
        ('"a b"@c.example', "Escriba una sola dirección"),
        ("failed1@merino.example", "Es la dirección que ya tenía"),
    ],
)
def test_an_address_that_cannot_be_is_refused(db, address, sentence):
    mail = add_mail(db, MailStatus.FAILED)

    with pytest.raises(InvalidValue, match=sentence) as refusal:
        readdress(db, mail, address)

    assert refusal.value.field == "address"
    assert db.scalars(select(OutgoingMail.id)).all() == [mail.id]


def test_the_same_address_gets_it_once(db):
    mail = add_mail(db, MailStatus.FAILED)
    add_mail(db, MailStatus.SENT, recipient=NEW)
    readdress(db, mail)

    with pytest.raises(InvalidValue, match="ya se le ha enviado"):
        readdress(db, mail)


@pytest.mark.parametrize("kind", [MailKind.ACCESS, MailKind.RECOVERY])
def test_what_carries_access_goes_to_nobody_else(db, make, kind):
    reader = make.account()
    mail = add_mail(db, MailStatus.FAILED, kind=kind, portal_account_id=reader.id, is_secret=True)

    with pytest.raises(CannotBeReaddressed, match="Lleva el acceso de una persona"):
        readdress(db, mail)


def test_a_notice_only_goes_to_who_may_enter_for_the_same_customer(db, make):
    mail = notice(db, make, password_hash="x")
    contact = make.db.get_one(OutgoingMail, mail.id).contact
    other, stranger = make.account(contact, email=NEW), make.account(email="otra@nunez.example")
    mail.status = MailStatus.FAILED
    db.commit()

    for address in (stranger.email, "sin-acceso@merino.example"):
        with pytest.raises(InvalidValue, match="no entra nadie por este cliente"):
            readdress(db, mail, address)
    again = db.get_one(OutgoingMail, readdress(db, mail).mail_id)

    assert (again.portal_account_id, again.batch_id, again.kind) == (other.id, mail.batch_id, MailKind.NOTICE)
    with pytest.raises(InvalidValue, match="ya se le ha enviado"):
        readdress(db, mail)


def test_whose_access_ended_gets_no_notice(db, make):
    mail = notice(db, make, password_hash="x")
    other = make.account(mail.contact, email=NEW)
    other.memberships[0].ended_at = clock.now()
    mail.status = MailStatus.FAILED
    db.commit()

    with pytest.raises(InvalidValue, match="no entra nadie por este cliente"):
        readdress(db, mail)


def test_a_publication_still_said_how_many_notices_it_sent(db, make):
    mail = notice(db, make, password_hash="x")
    make.account(mail.contact, email=NEW)
    mail.status = MailStatus.FAILED
    db.get_one(Batch, mail.batch_id).figures = {"mails": 1}
    db.commit()
    readdress(db, mail)
    db.commit()

    assert list(each_recipient_of_a_batch_has_one_mail(db)) == []


def test_what_the_office_wrote_is_told_to_its_new_reader(db, make):
    document, user, other = make.invoice(), make.user(), make.user(name="Eva Ruiz")
    db.actor = Actor(other.name, other.id)
    stored = StoredFile(sha256="a" * 64, name="x.pdf", media_type="application/pdf", size=1)
    db.add(stored)
    db.flush()
    dispatch = Dispatch(
        user_id=user.id,
        recipients={"to": [["mala@merino.example", "Lucía"], ["otra@merino.example", ""]], "cc": [["c@d.example", ""]]},
        subject="Factura",
        body="<p>Adjunta</p>",
        wants_receipt=True,
        documents=[DispatchDocument(company_id=document.company_id, document_id=document.id)],
        files=[DispatchFile(company_id=document.company_id, file_id=stored.id)],
    )
    db.add(dispatch)
    db.flush()
    values = {"kind": MailKind.DOCUMENT, "document_id": document.id, "dispatch_id": dispatch.id}
    mail = add_mail(db, MailStatus.FAILED, recipient="mala@merino.example", **values)
    add_mail(db, MailStatus.SENT, recipient="otra@merino.example", **values)

    again = db.get_one(OutgoingMail, readdress(db, mail).mail_id)
    new = db.get_one(Dispatch, again.dispatch_id)

    assert new.id != dispatch.id
    assert new.recipients == {"to": [[NEW, "Lucía"], ["otra@merino.example", ""]], "cc": [["c@d.example", ""]]}
    assert dispatch.recipients["to"][0][0] == "mala@merino.example"
    assert (new.subject, new.body, new.wants_receipt, new.user_id) == ("Factura", "<p>Adjunta</p>", True, other.id)
    assert [each.document_id for each in new.documents] == [document.id]
    assert [each.file_id for each in new.files] == [stored.id]
    with pytest.raises(InvalidValue, match="ya se le ha enviado"):
        readdress(db, mail, "otra@merino.example")


def test_another_company_s_mail_is_not_there(db, make, make_session):
    mail, stranger = add_mail(db, MailStatus.FAILED), make.company()
    db.commit()

    with make_session(scope=CompanyScope(stranger.id)) as theirs, pytest.raises(NotFound):
        readdress(theirs, mail)


def test_two_at_once_send_it_once(db, database, company):
    mail = add_mail(db, MailStatus.FAILED)
    together, results = Barrier(2), []

    def send() -> None:
        together.wait()
        try:
            results.append(database.run(CompanyScope(company.id), lambda db: readdress(db, mail)))
        except InvalidValue as refusal:
            results.append(str(refusal))

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(type(result).__name__ for result in results) == ["Readdressed", "str"]
    db.rollback()
    assert len(db.scalars(select(OutgoingMail.id).where(OutgoingMail.recipient == NEW)).all()) == 1
