"""A company that mails through a server of our own."""

import datetime as dt
from collections.abc import Iterator
from threading import Event

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app import clock
from app.adapters.smtp.account import SmtpAccount
from app.adapters.smtp.client import Client
from app.domain.mail.delivering import Answer, Outcome, RecordOutcome, record_outcome
from app.domain.mail.outbox import ClaimMails, Released, WrittenMail, claim_mails, next_mails, release_stale
from app.domain.queries.letters import letter_facts
from app.domain.queries.outbox import Queue
from app.installation import open_installation
from app.mail.courier import Courier
from app.mail.writing import write_mails
from app.scope import CompanyScope
from models import MailAccount, MailAttempt, OutgoingMail
from models.enums import MailKind, MailSecurity
from tests.integration.domain.mail.sending import send
from tests.rig.mailbox import KeptMail
from tests.smtp_sink import Sink

LEASE = dt.timedelta(seconds=20)


class Time:
    """A clock that tests set forward: what waits an hour need not."""

    def __init__(self) -> None:
        self.ahead = dt.timedelta()

    def __call__(self) -> dt.datetime:
        return clock.now() + self.ahead

    def pass_by(self, **span: float) -> None:
        self.ahead += dt.timedelta(**span)


class Post:
    """The mail of one company: notices are queued, a courier is sent off, rows and attempts are looked at."""

    def __init__(self, installation, db, make, company, sink) -> None:
        self.installation, self.db, self.make, self.company, self.sink = installation, db, make, company, sink
        self.time = Time()
        self.batch = make.batch()
        self.version = make.template()
        self.account: MailAccount = make.mail_account(port=sink.port)
        db.commit()

    def courier(self, account_id: int | None = None, **options) -> Courier:
        return Courier(self.installation, Queue(self.company.id, account_id), clock=self.time, **options)

    def send(self, account_id: int | None = None) -> None:
        """What a worker does when it finds this company, or an account of its own, has mail due."""
        courier = self.courier(account_id)
        courier.run(Event())
        courier.close()

    def reader(self, **values):
        """Somebody who may enter, with a password unless told otherwise."""
        return self.make.account(**{"password_hash": "known", "told_at": clock.now()} | values)

    def notice(self, *, reader=None, invoices: int = 1, **values) -> OutgoingMail:
        """A notice of a publication; its reader is ``reader``, or somebody new."""
        reader = reader or self.reader()
        contact = reader.memberships[0].contact
        batch = values.pop("batch", self.batch)
        for _ in range(invoices):
            self.make.publication(self.make.invoice(contact=contact), version=self.version, batch=batch)
        known = {"recipient": reader.email, "recipient_name": contact.name, "contact_id": contact.id}
        return self.mail(MailKind.NOTICE, **known | {"portal_account_id": reader.id, "batch_id": batch.id} | values)

    def notices(self, count: int) -> list[OutgoingMail]:
        return [self.notice() for _ in range(count)]

    def letter(self, kind: MailKind, reader=None, **values) -> OutgoingMail:
        """A mail about access to one reader."""
        reader = reader or self.reader()
        contact_id = reader.memberships[0].contact_id
        known = {"recipient": reader.email, "contact_id": contact_id, "portal_account_id": reader.id}
        return self.mail(kind, **known | values)

    def mail(self, kind: MailKind, **values) -> OutgoingMail:
        values.setdefault("recipient", "marta@tosma.example")
        values.setdefault("dedup_key", f"{kind}:{self.make._next()}")
        values.setdefault("due_at", self.time())
        mail = OutgoingMail(kind=kind, **values)
        self.db.add(mail)
        self.db.commit()
        return mail

    def now(self, mail: OutgoingMail) -> OutgoingMail:
        """The row as it is by now, frozen bytes included."""
        self.db.rollback()
        self.db.expire(mail)
        return self.db.scalars(
            select(OutgoingMail).where(OutgoingMail.id == mail.id).execution_options(populate_existing=True)
        ).one()

    def statuses(self) -> list[str]:
        self.db.rollback()
        return list(self.db.scalars(select(OutgoingMail.status).order_by(OutgoingMail.id)))

    def attempts(self, mail: OutgoingMail) -> list[tuple[str, str, str]]:
        self.db.rollback()
        found = self.db.scalars(select(MailAttempt).where(MailAttempt.mail_id == mail.id).order_by(MailAttempt.id))
        return [(attempt.status, attempt.verb, attempt.reply) for attempt in found]

    def reload(self, row):
        self.db.rollback()
        self.db.refresh(row)
        return row


class Holder:
    """A worker seen from inside: it claims what is due and records what it is told."""

    def __init__(self, post, claim: str) -> None:
        self.post, self.claim = post, claim
        self.database, self.scope = post.installation.database, CompanyScope(post.company.id)

    def take(self) -> list[WrittenMail]:
        return self.claim_written(self.write())

    def write(self) -> list[WrittenMail]:
        with self.database.read(self.scope) as db:
            due = next_mails(db, self.post.time())
            facts = letter_facts(db, due)
        return write_mails(self.post.installation, facts, due, self.post.time()).written

    def claim_written(self, written: list[WrittenMail]) -> list[WrittenMail]:
        command = ClaimMails(claim=self.claim, now=self.post.time(), lease=LEASE, written=written)
        return self.run(lambda db: claim_mails(db, command))

    def record(self, written, answer: Answer = Answer.TAKEN, **facts) -> bool:
        outcome = Outcome(answer=answer, reply="250 aceptado")
        result = RecordOutcome(written=written, claim=self.claim, outcome=outcome, now=self.post.time(), **facts)
        return self.run(lambda db: record_outcome(db, result))

    def run(self, work):
        return self.database.run(self.scope, work)

    def release(self) -> Released:
        return self.run(lambda db: release_stale(db, self.post.time()))


def impatient(installation, account) -> Client:
    """The real client, which a test does not let wait."""
    return Client(
        SmtpAccount(host=account.host, port=account.port, security=MailSecurity.NONE, timeout=2.0),
        private_hosts=installation.settings.private_hosts,
        final_timeout=1.0,
    )


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture
def installation(settings, engine):
    installation = open_installation(replace(settings, private_hosts=frozenset({"127.0.0.1"})))
    yield installation
    installation.database.engine.dispose()


@pytest.fixture
def post(installation, db, make, company, sink) -> Post:
    return Post(installation, db, make, company, sink)


@pytest.fixture
def holder(post) -> Holder:
    return Holder(post, "mine")


@pytest.fixture
def user(make):
    return make.user(name="Marta Ruiz Ortega")


@pytest.fixture
def merino(make):
    return make.contact(name="Instalaciones Merino, S.L.", email="compras@merino.example")


@pytest.fixture
def invoice(make, merino):
    return make.invoice(contact=merino)


@pytest.fixture
def mail_out(post, db, user):
    """Queues a sending as somebody of the office would."""

    def mail_out(wanted, **values):
        sent = send(db, wanted, user, **values)
        db.commit()
        return sent

    return mail_out


@pytest.fixture
def kept(post, imap) -> KeptMail:
    """The company's account with a mailbox, where copies are kept and answers come in."""
    return KeptMail(post, imap)
