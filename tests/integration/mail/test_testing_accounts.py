"""Trying an account out, with real servers: each step told as it happens, the mail that arrives, its copy."""

import threading
from copy import deepcopy
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app.adapters.imap.mailbox import Mailbox
from app.domain.mail.accounts import Standing, standing_of
from app.domain.mail.saving_accounts import SaveMailAccount, save_mail_account
from app.domain.mail.troubles import MailStep
from app.errors import Fault
from app.installation import open_installation
from app.mail.steps import StepState
from app.mail.testing import MailTested, NoAccount, RunMailTest, run_mail_test
from models import OutgoingMail
from models.enums import MailKind, MailSecurity, MailStatus
from tests.certificates import server_context
from tests.imap_server import PASSWORD
from tests.smtp_sink import Sink, Step

GOING, GOOD, BAD, SKIPPED = StepState.GOING, StepState.GOOD, StepState.BAD, StepState.SKIPPED
RECIPIENT = "marta@tosma.example"
SENDING = [MailStep.RESOLVE, MailStep.CONNECT, MailStep.TLS, MailStep.AUTH, MailStep.SEND]


@pytest.fixture
def secured(tmp_path, imap):
    """A TLS context for SMTP, and one file of authorities for it and for Dovecot."""
    context, authority = server_context("valid", tmp_path)
    both = tmp_path / "both.pem"
    both.write_text("".join(Path(path).read_text() for path in (authority, imap.authority)))
    return context, str(both)


@pytest.fixture
def installation(settings, engine, secured):
    ours = replace(settings, private_hosts=frozenset({"localhost", "127.0.0.1"}), mail_ca_file=secured[1])
    installation = open_installation(ours)
    yield installation
    installation.database.engine.dispose()


@pytest.fixture
def user(imap):
    return imap.user()


@pytest.fixture
def sink(secured, user):
    with Sink(security="starttls", context=secured[0], credentials=(user, PASSWORD)) as sink:
        yield sink


class Watching:
    """An account, and somebody who watches how it does."""

    def __init__(self, post, imap, user) -> None:
        self.post, self.imap, self.user = post, imap, user
        self.told = []

    def save(self, **values) -> None:
        known = {
            "sender_email": self.user,
            "host": "localhost",
            "port": self.post.sink.port,
            "security": MailSecurity.STARTTLS,
            "username": self.user,
            "password": PASSWORD,
            "imap_host": "localhost",
            "imap_port": self.imap.tls_port,
            "imap_security": MailSecurity.SSL,
            "sent_folder": "Enviados",
        }
        self.post.db.rollback()
        save_mail_account(self.post.db, self.post.installation.keys, SaveMailAccount(**known | values))
        self.post.db.commit()
        self.post.db.expire_all()

    def test(self, user_id=None, **values) -> MailTested:
        self.told.clear()
        command = RunMailTest(company_id=self.post.company.id, user_id=user_id, recipient=RECIPIENT, **values)
        return run_mail_test(self.post.installation, command, self.told.append)

    @property
    def ends(self):
        return [(step.step, step.state) for step in self.told if step.state is not GOING]

    def failing(self):
        return next(step for step in self.told if step.state is BAD)


@pytest.fixture
def watching(post, imap, user) -> Watching:
    watching = Watching(post, imap, user)
    watching.save()
    return watching


def mails(post):
    post.db.rollback()
    return post.db.scalars(select(OutgoingMail).execution_options(populate_existing=True)).all()


def test_every_step_is_told_and_the_mail_says_what_was_seen(post, sink, watching, imap, user):
    tested = watching.test(recipient_name="Marta Ruiz")

    assert (tested.title, tested.is_good, tested.has_left) == ("Todo funciona.", True, True)
    steps = [*SENDING, MailStep.MAILBOX, MailStep.COPY]
    assert [(step.step, step.state) for step in watching.told] == [
        (step, state) for step in steps for state in (GOING, GOOD)
    ]
    titles = [step.title for step in watching.told if step.state is GOOD]
    assert titles == [
        "Encontrar localhost",
        f"Conectar por el puerto {sink.port}",
        "Cifrar la conexión y comprobar el certificado",
        f"Entrar como {user}",
        "Entregar el correo a marta@tosma.example",
        "Entrar en localhost",
        "Guardar la copia en «Enviados» y borrarla otra vez",
    ]
    says = {step.step: step.says for step in watching.told if step.state is GOOD}
    assert says[MailStep.CONNECT] == "220 sumidero ESMTP"
    assert says[MailStep.TLS].startswith("TLSv1.3 · certificado de ")
    assert (says[MailStep.AUTH], says[MailStep.SEND]) == ("Aceptado (PLAIN).", "250 2.0.0 aceptado")

    (received,) = sink.received
    message = message_from_bytes(received.content, policy=SMTP)
    text = message.get_body(("plain",)).get_content()
    assert (received.recipients, message["Subject"]) == ((RECIPIENT,), "Correo de prueba de Suministros Tosma, S.L.")
    assert f"- Conectar por el puerto {sink.port}: 220 sumidero ESMTP" in text
    assert f"- Entrar como {user}: Aceptado (PLAIN)." in text
    assert "TLSv1.3" in message.get_body(("html",)).get_content()
    (mail,) = mails(post)
    assert (mail.id, mail.kind, mail.status, mail.frozen, mail.attempts) == (
        tested.mail_id,
        MailKind.TEST,
        MailStatus.SENT,
        received.content,
        1,
    )
    assert post.attempts(mail) == [("sent", "", "250 2.0.0 aceptado")]
    assert imap.stored(user) == []


def test_the_copy_is_really_stored_before_it_is_taken_away(post, sink, watching, imap, user, monkeypatch):
    seen = []
    remove = Mailbox.remove

    def look(mailbox, folder, message_id):
        seen.extend(imap.stored(user))
        return remove(mailbox, folder, message_id)

    monkeypatch.setattr(Mailbox, "remove", look)
    watching.test()

    ((octets, flags, _moment),) = seen
    assert (octets, "S" in flags) == (sink.received[0].content, True)


def test_steps_are_told_while_the_server_still_thinks(post, sink, watching):
    sink.steps["DATA"] = [Step(stall=True)]
    arrived = threading.Event()
    told = []

    def tell(step):
        told.append((step.step, step.state))
        if (step.step, step.state) == (MailStep.SEND, GOING):
            arrived.set()

    command = RunMailTest(company_id=post.company.id, user_id=None, recipient=RECIPIENT)
    testing = threading.Thread(target=run_mail_test, args=(post.installation, command, tell))
    testing.start()
    assert arrived.wait(10)
    while_thinking = list(told)
    sink.stopped.set()
    testing.join(20)

    assert while_thinking == [(step, state) for step in SENDING[:-1] for state in (GOING, GOOD)] + [
        (MailStep.SEND, GOING)
    ]


def test_a_person_s_account_is_tried_as_theirs(post, sink, watching, make):
    marta = make.user()
    post.db.commit()
    watching.save(user_id=marta.id, sender_name="Marta Ruiz", imap_host="", sent_folder="")

    tested = watching.test(user_id=marta.id)

    assert (tested.title, [step for step, _state in watching.ends]) == ("Todo funciona.", SENDING)
    message = message_from_bytes(sink.received[0].content, policy=SMTP)
    assert str(message["From"]) == f"Marta Ruiz <{watching.user}>"
    assert "lo que usted envíe desde Suministros Tosma" in message.get_body(("plain",)).get_content()
    assert mails(post)[0].account_id is not None


def test_without_an_account_there_is_nothing_to_try(post, watching, make):
    other = make.user()
    post.db.commit()

    with pytest.raises(NoAccount):
        watching.test(user_id=other.id)
    assert mails(post) == []


@pytest.mark.parametrize(
    ("values", "step", "title", "says", "fault"),
    [
        (
            {"host": "no-existe.invalid", "port": 587},
            MailStep.RESOLVE,
            "No se encuentra ningún servidor con ese nombre.",
            "No se encuentra el servidor no-existe.invalid.",
            Fault.NAME_UNKNOWN,
        ),
        ({"port": 9}, MailStep.CONNECT, "Ese servidor no atiende en el puerto 9.", None, Fault.CONNECTION_REFUSED),
        (
            {"security": MailSecurity.SSL},
            MailStep.TLS,
            "No se ha podido cifrar la conexión.",
            "No se pudo cifrar la conexión con localhost.",
            "",
        ),
        (
            {"pinned_fingerprint": "ab" * 32},
            MailStep.TLS,
            "El servidor muestra otro certificado que el que usted aceptó: no se le da la contraseña.",
            "El certificado de localhost ha cambiado.",
            Fault.CERTIFICATE_CHANGED,
        ),
        (
            {"password": "otra"},
            MailStep.AUTH,
            "El servidor no acepta el usuario o la contraseña.",
            "535 5.7.8 usuario o contraseña incorrectos",
            Fault.CREDENTIALS_REFUSED,
        ),
    ],
)
def test_what_does_not_work_is_told_at_its_step_and_nothing_leaves(
    post, sink, watching, values, step, title, says, fault
):
    watching.save(**values)

    tested = watching.test()

    failing = watching.failing()
    assert (tested.is_good, tested.has_left, tested.title, tested.mail_id) == (False, False, title, None)
    assert (failing.step, failing.advice.meaning) == (step, title)
    assert says is None or failing.says == says
    whole = [*SENDING, MailStep.MAILBOX, MailStep.COPY]
    place = whole.index(step)
    assert watching.ends == [
        *((each, GOOD) for each in whole[:place]),
        (step, BAD),
        *((each, SKIPPED) for each in whole[place + 1 :]),
    ]
    assert (mails(post), sink.received) == ([], [])
    standing = Standing.REFUSED if step is MailStep.AUTH else Standing.UNREACHABLE
    account = post.reload(post.account)
    assert (standing_of(account), account.last_fault) == (standing, fault)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_certificate_of_its_own_is_told_before_any_password(post, watching, tmp_path, user):
    (tmp_path / "own").mkdir()
    context, _authority = server_context("self-signed", tmp_path / "own")
    with Sink(security="starttls", context=context, credentials=(user, PASSWORD)) as own:
        watching.save(port=own.port)
        tested = watching.test()

    assert tested.title == "El certificado no lo firma ninguna autoridad conocida."
    assert own.verbs() == ["EHLO", "STARTTLS"]


def test_who_hangs_up_while_one_signs_in_has_not_refused_the_password(post, sink, watching):
    sink.steps["AUTH"] = [Step(drop=True)]

    tested = watching.test()

    assert (tested.title, watching.failing().step) == ("El servidor no deja entrar por ahora.", MailStep.AUTH)
    assert standing_of(post.reload(post.account)) is Standing.UNREACHABLE


@pytest.mark.parametrize(
    ("script", "status", "title"),
    [
        ({"RCPT": [Step(reply="550 5.1.1 no existe")]}, MailStatus.FAILED, "Esa dirección de correo no existe."),
        (
            {"RCPT": [Step(reply="450 4.2.0 vuelva luego")]},
            MailStatus.RETRY,
            "El servidor del destinatario pide que se intente más tarde.",
        ),
        (
            {"MAIL": [Step(reply="550 5.7.60 SMTP; Client does not have permissions to send as this sender")]},
            MailStatus.FAILED,
            "El servidor no deja enviar con esa dirección de remitente.",
        ),
        ({"MAIL": [Step(reply="530 5.7.0 identifíquese")]}, MailStatus.FAILED, "El servidor pide identificarse."),
        (
            {"MAIL": [Step(drop=True), Step(drop=True)]},
            MailStatus.RETRY,
            "La conexión se cortó antes de que el servidor tomara el correo: no ha llegado.",
        ),
        (
            {".": [Step(drop=True, keep=True)]},
            MailStatus.RETRY,
            "La conexión se cortó antes de que el servidor confirmara el correo: no se sabe si ha llegado.",
        ),
    ],
)
def test_a_mail_that_is_not_taken_is_in_the_outbox_with_the_reason(post, sink, watching, script, status, title):
    sink.steps |= deepcopy(script)

    tested = watching.test()

    (mail,) = mails(post)
    assert (tested.title, tested.has_left, tested.mail_id) == (title, False, mail.id)
    assert (mail.status, mail.claim, len(post.attempts(mail))) == (status, None, 1)
    assert watching.ends[4:] == [(MailStep.SEND, BAD), (MailStep.MAILBOX, SKIPPED), (MailStep.COPY, SKIPPED)]


@pytest.mark.parametrize(
    ("values", "step", "remedy"),
    [
        ({"imap_port": 9}, MailStep.MAILBOX, "Ese servidor no atiende en el puerto 9."),
        ({"sent_folder": "Enviados 2019"}, MailStep.COPY, "Esa carpeta ya no está en el buzón."),
        ({"imap_fingerprint": "ab" * 32}, MailStep.MAILBOX, "El servidor muestra otro certificado"),
    ],
)
def test_a_copy_that_fails_does_not_make_the_mail_unsent(post, sink, watching, values, step, remedy):
    watching.save(**values)

    tested = watching.test()

    assert (tested.is_good, tested.has_left) == (False, True)
    assert tested.title == "El correo ha salido, pero su copia no se guarda."
    assert (watching.failing().step, tested.remedy.startswith(remedy)) == (step, True)
    assert (mails(post)[0].status, len(sink.received)) == (MailStatus.SENT, 1)


def test_a_mailbox_without_a_folder_is_only_entered(post, watching, imap, user):
    watching.save(sent_folder="", imap_port=imap.port, imap_security=MailSecurity.STARTTLS)

    assert watching.test().is_good
    assert watching.ends[-1] == (MailStep.MAILBOX, GOOD)


def test_a_good_account_goes_on_at_once(post, watching):
    post.account.failures, post.account.last_error = 3, "535 no"
    post.account.imap_failures, post.account.imap_error = 2, "no"
    post.db.commit()

    watching.test()

    account = post.reload(post.account)
    assert (standing_of(account), account.paused_until, account.imap_failures, account.imap_error) == (
        Standing.GOOD,
        None,
        0,
        "",
    )


def test_a_worker_leaves_the_test_alone_while_somebody_holds_it(post, sink, watching):
    delivered = []

    def tell(step):
        if (step.step, step.state) == (MailStep.SEND, GOING):
            return
        if (step.step, step.state) == (MailStep.SEND, GOOD):
            post.send()
            delivered.extend(sink.received)

    command = RunMailTest(company_id=post.company.id, user_id=None, recipient=RECIPIENT)
    run_mail_test(post.installation, command, tell)
    post.send()

    assert (len(delivered), len(sink.received)) == (1, 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_demonstration_talks_to_nobody(post, sink, watching, installation):
    demo = replace(installation, settings=replace(installation.settings, demo=True))
    told = []
    command = RunMailTest(company_id=post.company.id, user_id=None, recipient=RECIPIENT)

    tested = run_mail_test(demo, command, told.append)

    assert tested.title == "Capturado: la demostración no envía nada ni se conecta con ningún servidor."
    assert [(step.step, step.state) for step in told] == [(MailStep.SEND, GOING), (MailStep.SEND, GOOD)]
    assert (sink.connections, mails(post)[0].status) == (0, MailStatus.SENT)
