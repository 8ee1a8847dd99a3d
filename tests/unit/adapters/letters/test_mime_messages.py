"""One message to several people with attachments: the same bytes for the same message, and everything arrives."""

import datetime as dt
import email
import email.policy

import pytest

from app.adapters.letters.address import MailAddress
from app.adapters.letters.mime import BLOCK, Attachment, Message, build

SENDER = MailAddress("facturas@demo.example", "Suministros Ñandú, S.L.")
RECIPIENT = MailAddress("compras@tosma.example", "Tosma Ibérica, S.A.")
PDF = Attachment("Factura A-32 año 2026.pdf", b"%PDF-1.4\r\n.\r\n\x00\xff" * 100)


def message(**values):
    ordinary = {
        "sender": SENDER,
        "recipient": RECIPIENT,
        "subject": "Factura A-32 disponible",
        "text": "Ya puede consultarla.\n",
        "message_id": "<1.factura@demo.example>",
        "date": dt.datetime(2026, 11, 21, 10, 30, tzinfo=dt.UTC),
    }
    return Message(**ordinary | values)


def test_the_same_message_is_the_same_bytes_and_another_has_other_boundaries():
    shared = {"html": "<p>Hola</p>", "attachments": (PDF,)}

    first, again, other = (build(message(**shared | more)) for more in ({}, {}, {"message_id": "<2@demo.example>"}))

    assert first == again
    assert boundaries(first).isdisjoint(boundaries(other))


def boundaries(raw):
    return {part.get_boundary() for part in email.message_from_bytes(raw).walk() if part.is_multipart()}


def test_everybody_who_may_be_read_is():
    crowd = tuple(MailAddress(f"persona{n}@tosma.example", f"Compañía nº {n}, S.L.") for n in range(30))

    raw = build(message(also_to=crowd, cc=(SENDER, MailAddress("ñandú@tosma.example"))))

    read = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert [mailbox.addr_spec for mailbox in read["To"].addresses] == [
        RECIPIENT.email,
        *(address.email for address in crowd),
    ]
    assert {mailbox.display_name for mailbox in read["To"].addresses[1:]} == {address.name for address in crowd}
    assert max(map(len, raw.split(b"\r\n"))) < 998
    assert "ñandú@tosma.example".encode() in raw
    assert read["Cc"].addresses[0].display_name == SENDER.name


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, BLOCK - 1, BLOCK, BLOCK + 1])
def test_attachments_of_any_size_arrive_as_they_are(size):
    content = bytes(range(256)) * (size // 256 + 1)
    files = (Attachment("uno.bin", content[:size], "application/octet-stream"), PDF)

    raw = build(message(attachments=files))

    parts = [part for part in email.message_from_bytes(raw).walk() if part.get_filename()]
    assert [part.get_payload(decode=True) for part in parts] == [content[:size], PDF.content]
    assert max(map(len, raw.split(b"\r\n"))) <= 78


def test_attachments_of_the_same_name_are_told_apart():
    names = ("uno.txt", "Uno.txt", "uno (2).txt", "uno.txt", "nada")
    files = tuple(Attachment(name, name.encode(), "text/plain") for name in names)

    raw = build(message(attachments=files))

    parts = [part for part in email.message_from_bytes(raw).walk() if part.get_filename()]
    assert [(part.get_filename(), part.get_payload(decode=True).decode()) for part in parts] == [
        ("uno.txt", "uno.txt"),
        ("Uno (2).txt", "Uno.txt"),
        ("uno (2) (2).txt", "uno (2).txt"),
        ("uno (3).txt", "uno.txt"),
        ("nada", "nada"),
    ]
