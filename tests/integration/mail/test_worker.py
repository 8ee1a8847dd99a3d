"""The worker as a whole: it notices, it does, it stops, and it picks up what others dropped."""

import datetime as dt
import os
import sqlite3
import threading
import time
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app import clock, printing, worker
from app.installation import open_installation
from app.mail.shown import mail_as_sent
from app.printing import print_waiting, unprinted
from app.scope import CompanyScope
from app.worker import SharedClock, run_worker, worker_beside
from models import OutgoingMail, PortalToken, Publication, StoredFile, Throttle
from models.enums import MailKind, MailStatus, TokenPurpose
from tests.integration.mail.conftest import impatient
from tests.smtp_sink import Step

PATIENCE = 30


def until(condition) -> None:
    """Waits for what a thread is about to do."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)


@contextmanager
def working(installation, **options):
    stop, wake = Event(), Event()
    thread = Thread(target=run_worker, args=(installation, stop), kwargs={"wake": wake} | options)
    thread.start()
    try:
        yield wake
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def all_are(post, status) -> bool:
    return set(post.statuses()) == {status}


def test_what_is_queued_leaves_and_what_was_published_is_printed(post, sink):
    post.notices(3)

    with working(post.installation):
        until(lambda: not unprinted(post.installation.database, 1) and all_are(post, MailStatus.SENT))

    publications = post.db.scalars(select(Publication)).all()
    assert len(sink.received) == 3
    assert all(publication.file_id and publication.pdf_sha256 for publication in publications)


def test_beside_the_web_it_wakes_up_at_our_own_commits(post, sink, monkeypatch):
    monkeypatch.setattr(worker, "POLL", 3600.0)
    with worker_beside(post.installation):
        until(lambda: any(thread.name == "worker" for thread in threading.enumerate()))
        mail = post.notice()
        post.installation.database.run(CompanyScope(post.company.id), lambda db: db.connection())

        until(lambda: post.now(mail).status is MailStatus.SENT)

    assert len(sink.received) == 1


def test_a_dead_worker_s_mail_is_sent_by_the_next(post, sink):
    now = clock.now()
    mail, untouched = post.notices(2)
    for row in (mail, untouched):
        row.status, row.claim, row.leased_until = MailStatus.SENDING, "dead", now
    post.db.commit()

    with working(post.installation):
        until(lambda: all_are(post, MailStatus.SENT))

    assert (post.now(mail).breaks, post.now(untouched).breaks) == (1, 0)
    assert len(sink.received) == 2


def test_it_stops_in_time_even_when_a_server_keeps_its_answer(post, sink, monkeypatch):
    monkeypatch.setattr(worker, "STOP_WITHIN", 0.2)
    sink.steps["."] = [Step(keep=True, stall=True)]
    post.notice()

    with working(post.installation):
        until(lambda: sink.received)

    assert post.statuses() == [MailStatus.SENDING]
    sink.hang_up_on_all()
    until(lambda: all_are(post, MailStatus.RETRY))


def test_a_slow_server_holds_up_no_other_company(post, sink, system_db):
    make = type(post.make)(system_db, post.company)
    other = make.company()
    make.mail_account(company_id=other.id, port=sink.port, sender_email="otros@rodano.example")
    reader = make.account(make.contact(company_id=other.id), password_hash="known")
    system_db.commit()
    sink.steps["."] = [Step(stall=True)]
    slow = post.notice()

    with working(post.installation, make_transport=impatient_for_some(post.company.id)):
        until(lambda: "DATA" in sink.verbs())
        system_db.add(access_mail(other, reader))
        system_db.commit()
        until(lambda: any(message.sender == "otros@rodano.example" for message in sink.received))
        still = post.now(slow).status
        sink.hang_up_on_all()

    assert still is MailStatus.SENDING


def impatient_for_some(company_id):
    def make_transport(installation, account):
        client = impatient(installation, account)
        if account.company_id == company_id:
            client._final_timeout = PATIENCE
        return client

    return make_transport


def access_mail(company, reader):
    return OutgoingMail(
        company_id=company.id,
        kind=MailKind.ACCESS,
        dedup_key="access",
        recipient=reader.email,
        portal_account_id=reader.id,
        due_at=clock.now(),
    )


def test_in_the_demonstration_mails_are_kept_and_shown_whole(post, sink, settings):
    post.db.delete(post.account)
    reader = post.reader(password_hash="")
    mail = post.letter(MailKind.ACCESS, reader)
    demo = open_installation(replace(settings, demo=True))

    with working(demo):
        until(lambda: all_are(post, MailStatus.SENT))

    shown = mail_as_sent(demo, mail)
    demo.database.engine.dispose()
    assert sink.commands == []
    assert post.now(mail).last_reply == "Capturado: la demostración no envía nada."
    assert "••••" not in shown.text
    assert "/in/Tosma/activar/" in shown.text


def test_an_idle_worker_asks_little(post, statements, monkeypatch):
    monkeypatch.setattr(worker, "POLL", 0.01)
    looks = []
    monkeypatch.setattr(worker, "due_queues", lambda *args, **options: looks.append(1) or [])

    with working(post.installation):
        until(lambda: len(looks) > 20)

    assert len(statements) < 3 * len(looks) + 20


def test_a_backlog_is_printed_by_a_program_of_its_own(post, monkeypatch):
    monkeypatch.setattr(printing, "HANDFUL", 1)
    post.notice(invoices=3)

    print_waiting(post.installation, Event())

    assert unprinted(post.installation.database, 9) == []
    assert post.db.scalar(select(func.count()).select_from(StoredFile)) == 3


def test_a_document_that_cannot_be_printed_stops_after_two_tries(post, monkeypatch):
    good, bad = (post.make.publication(version=post.version, batch=post.batch) for _ in range(2))
    post.db.commit()
    tried = []

    def render(installation, company_id, publication_id):
        tried.append(publication_id)
        if publication_id == bad.id:
            raise ValueError("a picture too large")

    monkeypatch.setattr(printing, "render_publication", render)
    for _ in range(3):
        print_waiting(post.installation, Event())

    assert tried == [bad.id, good.id] * 2
    assert [post.reload(row).render_tries for row in (good, bad)] == [2, 2]


def test_what_nobody_can_use_any_more_is_thrown_away(post):
    now, day = clock.now(), dt.timedelta(days=1)
    reader = post.reader()
    for purpose, days in ((TokenPurpose.RECOVER, 30), (TokenPurpose.ACTIVATE, 365)):
        for name, age in (("old", days + 1), ("recent", days - 1)):
            token = {"purpose": purpose, "account_id": reader.id, "expires_at": now - day * age}
            post.db.add(PortalToken(token_hash=f"{name} {purpose}", **token))
    for name, age in (("old", 31), ("recent", 29)):
        post.db.add(Throttle(subject=name, since=now - day * age, tries=3))
    post.db.commit()

    worker.throw_away(post.installation.database, now)

    post.db.rollback()
    kept = post.db.scalars(select(PortalToken.token_hash)).all()
    assert sorted(kept) == ["recent activate", "recent recover"]
    assert post.db.scalars(select(Throttle.subject)).all() == ["recent"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_all_workers_go_by_the_database_s_clock(post, monkeypatch):
    fast = clock.now() + dt.timedelta(hours=5)
    monkeypatch.setattr("app.worker.clock.now", lambda: fast)

    shared = SharedClock(post.installation.database)()

    with post.installation.database.engine.connect() as connection:
        theirs = connection.scalar(select(func.clock_timestamp()))
    assert abs(theirs - shared) < dt.timedelta(minutes=1)


def test_a_printer_that_others_keep_from_writing_goes_on_afterwards(post, monkeypatch):
    post.notices(2)
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorname = "SQLITE_BUSY"
    print_all, tried = printing.print_all, []

    def kept_waiting(*waiting):
        tried.append(waiting)
        if len(tried) == 1:
            raise OperationalError("BEGIN IMMEDIATE", {}, busy)
        print_all(*waiting)

    monkeypatch.setattr(printing, "print_all", kept_waiting)
    monkeypatch.setattr(printing, "open_installation", lambda settings: post.installation)
    monkeypatch.setattr(printing.os, "nice", lambda by: 0)
    printing.print_backlog(post.installation.settings, os.getppid())

    assert (len(tried), unprinted(post.installation.database, 1)) == (2, [])


def test_a_printer_whose_beginner_is_gone_before_it_looks_prints_nothing(post, monkeypatch):
    post.notices(2)

    monkeypatch.setattr(printing, "open_installation", lambda settings: post.installation)
    monkeypatch.setattr(printing.os, "nice", lambda by: 0)
    printing.print_backlog(post.installation.settings, os.getpid())

    assert len(unprinted(post.installation.database, 5)) == 2
