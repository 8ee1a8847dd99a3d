"""What publishing or withdrawing a selection would do: figures by aggregates, names by the first fifty."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, field
from sqlalchemy import CTE, ColumnElement

from app.domain import previewing_sql as sql
from app.domain import undoing_sql
from app.domain.access_tables import memberships
from app.domain.bulk import hashed_joins
from app.domain.mail.outbox import mails
from app.domain.publishing_sql import count_selected, notices_of, publications
from app.domain.ranges import Gaps, gaps_in
from app.domain.selections import DocumentSelection
from app.domain.shared_emails import Shared, count_mailboxes, shared_among
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.texts import _
from models.mail import LEFT, WAITING

NAMES = 50
_NOTHING = Decimal("0.00")


class Fingerprint(Struct, frozen=True):
    """What was shown, in five numbers. What is done must have the same, or it is not done."""

    documents: int
    id_sum: int
    id_max: int
    accounts: int = 0
    mails: int = 0

    def encode(self) -> str:
        return f"{self.documents}.{self.id_sum}.{self.id_max}.{self.accounts}.{self.mails}"

    @classmethod
    def decode(cls, text: str) -> "Fingerprint":
        """Raises ``InvalidValue`` for anything ``encode`` did not write."""
        parts = text.split(".")
        if len(parts) != 5 or not all(part.isascii() and part.isdigit() and len(part) <= 20 for part in parts):
            raise InvalidValue(_("El formulario está incompleto. Ábralo de nuevo."), field="fingerprint")
        return cls(*(int(part) for part in parts))


class Named(Struct, frozen=True):
    """A contact by name, with its e-mail when that matters and how many of the documents are its own."""

    id: int
    name: str
    email: str = ""
    documents: int = 0


class Names(Struct, frozen=True):
    """The first fifty by name, and how many there are with their documents."""

    count: int = 0
    documents: int = 0
    first: tuple[Named, ...] = ()

    def __bool__(self) -> bool:
        return self.count > 0

    def __iter__(self) -> Iterator[Named]:
        return iter(self.first)


class Preview(Struct, frozen=True, kw_only=True):
    """What would happen now.

    ``new_accounts`` are people who get access; ``shut_out`` contacts all of whose people had theirs withdrawn.
    ``amount`` is the total in euros; ``other_currencies`` counts documents that are not in it.
    """

    documents: int
    customers: int
    mails: int
    amount: Decimal = _NOTHING
    other_currencies: int = 0
    drafts: int = 0
    already_published: int = 0
    new_accounts: Names = Names()
    without_email: Names = Names()
    shut_out: Names = Names()
    shared_count: int = 0
    shared_email: tuple[Shared, ...] = ()
    gaps: Gaps | None = None
    fingerprint: Fingerprint = field(default=Fingerprint(0, 0, 0))


class WithdrawalPreview(Struct, frozen=True, kw_only=True):
    """What withdrawing would do now: ``sent`` notices cannot be called back."""

    documents: int
    customers: int
    unpublished: int
    unsent: int
    sent: int
    fingerprint: Fingerprint


class UndoPreview(Struct, frozen=True, kw_only=True):
    """What undoing a publication would do now, as ``Undone`` says it; ``unsent`` are the mails that would not leave."""

    documents: int
    restored: int
    still_visible: int
    accesses: int
    unsent: int
    sent: int


def preview_publication(
    db: ScopedSession, selection: DocumentSelection, *, notify: bool, republish: bool = False
) -> Preview:
    """The dry run of ``publish_documents``, whose figures will be exactly these unless something changes meanwhile."""
    company_id = db.company_id
    affected = sql.affected(company_id, selection, republish=republish)
    gaining = sql.gaining(company_id, affected)
    total = db.connection().execute(sql.figures(company_id, affected, gaining)).one()
    readers = sql.readers(company_id, affected, gaining)
    mailboxes = db.connection().execute(count_mailboxes(readers)).one()
    names = _names(db, affected, gaining) if total.gaining or total.without_email or total.shut_out else {}
    mails = mailboxes.all if notify else 0
    return Preview(
        documents=total.documents,
        customers=total.customers,
        mails=mails,
        amount=total.amount or _NOTHING,
        other_currencies=total.other_currencies,
        drafts=total.drafts,
        already_published=total.published,
        new_accounts=Names(total.people, total.gaining_documents, names.get(sql.GAINING, ())),
        without_email=Names(total.without_email, total.without_email_documents, names.get(sql.WITHOUT_EMAIL, ())),
        shut_out=Names(total.shut_out, total.shut_out_documents, names.get(sql.SHUT_OUT, ())),
        shared_count=mailboxes.shared,
        shared_email=shared_among(db, readers) if mailboxes.shared else (),
        gaps=gaps_in(db, selection) if selection.numbers else None,
        fingerprint=Fingerprint(total.documents, total.id_sum, total.id_max, total.people, mails),
    )


def preview_withdrawal(db: ScopedSession, selection: DocumentSelection) -> WithdrawalPreview:
    """The dry run of ``withdraw_documents``. Mails may leave meanwhile: they are shown, not promised."""
    documents, id_sum, id_max, customers = db.connection().execute(sql.live_figures(db.company_id, selection)).one()
    with hashed_joins(db):
        unsent = db.connection().execute(sql.count_unsent(db.company_id, selection)).scalar_one()
        sent = db.connection().execute(sql.count_sent(db.company_id, selection)).scalar_one()
    everything, drafts = db.connection().execute(count_selected(db.company_id, selection)).one()
    return WithdrawalPreview(
        documents=documents,
        customers=customers,
        unpublished=everything - drafts - documents,
        unsent=unsent,
        sent=sent,
        fingerprint=Fingerprint(documents, id_sum, id_max),
    )


def preview_undo(db: ScopedSession, batch_id: int) -> UndoPreview:
    """The dry run of ``undo_batch``. What happens meanwhile is not noticed: it is shown, not promised."""
    company_id = db.company_id

    def count(table: Any, *which: ColumnElement[bool]) -> int:
        return db.connection().execute(sa.select(sa.func.count()).select_from(table).where(*which)).scalar_one()

    notices = notices_of(company_id, batch_id)
    with hashed_joins(db):
        return UndoPreview(
            documents=count(publications, *undoing_sql.live_of(company_id, batch_id)),
            restored=count(publications, *undoing_sql.restorable(company_id, batch_id)),
            still_visible=db.connection().execute(undoing_sql.count_still_visible(company_id, batch_id)).scalar_one(),
            accesses=count(memberships, *undoing_sql.unused_accesses(company_id, batch_id)),
            unsent=count(mails, *notices, mails.c.status.in_(WAITING)),
            sent=count(mails, *notices, mails.c.status.in_(LEFT)),
        )


def _names(db: ScopedSession, affected: CTE, gaining: CTE) -> dict[str, tuple[Named, ...]]:
    found: dict[str, list[Named]] = defaultdict(list)
    for situation, contact_id, name, email, documents in db.connection().execute(
        sql.names(db.company_id, affected, gaining, NAMES)
    ):
        found[situation].append(Named(contact_id, name, email or "", documents))
    return {situation: tuple(named) for situation, named in found.items()}
