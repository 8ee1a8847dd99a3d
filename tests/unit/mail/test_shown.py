"""Secrets in mails, hidden from the office."""

import datetime as dt
from email.parser import BytesParser
from email.policy import SMTP

import pytest

from app.adapters.letters.address import MailAddress
from app.adapters.letters.mime import Message, build
from app.mail.shown import hidden, holds_secret, masked, shown_mail
from app.secrets import Keys, new_password, new_token


def test_whatever_is_minted_is_hidden():
    secrets = [f"https://x.example/in/Tosma/{door}/{new_token()}" for door in ("activar", "clave") for _ in range(50)]
    secrets += [new_password() for _ in range(100)]

    shown = [hidden(f"Entre con {secret}. Gracias.") for secret in secrets]

    assert shown[:50] == ["Entre con https://x.example/in/Tosma/activar/••••. Gracias."] * 50
    assert shown[50:100] == ["Entre con https://x.example/in/Tosma/clave/••••. Gracias."] * 50
    assert shown[100:] == ["Entre con ••••. Gracias."] * 100


def test_what_is_no_secret_is_shown():
    said = "Factura FV26-0001 de 1.286,77 €: https://x.example/in/Tosma/facturas/131 · B12345674 · 2026-11-21"

    assert hidden(said) == said


def inviting(secret: str) -> bytes:
    mail = Message(
        sender=MailAddress("facturas@tosma.example", "Tosma"),
        recipient=MailAddress("lucia@artieda.example", "Lucía"),
        subject="Su acceso al área de cliente: ñ, €",
        text=f"Entre en {secret}",
        html=f'<p>Entre <a href="{secret}">aquí</a>, señora</p>',
        message_id="<1@tosma.example>",
        date=dt.datetime(2026, 11, 21, tzinfo=dt.UTC),
    )
    return build(mail)


@pytest.mark.parametrize("name", [
    "", "Lucía", "Merino, S.L.", "Construcciones y Reformas Núñez Hermanos, S.L. " * 3, 'La "Buena" \\ <Mesa>',
    "=?utf-8?q?x?=",
])  # fmt: skip
def test_people_are_read_as_they_are_called(name):
    lucia = MailAddress("lucía@artieda.example", name)
    mail = Message(
        sender=MailAddress("facturas@tosma.example", name),
        recipient=lucia,
        also_to=(MailAddress("otra@artieda.example"),),
        cc=(lucia,),
        reply_to=MailAddress("hola@tosma.example"),
        subject="Hola",
        text="Uno\nDos",
        message_id="<1@tosma.example>",
        date=dt.datetime(2026, 11, 21, tzinfo=dt.UTC),
    )

    shown = shown_mail(build(mail), was_written=True)

    called = f"{lucia.name} <lucía@artieda.example>" if name else "lucía@artieda.example"
    assert (shown.recipient, shown.cc) == (f"{called}, otra@artieda.example", called)
    assert shown.sender.removesuffix("<facturas@tosma.example>").strip() in (lucia.name, "facturas@tosma.example")
    assert (shown.reply_to, shown.text) == ("hola@tosma.example", "Uno\nDos")


def test_a_mail_holds_its_secret_until_it_is_masked():
    content = inviting(f"https://x.example/in/Tosma/activar/{new_token()}")
    sealed = Keys(("a key of forty characters for tests only",)).seal(content, "here")

    assert [holds_secret(kept) for kept in (content, sealed, masked(content))] == [True, True, False]


def test_a_masked_mail_differs_in_nothing_else():
    secret = f"https://x.example/in/Tosma/activar/{new_token()}"
    content = inviting(secret)

    before, after = (BytesParser(policy=SMTP).parsebytes(octets) for octets in (content, masked(content)))
    texts = [[message.get_body((kind,)).get_content() for kind in ("plain", "html")] for message in (before, after)]

    assert texts[1] == [text.replace(secret, "https://x.example/in/Tosma/activar/••••") for text in texts[0]]
    assert after.items() == before.items()
