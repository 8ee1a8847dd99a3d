"""Mails that arrived, taken apart; the outbox as it is by now."""

from email.parser import BytesParser
from email.policy import SMTP

from app.domain.mail.enclosures import NewFile
from tests.integration.domain.mail.sending import queued
from tests.smtp_sink import Sink


def parsed(content: bytes):
    return BytesParser(policy=SMTP).parsebytes(content)


def files_of(content: bytes) -> dict[str, bytes]:
    return {part.get_filename(): part.get_content() for part in parsed(content).iter_attachments()}


def body_of(content: bytes, kind: str) -> str:
    return parsed(content).get_body((kind,)).get_content()


def arrived(sink: Sink) -> list[tuple[str, ...]]:
    return [message.recipients for message in sink.received]


def now(post, *names):
    """The outbox as it is by now."""
    post.db.rollback()
    return queued(post.db, *names)


def kept(post, name: str, content: bytes, media_type: str = "application/pdf") -> NewFile:
    row = post.installation.storage.keep(post.company.id, content, name=name, media_type=media_type)
    return NewFile(sha256=row.sha256, size=row.size, media_type=media_type, name=name)
