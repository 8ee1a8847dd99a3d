"""Accounts, accesses and closed doors as sets: the statements behind ``access`` and ``publishing``.

Every statement names the company itself: the scope of a session does not reach into ``INSERT … SELECT``.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, CompoundSelect, Insert, Select, Update

from app.domain.access_tables import contacts, emails, memberships, portal_accounts, sessions, tokens
from app.domain.bulk import insert_missing, look_again
from app.domain.mail.outbox import cancel_waiting, mails
from app.scope import ScopedSession
from models.enums import EmailPurpose, Ending, MailKind
from models.types import BigId, Moment

# Some people: a contact and an e-mail each, written out or asked for.
Pairs = Sequence[tuple[int, str]] | Select


def has_access(company_id: int, contact_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Somebody may act for the contact."""
    live = memberships.alias()
    return sa.exists(
        sa.select(1)
        .select_from(live)
        .where(live.c.company_id == company_id, live.c.contact_id == contact_id, live.c.ended_at.is_(None))
        .correlate_except(live)
    )


def was_shut_out(
    company_id: int, contact_id: ColumnElement[int], email: ColumnElement[str | None]
) -> ColumnElement[bool]:
    """Someone withdrew this person's access to the contact on purpose. Moved and undone ones do not count."""
    past, holder = memberships.alias(), portal_accounts.alias()
    return sa.exists(
        sa.select(1)
        .select_from(past.join(holder, holder.c.id == past.c.account_id))
        .where(
            past.c.company_id == company_id,
            holder.c.company_id == company_id,
            past.c.contact_id == contact_id,
            holder.c.email == email,
            past.c.ended_at.is_not(None),
            is_will(past.c.ending),
        )
        .correlate_except(past, holder)
    )


def is_will(ending: ColumnElement[Ending | None]) -> ColumnElement[bool]:
    """An access that ended so was withdrawn by somebody's will."""
    return sa.or_(ending.is_(None), ending == Ending.WITHDRAWN)


def has_email() -> ColumnElement[bool]:
    return sa.and_(contacts.c.email.is_not(None), contacts.c.email != "")


def is_further(company_id: int, email: ColumnElement[str]) -> ColumnElement[bool]:
    """The contact at hand has this e-mail among its further ones for the portal."""
    return sa.exists(sa.select(1).where(*_for_portal(company_id), emails.c.email == email).correlate_except(emails))


def has_people(company_id: int) -> ColumnElement[bool]:
    """The contact at hand has somebody who could enter: behind its main e-mail or one for the portal."""
    return sa.or_(has_email(), sa.exists(sa.select(1).where(*_for_portal(company_id)).correlate_except(emails)))


def _for_portal(company_id: int) -> list[ColumnElement[bool]]:
    return [
        emails.c.company_id == company_id,
        emails.c.contact_id == contacts.c.id,
        emails.c.purpose == EmailPurpose.PORTAL,
    ]


def main_people(company_id: int, *conditions: ColumnElement[bool]) -> Select:
    """The person behind the main e-mail of each contact: ``contact_id, email, name``."""
    return sa.select(contacts.c.id.label("contact_id"), contacts.c.email, contacts.c.name).where(
        contacts.c.company_id == company_id, has_email(), *conditions
    )


def further_people(company_id: int, *conditions: ColumnElement[bool]) -> Select:
    """The people behind further e-mails meant for the portal."""
    name = sa.func.coalesce(sa.func.nullif(emails.c.name, ""), contacts.c.name).label("name")
    return (
        sa.select(contacts.c.id.label("contact_id"), emails.c.email, name)
        .join(emails, sa.and_(*_for_portal(company_id)))
        .where(
            contacts.c.company_id == company_id,
            emails.c.email != sa.func.coalesce(contacts.c.email, ""),  # that is the main one again
            *conditions,
        )
    )


def people_of(company_id: int, only: Pairs | None, *conditions: ColumnElement[bool]) -> CompoundSelect:
    """Everybody who could act for the contacts, behind main e-mails and further ones; ``only`` these, if given."""
    main = _narrowed(main_people(company_id, *conditions), contacts.c.id, contacts.c.email, only)
    return main.union_all(_narrowed(further_people(company_id, *conditions), contacts.c.id, emails.c.email, only))


def _narrowed(people: Select, contact_id: Any, email: Any, only: Pairs | None) -> Select:
    """Only these of the people. Joined where they are asked for: SQLite would ask again for every single one."""
    if isinstance(only, Select):
        pairs = only.subquery()
        return people.join(pairs, sa.and_(pairs.c.contact_id == contact_id, pairs.c.email == email))
    return people if only is None else people.where(sa.tuple_(contact_id, email).in_(only))


def newcomers(company_id: int, *conditions: ColumnElement[bool]) -> CompoundSelect:
    """Whom a publication to the contacts gives access: where nobody acts, everybody but those who were shut out."""
    unclaimed = [*conditions, ~has_access(company_id, contacts.c.id)]
    main = main_people(company_id, *unclaimed, ~was_shut_out(company_id, contacts.c.id, contacts.c.email))
    further = further_people(company_id, *unclaimed, ~was_shut_out(company_id, contacts.c.id, emails.c.email))
    return main.union_all(further)


def give_access(db: ScopedSession, people: Select | CompoundSelect, *, batch_id: int | None, now: dt.datetime) -> int:
    """Let each of ``people`` act for their contact, with an account when they have none. How many could not before.

    People who share an e-mail share the account.
    """
    company_id, who = db.company_id, people.subquery("people")
    by_batch = (sa.literal(batch_id, BigId), sa.literal(now, Moment()))
    new_accounts = insert_missing(
        db,
        portal_accounts,
        ["company_id", "email", "name", "batch_id", "created_at"],
        sa.select(sa.literal(company_id, BigId), who.c.email, sa.func.min(who.c.name), *by_batch)
        .where(who.c.email != "")
        .group_by(who.c.email),
        unique=["company_id", "email"],
    )
    look_again(db, portal_accounts, new_accounts)
    given = insert_missing(
        db,
        memberships,
        ["company_id", "account_id", "contact_id", "batch_id", "created_at"],
        sa.select(sa.literal(company_id, BigId), portal_accounts.c.id, who.c.contact_id, *by_batch)
        .select_from(
            who.join(
                portal_accounts,
                sa.and_(portal_accounts.c.company_id == company_id, portal_accounts.c.email == who.c.email),
            )
        )
        .where(portal_accounts.c.company_id == company_id)
        .distinct(),
        unique=["company_id", "contact_id", "account_id"],
        where=sa.text("ended_at IS NULL"),
    )
    look_again(db, memberships, given)
    return given


def insert_invitations(company_id: int, invited: Select, *, batch_id: int, again: bool, now: dt.datetime) -> Insert:
    """A mail for each account that has not entered yet or that the batch lets act for someone new.

    Of memberships whose ``id`` is in ``invited``, or that the batch made.
    """
    made = sa.select(memberships.c.id).where(memberships.c.company_id == company_id, memberships.c.batch_id == batch_id)
    who = sa.select(invited.subquery().c.id).union(made).subquery("invited")
    first_contact = sa.func.min(contacts.c.id)
    is_new = sa.func.max(sa.case((memberships.c.batch_id == batch_id, 1), else_=0)) == 1
    lacks_password = portal_accounts.c.activated_at.is_(None)
    rows = (
        sa.select(
            sa.literal(company_id, BigId),
            sa.literal(MailKind.ACCESS, mails.c.kind.type),
            sa.literal(f"access:{batch_id}:").concat(sa.cast(portal_accounts.c.id, sa.String)),
            portal_accounts.c.email,
            sa.func.coalesce(sa.func.nullif(portal_accounts.c.name, ""), sa.func.min(contacts.c.name)),
            sa.func.min(contacts.c.language),
            sa.case((sa.func.count() == 1, first_contact)),
            portal_accounts.c.id,
            sa.literal(batch_id, BigId),
            sa.true() if again else lacks_password,
            sa.literal(now, Moment()),
            sa.literal(now, Moment()),
        )
        .select_from(who)
        .join(memberships, sa.and_(memberships.c.company_id == company_id, memberships.c.id == who.c.id))
        .join(
            portal_accounts,
            sa.and_(portal_accounts.c.company_id == company_id, portal_accounts.c.id == memberships.c.account_id),
        )
        .join(contacts, sa.and_(contacts.c.company_id == company_id, contacts.c.id == memberships.c.contact_id))
        .group_by(portal_accounts.c.id)
        .having(sa.true() if again else sa.or_(lacks_password, is_new))
    )
    names = ["company_id", "kind", "dedup_key", "recipient", "recipient_name", "language", "contact_id"]
    names += ["portal_account_id", "batch_id", "is_secret", "due_at", "created_at"]
    return sa.insert(mails).from_select(names, rows)


def acting_for(company_id: int, only: Pairs | None, *conditions: ColumnElement[bool]) -> Select:
    """``id, account_id, contact_id, email, name`` of who acts for the contacts; ``only`` these people, if given."""
    found = (
        sa.select(
            memberships.c.id,
            memberships.c.account_id,
            memberships.c.contact_id,
            portal_accounts.c.email,
            portal_accounts.c.name,
        )
        .join(
            portal_accounts,
            sa.and_(portal_accounts.c.company_id == company_id, portal_accounts.c.id == memberships.c.account_id),
        )
        .join(contacts, sa.and_(contacts.c.company_id == company_id, contacts.c.id == memberships.c.contact_id))
        .where(memberships.c.company_id == company_id, memberships.c.ended_at.is_(None), *conditions)
    )
    return _narrowed(found, memberships.c.contact_id, portal_accounts.c.email, only)


def count_unreachable(company_id: int, *conditions: ColumnElement[bool]) -> Select:
    """Contacts that meet the conditions and have nobody who could enter."""
    return sa.select(sa.func.count()).select_from(contacts).where(*conditions, ~has_people(company_id))


def supersede_invitations(company_id: int, batch_id: int, now: dt.datetime) -> Sequence[Update]:
    """For accounts that a mail of the batch gives a new secret: what an earlier mail said no longer holds."""
    told = sa.select(mails.c.portal_account_id).where(
        mails.c.company_id == company_id, mails.c.batch_id == batch_id, mails.c.is_secret
    )
    earlier = cancel_waiting(company_id, now).where(
        mails.c.kind == MailKind.ACCESS, mails.c.batch_id != batch_id, mails.c.portal_account_id.in_(told)
    )
    unopened = sa.update(portal_accounts).where(
        portal_accounts.c.company_id == company_id, portal_accounts.c.id.in_(told)
    )
    return end_tokens(company_id, told, now), earlier, unopened.values(opened_at=None)


def end_memberships(company_id: int, ending: Ending, which: Select, *, by_id: int | None, now: dt.datetime) -> Update:
    """End the memberships whose ``id`` is in ``which``."""
    ids = sa.select(which.subquery().c.id)
    return (
        sa.update(memberships)
        .where(memberships.c.company_id == company_id, memberships.c.ended_at.is_(None), memberships.c.id.in_(ids))
        .values(ended_at=now, ending=ending, ended_by_id=by_id)
    )


def ended_at(company_id: int, moment: dt.datetime) -> Select:
    """Accounts with a membership that ended at this very moment."""
    return sa.select(memberships.c.account_id).where(
        memberships.c.company_id == company_id, memberships.c.ended_at == moment
    )


def close_doors(company_id: int, concerned: Select, now: dt.datetime) -> Sequence[Update]:
    """End what the ``concerned`` accounts can no longer use: sessions, secrets, and mails that wait to leave.

    Run after their memberships have ended. An account that still acts for another contact keeps its sessions there.
    """
    return (
        sa.update(sessions)
        .where(
            sessions.c.company_id == company_id,
            sessions.c.account_id.in_(concerned),
            sessions.c.ended_at.is_(None),
            ~_may_act(company_id, sessions.c.account_id, sessions.c.contact_id),
        )
        .values(ended_at=now),
        end_tokens(company_id, concerned, now).where(~_may_act(company_id, tokens.c.account_id)),
        cancel_waiting(company_id, now).where(
            mails.c.portal_account_id.in_(concerned),
            ~_may_act(company_id, mails.c.portal_account_id, mails.c.contact_id),
        ),
    )


def _may_act(
    company_id: int, account_id: ColumnElement[int], contact_id: ColumnElement[int | None] | None = None
) -> ColumnElement[bool]:
    """The account acts for that contact; for any, when none is named."""
    live = memberships.alias()
    for_it = [] if contact_id is None else [live.c.contact_id == sa.func.coalesce(contact_id, live.c.contact_id)]
    return sa.exists(
        sa.select(1)
        .select_from(live)
        .where(live.c.company_id == company_id, live.c.account_id == account_id, live.c.ended_at.is_(None), *for_it)
        .correlate_except(live)
    )


def end_tokens(company_id: int, holders: Select, now: dt.datetime) -> Update:
    """Links already sent stop working."""
    return (
        sa.update(tokens)
        .where(
            tokens.c.company_id == company_id,
            tokens.c.account_id.in_(holders),
            tokens.c.used_at.is_(None),
            tokens.c.expires_at > now,
        )
        .values(expires_at=now)
    )
