"""Dispatches as they travel: a letter, the PDFs of its documents, its files. Outside any transaction."""

from collections.abc import Iterator
from functools import lru_cache

from app.adapters.letters.address import MailAddress
from app.adapters.letters.letter import Letters
from app.adapters.letters.mime import Attachment, Message, Skeleton, build
from app.adapters.letters.pictures import pictures_of
from app.adapters.pdf.from_document import document_file_name
from app.domain.mail.enclosures import MOST_OCTETS, TooLarge
from app.domain.queries.dispatches import DispatchFacts, EnclosedDocument
from app.installation import Installation
from app.rendering import preview_pdf
from app.scope import CompanyScope


def dispatch_message(  # noqa: PLR0913 - what a message is made of
    installation: Installation,
    letters: Letters,
    dispatch: DispatchFacts,
    *,
    sender: MailAddress,
    reply_to: MailAddress | None,
    message_id: str,
) -> bytes:
    """The same bytes for every one of its readers, whoever writes them and when; hidden ones are nowhere in it.

    Raises ``TooLarge`` and, for a file that is not there, ``AdapterError``.
    """
    company_id = letters.facts.company.id
    letter = letters.compose(dispatch.subject, dispatch.body)
    recipient, *also_to = (MailAddress(email, name) for email, name in dispatch.to)
    message = Message(
        sender=sender,
        recipient=recipient,
        also_to=tuple(also_to),
        cc=tuple(MailAddress(email, name) for email, name in dispatch.cc),
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=message_id,
        date=dispatch.due_at,
        reply_to=reply_to,
        attachments=_enclosed(installation, company_id, dispatch),
        pictures=pictures_of(installation.storage, company_id, letter.html),
        headers=_receipt(dispatch, sender),
    )
    return _filled(message) if _is_plain(message) else build(message)


def _is_plain(message: Message) -> bool:
    return not (message.also_to or message.cc or message.attachments or message.pictures)


def _filled(message: Message) -> bytes:
    """Links to one reader: building each would cost more than all the rest of it."""
    assert message.html is not None, "a letter has its HTML"
    skeleton = _skeleton(message.sender, message.reply_to, message.headers)
    return skeleton.fill(
        message.recipient, message.subject, message.text, message.html, message_id=message.message_id, date=message.date
    )


@lru_cache(maxsize=64)
def _skeleton(sender: MailAddress, reply_to: MailAddress | None, headers: tuple[tuple[str, str], ...]) -> Skeleton:
    return Skeleton(sender, reply_to=reply_to, headers=headers)


def _receipt(dispatch: DispatchFacts, sender: MailAddress) -> tuple[tuple[str, str], ...]:
    """Asked for at the address whose answers are read. One with accents cannot stand in this header."""
    if not dispatch.wants_receipt or not sender.email.isascii():
        return ()
    return (("Disposition-Notification-To", sender.email),)


def _enclosed(installation: Installation, company_id: int, dispatch: DispatchFacts) -> tuple[Attachment, ...]:
    attachments, left = [], MOST_OCTETS
    for attachment in _each(installation, company_id, dispatch):
        left -= len(attachment.content)
        if left < 0:
            raise TooLarge
        attachments.append(attachment)
    return tuple(attachments)


def _each(installation: Installation, company_id: int, dispatch: DispatchFacts) -> Iterator[Attachment]:
    for document in () if dispatch.has_links else dispatch.documents:
        yield Attachment(document_file_name(document.kind, document.number), _pdf(installation, company_id, document))
    for file in dispatch.files:
        yield Attachment(file.name, installation.storage.get(file.key), file.media_type)


def _pdf(installation: Installation, company_id: int, document: EnclosedDocument) -> bytes:
    if document.file is not None:
        return installation.storage.get(document.file)
    return preview_pdf(installation, CompanyScope(company_id), document.id, document.version_id).content
