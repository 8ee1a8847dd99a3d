"""Where a document goes once it is issued: by hand, or because another was made from it."""

from msgspec import Struct
from sqlalchemy import select

from app.domain.kinds import KINDS
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Document
from models.enums import DocumentKind, DocumentStatus

# What has come to its end: nothing more is made from it.
ENDED = frozenset({DocumentStatus.SUPERSEDED, DocumentStatus.INVOICED, DocumentStatus.CANCELLED})


class CannotMove(Refusal):
    """Somebody else moved it meanwhile, or it never could."""

    code = "cannot_move"

    def __init__(self, document: Document) -> None:
        sentence = _("El estado de %(documento)s %(numero)s ya es otro. Vuelva a abrirlo para verlo.")
        super().__init__(sentence % {"documento": _(KINDS[document.kind].words.the), "numero": document})


class AlreadyFollowed(Refusal):
    """What it was made from has been invoiced, or replaced, by another one meanwhile."""

    code = "already_followed"

    def __init__(self, origin: Document) -> None:
        sentence = _("Viene %(documento)s %(numero)s, que ya se facturó o se sustituyó por otro.")
        super().__init__(sentence % {"documento": _(KINDS[origin.kind].words.of_the), "numero": origin})


class MoveDocument(Struct, frozen=True, kw_only=True):
    """``seen`` is the state it was shown in."""

    document_id: int
    kind: DocumentKind
    seen: DocumentStatus
    to: DocumentStatus


def move_document(db: ScopedSession, command: MoveDocument) -> Document:
    """Move an issued document to another of its states. Asking for the state it has already changes nothing.

    Locks the document. Raises ``NotFound`` or ``CannotMove``.
    """
    document = _locked(db, command.document_id)
    if document is None or document.kind is not command.kind:
        raise NotFound(_(KINDS[command.kind].words.that))
    if document.status is command.to:
        return document
    moves = KINDS[document.kind].moves.get(document.status, ())
    if document.status is not command.seen or command.to not in moves:
        raise CannotMove(document)
    document.status = command.to
    document.revision += 1
    db.flush()
    return document


def follow(db: ScopedSession, document: Document) -> None:
    """Tell the document it was made from that ``document`` is issued. Raises ``AlreadyFollowed``."""
    origin = _locked(db, document.made_from_id) if document.made_from_id is not None else None
    if origin is None:
        return
    if origin.status in ENDED:
        raise AlreadyFollowed(origin)
    status = KINDS[origin.kind].becomes.get(document.kind)
    if status is None or status is origin.status:
        return
    origin.status = status
    origin.revision += 1


def _locked(db: ScopedSession, document_id: int) -> Document | None:
    return db.scalar(
        select(Document).where(Document.id == document_id).with_for_update().execution_options(populate_existing=True)
    )
