"""E-mails that several contacts share: whoever reads one sees the documents of all of them. The commonest leak.

Everything here asks of ``readers``: rows of ``email, contact_id, hit``, one for each contact that an e-mail opens;
a hit is what somebody is about to do.
"""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import CTE, ColumnElement, CompoundSelect, Select

from app.domain.access_tables import contacts, memberships, portal_accounts
from app.errors import Refusal
from app.scope import ScopedSession
from app.texts import _, ending, plural

MOST = 50
MOST_NAMES = 10


class Shared(Struct, frozen=True):
    """An e-mail whose reader sees the documents of ``count`` contacts; the names of the first ten."""

    email: str
    count: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        names = "; ".join(self.names)
        return names + (plural(" y %(n)s más", " y %(n)s más", rest) if (rest := self.count - len(self.names)) else "")


class ShareNotConfirmed(Refusal):
    """An e-mail would open the documents of several contacts, and nobody has said that this is right."""

    code = "share_not_confirmed"

    def __init__(self, shared: tuple[Shared, ...]) -> None:
        sentence = _(
            "%(correo)s es el correo de varios clientes: %(nombres)s. Quien entre con él verá los documentos de todos."
            " Confirme que es correcto."
        )
        super().__init__(sentence % {"correo": shared[0].email, "nombres": ending(str(shared[0]))}, field="email")
        self.shared = shared


def acting(company_id: int, hit: ColumnElement[int]) -> Select:
    """The readers there are now."""
    return (
        sa.select(portal_accounts.c.email, memberships.c.contact_id, hit.label("hit"))
        .join(
            portal_accounts,
            sa.and_(portal_accounts.c.company_id == company_id, portal_accounts.c.id == memberships.c.account_id),
        )
        .where(memberships.c.company_id == company_id, memberships.c.ended_at.is_(None))
    )


def joined_by(company_id: int, people: Select | CompoundSelect) -> CTE:
    """The readers there are now and, as hits, those of ``people`` who are not among them yet."""
    who, live, holder = people.subquery("people"), memberships.alias("live"), portal_accounts.alias("holder")
    already = sa.exists(
        sa.select(1)
        .select_from(live.join(holder, holder.c.id == live.c.account_id))
        .where(
            live.c.company_id == company_id,
            holder.c.company_id == company_id,
            live.c.contact_id == who.c.contact_id,
            holder.c.email == who.c.email,
            live.c.ended_at.is_(None),
        )
        .correlate(who)
    )
    new = sa.select(who.c.email, who.c.contact_id, sa.literal(1)).where(~already)
    return acting(company_id, sa.literal(0)).union_all(new).cte("readers")


def count_mailboxes(readers: CTE) -> Select:
    """``all`` e-mails with a hit, and how many of them are ``shared``."""
    each = _mailboxes(readers).subquery()
    shared = sa.func.count().filter(each.c.contacts > 1).label("shared")
    return sa.select(sa.func.count().label("all"), shared).select_from(each)


def shared_among(db: ScopedSession, readers: CTE) -> tuple[Shared, ...]:
    """The first shared e-mails with a hit, each with the first names behind it."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for email, count, name in db.connection().execute(_shared_names(db.company_id, readers)):
        found[email, count].append(name)
    return tuple(Shared(email, count, tuple(names)) for (email, count), names in found.items())


def _mailboxes(readers: CTE) -> Any:
    """``email, contacts`` of the e-mails with a hit."""
    contacts_each = sa.func.count(sa.distinct(readers.c.contact_id))
    return (
        sa.select(readers.c.email, contacts_each.label("contacts"))
        .group_by(readers.c.email)
        .having(sa.func.max(readers.c.hit) == 1)
    )


def _shared_names(company_id: int, readers: CTE) -> Select:
    is_shared = sa.func.count(sa.distinct(readers.c.contact_id)) > 1
    several = _mailboxes(readers).having(is_shared).order_by(readers.c.email).limit(MOST).subquery()
    who = sa.select(readers.c.email, readers.c.contact_id).distinct().subquery()
    place = sa.func.row_number().over(partition_by=who.c.email, order_by=(contacts.c.sort_key, contacts.c.id))
    ranked = (
        sa.select(several.c.email, several.c.contacts, contacts.c.name, place.label("place"))
        .join(who, who.c.email == several.c.email)
        .join(contacts, sa.and_(contacts.c.company_id == company_id, contacts.c.id == who.c.contact_id))
        .subquery()
    )
    return (
        sa.select(ranked.c.email, ranked.c.contacts, ranked.c.name)
        .where(ranked.c.place <= MOST_NAMES)
        .order_by(ranked.c.email, ranked.c.place)
    )
