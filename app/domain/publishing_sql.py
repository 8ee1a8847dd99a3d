"""Publications and their notices as sets: what publishing and withdrawing write. For undoing see ``undoing_sql``.

Every statement names the company itself, and stands for one document or a hundred thousand. Publications are written
first; who gets access and who gets a mail is then asked of the batch's own publications.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CTE, ColumnElement, Insert, Select, Update

from app.domain.access_sql import has_access, has_people
from app.domain.access_tables import contacts, memberships, portal_accounts
from app.domain.bulk import insert_missing
from app.domain.mail.outbox import cancel_waiting, mails
from app.domain.queries.documents import selected
from app.domain.selections import DocumentSelection
from app.scope import ScopedSession
from models import Batch, Document, Publication
from models.enums import DocumentStatus, MailKind
from models.mail import LEFT
from models.publication import LIVE
from models.types import BigId, Moment

batches: Any = Batch.__table__
publications: Any = Publication.__table__


def count_selected(company_id: int, selection: DocumentSelection) -> Select:
    """``documents, drafts`` of the selection as it is now."""
    drafts = sa.func.count().filter(Document.status == DocumentStatus.DRAFT)
    return sa.select(sa.func.count(), drafts).select_from(Document).where(*selected(company_id, selection))


def publish_new(
    db: ScopedSession, selection: DocumentSelection, *, batch_id: int, version_id: int, now: dt.datetime
) -> int:
    """A publication for each selected document that was issued and has no live one.

    In the order of the documents, so that the indexes grow at their end: half the work. Sorted for that (hence the
    sum): walking through all documents of the company in their order would be dearer than a sort.
    """
    issued = [*selected(db.company_id, selection), Document.status != DocumentStatus.DRAFT]
    rows = sa.select(
        sa.literal(db.company_id, BigId),
        Document.id,
        Document.contact_id,
        sa.literal(batch_id, BigId),
        sa.literal(version_id, BigId),
        sa.literal(now, Moment()),
    )
    rows = rows.where(*issued).order_by(Document.id + 0)
    return insert_missing(db, publications, _WRITTEN, rows, unique=["company_id", "document_id"], where=LIVE)


_WRITTEN = ("company_id", "document_id", "contact_id", "batch_id", "template_version_id", "created_at")


def replace_live(company_id: int, selection: DocumentSelection, *, batch_id: int, now: dt.datetime) -> Update:
    """Withdraw what was live before this batch, so that ``publish_replaced`` can take its place."""
    return withdraw_live(company_id, selection, batch_id=batch_id, now=now).where(publications.c.batch_id != batch_id)


def publish_replaced(company_id: int, *, batch_id: int, version_id: int, now: dt.datetime) -> Insert:
    rows = sa.select(
        publications.c.company_id,
        publications.c.document_id,
        publications.c.contact_id,
        sa.literal(batch_id, BigId),
        sa.literal(version_id, BigId),
        sa.literal(now, Moment()),
    ).where(publications.c.company_id == company_id, publications.c.withdrawn_by_batch_id == batch_id)
    return sa.insert(publications).from_select(list(_WRITTEN), rows)


def what_was_published(company_id: int, batch_id: int) -> Select:
    """``documents, id_sum, id_max, customers`` of a batch."""
    return publication_figures(publications.c.company_id == company_id, publications.c.batch_id == batch_id)


def publication_figures(*which: ColumnElement[bool]) -> Select:
    """``documents, id_sum, id_max, customers`` of publications."""
    return sa.select(
        sa.func.count(),
        sa.cast(sa.func.coalesce(sa.func.sum(publications.c.document_id), 0), sa.BigInteger),
        sa.func.coalesce(sa.func.max(publications.c.document_id), 0),
        sa.func.count(sa.distinct(publications.c.contact_id)),
    ).where(*which)


def concerned(company_id: int, batch_id: int) -> CTE:
    """``contact_id`` of the contacts with a publication of the batch. Worked out once, however often it is asked."""
    return (
        sa.select(publications.c.contact_id)
        .where(publications.c.company_id == company_id, publications.c.batch_id == batch_id)
        .distinct()
        .cte("concerned")
    )


def of_batch(company_id: int, batch_id: int) -> ColumnElement[bool]:
    """The contact at hand has a publication of the batch."""
    return sa.and_(contacts.c.id == concerned(company_id, batch_id).c.contact_id)


def insert_notices(company_id: int, batch_id: int, now: dt.datetime) -> Insert:
    """One mail for each account that may see something of the batch; about one contact, or about several."""
    who = concerned(company_id, batch_id)
    only_contact = sa.case((sa.func.count() == 1, sa.func.min(contacts.c.id)))
    may_see = sa.and_(
        memberships.c.company_id == company_id,
        memberships.c.contact_id == who.c.contact_id,
        memberships.c.ended_at.is_(None),
    )
    rows = (
        sa.select(
            sa.literal(company_id, BigId),
            sa.literal(MailKind.NOTICE, mails.c.kind.type),
            sa.literal(f"notice:{batch_id}:").concat(sa.cast(portal_accounts.c.id, sa.String)),
            portal_accounts.c.email,
            sa.func.coalesce(sa.func.nullif(portal_accounts.c.name, ""), sa.func.min(contacts.c.name)),
            sa.func.min(contacts.c.language),
            only_contact,
            portal_accounts.c.id,
            sa.literal(batch_id, BigId),
            portal_accounts.c.password_hash == "",
            sa.literal(now, Moment()),
            sa.literal(now, Moment()),
        )
        .select_from(who)
        .join(memberships, may_see)
        .join(
            portal_accounts,
            sa.and_(portal_accounts.c.company_id == company_id, portal_accounts.c.id == memberships.c.account_id),
        )
        .join(contacts, sa.and_(contacts.c.company_id == company_id, contacts.c.id == memberships.c.contact_id))
        .group_by(portal_accounts.c.id)
    )
    names = ["company_id", "kind", "dedup_key", "recipient", "recipient_name", "language", "contact_id"]
    names += ["portal_account_id", "batch_id", "is_secret", "due_at", "created_at"]
    return sa.insert(mails).from_select(names, rows)


def left_out(company_id: int, batch_id: int) -> Select:
    """``name`` of the contacts of the batch that nobody may act for, so that nobody reads it."""
    order = (contacts.c.sort_key, contacts.c.id)
    return sa.select(contacts.c.name).where(*_is_left_out(company_id, batch_id)).order_by(*order)


def count_left_out(company_id: int, batch_id: int) -> Select:
    """``without_email, shut_out``: how many are left out, by why."""
    reachable = sa.func.count().filter(has_people(company_id))
    return sa.select(sa.func.count() - reachable, reachable).where(*_is_left_out(company_id, batch_id))


def _is_left_out(company_id: int, batch_id: int) -> list[ColumnElement[bool]]:
    return [
        contacts.c.company_id == company_id,
        of_batch(company_id, batch_id),
        ~has_access(company_id, contacts.c.id),
    ]


def withdraw_live(company_id: int, selection: DocumentSelection, *, batch_id: int, now: dt.datetime) -> Update:
    """Withdraw the live publications of the selected documents."""
    chosen = sa.select(Document.id).where(*selected(company_id, selection))
    return (
        sa.update(publications)
        .where(
            publications.c.company_id == company_id,
            publications.c.withdrawn_at.is_(None),
            publications.c.document_id.in_(chosen),
        )
        .values(withdrawn_at=now, withdrawn_by_batch_id=batch_id)
    )


def what_was_withdrawn(company_id: int, batch_id: int) -> Select:
    """``documents, id_sum, id_max, customers`` that a batch withdrew."""
    return publication_figures(
        publications.c.company_id == company_id, publications.c.withdrawn_by_batch_id == batch_id
    )


def notices_about(company_id: int, batch_id: int) -> list[ColumnElement[bool]]:
    """Notices, of whatever batch, that told their reader of a publication which ``batch_id`` withdrew."""
    told = publications.alias()
    return [
        mails.c.company_id == company_id,
        mails.c.kind == MailKind.NOTICE,
        mails.c.batch_id.in_(
            sa.select(told.c.batch_id).where(told.c.company_id == company_id, told.c.withdrawn_by_batch_id == batch_id)
        ),
        _tells_of(company_id, withdrawn_by=batch_id),
    ]


def cancel_notices(company_id: int, batch_id: int, now: dt.datetime) -> Update:
    """Of those notices, the unsent ones that have nothing else left to tell."""
    return cancel_waiting(company_id, now).where(
        *notices_about(company_id, batch_id), ~_tells_of(company_id, withdrawn_by=None)
    )


def notices_of(company_id: int, batch_id: int) -> list[ColumnElement[bool]]:
    """The notices of a batch itself."""
    return [mails.c.company_id == company_id, mails.c.batch_id == batch_id, mails.c.kind == MailKind.NOTICE]


def count_left(*notices: ColumnElement[bool]) -> Select:
    """Those of the notices that have left, or are just leaving."""
    return sa.select(sa.func.count()).where(*notices, mails.c.status.in_(LEFT))


def still_tells(company_id: Any, told: Any) -> ColumnElement[bool]:
    """A notice of the publication at hand still has it to tell.

    It is live; or a later one has taken its place and is, and no notice has told of the document since.
    """
    later, past = publications.alias(), publications.alias()
    with_notice = sa.select(batches.c.id).where(batches.c.company_id == company_id, batches.c.notify)
    is_shown = sa.exists(
        sa.select(1)
        .select_from(later)
        .where(
            later.c.company_id == company_id,
            later.c.document_id == told.c.document_id,
            later.c.withdrawn_at.is_(None),
            later.c.id > told.c.id,
            later.c.batch_id.not_in(with_notice),
        )
        .correlate(told)
    )
    was_told = sa.exists(
        _of_document(past, company_id, told).where(past.c.id > told.c.id, past.c.batch_id.in_(with_notice))
    )
    return sa.or_(told.c.withdrawn_at.is_(None), sa.and_(is_shown, ~was_told))


def was_published_before(company_id: Any, told: Any) -> ColumnElement[bool]:
    """The document of the publication at hand had been published before, and withdrawn or replaced."""
    past = publications.alias()
    return sa.exists(_of_document(past, company_id, told).where(past.c.id < told.c.id))


def _of_document(past: Any, company_id: Any, told: Any) -> Select:
    """Past publications of the document, in the words of the index that has them."""
    return (
        sa.select(1)
        .select_from(past)
        .where(
            past.c.company_id == company_id,
            past.c.contact_id == told.c.contact_id,
            past.c.document_id == told.c.document_id,
            past.c.withdrawn_at.is_not(None),
        )
        .correlate(told)
    )


def _tells_of(company_id: int, *, withdrawn_by: int | None) -> ColumnElement[bool]:
    """The notice's reader may act for a contact with a publication of its batch: one withdrawn so, or still to tell."""
    told, reader = publications.alias(), memberships.alias()
    return sa.exists(
        sa.select(1)
        .select_from(reader.join(told, reader.c.contact_id == told.c.contact_id))
        .where(
            reader.c.company_id == company_id,
            reader.c.account_id == mails.c.portal_account_id,
            told.c.company_id == company_id,
            told.c.batch_id == mails.c.batch_id,
            still_tells(company_id, told) if withdrawn_by is None else told.c.withdrawn_by_batch_id == withdrawn_by,
        )
        .correlate_except(told, reader)
    )
