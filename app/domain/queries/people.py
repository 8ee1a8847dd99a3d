"""Whom a command about access means, and where they stand, as sets: for a selection of any size."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement, CompoundSelect, Select, Subquery

from app import clock
from app.domain.access_sql import Pairs, acting_for, has_access, has_email, has_people, is_further, is_will, people_of
from app.domain.access_tables import contacts, emails, memberships, portal_accounts, tokens
from app.domain.folding import contains, fold
from app.domain.mail.bounces import bounced_addresses
from app.domain.mail.outbox import mails
from app.domain.queries.access import NEEDING, OUTSIDE, AccessState, furthest, telling
from app.domain.queries.accounts import pairs_of
from app.domain.selections import ContactFilter, ContactSelection
from app.scope import ScopedSession
from models.enums import TokenPurpose


class PeopleFigures(Struct, frozen=True, kw_only=True):
    """A selection by where its people stand; ``people`` are those a command would be about, ``mailboxes`` theirs.

    ``fingerprint`` tells these people from others, as far as count, sum and maximum of ids can.
    """

    contacts: int
    states: dict[AccessState, int]
    people: int
    mailboxes: int
    fingerprint: str


def further_emails(db: ScopedSession, contact_ids: Sequence[int]) -> dict[int, list[str]]:
    """The further addresses of each of them that has any, in the order they were added."""
    mine = (emails.c.company_id == db.company_id, emails.c.contact_id.in_(contact_ids))
    found: dict[int, list[str]] = defaultdict(list)
    rows = sa.select(emails.c.contact_id, emails.c.email).where(*mine).order_by(emails.c.id)
    for contact_id, email in db.connection().execute(rows):
        found[contact_id].append(email)
    return found


def chosen(company_id: int, selection: ContactSelection) -> list[ColumnElement[bool]]:
    """The selection as conditions on ``contacts``. Ids of another company select nothing."""
    if selection.search is not None:
        return found_contacts(company_id, selection.search)
    ours = contacts.c.company_id == company_id
    if selection.accounts is not None:
        reached = pairs_of(company_id, selection.accounts).subquery()
        return [ours, contacts.c.id.in_(sa.select(reached.c.contact_id))]
    return [ours, contacts.c.id.in_(selection.ids or {contact_id for contact_id, _email in selection.people})]


def found_contacts(company_id: int, wanted: ContactFilter) -> list[ColumnElement[bool]]:
    """The filter as conditions on ``contacts``: the list and what is done with all of it cannot disagree."""
    return [contacts.c.company_id == company_id, *_found(company_id, wanted)]


def _found(company_id: int, wanted: ContactFilter) -> Iterator[ColumnElement[bool]]:
    yield contacts.c.archived_at.is_not(None) if wanted.archived else contacts.c.archived_at.is_(None)
    if wanted.is_customer is not None:
        yield contacts.c.is_customer.is_(wanted.is_customer)
    if wanted.is_supplier is not None:
        yield contacts.c.is_supplier.is_(wanted.is_supplier)
    if wanted.has_access is not None:
        somebody = has_access(company_id, contacts.c.id)
        yield somebody if wanted.has_access else ~somebody
    if wanted.has_email is not None:
        yield has_email() if wanted.has_email else ~has_email()
    if wanted.has_bounced:
        bad = bounced_addresses(company_id)
        further = sa.select(emails.c.contact_id).where(emails.c.company_id == company_id, emails.c.email.in_(bad))
        yield sa.or_(contacts.c.email.in_(bad), contacts.c.id.in_(further))
    if text := fold(wanted.text):
        yield contacts.c.search_key.like(contains(text), escape="\\")


def people_meant(company_id: int, selection: ContactSelection, now: dt.datetime) -> Select | CompoundSelect:
    """``contact_id, email, name`` of everybody the selection means, whether they may act already or not."""
    if not selection.needing:
        return people_of(company_id, _only(company_id, selection), *chosen(company_id, selection))
    each = _standing(company_id, selection, now)
    return sa.select(each.c.contact_id, each.c.email, each.c.name).where(each.c.is_needing == 1)


def accesses_meant(company_id: int, selection: ContactSelection, now: dt.datetime) -> Select:
    """``id`` of the live memberships of those the selection means."""
    if not selection.needing and selection.accounts is None:
        return acting_for(company_id, selection.people or None, *chosen(company_id, selection))
    each = _standing(company_id, selection, now)
    found = sa.select(each.c.membership_id.label("id")).where(each.c.membership_id.is_not(None))
    return found.where(each.c.is_needing == 1) if selection.needing else found


def _only(company_id: int, selection: ContactSelection) -> Pairs | None:
    """Of the people of the chosen contacts, these; everybody when none."""
    if selection.accounts is not None:
        return pairs_of(company_id, selection.accounts)
    return selection.people or None


def people_figures(db: ScopedSession, selection: ContactSelection, *, acting: bool) -> PeopleFigures:
    """The dry run of giving access to who needs it or, with ``acting``, of withdrawing it from who has it."""
    company_id, execute = db.company_id, db.connection().execute
    each = _standing(company_id, selection, clock.now())
    is_meant = each.c.state.not_in([state.value for state in OUTSIDE]) if acting else each.c.is_needing == 1
    who = sa.case((is_meant, each.c.contact_id))
    by_state = execute(
        sa.select(
            each.c.state,
            sa.func.count().label("all"),
            sa.func.count(who).label("meant"),
            sa.cast(sa.func.coalesce(sa.func.sum(who), 0), sa.BigInteger).label("id_sum"),
            sa.func.coalesce(sa.func.max(who), 0).label("id_max"),
        ).group_by(each.c.state)
    ).all()
    mailboxes = execute(sa.select(sa.func.count(sa.distinct(sa.case((is_meant, each.c.email)))))).scalar_one()
    whose = chosen(company_id, selection)
    nobody = [*whose, ~has_people(company_id), ~has_access(company_id, contacts.c.id)]
    states = {AccessState(row.state): row.all for row in by_state}
    states[AccessState.NO_EMAIL] = execute(sa.select(sa.func.count()).select_from(contacts).where(*nobody)).scalar_one()
    people, id_sum = sum(row.meant for row in by_state), sum(row.id_sum for row in by_state)
    id_max = max((row.id_max for row in by_state), default=0)
    return PeopleFigures(
        contacts=execute(sa.select(sa.func.count()).select_from(contacts).where(*whose)).scalar_one(),
        states={state: many for state, many in states.items() if many and not (acting and state in OUTSIDE)},
        people=people,
        mailboxes=mailboxes,
        fingerprint=f"{people}.{id_sum}.{id_max}.{mailboxes}",
    )


def _standing(company_id: int, selection: ContactSelection, now: dt.datetime) -> Subquery:
    """Who acts or could act, as ``access_states`` has them: ``contact_id, email, name, state, is_needing``.

    ``membership_id`` is none for who does not act.
    """
    only, whose = _only(company_id, selection), chosen(company_id, selection)
    unlisted = sa.and_(
        portal_accounts.c.email != sa.func.coalesce(contacts.c.email, ""),
        ~is_further(company_id, portal_accounts.c.email),
    )
    others = acting_for(company_id, only, *whose, unlisted).subquery()
    named = people_of(company_id, only, *whose).selects
    who = sa.union_all(*named, sa.select(others.c.contact_id, others.c.email, others.c.name)).subquery("who")
    holder, live = portal_accounts.alias("holder"), memberships.alias("live")
    of_person = sa.and_(live.c.contact_id == who.c.contact_id, live.c.account_id == holder.c.id)
    is_queued = holder.c.id.in_(sa.select(mails.c.portal_account_id).where(*telling(company_id)))
    state = sa.case(
        (live.c.id.is_not(None), furthest(holder.c, live.c.created_at, is_queued)),
        (sa.tuple_(who.c.contact_id, holder.c.id).in_(_shut_out(company_id)), AccessState.WITHDRAWN.value),
        else_=AccessState.NONE.value,
    )
    found = (
        sa.select(who, holder.c.id.label("account_id"), live.c.id.label("membership_id"), state.label("state"))
        .select_from(who)
        .outerjoin(holder, sa.and_(holder.c.company_id == company_id, holder.c.email == who.c.email))
        .outerjoin(live, sa.and_(live.c.company_id == company_id, of_person, live.c.ended_at.is_(None)))
        .subquery("found")
    )
    has_expired = sa.and_(
        found.c.state == AccessState.INVITED.value, found.c.account_id.in_(_with_dead_link(company_id, now))
    )
    is_needing = sa.or_(found.c.state.in_([state.value for state in NEEDING]), has_expired)
    return sa.select(found, sa.case((is_needing, 1), else_=0).label("is_needing")).subquery("standing")


# Sets that depend on nobody: asked person by person, PostgreSQL would read whole tables each time until it knows them.


def _shut_out(company_id: int) -> Select:
    """``contact_id, account_id`` where somebody withdrew an access on purpose."""
    return sa.select(memberships.c.contact_id, memberships.c.account_id).where(
        memberships.c.company_id == company_id, memberships.c.ended_at.is_not(None), is_will(memberships.c.ending)
    )


def _with_dead_link(company_id: int, now: dt.datetime) -> Select:
    """Accounts whose last activation link has expired unused."""
    return (
        sa.select(tokens.c.account_id)
        .where(
            tokens.c.company_id == company_id,
            tokens.c.purpose == TokenPurpose.ACTIVATE,
            tokens.c.used_at.is_(None),
        )
        .group_by(tokens.c.account_id)
        .having(sa.func.max(tokens.c.expires_at) <= now)
    )
