"""Ending mails that have not left: what is kept of them, and of whom."""

import pytest
from sqlalchemy import select

from app import clock
from app.domain.mail.outbox import cancel_waiting
from models import OutgoingMail
from models.enums import MailStatus
from models.mail import WAITING
from tests.rig.mails import add_mail

NOW = clock.now()


@pytest.mark.parametrize("status", list(MailStatus))
@pytest.mark.parametrize("is_secret", [False, True])
def test_what_waits_is_cancelled_and_its_secret_goes(db, status, is_secret):
    mail = add_mail(db, status, is_secret=is_secret, frozen=b"octetos", last_reply="450 luego")
    ended_at = mail.finished_at

    db.connection().execute(cancel_waiting(db.company_id, NOW, "Ya no hace falta."))

    db.refresh(mail, ["status", "frozen", "last_reply", "finished_at"])
    after = (mail.status, mail.frozen, mail.last_reply, mail.finished_at)
    if status in WAITING:
        assert after == (MailStatus.CANCELLED, None if is_secret else b"octetos", "Ya no hace falta.", NOW)
    else:
        assert after == (status, b"octetos", "450 luego", ended_at)


def test_without_a_reason_it_says_what_it_said(db):
    add_mail(db, MailStatus.RETRY, last_reply="450 luego")

    db.connection().execute(cancel_waiting(db.company_id, NOW))

    assert [*db.execute(select(OutgoingMail.status, OutgoingMail.last_reply))] == [(MailStatus.CANCELLED, "450 luego")]


def test_a_stranger_s_mails_wait_on(db):
    theirs = add_mail(db, MailStatus.QUEUED)

    db.connection().execute(cancel_waiting(db.company_id + 1, NOW))

    db.refresh(theirs)
    assert theirs.status is MailStatus.QUEUED
