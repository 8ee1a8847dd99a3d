"""What a sending is about, in figures: enough to say it, and to ask what has to be asked."""

from msgspec import Struct
from sqlalchemy import case, func, select

from admin_views.selection import Selection
from app.domain.queries.documents import live_publication
from app.scope import ScopedSession
from models import Document
from models.enums import DocumentStatus


class Chosen(Struct, frozen=True, kw_only=True):
    """What the list's selection is now, drafts apart: how many documents, of how many contacts, and the only ones."""

    documents: int = 0
    published: int = 0
    contacts: int = 0
    number: str = ""
    contact_id: int | None = None


def chosen_of(db: ScopedSession, selection: Selection) -> Chosen:
    issued = (*selection.conditions(db.company_id), Document.status != DocumentStatus.DRAFT)
    row = db.execute(
        select(
            func.count(Document.id).label("documents"),
            func.sum(case((live_publication(db.company_id), 1), else_=0)).label("published"),
            func.count(Document.contact_id.distinct()).label("contacts"),
            func.max(Document.number_text).label("number"),
            func.max(Document.contact_id).label("contact_id"),
        ).where(*issued)
    ).one()
    return Chosen(
        documents=row.documents,
        published=row.published or 0,
        contacts=row.contacts,
        number=row.number or "",
        contact_id=row.contact_id if row.contacts == 1 else None,
    )
