"""Portal accounts as the office lists them: by where their person stands, with the contacts they act for."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement, Select, select

from app.domain.access_sql import is_will
from app.domain.access_tables import contacts, emails, memberships
from app.domain.folding import contains, fold, says
from app.domain.mail.outbox import mails
from app.domain.queries.access import OUTSIDE, AccessState, Person, access_states, furthest, state_of, telling
from app.domain.selections import AccountFilter
from app.scope import ScopedSession
from models import PortalAccount
from models.enums import EmailPurpose, Ending

NAMES = 2


class Standing(Struct, frozen=True):
    """Where the person behind an account stands, and for whom: the first names and how many contacts in all."""

    person: Person
    names: tuple[str, ...]
    contacts: int

    @property
    def more(self) -> int:
        return self.contacts - len(self.names)


def standings(db: ScopedSession, account_ids: Sequence[int]) -> dict[int, Standing]:
    """Each account by its furthest standing. A fixed number of queries for the accounts of a page."""
    acting = _contacts_of(db, account_ids)
    people: dict[int, list[Person]] = {}
    for those in access_states(db, sorted({contact_id for contact_id, _name in _pairs(acting)})).values():
        for person in those:
            if person.account_id is not None:
                people.setdefault(person.account_id, []).append(person)
    found = {}
    for account_id, rows in acting.items():
        names = tuple(row.name for row in rows if row.ended_at is None) or tuple(row.name for row in rows)
        found[account_id] = Standing(_furthest(people.get(account_id, ()), rows), names[:NAMES], len(names))
    return found


def _pairs(acting: dict[int, list[Any]]) -> list[tuple[int, str]]:
    return [(row.contact_id, row.name) for rows in acting.values() for row in rows]


def _furthest(people: Sequence[Person], rows: Sequence[Any]) -> Person:
    """The person's furthest standing; that of somebody nobody is known to be any more, by how their accesses ended."""
    if not people:
        last = next((row for row in rows if row.ending in (None, Ending.WITHDRAWN)), rows[0])
        is_shut_out = last.ending in (None, Ending.WITHDRAWN)
        return Person(
            contact_id=last.contact_id,
            contact=last.name,
            name=last.name,
            email="",
            state=AccessState.WITHDRAWN if is_shut_out else AccessState.NONE,
            since=last.ended_at,
            ending=last.ending,
        )
    furthest = state_of(people)
    return next(person for person in people if person.state is furthest)


def _contacts_of(db: ScopedSession, account_ids: Sequence[int]) -> dict[int, list[Any]]:
    rows = db.execute(
        select(*(memberships.c[name] for name in ("account_id", "contact_id", "ended_at", "ending")), contacts.c.name)
        .join(contacts, sa.and_(contacts.c.company_id == db.company_id, contacts.c.id == memberships.c.contact_id))
        .where(memberships.c.company_id == db.company_id, memberships.c.account_id.in_(account_ids))
        .order_by(contacts.c.sort_key, contacts.c.id)
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.account_id, []).append(row)
    return found


def found_accounts(company_id: int, wanted: AccountFilter) -> list[ColumnElement[bool]]:
    """The filter as conditions on ``PortalAccount``. Ids of another company select nothing."""
    found: list[ColumnElement[bool]] = [PortalAccount.company_id == company_id]
    if wanted.ids is not None:
        found.append(PortalAccount.id.in_(wanted.ids))
    if wanted.state:
        found.append(_stands(company_id, AccessState(wanted.state)))
    if wanted.text:
        words = contains(fold(wanted.text))
        found.append(
            PortalAccount.email.like(words, escape="\\")
            | says(PortalAccount.name, wanted.text)
            | _names_contact(company_id, words)
        )
    return found


def _stands(company_id: int, state: AccessState) -> ColumnElement[bool]:
    """The account at hand stands so, as ``access_states`` says it."""
    acts = _acts(company_id)
    if state in OUTSIDE:
        past = (memberships.c.company_id == company_id, memberships.c.ended_at.is_not(None))
        shut_out = PortalAccount.id.in_(select(memberships.c.account_id).where(*past, is_will(memberships.c.ending)))
        return sa.and_(~acts, shut_out if state is AccessState.WITHDRAWN else ~shut_out)
    queued = select(mails.c.portal_account_id).where(*telling(company_id))
    stands = furthest(PortalAccount, PortalAccount.created_at, PortalAccount.id.in_(queued))
    return sa.and_(acts, stands == state.value)


def _acts(company_id: int) -> ColumnElement[bool]:
    live = memberships.alias()
    return sa.exists(
        select(1)
        .select_from(live)
        .where(live.c.company_id == company_id, live.c.account_id == PortalAccount.id, live.c.ended_at.is_(None))
        .correlate(PortalAccount)
    )


def _names_contact(company_id: int, folded: str) -> ColumnElement[bool]:
    """The account at hand acts or acted for a contact that mentions these folded words."""
    found = (
        select(memberships.c.account_id)
        .join(contacts, sa.and_(contacts.c.company_id == company_id, contacts.c.id == memberships.c.contact_id))
        .where(memberships.c.company_id == company_id, contacts.c.search_key.like(folded, escape="\\"))
    )
    return PortalAccount.id.in_(found)


def pairs_of(company_id: int, wanted: AccountFilter) -> Select[Any]:
    """Contact and e-mail of whom the accounts act for; of those that act for nobody any more, for whom they did."""
    return (
        select(memberships.c.contact_id, PortalAccount.email)
        .distinct()
        .join(PortalAccount, PortalAccount.id == memberships.c.account_id)
        .where(
            memberships.c.company_id == company_id,
            sa.or_(memberships.c.ended_at.is_(None), ~_acts(company_id)),
            *found_accounts(company_id, wanted),
        )
    )


def emails_of(db: ScopedSession, contact_id: int) -> list[str]:
    """With which e-mails someone could enter for a contact: the main one first, then those for the portal."""
    main = select(contacts.c.email, sa.literal(0)).where(
        contacts.c.company_id == db.company_id, contacts.c.id == contact_id
    )
    further = select(emails.c.email, emails.c.id).where(
        emails.c.company_id == db.company_id,
        emails.c.contact_id == contact_id,
        emails.c.purpose == EmailPurpose.PORTAL,
    )
    rows = [*db.execute(main), *db.execute(further.order_by(emails.c.id))]
    return list(dict.fromkeys(email for email, _place in rows if email))
