"""Mails of the home company for tests of the office: rows in any state, a notice to send, and somebody who sends."""

from threading import Event
from typing import Any

from app import clock
from app.domain.queries.outbox import Queue
from app.installation import Installation
from app.mail.courier import Courier
from app.scope import ScopedSession
from models import Company, OutgoingMail
from models.enums import MailKind, MailStatus
from tests.factories import Make


def add_mail(db: ScopedSession, status: MailStatus = MailStatus.QUEUED, **values: Any) -> OutgoingMail:
    number = values.pop("number", 1)
    over = status in (MailStatus.SENT, MailStatus.FAILED, MailStatus.UNKNOWN, MailStatus.CANCELLED)
    known = {
        "kind": MailKind.TEST,
        "dedup_key": f"{status}-{number}",
        "recipient": f"{status}{number}@merino.example",
        "due_at": clock.now(),
        "finished_at": clock.now() if over else None,
    }
    mail = OutgoingMail(status=status, **known | values)
    db.add(mail)
    db.commit()
    return mail


def notice(db: ScopedSession, make: Make, **account: Any) -> OutgoingMail:
    """A notice of two invoices to somebody who has no password yet."""
    contact = make.contact(name="Instalaciones Merino, S.L.", email="compras@merino.example")
    reader = make.account(contact, **account)
    version, batch = make.template(), make.batch()
    for _ in range(2):
        make.publication(make.invoice(contact=contact), version=version, batch=batch)
    return add_mail(
        db,
        kind=MailKind.NOTICE,
        recipient=reader.email,
        recipient_name=contact.name,
        contact_id=contact.id,
        portal_account_id=reader.id,
        batch_id=batch.id,
    )


def deliver(installation: Installation, company: Company) -> None:
    courier = Courier(installation, Queue(company.id), clock=clock.now)
    courier.run(Event())
    courier.close()


def status_of(db: ScopedSession, mail: OutgoingMail) -> MailStatus:
    db.rollback()
    db.refresh(mail)
    return mail.status
