"""What waits for a customer and what happened last."""

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, Table, and_, bindparam, case, func, select

from app.domain.access_tables import portal_accounts
from app.domain.queries.customer_rows import (
    COMPANY,
    CONTACT,
    IS_LATE,
    IS_OPEN,
    IS_WAITING,
    LIVE_PUBLICATION,
    MINE,
    NO_MONEY,
    OF_KIND,
    OUTSTANDING,
    WAITING,
    documents,
    publications,
    rows,
    stands,
)
from app.scope import ScopedSession
from models import DocumentEvent, PortalMembership
from models.enums import DocumentKind
from models.portal_rules import PORTAL_RULES
from models.types import BigId

_memberships: Table = PortalMembership.__table__  # type: ignore[assignment]
_events: Table = DocumentEvent.__table__  # type: ignore[assignment]


def waiting_totals(db: ScopedSession, today: dt.date) -> Sequence[Row[Any]]:
    """``kind, currency, waiting, amount, late, late_amount`` of what waits for the customer.

    A row for every kind and currency there is, also where nothing waits.
    """
    return rows(db, _WAITING_TOTALS, today=today)


def most_urgent(db: ScopedSession, kind: DocumentKind, today: dt.date, most: int) -> Sequence[Row[Any]]:
    """What waits of a kind, the oldest day first."""
    return rows(db, _most_urgent(kind), kind=kind, today=today, most=most)


def customers_of_person(db: ScopedSession, account_id: int) -> int:
    """How many customers the person at the screen may act for. The only figure here beyond the customer's own."""
    return int(rows(db, _CUSTOMERS_OF_PERSON, account_id=account_id)[0][0])


def recent_publications(db: ScopedSession, most: int) -> Sequence[Row[Any]]:
    return rows(db, _RECENT_PUBLICATIONS, most=most)


def recent_events(db: ScopedSession, most: int) -> Sequence[Row[Any]]:
    return rows(db, _RECENT_EVENTS, most=most)


# Of an invoice, what is left of it.
_AMOUNT = case((IS_OPEN, OUTSTANDING), (IS_WAITING, documents.c.total), else_=NO_MONEY)

_WAITING_TOTALS = (
    select(
        documents.c.kind,
        documents.c.currency,
        func.count(case((IS_WAITING, 1))).label("waiting"),
        func.sum(_AMOUNT).label("amount"),
        func.count(case((IS_LATE, 1))).label("late"),
        func.sum(case((IS_LATE, OUTSTANDING), else_=NO_MONEY)).label("late_amount"),
    )
    .where(MINE)
    .group_by(documents.c.kind, documents.c.currency)
    .order_by(documents.c.currency)
)

_CUSTOMERS_OF_PERSON = select(func.count()).where(
    _memberships.c.company_id == COMPANY,
    _memberships.c.account_id == bindparam("account_id", type_=BigId),
    _memberships.c.ended_at.is_(None),
)


@cache
def _most_urgent(kind: DocumentKind) -> Select[Any]:
    return (
        select(
            documents.c.id,
            documents.c.number_text,
            documents.c.subject,
            documents.c.due_on,
            documents.c.status,
            documents.c.currency,
            _AMOUNT.label("amount"),
        )
        .where(MINE, OF_KIND, stands(WAITING[kind]))
        .order_by(documents.c.due_on.is_(None), documents.c.due_on, documents.c.id)
        .limit(bindparam("most"))
    )


_RECENT_PUBLICATIONS = (
    select(publications.c.created_at, documents.c.kind, documents.c.id, documents.c.number_text)
    .select_from(documents)
    .join(publications, LIVE_PUBLICATION)
    .where(MINE)
    .order_by(publications.c.id.desc())
    .limit(bindparam("most"))
)

_RECENT_EVENTS = (
    select(
        _events.c.kind.label("deed"),
        _events.c.created_at,
        _events.c.account_id,
        portal_accounts.c.name,
        portal_accounts.c.email,
        documents.c.kind,
        documents.c.id,
        documents.c.number_text,
    )
    .select_from(_events)
    .join(documents, and_(MINE, documents.c.id == _events.c.document_id))
    .outerjoin(
        portal_accounts, and_(portal_accounts.c.company_id == COMPANY, portal_accounts.c.id == _events.c.account_id)
    )
    .where(PORTAL_RULES[DocumentEvent](_events.c, COMPANY, CONTACT))
    .order_by(_events.c.id.desc())
    .limit(bindparam("most"))
)
