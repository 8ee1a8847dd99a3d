"""What came back about mails, where their copies are, and what the office does about it."""

import datetime as dt
import re

import pytest
from sqlalchemy import select

from app import clock
from models import MailAccount, MailReport, OutgoingMail, PortalAccount
from models.enums import CopyStatus, MailStatus, ReportKind, Role
from tests.rig.answers import add_copy, add_report
from tests.rig.desk import fields_of, renew, text_of
from tests.rig.mails import add_mail, status_of


@pytest.fixture
def account(db, make) -> MailAccount:
    account = make.mail_account()
    db.commit()
    return account


@pytest.fixture
def mail(db, merino) -> OutgoingMail:
    values = {"recipient": merino.email, "recipient_name": merino.name, "contact_id": merino.id}
    return add_mail(db, MailStatus.SENT, subject="Factura FV26-1", message_id="<1@tosma.example>", **values)


def details(desk, mail):
    return text_of(desk.get(f"outgoing-mail/details/{mail.id}"))


# One mail


@pytest.mark.parametrize(
    ("kind", "badge", "sentence"),
    [
        (ReportKind.BOUNCED, "Rebotado", "Esa dirección de correo no existe."),
        (
            ReportKind.DELAYED,
            "Retrasado",
            "El servidor del destinatario todavía no ha podido entregarlo y sigue intentándolo.",
        ),
        (ReportKind.DELIVERED, "En su buzón", "El servidor del destinatario confirma que lo ha dejado en el buzón."),
        (ReportKind.READ, "Leído", "El destinatario ha confirmado que lo ha abierto."),
        (ReportKind.DISCARDED, "Borrado sin leer", "El destinatario lo borró sin abrirlo."),
    ],
)
def test_a_mail_tells_what_came_back(desk, db, mail, kind, badge, sentence):
    add_report(db, mail, kind)

    page = details(desk, mail)

    assert f"Factura FV26-1 {badge}" in page
    assert page.count(f"{sentence} Salió el") == 1
    assert ("Dar por buena la dirección" in page) is (kind is ReportKind.BOUNCED)


def test_of_several_answers_the_last_one_counts_and_all_are_told(desk, db, mail):
    earlier = clock.now() - dt.timedelta(hours=3)
    add_report(db, mail, ReportKind.READ)
    add_report(db, mail, ReportKind.DELAYED, reported_at=earlier, says="451 4.4.1 timeout", code="4.4.1")

    page = details(desk, mail)

    assert "Factura FV26-1 Leído" in page
    assert page.index("2 respuestas Leído.") < page.index("Retrasado.")
    assert "451 4.4.1 timeout" in page


def test_what_came_back_before_it_was_sent_again_says_nothing_of_it(desk, db, mail):
    add_report(db, mail)
    mail.finished_at = clock.now()
    db.commit()

    page = details(desk, mail)
    bounced = text_of(desk.get("outgoing-mail/list", estado="rebotado"))

    assert "Factura FV26-1 Enviado" in page
    assert "1 respuesta Rebotado. Esa dirección de correo no existe." in page
    assert "Instalaciones Merino" not in bounced
    add_report(db, mail, report_key="<otra@mx.example>")
    assert "Factura FV26-1 Rebotado" in details(desk, mail)


def test_what_the_server_said_at_once_is_told_once(desk, db, merino):
    reply = "550 5.1.1 <lucia@merino.example>: User unknown"
    mail = add_mail(db, MailStatus.FAILED, recipient=merino.email, contact_id=merino.id, last_reply=reply, attempts=1)
    add_report(db, mail, says=reply)

    page = details(desk, mail)

    assert "respuesta" not in page
    assert page.count(reply) == 1
    assert "Dar por buena la dirección" in page


def test_strangers_words_are_only_words(desk, db, mail):
    add_report(db, mail, says='550 5.1.1 <script>alert("hola")</script>')

    page = desk.get(f"outgoing-mail/details/{mail.id}").text

    assert '<script>alert("hola")' not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("status", "values", "sentence", "can_again"),
    [
        (CopyStatus.WAITING, {}, "Se guarda en un momento.", False),
        (CopyStatus.WAITING, {"attempts": 1}, "Se espera a que la guarde el propio proveedor.", False),
        (CopyStatus.WAITING, {"attempts": 1, "last_error": "[OVERQUOTA] lleno"}, "se intenta otra vez el", False),
        (CopyStatus.STORED, {}, "Guardada en «Enviados» el", False),
        (CopyStatus.FOUND, {}, "Ya estaba en «Enviados».", False),
        (CopyStatus.FAILED, {"last_error": "[OVERQUOTA] lleno"}, "No se ha podido guardar. [OVERQUOTA] lleno", True),
    ],
)
def test_a_mail_tells_where_its_copy_is(desk, db, account, mail, status, values, sentence, can_again):
    add_copy(db, account, mail, status, **values)

    page = details(desk, mail)

    assert sentence in page
    assert ("Guardarla otra vez" in page) is can_again


def test_the_copy_of_another_account_is_not_told(desk, db, make, account, mail):
    other = make.mail_account(user_id=make.user().id)
    db.commit()
    add_copy(db, other, mail)

    assert "Copia" not in details(desk, mail)


def test_a_copy_that_was_given_up_is_tried_again(desk, db, account, mail):
    copy = add_copy(db, account, mail, CopyStatus.FAILED, last_error="[OVERQUOTA] lleno")

    done = desk.follow(desk.post(f"outgoing-mail/keep-copy/{mail.id}"))
    again = desk.follow(desk.post(f"outgoing-mail/keep-copy/{mail.id}"))

    db.refresh(copy)
    assert copy.status is CopyStatus.WAITING
    assert "La copia se guarda en un momento." in text_of(done)
    assert "Esa copia ya está guardada o a punto de guardarse." in text_of(again)


# Another address


def test_a_mail_goes_to_another_address(desk, db, mail):
    asked = desk.get(f"outgoing-mail/readdress/{mail.id}")
    done = desk.follow(desk.post(f"outgoing-mail/readdress/{mail.id}", {"address": " Nueva@Merino.example "}))

    db.rollback()
    again = db.scalars(select(OutgoingMail).order_by(OutgoingMail.id.desc())).first()
    assert "Cambiar la dirección" in details(desk, mail)
    assert "El que iba a lucia@merino.example se queda como está." in text_of(asked)
    assert "La ficha no cambia." in text_of(asked)
    assert (again.recipient, again.status) == ("nueva@merino.example", MailStatus.QUEUED)
    assert "El correo sale otra vez, ahora para nueva@merino.example." in text_of(done)
    assert done.url.path == f"/admin/outgoing-mail/details/{again.id}"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "Rellene este dato."),
        ("a@b, c@d", "Escriba una sola dirección de correo"),
        ("lucia@merino.example", "Es la dirección que ya tenía."),
    ],
)
def test_a_wrong_address_is_told_beside_its_field(desk, db, mail, address, sentence):
    answer = desk.post(f"outgoing-mail/readdress/{mail.id}", {"address": address})

    assert answer.status_code == 422
    assert f'id="address-hint">{sentence}' in answer.text
    assert db.scalars(select(OutgoingMail.id)).all() == [mail.id]


def test_one_that_is_on_its_way_keeps_its_address(desk, db):
    mail = add_mail(db, MailStatus.SENDING, leased_until=clock.now() + dt.timedelta(minutes=1), claim="x")

    answer = desk.follow(desk.get(f"outgoing-mail/readdress/{mail.id}"))

    assert "Este correo está saliendo o se anuló" in text_of(answer)
    assert "Cambiar la dirección" not in text_of(answer)


# The address after all


def test_an_address_is_good_after_all(desk, db, make, mail, merino):
    reader = make.account(merino, email=merino.email, bounced_at=clock.now(), told_at=clock.now())
    report = add_report(db, mail)

    done = desk.follow(desk.post(f"outgoing-mail/good-address/{mail.id}"))
    again = desk.follow(desk.post(f"outgoing-mail/good-address/{mail.id}"))

    renew(db)
    assert "lucia@merino.example se da por buena: se le vuelve a escribir." in text_of(done)
    assert "No existe ese rebote." in text_of(again)
    assert db.get_one(MailReport, report.id).dismissed_at is not None
    assert db.get_one(PortalAccount, reader.id).bounced_at is None


# Lists


def names_in(page):
    return re.findall(r'scope="row" class="c-no"><a[^>]*>([^<]*)<', page.text)


def test_the_list_tells_and_finds_what_came_back(desk, db):
    mails = [add_mail(db, MailStatus.SENT, number=n, recipient_name=f"Cliente {n}") for n in range(4)]
    for mail, kind in zip(mails, (ReportKind.BOUNCED, ReportKind.READ, ReportKind.DELAYED), strict=False):
        add_report(db, mail, kind)

    page = text_of(desk.get("outgoing-mail/list"))
    found = {word: names_in(desk.get("outgoing-mail/list", estado=word)) for word in ("rebotado", "leido", "retrasado")}
    exported = desk.get("outgoing-mail/export/csv").text

    assert [page.count(word) for word in ("Cliente 0", "Cliente 3")] == [1, 1]
    assert re.search(r"Cliente 0 .*? Rebotado", page)
    assert re.search(r"Cliente 3 .*? Enviado", page)
    assert found == {"rebotado": ["Cliente 0"], "leido": ["Cliente 1"], "retrasado": ["Cliente 2"]}
    assert "Rebotado" in exported


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_of_many_costs_what_one_does(desk, db, statements, count):
    for number in range(count):
        add_report(db, add_mail(db, MailStatus.SENT, number=number))
    statements.clear()

    desk.get("outgoing-mail/list")

    assert len([sql for sql in statements if "mail_reports" in sql]) == 1


# Whose they are


@pytest.mark.parametrize("path", ["readdress", "keep-copy", "good-address"])
def test_who_may_not_and_who_does_not_belong_are_kept_out(sit, db, make, system_db, account, mail, path):
    add_report(db, mail)
    add_copy(db, account, mail, CopyStatus.FAILED)
    stranger = make.company()
    db.commit()
    theirs = OutgoingMail(
        company_id=stranger.id, kind="test", dedup_key="x", recipient="a@b.example", due_at=clock.now(), status="failed"
    )
    system_db.add(theirs)
    system_db.commit()
    fields = {"address": "nueva@merino.example"}

    answers = [
        sit(Role.READER).post(f"outgoing-mail/{path}/{mail.id}", fields).status_code,
        sit(Role.INVOICING).post(f"outgoing-mail/{path}/{theirs.id}", fields).status_code,
    ]

    assert answers == [403, 404]
    assert status_of(db, mail) is MailStatus.SENT
    assert "Cambiar la dirección" not in details(sit(Role.READER), mail)
    assert "Guardarla otra vez" not in details(sit(Role.READER), mail)


def test_a_waiting_one_says_that_it_will_not_leave(desk, db):
    mail = add_mail(db)

    asked = desk.get(f"outgoing-mail/readdress/{mail.id}")
    desk.post(f"outgoing-mail/readdress/{mail.id}", fields_of(asked) | {"address": "nueva@merino.example"})

    assert "el que iba a queued1@merino.example ya no sale" in text_of(asked)
    assert status_of(db, mail) is MailStatus.CANCELLED
