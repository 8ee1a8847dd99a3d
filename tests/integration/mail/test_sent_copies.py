"""Copies of what was sent in the account's own folder: the same bytes, once, whatever happens in between."""

import datetime as dt
import time
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from threading import Event, Thread

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app.adapters.letters.letter import HIDDEN
from app.domain.mail.mailbox_rights import mailbox_standing
from app.domain.mail.resending import RetryMails, retry_mails
from app.mail.mailbox_visits import visit_mailbox
from app.scope import CompanyScope
from app.worker import run_worker
from models import SentCopy
from models.enums import MailKind
from tests.imap_relay import Relay, Turn
from tests.smtp_sink import Step

LEASE = dt.timedelta(minutes=15)
MINUTE = {"minutes": 1, "seconds": 1}


def as_gmail(kept, **script):
    return Relay(upstream=kept.imap.port, lies={b" UIDPLUS": b" UIDPLUS X-GM-EXT-1"}, script=script)


# What is kept


def test_a_copy_is_byte_for_byte_what_was_sent_and_read(kept):
    mail = kept.post.notice()

    kept.send()
    before = kept.copies()
    kept.visit()

    (received,), mail = kept.post.sink.received, kept.post.now(mail)
    (content, flags, moment) = kept.imap.stored(kept.user)[0]
    assert before == [("waiting", 0, "")]
    assert (content, flags, len(kept.stored())) == (received.content, "S", 1)
    assert moment == mail.finished_at.replace(microsecond=0)
    assert kept.copies() == [("stored", 1, "")]
    assert kept.post.db.scalars(select(SentCopy.folder)).all() == ["Enviados"]
    assert (mailbox_standing(kept.account()), kept.account().imap_paused_until) == ("good", None)


def test_three_copies_are_kept_in_one_visit(kept):
    mails = kept.post.notices(3)

    kept.send()
    kept.visit()

    assert kept.stored() == [kept.post.now(mail).frozen for mail in mails]
    assert kept.copies() == [("stored", 1, "")] * 3


def test_a_secret_is_dots_in_the_copy_too(kept):
    mail = kept.post.letter(MailKind.ACCESS, kept.post.reader(password_hash="", told_at=None))

    kept.send()
    kept.visit()

    (received,) = kept.post.sink.received
    (content,) = kept.stored()
    assert content == kept.post.now(mail).frozen
    assert content != received.content
    assert HIDDEN in BytesParser(EmailMessage, policy=SMTP).parsebytes(content).get_body(("plain",)).get_content()


@pytest.mark.parametrize("values", [{"imap_host": ""}, {"sent_folder": ""}], ids=["no IMAP", "no folder"])
def test_an_account_without_a_place_for_them_keeps_none(kept, values):
    kept.set_up(kept.post.account, **values)
    kept.post.notice()

    kept.send()

    assert kept.copies() == []
    assert kept.post.statuses() == ["sent"]


def test_the_copy_of_a_test_is_missed_by_nobody(kept):
    kept.post.mail(MailKind.TEST)

    kept.send()

    assert (kept.copies(), kept.post.statuses()) == ([], ["sent"])


@pytest.mark.parametrize("reply", ["550 5.1.1 no existe", "451 4.3.0 luego"])
def test_what_was_not_sent_leaves_no_copy(kept, reply):
    kept.post.sink.steps["RCPT"] = [Step(reply=reply)]
    kept.post.notice()

    kept.send()

    assert kept.copies() == []


def test_the_same_message_to_several_people_is_kept_once(kept, holder):
    mails = [kept.post.notice() for _ in range(2)]
    written = holder.take()
    for each in written:
        same = replace(each, message_id="<1@tosma.example>")
        assert holder.record(same, account_id=kept.post.account.id, keeps_copy=True)

    assert [mail.id for mail in mails] == [each.mail.id for each in written]
    assert kept.copies() == [("waiting", 0, "")]


def test_sent_again_with_the_same_bytes_it_is_kept_once(kept):
    mail = kept.post.notice()
    kept.send()
    kept.visit()
    kept.post.installation.database.run(
        CompanyScope(kept.post.company.id), lambda db: retry_mails(db, RetryMails(mail_ids=(mail.id,), sent_too=True))
    )

    kept.send()
    kept.visit()

    assert (len(kept.post.sink.received), len(kept.stored())) == (2, 1)


def test_a_folder_with_accents_in_its_name_is_as_good(kept):
    kept.imap.make_folders(kept.user, "Gestión/Año 2026 & más")
    kept.set_up(kept.post.account, sent_folder="Gestión/Año 2026 & más")
    kept.post.notice()

    kept.send()
    kept.visit()

    assert len(kept.stored("Gestión/Año 2026 & más")) == 1


def test_a_user_s_own_account_keeps_its_own(kept, make):
    other, user = kept.imap.user(), make.user()
    account = make.mail_account(user_id=user.id, port=kept.post.sink.port, sender_email="marta@tosma.example")
    make.db.commit()
    kept.set_up(account, username=other)
    mail = kept.post.notice(account_id=account.id)
    kept.post.sink.credentials = (other, kept.post.sink.credentials[1])

    kept.post.send(account.id)
    kept.visit()

    assert [content for content, *_ in kept.imap.stored(other)] == [kept.post.now(mail).frozen]
    assert kept.stored() == []


def test_the_worker_does_it_all_by_itself(kept, monkeypatch):
    monkeypatch.setattr("app.worker.MAILBOXES_EVERY", 0.0)
    mails = kept.post.notices(2)
    stop = Event()
    working = Thread(target=run_worker, args=(kept.post.installation, stop))
    working.start()
    try:
        deadline = time.monotonic() + 30
        while [status for status, *_ in kept.copies()] != ["stored"] * 2 and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        stop.set()
        working.join(30)

    assert kept.stored() == [kept.post.now(mail).frozen for mail in mails]
    assert (kept.post.statuses(), kept.account().inbox_due_at is not None) == (["sent"] * 2, True)


# Never twice


def test_what_was_stored_before_a_worker_died_is_found(kept):
    kept.post.notice()
    kept.send()
    with Relay(upstream=kept.imap.port, script={"APPEND": [Turn(swallow=True)]}) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port)
        kept.visit()
        after_the_break = (kept.copies(), len(kept.stored()))
        kept.post.time.pass_by(minutes=20)

        kept.visit()

    assert after_the_break == ([("waiting", 1, "El servidor ha cerrado la conexión.")], 1)
    assert kept.copies() == [("found", 2, "")]
    assert len(kept.stored()) == 1


def test_a_worker_killed_between_storing_and_recording_leaves_one_copy(kept, monkeypatch):
    kept.post.notice()
    kept.send()

    def die(*_facts):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("app.mail.sent_copies.record_kept", die)
        with pytest.raises(SystemExit):
            kept.visit()
    left = (kept.copies(), len(kept.stored()), kept.waiting())
    kept.post.time.pass_by(minutes=16)
    kept.visit()

    assert left == ([("waiting", 0, "")], 1, [])
    assert kept.copies() == [("found", 1, "")]
    assert len(kept.stored()) == 1


def test_two_workers_at_once_store_it_once(kept):
    kept.post.notices(5)
    kept.send()
    (where,) = kept.waiting()
    visits = [
        Thread(target=visit_mailbox, args=(kept.post.installation, where, Event()), kwargs={"clock": kept.post.time})
        for _ in range(4)
    ]

    for visit in visits:
        visit.start()
    for visit in visits:
        visit.join()
    kept.visit()

    assert kept.copies() == [("stored", 1, "")] * 5
    assert len(kept.stored()) == 5


def test_who_has_lost_the_right_stores_nothing_more(kept):
    kept.post.notices(2)
    kept.send()

    def save_meanwhile(_relay):
        kept.set_up(kept.post.account, imap_paused_until=None)

    with Relay(upstream=kept.imap.port, on={"APPEND": save_meanwhile}) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port)
        kept.visit()

    assert [status for status, *_ in kept.copies()] == ["stored", "waiting"]


def test_a_provider_that_keeps_its_own_is_given_time_and_found(kept):
    mail = kept.post.notice()
    kept.send()
    with as_gmail(kept) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port)
        kept.visit()
        at_first = (kept.copies(), len(kept.stored()))
        with kept.imap.mailbox(kept.user) as mailbox:
            mailbox.append("Enviados", kept.post.now(mail).frozen, kept.post.time())
        kept.post.time.pass_by(minutes=2, seconds=1)
        kept.visit()

    assert at_first == ([("waiting", 1, "")], 0)
    assert kept.copies() == [("found", 2, "")]
    assert (len(kept.stored()), "APPEND" in relay.verbs()) == (1, False)


def test_a_provider_that_should_and_does_not_gets_ours(kept):
    kept.post.notice()
    kept.send()
    with as_gmail(kept) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port)
        for minutes in (0, 3, 11):
            kept.post.time.pass_by(minutes=minutes)
            kept.visit()

    assert kept.copies() == [("stored", 3, "")]
    assert len(kept.stored()) == 1
