"""Mails that are sent again or cancelled, by whom, and why nothing leaves."""

import datetime as dt
import re

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app import clock
from models import OutgoingMail
from models.enums import MailKind, MailStatus, Role
from tests.factories import Make
from tests.rig.desk import fields_of, text_of
from tests.rig.mails import add_mail, deliver, notice, status_of
from tests.smtp_sink import Sink


@pytest.fixture
def settings(settings):
    return replace(settings, private_hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


def names_in(page):
    return re.findall(r'scope="row" class="c-no"><a[^>]*>([^<]*)<', page.text)


AGAIN = {
    MailStatus.FAILED: MailStatus.QUEUED,
    MailStatus.UNKNOWN: MailStatus.QUEUED,
    MailStatus.RETRY: MailStatus.QUEUED,
}


def test_several_are_sent_again_and_the_others_left(desk, db):
    mails = [add_mail(db, status) for status in MailStatus]
    pks = ",".join(str(mail.id) for mail in mails)

    asked = desk.get("outgoing-mail/send-again", pks=pks)
    untouched = [status_of(db, mail) for mail in mails]
    done = desk.follow(desk.post("outgoing-mail/send-again", fields_of(asked)))

    assert untouched == list(MailStatus)
    assert "Enviar otra vez 3 correos" in text_of(asked)
    assert "Otros 4 no se envían: ya salieron, se anularon o están saliendo." in text_of(asked)
    assert "3 correos vuelven a la cola." in text_of(done)
    assert [status_of(db, mail) for mail in mails] == [AGAIN.get(status, status) for status in MailStatus]


def test_a_whole_search_is_sent_again(desk, db):
    mails = [add_mail(db, MailStatus.FAILED, number=n) for n in range(3)] + [add_mail(db, MailStatus.UNKNOWN)]
    link = re.search(r'href="(/admin/outgoing-mail/send-again\?[^"]+)"', desk.get("outgoing-mail/list").text)[1]

    asked = desk.client.get(link.replace("&amp;", "&"))
    answer = desk.post("outgoing-mail/send-again", fields_of(asked))

    assert "Enviar otra vez 3 correos" in text_of(asked)
    assert answer.headers["location"] == "/admin/outgoing-mail/list?estado=fallido"
    assert [status_of(db, mail).value for mail in mails] == ["queued"] * 3 + ["unknown"]


def test_a_mail_that_arrived_is_sent_again_only_when_asked_for_by_name(desk, db):
    mail = add_mail(db, MailStatus.SENT)

    desk.post("outgoing-mail/send-again", {"pks": mail.id})
    unasked = status_of(db, mail)
    asked = desk.get("outgoing-mail/send-again", pks=mail.id, sent=1)
    answer = desk.post("outgoing-mail/send-again", fields_of(asked))

    assert "Este correo ya salió: si llegó, su destinatario lo recibirá otra vez." in text_of(asked)
    assert answer.headers["location"] == f"/admin/outgoing-mail/details/{mail.id}"
    assert (unasked, status_of(db, mail)) == (MailStatus.SENT, MailStatus.QUEUED)


def test_the_same_mail_leaves_again(desk, db, make, company, installation, sink):
    make.mail_account(port=sink.port)
    mail = notice(db, make, password_hash="known", told_at=clock.now())
    deliver(installation, company)

    desk.post("outgoing-mail/send-again", {"pks": mail.id, "sent": "1"})
    deliver(installation, company)

    assert len(sink.received) == 2
    assert sink.received[0].content == sink.received[1].content
    assert status_of(db, mail) is MailStatus.SENT


def test_waiting_mails_are_cancelled_and_others_are_not(desk, db):
    mails = [add_mail(db, status) for status in MailStatus]
    pks = ",".join(str(mail.id) for mail in mails)

    asked = desk.get("waiting-mail/cancel", pks=pks)
    done = desk.follow(desk.post("waiting-mail/cancel", fields_of(asked)))

    assert "Anular el envío de 2 correos" in text_of(asked)
    assert "Volver Anular envío" in text_of(asked)
    assert "No llegó a salir." in text_of(desk.get(f"outgoing-mail/details/{mails[0].id}"))
    assert "2 correos anulados: no se enviarán." in text_of(done)
    ended = dict.fromkeys((MailStatus.QUEUED, MailStatus.RETRY), MailStatus.CANCELLED)
    assert [status_of(db, mail) for mail in mails] == [ended.get(status, status) for status in MailStatus]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_only_reads_changes_nothing(sit, db):
    mail = add_mail(db, MailStatus.FAILED)
    reader = sit(Role.READER)

    page = reader.get(f"outgoing-mail/details/{mail.id}")
    answers = [
        reader.get("outgoing-mail/action/send-again", pks=mail.id).status_code,
        reader.get("outgoing-mail/send-again", pks=mail.id).status_code,
        reader.post("outgoing-mail/send-again", {"pks": mail.id}).status_code,
        reader.post("outgoing-mail/cancel", {"pks": mail.id}).status_code,
    ]

    assert (page.status_code, "Enviar otra vez" in text_of(page)) == (200, False)
    assert "Enviar otra vez" not in text_of(reader.get("outgoing-mail/list"))
    assert answers == [403] * 4
    assert status_of(db, mail) is MailStatus.FAILED


def test_mails_of_another_company_do_not_exist(desk, db, company, system_db):
    other = Make(system_db, company).company()
    foreign = add_mail(system_db, MailStatus.FAILED, company_id=other.id, recipient="ajeno@ajeno.example")
    own = add_mail(db, MailStatus.FAILED)

    def answers(mail_id):
        for screen in ("outgoing-mail", "waiting-mail"):
            for kind in ("details", "content", "source", "state"):
                answer = desk.get(f"{screen}/{kind}/{mail_id}")
                yield answer.status_code, re.sub(r"<b>[0-9A-F]{8}</b>", "", answer.text)

    assert list(answers(foreign.id)) == list(answers(987654))
    assert {status for status, _text in answers(foreign.id)} == {404}

    desk.post("outgoing-mail/send-again", {"pks": f"{foreign.id},{own.id}"})
    desk.post("outgoing-mail/cancel", {"pks": f"{foreign.id}"})

    assert (status_of(system_db, foreign), status_of(db, own)) == (MailStatus.FAILED, MailStatus.QUEUED)
    assert foreign.recipient not in desk.get("outgoing-mail/list").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("odd", ["abc", "1;2", "9" * 30, "-1", "%00", "../company"])
def test_odd_ids_are_no_mail(desk, odd):
    answers = [desk.get(f"outgoing-mail/{kind}/{odd}").status_code for kind in ("details", "content", "source")]
    asked = desk.get("outgoing-mail/send-again", pks=odd).status_code

    assert (answers, asked) == ([404] * 3, 400)


def test_the_office_is_told_why_nothing_leaves(desk, sit, db, make):
    add_mail(db)
    missing = text_of(desk.get("outgoing-mail/list"))
    account = make.mail_account(failures=1, last_error="535 5.7.8 no", paused_until=clock.now())
    db.commit()
    refused = text_of(desk.get("waiting-mail/list"))
    dashboard = desk.get("")
    account.failures, account.paused_until = 0, clock.now() + dt.timedelta(minutes=1)
    db.commit()
    unreachable = text_of(sit(Role.READER).get("outgoing-mail/list"))
    account.last_error, account.paused_until = "", None
    db.scalars(select(OutgoingMail)).one().due_at = clock.now() - dt.timedelta(hours=1)
    db.commit()
    late = text_of(desk.get("outgoing-mail/list"))

    assert "No sale nada de la cuenta de la empresa: todavía no la hay. Espera un correo." in missing
    assert "el servidor no acepta el usuario o la contraseña. Espera un correo." in refused
    assert "Ver la cuenta de correo 535 5.7.8 no" in refused
    assert "1 correo espera sin poder salir" in text_of(dashboard)
    assert 'href="/admin/waiting-mail/list"' in dashboard.text
    assert "no se puede conectar con el servidor." in unreachable
    assert ["Se vuelve a probar" in page for page in (refused, unreachable)] == [False, True]
    assert "Avise a quien administra la empresa." in unreachable
    assert "Los correos se retrasan: esperan desde el" in late


def test_the_dashboard_opens_exactly_what_it_counted(desk, db):
    for status in (MailStatus.FAILED, MailStatus.UNKNOWN, MailStatus.SENT):
        add_mail(db, status, recipient_name=status.value, kind=MailKind.DOCUMENT)
    add_mail(db, MailStatus.FAILED, number=2, recipient_name="a test, told by its report")

    page = desk.get("")
    link = re.search(r'href="(/admin/outgoing-mail/list\?[^"]+)"', page.text)[1]

    assert "2 correos no han llegado o no consta" in text_of(page)
    assert names_in(desk.client.get(link)) == ["unknown", "failed"]


@pytest.mark.parametrize("path", ["invoice/send?pks=%d", "invoice/publish?pks=%d", "customer/access?scope=filter&q="])
def test_who_is_about_to_send_is_told_why_it_will_not_leave_yet(desk, db, make, merino, path):
    make.template()
    invoice = make.invoice(contact=merino)
    make.mail_account(failures=1, last_error="535 5.7.8 no", paused_until=clock.now())
    db.commit()

    page = desk.get(path.replace("%d", str(invoice.id)))

    why = "No sale nada de la cuenta de la empresa: el servidor no acepta el usuario o la contraseña."
    assert f"{why} Ver la cuenta de correo 535 5.7.8 no" in text_of(page)
    assert '<a href="/admin/mail-account" target="_blank"' in page.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mail_that_waits_for_a_paused_account_leads_there(desk, db, make):
    make.mail_account(last_error="El servidor no responde a tiempo.")
    mail = add_mail(db)
    add_mail(db, number=2, due_at=clock.now() + dt.timedelta(days=1))

    page = desk.get(f"waiting-mail/details/{mail.id}")

    assert (
        "No sale nada de la cuenta de la empresa: no se puede conectar con el servidor. Espera un correo. "
        "Ver la cuenta de correo" in text_of(page)
    )
    assert 'href="/admin/mail-account"' in page.text
    times = text_of(desk.get("waiting-mail/list"))
    assert ("En cuanto pueda" in times, f"{clock.today() + dt.timedelta(days=1):%d/%m/%Y}" in times) == (True, True)
