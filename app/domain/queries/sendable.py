"""Documents as sending them sees them: whose they are, and what their PDFs weigh."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app.domain.access_tables import contacts, memberships
from app.domain.publishing_sql import publications
from app.domain.queries.documents import live_publication, selected
from app.domain.selections import DocumentSelection
from app.scope import ScopedSession
from models import Attachment, DispatchDocument, Document, StoredFile
from models.enums import DocumentStatus

AT_ONCE = 500

attachments: Any = Attachment.__table__
enclosed: Any = DispatchDocument.__table__
stored: Any = StoredFile.__table__


class Chosen(Struct, frozen=True, kw_only=True):
    """What a selection is now, drafts apart: how many documents, of how many contacts, and the only ones."""

    documents: int = 0
    published: int = 0
    contacts: int = 0
    number: str = ""
    contact_id: int | None = None


def chosen_of(db: ScopedSession, selection: DocumentSelection) -> Chosen:
    """Enough to say what would be sent, and to ask what has to be asked."""
    issued = (*selected(db.company_id, selection), Document.status != DocumentStatus.DRAFT)
    row = db.execute(
        sa.select(
            sa.func.count(Document.id).label("documents"),
            sa.func.sum(sa.case((live_publication(db.company_id), 1), else_=0)).label("published"),
            sa.func.count(Document.contact_id.distinct()).label("contacts"),
            sa.func.max(Document.number_text).label("number"),
            sa.func.max(Document.contact_id).label("contact_id"),
        ).where(*issued)
    ).one()
    return Chosen(
        documents=row.documents,
        published=row.published or 0,
        contacts=row.contacts,
        number=row.number or "",
        contact_id=row.contact_id if row.contacts == 1 else None,
    )


def sendable_documents(db: ScopedSession, selection: DocumentSelection, most: int) -> Sequence[Any]:
    """Drafts too. By customer, then by day. ``live_version`` is that of its publication, if it has one."""
    live = sa.and_(
        publications.c.company_id == db.company_id,
        publications.c.document_id == Document.id,
        publications.c.withdrawn_at.is_(None),
    )
    printed = sa.and_(stored.c.company_id == db.company_id, stored.c.id == publications.c.file_id)
    statement = (
        sa.select(
            Document.id,
            Document.number_text,
            Document.status,
            Document.total,
            Document.currency,
            Document.contact_id,
            contacts.c.name,
            contacts.c.language,
            publications.c.template_version_id.label("live_version"),
            stored.c.size.label("live_size"),
            brought_pdf("size", Document.__table__, Document.id).label("brought_size"),
        )
        .join(contacts, sa.and_(contacts.c.company_id == db.company_id, contacts.c.id == Document.contact_id))
        .outerjoin(publications, live)
        .outerjoin(stored, printed)
        .where(*selected(db.company_id, selection))
        .order_by(contacts.c.sort_key, contacts.c.id, Document.issued_on, Document.id)
        .limit(most)
    )
    return db.connection().execute(statement).all()


def brought_pdf(what: str, outer: Any, document_id: Any) -> Any:
    """Of the PDF that came with an imported document, which is what its reader gets; for rows of ``outer``."""
    files = stored.alias("brought")
    return (
        sa.select(files.c[what])
        .join(attachments, sa.and_(attachments.c.company_id == files.c.company_id, attachments.c.file_id == files.c.id))
        .where(
            attachments.c.company_id == outer.c.company_id,
            attachments.c.document_id == document_id,
            attachments.c.is_customer_pdf,
        )
        .order_by(attachments.c.id)
        .limit(1)
        .correlate(outer)
        .scalar_subquery()
    )


def acted_for(db: ScopedSession, contact_ids: Sequence[int]) -> set[int]:
    """Those of the contacts for which somebody may enter the intranet."""
    acting = (
        sa.select(memberships.c.contact_id)
        .distinct()
        .where(memberships.c.company_id == db.company_id, memberships.c.ended_at.is_(None))
    )
    return set(_few_at_a_time(db, acting, memberships.c.contact_id, contact_ids))


def sent_among(db: ScopedSession, document_ids: Sequence[int]) -> int:
    """How many of the documents somebody has sent by mail."""
    sent = sa.select(enclosed.c.document_id).distinct().where(enclosed.c.company_id == db.company_id)
    return len(set(_few_at_a_time(db, sent, enclosed.c.document_id, document_ids)))


def _few_at_a_time(db: ScopedSession, statement: Any, column: Any, ids: Sequence[int]) -> Iterator[int]:
    for at in range(0, len(ids), AT_ONCE):
        yield from db.connection().execute(statement.where(column.in_(ids[at : at + AT_ONCE]))).scalars()
