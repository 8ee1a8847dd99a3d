"""Who may act for which contact, and where each of these people stands."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement

from app.domain.access_tables import contacts, emails, memberships, portal_accounts, tokens
from app.domain.mail.outbox import mails
from app.scope import ScopedSession
from app.texts import _
from models import StaffUser
from models.enums import EmailPurpose, Ending, TokenPurpose
from models.mail import MOVING

GROUP = 1000


class AccessState(StrEnum):
    """Where a person stands, the furthest along last."""

    NO_EMAIL = "no_email"
    NONE = "none"
    WITHDRAWN = "withdrawn"
    UNTOLD = "untold"
    BOUNCED = "bounced"
    QUEUED = "queued"
    INVITED = "invited"
    OPENED = "opened"
    ACTIVE = "active"

    @property
    def word(self) -> str:
        return {
            AccessState.NO_EMAIL: _("Sin correo"),
            AccessState.NONE: _("Sin acceso"),
            AccessState.WITHDRAWN: _("Acceso retirado"),
            AccessState.UNTOLD: _("Acceso sin comunicar"),
            AccessState.BOUNCED: _("Correo rebotado"),
            AccessState.QUEUED: _("Invitación en cola"),
            AccessState.INVITED: _("Invitada"),
            AccessState.OPENED: _("Abrió el enlace"),
            AccessState.ACTIVE: _("Activa"),
        }[self]


OUTSIDE = frozenset({AccessState.NO_EMAIL, AccessState.NONE, AccessState.WITHDRAWN})
NEEDING = frozenset({AccessState.NONE, AccessState.UNTOLD, AccessState.OPENED})
_ORDER = {state: place for place, state in enumerate(AccessState)}


class Person(Struct, frozen=True, kw_only=True):
    """Someone who acts, acted or could act for a contact.

    ``since`` is when the state began, where that is known; ``link_expires_at`` when the last activation link stops
    working. ``is_shared``: the same e-mail also belongs to another contact. ``withdrawn_by`` is who withdrew it;
    ``ending`` how the access they had ended.
    """

    contact_id: int
    contact: str
    name: str
    email: str
    state: AccessState
    account_id: int | None = None
    since: dt.datetime | None = None
    last_sign_in_at: dt.datetime | None = None
    link_expires_at: dt.datetime | None = None
    is_shared: bool = False
    withdrawn_by: str = ""
    ending: Ending | None = None

    @property
    def may_enter(self) -> bool:
        return self.state not in OUTSIDE

    def needs_something(self, now: dt.datetime) -> bool:
        """They lack a way in, or what they were sent has expired."""
        if self.state is AccessState.INVITED:
            return self.link_expires_at is not None and self.link_expires_at <= now
        return self.state in NEEDING


def access_states(db: ScopedSession, contact_ids: Sequence[int]) -> dict[int, tuple[Person, ...]]:
    """The people of each contact, the main e-mail first; a contact without any e-mail has one person without.

    A fixed number of queries for each thousand contacts. Ids of another company are left out.
    """
    found: dict[int, tuple[Person, ...]] = {}
    for start in range(0, len(contact_ids), GROUP):
        found |= _Group(db, contact_ids[start : start + GROUP]).people()
    return found


def state_of(people: Sequence[Person]) -> AccessState:
    """One word for a contact: that of the person who got furthest."""
    return max((person.state for person in people), key=_ORDER.__getitem__, default=AccessState.NO_EMAIL)


class _Group:
    """What is known of some contacts and their people, each kind of fact by one query."""

    def __init__(self, db: ScopedSession, contact_ids: Sequence[int]) -> None:
        self.db, self.company_id = db, db.company_id
        ours = (contacts.c.company_id == self.company_id, contacts.c.id.in_(contact_ids))
        self.names = {row.id: row for row in self._rows(_CONTACT, contacts, *ours)}
        self.addresses = self._addresses()
        self.memberships = self._memberships()
        self.readers = self._readers()
        of_accounts = {row.account_id for row in self.memberships.values()}
        self.links = self._links(of_accounts)
        self.queued = self._queued(of_accounts)

    def people(self) -> dict[int, tuple[Person, ...]]:
        return {contact_id: tuple(self._people_of(contact_id)) for contact_id in self.names}

    def _people_of(self, contact_id: int) -> Iterator[Person]:
        contact, addresses = self.names[contact_id], self.addresses[contact_id]
        mine = {email: row for (owner, email), row in self.memberships.items() if owner == contact_id}
        live = {email: row for email, row in mine.items() if row.ended_at is None}
        for email, name in addresses.items():
            yield self._person(contact, email, name, mine.get(email))
        for email, row in live.items():
            if email not in addresses:
                yield self._person(contact, email, row.name, row)
        if not addresses and not live:
            yield Person(
                contact_id=contact_id, contact=contact.name, name=contact.name, email="", state=AccessState.NO_EMAIL
            )

    def _person(self, contact: Any, email: str, name: str, row: Any) -> Person:
        shared = bool(self.readers[email] - {contact.id})
        base: dict[str, Any] = {"contact_id": contact.id, "contact": contact.name, "email": email, "is_shared": shared}
        if row is None or (row.ended_at is not None and not _was_withdrawn(row)):
            return Person(**base, name=name, state=AccessState.NONE, ending=row.ending if row is not None else None)
        if row.ended_at is not None:
            state, since = AccessState.WITHDRAWN, row.ended_at
        else:
            state, since = _standing(row, row.account_id in self.queued)
        return Person(
            **base,
            name=row.name or name,
            state=state,
            since=since,
            account_id=row.account_id,
            last_sign_in_at=row.last_sign_in_at,
            link_expires_at=self.links.get(row.account_id),
            withdrawn_by=row.withdrawn_by or "",
        )

    def _rows(self, columns: Sequence[Any], table: Any, *which: ColumnElement[bool]) -> list[Any]:
        return list(
            self.db.connection().execute(sa.select(*columns).select_from(table).where(*which).order_by(columns[0]))
        )

    def _addresses(self) -> dict[int, dict[str, str]]:
        """Each contact's e-mails for the portal with the name behind each, the main one first."""
        found: dict[int, dict[str, str]] = {
            row.id: {row.email: row.name} if row.email else {} for row in self.names.values()
        }
        further = self._rows(
            (emails.c.id, emails.c.contact_id, emails.c.email, emails.c.name),
            emails,
            emails.c.company_id == self.company_id,
            emails.c.contact_id.in_(self.names),
            emails.c.purpose == EmailPurpose.PORTAL,
        )
        for row in further:
            found[row.contact_id].setdefault(row.email, row.name or self.names[row.contact_id].name)
        return found

    def _memberships(self) -> dict[tuple[int, str], Any]:
        """The last membership of each contact and e-mail."""
        withdrawer = sa.func.coalesce(StaffUser.name, "").label("withdrawn_by")
        rows = self._rows(
            (memberships.c.id, *_MEMBERSHIP, withdrawer),
            memberships.join(
                portal_accounts,
                sa.and_(
                    portal_accounts.c.company_id == self.company_id, portal_accounts.c.id == memberships.c.account_id
                ),
            ).outerjoin(StaffUser, StaffUser.id == memberships.c.ended_by_id),
            memberships.c.company_id == self.company_id,
            memberships.c.contact_id.in_(self.names),
        )
        return {(row.contact_id, row.email): row for row in rows}

    def _readers(self) -> dict[str, set[int]]:
        """The contacts behind each e-mail: those it may act for, and those whose main e-mail it is."""
        used = {email for each in self.addresses.values() for email in each} | {email for _c, email in self.memberships}
        found: dict[str, set[int]] = defaultdict(set)
        acting = self._rows(
            (portal_accounts.c.email, memberships.c.contact_id),
            portal_accounts.join(memberships, memberships.c.account_id == portal_accounts.c.id),
            portal_accounts.c.company_id == self.company_id,
            memberships.c.company_id == self.company_id,
            memberships.c.ended_at.is_(None),
            portal_accounts.c.email.in_(used),
        )
        named = self._rows(
            (contacts.c.email, contacts.c.id.label("contact_id")),
            contacts,
            contacts.c.company_id == self.company_id,
            contacts.c.email.in_(used),
        )
        for row in (*acting, *named):
            found[row.email].add(row.contact_id)
        return found

    def _links(self, account_ids: set[int]) -> dict[int, dt.datetime]:
        """When the last activation link of each account stops working."""
        rows = self._rows(
            (tokens.c.account_id, tokens.c.expires_at),
            tokens,
            tokens.c.company_id == self.company_id,
            tokens.c.account_id.in_(account_ids),
            tokens.c.purpose == TokenPurpose.ACTIVATE,
            tokens.c.used_at.is_(None),
        )
        return {row.account_id: row.expires_at for row in sorted(rows, key=lambda row: row.expires_at)}

    def _queued(self, account_ids: set[int]) -> set[int]:
        """Accounts that an unsent mail is about to tell how to enter."""
        rows = self._rows(
            (mails.c.portal_account_id,),
            mails,
            mails.c.portal_account_id.in_(account_ids),
            *telling(self.company_id),
        )
        return {row.portal_account_id for row in rows}


_CONTACT = (contacts.c.id, contacts.c.name, contacts.c.email)
_MEMBERSHIP = (
    memberships.c.contact_id,
    memberships.c.account_id,
    memberships.c.created_at,
    memberships.c.ended_at,
    memberships.c.ending,
    *(portal_accounts.c[name] for name in ("email", "name", "told_at", "opened_at", "activated_at", "bounced_at")),
    portal_accounts.c.last_sign_in_at,
)


def _was_withdrawn(row: Any) -> bool:
    return row.ended_at is not None and row.ending in (None, Ending.WITHDRAWN)


def _standing(row: Any, is_queued: bool) -> tuple[AccessState, dt.datetime | None]:
    """State of someone who may act, and since when. A bounce or an opened link counts for the last mail only."""
    if row.activated_at is not None:
        return AccessState.ACTIVE, row.activated_at
    if is_queued:
        return AccessState.QUEUED, None
    told_at = row.told_at or row.created_at
    if row.bounced_at is not None and row.bounced_at >= told_at:
        return AccessState.BOUNCED, row.bounced_at
    if row.opened_at is not None and row.opened_at >= told_at:
        return AccessState.OPENED, row.opened_at
    if row.told_at is not None:
        return AccessState.INVITED, row.told_at
    return AccessState.UNTOLD, row.created_at


def furthest(account: Any, since: Any, is_queued: ColumnElement[bool]) -> ColumnElement[str]:
    """The same asked of the database, of someone who may act since then. ``account`` has the columns of one.

    ``is_queued``: an unsent mail is about to tell how to enter, as ``telling`` finds them.
    """
    told_at = sa.func.coalesce(account.told_at, since)
    return sa.case(
        (account.activated_at.is_not(None), AccessState.ACTIVE.value),
        (is_queued, AccessState.QUEUED.value),
        (account.bounced_at >= told_at, AccessState.BOUNCED.value),
        (account.opened_at >= told_at, AccessState.OPENED.value),
        (account.told_at.is_not(None), AccessState.INVITED.value),
        else_=AccessState.UNTOLD.value,
    )


def telling(company_id: int) -> list[ColumnElement[bool]]:
    """Unsent mails that are about to tell their account how to enter."""
    return [mails.c.company_id == company_id, mails.c.status.in_(MOVING), mails.c.is_secret]
