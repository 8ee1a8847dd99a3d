"""Building mails: `emails` writes them; a skeleton it wrote once is filled for every mail of a batch.

Filling costs a fiftieth of building, and the result parses equal. Either gives the same bytes for the same message.
Bodies are base64 of their UTF-8 with CRLF line ends, so that no relay has a reason to touch them and no line of a text
can look like a boundary or a final dot.
"""

import binascii
import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from email.message import Message as EmailMessage
from email.utils import format_datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import force_setattr, replace

from app.adapters.letters.address import MailAddress, one_line
from app.errors import InvalidValue
from app.texts import _

HEADERS = frozenset({"Auto-Submitted", "Disposition-Notification-To", "X-Auto-Response-Suppress"})
"""The only headers a caller may add; the others are ours."""

BLOCK = 57 * 4096

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,128}@[A-Za-z0-9.-]{1,253}>")
_MEDIA_TYPE = re.compile(r"[a-z0-9]+/[a-z0-9.+-]+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")
_CONTENT_ID = re.compile(r"[A-Za-z0-9._-]{1,128}@[A-Za-z0-9.-]{1,100}")
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)", re.IGNORECASE)


class Attachment(Struct, frozen=True):
    name: str
    content: bytes
    media_type: str = "application/pdf"

    def __post_init__(self) -> None:
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            raise InvalidValue(_("El tipo del adjunto no es válido."))
        force_setattr(self, "name", file_name(self.name))


class Picture(Struct, frozen=True):
    """A part of the mail that its HTML shows as ``cid:`` and this id; nobody is offered it as a file."""

    content_id: str
    content: bytes
    media_type: str

    def __post_init__(self) -> None:
        if not _MEDIA_TYPE.fullmatch(self.media_type) or not _CONTENT_ID.fullmatch(self.content_id):
            raise InvalidValue(_("La imagen no es válida."))

    @property
    def name(self) -> str:
        return f"{self.content_id.partition('@')[0][:16]}.{self.media_type.rpartition('/')[2]}"


class Message(Struct, frozen=True, kw_only=True):
    """One mail, complete. Cannot exist with a text unfit for its place: that raises ``InvalidValue``.

    ``also_to`` and ``cc`` are further people, who read that it went to all of them. Hidden ones are nowhere here.
    """

    sender: MailAddress
    recipient: MailAddress
    subject: str
    text: str
    message_id: str
    date: dt.datetime
    html: str | None = None
    also_to: tuple[MailAddress, ...] = ()
    cc: tuple[MailAddress, ...] = ()
    reply_to: MailAddress | None = None
    attachments: tuple[Attachment, ...] = ()
    pictures: tuple[Picture, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        force_setattr(self, "subject", one_line(self.subject))
        force_setattr(self, "attachments", tuple(_told_apart(self.attachments)))
        force_setattr(self, "headers", tuple((name, one_line(value)) for name, value in self.headers))
        if not all(name in HEADERS and value.isascii() for name, value in self.headers):
            raise InvalidValue(_("Esa cabecera no se puede añadir a un correo."))
        _message_id(self.message_id)
        _date(self.date)
        _octets(self.text)
        if self.html is not None:
            _octets(self.html)


def _told_apart(attachments: tuple[Attachment, ...]) -> Iterator[Attachment]:
    """`emails` keeps one of each name only, and so do people who save them in one folder."""
    seen: set[str] = set()
    for attachment in attachments:
        stem, dot, extension = attachment.name.rpartition(".")
        stem, ending = (stem, dot + extension) if stem else (extension, "")
        names = (attachment.name, *(f"{stem} ({number}){ending}" for number in range(2, len(attachments) + 2)))
        name = next(name for name in names if name.casefold() not in seen)
        seen.add(name.casefold())
        yield attachment if name == attachment.name else replace(attachment, name=name)


def build(message: Message) -> bytes:
    """The mail as bytes, by `emails`: the same for the same message, whoever builds it."""
    from emails.message import Message as Writer  # a tenth of a second, and only the worker needs it

    accented: dict[bytes, bytes] = {}

    def pair(address: MailAddress) -> tuple[str, str]:
        email = address.email
        if not email.isascii():  # `emails` would encode it as if it were a name
            local, domain = email.split("@")
            email = f"{local.encode().hex()}@{domain}"
            accented[email.encode()] = address.email.encode()
        return _literal(address.name), email

    written = Writer(
        charset="utf-8",
        message_id=message.message_id,
        date=format_datetime(message.date),
        subject=_literal(message.subject),
        mail_from=pair(message.sender),
        mail_to=[pair(address) for address in (message.recipient, *message.also_to)],
        cc=[pair(address) for address in message.cc],
        reply_to=pair(message.reply_to) if message.reply_to else None,
        headers=dict(message.headers),
        text=_octets(message.text).decode(),
        html=_octets(message.html).decode() if message.html is not None else None,
    )
    for picture in message.pictures:
        shown = {"content_disposition": "inline", "content_id": picture.content_id}
        written.attach(filename=picture.name, data=picture.content, mime_type=picture.media_type, **shown)
    marks = [_mark(message.message_id, place) for place, _attachment in enumerate(message.attachments)]
    for mark, attachment in zip(marks, message.attachments, strict=True):
        written.attach(filename=attachment.name, data=mark, mime_type=attachment.media_type)
    written.after_build = _set_boundaries
    octets: bytes = written.as_bytes()
    for stand_in, real in accented.items():
        octets = octets.replace(stand_in, real)
    return _with_contents(octets, marks, message.attachments)


def _mark(message_id: str, place: int) -> bytes:
    """Stands for an attachment while the mail is built: `emails` would hold seven copies of it at once."""
    return hashlib.sha256(f"{message_id}/{place}".encode()).digest()[:30]


def _with_contents(octets: bytes, marks: list[bytes], attachments: tuple[Attachment, ...]) -> bytes:
    first, *others = _between(octets, [binascii.b2a_base64(mark, newline=False) for mark in marks])
    contents = (_base64_of(attachment.content) for attachment in attachments)
    return b"".join([first, *(piece for pair in zip(contents, others, strict=True) for piece in pair)])


def _base64_of(content: bytes) -> bytes:
    """In lines, a block at a time."""
    encoded = bytearray()
    for at in range(0, len(content), BLOCK):
        encoded += b"\r\n" * bool(at) + _base64_block(content[at : at + BLOCK])
    return bytes(encoded)


def _set_boundaries(written: Any, parts: EmailMessage) -> None:
    """From the Message-ID, not by chance. All contents are base64, in which there is no ``_``."""
    tag = hashlib.sha256(written.message_id.encode()).hexdigest()[:32]
    for place, part in enumerate(parts.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{tag}_{place}")


class Skeleton:
    """What the mails of a batch share, written once by `emails`, with six gaps to fill."""

    def __init__(
        self,
        sender: MailAddress,
        *,
        reply_to: MailAddress | None = None,
        pictures: tuple[Picture, ...] = (),
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        # Of what they share, not by chance: whoever makes it fills in the same bytes.
        tag = hashlib.sha256(repr((sender, reply_to, headers)).encode()).hexdigest()[:16]
        identity, subject, recipient, text, html = (f"{letter}{tag}" for letter in "istbh")
        sample = Message(
            sender=sender,
            recipient=MailAddress(f"{recipient}@skeleton.invalid"),
            subject=subject,
            text=text,
            html=html,
            message_id=f"<{identity}@skeleton.invalid>",
            date=dt.datetime(2000, 1, 1, tzinfo=dt.UTC),
            reply_to=reply_to,
            pictures=pictures,
            headers=headers,
        )
        gaps = [
            _date(sample.date),
            _message_id(sample.message_id),
            _subject(sample.subject),
            _mailbox(sample.recipient),
            _base64_lines(text),
            _base64_lines(html),
        ]
        self._fixed = _between(build(sample), gaps)

    def fill(  # noqa: PLR0913 - the six gaps
        self,
        recipient: MailAddress,
        subject: str,
        text: str,
        html: str,
        *,
        message_id: str,
        date: dt.datetime,
    ) -> bytes:
        """One mail of the batch. Raises ``InvalidValue`` for this mail alone; the skeleton stays good."""
        filled = [
            _date(date),
            _message_id(message_id),
            _subject(one_line(subject)),
            _mailbox(recipient),
            _base64_lines(text),
            _base64_lines(html),
        ]
        first, *others = self._fixed
        return first + b"".join([piece for pair in zip(filled, others, strict=True) for piece in pair])


def _between(written: bytes, gaps: list[bytes]) -> list[bytes]:
    fixed = []
    for gap in gaps:
        before, found, written = written.partition(gap)
        if not found:
            raise ValueError("The parts of the mail are not in the order this module expects.")
        fixed.append(before)
    return [*fixed, written]


def _message_id(text: str) -> bytes:
    if not _MESSAGE_ID.fullmatch(text):
        raise InvalidValue(_("El identificador del mensaje no es válido."))
    return text.encode()


def _date(moment: dt.datetime) -> bytes:
    if moment.tzinfo is None:
        raise ValueError("The date of a mail must know its time zone.")
    return format_datetime(moment).encode()


def _subject(text: str) -> bytes:
    return text.encode() if _is_short(text) else b"\r\n ".join(_words(text))


def _mailbox(address: MailAddress) -> bytes:
    name, email = address.name, address.email.encode()
    if not name:
        return email
    if not _is_short(name):
        return b"\r\n ".join([*_words(name), b"<%b>" % email])
    if not _PLAIN_NAME.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return b"%b%b<%b>" % (name.encode(), b"\r\n " if len(name) + len(email) > 66 else b" ", email)


def _is_short(text: str) -> bool:
    """Whether it fits in its header as it is: one line, ASCII, and nothing that reads as an encoded word."""
    return len(text) <= 60 and text.isascii() and "=?" not in text


def _literal(text: str) -> str:
    """Keeps `emails` from passing on ``=?utf-8?q?…?=``, typed by somebody, as an encoded word of ours."""
    return b" ".join(_words(text)).decode() if "=?" in text else text


def _words(text: str) -> list[bytes]:
    """RFC 2047 encoded words, none of which breaks a character."""
    octets = text.encode()
    words, start = [], 0
    while start < len(octets):
        end = min(start + 39, len(octets))
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        words.append(b"=?utf-8?b?" + binascii.b2a_base64(octets[start:end], newline=False) + b"?=")
        start = end
    return words


def _octets(text: str) -> bytes:
    try:
        octets = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()
    except UnicodeEncodeError:
        raise InvalidValue(_("El texto del correo contiene caracteres que no existen.")) from None
    if not octets:
        raise InvalidValue(_("El correo no tiene texto."))
    return octets


def _base64_lines(text: str) -> bytes:
    return _base64_block(_octets(text))


def _base64_block(octets: bytes) -> bytes:
    encode = binascii.b2a_base64
    return b"\r\n".join([encode(octets[at : at + 57], newline=False) for at in range(0, len(octets), 57)])


def file_name(text: str) -> str:
    """A name any computer can save: no folders, no control characters, at most 150 bytes, never empty."""
    name = unicodedata.normalize("NFC", text).replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable() and character not in '<>:"|?*')
    name = name.strip(". ")
    stem, dot, extension = name.rpartition(".")
    ending = dot + extension if stem and len(extension.encode()) <= 10 else ""
    stem = name.removesuffix(ending).encode()[: 150 - len(ending.encode())].decode(errors="ignore").strip()
    name = (stem or _("adjunto")) + ending
    return f"_{name}" if _DEVICE.match(name) else name
