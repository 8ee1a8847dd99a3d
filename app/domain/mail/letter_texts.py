"""Subject and body of each dispatch of a sending: its variables filled with what its documents say."""

from collections.abc import Sequence
from html import escape

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import joinedload, load_only

from app import clock
from app.domain.kinds import KINDS
from app.domain.mail.sending_plans import PlannedDispatch
from app.domain.mail.texts import CleanHtml
from app.domain.mail.values import document_values
from app.domain.mail.variables import LONGEST_SUBJECT, fill_html, fill_line, shortened
from app.scope import ScopedSession
from app.texts import _, speaking
from models import Company, Contact, Document, StaffUser

_SAID = [
    getattr(Document, name)
    for name in (
        "kind", "status", "number_text", "series_label", "issued_on", "due_on", "base_total", "total", "payable",
        "collected", "currency", "subject", "buyer_name", "contact_id",
    )
]  # fmt: skip


class Letterhead(Struct, frozen=True):
    """Who writes, and where its intranet is."""

    company: Company
    user: StaffUser | None
    portal: str

    @classmethod
    def of(cls, db: ScopedSession, user_id: int, portal: str) -> "Letterhead":
        return cls(db.get_one(Company, db.company_id), db.get(StaffUser, user_id), portal)


def filled_texts(  # noqa: PLR0913 - a letter and whom it is about
    db: ScopedSession,
    letterhead: Letterhead,
    planned: Sequence[PlannedDispatch],
    subject: str,
    body: CleanHtml,
    *,
    has_links: bool,
) -> list[tuple[str, str]]:
    """The texts of each. With links, those to its documents follow what was written.

    In Spanish, as whoever wrote them, whatever is spoken to whoever asks.
    """
    wanted = [document.id for one in planned for document in one.documents]
    found = {
        document.id: document
        for document in db.scalars(
            select(Document)
            .where(Document.id.in_(wanted))
            .options(load_only(*_SAID), joinedload(Document.contact).load_only(Contact.name))
        )
    }
    today = clock.today()
    written = []
    with speaking("es"):
        for one in planned:
            documents = [found[document.id] for document in one.documents]
            values = document_values(
                documents, company=letterhead.company, user=letterhead.user, portal=letterhead.portal, today=today
            )
            text = fill_html(body, values) + (_links(documents, letterhead.portal) if has_links else "")
            written.append((shortened(fill_line(subject, values), LONGEST_SUBJECT), text))
    return written


def _links(documents: Sequence[Document], portal: str) -> str:
    """Where each document can be read."""
    return "".join(
        f'<p><a href="{escape(f"{portal}/{KINDS[one.kind].slug}/{one.id}")}">{escape(_see(one))}</a></p>'
        for one in documents
    )


def _see(document: Document) -> str:
    words = KINDS[document.kind].words
    return _("Ver %(documento)s %(numero)s") % {"documento": _(words.the), "numero": document}
