"""A mailbox that refuses, breaks or is somebody else's: copies wait, nobody knocks too often, and no mail suffers."""

import base64
import datetime as dt
import logging
from pathlib import Path
from threading import Event

import pytest

from app.chores import give_up
from app.domain.mail.keeping_copies import DueCopy, due_copies, keep_copy_again, record_kept
from app.domain.mail.mailbox_rights import leave_mailbox, mailbox_standing, take_mailbox
from app.domain.queries.mail_replies import copy_of
from app.domain.queries.mailboxes import WaitingMailbox
from app.errors import NotFound, Refusal
from app.scope import CompanyScope
from models import MailAccount, OutgoingMail
from models.enums import CopyStatus, MailStatus
from tests.imap_relay import Relay, Turn
from tests.imap_server import PASSWORD

LEASE = dt.timedelta(minutes=15)
MINUTE = {"minutes": 1, "seconds": 1}


# What goes wrong


def keep_again(db, mail, kept):
    keep_copy_again(db, copy_of(db, db.get(OutgoingMail, mail.id) or mail), kept.post.time())


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        (Turn(reply="NO [OVERQUOTA] Buzón lleno"), "[OVERQUOTA] Buzón lleno"),
        (Turn(drop=True), "El servidor ha cerrado la conexión."),
        (Turn(raw=b"pues no\r\n", drop_after=True), "El servidor no responde como un servidor de correo."),
    ],
)
def test_a_copy_that_fails_is_tried_again_by_itself_and_never_the_mail(kept, turn, reason):
    mail = kept.post.notice()
    kept.send()
    with Relay(upstream=kept.imap.port, script={"APPEND": [turn]}) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port)
        kept.visit()
        kept.visit()
        first = kept.copies()
        kept.post.time.pass_by(minutes=6)
        kept.visit()

    assert first == [("waiting", 1, reason)]
    assert kept.copies() == [("stored", 2, "")]
    assert (kept.post.now(mail).status, len(kept.post.sink.received)) == (MailStatus.SENT, 1)


def test_one_that_is_refused_does_not_keep_the_others(kept):
    kept.post.notices(3)
    kept.send()
    with Relay(upstream=kept.imap.port, script={"APPEND": [Turn(reply="NO ese no")]}) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port)
        kept.visit()

    assert kept.copies() == [("waiting", 1, "ese no"), ("stored", 1, ""), ("stored", 1, "")]
    assert mailbox_standing(kept.account()) == "good"


def test_a_day_of_failures_gives_a_copy_up_and_somebody_may_try_again(kept):
    mail = kept.post.notice()
    kept.send()
    kept.set_up(kept.post.account, sent_folder="No existe")
    waits = []
    while kept.copies()[0][0] == "waiting":
        kept.visit()
        waits.append(kept.copies()[0][1])
        kept.post.time.pass_by(hours=4, seconds=1)
        assert len(waits) < 20

    failed = kept.copies()
    kept.set_up(kept.post.account, sent_folder="Enviados")
    kept.visit()
    scope = CompanyScope(kept.post.company.id)
    kept.post.installation.database.run(scope, lambda db: keep_again(db, mail, kept))
    kept.visit()

    assert [status for status, *_ in failed] == ["failed"]
    assert failed[0][2].startswith("No se puede abrir la carpeta «No existe»")
    assert kept.copies() == [("stored", 1, "")]
    with pytest.raises(Refusal):
        kept.post.installation.database.run(scope, lambda db: keep_again(db, mail, kept))
    with pytest.raises(NotFound):
        kept.post.installation.database.run(scope, lambda db: keep_copy_again(db, None, kept.post.time()))


def test_a_refused_password_is_tried_less_and_less(kept):
    kept.post.notice()
    kept.send()
    kept.set_up(kept.post.account, username="otro@tosma.example", sealed_password="")
    with Relay(upstream=kept.imap.port) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port, sealed_password="")
        for _ in range(60):
            kept.visit()
            kept.post.time.pass_by(**MINUTE)

    account = kept.account()
    assert (relay.connections, account.imap_failures) == (3, 3)
    assert mailbox_standing(account) == "refused"
    assert account.imap_error.startswith("[AUTHENTICATIONFAILED] ")
    assert account.imap_fault == "credentials_refused"
    assert (account.failures, account.paused_until, kept.copies()) == (0, None, [("waiting", 0, "")])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_password_is_nowhere_to_be_read(kept, caplog, engine):
    caplog.set_level(logging.DEBUG)
    kept.post.notice()
    kept.send()
    kept.visit()
    with Relay(upstream=kept.imap.port, script={"AUTHENTICATE": [Turn(reply="NO [AUTHENTICATIONFAILED] no")]}) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port, inbox_due_at=None)
        kept.visit()

    file = Path(engine.url.database)
    on_disk = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    spelled = (PASSWORD, base64.b64encode(f"\0{kept.user}\0{PASSWORD}".encode()).decode())
    assert (kept.copies(), kept.account().imap_failures) == ([("stored", 1, "")], 1)
    assert [text in caplog.text or text.encode() in on_disk for text in spelled] == [False, False]


def test_an_unreachable_server_is_probed_now_and_then(kept):
    kept.post.notice()
    kept.send()
    with Relay(upstream=kept.imap.port, script={"CONNECT": [Turn(drop=True, times=0)]}) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port)
        for _ in range(11):
            kept.visit()
            kept.post.time.pass_by(**MINUTE)

    assert relay.connections == 3
    account = kept.account()
    assert (mailbox_standing(account), account.imap_fault) == ("unreachable", "silent")
    assert kept.copies() == [("waiting", 0, "")]


def test_a_password_sealed_with_another_key_asks_for_it_again(kept):
    kept.post.notice()
    kept.send()
    kept.set_up(kept.post.account, sealed_password=kept.post.installation.keys.seal_text("x", "otra cosa"))

    kept.visit()

    account = kept.account()
    assert account.imap_error == "No se puede usar la contraseña guardada: escríbala otra vez."
    assert account.imap_fault == "credentials_unreadable"


def test_after_a_day_without_a_mailbox_its_copies_are_given_up(kept):
    kept.post.notice()
    kept.send()
    kept.set_up(kept.post.account, imap_host="")
    database, hours = kept.post.installation.database, []

    for span in (23, 2):
        kept.post.time.pass_by(hours=span)
        give_up(database, kept.post.time())
        hours.append(kept.copies())

    assert hours == [[("waiting", 0, "")], [("failed", 0, "")]]


def test_a_mail_that_was_written_anew_has_no_old_copy(kept):
    mail = kept.post.notice()
    kept.send()
    row = kept.post.now(mail)
    row.message_id = "<otro@tosma.example>"
    kept.post.db.commit()

    kept.visit()

    assert kept.copies() == [("failed", 1, "El correo se ha vuelto a escribir desde entonces.")]
    assert kept.stored() == []


def test_who_is_asked_to_stop_leaves_the_rest(kept):
    kept.post.notices(3)
    kept.send()
    stop = Event()
    with Relay(upstream=kept.imap.port, on={"APPEND": lambda _relay: stop.set()}) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port)
        kept.visit(stop)

    assert [status for status, *_ in kept.copies()] == ["stored", "waiting", "waiting"]
    assert kept.account().imap_paused_until is None


# Whose they are


def test_another_company_sees_and_changes_none(kept, make, system_db):
    mail = kept.post.notice()
    kept.send()
    stranger = make.company()
    make.db.commit()
    database = kept.post.installation.database
    copy = database.run(
        CompanyScope(kept.post.company.id), lambda db: due_copies(db, kept.post.account.id, kept.post.time(), 9)
    )[0]
    scope = CompanyScope(stranger.id)

    assert isinstance(copy, DueCopy)
    assert database.run(scope, lambda db: due_copies(db, kept.post.account.id, kept.post.time(), 9)) == []
    assert database.run(scope, lambda db: take_mailbox(db, kept.post.account.id, kept.post.time(), LEASE)) is None
    database.run(scope, lambda db: record_kept(db, copy, CopyStatus.STORED, "x", kept.post.time()))
    with pytest.raises(NotFound):
        database.run(scope, lambda db: keep_again(db, mail, kept))
    assert kept.copies() == [("waiting", 0, "")]


def test_the_right_to_a_mailbox_is_one_s_alone(kept):
    database, scope = kept.post.installation.database, CompanyScope(kept.post.company.id)
    account_id, now = kept.post.account.id, kept.post.time()

    mine = database.run(scope, lambda db: take_mailbox(db, account_id, now, LEASE))
    theirs = database.run(scope, lambda db: take_mailbox(db, account_id, now, LEASE))
    later = database.run(scope, lambda db: take_mailbox(db, account_id, now + LEASE, LEASE))

    assert (mine.until, theirs, later.until) == (now + LEASE, None, now + LEASE * 2)
    assert database.run(scope, lambda db: leave_mailbox(db, mine)) is False
    assert database.run(scope, lambda db: leave_mailbox(db, later)) is True
    assert kept.post.db.get_one(MailAccount, account_id).imap_paused_until is None


def test_only_accounts_with_something_to_do_are_visited(kept, make):
    kept.set_up(kept.post.account, inbox_due_at=kept.post.time() + dt.timedelta(minutes=1))
    quiet = kept.waiting()
    kept.post.notice()
    kept.send()

    assert (quiet, kept.waiting()) == ([], [WaitingMailbox(kept.post.company.id, kept.post.account.id)])
