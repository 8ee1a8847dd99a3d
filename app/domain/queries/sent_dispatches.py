"""Dispatches as timelines and pages tell them: by whom, when, with which documents."""

import datetime as dt
from typing import Any

from msgspec import Struct
from sqlalchemy import Select, func, select

from app.domain.queries.mail_replies import LAST_REPORT
from app.scope import ScopedSession
from models import Dispatch, DispatchDocument, Document, OutgoingMail, StaffUser
from models.enums import MailStatus, ReportKind

AT_ONCE = dt.timedelta(minutes=1)


class SentDispatch(Struct, frozen=True, kw_only=True):
    """``due_at`` is when it was to leave, if that was chosen; ``only`` its document, if it had but one."""

    at: dt.datetime
    who: str
    due_at: dt.datetime | None
    documents: int
    only: Document | None


def sent_dispatches(db: ScopedSession, which: Select[Any], most: int) -> list[SentDispatch]:
    """The last of some, in two queries."""
    rows = db.execute(
        select(
            Dispatch.created_at,
            Dispatch.due_at,
            func.max(StaffUser.name).label("who"),
            func.count(DispatchDocument.id).label("documents"),
            func.min(DispatchDocument.document_id).label("first"),
        )
        .select_from(Dispatch)
        .join(DispatchDocument, DispatchDocument.dispatch_id == Dispatch.id)
        .outerjoin(StaffUser, StaffUser.id == Dispatch.user_id)
        .where(Dispatch.id.in_(which))
        .group_by(Dispatch.id, Dispatch.created_at, Dispatch.due_at)
        .order_by(Dispatch.id.desc())
        .limit(most)
    ).all()
    alone = {row.first for row in rows if row.documents == 1}
    found = {one.id: one for one in db.scalars(select(Document).where(Document.id.in_(alone)))} if alone else {}
    return [
        SentDispatch(
            at=row.created_at,
            who=row.who or "",
            due_at=row.due_at if row.due_at - row.created_at > AT_ONCE else None,
            documents=row.documents,
            only=found[row.first] if row.documents == 1 else None,
        )
        for row in rows
    ]


def dispatches_with(document_id: int) -> Select[Any]:
    return select(DispatchDocument.dispatch_id).where(DispatchDocument.document_id == document_id)


def dispatches_to(contact_id: int) -> Select[Any]:
    return select(Dispatch.id).where(Dispatch.contact_id == contact_id)


class FellowMail(Struct, frozen=True, kw_only=True):
    """The mail of another reader of the same message. ``place``: ``cc``, ``bcc`` or none; ``came_back`` about it."""

    id: int
    recipient: str
    place: str
    status: MailStatus
    attempts: int
    due_at: dt.datetime
    came_back: ReportKind | None


def fellows_of(db: ScopedSession, mail: OutgoingMail, most: int) -> list[FellowMail]:
    """Those of a dispatch's mail, in the order they were written to."""
    rows = db.execute(
        select(
            OutgoingMail.id,
            OutgoingMail.recipient,
            OutgoingMail.facts,
            OutgoingMail.status,
            OutgoingMail.attempts,
            OutgoingMail.due_at,
            LAST_REPORT.label("came_back"),
        )
        .where(OutgoingMail.dispatch_id == mail.dispatch_id, OutgoingMail.id != mail.id)
        .order_by(OutgoingMail.id)
        .limit(most)
    )
    return [
        FellowMail(
            id=row.id,
            recipient=row.recipient,
            place=(row.facts or {}).get("place", ""),
            status=row.status,
            attempts=row.attempts,
            due_at=row.due_at,
            came_back=row.came_back,
        )
        for row in rows
    ]


def documents_of(db: ScopedSession, dispatch_id: int) -> list[Document]:
    """What one dispatch carries, in its order."""
    found = select(Document).join(DispatchDocument, DispatchDocument.document_id == Document.id)
    return list(db.scalars(found.where(DispatchDocument.dispatch_id == dispatch_id).order_by(DispatchDocument.id)))
