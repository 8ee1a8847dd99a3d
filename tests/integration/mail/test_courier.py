"""Mail leaving for real: what the server says decides, and every answer is on record before the next mail begins."""

import datetime as dt
from email.parser import BytesParser
from email.policy import SMTP
from itertools import pairwise
from threading import Event

import pytest
from sqlalchemy import select

from app import clock
from app.domain.mail.accounts import Standing, company_account, standing_of
from app.domain.mail.resending import RetryMails, retry_mails
from app.domain.queries.letters import MOST_LISTED
from models import Document, MailAccount, PortalAccount, Publication
from models.enums import DocumentKind, DocumentStatus, MailKind, MailStatus
from tests.smtp_sink import Sink, Step


def parsed(content: bytes):
    return BytesParser(policy=SMTP).parsebytes(content)


def recipients(sink: Sink) -> list[str]:
    return [recipient for message in sink.received for recipient in message.recipients]


def test_a_notice_arrives_as_it_was_frozen(post, sink):
    mail = post.notice(invoices=2)

    post.send()

    (received,) = sink.received
    mail = post.now(mail)
    assert (received.sender, received.recipients) == ("facturas@tosma.example", (mail.recipient,))
    assert received.content == mail.frozen
    assert (mail.status, mail.attempts, mail.claim, mail.leased_until) == (MailStatus.SENT, 1, None, None)
    assert (mail.subject, mail.last_reply) == ("2 facturas nuevas de Suministros Tosma, S.L.", "250 2.0.0 aceptado")
    assert mail.search_key == "2 facturas nuevas de suministros tosma, s.l."
    assert mail.message_id == received.message_id
    assert post.attempts(mail) == [("sent", "", "250 2.0.0 aceptado")]


def test_its_headers_say_who_writes_and_that_it_is_a_machine(post, sink):
    post.company.email = "info@tosma.example"
    post.db.merge(post.company)
    post.notice()

    post.send()

    message = parsed(sink.received[0].content)
    assert (message["From"], message["Reply-To"]) == (
        "Suministros Tosma <facturas@tosma.example>",
        '"Suministros Tosma, S.L." <info@tosma.example>',
    )
    assert (message["Auto-Submitted"], message["X-Auto-Response-Suppress"]) == ("auto-generated", "All")


def test_mails_leave_in_the_order_of_their_ids_over_one_connection(post, sink):
    mails = post.notices(3)

    post.send()

    assert recipients(sink) == [mail.recipient for mail in mails]
    assert {message.connection for message in sink.received} == {1}


@pytest.mark.parametrize("count", [1, 3])
def test_writing_many_costs_the_queries_of_one(post, statements, count):
    courier = post.courier()
    post.notice()
    courier.run(Event())
    post.notices(count)
    statements.clear()

    courier.run(Event())

    courier.close()
    assert len([sql for sql in statements if sql.startswith("SELECT")]) == 14


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
def test_a_later_is_tried_again_after_a_minute_with_the_same_bytes(post, sink, verb):
    sink.steps[verb] = [Step(reply="451 4.3.0 más tarde")]
    mail = post.notice()

    post.send()
    first = post.now(mail)
    waited = (first.status, first.attempts, first.due_at - first.deferred_at, first.frozen)
    post.time.pass_by(seconds=59)
    post.send()
    too_soon = len(sink.received)
    post.time.pass_by(seconds=2)
    post.send()

    assert waited[:3] == (MailStatus.RETRY, 1, dt.timedelta(minutes=1))
    assert too_soon == 0
    assert [message.content for message in sink.received] == [waited[3]]
    assert [status for status, _, _ in post.attempts(mail)] == ["retry", "sent"]


def test_after_a_later_the_same_recipient_rests_for_other_mails_too(post, sink):
    sink.steps["RCPT"] = [Step(reply="450 4.2.0 lista gris")]
    reader = post.reader()
    post.notice(reader=reader)
    post.send()
    second = post.notice(reader=reader, batch=post.make.batch())
    other = post.notice()

    post.send()
    resting = recipients(sink)
    post.time.pass_by(seconds=61)
    post.send()

    assert resting == [other.recipient]
    assert recipients(sink) == [other.recipient, reader.email, reader.email]
    assert post.now(second).status is MailStatus.SENT


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
def test_a_never_ends_that_mail_alone(post, sink, verb):
    sink.steps[verb] = [Step(reply="550 5.1.1 no existe")]
    refused, fine = post.notices(2)

    post.send()
    post.time.pass_by(days=3)
    post.send()

    assert recipients(sink) == [fine.recipient]
    refused = post.now(refused)
    assert (refused.status, refused.attempts, refused.last_reply) == (MailStatus.FAILED, 1, "550 5.1.1 no existe")
    assert post.attempts(refused) == [("failed", verb, "550 5.1.1 no existe")]


def test_an_address_that_takes_no_mail_is_noted_until_it_does(post, sink):
    sink.steps["RCPT"] = [Step(reply="550 5.1.1 no existe")]
    reader = post.reader()
    post.notice(reader=reader)

    post.send()
    bounced = post.reload(reader).bounced_at
    post.letter(MailKind.ACCESS, reader)
    post.send()

    assert bounced is not None
    assert post.reload(reader).bounced_at is None


def test_whoever_has_been_told_how_to_enter_is_known(post):
    reader = post.reader(told_at=None)
    post.notice(reader=reader)

    post.send()

    assert post.reload(reader).told_at is not None


def test_patience_ends_after_two_days_with_one_last_try(post, sink):
    sink.steps["RCPT"] = [Step(reply="450 4.2.2 lleno", times=0)]
    mail = post.notice()
    begin = clock.now()

    tries = []
    while post.now(mail).status is not MailStatus.FAILED:
        post.time.ahead = max(post.now(mail).due_at, post.time()) - clock.now() + dt.timedelta(seconds=1)
        post.send()
        tries.append(post.time() - begin)

    assert dt.timedelta(hours=48) <= tries[-1] < dt.timedelta(hours=49)
    assert all(later - sooner >= dt.timedelta(minutes=1) for sooner, later in pairwise(tries))
    assert (post.now(mail).last_reply, sink.received) == ("450 4.2.2 lleno", [])


def test_a_mail_that_cannot_be_written_fails_alone(post, sink):
    broken = post.notice(recipient_name="Merino\r\nBcc: todos@merino.example")
    fine = post.notice()

    post.send()

    assert recipients(sink) == [fine.recipient]
    broken = post.now(broken)
    assert (broken.status, broken.frozen) == (MailStatus.FAILED, None)
    assert broken.last_reply == "No puede llevar saltos de línea ni caracteres de control."


def test_a_notice_with_nothing_left_to_tell_is_cancelled(post, sink):
    withdrawn, ended = post.notices(2)
    publication = post.make.publication(version=post.version, batch=post.make.batch())
    withdrawn.batch_id = publication.batch_id
    reader = post.reader()
    ended.portal_account_id = reader.id
    reader.memberships[0].ended_at = clock.now()
    post.db.commit()

    post.send()

    assert sink.received == []
    assert [(mail.status, mail.last_reply) for mail in map(post.now, (withdrawn, ended))] == [
        (MailStatus.CANCELLED, "Ya no queda ningún documento publicado del que avisar."),
        (MailStatus.CANCELLED, "Su acceso se ha retirado."),
    ]


def replace_first(post, mail, **batch) -> None:
    """The first invoice of a notice is published again, by a batch of its own."""
    first = post.db.scalars(
        select(Publication).where(Publication.batch_id == mail.batch_id).order_by(Publication.id)
    ).first()
    newer = post.make.batch(**batch)
    first.withdrawn_at, first.withdrawn_by_batch_id = clock.now(), newer.id
    post.db.flush()
    invoice = post.db.get_one(Document, first.document_id)
    post.make.publication(invoice, version=post.version, batch=newer)
    post.db.commit()


@pytest.mark.parametrize(
    ("invoices", "later", "subject"),
    [
        (1, [False], "Factura FV26-0001 de Suministros Tosma, S.L."),
        (2, [False], "2 facturas nuevas de Suministros Tosma, S.L."),
        (2, [False, False], "2 facturas nuevas de Suministros Tosma, S.L."),
        (2, [True], "Factura FV26-0002 de Suministros Tosma, S.L."),
        (2, [True, False], "Factura FV26-0002 de Suministros Tosma, S.L."),
        (1, [True], ""),
    ],
)
def test_a_notice_still_tells_of_what_was_published_again_without_one(post, sink, invoices, later, subject):
    mail = post.notice(invoices=invoices)
    replaced = mail
    for notify in later:
        replace_first(post, replaced, notify=notify)
        replaced = post.db.scalars(select(Publication).order_by(Publication.id.desc())).first()

    post.send()

    mail = post.now(mail)
    assert (mail.status, mail.subject) == (MailStatus.SENT if subject else MailStatus.CANCELLED, subject)


@pytest.mark.parametrize(
    ("known", "subject", "sentence"),
    [
        (0, "2 facturas nuevas de", "Tiene 2 facturas nuevas en su área de cliente."),
        (1, "2 facturas de", "Tiene 2 facturas en su área de cliente."),
    ],
)
def test_what_had_been_published_before_is_not_called_new(post, sink, known, subject, sentence):
    mail = post.notice(invoices=2)
    told = select(Publication).where(Publication.batch_id == mail.batch_id).order_by(Publication.id.desc())
    for publication in post.db.scalars(told.limit(known)).all():
        publication.withdrawn_at = clock.now()
        post.db.flush()
        invoice = post.db.get_one(Document, publication.document_id)
        newer = post.make.publication(invoice, version=post.version, batch=post.make.batch(notify=True))
        publication.batch_id, newer.batch_id = newer.batch_id, publication.batch_id
    post.db.commit()

    post.send()

    message = parsed(sink.received[0].content)
    assert message["Subject"].startswith(subject)
    assert sentence in message.get_body(("plain",)).get_content()


def test_a_notice_counts_the_kinds_of_all_it_tells_of_and_not_only_of_those_it_lists(post, sink):
    reader = post.reader()
    quote = post.make.document(DocumentKind.QUOTE, contact=reader.memberships[0].contact, issued_on=dt.date(2026, 1, 2))
    post.make.publication(quote, version=post.version, batch=post.batch)
    mail = post.notice(reader=reader, invoices=MOST_LISTED)

    post.send()

    assert post.now(mail).subject == "21 documentos nuevos de Suministros Tosma, S.L."
    text = parsed(sink.received[0].content).get_body(("plain",)).get_content()
    assert (text.count("- Factura "), text.count("Presupuesto"), "y 1 más" in text) == (MOST_LISTED, 0, True)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (DocumentStatus.ISSUED, True),
        (DocumentStatus.ACCEPTED, False),
        (DocumentStatus.REJECTED, False),
        (DocumentStatus.SUPERSEDED, False),
    ],
)
def test_until_when_a_quote_holds_is_told_while_it_can_be_answered(post, sink, status, told):
    reader = post.reader()
    days = {"issued_on": dt.date(2026, 11, 1), "due_on": dt.date(2026, 11, 30)}
    quote = post.make.document(DocumentKind.QUOTE, contact=reader.memberships[0].contact, status=status, **days)
    post.make.publication(quote, version=post.version, batch=post.batch)
    post.notice(reader=reader, invoices=0)

    post.send()

    text = parsed(sink.received[0].content).get_body(("plain",)).get_content()
    assert ("(válido hasta el 30/11/2026)" in text) is told


LATER, NEVER = "450 4.2.0 lista gris", "550 5.2.1 desactivado"


@pytest.fixture
def tried(post, sink):
    """A notice of two invoices that a server refused or put off: ``tried(LATER)``."""

    def tried(reply: str):
        sink.steps["RCPT"] = [Step(reply=reply)]
        mail = post.notice(invoices=2)
        post.send()
        return mail

    return tried


def withdraw(post, mail, count: int = 2) -> None:
    published = select(Publication).where(Publication.batch_id == mail.batch_id).order_by(Publication.id).limit(count)
    for publication in post.db.scalars(published):
        publication.withdrawn_at = clock.now()
    post.db.commit()


def end_access(post, mail) -> None:
    reader = post.db.get_one(PortalAccount, mail.portal_account_id)
    reader.memberships[0].ended_at = clock.now()
    post.db.commit()


def send_again(post, mail) -> None:
    """The office asks for what failed; what was put off has its time come."""
    post.installation.database.run(post.courier().scope, lambda db: retry_mails(db, RetryMails(mail_ids=(mail.id,))))
    post.time.pass_by(minutes=2)
    post.send()


@pytest.mark.parametrize("reply", [LATER, NEVER])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (withdraw, "Ya no queda ningún documento publicado del que avisar."),
        (end_access, "Su acceso se ha retirado."),
    ],
)
def test_a_notice_that_was_tried_leaves_only_while_there_is_a_point(post, sink, tried, reply, change, reason):
    mail = tried(reply)
    change(post, mail)

    send_again(post, mail)

    mail = post.now(mail)
    assert (sink.received, mail.status, mail.last_reply) == ([], MailStatus.CANCELLED, reason)


def test_a_notice_that_was_tried_and_still_has_a_point_keeps_its_bytes(post, sink, tried):
    mail = tried(LATER)
    frozen = post.now(mail).frozen
    withdraw(post, mail, 1)

    send_again(post, mail)

    assert [message.content for message in sink.received] == [frozen]


def test_who_waits_for_a_mail_does_not_queue_behind_notices(post, sink):
    post.notices(2)
    recovery = post.letter(MailKind.RECOVERY)

    post.send()

    assert recipients(sink)[0] == recovery.recipient


def test_without_an_account_mail_waits(post, sink):
    mail = post.notice()
    post.db.delete(post.account)
    post.db.commit()

    post.send()

    assert (post.now(mail).status, sink.commands) == (MailStatus.QUEUED, [])
    with post.installation.database.read(post.courier().scope) as db:
        assert standing_of(company_account(db)) is Standing.MISSING


def test_another_company_s_mail_is_left_alone(post, sink, system_db):
    mail = post.notice()
    stranger = type(post.make)(system_db, post.company).company()
    system_db.commit()
    courier = post.courier()
    courier.company_id, courier.scope = stranger.id, type(courier.scope)(stranger.id)

    courier.run(Event())

    assert (post.now(mail).status, sink.commands) == (MailStatus.QUEUED, [])
    assert post.db.scalars(select(MailAccount)).all() == [post.account]
