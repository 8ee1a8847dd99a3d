"""Reports about mails: those of real servers are understood, nonsense is no report, and nothing takes long."""

import base64
import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from app.adapters.letters.reports import MOST_OCTETS, is_report, read_report
from app.domain.mail.bounces import Fate
from models.enums import ReportKind
from tests.rig.reports import BOUNDARY, bounce, receipt

OURS = "<AbC-1_2@tosma.example>"
UNKNOWN = "550 5.1.1 <compras@merino.example>: Recipient address rejected: User unknown"
COMPRAS = "compras@merino.example"

EXCHANGE = f"""From: <postmaster@merino.example>
Date: Fri, 20 Nov 2026 10:15:00 +0000
Content-Type: multipart/report; report-type=delivery-status; boundary="x=_1"
Message-ID: <ndr@merino.example>
In-Reply-To: {OURS}
References: <older@tosma.example> {OURS}

--x=_1
Content-Type: multipart/alternative; boundary="y"

--y
Content-Type: text/html

<p>No se pudo entregar</p>
--y--

--x=_1
Content-Type: message/delivery-status
Content-Transfer-Encoding: quoted-printable

Reporting-MTA: dns;AM0.prod.outlook.com

Final-recipient: RFC822;Compras@Merino.example
Action: FAILED
Status: 5.0.0
Diagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound;=
 no existe =C3=A9l
Remote-MTA: dns;x

--x=_1--
"""

SEVERAL = """
Final-Recipient: rfc822; otro@merino.example
Action: delayed
Status: 4.4.1

Final-Recipient: rfc822; tercero@merino.example
Action: relayed
Status: 2.0.0
"""


# What real ones say


def test_a_bounce_names_the_mail_the_recipient_and_why():
    report = read_report(bounce(OURS))

    assert (report.key, report.about) == ("<dsn-1@mx.example>", (OURS,))
    assert report.fates == (Fate(kind=ReportKind.BOUNCED, recipients=(COMPRAS,), code="5.1.1", says=UNKNOWN),)
    assert abs(report.dated - dt.datetime.now(dt.UTC)) < dt.timedelta(days=1)


@pytest.mark.parametrize(
    "returned", ["text/rfc822-headers", "message/global", "Message/RFC822", "message/rfc822-headers"]
)
def test_the_mail_comes_back_in_several_ways(returned):
    assert read_report(bounce(OURS, returned=returned)).about == (OURS,)


def test_what_says_nothing_of_the_mail_may_still_answer_it():
    report = read_report(EXCHANGE.replace("\n", "\r\n").encode())

    assert (report.key, report.about) == ("<ndr@merino.example>", (OURS, "<older@tosma.example>"))
    assert report.dated == dt.datetime(2026, 11, 20, 10, 15, tzinfo=dt.UTC)
    assert report.fates == (
        Fate(
            kind=ReportKind.BOUNCED,
            recipients=(COMPRAS,),
            code="5.1.10",
            says="550 5.1.10 RESOLVER.ADR.RecipientNotFound; no existe él",
        ),
    )


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("failed", ReportKind.BOUNCED),
        ("Delayed", ReportKind.DELAYED),
        ("delivered", ReportKind.DELIVERED),
        ("relayed", None),
        ("expanded", None),
        ("", None),
    ],
)
def test_actions_that_tell_something_are_told(action, kind):
    report = read_report(bounce(OURS, action=action))

    assert (report.fates[0].kind if report else None) is kind


@pytest.mark.parametrize(
    ("status", "says", "code"),
    [
        ("5.1.1", "smtp; 550 5.7.1 no", "5.1.1"),
        ("5.0.0", "smtp; 550-5.1.1 no existe", "5.1.1"),
        ("5.0.0 (otro)", "smtp; 550 no", "5.0.0"),
        ("", "smtp; 550 no", ""),
        ("", "X-Unix; 5.1.2", "5.1.2"),
        ("5.1.1.1", "10.5.1.1.25", ""),
        ("9.9.9", "", ""),
    ],
)
def test_of_two_codes_the_one_that_says_more_counts(status, says, code):
    assert read_report(bounce(OURS, status=status, says=says)).fates[0].code == code


def test_several_recipients_are_told_one_by_one_the_gravest_first():
    report = read_report(bounce(OURS, action="delivered", more=SEVERAL.replace("relayed", "failed")))

    assert [(fate.kind, fate.recipients, fate.code) for fate in report.fates] == [
        (ReportKind.BOUNCED, ("tercero@merino.example",), "2.0.0"),
        (ReportKind.DELIVERED, (COMPRAS,), "5.1.1"),
        (ReportKind.DELAYED, ("otro@merino.example",), "4.4.1"),
    ]


@pytest.mark.parametrize(
    ("disposition", "kind"),
    [
        ("manual-action/MDN-sent-manually; displayed", ReportKind.READ),
        ("automatic-action / MDN-sent-automatically ; Displayed/error", ReportKind.READ),
        ("manual-action/MDN-sent-automatically; deleted", ReportKind.DISCARDED),
        ("automatic-action/MDN-sent-automatically; processed", None),
        ("displayed", None),
        ("", None),
    ],
)
def test_a_receipt_says_what_its_reader_did(disposition, kind):
    report = read_report(receipt(OURS, disposition=disposition))

    fates = (Fate(kind=kind, recipients=(COMPRAS,), says="merino.example; Thunderbird"),) if kind else None
    assert (report.fates if report else None) == fates
    assert kind is None or report.about == (OURS,)


# What is no report


@pytest.mark.parametrize(
    ("content_type", "is_one"),
    [
        ("multipart/report; report-type=delivery-status; boundary=x", True),
        ('Multipart/Report;\r\n boundary="x";\r\n report-type="DISPOSITION-notification"', True),
        ("multipart/report; report-type=feedback-report; boundary=x", False),
        ("multipart/report; boundary=x", False),
        ("multipart/mixed; report-type=delivery-status; boundary=x", False),
        ("text/plain", False),
        ("", False),
        ("\x00\xff ñ; report-type*=utf-8''%FF", False),
        ("multipart/report; report-type*0*=nada'x'%", False),
    ],
)
def test_only_reports_are_taken_for_reports(content_type, is_one):
    assert is_report(content_type) is is_one


WHOLE = bounce(OURS)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n\r\n",
        b"Subject: hola\r\n\r\nhola",
        WHOLE.replace(b"multipart/report", b"multipart/mixed"),
        WHOLE.replace(b'boundary="%s"' % BOUNDARY.encode(), b""),
        WHOLE.replace(b"boundary=", b"boundary=x" + b"y" * 300),
        WHOLE.replace(OURS.encode(), b"sin identificador"),
        WHOLE.replace(b"message/delivery-status", b"text/plain"),
        WHOLE.replace(b"Content-Type: message/delivery-status", b"Content-Type: " + b"message/" * 5000),
    ],
    ids=["empty", "blank", "plain", "mixed", "no boundary", "long", "nameless", "no status", "odd"],
)
def test_what_makes_no_sense_is_no_report(content):
    assert read_report(content) is None


def test_only_the_first_level_is_looked_at():
    inner = WHOLE.partition(b"\r\n\r\n")[2]
    nested = WHOLE.replace(b"This is a MIME-encapsulated message.", b"")
    for depth in range(50):
        nested = b'Content-Type: multipart/report; report-type=delivery-status; boundary="b%d"\r\n\r\n--b%d\r\n%s' % (
            depth, depth, nested,
        )  # fmt: skip

    assert inner
    assert read_report(nested) is None


@pytest.mark.parametrize(
    "stuffing",
    [b"\r\n" * 500_000, b"a: b\r\n" * 200_000, b"--" + BOUNDARY.encode() + b"\r\n", b"x" * 2_000_000],
    ids=["blank lines", "headers", "parts", "one line"],
)
def test_stuffing_is_cut_off(stuffing):
    places = (b"Action:", b"Message-ID:", b"--" + BOUNDARY.encode())
    stuffed = [
        WHOLE.replace(place, stuffing[:MOST_OCTETS] * (400_000 // len(stuffing) + 1) + place) for place in places
    ]

    assert [read_report(content) for content in stuffed] == [None] * 3


def test_a_key_that_says_nothing_is_made_of_the_content():
    keys = {read_report(bounce(OURS, own_id=own)).key for own in ("", "x", "<" + "y" * 300 + ">", "<é@x>")}

    assert all(key.startswith("sha256:") and len(key) == 71 for key in keys)
    assert len(keys) == 4


@pytest.mark.parametrize("date", ["", "ayer", "Fri, 99 Nov 2026 10:15:00", "Mon, 1 Jan 0500 00:00:00 +1400", "\x00"])
def test_a_date_that_cannot_be_is_none(date):
    head, _mark, rest = bounce(OURS).partition(b"\r\nFrom:")
    content = head.partition(b"Date:")[0] + f"Date: {date}\r\nFrom:".encode() + rest

    assert read_report(content).dated is None


def test_an_encoded_status_is_decoded_and_a_broken_one_is_none():
    plain = b"\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    part = b"--%s\r\nContent-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--%s"
    head, boundary = WHOLE.partition(b"\r\n\r\n")[0], BOUNDARY.encode()
    returned = b"\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: " + OURS.encode()
    messages = [
        head + b"\r\n\r\n" + part % (boundary, content, boundary) + returned
        for content in (base64.b64encode(plain), b"%%%", base64.b64encode(plain)[:-3])
    ]

    assert [bool(read_report(message)) for message in messages] == [True, False, False]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.data())
def test_broken_reports_never_break_us(drawn):
    content = bytearray(drawn.draw(some.sampled_from([WHOLE, receipt(OURS), EXCHANGE.encode()])))
    for _ in range(drawn.draw(some.integers(0, 6))):
        start = drawn.draw(some.integers(0, len(content)))
        end = drawn.draw(some.integers(start, min(start + 60, len(content))))
        content[start:end] = drawn.draw(some.one_of(some.binary(max_size=12), some.sampled_from(SPITEFUL)))

    report = read_report(bytes(content))

    assert report is None or all(len(fate.code) <= 11 and len(fate.says) <= 500 for fate in report.fates)


SPITEFUL = [
    b"\r\n\r\n", b"\r", b"\x00", b"; ", b"*=utf-8''%FF%", b'"', b"=?utf-8?q?=FF?=", b"=?x?b?////?=", b"\xff\xfe", b"(",
    b"\r\n ", b"Content-Type: multipart/report; boundary*0=a; boundary*1*=''%", b"<<>>", b": ",
]  # fmt: skip


STATUS = (
    b"--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
    b"Final-Recipient: rfc822; a@b.example\nAction: failed\n"
)


@pytest.mark.parametrize(
    "content_type",
    [
        b"multipart/report; report-type=delivery-status; boundary*=undefined''B",
        b"multipart/report; report-type=delivery-status; boundary*=\x00''B",
        b"multipart/report; report-type=delivery-status; boundary*" + b"9" * 5000 + b"*=us-ascii''B",
        b"multipart/report; report-type*=undefined''delivery-status; boundary=B",
    ],
)
def test_parameters_that_no_library_can_read_are_of_no_report(content_type):
    content = b"In-Reply-To: <a@b>\nContent-Type: " + content_type + b"\n\n" + STATUS + b"--B--\n"

    found = read_report(content)

    assert found is None or found.about == ("<a@b>",)
    assert is_report(content_type.decode("latin-1")) in (True, False)


def test_an_id_of_raw_octets_is_none_of_ours():
    head = (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=B\nReferences: <a\x00b@c> <good@b>\n\n"
    )
    returned = b"--B\nContent-Type: message/rfc822\n\nMessage-ID: <\xff\xfeabc@d>\n\n"

    found = read_report(head + STATUS + returned + b"--B--\n")

    assert found is not None
    assert found.about == ("<good@b>",)
