"""Where a document goes once it is issued: by hand, or because another was made from it."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.domain.kinds import KINDS
from app.domain.telling import tell
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Document
from models.enums import DocumentKind, DocumentStatus, WebhookEvent

# What has come to its end, and how that is told: nothing more is made from it.
ENDED = {
    DocumentStatus.SUPERSEDED: "ya se sustituyó por otro",
    DocumentStatus.INVOICED: "ya se facturó",
    DocumentStatus.CANCELLED: "se canceló",
    DocumentStatus.REJECTED: "se rechazó",
}


class CannotMove(Refusal):
    """Somebody else moved it meanwhile, or it never could."""

    code = "cannot_move"

    def __init__(self, document: Document) -> None:
        sentence = _("El estado %(documento)s %(numero)s ya es otro. Vuelva a abrir su página.")
        super().__init__(sentence % {"documento": _(KINDS[document.kind].words.of_the), "numero": document})


class StaysInvoiced(Refusal):
    """What was invoiced is so until the invoice is taken back."""

    code = "stays_invoiced"

    def __init__(self, document: Document, invoice: Document) -> None:
        sentence = _("No puede cambiar: %(documento)s %(numero)s se facturó con %(factura)s. Rectifíquela antes.")
        facts = {"documento": _(KINDS[document.kind].words.the), "numero": document, "factura": invoice}
        super().__init__(sentence % facts)


class OriginEnded(Refusal):
    """What it was made from has come to its end meanwhile."""

    code = "origin_ended"

    def __init__(self, origin: Document) -> None:
        sentence = _("Viene %(documento)s %(numero)s, que %(fin)s.")
        facts = {"documento": _(KINDS[origin.kind].words.of_the), "numero": origin, "fin": _(ENDED[origin.status])}
        super().__init__(sentence % facts)


class MoveDocument(Struct, frozen=True, kw_only=True):
    """``seen`` is the state it was shown in."""

    document_id: int
    kind: DocumentKind
    seen: DocumentStatus
    to: DocumentStatus


def move_document(db: ScopedSession, command: MoveDocument) -> Document:
    """Move an issued document to another of its states. Asking for the state it has already changes nothing.

    Locks the document. Raises ``NotFound``, ``CannotMove`` or ``StaysInvoiced``.
    """
    document = _locked(db, command.document_id)
    if document is None or document.kind is not command.kind:
        raise NotFound(_(KINDS[command.kind].words.that))
    if document.status is command.to:
        return document
    moves = KINDS[document.kind].moves.get(document.status, ())
    if document.status is not command.seen or command.to not in moves:
        raise CannotMove(document)
    if document.status in KINDS[document.kind].becomes.values() and (invoices := standing_invoices(db, [document.id])):
        raise StaysInvoiced(document, invoices[0])
    _move(db, document, command.to)
    db.flush()
    return document


def can_become(document: Document, kind: DocumentKind) -> bool:
    """Whether a draft of ``kind`` may be begun from it: a rejected quote becomes but another version of itself."""
    if document.is_draft or kind not in KINDS[document.kind].becomes:
        return False
    return document.status not in ENDED or (document.status is DocumentStatus.REJECTED and kind is document.kind)


def standing_invoices(db: ScopedSession, document_ids: Sequence[int]) -> list[Document]:
    """Issued invoices made straight from these documents that no correction has taken back whole."""
    corrections = aliased(Document)
    taken_back = (
        select(func.coalesce(func.sum(corrections.total), 0))
        .where(
            corrections.company_id == db.company_id,
            corrections.corrects_id == Document.id,
            corrections.status != DocumentStatus.DRAFT,
        )
        .correlate(Document)
        .scalar_subquery()
    )
    standing = select(Document).where(
        Document.made_from_id.in_(document_ids),
        Document.kind == DocumentKind.INVOICE,
        Document.status != DocumentStatus.DRAFT,
        Document.total + taken_back != 0,
    )
    return list(db.scalars(standing.order_by(Document.id)))


def invoiced_before(db: ScopedSession, document: Document) -> list[Document]:
    """Invoices already issued of what ``document`` comes from, step by step back: for a question before issuing it."""
    chain, one = [], document
    while one.made_from_id is not None and one.made_from_id not in chain:
        chain.append(one.made_from_id)
        one = db.get_one(Document, one.made_from_id)
    return [invoice for invoice in standing_invoices(db, chain) if invoice.id != document.id] if chain else []


def follow(db: ScopedSession, document: Document) -> None:
    """Tell the document it was made from that ``document`` is issued. Raises ``OriginEnded``."""
    origin = _locked(db, document.made_from_id) if document.made_from_id is not None else None
    if origin is None:
        return
    if not can_become(origin, document.kind):
        raise OriginEnded(origin)
    status = KINDS[origin.kind].becomes.get(document.kind)
    if status is None or status is origin.status:
        return
    _move(db, origin, status)


def _move(db: ScopedSession, document: Document, status: DocumentStatus) -> None:
    document.status = status
    document.revision += 1
    facts = {"kind": document.kind.value, "number": document.number_text, "status": status.value}
    tell(db, WebhookEvent.DOCUMENT_MOVED, "document", document.id, **facts)


def _locked(db: ScopedSession, document_id: int) -> Document | None:
    return db.scalar(
        select(Document).where(Document.id == document_id).with_for_update().execution_options(populate_existing=True)
    )
