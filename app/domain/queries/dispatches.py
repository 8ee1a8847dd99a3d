"""What dispatches say and carry, for whoever writes their mails: in a fixed number of queries, and within memory."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app.domain.mail.enclosures import TO_PRINT
from app.domain.mail.outbox import mails
from app.domain.publishing_sql import publications
from app.domain.queries.sendable import brought_pdf, enclosed, stored
from app.scope import ScopedSession
from models import Dispatch, DispatchFile, Document
from models.enums import DocumentKind
from models.file import file_key

AT_ONCE = 32 * 1024 * 1024
"""Octets of messages that are in memory together, unless a single one is more."""

ENCODED = 1.4

dispatches: Any = Dispatch.__table__
files: Any = DispatchFile.__table__
documents: Any = Document.__table__

People = tuple[tuple[str, str], ...]


class EnclosedDocument(Struct, frozen=True, kw_only=True):
    """``file`` is the key of its PDF; none while it has to be printed, with ``version_id``."""

    id: int
    kind: DocumentKind
    number: str
    version_id: int | None
    file: str | None
    size: int
    is_published: bool


class EnclosedFile(Struct, frozen=True, kw_only=True):
    key: str
    name: str
    media_type: str
    size: int


class DispatchFacts(Struct, frozen=True, kw_only=True):
    """``frozen`` is the message itself once one of its mails was tried: they all are the same."""

    id: int
    reply_to: str
    to: People
    cc: People
    subject: str
    body: str
    wants_receipt: bool
    has_links: bool
    due_at: dt.datetime
    documents: tuple[EnclosedDocument, ...]
    files: tuple[EnclosedFile, ...]
    frozen: bytes | None = None


def dispatch_facts(db: ScopedSession, wanted: Sequence[int]) -> dict[int, DispatchFacts]:
    """The first of ``wanted``, as many as may be in memory together; at least one."""
    asked = {"company_id": db.company_id, "ids": list(wanted)}
    rows = {row.id: row for row in db.connection().execute(_DISPATCHES, asked)}
    inside, beside = _documents(db, asked), _files(db, asked)
    frozen = {row.dispatch_id: row for row in db.connection().execute(_WRITTEN, asked)}
    weights = {
        one: frozen[one].weight if one in frozen else _weight(() if rows[one].has_links else inside[one], beside[one])
        for one in wanted
    }
    chosen = list(_within(weights))
    contents = _contents(db, [frozen[one].mail_id for one in chosen if one in frozen])
    return {one: _facts(rows[one], inside[one], beside[one], contents.get(one)) for one in chosen}


def _within(weights: dict[int, int]) -> Iterator[int]:
    left = AT_ONCE
    for place, (one, weight) in enumerate(weights.items()):
        left -= weight
        if left < 0 and place:
            return
        yield one


def _weight(inside: tuple[EnclosedDocument, ...], beside: tuple[EnclosedFile, ...]) -> int:
    return int(ENCODED * (sum(one.size for one in inside) + sum(one.size for one in beside)))


def _facts(row: Any, documents: Any, files: Any, frozen: bytes | None) -> DispatchFacts:
    to, cc = (tuple((email, name) for email, name in row.recipients.get(place, ())) for place in ("to", "cc"))
    return DispatchFacts(
        id=row.id,
        reply_to=row.reply_to,
        to=to,
        cc=cc,
        subject=row.subject,
        body=row.body,
        wants_receipt=row.wants_receipt,
        has_links=row.has_links,
        due_at=row.due_at,
        documents=documents,
        files=files,
        frozen=frozen,
    )


_COMPANY: Any = sa.bindparam("company_id")
_IDS: Any = sa.bindparam("ids", expanding=True)

_DISPATCHES = sa.select(dispatches).where(dispatches.c.company_id == _COMPANY, dispatches.c.id.in_(_IDS))
# Of each dispatch a mail that was written, and what it weighs.
_WRITTEN = (
    sa.select(
        mails.c.dispatch_id,
        sa.func.min(mails.c.id).label("mail_id"),
        sa.func.max(sa.func.length(mails.c.frozen)).label("weight"),
    )
    .where(mails.c.company_id == _COMPANY, mails.c.dispatch_id.in_(_IDS), mails.c.frozen.is_not(None))
    .group_by(mails.c.dispatch_id)
)
_FROZEN = sa.select(mails.c.dispatch_id, mails.c.frozen).where(mails.c.company_id == _COMPANY, mails.c.id.in_(_IDS))


def _contents(db: ScopedSession, mail_ids: list[int]) -> dict[int, bytes]:
    if not mail_ids:
        return {}
    rows = db.connection().execute(_FROZEN, {"company_id": db.company_id, "ids": mail_ids})
    return {row.dispatch_id: row.frozen for row in rows}


def _brought(what: str) -> Any:
    return brought_pdf(what, enclosed, enclosed.c.document_id)


def _printed(what: str) -> Any:
    """Of what was printed for a publication with the same version, the present one or a former."""
    return (
        sa.select(stored.c[what])
        .join(stored, sa.and_(stored.c.company_id == publications.c.company_id, stored.c.id == publications.c.file_id))
        .where(
            publications.c.company_id == enclosed.c.company_id,
            publications.c.document_id == enclosed.c.document_id,
            publications.c.template_version_id == enclosed.c.template_version_id,
        )
        .order_by(publications.c.id.desc())
        .limit(1)
        .correlate(enclosed)
        .scalar_subquery()
    )


_LIVE = (
    sa.select(1)
    .where(
        publications.c.company_id == enclosed.c.company_id,
        publications.c.document_id == enclosed.c.document_id,
        publications.c.withdrawn_at.is_(None),
    )
    .correlate(enclosed)
    .exists()
)
_DOCUMENTS = (
    sa.select(
        enclosed.c.dispatch_id,
        enclosed.c.document_id,
        enclosed.c.template_version_id,
        documents.c.kind,
        documents.c.number_text,
        sa.func.coalesce(_brought("sha256"), _printed("sha256")).label("sha256"),
        sa.func.coalesce(_brought("size"), _printed("size"), TO_PRINT).label("size"),
        sa.case((_LIVE, 1), else_=0).label("is_published"),
    )
    .join(
        documents,
        sa.and_(documents.c.company_id == enclosed.c.company_id, documents.c.id == enclosed.c.document_id),
    )
    .where(enclosed.c.company_id == _COMPANY, enclosed.c.dispatch_id.in_(_IDS))
    .order_by(enclosed.c.id)
)
_FILES = (
    sa.select(files.c.dispatch_id, stored.c.sha256, stored.c.name, stored.c.media_type, stored.c.size)
    .join(stored, sa.and_(stored.c.company_id == files.c.company_id, stored.c.id == files.c.file_id))
    .where(files.c.company_id == _COMPANY, files.c.dispatch_id.in_(_IDS))
    .order_by(files.c.id)
)


def _documents(db: ScopedSession, asked: dict[str, Any]) -> dict[int, tuple[EnclosedDocument, ...]]:
    found: dict[int, tuple[EnclosedDocument, ...]] = dict.fromkeys(asked["ids"], ())
    for row in db.connection().execute(_DOCUMENTS, asked):
        document = EnclosedDocument(
            id=row.document_id,
            kind=row.kind,
            number=row.number_text or "",
            version_id=row.template_version_id,
            file=file_key(db.company_id, row.sha256) if row.sha256 else None,
            size=row.size,
            is_published=bool(row.is_published),
        )
        found[row.dispatch_id] += (document,)
    return found


def _files(db: ScopedSession, asked: dict[str, Any]) -> dict[int, tuple[EnclosedFile, ...]]:
    found: dict[int, tuple[EnclosedFile, ...]] = dict.fromkeys(asked["ids"], ())
    for row in db.connection().execute(_FILES, asked):
        key = file_key(db.company_id, row.sha256)
        found[row.dispatch_id] += (EnclosedFile(key=key, name=row.name, media_type=row.media_type, size=row.size),)
    return found
