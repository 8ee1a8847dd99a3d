"""What came back about a mail: delivery status (RFC 3464) and disposition (RFC 8098) notifications, read with care.

Anybody can write to an inbox. Nothing here is nested or parsed deeper than one level, and everything has a limit; what
does not make sense is no report.
"""

import base64
import binascii
import datetime as dt
import hashlib
import quopri
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import parsedate_to_datetime

from msgspec import Struct

from app.adapters.link import printable
from app.domain.mail.bounces import Fate
from models.enums import ReportKind

MOST_OCTETS = 256 * 1024
MOST_OF_HEADER = 32 * 1024
MOST_PARTS = 12
MOST_BLOCKS = 100
MOST_IDS = 20

NONSENSE = (LookupError, ValueError)
"""What the standard library raises at charsets that are none, numbers without end, parameters in pieces."""

_REPORTS = ("delivery-status", "disposition-notification")
_STATUS = ("message/delivery-status", "message/global-delivery-status")
_DISPOSITION = ("message/disposition-notification", "message/global-disposition-notification")
_RETURNED = (
    "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers",
)  # fmt: skip
_ACTIONS = {"failed": ReportKind.BOUNCED, "delayed": ReportKind.DELAYED, "delivered": ReportKind.DELIVERED}
_DISPOSITIONS = {"displayed": ReportKind.READ, "deleted": ReportKind.DISCARDED}
_GRAVITY = (
    ReportKind.BOUNCED, ReportKind.READ, ReportKind.DISCARDED, ReportKind.DELIVERED, ReportKind.DELAYED,
)  # fmt: skip
_CODE = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,198}>")  # printable ASCII, as ours are
_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n")


class Report(Struct, frozen=True, kw_only=True):
    """``key`` names the message it came in; ``about`` are Message-IDs it may be about, the likeliest first.

    ``fates`` begin with the gravest. ``dated`` is what it says of its own age, if that makes sense.
    """

    key: str
    about: tuple[str, ...]
    fates: tuple[Fate, ...]
    dated: dt.datetime | None = None


def is_report(content_type: str) -> bool:
    """Whether a message with this header may be one."""
    head = _headers(b"Content-Type: " + content_type.encode(errors="replace").strip())
    try:
        return head.get_content_type() == "multipart/report" and _report_type(head) in _REPORTS
    except NONSENSE:
        return False


def read_report(content: bytes) -> Report | None:
    """The report in a message, of which the first ``MOST_OCTETS`` are enough; none when it is something else."""
    try:
        return _read(content)
    except NONSENSE:
        return None


def _read(content: bytes) -> Report | None:
    head, body = _divided(content[:MOST_OCTETS])
    boundary = head.get_boundary()
    if head.get_content_type() != "multipart/report" or not boundary or len(boundary) > 200:
        return None
    said: list[Fate] = []
    about: list[str] = []
    for part, inside in _parts(body, boundary):
        kind = part.get_content_type()
        if kind in _STATUS:
            said += _delivery_fates(inside)
        elif kind in _DISPOSITION:
            said += _disposition_fates(inside, about)
        elif kind in _RETURNED:
            about += _ids_in(_headers(inside), "Message-ID")
    about += _ids_in(head, "In-Reply-To") + _ids_in(head, "References")[::-1]
    known = tuple(dict.fromkeys(about))[:MOST_IDS]
    if not said or not known:
        return None
    fates = tuple(sorted(said, key=lambda fate: _GRAVITY.index(fate.kind)))
    return Report(key=_key(head, content), about=known, fates=fates, dated=_dated(head))


def _delivery_fates(content: bytes) -> Iterator[Fate]:
    for block in _blocks(content):
        kind = _ACTIONS.get(_line(block, "Action").lower())
        if kind is None:
            continue
        diagnosis = _after_type(_line(block, "Diagnostic-Code"))
        yield Fate(
            kind=kind,
            recipients=_addresses(block, "Original-Recipient", "Final-Recipient"),
            code=_code(_line(block, "Status"), diagnosis),
            says=diagnosis,
        )


def _disposition_fates(content: bytes, about: list[str]) -> Iterator[Fate]:
    for block in _blocks(content):
        about += _ids_in(block, "Original-Message-ID")
        deed = re.split(r"[/,\s]", _line(block, "Disposition").partition(";")[2].strip().lower(), maxsplit=1)[0]
        if kind := _DISPOSITIONS.get(deed):
            recipients = _addresses(block, "Original-Recipient", "Final-Recipient")
            yield Fate(kind=kind, recipients=recipients, says=_line(block, "Reporting-UA"))


def _code(status: str, diagnosis: str) -> str:
    """Of two codes, the one that says more: many servers write 5.0.0 above and 5.1.1 in their words."""
    codes = [found[0] for text in (status, diagnosis) if (found := _CODE.search(text))]
    telling = [code for code in codes if not code.endswith(".0.0")]
    return (telling or codes or [""])[0]


def _addresses(block: Message, *names: str) -> tuple[str, ...]:
    """Those of fields like ``rfc822; nombre@empresa.es``, in lower case."""
    typed = [_after_type(_line(block, name)).strip("<> ").lower() for name in names]
    return tuple(dict.fromkeys(address for address in typed if "@" in address and len(address) <= 254))


def _after_type(field: str) -> str:
    before, mark, after = field.partition(";")
    return after.strip() if mark and " " not in before.strip() else field


def _blocks(content: bytes) -> list[Message]:
    blocks = _BLANK.split(content.strip(), MOST_BLOCKS)[:MOST_BLOCKS]
    return [_headers(block) for block in blocks]


def _parts(body: bytes, boundary: str) -> Iterator[tuple[Message, bytes]]:
    """Header and decoded content of each part of the first level."""
    line = rb"^--" + re.escape(boundary.encode(errors="replace")) + rb"(?:--)?[ \t]*\r?$"
    for part in re.split(line, body, maxsplit=MOST_PARTS, flags=re.MULTILINE)[1:]:
        head, inside = _divided(part.partition(b"\n")[2])
        yield head, _decoded(head, inside)


def _divided(content: bytes) -> tuple[Message, bytes]:
    if content.startswith((b"\n", b"\r\n")):
        return Message(), content
    end = _BLANK.search(content, 0, MOST_OF_HEADER)
    return (_headers(content[: end.start()]), content[end.end() :]) if end else (_headers(content), b"")


def _decoded(head: Message, content: bytes) -> bytes:
    encoding = _line(head, "Content-Transfer-Encoding").lower()
    try:
        if encoding == "base64":
            return base64.b64decode(re.sub(rb"[^A-Za-z0-9+/=]", b"", content))
        return quopri.decodestring(content) if encoding == "quoted-printable" else content
    except (binascii.Error, ValueError):
        return b""


def _headers(content: bytes) -> Message:
    """The header that ``content`` begins with."""
    end = _BLANK.search(content, 0, MOST_OF_HEADER)
    return BytesHeaderParser(policy=compat32).parsebytes(content[: end.start() if end else MOST_OF_HEADER] + b"\n\n")


def _line(head: Message, name: str) -> str:
    """A field on one line, printable, without what is no text in it."""
    value = _raw(head, name).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(printable(value).split())


def _raw(head: Message, name: str) -> str:
    """A field as it came: the usual way in would spoil its octets above 127."""
    return next((str(value) for known, value in head.raw_items() if known.lower() == name.lower()), "")


def _report_type(head: Message) -> str:
    found = head.get_param("report-type")
    return found.lower() if isinstance(found, str) else ""


def _ids_in(head: Message, name: str) -> list[str]:
    return _MESSAGE_ID.findall(_raw(head, name)[:8000])[:MOST_IDS]


def _key(head: Message, content: bytes) -> str:
    own = _ids_in(head, "Message-ID")
    return own[0] if own and own[0].isascii() else f"sha256:{hashlib.sha256(content[:MOST_OCTETS]).hexdigest()}"


def _dated(head: Message) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(_raw(head, "Date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or dt.UTC) if 1990 < moment.year < 2200 else None
