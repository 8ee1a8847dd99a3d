"""What the law freezes: once issued, a document and its parts stay as they were, but for what lives on."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from models.document import Document
from models.document_parts import DocumentLine, DocumentTax, DueDate
from models.enums import DocumentKind, DocumentStatus

PARTS = (DocumentLine, DocumentTax, DueDate)

# Where it stands, what the office notes for itself, and the files that come with it.
LIVES_ON = frozenset({"status", "internal_notes", "revision", "attachments"})
# Of an invoice, what has been paid and when the rest is due; the day of any other document is printed on it.
LIVES_ON_OF_INVOICES = LIVES_ON | {"collected", "due_on"}


def changes_what_is_issued(session: Session) -> bool:
    """Whether flushing ``session`` would. What was stored decides: issuing itself writes a document and its parts."""
    deleted = session.deleted
    known: dict[int, bool] = {}
    for row in (*session.new, *session.dirty, *deleted):
        if isinstance(row, Document):
            if _was_issued(row) and (row in deleted or _is_rewritten(row)):
                return True
        elif isinstance(row, PARTS) and _is_of_issued(session, row, known) and _is_written(session, row):
            return True
    return False


def _was_issued(document: Document) -> bool:
    state = inspect(document)
    if not state.persistent:
        return False
    before = state.attrs.status.history.deleted or (document.status,)
    return before[0] is not DocumentStatus.DRAFT


def _is_rewritten(document: Document) -> bool:
    """A part taken in or out changes the list it is in."""
    lives_on = LIVES_ON_OF_INVOICES if document.kind is DocumentKind.INVOICE else LIVES_ON
    return document.is_draft or any(
        attribute.key not in lives_on and attribute.history.has_changes() for attribute in inspect(document).attrs
    )


def _is_written(session: Session, part: Any) -> bool:
    return part in session.new or part in session.deleted or session.is_modified(part)


def _is_of_issued(session: Session, part: Any, known: dict[int, bool]) -> bool:
    """Of an issued document, or taken from one. A new part without a document yet is in the list of one."""
    for document_id in {part.document_id, *inspect(part).attrs.document_id.history.deleted} - {None}:
        if document_id not in known:
            document = session.get(Document, document_id)
            known[document_id] = document is not None and _was_issued(document)
        if known[document_id]:
            return True
    return False
