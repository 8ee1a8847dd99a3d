"""Addresses that mail comes back from: in lists, files, accesses, on the first page, and in what happened."""

import datetime as dt
import re

import pytest
from sqlalchemy import func, select

from app import clock
from app.domain.timeline import contact_timeline, document_timeline
from app.errors import Fault
from models import ContactEmail, MailAccount, MailReport, OutgoingMail, PortalAccount, Publication, StaffSession
from models.enums import MailStatus, ReportKind, Role
from tests.rig.answers import add_report
from tests.rig.desk import renew, text_of
from tests.rig.mails import add_mail, notice


@pytest.fixture
def account(db, make) -> MailAccount:
    account = make.mail_account()
    db.commit()
    return account


@pytest.fixture
def bounce(db):
    """``bounce(address)``: a mail to it came back."""

    def bounce(address: str, **values) -> MailReport:
        number = db.scalar(select(func.count(OutgoingMail.id)))
        mail = add_mail(db, MailStatus.SENT, number=number, recipient=address)
        return add_report(db, mail, **values)

    return bounce


def names_in(page):
    return re.findall(r'scope="row" class="c-no"><a[^>]*>([^<]*)<', page.text)


# Lists


def test_the_list_marks_them_and_finds_them(desk, db, make, merino, nunez, bounce):
    both = make.contact(name="Zócalo, S.L.", is_supplier=True)
    both.emails = [ContactEmail(company_id=both.company_id, email="obra@zocalo.example")]
    supplier = make.contact(name="Áridos, S.A.", is_customer=False, is_supplier=True)
    bounce(merino.email)
    bounce("obra@zocalo.example")
    bounce(supplier.email)

    page = text_of(desk.get("customer/list"))
    found = [names_in(desk.get(f"{screen}/list", correo="rebotado")) for screen in ("customer", "supplier")]

    assert "lucia@merino.example Rebotado" in page
    assert "pilar@nunez.example Rebotado" not in page
    assert found == [["Instalaciones Merino, S.L.", "Zócalo, S.L."], ["Áridos, S.A.", "Zócalo, S.L."]]
    assert "lucia@merino.example" in desk.get("customer/export/csv").text
    assert "Rebotado" not in desk.get("customer/export/csv").text


@pytest.mark.parametrize("count", [1, 3])
def test_marking_costs_the_same_for_one_and_for_three(desk, db, make, bounce, statements, count):
    for _ in range(count):
        bounce(make.contact().email)
    statements.clear()

    desk.get("customer/list")

    assert len([sql for sql in statements if "mail_reports" in sql]) == 1


@pytest.mark.parametrize(
    ("values", "is_marked"),
    [
        ({}, True),
        ({"code": "5.2.2"}, False),
        ({"kind": ReportKind.DELAYED}, False),
        ({"dismissed_at": clock.now()}, False),
    ],
)
def test_only_what_blames_the_address_counts(desk, merino, bounce, values, is_marked):
    bounce(merino.email, **values)

    assert (names_in(desk.get("customer/list", correo="rebotado")) == [merino.name]) is is_marked


# One file


def test_the_file_says_it_and_takes_it_back(desk, db, merino, bounce):
    merino.emails = [ContactEmail(company_id=merino.company_id, email="obra@merino.example")]
    first, second = bounce(merino.email), bounce("obra@merino.example", code="", says="")
    path = f"customer/edit/{merino.id}"

    page = desk.get(path)
    done = desk.follow(desk.post(f"customer/good-address/{merino.id}", {"address": merino.email}))

    renew(db)
    told = text_of(page)
    assert "lucia@merino.example devuelve el correo. Esa dirección de correo no existe. Ver el correo del" in told
    assert f'href="/admin/outgoing-mail/details/{first.mail_id}"' in page.text
    assert "obra@merino.example devuelve el correo." in told
    assert "lucia@merino.example se da por buena" in text_of(done)
    assert "lucia@merino.example devuelve" not in text_of(desk.get(path))
    assert db.get_one(MailReport, first.id).dismissed_at is not None
    assert db.get_one(MailReport, second.id).dismissed_at is None


def test_what_is_not_of_the_file_is_not_there(desk, db, merino, nunez, bounce):
    report = bounce(nunez.email)

    answers = [
        desk.post(f"customer/good-address/{merino.id}", {"address": address}).status_code
        for address in (nunez.email, "", "x")
    ]

    renew(db)
    assert answers == [404, 404, 404]
    assert db.get_one(MailReport, report.id).dismissed_at is None


def test_a_reader_sees_it_and_changes_nothing(sit, db, merino, bounce):
    report = bounce(merino.email)
    desk = sit(Role.READER)

    page = text_of(desk.get(f"customer/details/{merino.id}"))
    answer = desk.post(f"customer/good-address/{merino.id}", {"address": merino.email})

    renew(db)
    assert "devuelve el correo" in page
    assert "Dar por buena" not in page
    assert (answer.status_code, db.get_one(MailReport, report.id).dismissed_at) == (403, None)


def test_another_company_s_bounces_mark_nothing(desk, db, make, system_db, merino):
    stranger = make.company()
    db.commit()
    mail = OutgoingMail(
        company_id=stranger.id, kind="test", dedup_key="x", recipient=merino.email, due_at=clock.now(), status="sent"
    )
    system_db.add(mail)
    system_db.commit()
    add_report(system_db, mail, company_id=stranger.id)

    assert names_in(desk.get("customer/list", correo="rebotado")) == []
    assert "devuelve el correo" not in text_of(desk.get(f"customer/edit/{merino.id}"))


# Accesses


def test_who_enters_is_good_after_all(desk, db, make, merino):
    now = clock.now()
    reader = make.account(merino, email="lucia@merino.example", told_at=now, bounced_at=now)
    db.commit()

    before = [text_of(desk.get(path)) for path in (f"access/details/{reader.id}", f"customer/intranet/{merino.id}")]
    done = desk.follow(desk.post(f"access/good-address/{reader.id}"))

    renew(db)
    assert all("Correo rebotado" in page and "Dar por buena" in page for page in before)
    assert "se da por buena" in text_of(done)
    assert db.get_one(PortalAccount, reader.id).bounced_at is None


def test_the_tab_of_a_file_takes_back_an_address_it_had_before(desk, db, make, merino):
    now = clock.now()
    reader = make.account(merino, email="antes@merino.example", told_at=now, bounced_at=now)
    db.commit()

    answer = desk.post(f"customer/good-address/{merino.id}", {"address": "antes@merino.example"})

    renew(db)
    assert answer.status_code == 303
    assert db.get_one(PortalAccount, reader.id).bounced_at is None


# The first page


def test_the_first_page_counts_them(desk, make, merino, bounce):
    make.contact(is_customer=False, is_supplier=True, email="ventas@aridos.example")
    bounce(merino.email)
    bounce("ventas@aridos.example")
    bounce("de-nadie@otro.example")

    page = desk.get("")

    assert "1 cliente con el correo rebotado" in text_of(page)
    assert "1 proveedor con el correo rebotado" in text_of(page)
    assert 'href="/admin/customer/list?correo=rebotado"' in page.text


@pytest.mark.parametrize(
    ("late", "told"),
    [
        (dt.timedelta(seconds=5), "2 correos esperan en la cola Ninguno espera más de un minuto"),
        (dt.timedelta(minutes=1, seconds=1), "2 correos esperan en la cola El que más espera, un minuto"),
        (dt.timedelta(minutes=7), "2 correos esperan en la cola El que más espera, 7 minutos"),
        (dt.timedelta(minutes=12), "2 correos esperan sin poder salir Los correos se retrasan"),
        (-dt.timedelta(hours=3), "2 correos esperan en la cola El próximo sale el"),
    ],
)
def test_the_first_page_tells_how_long_the_queue_is_and_how_late(desk, db, account, late, told):
    for number in (1, 2):
        add_mail(db, number=number, due_at=clock.now() - late / number)

    assert told in text_of(desk.get(""))


# The banner


REFUSED = {"failures": 3, "last_error": "535 5.7.8 no"}
CLOSED = {"imap_host": "imap.tosma.example", "imap_failures": 2, "imap_error": "[AUTHENTICATIONFAILED] no"}


@pytest.mark.parametrize("path", ["", "outgoing-mail/list", "waiting-mail/list"])
def test_a_paused_account_is_told_at_the_top(desk, db, account, path):
    for name, value in (REFUSED | CLOSED).items():
        setattr(account, name, value)
    db.commit()

    page = text_of(desk.get(path))

    assert "No sale nada de la cuenta de la empresa: el servidor no acepta el usuario o la contraseña." in page
    assert "535 5.7.8 no" in page
    assert "El buzón de facturas@tosma.example no se abre: el servidor no acepta el usuario o la contraseña." in page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault.CERTIFICATE_CHANGED, "el certificado del servidor ha cambiado."),
        (Fault.NAME_UNKNOWN, "no se encuentra el servidor."),
        (Fault.CREDENTIALS_UNREADABLE, "no se puede usar la contraseña guardada."),
        (Fault.SILENT, "no se puede conectar con el servidor."),
        ("", "no se puede conectar con el servidor."),
    ],
)
def test_what_is_known_of_the_fault_is_told(desk, db, account, fault, why):
    account.last_error, account.last_fault = "dicho de otra manera", fault
    account.imap_host, account.imap_error, account.imap_fault = "imap.tosma.example", "dicho de otra manera", fault
    db.commit()

    page = text_of(desk.get("outgoing-mail/list"))

    assert f"No sale nada de la cuenta de la empresa: {why}" in page
    assert f"El buzón de facturas@tosma.example no se abre: {why} No se guardan copias ni se leen rebotes." in page


def test_one_s_own_account_is_told_to_its_owner_alone(sit, db, make, account):
    desk, other = sit(Role.INVOICING), sit(Role.INVOICING)
    owner_id = db.scalars(select(StaffSession.user_id).order_by(StaffSession.user_id)).first()
    mine = make.mail_account(user_id=owner_id, sender_email="marta@tosma.example", **REFUSED)
    add_mail(db, account_id=mine.id)
    add_mail(db, number=2)

    pages = [text_of(each.get("outgoing-mail/list")) for each in (desk, other)]

    told = "No sale nada de marta@tosma.example: el servidor no acepta el usuario o la contraseña. Espera un correo."
    assert [told in page for page in pages] == [True, False]


def test_an_account_that_does_well_is_not_told(desk, account):
    assert "No sale" not in text_of(desk.get(""))
    assert "El buzón de" not in text_of(desk.get("outgoing-mail/list"))


# What happened


def test_timelines_tell_what_came_back(db, make):
    mail = notice(db, make, password_hash="x")
    mail.status, mail.finished_at = MailStatus.SENT, clock.now() - dt.timedelta(hours=1)
    db.commit()
    add_report(db, mail, reported_at=clock.now() - dt.timedelta(minutes=2))
    add_report(db, mail, ReportKind.READ, reported_at=clock.now())
    document_id = db.scalars(select(Publication.document_id).where(Publication.batch_id == mail.batch_id)).first()

    stories = [[str(one) for one in story] for story in (
        document_timeline(db, document_id), contact_timeline(db, mail.contact_id),
    )]  # fmt: skip

    told = "Aviso de publicación"
    for story in stories:
        assert [line for line in story if line.startswith(told)] == [
            f"{told}: correo leído por {mail.recipient}",
            f"{told}: correo devuelto por el servidor de {mail.recipient}. Esa dirección de correo no existe",
            f"{told}: correo entregado a {mail.recipient}",
        ]


def test_a_refusal_at_once_is_not_told_twice(db, make):
    mail = notice(db, make, password_hash="x")
    mail.status, mail.finished_at = MailStatus.FAILED, clock.now()
    db.commit()
    add_report(db, mail)

    story = [str(one) for one in contact_timeline(db, mail.contact_id)]

    assert [line for line in story if mail.recipient in line and "correo" in line.lower()] == [
        f"Aviso de publicación: correo para {mail.recipient} que no se pudo entregar"
    ]
