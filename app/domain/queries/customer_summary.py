"""What waits for a customer and what happened last."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Table, and_, bindparam, case, func, select

from app.domain.queries.customer_rows import (
    COMPANY,
    CONTACT,
    IS_LATE,
    IS_OPEN,
    LIVE_PUBLICATION,
    MINE,
    NO_MONEY,
    OUTSTANDING,
    documents,
    publications,
    rows,
)
from app.scope import ScopedSession
from models import DocumentEvent, PortalAccount, PortalMembership
from models.portal_rules import PORTAL_RULES
from models.types import BigId

_accounts: Table = PortalAccount.__table__  # type: ignore[assignment]
_memberships: Table = PortalMembership.__table__  # type: ignore[assignment]
_events: Table = DocumentEvent.__table__  # type: ignore[assignment]


def open_totals(db: ScopedSession, today: dt.date) -> Sequence[Row[Any]]:
    """``currency, invoices, outstanding, late, late_outstanding`` of what is to be paid."""
    return rows(db, _OPEN_TOTALS, today=today)


def most_urgent(db: ScopedSession, most: int) -> Sequence[Row[Any]]:
    """Invoices to pay, the oldest due day first."""
    return rows(db, _MOST_URGENT, most=most)


def customers_of_person(db: ScopedSession, account_id: int) -> int:
    """How many customers the person at the screen may act for. The only figure here beyond the customer's own."""
    return int(rows(db, _CUSTOMERS_OF_PERSON, account_id=account_id)[0][0])


def recent_publications(db: ScopedSession, most: int) -> Sequence[Row[Any]]:
    return rows(db, _RECENT_PUBLICATIONS, most=most)


def recent_events(db: ScopedSession, most: int) -> Sequence[Row[Any]]:
    return rows(db, _RECENT_EVENTS, most=most)


_OPEN_TOTALS = (
    select(
        documents.c.currency,
        func.count().label("invoices"),
        func.sum(OUTSTANDING).label("outstanding"),
        func.count(case((IS_LATE, 1))).label("late"),
        func.sum(case((IS_LATE, OUTSTANDING), else_=NO_MONEY)).label("late_outstanding"),
    )
    .where(MINE, IS_OPEN)
    .group_by(documents.c.currency)
    .order_by(documents.c.currency)
)

_CUSTOMERS_OF_PERSON = select(func.count()).where(
    _memberships.c.company_id == COMPANY,
    _memberships.c.account_id == bindparam("account_id", type_=BigId),
    _memberships.c.ended_at.is_(None),
)

_MOST_URGENT = (
    select(
        documents.c.id,
        documents.c.number_text,
        documents.c.subject,
        documents.c.due_on,
        documents.c.status,
        documents.c.currency,
        OUTSTANDING.label("outstanding"),
    )
    .where(MINE, IS_OPEN)
    .order_by(documents.c.due_on.is_(None), documents.c.due_on, documents.c.id)
    .limit(bindparam("most"))
)

_RECENT_PUBLICATIONS = (
    select(publications.c.created_at, documents.c.id, documents.c.number_text)
    .select_from(documents)
    .join(publications, LIVE_PUBLICATION)
    .where(MINE)
    .order_by(publications.c.id.desc())
    .limit(bindparam("most"))
)

_RECENT_EVENTS = (
    select(
        _events.c.kind,
        _events.c.created_at,
        _events.c.account_id,
        _accounts.c.name,
        _accounts.c.email,
        documents.c.id,
        documents.c.number_text,
    )
    .select_from(_events)
    .join(documents, and_(MINE, documents.c.id == _events.c.document_id))
    .outerjoin(_accounts, and_(_accounts.c.company_id == COMPANY, _accounts.c.id == _events.c.account_id))
    .where(PORTAL_RULES[DocumentEvent](_events.c, COMPANY, CONTACT))
    .order_by(_events.c.id.desc())
    .limit(bindparam("most"))
)
