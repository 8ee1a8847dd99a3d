"""How a publication is going and what came of it: asked of its own rows, whatever their number."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import clock
from app.domain.access_tables import contacts, memberships
from app.domain.mail.outbox import IS_WAITING, mails
from app.domain.publishing_sql import publications
from app.scope import ScopedSession
from models import Batch, Dispatch, Document, DocumentEvent, StaffUser
from models.enums import BatchKind, EventKind, MailStatus
from models.mail import ENDED_BADLY, MOVING

SHOWN = 50

dispatches: Any = Dispatch.__table__

MOST_TRIES = 2  # after which the printer in the background leaves a publication alone
MOST_GOING, LOOKED_AT = 3, 200
RECENT = dt.timedelta(days=7)
# As a literal: a partial index only serves a query that says the same.
_TO_PRINT = sa.text("publications.file_id IS NULL AND publications.withdrawn_at IS NULL")


class Progress(Struct, frozen=True, kw_only=True):
    """PDFs that are ready of those that must be, and mails by how they ended.

    ``unprinted`` ones were given up. ``is_over``: nothing is still moving.
    """

    documents: int = 0
    rendered: int = 0
    unprinted: int = 0
    waiting: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    cancelled: int = 0

    @property
    def mails(self) -> int:
        return self.waiting + self.sent + self.failed + self.unknown + self.cancelled

    @property
    def is_over(self) -> bool:
        return self.rendered + self.unprinted >= self.documents and not self.waiting


class Row(Struct, frozen=True):
    id: int
    name: str
    detail: str = ""


class Rows(Struct, frozen=True):
    """The first of them, and how many there are."""

    count: int
    first: list[Row]

    @property
    def more(self) -> int:
        return self.count - len(self.first)


class Moment(Struct, frozen=True):
    """Something that happened to a batch; ``what`` is a word for the screen to spell."""

    at: dt.datetime
    what: str
    who: str = ""
    count: int = 0


def going(db: ScopedSession) -> list[Batch]:
    """The publications of these days with something still to print or to mail, found among what is next to be."""
    printing = (
        select(publications.c.batch_id)
        .where(publications.c.company_id == db.company_id, _TO_PRINT, _tries() < MOST_TRIES)
        .order_by(publications.c.id)
        .limit(LOOKED_AT)
    )
    mailing = (
        select(mails.c.batch_id)
        .where(mails.c.company_id == db.company_id, IS_WAITING, mails.c.batch_id.is_not(None))
        .order_by(mails.c.due_at, mails.c.id)
        .limit(LOOKED_AT)
    )
    ids = {*db.scalars(printing), *db.scalars(mailing)}
    return list(
        db.scalars(
            select(Batch)
            .where(
                Batch.id.in_(ids),
                Batch.kind == BatchKind.PUBLISH,
                Batch.undone_at.is_(None),
                Batch.created_at > clock.now() - RECENT,
            )
            .order_by(Batch.id.desc())
            .limit(MOST_GOING)
            .options(joinedload(Batch.user))
        )
    )


def mails_of(company_id: int, batch_id: int) -> sa.ColumnElement[bool]:
    """The mails of a batch: those it wrote, and those of the dispatches it is made of."""
    its = select(dispatches.c.id).where(dispatches.c.company_id == company_id, dispatches.c.batch_id == batch_id)
    return sa.and_(mails.c.company_id == company_id, sa.or_(mails.c.batch_id == batch_id, mails.c.dispatch_id.in_(its)))


def batch_id_of() -> sa.ColumnElement[int | None]:
    """The batch that a mail is found by: its own, or that of its dispatch."""
    its = select(dispatches.c.batch_id).where(
        dispatches.c.company_id == mails.c.company_id, dispatches.c.id == mails.c.dispatch_id
    )
    return sa.func.coalesce(mails.c.batch_id, its.scalar_subquery())


def progress_of(db: ScopedSession, batch: Batch) -> Progress:
    documents, rendered, unprinted = _printed(db, batch) if batch.kind is BatchKind.PUBLISH else (0, 0, 0)
    ended = db.execute(
        select(mails.c.status, sa.func.count().label("mails"))
        .where(mails_of(db.company_id, batch.id))
        .group_by(mails.c.status)
    )
    by_status: dict[MailStatus, int] = {row.status: row.mails for row in ended}
    return Progress(
        documents=documents,
        rendered=rendered,
        unprinted=unprinted,
        waiting=sum(by_status.get(status, 0) for status in MOVING),
        sent=by_status.get(MailStatus.SENT, 0),
        failed=by_status.get(MailStatus.FAILED, 0),
        unknown=by_status.get(MailStatus.UNKNOWN, 0),
        cancelled=by_status.get(MailStatus.CANCELLED, 0),
    )


def _printed(db: ScopedSession, batch: Batch) -> tuple[int, int, int]:
    """Live publications, those with a file, and those that were given up."""
    given_up = sa.and_(publications.c.file_id.is_(None), _tries() >= MOST_TRIES)
    found = db.execute(
        select(sa.func.count(), sa.func.count(publications.c.file_id), sa.func.count().filter(given_up)).where(
            publications.c.company_id == db.company_id,
            publications.c.batch_id == batch.id,
            publications.c.withdrawn_at.is_(None),
        )
    )
    documents, rendered, unprinted = found.one()
    return documents, rendered, unprinted


def _tries() -> Any:
    return sa.func.coalesce(publications.c.render_tries, 0)


def documents_of(db: ScopedSession, batch: Batch) -> Rows:
    """What it published or withdrew, newest first."""
    touched = publications.c.withdrawn_by_batch_id if batch.kind is BatchKind.WITHDRAW else publications.c.batch_id
    mine = (publications.c.company_id == db.company_id, touched == batch.id)
    found = db.execute(
        select(Document.id, Document.number_text, Document.buyer_name)
        .join(publications, sa.and_(publications.c.document_id == Document.id, *mine))
        .where(Document.company_id == db.company_id)
        .order_by(Document.issued_on.desc(), Document.id.desc())
        .limit(SHOWN)
    )
    return Rows(_count(db, publications, *mine), [Row(row.id, row.number_text or "", row.buyer_name) for row in found])


def accesses_of(db: ScopedSession, batch: Batch) -> Rows:
    """Contacts it gave access to, by name."""
    mine = (memberships.c.company_id == db.company_id, memberships.c.batch_id == batch.id)
    found = db.execute(
        select(contacts.c.id, contacts.c.name, contacts.c.email)
        .join(memberships, sa.and_(memberships.c.contact_id == contacts.c.id, *mine))
        .where(contacts.c.company_id == db.company_id)
        .order_by(contacts.c.sort_key, contacts.c.id)
        .limit(SHOWN)
    )
    return Rows(_count(db, memberships, *mine), [Row(row.id, row.name, row.email or "") for row in found])


def failed_mails_of(db: ScopedSession, batch_id: int) -> tuple[int, ...]:
    """Mails that ended badly or in doubt."""
    return tuple(
        db.execute(
            select(mails.c.id).where(
                mails.c.company_id == db.company_id,
                mails.c.batch_id == batch_id,
                mails.c.status.in_(ENDED_BADLY),
            )
        ).scalars()
    )


def _count(db: ScopedSession, table: Any, *which: sa.ColumnElement[bool]) -> int:
    return db.execute(select(sa.func.count()).select_from(table).where(*which)).scalar_one()


def moments_of(db: ScopedSession, batch: Batch) -> list[Moment]:
    """The sequence of what happened, the first first: done, mails, first reading, undone."""
    found = [Moment(batch.created_at, batch.kind.value, batch.user.name if batch.user else "")]
    first, last, count = db.execute(
        select(sa.func.min(mails.c.finished_at), sa.func.max(mails.c.finished_at), sa.func.count()).where(
            mails.c.company_id == db.company_id, mails.c.batch_id == batch.id, mails.c.status == MailStatus.SENT
        )
    ).one()
    if first is not None:
        found.append(Moment(first, "first_mail"))
    if count > 1:
        found.append(Moment(last, "last_mail", count=count))
    if (seen := _first_seen(db, batch)) is not None:
        found.append(Moment(seen, "first_seen"))
    if batch.undone_at is not None:
        who = db.get(StaffUser, batch.undone_by_id) if batch.undone_by_id else None
        found.append(Moment(batch.undone_at, "undone", who.name if who else ""))
    return sorted(found, key=lambda moment: moment.at)


def _first_seen(db: ScopedSession, batch: Batch) -> dt.datetime | None:
    """When a customer first looked at something this batch had published."""
    return db.scalar(
        select(sa.func.min(DocumentEvent.created_at))
        .join(
            publications,
            sa.and_(
                publications.c.company_id == db.company_id,
                publications.c.batch_id == batch.id,
                publications.c.document_id == DocumentEvent.document_id,
            ),
        )
        .where(
            DocumentEvent.company_id == db.company_id,
            DocumentEvent.kind == EventKind.VIEWED,
            DocumentEvent.created_at >= batch.created_at,
        )
    )
