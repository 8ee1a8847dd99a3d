"""Building mails: `emails` as the measure, the skeleton as fast as it is equal, and nothing that can be injected."""

import base64
import datetime as dt
import email
import email.policy
import re
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import emails
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.adapters.letters.address import MailAddress, checked_address, one_line
from app.adapters.letters.mime import Attachment, Message, Picture, Skeleton, build, file_name
from app.adapters.smtp.client import on_the_wire
from app.errors import InvalidValue

SENDER = MailAddress("facturas@demo.example", "Suministros Ñandú, S.L.")
REPLY_TO = MailAddress("oficina@demo.example", "Oficina")
RECIPIENT = MailAddress("compras@tosma.example", "Tosma Ibérica, S.A.")
HEADERS = (
    ("Auto-Submitted", "auto-generated"),
    ("Disposition-Notification-To", "x" * 120 + "@demo.example"),
)
DATE = dt.datetime(2026, 11, 21, 10, 30, tzinfo=dt.UTC)
ID = "<1.factura@demo.example>"
PDF = Attachment("Factura A-32 año 2026.pdf", b"%PDF-1.4\r\n.\r\n\x00\xff" * 100)

SKELETON = Skeleton(SENDER, reply_to=REPLY_TO, headers=HEADERS)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400)
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=200)
unhurried = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def message(**values):
    ordinary = {
        "sender": SENDER,
        "recipient": RECIPIENT,
        "subject": "Factura A-32 disponible",
        "text": "Ya puede consultarla.\n",
        "message_id": ID,
        "date": DATE,
    }
    return Message(**ordinary | values)


def meaning(raw):
    """Everything a reader of the mail gets: headers in order, decoded, and the parts."""
    parsed = email.message_from_bytes(raw)
    headers = [(name, read_header(name, value)) for name, value in parsed.items() if name != "Content-Type"]
    return headers, [
        (
            part.get_content_type(),
            part.get_content_charset(),
            part["Content-Transfer-Encoding"],
            part.get_filename(),
            part.get_content_disposition(),
            part.get_payload(decode=True),
        )
        for part in parsed.walk()
    ]


def read_header(name, value):
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", value)
    if name in {"From", "To", "Reply-To"}:
        real_name, address = parseaddr(unfolded)
        return str(make_header(decode_header(real_name))), address
    return str(make_header(decode_header(unfolded))).strip()


def by_emails(subject, name, text, html):
    """What `emails` alone makes of the same values."""
    return emails.Message(
        charset="utf-8",
        message_id=ID,
        date="Sat, 21 Nov 2026 10:30:00 +0000",
        subject=subject,
        mail_from=(SENDER.name, SENDER.email),
        mail_to=(name, RECIPIENT.email),
        reply_to=(REPLY_TO.name, REPLY_TO.email),
        headers=dict(HEADERS),
        text=text,
        html=html,
    ).as_bytes()


def crlf(text):
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


# Equal to what `emails` builds


@unhurried
@given(lines, lines, texts, texts)
@example("Factura nº 32", "", "Hola", "<p>Hola</p>")
@example("a" * 300, "b" * 100, "x" * 2000, "<p>" + "y" * 5000)
@example("Aviso de facturación " * 10, "Compañía de las Índias Orientales, S.A. " * 3, "ñ" * 2000, "😀" * 999)
@example("👩‍👩‍👧‍👦" * 20, "👩‍👩‍👧‍👦" * 9, ".\r\n..\r\n.", "\n.\n")
@example("palabra " * 40, 'O\'Neil \\ "Jr." (Madrid)', "espacios al final   \n \t\n", "\r\r\n\n\r")
@example("  con espacios  ", "\u00a0", "--===============", "From nadie\n>From")
@example('"', '"', "\x00\x07\x1b", "\u2028")
def test_a_filled_skeleton_reads_like_what_emails_builds(subject, name, text, html):
    recipient = MailAddress(RECIPIENT.email, name)

    filled = SKELETON.fill(recipient, subject, text, html, message_id=ID, date=DATE)

    expected = by_emails(one_line(subject), recipient.name, crlf(text), crlf(html))
    assert meaning(filled) == meaning(expected)


@unhurried
@given(lines, lines, texts)
@example("=?utf-8?q?=48ola?=", "=?utf-8?b?SG9sYQ==?=", "=?")
@example("¿?=?=", "=?", "x")
def test_a_reader_gets_exactly_what_was_written(subject, name, text):
    recipient = MailAddress(RECIPIENT.email, name)
    skeleton = Skeleton(SENDER)

    mails = (
        skeleton.fill(recipient, subject, text, "<p>x</p>", message_id=ID, date=DATE),
        build(message(recipient=recipient, subject=subject, text=text)),
    )

    for mail in mails:
        headers, parts = meaning(mail)
        assert headers == [
            ("MIME-Version", "1.0"),
            ("Date", "Sat, 21 Nov 2026 10:30:00 +0000"),
            ("Message-ID", ID),
            ("Subject", one_line(subject)),
            ("From", (SENDER.name, SENDER.email)),
            ("To", (recipient.name, RECIPIENT.email)),
        ]
        assert [part[-1] for part in parts if part[0] == "text/plain"] == [crlf(text).encode()]


@unhurried
@given(lines, lines, texts)
def test_a_filled_skeleton_is_fit_for_any_relay(subject, name, text):
    filled = SKELETON.fill(MailAddress(RECIPIENT.email, name), subject, text, text, message_id=ID, date=DATE)

    assert filled.isascii()
    assert filled.count(b"\n") == filled.count(b"\r") == filled.count(b"\r\n")
    assert max(map(len, filled.split(b"\r\n"))) <= 998
    assert on_the_wire(filled) == filled + b".\r\n"


@pytest.mark.parametrize("letter", ["ñ", "€", "😀", "añ", "a€"])
def test_no_encoded_word_breaks_a_character(letter):
    filled = SKELETON.fill(RECIPIENT, letter * 200, "x", "x", message_id=ID, date=DATE)

    subject = re.search(rb"\r\nSubject: (.*?)\r\nFrom", filled, re.DOTALL)[1]
    words = [base64.b64decode(word).decode() for word in re.findall(rb"=\?utf-8\?b\?(.*?)\?=", subject)]
    assert "".join(words) == letter * 200
    assert max(map(len, subject.split(b"\r\n "))) <= 75


def test_a_modern_parser_finds_no_defect():
    filled = SKELETON.fill(RECIPIENT, "Factura nº 32", "Hola ñ", "<p>Hola</p>", message_id=ID, date=DATE)

    parsed = email.message_from_bytes(filled, EmailMessage, policy=email.policy.default)
    assert [part.defects for part in parsed.walk()] == [[]] * 5
    assert [header.defects for header in parsed.values()] == [()] * len(parsed)
    assert (parsed["To"].addresses[0].display_name, parsed["Date"].datetime) == (RECIPIENT.name, DATE)
    assert parsed.get_body(("plain",)).get_content() == "Hola ñ"


def test_whoever_makes_a_skeleton_fills_in_the_same_bytes():
    skeletons = [Skeleton(SENDER, reply_to=REPLY_TO, headers=HEADERS) for _ in range(2)]

    filled = {each.fill(RECIPIENT, "Hola", "Hola ñ", "<p>Hola</p>", message_id=ID, date=DATE) for each in skeletons}

    assert len(filled) == 1


def test_pictures_belong_to_the_html_and_are_no_attachments():
    shown = Picture("a1b2@ventanilla", b"\x89PNG\r\n\x1a\n\x00\xff" * 50, "image/png")
    html = '<p><img src="cid:a1b2@ventanilla"></p>'
    written = {"subject": "Adjunta", "text": "Adjunta.", "html": html, "pictures": (shown,)}

    filled = Skeleton(SENDER, pictures=(shown,)).fill(RECIPIENT, "Adjunta", "Adjunta.", html, message_id=ID, date=DATE)
    built = build(message(**written, attachments=(PDF,)))

    assert meaning(filled) == meaning(build(message(**written)))
    parsed = email.message_from_bytes(built, EmailMessage, policy=email.policy.default)
    assert [part.get_content_type() for part in parsed.walk()] == [
        "multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png",
        "application/pdf",
    ]  # fmt: skip
    picture = list(parsed.walk())[5]
    assert (picture["Content-ID"], picture.get_content_disposition()) == ("<a1b2@ventanilla>", "inline")
    assert picture.get_payload(decode=True) == shown.content
    assert [part.get_filename() for part in parsed.iter_attachments()] == [PDF.name]


@pytest.mark.parametrize(
    "values", [("a b@c", "image/png"), ("a@b>", "image/png"), ("a@b", "image/png\r\nX: y"), ("", "")]
)
def test_a_picture_has_a_name_and_a_type(values):
    name, media_type = values

    with pytest.raises(InvalidValue):
        Picture(name, b"", media_type)


def test_one_bad_mail_leaves_the_skeleton_good():
    before = SKELETON.fill(RECIPIENT, "x", "x", "x", message_id=ID, date=DATE)

    with pytest.raises(InvalidValue):
        SKELETON.fill(RECIPIENT, "x\r\nBcc: y@z.example", "x", "x", message_id=ID, date=DATE)

    assert SKELETON.fill(RECIPIENT, "x", "x", "x", message_id=ID, date=DATE) == before


@pytest.mark.parametrize("route", ["built", "filled"])
def test_accented_addresses_are_written_as_they_are(route):
    recipient = MailAddress("muñoz@compañía.example", "Muñoz")
    skeleton = Skeleton(SENDER)

    mail = {
        "built": lambda: build(message(recipient=recipient)),
        "filled": lambda: skeleton.fill(recipient, "x", "x", "x", message_id=ID, date=DATE),
    }[route]()

    to = re.search(rb"To: .*?(<.*?>)", mail, re.DOTALL)[1]
    assert to.decode() == "<muñoz@xn--compaa-7va5a.example>"


# Nothing can be injected

BREAKS = ["\r\nBcc: otro@malo.example", "\n\n<p>cuerpo</p>", "a\rb", "a\0b", "a\x1bb", "a\x85b", "a\u2028b", "a\ud800b"]


@pytest.mark.parametrize("text", BREAKS)
def test_line_breaks_and_controls_are_refused_in_every_header(text):
    attempts = (
        lambda: MailAddress("a@b.example", text),
        lambda: MailAddress(f"a{text}@b.example"),
        lambda: message(subject=text),
        lambda: message(headers=(("Auto-Submitted", text),)),
        lambda: message(message_id=f"<a{text}@b.example>"),
        lambda: SKELETON.fill(RECIPIENT, text, "x", "x", message_id=ID, date=DATE),
        lambda: SKELETON.fill(RECIPIENT, "x", "x", "x", message_id=f"<{text}@b.example>", date=DATE),
        lambda: Attachment("a.pdf", b"", media_type=f"application/pdf{text}"),
    )

    for attempt in attempts:
        with pytest.raises(InvalidValue):
            attempt()


@pytest.mark.parametrize(
    "name", ["Bcc", "To", "Subject", "X-Cualquiera", "auto-submitted", "A\r\nBcc", "", "Content-Type"]
)
def test_only_headers_of_the_list_may_be_added(name):
    with pytest.raises(InvalidValue):
        message(headers=((name, "x"),))


def test_what_has_no_end_is_refused():
    for attempt in (lambda: one_line("x" * 1001), lambda: MailAddress("a@b.example", "x" * 10**6)):
        with pytest.raises(InvalidValue, match=r"1\.000 caracteres"):
            attempt()


@pytest.mark.parametrize("values", [{"text": ""}, {"html": ""}, {"text": "\ud800"}, {"html": "\udfff"}])
def test_a_body_must_be_text(values):
    with pytest.raises(InvalidValue):
        message(**values)


@pytest.mark.parametrize(
    "identity", ["", "a@b", "<a>", "<a@b> ", "<a@b><c@d>", "<a b@c>", "<ñ@b>", "<" + "a" * 200 + "@b>"]
)
def test_a_message_id_has_one_form(identity):
    with pytest.raises(InvalidValue):
        message(message_id=identity)


def test_a_date_knows_its_time_zone():
    with pytest.raises(ValueError, match="time zone"):
        message(date=dt.datetime(2026, 11, 21))


def test_marks_that_turn_text_around_are_dropped():
    assert one_line(" \u202efdp.exe\u2066 ") == "fdp.exe"


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("compras@tosma.example", "compras@tosma.example"),
        ("Compras.Dos+tres@Tosma.Example", "Compras.Dos+tres@Tosma.Example"),
        ("o'neil@tosma.example", "o'neil@tosma.example"),
        ("info@ñandú.example", "info@xn--and-6ma2c.example"),
        ("muñoz@tosma.example", "muñoz@tosma.example"),
        ("usuario@servidor", "usuario@servidor"),
        ("a" * 64 + "@b.example", "a" * 64 + "@b.example"),
    ],
)
def test_addresses_are_kept_as_typed_but_for_the_domain(typed, address):
    assert checked_address(typed) == address


# Attachments


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Factura A-32.pdf", "Factura A-32.pdf"),
        ("año 2026 €.pdf", "año 2026 €.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("/absoluto.pdf", "absoluto.pdf"),
        ("C:\\Facturas\\a.pdf", "a.pdf"),
        ("a\r\nX-Otra: y.pdf", "aX-Otra y.pdf"),
        ('a"; filename="b.exe', "a; filename=b.exe"),
        ("factura\u202efdp.exe", "facturafdp.exe"),
        ("=?utf-8?q?=2Eexe?=", "=utf-8q=2Eexe="),
        (".htaccess", "htaccess"),
        ("...", "adjunto"),
        ("", "adjunto"),
        ("carpeta/", "adjunto"),
        ("\0", "adjunto"),
        (" .pdf", "pdf"),
        ("con.pdf", "_con.pdf"),
        ("LPT1", "_LPT1"),
        ("conde.pdf", "conde.pdf"),
        ("n\u0303.pdf", "ñ.pdf"),
        ("ñ" * 200 + ".pdf", "ñ" * 73 + ".pdf"),
        ("😀" * 200, "😀" * 37),
        ("a." + "b" * 300, "a." + "b" * 148),
    ],
)
def test_names_of_attachments_are_harmless(given, kept):
    assert file_name(given) == kept


@unhurried
@given(st.text(max_size=300))
def test_any_attachment_arrives_whole_under_one_plain_name(name):
    attachment = Attachment(name, PDF.content)

    raw = build(message(attachments=(attachment,)))

    found = [part for part in email.message_from_bytes(raw).walk() if part.get_content_disposition() == "attachment"]
    assert [(part.get_filename(), part.get_payload(decode=True)) for part in found] == [(attachment.name, PDF.content)]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not re.search(r'[\\/\x00-\x1f<>:"|?*]', attachment.name)
