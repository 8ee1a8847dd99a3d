"""A mail as its reader sees it, for the office: what was sent, or what would be sent now; secrets only as dots."""

import base64
import datetime as dt
import re
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import SMTP, compat32
from email.utils import getaddresses, parsedate_to_datetime

from msgspec import Struct
from sqlalchemy import select

from app import clock
from app.adapters.letters.letter import HIDDEN
from app.adapters.letters.pictures import with_pictures
from app.domain.mail.outbox import DueMail
from app.domain.queries.letters import letter_facts
from app.errors import Refusal
from app.installation import Installation
from app.mail.writing import frozen_context, preview_mail
from app.scope import CompanyScope
from app.secrets import SealBroken
from models import OutgoingMail

# What `Letters` puts into an address, and what `new_password` makes.
_LINK = re.compile(r"(/in/[\w-]+/(?:activar|clave)/)[A-Za-z0-9_-]{20,}")
_PASSWORD = re.compile(r"\b[a-hjkmnp-z2-9]{4}(?:-[a-hjkmnp-z2-9]{4}){3}\b")


class ShownMail(Struct, frozen=True, kw_only=True):
    """``was_written``: these are the bytes themselves; otherwise what they would be if they were written now."""

    sender: str
    recipient: str
    cc: str
    reply_to: str
    subject: str
    date: dt.datetime | None
    message_id: str
    text: str
    html: str
    attachments: tuple[str, ...]
    was_written: bool


class MailSource(Struct, frozen=True):
    """A mail as it travels; ``was_written``: these are the bytes themselves, if only with dots for its secrets."""

    content: bytes
    was_written: bool


def mail_as_sent(installation: Installation, mail: OutgoingMail) -> ShownMail | None:
    """The parts of a mail, masked except in the demonstration; none when it ended without ever having been written."""
    source = mail_source(installation, mail)
    return shown_mail(source.content, was_written=source.was_written) if source else None


def mail_source(installation: Installation, mail: OutgoingMail) -> MailSource | None:
    """The whole of a mail, masked except in the demonstration."""
    with installation.database.read(CompanyScope(mail.company_id)) as db:
        seen = db.execute(
            select(*(getattr(OutgoingMail, name) for name in DueMail.__struct_fields__), OutgoingMail.finished_at)
            .where(OutgoingMail.id == mail.id)
        ).one_or_none()  # fmt: skip
        if seen is None:
            return None
        *values, finished_at = seen
        due = DueMail(**dict(zip(DueMail.__struct_fields__, values, strict=True)))
        facts = letter_facts(db, [due], mail.account_id) if due.frozen is None and finished_at is None else None
    if facts is not None:
        try:
            return MailSource(preview_mail(installation, facts, due, clock.now()), was_written=False)
        except Refusal:
            return None
    if due.frozen is None:
        return None
    is_sealed = due.is_secret and finished_at is None
    content = _opened(installation, mail.company_id, due) if is_sealed else due.frozen
    return MailSource(content, was_written=True)


def _opened(installation: Installation, company_id: int, due: DueMail) -> bytes:
    try:
        content = installation.keys.open(due.frozen or b"", frozen_context(company_id, due.id))
    except SealBroken:
        return b""
    return content if installation.settings.demo else masked(content)


def masked(content: bytes) -> bytes:
    """The same mail with dots where its secrets were."""
    message = BytesParser(policy=compat32).parsebytes(content)
    for part in message.walk():
        if part.get_content_maintype() == "text":
            octets = hidden(_text_of(part)).encode()
            part.set_payload(base64.encodebytes(octets).decode())
    return message.as_bytes(policy=compat32.clone(linesep="\r\n"))


def holds_secret(content: bytes) -> bool:
    """Whether what was kept of a mail still has a secret in it, open or sealed. What is sealed has no headers."""
    message = BytesParser(policy=compat32).parsebytes(content)
    if "Message-ID" not in message:
        return True
    texts = [_text_of(part) for part in message.walk() if part.get_content_maintype() == "text"]
    return any(hidden(text) != text for text in texts)


def hidden(text: str) -> str:
    return _PASSWORD.sub(HIDDEN, _LINK.sub(rf"\1{HIDDEN}", text))


def _text_of(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode() if isinstance(payload, bytes) else ""


def _pictures(message: Message) -> dict[str, tuple[str, bytes]]:
    """The pictures its HTML shows, by what it calls them: type and bytes."""
    found = {}
    for part in message.walk():
        name, payload = str(part["Content-ID"] or "").strip("<>"), part.get_payload(decode=True)
        if name and part.get_content_type() in ("image/png", "image/jpeg") and isinstance(payload, bytes):
            found[name] = part.get_content_type(), payload
    return found


def shown_mail(content: bytes, *, was_written: bool) -> ShownMail:
    message = BytesParser(EmailMessage, policy=SMTP).parsebytes(content)
    bodies = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    date = message["Date"]
    return ShownMail(
        sender=_people(message, "From"),
        recipient=_people(message, "To"),
        cc=_people(message, "Cc"),
        reply_to=_people(message, "Reply-To"),
        subject=str(message["Subject"] or ""),
        date=parsedate_to_datetime(str(date)) if date else None,
        message_id=str(message["Message-ID"] or ""),
        text=bodies["plain"].get_content().replace("\r\n", "\n") if bodies["plain"] else "",
        html=with_pictures(bodies["html"].get_content(), _pictures(message)) if bodies["html"] else "",
        attachments=tuple(part.get_filename() or "" for part in message.iter_attachments()),
        was_written=was_written,
    )


def _people(message: Message, header: str) -> str:
    """Names and addresses as people read them. Told apart by hand: the parser leaves gaps in long names."""
    raw = next((value for name, value in message.raw_items() if name == header), "")
    line = re.sub("[\r\n]+", "", raw).encode(errors="surrogateescape").decode(errors="replace")
    pairs = [(str(make_header(decode_header(name))), email) for name, email in getaddresses([line])]
    return ", ".join(f"{name} <{email}>" if name else email for name, email in pairs)
