"""Drafts made from what there is: the same once more, a new version, or the next kind of document."""

import datetime as dt

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.domain.copying import Drafted, OtherCurrency, draft_from, save_copy, series_for
from app.domain.following import ENDED
from app.domain.kinds import KINDS
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Document
from models.enums import DocumentKind


class NothingToMake(Refusal):
    """A cancelled, replaced or invoiced document is where it ends, and not everything is made from everything."""

    code = "nothing_to_make"

    def __init__(self, original: Document, kind: DocumentKind) -> None:
        facts = {"que": _(KINDS[kind].words.noun), "documento": _(KINDS[original.kind].words.the), "numero": original}
        super().__init__(_("No se puede hacer %(que)s desde %(documento)s %(numero)s.") % facts)


class RepeatDocument(Struct, frozen=True, kw_only=True):
    """``key`` is the button's: pressed twice it makes one."""

    document_id: int
    kind: DocumentKind
    today: dt.date
    key: str | None = None


class ConvertDocument(Struct, frozen=True, kw_only=True):
    """``to`` the same kind is a new version. ``key`` as for ``RepeatDocument``."""

    document_id: int
    kind: DocumentKind
    to: DocumentKind
    today: dt.date
    key: str | None = None


def repeat_document(db: ScopedSession, command: RepeatDocument) -> Drafted:
    """A new draft of today with the customer, lines and texts of another. Raises ``NotFound`` or ``OtherCurrency``."""
    original = _original(db, command.document_id, command.kind)
    if (made := _made(db, command.key)) is not None:
        return Drafted(made.id, made.kind, _("Ya estaba hecho."))
    copy = _copied(db, original, command.kind, command)
    return Drafted(copy.id, copy.kind, _("Borrador nuevo con las líneas de %(numero)s.") % {"numero": str(original)})


def convert_document(db: ScopedSession, command: ConvertDocument) -> Drafted:
    """A draft of the next kind; the original learns of it when that one is issued.

    The original is locked. Raises ``NotFound``, ``NothingToMake``, ``OtherCurrency`` or ``NoSeries``.
    """
    original = _original(db, command.document_id, command.kind)
    if (made := _made(db, command.key)) is not None:
        return Drafted(made.id, made.kind, _("Ya estaba hecho."))
    if original.is_draft or original.status in ENDED or command.to not in KINDS[original.kind].becomes:
        raise NothingToMake(original, command.to)
    copy = _copied(db, original, command.to, command)
    facts = {"que": _(KINDS[command.to].words.noun), "numero": str(original)}
    return Drafted(copy.id, copy.kind, _("Borrador de %(que)s con las líneas de %(numero)s.") % facts)


def _made(db: ScopedSession, key: str | None) -> Document | None:
    return db.scalar(select(Document).where(Document.draft_key == key)) if key else None


def _original(db: ScopedSession, document_id: int, kind: DocumentKind) -> Document:
    original = db.scalar(
        select(Document)
        .where(Document.id == document_id, Document.kind == kind)
        .options(selectinload(Document.lines), selectinload(Document.contact))
        .with_for_update()
    )
    if original is None:
        raise NotFound(_(KINDS[kind].words.that))
    if original.currency != "EUR":
        raise OtherCurrency(original.currency)
    return original


def _copied(
    db: ScopedSession, original: Document, kind: DocumentKind, command: RepeatDocument | ConvertDocument
) -> Document:
    copy: Document = draft_from(original, kind, series_for(db, kind, command.today), command.today)
    copy.subject, copy.notes, copy.draft_key = original.subject, original.notes, command.key
    copy.made_from_id = original.id if isinstance(command, ConvertDocument) else None
    save_copy(db, copy, original)
    return copy
