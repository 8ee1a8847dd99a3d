"""*Correos enviados* and *Pendientes de envío*: what became of each mail, itself, and what can be done."""

import datetime as dt
import re
from email import message_from_bytes, policy

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from app import clock
from app.domain.mail.replies import explain
from app.installation import open_installation
from app.main import create_app
from models import MailAttempt
from models.enums import MailKind, MailStatus
from tests.rig.desk import seat, text_of
from tests.rig.mails import add_mail, deliver, notice, status_of
from tests.smtp_sink import Sink, Step

QUOTA = "452 4.2.2 The email account that you tried to reach is over quota"
UNKNOWN_USER = "550 5.1.1 <a@b.example>: User unknown"


@pytest.fixture
def settings(settings):
    return replace(settings, private_hosts=frozenset({"127.0.0.1"}))


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


def names_in(page):
    return re.findall(r'scope="row" class="c-no"><a[^>]*>([^<]*)<', page.text)


def test_the_list_tells_each_state_in_a_word(desk, db):
    for status in MailStatus:
        add_mail(db, status, attempts=2)

    words = re.findall(r"v-badge[^>]*><i [^>]*></i>([^<]+)<", desk.get("outgoing-mail/list").text)

    assert words == ["Anulado", "Sin confirmar", "Fallido", "Enviado", "Reintento 2", "Enviando", "En cola"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"estado": "fallido"}, ["Failed"]),
        ({"estado": "problemas"}, ["Notice"]),
        ({"clase": "pruebas"}, ["Sent", "Unknown", "Failed"]),
        ({"clase": "avisos"}, ["Notice"]),
        ({"periodo": "hoy"}, ["Notice", "Sent", "Unknown", "Failed"]),
        ({"hasta": "01/01/2026"}, []),
        ({"buscar": "FAILED1@"}, ["Failed"]),
        ({"buscar": "número 7"}, ["Sent"]),
        ({"buscar": "%"}, []),
    ],
)
def test_mails_are_found(desk, db, query, found):
    add_mail(db, MailStatus.FAILED, recipient_name="Failed")
    add_mail(db, MailStatus.UNKNOWN, recipient_name="Unknown")
    add_mail(db, MailStatus.SENT, recipient_name="Sent", search_key="factura numero 7")
    add_mail(db, MailStatus.UNKNOWN, number=2, recipient_name="Notice", kind=MailKind.NOTICE)

    assert names_in(desk.get("outgoing-mail/list", **query)) == found


def test_mails_are_found_by_customer_without_accents_and_by_publication(desk, db, make):
    mail = notice(db, make)
    add_mail(db, MailStatus.SENT)

    for query in ({"buscar": "INSTALACIONES"}, {"publicacion": mail.batch_id}, {"cliente": mail.contact_id}):
        assert names_in(desk.get("outgoing-mail/list", **query)) == ["Instalaciones Merino, S.L."]


def test_what_waits_has_a_list_of_its_own_with_the_next_one_first(desk, db):
    add_mail(db, MailStatus.SENT, recipient_name="Sent")
    add_mail(db, MailStatus.RETRY, recipient_name="Retry", due_at=clock.now() + dt.timedelta(hours=1))
    add_mail(db, MailStatus.QUEUED, recipient_name="Queued")

    assert names_in(desk.get("waiting-mail/list")) == ["Queued", "Retry"]


@pytest.mark.parametrize("screen", ["outgoing-mail", "waiting-mail"])
def test_a_list_costs_the_same_with_one_mail_and_with_three(desk, db, statements, screen):
    counts = []
    for number in range(3):
        add_mail(db, number=number)
        statements.clear()
        desk.get(f"{screen}/list")
        counts.append(len(statements))

    assert counts[0] == counts[2]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_export_is_no_formula(desk, db):
    add_mail(db, MailStatus.FAILED, recipient_name="=1+1", subject="@hola", attempts=3)

    lines = desk.get("outgoing-mail/export/csv").text.splitlines()

    assert lines[0].endswith("Destinatario;Correo;Asunto;Estado;Intentos;Cuándo")
    assert lines[1].startswith("'=1+1;failed1@merino.example;'@hola;Fallido;3;")


def test_a_mail_is_shown_as_it_left(desk, db, make, company, installation, sink):
    make.mail_account(port=sink.port)
    mail = notice(db, make, password_hash="known", told_at=clock.now())
    before = text_of(desk.get(f"outgoing-mail/details/{mail.id}"))

    deliver(installation, company)
    page = text_of(desk.get(f"outgoing-mail/details/{mail.id}"))
    content, source = (desk.get(f"outgoing-mail/{kind}/{mail.id}") for kind in ("content", "source"))

    assert "Todavía no ha salido: así quedaría si saliera ahora." in before
    assert "En cola: sale en cuanto le toque." in before
    assert "2 facturas nuevas" in before
    assert "Entregado. Su servidor lo aceptó el" in page
    assert "Todavía no ha salido" not in page
    assert source.content == sink.received[0].content
    assert source.headers["content-disposition"] == f'attachment; filename="correo-{mail.id}.eml"'
    assert ("FV26-0001" in content.text, '<base target="_blank">' in content.text) == (True, True)


def test_the_frame_of_a_mail_lets_nothing_run_or_load(desk, db, make):
    mail = notice(db, make)

    page, content = (desk.get(f"outgoing-mail/{kind}/{mail.id}") for kind in ("details", "content"))

    assert content.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    (frame,) = re.findall(r"<iframe[^>]*>", page.text)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
    assert "unsafe" not in page.headers["content-security-policy"]


def secret_in(received):
    text = message_from_bytes(received, policy=policy.default).get_body(("plain",)).get_content()
    return re.search(r"/activar/([\w-]{20,})", text)[1]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("reply", ["250 2.0.0 ok", "451 4.3.0 más tarde"])
def test_secrets_are_dots(desk, db, make, company, installation, sink, reply):
    make.mail_account(port=sink.port)
    mail = notice(db, make)
    sink.steps["."] = [Step(reply=reply, keep=True)]

    deliver(installation, company)

    secret = secret_in(sink.received[0].content)
    shown = [desk.get(f"outgoing-mail/{kind}/{mail.id}").text for kind in ("details", "content", "state")]
    source = desk.get(f"outgoing-mail/source/{mail.id}").text
    assert status_of(db, mail) is (MailStatus.SENT if reply.startswith("2") else MailStatus.RETRY)
    assert [secret in text for text in (*shown, source)] == [False] * 4
    assert ("/activar/••••" in shown[0], "/activar/••••" in shown[1]) == (True, True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_demonstration_shows_what_it_caught_with_its_links(db, make, company, settings, make_session):
    demo = replace(settings, demo=True)
    installation = open_installation(demo)
    mail = notice(db, make)
    user = make.user()
    db.commit()
    client = TestClient(create_app(demo, installation), base_url=demo.base_url, follow_redirects=False)
    desk = seat(client, installation, make_session, user)

    deliver(installation, company)

    page, content = (desk.get(f"outgoing-mail/{kind}/{mail.id}") for kind in ("details", "content"))
    address = re.search(r'href="(http://[^"]+)/activar/([\w-]{40,})"', content.text)
    assert "Capturado. La demostración no envía nada: así habría llegado." in text_of(page)
    assert address[1] == f"{demo.base_url}/in/Tosma"
    assert client.get(f"/in/Tosma/activar/{address[2]}").status_code == 200
    installation.database.engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("status", "reply", "sentences"),
    [
        (
            MailStatus.FAILED,
            QUOTA,
            ["El buzón del destinatario está lleno.", "Llame al cliente o use otra dirección."],
        ),
        (MailStatus.FAILED, UNKNOWN_USER, ["Esa dirección de correo no existe."]),
        (MailStatus.FAILED, "La clave no es esa.", ["La clave no es esa.", "Corregida la causa, envíelo otra vez."]),
        (MailStatus.UNKNOWN, "Se ha cortado.", ["No se sabe si ha llegado.", "no se repetirá por sí solo"]),
        (
            MailStatus.RETRY,
            "451 4.7.1 greylisted",
            ["El servidor del destinatario pide que se intente", "otra vez el"],
        ),
        (MailStatus.SENT, "250 2.0.0 queued", ["Entregado.", "Su servidor lo aceptó el"]),
        (MailStatus.CANCELLED, "Su acceso se ha retirado.", ["Anulado: no se enviará. Su acceso se ha retirado."]),
        (MailStatus.SENDING, "", ["Está saliendo en este momento."]),
    ],
)
def test_a_state_is_explained_with_the_servers_own_words(desk, db, make, status, reply, sentences):
    make.mail_account()
    mail = add_mail(db, status, last_reply=reply, attempts=2)

    page = desk.get(f"outgoing-mail/details/{mail.id}")

    assert [sentence for sentence in sentences if sentence not in text_of(page)] == []
    says_itself = explain(reply) != reply or status is MailStatus.UNKNOWN
    assert (f'v-say">{reply.replace("<", "&lt;").replace(">", "&gt;")}<' in page.text) == bool(reply and says_itself)


def test_every_try_is_told_newest_first(desk, db):
    mail = add_mail(db, MailStatus.FAILED, attempts=2)
    at = dt.datetime(2026, 11, 22, 8, 31, tzinfo=dt.UTC)
    for hours, status, reply in ((0, MailStatus.RETRY, QUOTA), (12, MailStatus.FAILED, UNKNOWN_USER)):
        moment = at + dt.timedelta(hours=hours)
        db.add(MailAttempt(mail_id=mail.id, status=status, verb="RCPT", reply=reply, created_at=moment))
    db.commit()

    told = text_of(desk.get(f"outgoing-mail/details/{mail.id}"))

    assert (
        f"2 intentos Fallido. No se intenta más 22/11/2026, 21:31 · RCPT · {UNKNOWN_USER}"
        f" Reintento. 22/11/2026, 09:31 · RCPT · {QUOTA}"
    ) in told


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_others_wrote_is_only_text(desk, db):
    evil = "<script>alert(1)</script>"
    mail = add_mail(db, MailStatus.FAILED, recipient_name=evil, subject=evil, last_reply=f"550 {evil}")

    pages = [desk.get(path).text for path in ("outgoing-mail/list", f"outgoing-mail/details/{mail.id}")]

    assert [evil in page for page in pages] == [False, False]
    assert ["&lt;script&gt;alert" in page for page in pages] == [True, True]


def test_a_mail_stands_among_those_of_the_list_it_was_opened_from(desk, db):
    failed = [add_mail(db, MailStatus.FAILED, number=n, recipient_name=f"Fallido {n}") for n in range(2)]
    add_mail(db, MailStatus.SENT, recipient_name="Enviado")
    path = f"outgoing-mail/details/{failed[0].id}"

    named = desk.get(path, q="estado=fallido")
    referred = desk.client.get(
        f"/admin/{path}", headers={"Referer": f"{desk.client.base_url}/admin/outgoing-mail/list?estado=fallido"}
    )
    alone = desk.get(path)

    def names(page):
        return re.findall(r"<li[^>]*><a href=[^>]*><b>([^<]*)</b>", page.text)

    assert (names(named), names(referred)) == (["Fallido 1", "Fallido 0"], ["Fallido 1", "Fallido 0"])
    assert names(alone) == ["Enviado", "Fallido 1", "Fallido 0"]
    assert 'href="/admin/outgoing-mail/list?estado=fallido"' in named.text
