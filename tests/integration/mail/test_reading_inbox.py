"""What comes back to the inbox: kept with the mail it is about, once, and never anybody else's."""

import datetime as dt
from threading import Event, Thread

import pytest
from sqlalchemy import event, select

from app.domain.mail.bounces import bounced_addresses, bounced_among, dismiss_bounces
from app.errors import NotFound
from app.mail.mailbox_visits import visit_mailbox
from app.scope import CompanyScope
from models import Contact, MailReport, OutgoingMail, PortalAccount
from models.enums import MailKind, MailStatus
from tests.imap_relay import Relay, Turn
from tests.rig.reports import bounce, receipt
from tests.smtp_sink import Step

UNKNOWN = "550 5.1.1 <compras@merino.example>: Recipient address rejected: User unknown"


@pytest.fixture
def sent(kept) -> OutgoingMail:
    """A notice that has left."""
    mail = kept.post.notice()
    kept.send()
    return kept.post.now(mail)


def read(kept, *messages: bytes) -> None:
    kept.imap.deliver(kept.user, *messages)
    kept.post.time.pass_by(minutes=5, seconds=1)
    kept.visit()


def bounced(kept, *addresses: str) -> dict[str, str]:
    with kept.post.installation.database.read(CompanyScope(kept.post.company.id)) as db:
        return {address: bounce.says or bounce.code for address, bounce in bounced_among(db, addresses).items()}


def test_a_bounce_is_kept_with_its_mail_and_marks_the_address(kept, sent):
    read(kept, bounce(sent.message_id, sent.recipient))

    assert kept.reports() == [(sent.id, "bounced", sent.recipient, "5.1.1")]
    assert bounced(kept, sent.recipient, "otra@merino.example") == {sent.recipient: UNKNOWN}
    assert kept.post.now(sent).status is MailStatus.SENT
    reader = kept.post.db.get_one(PortalAccount, sent.portal_account_id)
    assert reader.bounced_at is not None


def test_a_receipt_is_kept_with_its_mail(kept, sent):
    read(kept, receipt(sent.message_id, sent.recipient))

    assert kept.reports() == [(sent.id, "read", sent.recipient, "")]
    assert bounced(kept, sent.recipient) == {}
    assert kept.post.db.get_one(PortalAccount, sent.portal_account_id).bounced_at is None


def test_the_inbox_stays_as_it_was(kept, sent):
    read(kept, bounce(sent.message_id), b"Subject: hola\r\n\r\nhola\r\n")

    assert [flags for _content, flags, _moment in kept.imap.stored(kept.user, "INBOX")] == ["", ""]


def test_reading_again_tells_nothing_twice(kept, sent):
    read(kept, bounce(sent.message_id))
    position = kept.account().inbox_uid
    kept.set_up(kept.post.account, inbox_validity=None, inbox_uid=0)

    read(kept)

    assert len(kept.reports()) == 1
    assert (position, kept.account().inbox_uid) == (1, 1)


def test_only_what_is_new_is_fetched_and_only_now_and_then(kept, sent):
    read(kept, bounce(sent.message_id), *[b"Subject: hola\r\n\r\nhola\r\n"] * 3)
    with Relay(upstream=kept.imap.port) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port)
        kept.visit()
        too_soon = relay.connections
        read(kept)
        nothing_new = relay.verbs().count("UID FETCH")
        read(kept, receipt(sent.message_id))

    assert (too_soon, nothing_new) == (0, 0)
    assert [command for command in relay.commands if "UID FETCH" in command and " 1 " in command] == []
    assert [kind for _mail, kind, *_ in kept.reports()] == ["bounced", "read"]


def test_a_great_many_messages_are_read_in_several_visits(kept, sent, monkeypatch):
    monkeypatch.setattr("app.mail.inbox.MOST", 2)
    messages = [b"Subject: hola\r\n\r\nhola\r\n"] * 4 + [bounce(sent.message_id)]
    read(kept, *messages)
    at_first = (kept.account().inbox_uid, len(kept.reports()))

    kept.visit()
    kept.visit()

    assert at_first == (2, 0)
    assert (kept.account().inbox_uid, len(kept.reports())) == (5, 1)


@pytest.mark.parametrize("message_id", ["<nobody@tosma.example>", "<AbC@tosma.example>"])
def test_a_report_about_an_unknown_mail_leaves_no_trace(kept, sent, message_id):
    read(kept, bounce(message_id, sent.recipient), receipt(message_id, sent.recipient, own_id="<2@x.example>"))

    assert kept.reports() == []
    assert kept.account().inbox_uid == 2


def test_another_company_s_mail_is_nobody_s_here(kept, make, sent, system_db):
    stranger = make.company()
    make.db.commit()
    theirs = OutgoingMail(
        company_id=stranger.id,
        kind=MailKind.TEST,
        dedup_key="x",
        recipient="jefe@rodano.example",
        message_id="<theirs@tosma.example>",
        due_at=kept.post.time(),
        status=MailStatus.SENT,
    )
    system_db.add(theirs)
    system_db.commit()

    read(kept, bounce("<theirs@tosma.example>", "jefe@rodano.example"))

    assert system_db.scalars(select(MailReport)).all() == []


def test_mail_for_several_is_told_by_recipient(kept):
    mails = [kept.post.mail(MailKind.TEST, recipient=f"{name}@merino.example") for name in ("ana", "luis", "eva")]
    kept.send()
    kept.post.db.rollback()
    for mail in mails:
        mail.message_id = "<one@tosma.example>"
    kept.post.db.commit()
    more = "\nFinal-Recipient: rfc822; LUIS@merino.example\nAction: delayed\nStatus: 4.4.1\n"

    read(
        kept,
        bounce("<one@tosma.example>", "eva@merino.example", more=more),
        bounce("<one@tosma.example>", "otra@merino.example", own_id="<2@x.example>"),
    )

    assert kept.reports() == [
        (mails[2].id, "bounced", "eva@merino.example", "5.1.1"),
        (mails[1].id, "delayed", "luis@merino.example", "4.4.1"),
    ]


def test_mail_for_one_alone_is_theirs_whatever_they_are_called(kept, sent):
    read(kept, bounce(sent.message_id, "buzon-interno@otro.example"))

    assert kept.reports() == [(sent.id, "bounced", sent.recipient, "5.1.1")]


@pytest.mark.parametrize("report", [bounce, receipt])
def test_what_comes_back_about_a_mail_in_doubt_proves_that_it_left(kept, sent, report):
    sent.status = MailStatus.UNKNOWN
    kept.post.db.commit()

    read(kept, report(sent.message_id))

    assert kept.post.now(sent).status is MailStatus.SENT


@pytest.mark.parametrize(
    ("status", "says", "marks"),
    [
        ("5.2.2", "smtp; 552 5.2.2 Mailbox full", False),
        ("5.7.1", "smtp; 550 5.7.1 spam", False),
        ("4.4.7", "smtp; 421 4.4.7 expired", False),
        ("5.0.0", "smtp; 550 no", True),
        ("", "", True),
    ],
)
def test_only_what_blames_the_address_marks_it(kept, sent, status, says, marks):
    read(kept, bounce(sent.message_id, status=status, says=says))

    assert len(kept.reports()) == 1
    assert (sent.recipient in bounced(kept, sent.recipient)) is marks
    reader = kept.post.db.get_one(PortalAccount, sent.portal_account_id)
    assert (reader.bounced_at is not None) is marks


def test_a_refusal_at_once_marks_the_address_as_well(kept):
    kept.post.sink.steps["RCPT"] = [Step(reply="550 5.1.1 no existe")]
    mail = kept.post.notice()

    kept.send()

    assert kept.reports() == [(mail.id, "bounced", mail.recipient, "5.1.1")]
    assert bounced(kept, mail.recipient) == {mail.recipient: "550 5.1.1 no existe"}


@pytest.mark.parametrize("reply", ["550 5.7.1 spam", "552 5.2.2 lleno", "451 4.1.1 luego"])
def test_other_refusals_do_not(kept, reply):
    kept.post.sink.steps["RCPT"] = [Step(reply=reply)]
    kept.post.notice()

    kept.send()

    assert kept.reports() == []


def test_whoever_reads_a_later_mail_has_a_good_address(kept, sent):
    read(kept, bounce(sent.message_id))
    before = bounced(kept, sent.recipient)

    read(kept, receipt(sent.message_id).replace(b"Date:", b"X-Date:"))

    assert (list(before), bounced(kept, sent.recipient)) == ([sent.recipient], {})


def test_an_address_may_be_said_to_be_good_all_the_same(kept, make, sent):
    read(kept, bounce(sent.message_id))
    database, company = kept.post.installation.database, kept.post.company
    kept.post.db.rollback()
    stranger = make.company()
    make.db.commit()

    with pytest.raises(NotFound):
        database.run(CompanyScope(stranger.id), lambda db: dismiss_bounces(db, sent.recipient, kept.post.time()))
    dismissed = database.run(CompanyScope(company.id), lambda db: dismiss_bounces(db, sent.recipient, kept.post.time()))
    with pytest.raises(NotFound):
        database.run(CompanyScope(company.id), lambda db: dismiss_bounces(db, sent.recipient, kept.post.time()))

    assert str(dismissed) == f"{sent.recipient} se da por buena: se le vuelve a escribir."
    assert bounced(kept, sent.recipient) == {}
    assert kept.post.reload(kept.post.db.get_one(PortalAccount, sent.portal_account_id)).bounced_at is None


def test_contacts_whose_address_is_no_good_are_found(kept, make, sent):
    read(kept, bounce(sent.message_id))
    kept.post.db.rollback()
    contact = kept.post.db.get_one(Contact, sent.contact_id)
    contact.email = sent.recipient
    make.contact()
    kept.post.db.commit()
    company_id = kept.post.company.id

    found = kept.post.db.scalars(select(Contact).where(Contact.email.in_(bounced_addresses(company_id)))).all()
    theirs = kept.post.db.scalars(select(Contact).where(Contact.email.in_(bounced_addresses(company_id + 1)))).all()

    assert (found, theirs) == ([contact], [])


def test_the_age_of_a_report_is_believed_within_reason(kept, sent):
    old = kept.post.time() - dt.timedelta(days=400)
    recent = kept.post.time() - dt.timedelta(hours=2)

    for number, moment in enumerate((old, recent, kept.post.time() + dt.timedelta(days=1))):
        content = bounce(sent.message_id, own_id=f"<{number}@x.example>")
        date = moment.strftime("Date: %a, %d %b %Y %H:%M:%S +0000\r\nX-Date:").encode()
        read(kept, content.replace(b"Date:", date, 1))

    assert len(kept.reports()) == 3
    moments = kept.post.db.scalars(select(MailReport.reported_at).order_by(MailReport.id)).all()
    assert [abs(moment - recent) < dt.timedelta(seconds=1) for moment in moments] == [False, True, False]
    assert all(kept.post.time() - moment < dt.timedelta(hours=1) for moment in moments if moment > recent)


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n" + b"--x\r\n" * 100_000,
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n\x01: \x02;=",
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n",
        bounce("<x@y>") + b"x" * 3_000_000,
    ],
    ids=["parts", "noise", "no boundary", "large"],
)
def test_hostile_messages_do_not_stop_the_reading(kept, sent, content):
    read(kept, content, bounce(sent.message_id))

    assert [mail_id for mail_id, *_ in kept.reports()] == [sent.id]
    assert (kept.account().inbox_uid, kept.account().imap_error) == (2, "")


def test_an_inbox_numbered_anew_is_read_anew(kept, sent):
    read(kept, bounce(sent.message_id))
    kept.set_up(kept.post.account, inbox_validity=7, inbox_uid=900)

    read(kept, receipt(sent.message_id))

    assert [kind for _mail, kind, *_ in kept.reports()] == ["bounced", "read"]
    assert kept.account().inbox_uid == 2


def test_a_link_that_breaks_is_taken_up_where_it_broke(kept, sent):
    reports = [bounce(sent.message_id, own_id=f"<{number}@x.example>") for number in range(3)]
    kept.imap.deliver(kept.user, *reports)
    script = {"UID FETCH": [Turn(), Turn(), Turn(drop=True)]}
    with Relay(upstream=kept.imap.port, script=script) as relay:
        kept.set_up(kept.post.account, imap_port=relay.port)
        kept.visit()
        broken = (kept.account().inbox_uid, kept.account().imap_error)
        read(kept)

    assert broken == (1, "El servidor ha cerrado la conexión.")
    assert (len(kept.reports()), kept.account().imap_error) == (3, "")


def test_two_workers_at_once_tell_it_once(kept, sent):
    kept.imap.deliver(kept.user, *[bounce(sent.message_id, own_id=f"<{number}@x.example>") for number in range(5)])
    (where,) = kept.waiting()
    visits = [
        Thread(target=visit_mailbox, args=(kept.post.installation, where, Event()), kwargs={"clock": kept.post.time})
        for _ in range(3)
    ]

    for visit in visits:
        visit.start()
    for visit in visits:
        visit.join()

    assert len(kept.reports()) == 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_looking_for_bad_addresses_goes_by_their_index(kept, sent):
    engine, asked = kept.post.installation.database.engine, []
    listener = lambda connection, cursor, sql, parameters, *rest: asked.append((sql, parameters))  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    with kept.post.installation.database.read(CompanyScope(kept.post.company.id)) as db:
        bounced_among(db, ("a@b.example",))
        db.scalars(bounced_addresses(db.company_id)).all()
    event.remove(engine, "before_cursor_execute", listener)

    connection = engine.raw_connection()
    steps = {
        row[-1]
        for sql, parameters in asked
        for row in connection.cursor().execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    }
    connection.close()
    index = "INDEX ix_mail_reports_company_id_recipient_reported_at (company_id=? AND recipient=?"
    assert {step for step in steps if "mail_reports" in step or "later" in step} == {
        f"SEARCH mail_reports USING {index})",
        "SEARCH mail_reports USING INDEX ix_mail_reports_bounced (company_id=? AND recipient>?)",
        f"SEARCH later USING {index} AND reported_at>?)",
    }
