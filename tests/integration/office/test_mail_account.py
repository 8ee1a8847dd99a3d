"""*Cuenta de la empresa*: what is kept of it, what is refused, and what its servers are asked before that."""

import re

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app.domain.mail.accounts import open_password
from models import AuditEntry, MailAccount, OutgoingMail
from models.enums import MailSecurity, Role
from tests.certificates import server_context
from tests.factories import Make
from tests.rig.desk import fields_of, text_of
from tests.rig.mails import add_mail, deliver
from tests.smtp_sink import Sink

PASSWORD = "correcta & ñ € %"


@pytest.fixture
def settings(settings):
    return replace(settings, private_hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


def account_fields(port, **values):
    known = {"sender_email": "facturas@tosma.example", "host": "127.0.0.1", "port": str(port), "security": "none"}
    return known | values


def account_of(db):
    db.rollback()
    return db.scalars(select(MailAccount).execution_options(populate_existing=True)).one()


def test_an_account_is_kept_with_its_password_sealed(desk, db, installation):
    fields = account_fields(2525, security="starttls", username="facturas", password=PASSWORD, sender_name="Tosma")

    page = desk.follow(desk.post("mail-account", fields | {"reply_to": "Hola@Tosma.example"}))

    account = account_of(db)
    assert (account.sender_name, account.sender_email, account.reply_to, account.host, account.port) == (
        "Tosma",
        "facturas@tosma.example",
        "hola@tosma.example",
        "127.0.0.1",
        2525,
    )
    assert (account.security, account.username, account.pinned_fingerprint) == (MailSecurity.STARTTLS, "facturas", None)
    assert open_password(account, installation.keys) == PASSWORD
    assert "Cuenta guardada." in text_of(page)
    assert re.search(r"•••••••• Cambiar Guardada el \d\d/\d\d/\d{4}\. No se muestra\.", text_of(page))
    secrets = (PASSWORD, account.sealed_password)
    audited = str([entry.changes for entry in db.scalars(select(AuditEntry))])
    assert [secret in text for secret in secrets for text in (page.text, audited)] == [False] * 4
    assert fields_of(page)["password"] == ""


def test_a_kept_password_never_goes_to_another_server(desk, db, installation):
    known = account_fields(2525, username="facturas")
    desk.post("mail-account", known | {"password": PASSWORD})

    same = desk.post("mail-account", known | {"sender_name": "Otro"})
    moved = desk.post("mail-account", known | {"port": "2526"})
    with_it = desk.post("mail-account", known | {"port": "2526", "password": "nueva"})

    assert (same.status_code, moved.status_code, with_it.status_code) == (303, 422, 303)
    assert "Vuelva a escribir la contraseña: no pasa a otro servidor, a otro usuario" in text_of(moved)
    assert (account_of(db).port, open_password(account_of(db), installation.keys)) == (2526, "nueva")


NOT_THERE = "Quien administra la instalación puede permitirlo. Se hace con el ajuste VENTANILLA_MAIL_PRIVATE_HOSTS."
CONTROL = "Hay caracteres que no se pueden usar aquí"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("sender_name", "Tosma\r\nBcc: a@b.example", CONTROL),
        ("sender_name", "Tosma\x00", CONTROL),
        ("sender_name", "T" * 1_000_000, "Como mucho 200 caracteres."),
        ("sender_email", "a@b.example\r\nBcc: c@d.example", CONTROL),
        ("sender_email", "Marta <a@b.example>", "Escriba una sola dirección de correo"),
        ("sender_email", "", "Rellene este dato."),
        ("reply_to", "a@b.example\nX: 1", CONTROL),
        ("reply_to", "a@b.example, c@d.example", "Escriba una sola dirección de correo"),
        ("username", "fac\r\nQUIT", CONTROL),
        ("host", "smtp.tosma.example\r\nEHLO x", CONTROL),
        ("host", "", "Rellene este dato."),
        ("host", "smtp tosma", "El nombre del servidor no es válido."),
        ("host", "2130706433", "El nombre del servidor no es válido."),
        ("host", "10.0.0.3", NOT_THERE),
        ("host", "127.0.0.2", NOT_THERE),
        ("host", "[::1]", NOT_THERE),
        ("host", "169.254.169.254", NOT_THERE),
        ("host", "localhost.", NOT_THERE),
        ("port", "0", "Escriba un número entre 1 y 65535."),
        ("port", "1e3", "Escriba un número entre 1 y 65535."),
        ("port", "２５", "Escriba un número entre 1 y 65535."),
        ("port", "", "Rellene este dato."),
        ("security", "quizá", "Elija una de la lista."),
        ("security", "", "Elija una de la lista."),
        ("imap_host", "10.0.0.3", NOT_THERE),
        ("imap_host", "imap tosma", "El nombre del servidor no es válido."),
        ("imap_host", "imap.tosma.example\r\nA1 LOGOUT", CONTROL),
        ("imap_port", "0", "Escriba un número entre 1 y 65535."),
        ("imap_security", "tls", "Elija una de la lista."),
        ("sent_folder", "Enviados\r\nA1 DELETE INBOX", CONTROL),
        ("provider", "yahoo", "Elija una de la lista."),
        ("password", "p" * 201, "Como mucho 200 caracteres, sin caracteres de control."),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(desk, db, field, value, sentence):
    answer = desk.post("mail-account", account_fields(587, username="facturas", password="x") | {field: value})

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert f'href="#{field}"' in answer.text
    assert db.scalars(select(MailAccount)).all() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_odd_ports_are_refused_where_the_operator_has_not_said_otherwise(desk, db):
    answers = [
        desk.post("mail-account", account_fields(22, host="192.0.2.1")),
        desk.post("mail-account", account_fields(993, host="192.0.2.1")),
        desk.post(
            "mail-account", account_fields(587, imap_host="192.0.2.1", imap_port="25", username="yo", password="x")
        ),
    ]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert db.scalars(select(MailAccount)).all() == []
    outgoing = "Puerto (SMTP) : Los servidores de correo atienden en los puertos 25, 465, 587 o 2525."
    incoming = "Puerto (IMAP) : Los servidores entrantes atienden en los puertos 143 o 993."
    assert [outgoing in text_of(answer) for answer in answers] == [True, True, False]
    assert incoming in text_of(answers[2])


def test_a_paused_account_says_so_and_is_tried_at_once_when_asked(desk, db, company, installation):
    with Sink(credentials=("facturas", "otra")) as sink:
        desk.post("mail-account", account_fields(sink.port, username="facturas", password=PASSWORD))
        add_mail(db)
        deliver(installation, company)
        paused = text_of(desk.get("mail-account"))
        sink.credentials = ("facturas", PASSWORD)
        deliver(installation, company)
        while_paused = len(sink.received)
        resumed = text_of(desk.follow(desk.post("mail-account/resume")))
        deliver(installation, company)

    assert "el servidor no acepta el usuario o la contraseña. Espera un correo. Se vuelve a probar el" in paused
    assert "535 5.7.8 usuario o contraseña incorrectos Probar ahora" in paused
    assert "Se vuelve a probar ahora mismo." in resumed
    assert (while_paused, len(sink.received)) == (0, 1)


OWN = {"starttls": "starttls-own", "ssl": "ssl-own"}


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_certificate_of_its_own_is_shown_accepted_once_and_pinned(
    desk, db, company, installation, tmp_path, security
):
    context, _authority = server_context("self-signed", tmp_path)
    with Sink(security=security, context=context, credentials=("facturas", PASSWORD)) as sink:
        typed = account_fields(sink.port, security=OWN[security], username="facturas", password=PASSWORD)
        read = desk.post("mail-account", typed)
        nothing_yet = db.scalars(select(MailAccount)).all()
        seen = fields_of(read)["fingerprint"]
        unticked = desk.post("mail-account", typed | {"fingerprint": seen})
        wrong = desk.post("mail-account", typed | {"fingerprint": "ab" * 32, "accept": "y"})
        accepted = desk.post("mail-account", typed | {"fingerprint": seen, "accept": "y"})
        pinned, before = account_of(db).pinned_fingerprint, sink.verbs()
        add_mail(db)
        deliver(installation, company)

    assert [answer.status_code for answer in (read, unticked, wrong, accepted)] == [422, 422, 422, 303]
    assert ":".join(re.findall("..", seen.upper())) in text_of(read)
    assert "Compare la huella del certificado y acéptela." in text_of(read)
    assert 'name="accept" value="y">' in read.text
    assert fields_of(wrong)["fingerprint"] == seen
    assert (nothing_yet, pinned, len(sink.received)) == ([], seen, 1)
    assert "AUTH" not in before
    assert "Certificado aceptado." in text_of(desk.get("mail-account"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_accepted_certificate_is_only_looked_at_again_when_something_changes(desk, db, tmp_path):
    context, _authority = server_context("self-signed", tmp_path)
    with Sink(security="ssl", context=context) as sink:
        known = account_fields(sink.port, security="ssl-own")
        known |= {"fingerprint": fields_of(desk.post("mail-account", known))["fingerprint"], "accept": "y"}
        desk.post("mail-account", known)
        connections = sink.connections

        same = desk.post("mail-account", known | {"sender_name": "Otro"})
        (tmp_path / "other").mkdir()
        sink.context, _authority = server_context("self-signed", tmp_path / "other")
        unpinned = desk.post("mail-account", known | {"security": "ssl"})
        changed = desk.post("mail-account", known)

    assert (same.status_code, sink.connections - connections) == (303, 1)
    assert (unpinned.status_code, changed.status_code) == (303, 422)
    assert "Compare la huella del certificado y acéptela." in text_of(changed)
    assert account_of(db).pinned_fingerprint is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_certificate_that_cannot_be_read_is_told_beside_the_server(desk, db, sink):
    clear = desk.post("mail-account", account_fields(sink.port, security="none", _certificate="smtp"))
    plain = desk.post("mail-account", account_fields(sink.port, security="starttls-own", _certificate="smtp"))
    inside = desk.post("mail-account", account_fields(587, host="10.0.0.3", security="ssl-own", _certificate="smtp"))

    assert [answer.status_code for answer in (clear, plain, inside)] == [422, 422, 422]
    assert "Sin cifrado no hay certificado." in text_of(clear)
    assert "El servidor no ofrece STARTTLS" in text_of(plain)
    assert "está en una red privada." in text_of(inside)
    assert db.scalars(select(MailAccount)).all() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_administrators_see_and_change_it(sit, db):
    manager = sit(Role.MANAGER)

    answers = [
        *(manager.get(path).status_code for path in ("mail-account", "mail-account/delete", "mail-account/dkim")),
        manager.post("mail-account", account_fields(2525)).status_code,
        manager.post("mail-account/test", {"recipient": "a@b.example"}).status_code,
        *(manager.post(f"mail-account/{path}").status_code for path in ("resume", "permission", "delete", "dkim")),
    ]

    assert answers == [403] * 9
    assert "Cuenta de la empresa" not in text_of(manager.get("outgoing-mail/list"))
    assert (db.scalars(select(MailAccount)).all(), db.scalars(select(OutgoingMail)).all()) == ([], [])


def test_the_account_of_another_company_is_not_shown(desk, db, company, system_db):
    other = Make(system_db, company).company()
    Make(system_db, other).mail_account(host="smtp.ajena.example", sender_email="ajena@ajena.example")
    system_db.commit()

    page = desk.get("mail-account")
    desk.post("mail-account", account_fields(2525))

    assert ("ajen" in page.text, "Guarde antes la cuenta de correo." in text_of(page)) == (False, True)
    emails = system_db.scalars(select(MailAccount.sender_email).order_by(MailAccount.id)).all()
    assert emails == ["ajena@ajena.example", "facturas@tosma.example"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_changes_are_posts(desk):
    answers = [desk.get(f"mail-account/{way}").status_code for way in ("test", "resume", "permission")]

    assert answers == [405, 405, 405]
