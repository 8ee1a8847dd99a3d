"""The rows of a sending: its dispatches, what goes with each, and a mail for each of its readers."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app.domain.files import kept
from app.domain.folding import fold
from app.domain.mail.checking_sendings import SendDocuments
from app.domain.mail.enclosures import NewFile
from app.domain.mail.letter_texts import Letterhead, filled_texts
from app.domain.mail.outbox import mails
from app.domain.mail.sending_plans import Plan, PlannedDispatch, PlannedDocument
from app.domain.queries.addressees import Addressee
from app.domain.queries.dispatches import dispatches, files
from app.domain.queries.sendable import enclosed
from app.scope import ScopedSession
from models import Batch, StoredFile
from models.enums import MailKind, MailStatus

CHUNK = 500


class FilledDispatch(Struct, frozen=True, kw_only=True):
    """One with its texts filled in; ``people`` by where they stand, each of them once."""

    planned: PlannedDispatch
    subject: str
    body: str
    people: dict[str, list[Addressee]]


def queue_dispatches(db: ScopedSession, command: SendDocuments, batch: Batch, plan: Plan) -> int:
    """Write everything that a plan says, in a few statements for each five hundred dispatches. How many mails."""
    file_ids = [_kept(db, file).id for file in command.files]
    return sum(
        _queue(db, command, batch, file_ids, filled_dispatches(db, command, plan.dispatches[at : at + CHUNK]))
        for at in range(0, len(plan.dispatches), CHUNK)
    )


def _kept(db: ScopedSession, file: NewFile) -> StoredFile:
    return kept(db, StoredFile(sha256=file.sha256, size=file.size, media_type=file.media_type, name=file.name))


def filled_dispatches(
    db: ScopedSession, command: SendDocuments, part: Sequence[PlannedDispatch]
) -> list[FilledDispatch]:
    """What each of these says, and to whom. Nothing is written."""
    letterhead = Letterhead.of(db, command.user_id, command.portal)
    texts = filled_texts(db, letterhead, part, command.subject, command.body, has_links=command.wishes.has_links)
    return [
        FilledDispatch(planned=planned, subject=subject, body=body, people=_people(command, planned))
        for planned, (subject, body) in zip(part, texts, strict=True)
    ]


def _people(command: SendDocuments, planned: PlannedDispatch) -> dict[str, list[Addressee]]:
    """Everybody once, as the first thing they are: who is written to is no hidden reader as well."""
    seen: set[str] = set()
    people: dict[str, list[Addressee]] = {}
    for place, group in (("to", planned.to), ("cc", command.cc), ("bcc", command.bcc)):
        people[place] = [one for one in group if one.email not in seen]
        seen |= {one.email for one in people[place]}
    return people


def _queue(
    db: ScopedSession, command: SendDocuments, batch: Batch, file_ids: list[int], filled: list[FilledDispatch]
) -> int:
    due_at = command.due_at or batch.created_at
    insert = sa.insert(dispatches).returning(dispatches.c.id, sort_by_parameter_order=True)
    rows = [_dispatch(command, batch, one, due_at) for one in filled]
    ids = list(db.connection().execute(insert, rows).scalars())
    pairs = list(zip(ids, filled, strict=True))
    _insert(db, enclosed, [_enclosed(batch, id_, each) for id_, one in pairs for each in one.planned.documents])
    _insert(db, files, [_file(batch, id_, file_id) for id_ in ids for file_id in file_ids])
    queued = [row for id_, one in pairs for row in _mails(command, batch, id_, one, due_at)]
    _insert(db, mails, queued)
    return len(queued)


def _insert(db: ScopedSession, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        db.connection().execute(sa.insert(table), rows)


def _dispatch(command: SendDocuments, batch: Batch, filled: FilledDispatch, due_at: dt.datetime) -> dict[str, Any]:
    visible = {place: [[one.email, one.name] for one in filled.people[place]] for place in ("to", "cc")}
    return {
        "company_id": batch.company_id,
        "created_at": batch.created_at,
        "batch_id": batch.id,
        "user_id": command.user_id,
        "contact_id": filled.planned.contact_id,
        "reply_to": command.reply_to,
        "due_at": due_at,
        "recipients": visible,
        "subject": filled.subject,
        "body": filled.body,
        "wants_receipt": command.wants_receipt,
        "has_links": command.wishes.has_links,
    }


def _enclosed(batch: Batch, dispatch_id: int, document: PlannedDocument) -> dict[str, Any]:
    return {
        "company_id": batch.company_id,
        "dispatch_id": dispatch_id,
        "document_id": document.id,
        "template_version_id": document.version_id,
    }


def _file(batch: Batch, dispatch_id: int, file_id: int) -> dict[str, Any]:
    return {"company_id": batch.company_id, "dispatch_id": dispatch_id, "file_id": file_id}


def _mails(
    command: SendDocuments, batch: Batch, dispatch_id: int, filled: FilledDispatch, due_at: dt.datetime
) -> list[dict[str, Any]]:
    documents = filled.planned.documents
    shared = {
        "company_id": batch.company_id,
        "created_at": batch.created_at,
        "kind": MailKind.DOCUMENT,
        "status": MailStatus.QUEUED,
        "language": filled.planned.language,
        "contact_id": filled.planned.contact_id,
        "document_id": documents[0].id if len(documents) == 1 else None,
        "account_id": command.account_id,
        "dispatch_id": dispatch_id,
        "due_at": due_at,
        "subject": filled.subject,
        "search_key": fold(filled.subject),
    }
    readers = [(place, one) for place, group in filled.people.items() for one in group]
    return [
        shared
        | {
            "dedup_key": f"dispatch:{dispatch_id}:{number}",
            "recipient": one.email,
            "recipient_name": one.name,
            "facts": {"place": place},
        }
        for number, (place, one) in enumerate(readers, 1)
    ]
