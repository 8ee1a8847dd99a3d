"""*Correo de prueba*: the page that tells each step as it goes, for the company's account and for one's own."""

import re

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from admin_views.mail import testing
from models import MailAccount, OutgoingMail
from models.enums import MailKind, MailStatus, Role
from tests.rig.desk import text_of
from tests.rig.mails import add_mail
from tests.smtp_sink import Sink, Step

PASSWORD = "correcta & ñ € %"
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings):
    return replace(settings, private_hosts=frozenset({"127.0.0.1"}))


def save(desk, sink, where="mail-account", **values):
    known = {"sender_email": "facturas@tosma.example", "host": "127.0.0.1", "port": str(sink.port), "security": "none"}
    answer = desk.post(where, known | {"username": "facturas", "password": PASSWORD} | values)
    assert answer.status_code == 303, text_of(answer)


def told(answer):
    """The steps of a test as they ended, and its verdict."""
    assert answer.status_code == 200, text_of(answer)
    report = re.search(r"data-report.*?</main>", answer.text, re.DOTALL)[0]
    parts = re.findall(r'class="v-step (good|bad|skipped)".*?<b[^>]*>(.*?)</b>', report, re.DOTALL)
    verdict = re.search(r"data-over.*?<b>(.*?)</b>", report, re.DOTALL)[1]
    return [(state, title) for state, title in parts], verdict


def test_a_test_tells_every_step_and_the_mail_is_in_the_outbox(desk, db):
    with Sink(credentials=("facturas", PASSWORD)) as sink:
        save(desk, sink)
        answer = desk.post("mail-account/test", {"recipient": "marta@tosma.example"})

    mail = db.scalars(select(OutgoingMail)).one()
    steps = [
        ("good", "Encontrar 127.0.0.1"),
        ("good", f"Conectar por el puerto {sink.port}"),
        ("good", "Entrar como facturas"),
        ("good", "Entregar el correo a marta@tosma.example"),
    ]
    assert told(answer) == (steps, "Todo funciona.")
    assert (mail.kind, mail.status, mail.account_id, sink.received[0].recipients) == (
        MailKind.TEST,
        MailStatus.SENT,
        None,
        ("marta@tosma.example",),
    )
    assert f'href="/admin/outgoing-mail/details/{mail.id}"' in answer.text
    assert ("Content-Length" in answer.headers, answer.headers["X-Accel-Buffering"]) == (False, "no")
    assert answer.headers["Cache-Control"] == "no-store, private"


@SQLITE
def test_what_goes_wrong_is_told_at_its_step_with_what_to_do(desk, db):
    with Sink(credentials=("facturas", "otra")) as sink:
        save(desk, sink)
        answer = desk.post("mail-account/test", {"recipient": "marta@tosma.example"})

    steps, verdict = told(answer)
    assert [state for state, _title in steps] == ["good", "good", "bad", "skipped"]
    assert verdict == "El servidor no acepta el usuario o la contraseña."
    assert "535 5.7.8 usuario o contraseña incorrectos" in text_of(answer)
    assert db.scalars(select(OutgoingMail)).all() == []


@SQLITE
def test_what_servers_say_stays_text(desk):
    with Sink(script={"CONNECT": [Step(reply="554 <script>alert(1)</script>")]}) as sink:
        save(desk, sink)
        answer = desk.post("mail-account/test", {"recipient": "marta@tosma.example"})

    assert ("<script>alert" in answer.text, "&lt;script&gt;alert(1)" in answer.text) == (False, True)


def test_one_s_own_account_is_tried_by_its_owner_alone(desk, sit, db):
    with Sink(credentials=("facturas", PASSWORD)) as sink:
        save(desk, sink, "account/mail", sender_email="marta@tosma.example")
        own = desk.post("account/mail/test", {"recipient": "compras@merino.example"})
        stranger = sit(Role.MANAGER).post("account/mail/test", {"recipient": "compras@merino.example"})
        companys = desk.post("mail-account/test", {"recipient": "compras@merino.example"})

    account = db.scalars(select(MailAccount)).one()
    assert told(own)[1] == "Todo funciona."
    assert (sink.received[0].sender, len(sink.received)) == ("marta@tosma.example", 1)
    assert db.scalars(select(OutgoingMail.account_id)).all() == [account.id]
    assert [
        (answer.status_code, "Guarde antes la cuenta de correo." in text_of(answer)) for answer in (stranger, companys)
    ] == [
        (422, True),
        (422, True),
    ]


@SQLITE
@pytest.mark.parametrize("typed", ["", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "a" * 1_000_000])
def test_a_test_goes_to_one_address(desk, db, make, typed):
    make.mail_account()
    db.commit()

    answer = desk.post("mail-account/test", {"recipient": typed})

    assert (answer.status_code, 'id="recipient-hint"' in answer.text) == (422, True)
    assert db.scalars(select(OutgoingMail)).all() == []


def test_tests_are_few_a_minute(desk, db, make):
    with Sink() as sink:
        make.mail_account(port=sink.port)
        db.commit()
        answers = [desk.post("mail-account/test", {"recipient": "a@b.example"}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "Demasiados intentos. Espere un minuto y vuelva a probar." in text_of(answers[-1])
    assert answers[-1].headers["retry-after"].isdigit()
    assert len(sink.received) == 5


@SQLITE
def test_tests_are_few_at_once(desk, db, make):
    make.mail_account()
    db.commit()
    held = [testing.AT_ONCE.acquire(blocking=False) for _ in range(4)]

    answer = desk.post("mail-account/test", {"recipient": "a@b.example"})
    for _ in held:
        testing.AT_ONCE.release()

    assert (held, answer.status_code) == ([True] * 4, 503)
    assert "Hay varias pruebas en marcha a la vez." in text_of(answer)
    assert desk.post("mail-account/test", {"recipient": "a@b.example"}).status_code == 200


@SQLITE
def test_a_bug_ends_the_page_in_a_sentence(desk, db, make, monkeypatch):
    make.mail_account()
    db.commit()

    def broken(*_arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(testing, "run_mail_test", broken)
    monkeypatch.setattr("threading.excepthook", lambda *_arguments: None)
    answer = desk.post("mail-account/test", {"recipient": "a@b.example"})

    assert told(answer) == ([], "La prueba se ha interrumpido.")


@SQLITE
def test_a_good_test_wakes_a_paused_queue(desk, db):
    with Sink(credentials=("facturas", PASSWORD)) as sink:
        save(desk, sink)
        account = db.scalars(select(MailAccount)).one()
        account.failures, account.last_error = 2, "535 no"
        db.commit()
        add_mail(db)
        before = text_of(desk.get("mail-account"))
        desk.post("mail-account/test", {"recipient": "marta@tosma.example"})

    assert (
        "No sale nada de la cuenta de la empresa: el servidor no acepta el usuario o la contraseña. Espera un correo."
        in before
    )
    assert "No sale nada de la cuenta de la empresa" not in text_of(desk.get("mail-account"))


@SQLITE
def test_no_log_ever_tells_the_password(desk, caplog):
    caplog.set_level("DEBUG")
    with Sink(credentials=("facturas", "otra")) as sink:
        save(desk, sink)
        desk.post("mail-account/test", {"recipient": "marta@tosma.example"})

    assert PASSWORD not in caplog.text
