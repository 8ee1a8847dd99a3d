"""What the letters of a group of mails say: gathered in a fixed number of queries, however many mails there are."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import RowMapping

from app.domain.mail_accounts import company_account
from app.domain.outbox import DueMail
from app.scope import ScopedSession
from models import Company, Document, MailAccount, PortalAccount, PortalMembership, Publication
from models.document import OPEN
from models.enums import DocumentKind, DocumentStatus

MOST_LISTED = 20

accounts: Any = PortalAccount.__table__
documents: Any = Document.__table__
memberships: Any = PortalMembership.__table__
publications: Any = Publication.__table__


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedDocument:
    id: int
    kind: DocumentKind
    number: str
    issued_on: dt.date
    due_on: dt.date | None
    total: Decimal
    currency: str
    buyer: str


@dataclass(frozen=True)
class Listing:
    """A reader's documents of one batch: the newest of them, and how many there are in all."""

    documents: tuple[ListedDocument, ...]
    count: int
    has_several_buyers: bool = False

    @property
    def more(self) -> int:
        return self.count - len(self.documents)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """The account a mail is for. ``has_access``: somebody it may act for is left."""

    id: int
    email: str
    password_hash: str
    must_change_password: bool
    is_told: bool
    is_active: bool
    has_access: bool


@dataclass(frozen=True)
class LetterFacts:
    company: Company
    account: MailAccount | None
    readers: dict[int, Reader] = field(default_factory=dict)
    listings: dict[tuple[int, int], Listing] = field(default_factory=dict)
    """By batch and account."""


def letter_facts(db: ScopedSession, due: Iterable[DueMail]) -> LetterFacts:
    due = [mail for mail in due if mail.portal_account_id is not None]
    batches = {mail.batch_id for mail in due if mail.batch_id is not None}
    people = {mail.portal_account_id for mail in due if mail.portal_account_id is not None}
    return LetterFacts(
        company=db.get_one(Company, db.company_id),
        account=company_account(db),
        readers=_readers(db, people) if people else {},
        listings=_listings(db, batches, people) if batches else {},
    )


def _readers(db: ScopedSession, account_ids: set[int]) -> dict[int, Reader]:
    live = (
        sa.select(1)
        .where(
            memberships.c.company_id == db.company_id,
            memberships.c.account_id == accounts.c.id,
            memberships.c.ended_at.is_(None),
        )
        .correlate(accounts)
        .exists()
    )
    rows = db.execute(
        sa.select(
            accounts.c.id,
            accounts.c.email,
            accounts.c.password_hash,
            accounts.c.must_change_password,
            accounts.c.told_at.is_not(None).label("is_told"),
            accounts.c.activated_at.is_not(None).label("is_active"),
            live.label("has_access"),
        ).where(accounts.c.company_id == db.company_id, accounts.c.id.in_(account_ids))
    ).mappings()
    return {row["id"]: Reader(**row) for row in rows}


def _listings(db: ScopedSession, batch_ids: set[int], account_ids: set[int]) -> dict[tuple[int, int], Listing]:
    """What is still live of each batch for each account, newest first; one query for all of them."""
    each: dict[str, Any] = {"partition_by": (publications.c.batch_id, memberships.c.account_id)}
    newest = (documents.c.issued_on.desc(), documents.c.id.desc())
    told = (
        sa.select(
            publications.c.batch_id,
            memberships.c.account_id,
            documents.c.id,
            sa.func.row_number().over(**each, order_by=newest).label("place"),
            sa.func.count().over(**each).label("in_all"),
            (
                sa.func.min(publications.c.contact_id).over(**each)
                != sa.func.max(publications.c.contact_id).over(**each)
            ).label("several"),
        )
        .select_from(publications)
        .join(
            memberships,
            sa.and_(
                memberships.c.company_id == db.company_id,
                memberships.c.contact_id == publications.c.contact_id,
                memberships.c.ended_at.is_(None),
            ),
        )
        .join(
            documents,
            sa.and_(documents.c.company_id == db.company_id, documents.c.id == publications.c.document_id),
        )
        .where(
            publications.c.company_id == db.company_id,
            publications.c.batch_id.in_(batch_ids),
            publications.c.withdrawn_at.is_(None),
            memberships.c.account_id.in_(account_ids),
        )
        .subquery()
    )
    rows = db.execute(
        sa.select(
            told,
            documents.c.kind,
            documents.c.number_text,
            documents.c.issued_on,
            documents.c.due_on,
            documents.c.status,
            documents.c.total,
            documents.c.currency,
            documents.c.buyer_name,
        )
        .join(documents, sa.and_(documents.c.company_id == db.company_id, documents.c.id == told.c.id))
        .where(told.c.place <= MOST_LISTED)
        .order_by(told.c.batch_id, told.c.account_id, told.c.place)
    ).mappings()
    grouped: dict[tuple[int, int], list[RowMapping]] = {}
    for row in rows:
        grouped.setdefault((row["batch_id"], row["account_id"]), []).append(row)
    return {
        key: Listing(tuple(map(_listed, found)), found[0]["in_all"], bool(found[0]["several"]))
        for key, found in grouped.items()
    }


def _listed(row: RowMapping) -> ListedDocument:
    owes = DocumentStatus(row["status"]) in OPEN
    return ListedDocument(
        id=row["id"],
        kind=DocumentKind(row["kind"]),
        number=row["number_text"] or "",
        issued_on=row["issued_on"],
        due_on=row["due_on"] if owes else None,
        total=row["total"],
        currency=row["currency"],
        buyer=row["buyer_name"],
    )
