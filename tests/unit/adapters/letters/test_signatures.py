"""Signing: what anybody who looks the record up can verify, and keys that are none."""

import datetime as dt
import re

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from app.adapters.letters.address import MailAddress
from app.adapters.letters.mime import Message, build
from app.adapters.letters.signatures import DkimKey, is_published, new_key, read_key, sign
from app.errors import InvalidValue

NOW = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
KEY = DkimKey(domain="tosma.example", selector="ventanilla", private_key=new_key())


def message() -> bytes:
    return build(
        Message(
            sender=MailAddress("facturas@tosma.example", "Suministros Ñandú"),
            recipient=MailAddress("compras@merino.example"),
            subject="Factura disponible: añadida",
            text="Buenos días.\n.\n",
            html="<p>Buenos días.</p>",
            message_id="<1@clientes.example>",
            date=NOW,
            headers=(("Auto-Submitted", "auto-generated"),),
        )
    )


def verifies(signed: bytes, key: DkimKey = KEY) -> bool:
    def published(name: bytes, timeout: int = 5) -> bytes:
        assert name.decode() == f"{key.record_name}."
        return key.record.encode()

    return bool(dkim.verify(signed, dnsfunc=published))


def test_whoever_looks_the_record_up_can_verify_a_mail():
    unsigned = message()
    signed = sign(unsigned, KEY, NOW)

    assert (verifies(signed), signed.endswith(unsigned), signed.count(b"\r\n") == signed.count(b"\n")) == (
        True,
        True,
        True,
    )
    assert re.search(rb"d=tosma\.example;", signed)
    assert re.search(rb" t=1795255200;", signed)
    signed_names = re.search(rb" h=([^;]+);", signed)[1].split(b":")
    assert {b"from", b"to", b"subject", b"date", b"message-id"} < {name.strip() for name in signed_names}


@pytest.mark.parametrize(
    ("what", "instead"), [(b"facturas@tosma", b"estafas@tosma"), (b"Message-ID: <1@", b"Message-ID: <2@")]
)
def test_a_mail_that_was_touched_does_not_verify(what, instead):
    assert not verifies(sign(message(), KEY, NOW).replace(what, instead))


def test_the_same_mail_signed_at_the_same_moment_is_the_same_bytes():
    content = message()

    assert sign(content, KEY, NOW) == sign(content, KEY, NOW) != sign(content, KEY, NOW + dt.timedelta(seconds=1))


def test_a_pasted_key_is_kept_as_ours():
    private = rsa.generate_private_key(65537, 1024)
    pasted = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()

    kept = read_key(f"\r\n {pasted.strip()}\r\n", "private_key")

    key = DkimKey(domain="tosma.example", selector="s1", private_key=kept)
    assert kept.startswith("-----BEGIN PRIVATE KEY-----")
    assert verifies(sign(message(), key, NOW), key)


def _pem(key, how=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how or NoEncryption()).decode()


RSA = rsa.generate_private_key(65537, 1024)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "clave",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        _pem(ec.generate_private_key(ec.SECP256R1())),
        _pem(RSA, BestAvailableEncryption(b"clave")),
        "ñ" * 10_000,
    ],
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(InvalidValue) as refusal:
        read_key(text, "private_key")

    assert refusal.value.field == "private_key"


def test_a_record_is_published_however_it_is_cut():
    halves = KEY.record[:200] + " " + KEY.record[200:]

    assert is_published(KEY, (f"v=DKIM1;k=rsa;{halves.partition('k=rsa;')[2]}",))
    assert is_published(KEY, ("v=spf1 -all", KEY.record))
    assert not is_published(KEY, ("v=DKIM1; k=rsa; p=", "p=MIIB", ""))
    assert not is_published(KEY, ())


def test_nobody_sees_a_key_by_accident():
    assert "PRIVATE" not in repr(KEY)
