"""Taking a publication back as sets: what it showed, what it took the place of, the accesses nobody used.

Every statement names the company itself. Conditions stand apart where the dry run counts what undoing writes.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, Update

from app.domain.access_tables import memberships, portal_accounts
from app.domain.publishing_sql import batches, publications
from models import DocumentEvent
from models.enums import BatchKind, Ending

events: Any = DocumentEvent.__table__


def withdraw_batch(company_id: int, batch_id: int, now: dt.datetime) -> Update:
    """Withdraw what is still live of a batch."""
    return (
        sa.update(publications)
        .where(*live_of(company_id, batch_id))
        .values(withdrawn_at=now, withdrawn_by_batch_id=batch_id)
    )


def live_of(company_id: int, batch_id: int) -> list[ColumnElement[bool]]:
    return [
        publications.c.company_id == company_id,
        publications.c.batch_id == batch_id,
        publications.c.withdrawn_at.is_(None),
    ]


def restore_replaced(company_id: int, batch_id: int) -> Update:
    """Show again what the batch took the place of."""
    return (
        sa.update(publications)
        .where(*restorable(company_id, batch_id))
        .values(withdrawn_at=None, withdrawn_by_batch_id=None)
    )


def restorable(company_id: int, batch_id: int) -> list[ColumnElement[bool]]:
    """What the batch took the place of, where taking it back leaves the document without; but nothing undone itself.

    The same before the batch is withdrawn as after.
    """
    own = publications.alias()
    left_without = sa.select(own.c.document_id).where(
        own.c.company_id == company_id,
        own.c.batch_id == batch_id,
        sa.or_(own.c.withdrawn_at.is_(None), own.c.withdrawn_by_batch_id == batch_id),
    )
    standing = sa.select(batches.c.id).where(batches.c.company_id == company_id, batches.c.undone_at.is_(None))
    return [
        *_replaced_by(company_id, batch_id),
        publications.c.document_id.in_(left_without),
        publications.c.batch_id.in_(standing),
    ]


def hand_over_replaced(company_id: int, batch_id: int) -> Update:
    """Where a later publication took the batch's own place, it hides from now on what the batch had taken the place of.

    So whoever takes that one back too sees again what was there before both.
    """
    later = publications.alias()
    of_batch = (later.c.company_id == company_id, later.c.batch_id == batch_id)
    by = sa.select(later.c.withdrawn_by_batch_id).where(*of_batch, later.c.document_id == publications.c.document_id)
    is_publication = sa.and_(
        batches.c.company_id == company_id,
        batches.c.id == later.c.withdrawn_by_batch_id,
        batches.c.id != batch_id,
        batches.c.kind == BatchKind.PUBLISH,
    )
    replaced_again = sa.select(later.c.document_id).join(batches, is_publication).where(*of_batch)
    return (
        sa.update(publications)
        .where(*_replaced_by(company_id, batch_id), publications.c.document_id.in_(replaced_again))
        .values(withdrawn_by_batch_id=by.correlate(publications).scalar_subquery())
    )


def _replaced_by(company_id: int, batch_id: int) -> list[ColumnElement[bool]]:
    return [
        publications.c.company_id == company_id,
        publications.c.withdrawn_by_batch_id == batch_id,
        publications.c.batch_id != batch_id,
    ]


def count_still_visible(company_id: int, batch_id: int) -> Select:
    """Documents of the batch that are visible by a publication which took its place."""
    own, other = publications.alias("own"), publications.alias("other")
    is_live = (
        other.c.company_id == company_id,
        other.c.document_id == own.c.document_id,
        other.c.withdrawn_at.is_(None),
    )
    return sa.select(sa.func.count()).where(
        own.c.company_id == company_id,
        own.c.batch_id == batch_id,
        own.c.withdrawn_by_batch_id != batch_id,
        sa.exists(sa.select(1).where(*is_live).correlate(own)),
    )


def end_unused_accesses(company_id: int, batch_id: int, *, by_id: int | None, now: dt.datetime) -> Update:
    return (
        sa.update(memberships)
        .where(*unused_accesses(company_id, batch_id))
        .values(ended_at=now, ending=Ending.UNDONE, ended_by_id=by_id)
    )


def unused_accesses(company_id: int, batch_id: int) -> list[ColumnElement[bool]]:
    """Accesses the batch gave that nobody has used since: neither entered, nor chose a password, nor saw a document.

    Whoever was inside already for another contact enters nowhere to see what they have been given.
    """
    entered = sa.exists(
        sa.select(1)
        .select_from(portal_accounts)
        .where(
            portal_accounts.c.company_id == company_id,
            portal_accounts.c.id == memberships.c.account_id,
            sa.or_(
                portal_accounts.c.last_sign_in_at >= memberships.c.created_at,
                portal_accounts.c.activated_at >= memberships.c.created_at,
            ),
        )
        .correlate_except(portal_accounts)
    )
    saw = sa.exists(
        sa.select(1)
        .select_from(events)
        .where(
            events.c.company_id == company_id,
            events.c.contact_id == memberships.c.contact_id,
            events.c.account_id == memberships.c.account_id,
            events.c.created_at >= memberships.c.created_at,
        )
        .correlate_except(events)
    )
    return [
        memberships.c.company_id == company_id,
        memberships.c.batch_id == batch_id,
        memberships.c.ended_at.is_(None),
        ~entered,
        ~saw,
    ]


def accounts_of_batch(company_id: int, batch_id: int) -> Select:
    """Accounts that got an access from the batch."""
    return sa.select(memberships.c.account_id).where(
        memberships.c.company_id == company_id, memberships.c.batch_id == batch_id
    )
