"""Drafts made from what there is: the same once more, a new version, or the next kind of document."""

import datetime as dt

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.domain.copying import Drafted, OtherCurrency, draft_from, save_copy, series_for
from app.domain.following import can_become
from app.domain.kinds import KINDS
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Document
from models.enums import DocumentKind, DocumentStatus

# What has been done by the time it is invoiced.
_DONE = (DocumentKind.DELIVERY_NOTE, DocumentKind.WORK_ORDER)


class NothingToMake(Refusal):
    """A cancelled, replaced or invoiced document is where it ends, and not everything is made from everything."""

    code = "nothing_to_make"

    def __init__(self, original: Document, kind: DocumentKind) -> None:
        words = KINDS[kind].words
        sentence = words.agree(
            "No se puede hacer una %(que)s desde %(documento)s %(numero)s.",
            "No se puede hacer un %(que)s desde %(documento)s %(numero)s.",
        )
        facts = {"que": _(words.noun), "documento": _(KINDS[original.kind].words.the), "numero": original}
        super().__init__(sentence % facts)


class NotRepeated(Refusal):
    """A correction belongs to its invoice."""

    code = "not_repeated"

    def __init__(self) -> None:
        super().__init__(_("Una rectificativa no se duplica: si hace falta otra, rectifique otra vez la original."))


class RepeatDocument(Struct, frozen=True, kw_only=True):
    """``key`` is the button's: pressed twice it makes one. The series is one of ``user_id``'s."""

    document_id: int
    kind: DocumentKind
    today: dt.date
    user_id: int | None = None
    key: str | None = None


class ConvertDocument(Struct, frozen=True, kw_only=True):
    """``to`` the same kind is a new version. ``key`` as for ``RepeatDocument``."""

    document_id: int
    kind: DocumentKind
    to: DocumentKind
    today: dt.date
    user_id: int | None = None
    key: str | None = None


def repeat_document(db: ScopedSession, command: RepeatDocument) -> Drafted:
    """A new draft of today with the customer, lines, subject and notes of another, which is locked.

    Raises ``NotFound``, ``NotRepeated``, ``OtherCurrency`` or ``NoSeries``.
    """
    original = _original(db, command.document_id, command.kind)
    if (made := _made(db, command.key, command.kind)) is not None:
        return Drafted(made.id, made.kind, _("Ya estaba hecho."))
    if original.corrects_text:
        raise NotRepeated
    copy = _copied(db, original, command.kind, command)
    return Drafted(copy.id, copy.kind, _("Borrador nuevo con las líneas de %(numero)s.") % {"numero": str(original)})


def convert_document(db: ScopedSession, command: ConvertDocument) -> Drafted:
    """A draft of the next kind; the original learns of it when that one is issued.

    The original is locked, and while there is a draft of that kind from it that one is the answer. Raises
    ``NotFound``, ``NothingToMake``, ``OtherCurrency`` or ``NoSeries``.
    """
    original = _original(db, command.document_id, command.kind)
    if (made := _made(db, command.key, command.to)) is not None:
        return Drafted(made.id, made.kind, _("Ya estaba hecho."))
    if not can_become(original, command.to):
        raise NothingToMake(original, command.to)
    if (begun := _begun(db, original, command.to)) is not None:
        return Drafted(begun.id, begun.kind, _("Ya había un borrador hecho desde %(numero)s.") % {"numero": original})
    copy = _copied(db, original, command.to, command)
    facts = {"que": _(KINDS[command.to].words.noun), "numero": str(original)}
    return Drafted(copy.id, copy.kind, _("Borrador de %(que)s con las líneas de %(numero)s.") % facts)


def _made(db: ScopedSession, key: str | None, kind: DocumentKind) -> Document | None:
    return db.scalar(select(Document).where(Document.draft_key == key, Document.kind == kind)) if key else None


def _is_free(db: ScopedSession, key: str | None) -> bool:
    return key is not None and db.scalar(select(Document.id).where(Document.draft_key == key)) is None


def _begun(db: ScopedSession, original: Document, kind: DocumentKind) -> Document | None:
    drafts = select(Document).where(
        Document.made_from_id == original.id, Document.kind == kind, Document.status == DocumentStatus.DRAFT
    )
    return db.scalars(drafts.order_by(Document.id)).first()


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
    series = series_for(db, kind, command.today, user_id=command.user_id)
    copy: Document = draft_from(original, kind, series, command.today)
    copy.subject, copy.notes = original.subject, original.notes
    copy.draft_key = command.key if _is_free(db, command.key) else None
    if isinstance(command, ConvertDocument):
        copy.made_from_id = original.id
        _say_when_it_was_done(copy, original)
    save_copy(db, copy, original)
    return copy


def _say_when_it_was_done(copy: Document, original: Document) -> None:
    """An invoice names the day of the operation when it is another one (RD 1619/2012, art. 6.1.i), and what it was."""
    if copy.kind is not DocumentKind.INVOICE or original.kind not in _DONE:
        return
    if original.issued_on != copy.issued_on:
        copy.operation_on = original.issued_on
    copy.subject = copy.subject or f"{_(KINDS[original.kind].words.title)} {original}"
