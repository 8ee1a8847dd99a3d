"""Mails by API: what came back about them, and where their copies are."""

import datetime as dt

import pytest

from app import clock
from models.enums import CopyStatus, MailStatus, ReportKind
from tests.rig.answers import add_copy, add_report
from tests.rig.mails import add_mail
from tests.rig.robot import problem_of

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def spelt(moment):
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def test_a_mail_tells_what_came_back_last(robot, db):
    mail, quiet = add_mail(db, MailStatus.SENT), add_mail(db, MailStatus.SENT, number=2)
    add_report(db, mail, ReportKind.DELAYED, reported_at=clock.now() - dt.timedelta(hours=3))
    bounce = add_report(db, mail)

    listed = {one["id"]: one["report"] for one in robot.get("mails").json()["items"]}
    shown = robot.get(f"mails/{mail.id}", headers={"Accept-Language": "en"}).json()

    report = {
        "kind": "bounced",
        "reported_at": spelt(bounce.reported_at),
        "code": "5.1.1",
        "reply": "550 5.1.1 <nadie>: User unknown",
        "says": "Esa dirección de correo no existe.",
    }
    assert listed == {str(mail.id): report, str(quiet.id): None}
    assert shown["report"] == report | {"says": "There is no such e-mail address."}
    assert shown["copy"] is None


@pytest.mark.parametrize("kind", ReportKind)
def test_mails_are_found_by_what_came_back_last(robot, db, kind):
    mails = [add_mail(db, MailStatus.SENT, number=number) for number, _kind in enumerate(ReportKind)]
    for mail, came_back in zip(mails, ReportKind, strict=True):
        add_report(db, mail, came_back)
    changed = add_mail(db, MailStatus.SENT, number=9)
    before = clock.now() - dt.timedelta(hours=1)
    for earlier in set(ReportKind) - {ReportKind.READ}:
        add_report(db, changed, earlier, reported_at=before)
    add_report(db, changed, ReportKind.READ)

    found = robot.get("mails", report=kind).json()["items"]

    expected = [mails[list(ReportKind).index(kind)].id]
    if kind is ReportKind.READ:
        expected = [changed.id, *expected]
    assert [(one["id"], one["report"]["kind"]) for one in found] == [(str(each), kind) for each in expected]


@ONLY_SQLITE
@pytest.mark.parametrize("status", sorted(set(MailStatus) - {MailStatus.SENT}))
def test_what_came_back_of_an_earlier_sending_does_not_count(robot, db, status):
    again, not_sent = add_mail(db, MailStatus.SENT), add_mail(db, MailStatus.SENT, number=2)
    for mail in (again, not_sent):
        add_report(db, mail)
    again.finished_at = clock.now()
    not_sent.status = status
    db.commit()

    listed = robot.get("mails").json()["items"]

    assert [one["report"] for one in listed] == [None, None]
    assert robot.get(f"mails/{again.id}").json()["report"] is None
    assert robot.get("mails", report="bounced").json()["items"] == []
    assert problem_of(robot.get("mails", report="lost")) == (422, "invalid_request", [("report", "invalid_value")])


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_or_many(robot, db, statements, count):
    for number in range(count):
        add_report(db, add_mail(db, MailStatus.SENT, number=number))
    robot.get("mails")
    statements.clear()

    listed = robot.get("mails").json()["items"]

    assert [one["report"]["kind"] for one in listed] == ["bounced"] * count
    assert len(statements) == 3


@pytest.mark.parametrize("status", CopyStatus)
def test_a_mail_tells_where_its_copy_is(robot, make, db, status):
    account = make.mail_account()
    db.commit()
    mail = add_mail(db, MailStatus.SENT, message_id="<1@tosma.example>")
    error = "" if status in (CopyStatus.STORED, CopyStatus.FOUND) else "[OVERQUOTA] lleno"
    copy = add_copy(db, account, mail, status, last_error=error)

    shown = robot.get(f"mails/{mail.id}").json()

    assert shown["copy"] == {
        "status": status,
        "folder": copy.folder,
        "finished_at": spelt(copy.finished_at) if copy.finished_at else None,
        "error": error,
    }


@ONLY_SQLITE
def test_a_copy_in_another_s_mailbox_is_not_told(robot, make, db):
    other = make.mail_account(user_id=make.user().id)
    db.commit()
    mail = add_mail(db, MailStatus.SENT, message_id="<1@tosma.example>")
    add_copy(db, other, mail)

    assert robot.get(f"mails/{mail.id}").json()["copy"] is None
