"""*Cuenta de la empresa*: what is kept of it, what is refused, and a test mail with a visible result."""

import re

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app.domain.mail_accounts import open_password
from models import AuditEntry, MailAccount, OutgoingMail
from models.enums import MailKind, MailSecurity, MailStatus, Role
from tests.certificates import server_context
from tests.factories import Make
from tests.rig.desk import fields_of, text_of
from tests.rig.mails import add_mail, deliver
from tests.smtp_sink import Sink, Step

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


def send_test(desk, recipient="marta@tosma.example"):
    """The page that a test mail leads to, as its address."""
    answer = desk.post("mail-account/test", {"recipient": recipient})
    assert answer.status_code == 303, text_of(answer)
    return answer.headers["location"].removeprefix("/admin/")


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
    assert re.search(r"Guardada el \d\d/\d\d/\d{4} Cambiar", text_of(page))
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
    assert "Escriba la contraseña: no se guarda para otro servidor u otro usuario." in text_of(moved)
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
    answer = desk.post("mail-account", account_fields(22, host="192.0.2.1"))

    assert (answer.status_code, db.scalars(select(MailAccount)).all()) == (422, [])
    assert "Los servidores de correo atienden en los puertos 25, 465, 587 o 2525." in text_of(answer)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_certificate_is_pinned_only_by_its_fingerprint(desk, db):
    known = account_fields(2525) | {"accept": "y"}

    answers = [desk.post("mail-account", known | {"fingerprint": typed}) for typed in ("x" * 64, "ab" * 200)]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert db.scalars(select(MailAccount)).all() == []


def test_a_test_mail_goes_the_way_of_all_and_tells_how_it_went(desk, db, company, installation):
    with Sink(credentials=("facturas", PASSWORD)) as sink:
        desk.post("mail-account", account_fields(sink.port, username="facturas", password=PASSWORD))
        address = send_test(desk)
        before = text_of(desk.get(address))
        deliver(installation, company)
    after = desk.get(address)

    mail = db.scalars(select(OutgoingMail)).one()
    assert (mail.kind, mail.status, sink.received[0].recipients) == (
        MailKind.TEST,
        MailStatus.SENT,
        ("marta@tosma.example",),
    )
    assert "Está saliendo: en unos segundos se sabrá." in before
    assert "El correo de prueba ha salido. Búsquelo en el buzón de marta@tosma.example" in text_of(after)
    assert (
        f"1. Conectar con 127.0.0.1 por el puerto {sink.port}, sin cifrar 2. Entrar como facturas"
        f" 3. Entregar el correo a marta@tosma.example {mail.last_reply}"
    ) in text_of(after)
    assert f'href="/admin/outgoing-mail/details/{mail.id}"' in after.text
    assert "data-over" in after.text


@pytest.mark.parametrize(
    ("script", "credentials", "sentences"),
    [
        (
            {},
            ("facturas", "otra"),
            [
                "El servidor no acepta el usuario o la contraseña. Revíselos",
                "2. Entrar como facturas 535 5.7.8 usuario o contraseña incorrectos",
            ],
        ),
        (
            {"CONNECT": [Step(reply="554 5.3.2 no atiendo", times=0)]},
            ("facturas", PASSWORD),
            ["No se ha podido conectar con el servidor.", "sin cifrar 554 5.3.2 no atiendo"],
        ),
        (
            {"RCPT": [Step(reply="550 5.1.1 no existe")]},
            ("facturas", PASSWORD),
            ["Esa dirección de correo no existe.", "3. Entregar el correo a marta@tosma.example 550 5.1.1 no existe"],
        ),
        (
            {"RCPT": [Step(reply="450 4.2.0 vuelva luego")]},
            ("facturas", PASSWORD),
            ["Su servidor pide que se intente más tarde.", "450 4.2.0 vuelva luego"],
        ),
    ],
)
def test_what_went_wrong_is_told_at_its_step(desk, company, installation, script, credentials, sentences):
    with Sink(script=script, credentials=credentials) as sink:
        desk.post("mail-account", account_fields(sink.port, username="facturas", password=PASSWORD))
        address = send_test(desk)
        deliver(installation, company)

    told = text_of(desk.get(address))
    assert [sentence for sentence in sentences if sentence not in told] == []


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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("typed", ["", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "a" * 1_000_000])
def test_a_test_goes_to_one_address(desk, db, make, typed):
    make.mail_account()
    db.commit()

    answer = desk.post("mail-account/test", {"recipient": typed})

    assert (answer.status_code, 'id="recipient-hint"' in answer.text) == (422, True)
    assert db.scalars(select(OutgoingMail)).all() == []


def test_tests_are_few_a_minute(desk, db, make):
    make.mail_account()
    db.commit()

    answers = [desk.post("mail-account/test", {"recipient": "a@b.example"}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert "Demasiados intentos. Espere un minuto y vuelva a probar." in text_of(answers[-1])
    assert answers[-1].headers["retry-after"].isdigit()
    assert len(db.scalars(select(OutgoingMail)).all()) == 5


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_certificate_of_its_own_is_shown_accepted_once_and_pinned(
    desk, db, company, installation, tmp_path, security
):
    context, _authority = server_context("self-signed", tmp_path)
    with Sink(security=security, context=context, credentials=("facturas", PASSWORD)) as sink:
        typed = account_fields(sink.port, security=security, username="facturas", password=PASSWORD)
        desk.post("mail-account", typed)
        address = send_test(desk)
        deliver(installation, company)
        refused = text_of(desk.get(address))
        read = desk.post("mail-account", typed | {"_certificate": "1"})
        unpinned = account_of(db).pinned_fingerprint
        seen = fields_of(read)["fingerprint"]
        desk.post("mail-account", typed | {"fingerprint": seen, "accept": "y"})
        pinned = account_of(db).pinned_fingerprint
        deliver(installation, company)

        (tmp_path / "other").mkdir()
        sink.context, _authority = server_context("self-signed", tmp_path / "other")
        sink.hang_up_on_all()
        changed = send_test(desk)
        deliver(installation, company)

    assert "no está firmado por una autoridad conocida" in refused
    assert ":".join(re.findall("..", seen.upper())) in text_of(read)
    assert 'name="accept" value="y">' in read.text
    assert (unpinned, pinned, len(sink.received)) == (None, seen, 1)
    assert "El certificado de 127.0.0.1 ha cambiado." in text_of(desk.get(changed))
    assert "Fijado" in text_of(desk.get("mail-account"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_certificate_that_cannot_be_read_is_told_beside_the_server(desk, db, sink):
    clear = desk.post("mail-account", account_fields(sink.port, security="none", _certificate="1"))
    plain = desk.post("mail-account", account_fields(sink.port, security="starttls", _certificate="1"))
    inside = desk.post("mail-account", account_fields(587, host="10.0.0.3", security="ssl", _certificate="1"))

    assert [answer.status_code for answer in (clear, plain, inside)] == [422, 422, 422]
    assert "Sin cifrado no hay certificado." in text_of(clear)
    assert "El servidor no ofrece STARTTLS" in text_of(plain)
    assert "está en una red privada." in text_of(inside)
    assert db.scalars(select(MailAccount)).all() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_administrators_see_and_change_it(sit, db):
    manager = sit(Role.MANAGER)

    answers = [
        manager.get("mail-account").status_code,
        manager.post("mail-account", account_fields(2525)).status_code,
        manager.post("mail-account/test", {"recipient": "a@b.example"}).status_code,
        manager.post("mail-account/resume").status_code,
    ]

    assert answers == [403] * 4
    assert "Cuenta de la empresa" not in text_of(manager.get("outgoing-mail/list"))
    assert (db.scalars(select(MailAccount)).all(), db.scalars(select(OutgoingMail)).all()) == ([], [])


def test_the_account_and_tests_of_another_company_are_not_shown(desk, db, company, system_db):
    other = Make(system_db, company).company()
    Make(system_db, other).mail_account(host="smtp.ajena.example", sender_email="ajena@ajena.example")
    foreign = add_mail(system_db, MailStatus.SENT, company_id=other.id, last_reply="250 ajeno")

    page = desk.get("mail-account", prueba=foreign.id)
    desk.post("mail-account", account_fields(2525))

    assert ("ajen" in page.text, "Guarde antes la cuenta." in text_of(page)) == (False, True)
    emails = system_db.scalars(select(MailAccount.sender_email).order_by(MailAccount.id)).all()
    assert emails == ["ajena@ajena.example", "facturas@tosma.example"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_changes_are_posts(desk):
    answers = [desk.get(f"mail-account/{way}").status_code for way in ("test", "resume")]

    assert answers == [405, 405]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_log_ever_tells_the_password(desk, company, installation, caplog):
    caplog.set_level("DEBUG")
    with Sink(credentials=("facturas", "otra")) as sink:
        desk.post("mail-account", account_fields(sink.port, username="facturas", password=PASSWORD))
        send_test(desk)
        deliver(installation, company)

    assert "the mail server refuses user or password" in caplog.text
    assert PASSWORD not in caplog.text
