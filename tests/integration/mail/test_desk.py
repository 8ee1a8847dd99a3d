"""What the office can do with its outbox, and what it sees of it."""

import datetime as dt

import pytest
from sqlalchemy import select

from app import clock
from app.domain.mail.outbox import next_mails
from app.domain.mail.resending import Cancelled, CancelMails, Requeued, RetryMails, cancel_mails, retry_mails
from app.domain.queries.outbox import Queue, QueueFigures, attempts_of, due_queues, queue_figures, stale_companies
from app.mail.shown import mail_as_sent
from app.scope import SYSTEM, Actor, CompanyScope
from models import AuditEntry, OutgoingMail
from models.enums import MailKind, MailStatus

STATUSES = list(MailStatus)


@pytest.fixture
def run(post):
    return lambda work: post.installation.database.run(CompanyScope(post.company.id), work, Actor("Marta", 7))


def in_every_state(post) -> dict[MailStatus, OutgoingMail]:
    return {status: post.letter(MailKind.TEST, status=status) for status in STATUSES}


def test_what_can_go_again_does(post, run):
    mails = in_every_state(post)

    answer = run(lambda db: retry_mails(db, RetryMails(mail_ids=tuple(mail.id for mail in mails.values()))))

    after = {status: post.now(mail).status for status, mail in mails.items()}
    assert answer == Requeued(3)
    assert after == {status: status for status in STATUSES} | dict.fromkeys(
        (MailStatus.FAILED, MailStatus.UNKNOWN, MailStatus.RETRY), MailStatus.QUEUED
    )


def test_what_waits_can_be_cancelled_and_nothing_else(post, run):
    mails = in_every_state(post)

    answer = run(lambda db: cancel_mails(db, CancelMails(mail_ids=tuple(mail.id for mail in mails.values()))))

    after = {status: post.now(mail).status for status, mail in mails.items()}
    assert answer == Cancelled(2)
    assert after == {status: status for status in STATUSES} | dict.fromkeys(
        (MailStatus.QUEUED, MailStatus.RETRY), MailStatus.CANCELLED
    )


def test_each_is_written_down_once(post, run):
    failed = post.letter(MailKind.TEST, status=MailStatus.FAILED)

    run(lambda db: retry_mails(db, RetryMails(mail_ids=(failed.id,))))
    run(lambda db: cancel_mails(db, CancelMails(mail_ids=(failed.id,))))
    run(lambda db: cancel_mails(db, CancelMails(mail_ids=(failed.id,))))

    post.db.rollback()
    entries = post.db.scalars(select(AuditEntry).order_by(AuditEntry.position)).all()
    assert [(entry.action, entry.entity, entry.changes, entry.actor) for entry in entries] == [
        ("retry", "outgoing_mails", {"mails": 1}, "Marta"),
        ("cancel", "outgoing_mails", {"mails": 1}, "Marta"),
    ]


def test_a_stranger_s_mail_is_nobody_s_business(post, run, system_db):
    stranger = type(post.make)(system_db, post.company).company()
    theirs = OutgoingMail(
        company_id=stranger.id,
        kind=MailKind.TEST,
        dedup_key="theirs",
        recipient="ellos@rodano.example",
        due_at=clock.now(),
    )
    system_db.add(theirs)
    system_db.commit()

    answers = run(
        lambda db: (
            cancel_mails(db, CancelMails(mail_ids=(theirs.id,))),
            queue_figures(db).waiting,
            attempts_of(db, theirs.id),
        )
    )

    system_db.refresh(theirs)
    assert (answers, theirs.status) == ((Cancelled(0), 0, []), MailStatus.QUEUED)


def test_a_mail_somebody_sends_again_has_its_patience_back_but_one_doubt_less(post, run):
    now = clock.now()
    doubtful = post.letter(
        MailKind.TEST, status=MailStatus.UNKNOWN, breaks=2, attempts=2, give_up_at=now, finished_at=now
    )
    pressing = post.letter(MailKind.TEST, status=MailStatus.RETRY, attempts=1, deferred_at=now, due_at=now)

    run(lambda db: retry_mails(db, RetryMails(mail_ids=(doubtful.id, pressing.id))))

    doubtful, pressing = post.now(doubtful), post.now(pressing)
    assert (doubtful.breaks, doubtful.give_up_at, doubtful.finished_at) == (1, None, None)
    assert doubtful.due_at <= clock.now()
    assert pressing.due_at - now >= dt.timedelta(minutes=1)


def test_the_figures_of_a_queue(post, run):
    long_ago = clock.now() - dt.timedelta(hours=3)
    in_every_state(post)
    post.letter(MailKind.TEST, created_at=long_ago)
    post.letter(MailKind.TEST, status=MailStatus.SENT, created_at=long_ago)

    figures = run(queue_figures)

    oldest = min(mail.created_at for mail in post.db.scalars(select(OutgoingMail).where(OutgoingMail.id <= 3)))
    assert figures == QueueFigures(waiting=3, sending=1, failed=1, unknown=1, oldest_at=oldest)


def test_an_empty_queue_has_nothing_to_say(run):
    assert run(queue_figures) == QueueFigures(waiting=0, sending=0, failed=0, unknown=0, oldest_at=None)


def test_queues_are_found_when_they_have_something_due(post):
    now = clock.now()
    database = post.installation.database

    def due(**options):
        with database.read(SYSTEM) as db:
            return due_queues(db, now, **options)

    ours = Queue(post.company.id)
    nothing = due()
    later = post.letter(MailKind.TEST, due_at=now + dt.timedelta(minutes=1))
    not_yet = due()
    later.due_at = now
    post.db.commit()
    ready = due()
    post.account.paused_until = now + dt.timedelta(minutes=1)
    post.db.commit()
    paused = (due(), due(without_account=True))

    assert (nothing, not_yet, ready, paused) == ([], [], [ours], ([], [ours]))


def test_companies_are_found_when_a_lease_has_run_out(post):
    now = clock.now()
    post.letter(MailKind.TEST, status=MailStatus.SENDING, claim="gone", leased_until=now)

    with post.installation.database.read(SYSTEM) as db:
        found = stale_companies(db, now), stale_companies(db, now + dt.timedelta(microseconds=1))

    assert found == ([], [post.company.id])


def test_a_mail_not_yet_written_is_shown_as_it_would_be(post):
    mail = post.notice(reader=post.reader(password_hash=""))

    shown = mail_as_sent(post.installation, mail)

    assert (shown.was_written, shown.recipient.endswith(f"<{mail.recipient}>")) == (False, True)
    assert "/in/Tosma/activar/••••" in shown.text
    assert post.now(mail).frozen is None


def test_a_mail_that_never_was_is_not_shown(post):
    mail = post.letter(MailKind.ACCESS, status=MailStatus.CANCELLED, finished_at=clock.now())

    assert mail_as_sent(post.installation, mail) is None


def test_everybodys_mail_leaves_from_their_own_account(post, make):
    own = make.mail_account(user_id=make.user().id, port=post.sink.port)
    make.mail_account(user_id=make.user(email="eva@tosma.example").id, port=post.sink.port)
    post.letter(MailKind.TEST)
    mine = post.letter(MailKind.TEST, account_id=own.id)
    post.db.commit()
    now = clock.now()

    with post.installation.database.read(SYSTEM) as db:
        queues = due_queues(db, now)
    with post.installation.database.read(CompanyScope(post.company.id)) as db:
        seen = [mail.id for mail in next_mails(db, now, account_id=own.id)]

    assert queues == [Queue(post.company.id), Queue(post.company.id, own.id)]
    assert seen == [mine.id]


def test_nobody_sends_again_from_somebody_else_s_account(post, make):
    marta, eva = make.user(), make.user(email="eva@tosma.example")
    own = make.mail_account(user_id=marta.id, port=post.sink.port)
    mail = post.letter(MailKind.TEST, status=MailStatus.SENT, account_id=own.id)
    post.db.commit()
    database, scope = post.installation.database, CompanyScope(post.company.id)
    again = RetryMails(mail_ids=(mail.id,), sent_too=True)

    told = [
        database.run(scope, lambda db: retry_mails(db, again), Actor(user.name, user.id)).mails for user in (eva, marta)
    ]

    assert told == [0, 1]
