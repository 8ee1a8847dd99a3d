"""Notices and accesses in the office's own words, as they arrive."""

from email.parser import BytesParser
from email.policy import SMTP
from threading import Event

import pytest

from app.adapters.letters.html import content_id
from app.domain.files import kept
from app.domain.mail.texts import CleanHtml, SaveMailText, save_mail_text
from app.mail.shown import mail_as_sent
from models import Company
from models.enums import MailKind, MailStatus, TextKind
from tests.rig.pictures import PNG


def write(post, kind=TextKind.NOTICE, user=None, **texts):
    written = {"subject": "", "body": CleanHtml(""), "signature": CleanHtml("")} | texts
    save_mail_text(post.db, SaveMailText(kind=kind, user_id=user.id if user else None, **written))
    post.db.commit()


def letters(sink):
    return [BytesParser(policy=SMTP).parsebytes(message.content) for message in sink.received]


def text(letter):
    return letter.get_body(("plain",)).get_content().replace("\r\n", "\n")


def test_a_notice_says_what_the_company_wrote(post, sink):
    write(post, subject="{documentos}", body="<p>Buenos días, <b>{cliente}</b>.</p>", signature="<p>{usuario}</p>")
    mail = post.notice()

    post.send()

    (letter,) = letters(sink)
    assert (post.now(mail).status, post.now(mail).subject) == (MailStatus.SENT, letter["Subject"])
    assert letter["Subject"].startswith("Factura FV26-")
    assert text(letter).startswith(f"Buenos días, {mail.recipient_name}.\n\n- Factura FV26-")
    assert "\n\nSuministros Tosma, S.L.\n\n¿No esperaba" in text(letter)
    assert f"<b>{mail.recipient_name}</b>" in letter.get_body(("html",)).get_content()


def test_whoever_publishes_speaks_for_themselves_and_the_company_for_the_others(post, sink):
    marta, juan = post.make.user(name="Marta"), post.make.user(name="Juan")
    write(post, user=marta, body="<p>Soy {usuario}.</p>")
    write(post, body="<p>Somos {empresa}.</p>", signature="<p>La empresa</p>")
    batches = [post.make.batch(user_id=user and user.id) for user in (marta, juan, None)]
    for batch in batches:
        post.notice(batch=batch)

    post.send()

    found = [text(letter) for letter in letters(sink)]
    assert [said.partition("\n")[0] for said in found] == ["Soy Marta.", *["Somos Suministros Tosma, S.L.."] * 2]
    assert all("\n\nLa empresa\n\n" in said for said in found)


def test_an_access_in_own_words_brings_its_link_which_is_hidden_afterwards(post, sink):
    write(post, TextKind.ACCESS, subject="Entre, {cliente}", body="<p>Su correo es {correo_acceso}.</p>")
    reader = post.reader(password_hash="", told_at=None)
    mail = post.letter(MailKind.ACCESS, reader, recipient_name="Lucía")

    post.send()

    (letter,) = letters(sink)
    shown = mail_as_sent(post.installation, post.now(mail))
    assert letter["Subject"] == "Entre, Lucía"
    assert text(letter).startswith(f"Su correo es {reader.email}.\n\nPara entrar por primera vez")
    assert "/in/Tosma/activar/" in text(letter)
    assert "/in/Tosma/activar/••••" in shown.text
    assert "/in/Tosma/activar/••••" in shown.html


def test_recovering_is_nobodys_to_reword(post, sink):
    write(post, TextKind.ACCESS, subject="Entre")
    post.letter(MailKind.RECOVERY)

    post.send()

    assert letters(sink)[0]["Subject"] == "Su contraseña del área de cliente de Suministros Tosma, S.L."


def test_pictures_travel_with_the_mail_and_are_seen_in_the_office(post, sink):
    storage = post.installation.storage
    logo = kept(post.db, storage.keep(post.company.id, PNG, name="logo.png", media_type="image/png"))
    post.db.get_one(Company, post.company.id).logo_id = logo.id
    write(post, body=f'<p><img src="/admin/mail-images/{logo.sha256}" alt="Tosma"></p>')
    mail = post.notice()

    post.send()

    (letter,) = letters(sink)
    picture = next(part for part in letter.walk() if part.get_content_type() == "image/png")
    shown = mail_as_sent(post.installation, post.now(mail))
    name = content_id(logo.sha256)
    assert (picture["Content-ID"], picture.get_payload(decode=True)) == (f"<{name}>", PNG)
    assert letter.get_body(("html",)).get_content().count(f'src="cid:{name}"') == 2
    assert shown.html.count('src="data:image/png;base64,') == 2
    assert shown.attachments == ()


def test_a_picture_that_is_lost_stops_no_mail(post, sink):
    logo = post.installation.storage.keep(post.company.id, PNG, name="logo.png", media_type="image/png")
    kept(post.db, logo)
    write(post, body=f'<p>Hola <img src="/admin/mail-images/{logo.sha256}" alt="Tosma"></p>')
    (post.installation.storage.folder / logo.key).unlink()
    mail = post.notice()

    post.send()

    assert post.now(mail).status is MailStatus.SENT
    assert text(letters(sink)[0]).startswith("Hola [Tosma]\n")


@pytest.mark.parametrize("count", [1, 3])
def test_own_words_cost_the_queries_of_one(post, statements, count):
    write(post, body="<p>Hola</p>")
    courier = post.courier()
    post.notice()
    courier.run(Event())
    for _ in range(count):
        post.notice(batch=post.make.batch(user_id=post.make.user().id))
    statements.clear()

    courier.run(Event())

    courier.close()
    assert len([sql for sql in statements if sql.startswith("SELECT")]) == 15


def test_what_was_tried_keeps_its_words(post, sink):
    mail = post.notice()
    sink.steps["RCPT"] = []
    post.send()
    before = post.now(mail).frozen

    write(post, subject="Otra cosa")

    assert post.now(mail).frozen == before
