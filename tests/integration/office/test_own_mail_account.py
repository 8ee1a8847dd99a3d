"""*Mi configuración → Cuenta de correo*: one's own, filled in with the help of real servers, and nobody else's."""

import datetime as dt
import re
from contextlib import ExitStack

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from admin_views.mail import account_asking
from app import clock
from app.adapters import mail_discovery
from app.adapters.mail_discovery import PublishedPlaces
from app.domain.mail.accounts import open_password
from app.domain.mail.presets import Place
from app.errors import AdapterError
from app.secrets import hash_password
from models import AuditEntry, MailAccount, OutgoingMail, StaffSession, StaffUser
from models.enums import MailSecurity, MailStatus, Role
from tests.imap_server import PASSWORD
from tests.rig.answers import add_report
from tests.rig.desk import fields_of, text_of
from tests.rig.mails import add_mail
from tests.smtp_sink import Sink

PAGE = "account/mail"
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings, imap):
    return replace(settings, private_hosts=frozenset({"127.0.0.1", "localhost"}), mail_ca_file=imap.authority)


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture
def mailbox(imap, sink):
    """What a form of a whole account says: our sink for what leaves, Dovecot for the copies."""
    user = imap.user()
    return {
        "sender_email": user,
        "sender_name": "Marta Ruiz",
        "host": "127.0.0.1",
        "port": str(sink.port),
        "security": "none",
        "username": user,
        "password": PASSWORD,
        "imap_host": "localhost",
        "imap_port": str(imap.port),
        "imap_security": "starttls",
        "sent_folder": "*",
    }


def account_of(db):
    db.rollback()
    return db.scalars(select(MailAccount).execution_options(populate_existing=True)).one()


def folders_shown(page):
    inside = re.search(r'<select[^>]*id="sent_folder".*?</select>', page.text, re.DOTALL)[0]
    return re.findall(r'<option value="([^"]*)"( selected)?', inside)


# Saving


def test_everything_of_it_is_kept_and_no_secret_shown(desk, db, installation, mailbox):
    typed = mailbox | {"reply_to": "hola@tosma.example", "wants_receipt": "y", "sent_folder": "Enviados"}

    page = desk.follow(desk.post(PAGE, typed))

    account = account_of(db)
    names = ("sender_email", "sender_name", "reply_to", "wants_receipt", "imap_host", "imap_security", "sent_folder")
    assert tuple(getattr(account, name) for name in names) == (
        mailbox["sender_email"],
        "Marta Ruiz",
        "hola@tosma.example",
        True,
        "localhost",
        MailSecurity.STARTTLS,
        "Enviados",
    )
    assert (account.user_id is not None, open_password(account, installation.keys)) == (True, PASSWORD)
    shown = fields_of(page)
    assert (shown["password"], shown["sent_folder"], shown["wants_receipt"]) == ("", "Enviados", "y")
    assert (account.sealed_password in page.text, PASSWORD in page.text) == (False, False)


def test_it_begins_with_who_one_is(desk):
    shown = fields_of(desk.get(PAGE))

    assert (shown["sender_name"], shown["sender_email"].startswith("marta")) == ("Marta Ruiz Ortega", True)


def test_the_folder_for_what_is_sent_is_found_when_nobody_chose_one(desk, db, imap, mailbox):
    imap.make_folders(mailbox["username"], "Clientes/Ñandú", "Borradores")

    desk.post(PAGE, mailbox)

    assert account_of(db).sent_folder == "Enviados"


def test_the_real_folders_are_offered_with_the_sent_one_chosen(desk, db, imap, mailbox):
    imap.make_folders(mailbox["username"], "Clientes/Ñandú", "Borradores")

    page = desk.post(PAGE, mailbox | {"_folders": "1"})

    assert (page.status_code, db.scalars(select(MailAccount)).all()) == (200, [])
    names = [name for name, _chosen in folders_shown(page)]
    assert [name for name, chosen in folders_shown(page) if chosen] == ["Enviados"]
    assert ({"Borradores", "Clientes/Ñandú", "Enviados", "INBOX"} <= set(names), names[-1]) == (True, "")
    assert "El servidor guarda lo enviado en «Enviados»." in text_of(page)
    assert fields_of(page)["host"] == mailbox["host"]


def test_the_kept_password_reads_the_folders_where_it_may_go(desk, db, imap, mailbox):
    desk.post(PAGE, mailbox | {"sent_folder": ""})

    same = desk.post(PAGE, mailbox | {"password": "", "sent_folder": "", "_folders": "1"})
    elsewhere = desk.post(PAGE, mailbox | {"password": "", "imap_port": str(imap.tls_port), "_folders": "1"})

    assert (same.status_code, "El buzón tiene" in text_of(same)) == (200, True)
    assert {("Enviados", ""), ("", " selected")} <= set(folders_shown(same))
    assert elsewhere.status_code == 422
    assert "Vuelva a escribir la contraseña: no pasa a otro servidor, a otro usuario" in text_of(elsewhere)


@SQLITE
@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"password": "otra"}, "password", "El servidor no acepta el usuario o la contraseña."),
        ({"imap_port": "9"}, "imap_host", "Ese servidor no atiende en el puerto 9."),
        ({"imap_host": ""}, "imap_host", "Rellene este dato."),
        ({"imap_host": "10.0.0.3", "imap_port": "993"}, "imap_host", "está en una red privada."),
        ({"imap_host": "192.0.2.1", "imap_port": "25"}, "imap_port", "atienden en los puertos 143 o 993."),
        ({"username": ""}, "username", "El servidor entrante pide usuario y contraseña."),
    ],
)
def test_folders_that_cannot_be_read_are_told_beside_the_field(desk, db, mailbox, values, field, sentence):
    answer = desk.post(PAGE, mailbox | {"_folders": "1"} | values)

    assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True)
    assert sentence in text_of(answer)
    assert "No se han podido leer las carpetas. Revise esto:" in text_of(answer)
    assert db.scalars(select(MailAccount)).all() == []


@SQLITE
def test_only_what_is_needed_has_to_be_right_to_read_the_folders(desk, mailbox):
    answer = desk.post(PAGE, mailbox | {"host": "", "sender_email": "no es", "_folders": "1"})

    assert (answer.status_code, "El buzón tiene" in text_of(answer)) == (200, True)
    assert "No se ha guardado" not in text_of(answer)
    assert fields_of(answer)["sender_email"] == "no es"


@SQLITE
def test_a_mailbox_that_does_not_open_keeps_nothing_from_being_saved(desk, db, mailbox):
    page = desk.follow(desk.post(PAGE, mailbox | {"imap_port": "9"}))

    assert account_of(db).sent_folder == ""
    assert "No se guardarán copias: no se pueden leer las carpetas de localhost. Ese servidor no atiende" in text_of(
        page
    )


def test_an_own_certificate_of_the_mailbox_is_pinned_too(desk, db, imap, mailbox):
    typed = mailbox | {"imap_port": str(imap.tls_port), "imap_security": "ssl-own"}

    read = desk.post(PAGE, typed)
    seen = fields_of(read)["imap_fingerprint"]
    accepted = desk.post(PAGE, typed | {"imap_fingerprint": seen, "imap_accept": "y"})
    wrong = desk.post(PAGE, typed | {"imap_fingerprint": "ab" * 32, "imap_accept": "y"})

    assert (read.status_code, accepted.status_code, wrong.status_code) == (422, 303, 422)
    assert 'href="#imap_fingerprint"' in read.text
    account = account_of(db)
    assert (account.imap_fingerprint, account.sent_folder) == (seen, "Enviados")


@SQLITE
def test_in_the_clear_is_warned_of(desk):
    assert "Cualquiera que esté en el camino puede leer los correos" in text_of(desk.get(PAGE))


# Presets


@SQLITE
@pytest.mark.parametrize(
    ("email", "smtp", "imap_", "sentence"),
    [
        ("marta@gmail.com", ("smtp.gmail.com", "587", "starttls"), "imap.gmail.com", "contraseña de aplicación"),
        ("marta@hotmail.es", ("smtp-mail.outlook.com", "587", "starttls"), "outlook.office365.com", "Microsoft"),
        ("marta@yahoo.es", ("smtp.mail.yahoo.com", "465", "ssl"), "imap.mail.yahoo.com", "Generar contraseña"),
        ("marta@icloud.com", ("smtp.mail.me.com", "587", "starttls"), "imap.mail.me.com", "cuenta de Apple"),
        ("marta@movistar.es", ("smtp.movistar.es", "465", "ssl"), "imap.movistar.es", "su correo web"),
    ],
)
def test_a_known_address_fills_everything_in(desk, email, smtp, imap_, sentence):
    page = desk.post(PAGE, {"sender_email": email, "_preset": "1"})

    shown = fields_of(page)
    assert (page.status_code, (shown["host"], shown["port"], shown["security"])) == (200, smtp)
    assert (shown["imap_host"], shown["imap_port"], shown["imap_security"]) == (imap_, "993", "ssl")
    assert (shown["username"], sentence in text_of(page)) == (email, True)


@SQLITE
def test_a_domain_of_one_s_own_is_found_by_who_takes_in_its_mail(desk, monkeypatch):
    monkeypatch.setattr(mail_discovery, "exchanges_of", lambda domain: ("mx00.ionos.es",))

    page = desk.post(PAGE, {"sender_email": "marta@tosma.es", "_preset": "1"})

    assert fields_of(page)["host"] == "smtp.ionos.es"
    assert "El correo de tosma.es está en IONOS." in text_of(page)


@SQLITE
def test_or_by_what_it_publishes(desk, monkeypatch):
    places = PublishedPlaces(Place("correo.tosma.es", 465, MailSecurity.SSL), None, is_local=True)
    monkeypatch.setattr(mail_discovery, "exchanges_of", lambda domain: ())
    monkeypatch.setattr(mail_discovery, "by_records", lambda domain: None)
    monkeypatch.setattr(mail_discovery, "by_autoconfig", lambda domain, **settings: places)

    page = desk.post(PAGE, {"sender_email": "marta@tosma.es", "imap_host": "antes.es", "_preset": "1"})

    shown = fields_of(page)
    assert (shown["host"], shown["username"], shown["imap_host"]) == ("correo.tosma.es", "marta", "antes.es")
    assert "Lo dice la web de tosma.es: compruébelo." in text_of(page)


@SQLITE
def test_what_nobody_knows_is_said(desk, monkeypatch):
    def nobody(domain):
        raise AdapterError("nadie contesta")

    monkeypatch.setattr(mail_discovery, "exchanges_of", nobody)
    page = desk.post(PAGE, {"sender_email": "marta@tosma.es", "host": "mio.tosma.es", "_preset": "1"})
    wrong = desk.post(PAGE, {"sender_email": "marta", "_preset": "1"})

    assert (page.status_code, fields_of(page)["host"]) == (200, "mio.tosma.es")
    assert "No sabemos qué servidores usa esa dirección." in text_of(page)
    assert ("Escriba una sola dirección de correo" in text_of(wrong), "Rellene este dato" in text_of(wrong)) == (
        True,
        False,
    )


@SQLITE
def test_servers_are_asked_so_often_and_no_more(desk, monkeypatch):
    answers = [desk.post(PAGE, {"sender_email": "marta@gmail.com", "_preset": "1"}) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert "Demasiados intentos." in text_of(answers[-1])
    assert fields_of(answers[-1])["sender_email"] == "marta@gmail.com"


# Whose it is


def test_nobody_else_sees_it_uses_it_or_changes_it(desk, sit, db, mailbox):
    desk.post(PAGE, mailbox)
    mine = account_of(db)
    stranger = sit(Role.ADMINISTRATOR)

    pages = [stranger.get(path) for path in (PAGE, "mail-account", "staff/list", "audit-entry/list", f"{PAGE}/delete")]
    changed = stranger.post(PAGE, mailbox | {"sender_email": "otra@tosma.example", "imap_host": ""})
    stranger.post(f"{PAGE}/delete")

    told = " ".join(page.text for page in pages)
    assert [word for word in (mine.sender_email, "Marta Ruiz<", mine.sealed_password) if word in told] == []
    assert changed.status_code == 303
    db.rollback()
    accounts = {account.user_id: account for account in db.scalars(select(MailAccount))}
    assert (len(accounts), accounts[mine.user_id].sender_email) == (2, mailbox["sender_email"])
    assert accounts[mine.user_id].host == "127.0.0.1"
    changes = str([entry.changes for entry in db.scalars(select(AuditEntry).where(AuditEntry.entity_id == mine.id))])
    assert mailbox["sender_email"] not in changes


def test_an_administrator_may_only_know_of_it_and_remove_it(desk, sit, db, mailbox):
    clerk = sit(Role.INVOICING)
    clerk.post(PAGE, mailbox)
    account = account_of(db)
    waiting = add_mail(db, account_id=account.id)
    memberships = re.findall(r"/admin/staff/edit/(\d+)", desk.get("staff/list").text)
    pages = [desk.get(f"staff/edit/{pk}") for pk in dict.fromkeys(memberships)]
    (page,) = [page for page in pages if "Eliminar su cuenta de correo" in page.text]
    address = re.search(r"/admin/(staff/mail-account/\d+)", page.text)[1]

    asked = desk.get(address)
    removed = desk.follow(desk.post(address))

    assert mailbox["sender_email"] not in page.text + asked.text
    assert "Cuenta de correo eliminada. Se ha anulado el correo que esperaba." in text_of(removed)
    assert account_of(db).host == ""
    assert db.scalar(select(OutgoingMail.status).where(OutgoingMail.id == waiting.id)) is MailStatus.CANCELLED
    assert clerk.get(address).status_code == 403


def test_its_owner_removes_it(desk, db, mailbox):
    desk.post(PAGE, mailbox)
    sent = add_mail(db, MailStatus.SENT, account_id=account_of(db).id)
    add_report(db, sent)
    before = desk.get(f"outgoing-mail/details/{sent.id}").text

    asked = desk.get(f"{PAGE}/delete")
    page = desk.follow(desk.post(f"{PAGE}/delete"))

    assert f"Eliminar la cuenta de correo {mailbox['sender_email']}" in text_of(asked)
    assert "Cuenta de correo eliminada." in text_of(page)
    account = account_of(db)
    assert (account.host, account.sealed_password, account.imap_host) == ("", "", "")
    assert desk.get(f"{PAGE}/delete").status_code == 303
    again, after = "/outgoing-mail/send-again?", desk.get(f"outgoing-mail/details/{sent.id}").text
    assert (again in before, again in after, "Dar por buena la dirección" in after) == (True, False, True)


@SQLITE
def test_who_may_not_send_has_none(sit, mailbox):
    reader = sit(Role.READER)

    answers = [
        reader.get(PAGE).status_code,
        reader.post(PAGE, mailbox).status_code,
        *(reader.post(f"{PAGE}/{path}").status_code for path in ("test", "resume", "permission", "delete", "consent")),
    ]

    assert answers == [403] * 7
    assert "Cuenta de correo" not in text_of(reader.get("account"))
    tabs = "Cuenta de correo Valores por defecto para envíos Series por defecto API Key Seguridad"
    assert tabs in text_of(sit(Role.INVOICING).get("account"))


# Proving who one is


def test_who_gave_their_password_long_ago_gives_it_again(desk, db, mailbox):

    desk.post(PAGE, mailbox)
    user_id = account_of(db).user_id
    db.execute(update(StaffUser).where(StaffUser.id == user_id).values(password_hash=hash_password("la de Ventanilla")))
    db.execute(update(StaffSession).values(created_at=clock.now() - dt.timedelta(minutes=16)))
    db.commit()
    moved, turned = mailbox | {"imap_host": "", "port": "2526"}, mailbox | {"password": "", "reply_to": "x@y.example"}

    before = desk.get(PAGE)
    harmless = desk.post(PAGE, mailbox | {"password": "", "sender_name": "Otra"})
    asked, turned = desk.post(PAGE, moved), desk.post(PAGE, turned)
    wrong = desk.post(PAGE, moved | {"current": "no es"})
    right = desk.post(PAGE, moved | {"current": "la de Ventanilla"})
    again = desk.post(PAGE, moved | {"port": "2527"})

    answers = (harmless, asked, turned, wrong, right, again)
    assert [answer.status_code for answer in answers] == [303, 422, 422, 422, 303, 303]
    assert ['id="current"' in page.text for page in (before, desk.get(PAGE))] == [True, False]
    assert "Para cambiar esto, escriba su contraseña de Ventanilla." in text_of(asked)
    assert 'id="current"' in asked.text
    assert "No es su contraseña de Ventanilla." in text_of(wrong)
    assert account_of(db).port == 2527


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_password_that_is_not_kept_is_asked_for_again_where_it_was_typed(desk, mailbox):
    desk.post(PAGE, mailbox)

    refused = desk.post(PAGE, mailbox | {"password": "otra", "reply_to": "a@b, c@d"})

    assert "Vuelva a escribirla: una contraseña no se devuelve a la página." in text_of(refused)
    assert re.search(r'<details class="v-secret" open>', refused.text)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_few_ask_mail_servers_at_once(desk, db, mailbox):
    with ExitStack() as others:
        for _other in range(4):
            others.enter_context(account_asking.one_of_few())
        refused = desk.post(PAGE, mailbox | {"_folders": "1"})

    assert refused.status_code == 503
    assert "Hay varias consultas a servidores de correo a la vez." in text_of(refused)
    assert desk.post(PAGE, mailbox | {"_folders": "1"}).status_code == 200
