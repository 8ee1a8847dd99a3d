"""The questions behind a dry run. One pass over the documents each, whatever their number."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import CTE, ColumnElement, Select

from app.domain.access_sql import has_access, has_people, newcomers
from app.domain.access_tables import contacts, memberships
from app.domain.mail.outbox import mails
from app.domain.publishing_sql import publication_figures, publications, still_tells
from app.domain.queries.documents import selected
from app.domain.selections import DocumentSelection
from app.domain.shared_emails import acting
from models import Document
from models.enums import DocumentStatus, MailKind
from models.mail import LEFT, WAITING

GAINING, WITHOUT_EMAIL, SHUT_OUT, REACHED, UNTOUCHED = "gaining", "without_email", "shut_out", "reached", "untouched"
IN_WORDS = (GAINING, WITHOUT_EMAIL, SHUT_OUT)


def affected(company_id: int, selection: DocumentSelection, *, republish: bool) -> CTE:
    """The selection by contact: how many documents would be published, are drafts, are published already."""
    live = publications.alias("live")
    is_draft = Document.status == DocumentStatus.DRAFT
    chosen = sa.and_(~is_draft, sa.true() if republish else live.c.id.is_(None))
    euros = Document.currency == "EUR"
    return (
        sa.select(
            Document.contact_id.label("contact_id"),
            sa.func.count().filter(chosen).label("documents"),
            sa.func.sum(Document.id).filter(chosen).label("id_sum"),
            sa.func.max(Document.id).filter(chosen).label("id_max"),
            sa.func.sum(Document.total).filter(sa.and_(chosen, euros)).label("amount"),
            sa.func.count().filter(sa.and_(chosen, ~euros)).label("other_currencies"),
            sa.func.count().filter(is_draft).label("drafts"),
            sa.func.count().filter(live.c.id.is_not(None)).label("published"),
        )
        .select_from(Document)
        .outerjoin(
            live,
            sa.and_(live.c.company_id == company_id, live.c.document_id == Document.id, live.c.withdrawn_at.is_(None)),
        )
        .where(*selected(company_id, selection))
        .group_by(Document.contact_id)
        .cte("affected")
    )


def gaining(company_id: int, affected: CTE) -> CTE:
    """``contact_id, email, name`` of the people whom publishing gives access."""
    return newcomers(company_id, contacts.c.id == affected.c.contact_id, affected.c.documents > 0).cte("gaining")


def _classified(company_id: int, affected: CTE, gaining: CTE) -> CTE:
    """Each contact of ``affected`` with its name, how many people gain access, and what publishing means for it."""
    each = sa.select(gaining.c.contact_id, sa.func.count().label("people")).group_by(gaining.c.contact_id).subquery()
    situation = sa.case(
        (affected.c.documents == 0, UNTOUCHED),
        (each.c.people > 0, GAINING),
        (has_access(company_id, contacts.c.id), REACHED),
        (has_people(company_id), SHUT_OUT),
        else_=WITHOUT_EMAIL,
    )
    return (
        sa.select(
            affected,
            each.c.people,
            contacts.c.name,
            contacts.c.email,
            contacts.c.sort_key,
            situation.label("situation"),
        )
        .join(contacts, sa.and_(contacts.c.company_id == company_id, contacts.c.id == affected.c.contact_id))
        .outerjoin(each, each.c.contact_id == affected.c.contact_id)
        .cte("classified")
    )


def figures(company_id: int, affected: CTE, gaining: CTE) -> Select:
    each = _classified(company_id, affected, gaining)

    def total(column: ColumnElement[Any]) -> Any:
        return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)

    def of(situation: str) -> tuple[Any, Any]:
        there = each.c.situation == situation
        contacts_there = sa.func.count().filter(there).label(situation)
        return contacts_there, total(sa.case((there, each.c.documents), else_=0)).label(f"{situation}_documents")

    return sa.select(
        total(each.c.documents).label("documents"),
        total(each.c.id_sum).label("id_sum"),
        sa.func.coalesce(sa.func.max(each.c.id_max), 0).label("id_max"),
        sa.func.sum(each.c.amount).label("amount"),
        total(each.c.other_currencies).label("other_currencies"),
        total(each.c.drafts).label("drafts"),
        total(each.c.published).label("published"),
        sa.func.count().filter(each.c.documents > 0).label("customers"),
        total(each.c.people).label("people"),
        *of(GAINING),
        *of(WITHOUT_EMAIL),
        *of(SHUT_OUT),
    )


def names(company_id: int, affected: CTE, gaining: CTE, most: int) -> Select:
    """``situation, contact_id, name, email, documents``: the first ``most`` of each situation that is told in words.

    Where people gain access, each of them.
    """
    each = _classified(company_id, affected, gaining)
    email = sa.func.coalesce(gaining.c.email, each.c.email).label("email")
    place = sa.func.row_number().over(
        partition_by=each.c.situation, order_by=(each.c.sort_key, each.c.contact_id, email)
    )
    ranked = (
        sa.select(each.c.situation, each.c.contact_id, each.c.name, email, each.c.documents, place.label("place"))
        .outerjoin(gaining, gaining.c.contact_id == each.c.contact_id)
        .where(each.c.situation.in_(IN_WORDS))
        .subquery()
    )
    return (
        sa.select(ranked.c.situation, ranked.c.contact_id, ranked.c.name, ranked.c.email, ranked.c.documents)
        .where(ranked.c.place <= most)
        .order_by(ranked.c.situation, ranked.c.place)
    )


def readers(company_id: int, affected: CTE, gaining: CTE) -> CTE:
    """Who may act for whom once this is published; hits are those of contacts that it concerns."""
    touched = sa.select(affected.c.contact_id).where(affected.c.documents > 0)
    hit = sa.case((memberships.c.contact_id.in_(touched), 1), else_=0)
    new = sa.select(gaining.c.email, gaining.c.contact_id, sa.literal(1))
    return acting(company_id, hit).union_all(new).cte("readers")


def live_figures(company_id: int, selection: DocumentSelection) -> Select:
    """``documents, id_sum, id_max, customers`` that are live in the selection."""
    chosen = sa.select(Document.id).where(*selected(company_id, selection))
    return publication_figures(
        publications.c.company_id == company_id,
        publications.c.withdrawn_at.is_(None),
        publications.c.document_id.in_(chosen),
    )


def count_unsent(company_id: int, selection: DocumentSelection) -> Select:
    """Unsent notices of what is live in the selection that would have nothing else to tell."""
    other = publications.alias("other")
    chosen = sa.select(Document.id).where(*selected(company_id, selection))
    remaining = _read_by(
        other,
        [
            other.c.company_id == company_id,
            still_tells(company_id, other),
            other.c.document_id.not_in(chosen),
        ],
    )
    return _count_notices(company_id, selection, mails.c.status.in_(WAITING), ~remaining)


def count_sent(company_id: int, selection: DocumentSelection) -> Select:
    """Notices that told of what is live in the selection, and have left or are leaving."""
    return _count_notices(company_id, selection, mails.c.status.in_(LEFT))


def _count_notices(company_id: int, selection: DocumentSelection, *which: ColumnElement[bool]) -> Select:
    # Conditions of the WHERE, each: PostgreSQL joins those as sets, and asks those of a FILTER for every single mail.
    told = publications.alias("told")
    chosen = sa.select(Document.id).where(*selected(company_id, selection))
    # The sum keeps SQLite from seeking each of the chosen in turn for every mail.
    live = [told.c.company_id == company_id, told.c.withdrawn_at.is_(None), (told.c.document_id + 0).in_(chosen)]
    about = _read_by(told, live)
    return (
        sa.select(sa.func.count())
        .select_from(mails)
        .where(mails.c.company_id == company_id, mails.c.kind == MailKind.NOTICE, about, *which)
    )


def _read_by(told: Any, conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    """The notice at hand told its reader of a publication of its batch that meets the conditions."""
    reader = memberships.alias()
    return sa.exists(
        sa.select(1)
        .select_from(reader.join(told, reader.c.contact_id == told.c.contact_id))
        .where(
            reader.c.company_id == mails.c.company_id,
            reader.c.account_id == mails.c.portal_account_id,
            told.c.batch_id == mails.c.batch_id,
            *conditions,
        )
        .correlate(mails)
    )
