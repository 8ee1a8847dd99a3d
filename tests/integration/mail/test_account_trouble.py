"""When the account, and no mail, is at fault: the queue waits, tries are few, and a new password is tried at once."""

import datetime as dt

import pytest

from app.domain.mail.accounts import Standing, may_open, note_unreachable, standing_of
from app.domain.mail.delivering import give_up_unreachable
from app.domain.mail.saving_accounts import SaveMailAccount, save_mail_account
from app.errors import InvalidValue
from app.scope import CompanyScope
from models.enums import MailSecurity, MailStatus
from tests.smtp_sink import Step


@pytest.fixture
def save(post):
    """Saves the company's account as the office would."""

    def save(**values):
        known = {"sender_email": "facturas@tosma.example", "host": "127.0.0.1", "port": post.sink.port}
        command = SaveMailAccount(**known | {"security": MailSecurity.NONE} | values)
        scope = CompanyScope(post.company.id)
        return post.installation.database.run(scope, lambda db: save_mail_account(db, post.installation.keys, command))

    return save


def auths(sink) -> int:
    return sink.verbs().count("AUTH")


def test_a_refused_password_pauses_the_account_and_touches_no_mail(post, sink, save):
    sink.credentials = ("facturas", "correcta & ñ €")
    save(username="facturas", password="vieja")
    mail = post.notice()

    for _ in range(60):
        post.send()
        post.time.pass_by(minutes=1)
    tries = auths(sink)
    paused = post.reload(post.account)
    standing, error = standing_of(paused), paused.last_error
    save(username="facturas", password="correcta & ñ €")
    post.send()

    assert 1 < tries <= 3
    assert (standing, error) == (Standing.REFUSED, "535 5.7.8 usuario o contraseña incorrectos")
    mail = post.now(mail)
    assert (mail.status, mail.attempts) == (MailStatus.SENT, 1)
    assert standing_of(post.reload(post.account)) is Standing.GOOD


def test_a_password_refused_in_the_middle_of_a_batch_gives_the_rest_back(post, sink):
    mails = post.notices(3)
    sink.steps["MAIL"] = [Step(reply="530 5.7.0 identifíquese", match="facturas@")]

    post.send()

    assert sink.received == []
    assert [(mail.status, mail.attempts) for mail in map(post.now, mails)] == [(MailStatus.QUEUED, 0)] * 3
    assert standing_of(post.reload(post.account)) is Standing.REFUSED


def test_a_server_that_is_away_is_asked_once_a_minute(post, sink):
    sink.steps["CONNECT"] = [Step(reply="421 4.3.2 cerrado", hang_up=True, times=0)]
    mail = post.notice()

    for _ in range(10):
        post.send()
        post.time.pass_by(seconds=20)
    probes = sink.connections
    sink.steps["CONNECT"].clear()
    post.time.pass_by(minutes=1)
    post.send()

    assert probes == 4
    mail = post.now(mail)
    assert (mail.status, mail.attempts) == (MailStatus.SENT, 1)
    assert standing_of(post.reload(post.account)) is Standing.GOOD


def test_a_queue_for_a_dead_server_is_given_up_after_two_days(post, sink):
    sink.steps["CONNECT"] = [Step(reply="421 4.3.2 cerrado", hang_up=True, times=0)]
    mail = post.notice()
    database, scope = post.installation.database, CompanyScope(post.company.id)

    post.send()
    post.time.pass_by(hours=47, minutes=59)
    patient = database.run(scope, lambda db: give_up_unreachable(db, post.time()))
    post.time.pass_by(minutes=2)
    given_up = database.run(scope, lambda db: give_up_unreachable(db, post.time()))

    mail = post.now(mail)
    assert (patient, given_up) == (0, 1)
    assert (mail.status, mail.last_reply) == (MailStatus.FAILED, "421 4.3.2 cerrado")


def test_a_queue_behind_a_refused_password_waits_however_long(post, sink, save):
    sink.credentials = ("facturas", "correcta")
    save(username="facturas", password="vieja")
    mail = post.notice()

    post.send()
    given_up = post.installation.database.run(
        CompanyScope(post.company.id), lambda db: give_up_unreachable(db, post.time() + dt.timedelta(days=9))
    )

    assert (given_up, post.now(mail).status) == (0, MailStatus.QUEUED)


def test_which_fault_it_was_is_kept_with_the_words(post, sink):
    post.notice()
    kept = []

    for step in (Step(drop=True), Step(reply="421 4.3.2 cerrado", hang_up=True)):
        sink.steps["CONNECT"] = [step]
        post.send()
        account = post.reload(post.account)
        kept.append((account.last_error, account.last_fault))
        post.time.pass_by(minutes=1)

    assert kept == [("El servidor ha cerrado la conexión.", "silent"), ("421 4.3.2 cerrado", "")]


def test_one_worker_at_a_time_may_open_a_connection(post):
    scope, moment, patience = CompanyScope(post.company.id), post.time(), dt.timedelta(seconds=20)

    def ask(at):
        return post.installation.database.run(scope, lambda db: may_open(db, post.account, at, patience))

    answers = [ask(moment), ask(moment + dt.timedelta(seconds=19)), ask(moment + patience)]

    assert answers == [True, False, True]


@pytest.mark.parametrize("new", [{"pinned_fingerprint": "ab" * 32}, {"security": MailSecurity.STARTTLS}])
def test_what_was_learnt_before_a_change_says_nothing_after_it(post, save, new):
    seen = post.reload(post.account)
    save(**new)

    post.installation.database.run(
        CompanyScope(post.company.id), lambda db: note_unreachable(db, seen, "421 cerrado", post.time())
    )

    assert standing_of(post.reload(post.account)) is Standing.GOOD


def test_a_kept_password_does_not_go_to_another_server(post, save):
    save(username="facturas", password="secreta")

    with pytest.raises(InvalidValue) as refusal:
        save(username="facturas", host="otro.example")

    assert refusal.value.field == "password"


def test_a_kept_password_stays_where_it_was(post, save):
    first = save(username="facturas", password="secreta").sealed_password

    kept = save(username="facturas", sender_name="Tosma")

    assert (kept.sealed_password, kept.sender_name) == (first, "Tosma")
    assert "secreta" not in kept.sealed_password


@pytest.mark.parametrize(("values", "field"), [
    ({"host": ""}, "host"),
    ({"host": "smtp.example\r\nRCPT"}, "host"),
    ({"host": "smtp example"}, "host"),
    ({"port": 0}, "port"),
    ({"port": 65536}, "port"),
    ({"sender_email": "no es un correo"}, "sender_email"),
    ({"reply_to": "a@b.example\nBcc: c@d.example"}, "reply_to"),
    ({"pinned_fingerprint": "ab:cd"}, "pinned_fingerprint"),
    ({"username": "yo", "password": "x" * 201}, "password"),
    ({"username": "yo", "password": "con\0nulo"}, "password"),
    ({"username": "yo"}, "password"),
])  # fmt: skip
def test_what_an_account_may_not_be(post, save, values, field):
    with pytest.raises(InvalidValue) as refusal:
        save(**values)

    assert refusal.value.field == field
