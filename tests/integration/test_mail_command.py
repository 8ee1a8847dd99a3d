"""``mail-test``: what the console is told of an account, and how the command ends."""

import logging
import os

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.cli import cli
from app.domain.mail.saving_accounts import SaveMailAccount, save_mail_account
from app.secrets import Keys
from models import OutgoingMail
from models.enums import MailSecurity, MailStatus
from tests.factories import Make
from tests.smtp_sink import Sink

KEY = "a key of forty characters for tests only"
PASSWORD = "correcta & ñ €"


@pytest.fixture
def run(database_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = {
        "VENTANILLA_DATA_DIR": str(tmp_path / "var"),
        "VENTANILLA_DATABASE_URL": database_url,
        "VENTANILLA_BASE_URL": "https://clientes.tosma.example",
        "VENTANILLA_SECRET_KEY": KEY,
        "VENTANILLA_MAIL_PRIVATE_HOSTS": "127.0.0.1",
    }
    root = logging.getLogger()
    handlers, level, mask = root.handlers[:], root.level, os.umask(0o022)
    yield lambda *arguments: CliRunner().invoke(cli, ("mail-test", *arguments), env=environment)
    os.umask(mask)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def sink():
    with Sink(credentials=("facturas", PASSWORD)) as sink:
        yield sink


@pytest.fixture
def save(db, sink):
    def save(**values):
        known = {"sender_email": "facturas@tosma.example", "host": "127.0.0.1", "port": sink.port}
        known |= {"security": MailSecurity.NONE, "username": "facturas", "password": PASSWORD}
        save_mail_account(db, Keys((KEY,)), SaveMailAccount(**known | values))
        db.commit()

    return save


def test_every_step_is_a_line(run, sink, save, db):
    save()

    result = run("marta@tosma.example")

    lines = result.output.splitlines()
    assert [line.split(" (")[0] for line in lines if line.startswith("bien")] == [
        "bien  Encontrar 127.0.0.1",
        f"bien  Conectar por el puerto {sink.port}",
        "bien  Entrar como facturas",
        "bien  Entregar el correo a marta@tosma.example",
    ]
    assert "      250 2.0.0 aceptado" in lines
    assert (result.exit_code, lines[-1].startswith("Todo funciona. Busque el correo")) == (0, True)
    assert (len(sink.received), db.scalars(select(OutgoingMail.status)).all()) == (1, [MailStatus.SENT])


def test_what_fails_is_told_with_what_to_do_and_ends_in_one(run, sink, save):
    save(password="otra")

    result = run("marta@tosma.example")

    assert result.exit_code == 1
    assert "FALLA Entrar como facturas" in result.output
    assert "      535 5.7.8 usuario o contraseña incorrectos" in result.output
    assert "—     Entregar el correo a marta@tosma.example\n" in result.output
    assert "El servidor no acepta el usuario o la contraseña. El usuario suele ser" in result.output
    assert (sink.received, PASSWORD in result.output) == ([], False)


def test_a_person_s_account_is_theirs(run, sink, save, db, make):
    marta = make.user(email="marta@tosma.example")
    db.commit()
    save(user_id=marta.id, sender_email="marta@tosma.example")

    own, companys = run("compras@merino.example", "--user", "Marta@Tosma.example"), run("compras@merino.example")

    assert (own.exit_code, sink.received[0].sender) == (0, "marta@tosma.example")
    assert (companys.exit_code, companys.output.strip()) == (1, "Error: Guarde antes la cuenta de correo.")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("a@b.example,c@d.example",), "Escriba una sola dirección de correo, como nombre@empresa.es."),
        (("a@b.example", "--company", "nadie"), "No existe la empresa «nadie» (las que hay: Tosma)."),
        (("a@b.example", "--user", "nadie@b.example"), "No existe ningún usuario con ese correo."),
        (("a@b.example",), "Guarde antes la cuenta de correo."),
    ],
)
def test_what_cannot_be_tried_is_told(run, company, arguments, sentence):
    result = run(*arguments)

    assert (result.exit_code, result.output.strip()) == (1, f"Error: {sentence}")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_of_several_companies_one_has_to_be_named(run, sink, save, system_db, company):
    save()
    Make(system_db, company).company(slug="Merino", slug_key="merino")
    system_db.commit()

    unnamed, named = run("a@b.example"), run("a@b.example", "--company", "tosma")

    assert unnamed.output.strip() == "Error: Diga de qué empresa: --company DIRECCIÓN."
    assert (named.exit_code, len(sink.received)) == (0, 1)
