"""What the letters of a group of mails say: gathered in a fixed number of queries, however many mails there are."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, field

from app.domain.access_tables import memberships, portal_accounts
from app.domain.mail.accounts import account_of
from app.domain.mail.built_in_texts import LETTERS
from app.domain.mail.outbox import DueMail
from app.domain.publishing_sql import still_tells, was_published_before
from app.domain.queries.dispatches import DispatchFacts, dispatch_facts
from app.domain.queries.wordings import Wording, Wordings, logo_of, wordings_of
from app.scope import ScopedSession
from models import Company, Document, MailAccount, Publication
from models.document import OPEN
from models.enums import DocumentKind, DocumentStatus, MailKind

MOST_LISTED = 20
OWN_WORDS = tuple(MailKind(kind) for kind in LETTERS)
"""What the office may say in its own words."""

AWAITED = (DocumentStatus.ISSUED, DocumentStatus.CONFIRMED)
"""Where the day of what is no invoice still matters; of an invoice it does while it is owed."""

documents: Any = Document.__table__
publications: Any = Publication.__table__


class ListedDocument(Struct, frozen=True, kw_only=True):
    id: int
    kind: DocumentKind
    number: str
    issued_on: dt.date
    due_on: dt.date | None
    total: Decimal
    currency: str
    buyer: str


class Listing(Struct, frozen=True):
    """A reader's documents of one batch: the newest of them, and how many there are in all.

    ``kind`` is that of all of them, none if there are several. ``are_new``: none of them had been published before.
    """

    documents: tuple[ListedDocument, ...]
    count: int
    kind: DocumentKind | None
    has_several_buyers: bool = False
    are_new: bool = True

    @property
    def more(self) -> int:
        return self.count - len(self.documents)


class Reader(Struct, frozen=True, kw_only=True):
    """The account a mail is for. ``has_access``: somebody it may act for is left."""

    id: int
    email: str
    password_hash: str
    must_change_password: bool
    is_told: bool
    is_active: bool
    has_access: bool


class LetterFacts(Struct, frozen=True):
    """``listings`` are by batch and account. ``logo`` is the SHA-256 of the company's, for letters in own words.

    ``dispatches`` are as many as may be written together; the mails of others wait for the next time.
    """

    company: Company
    account: MailAccount | None
    readers: dict[int, Reader] = field(default_factory=dict)
    listings: dict[tuple[int, int], Listing] = field(default_factory=dict)
    wordings: Wordings = {}
    logo: str = ""
    dispatches: dict[int, DispatchFacts] = field(default_factory=dict)

    def wording(self, mail: DueMail) -> Wording | None:
        """The own words for a mail, if there are any."""
        return self.wordings.get((mail.kind, mail.batch_id)) if self.wordings else None


def letter_facts(db: ScopedSession, due: Sequence[DueMail], account_id: int | None = None) -> LetterFacts:
    """For mails that leave from the same account, the company's when none."""
    sent = list(dict.fromkeys(mail.dispatch_id for mail in due if mail.dispatch_id is not None))
    due = [mail for mail in due if mail.portal_account_id is not None]
    batches = {mail.batch_id for mail in due if mail.batch_id is not None}
    people = {mail.portal_account_id for mail in due if mail.portal_account_id is not None}
    contacts = _contacts(db, people) if people else {}
    company = db.get_one(Company, db.company_id)
    wordings = wordings_of(db, batches) if any(mail.kind in OWN_WORDS for mail in due) else {}
    return LetterFacts(
        company=company,
        account=account_of(db, account_id),
        readers=_readers(db, contacts, people) if people else {},
        listings=_listings(db, contacts, batches) if batches and contacts else {},
        wordings=wordings,
        logo=logo_of(db, company) if wordings or sent else "",
        dispatches=dispatch_facts(db, sent) if sent else {},
    )


# Written once: composing them anew for every group would cost more than running them.
_COMPANY: Any = sa.bindparam("company_id")
_PEOPLE: Any = sa.bindparam("people", expanding=True)
_ACCESSES = sa.select(memberships.c.account_id, memberships.c.contact_id).where(
    memberships.c.company_id == _COMPANY, memberships.c.account_id.in_(_PEOPLE), memberships.c.ended_at.is_(None)
)
_READERS = sa.select(
    portal_accounts.c.id,
    portal_accounts.c.email,
    portal_accounts.c.password_hash,
    portal_accounts.c.must_change_password,
    portal_accounts.c.told_at.is_not(None).label("is_told"),
    portal_accounts.c.activated_at.is_not(None).label("is_active"),
).where(portal_accounts.c.company_id == _COMPANY, portal_accounts.c.id.in_(_PEOPLE))

_OF_DOCUMENT = ("id", "kind", "number_text", "issued_on", "due_on", "status", "total", "currency", "buyer_name")
_NEWEST = (documents.c.issued_on.desc(), documents.c.id.desc())
_EACH: dict[str, Any] = {"partition_by": (publications.c.batch_id, publications.c.contact_id)}
_WAS_THERE = sa.case((was_published_before(_COMPANY, publications), 1), else_=0)
_TOLD = (
    sa.select(
        publications.c.batch_id,
        publications.c.contact_id,
        *(documents.c[name] for name in _OF_DOCUMENT),
        sa.func.row_number().over(**_EACH, order_by=_NEWEST).label("place"),
        sa.func.count().over(**_EACH).label("in_all"),
        sa.func.sum(_WAS_THERE).over(**_EACH).label("known"),
        sa.func.min(documents.c.kind).over(**_EACH).label("first_kind"),
        sa.func.max(documents.c.kind).over(**_EACH).label("last_kind"),
    )
    .join(
        documents,
        sa.and_(documents.c.company_id == publications.c.company_id, documents.c.id == publications.c.document_id),
    )
    .where(
        publications.c.company_id == _COMPANY,
        publications.c.batch_id.in_(sa.bindparam("batches", expanding=True)),
        publications.c.contact_id.in_(sa.bindparam("contacts", expanding=True)),
        still_tells(_COMPANY, publications),
    )
    .subquery()
)
_LISTED = sa.select(_TOLD).where(_TOLD.c.place <= MOST_LISTED).order_by(_TOLD.c.place)


def _contacts(db: ScopedSession, account_ids: set[int]) -> dict[int, list[int]]:
    """Whom each account may act for."""
    found: dict[int, list[int]] = {}
    asked = {"company_id": db.company_id, "people": list(account_ids)}
    for account_id, contact_id in db.connection().execute(_ACCESSES, asked):
        found.setdefault(account_id, []).append(contact_id)
    return found


def _readers(db: ScopedSession, contacts: dict[int, list[int]], account_ids: set[int]) -> dict[int, Reader]:
    rows = db.connection().execute(_READERS, {"company_id": db.company_id, "people": list(account_ids)})
    return {row.id: Reader(**row._mapping, has_access=row.id in contacts) for row in rows}


def _listings(db: ScopedSession, contacts: dict[int, list[int]], batch_ids: set[int]) -> dict[tuple[int, int], Listing]:
    """What each batch still has to tell each account, newest first; one query for all of them."""
    asked = {
        "company_id": db.company_id,
        "batches": list(batch_ids),
        "contacts": list({contact for each in contacts.values() for contact in each}),
    }
    parts: dict[tuple[int, int], list[Any]] = {}
    for row in db.connection().execute(_LISTED, asked):
        parts.setdefault((row.batch_id, row.contact_id), []).append(row)
    return {
        (batch_id, account_id): _merged(found)
        for batch_id in batch_ids
        for account_id, mine in contacts.items()
        if (found := [parts[batch_id, each] for each in mine if (batch_id, each) in parts])
    }


def _merged(parts: list[list[Any]]) -> Listing:
    """The documents of all contacts of an account as one list."""
    newest = sorted((row for part in parts for row in part), key=lambda row: (row.issued_on, row.id), reverse=True)
    kinds = {kind for part in parts for kind in (part[0].first_kind, part[0].last_kind)}
    return Listing(
        documents=tuple(map(_listed, newest[:MOST_LISTED])),
        count=sum(part[0].in_all for part in parts),
        kind=kinds.pop() if len(kinds) == 1 else None,
        has_several_buyers=len(parts) > 1,
        are_new=not any(part[0].known for part in parts),
    )


def _listed(row: Any) -> ListedDocument:
    return ListedDocument(
        id=row.id,
        kind=row.kind,
        number=row.number_text or "",
        issued_on=row.issued_on,
        due_on=row.due_on if row.status in (OPEN if row.kind is DocumentKind.INVOICE else AWAITED) else None,
        total=row.total,
        currency=row.currency,
        buyer=row.buyer_name,
    )
