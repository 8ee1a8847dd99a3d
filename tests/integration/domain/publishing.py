"""What the tests of publications say over and over: these documents, that command."""

from app.domain.previewing import preview_publication, preview_withdrawal
from app.domain.publishing import PublishDocuments, publish_documents
from app.domain.selections import DocumentFilter, DocumentSelection, NumberRange
from app.domain.withdrawing import WithdrawDocuments, withdraw_documents
from models.enums import DocumentKind

KIND = DocumentKind.INVOICE


def ticked(*documents):
    return DocumentSelection(kind=KIND, label="Las marcadas", ids=tuple(document.id for document in documents))


def searched(**wanted):
    return DocumentSelection(kind=KIND, label="La búsqueda", search=DocumentFilter(kind=KIND, **wanted))


def numbered(label, first, last):
    return DocumentSelection(
        kind=KIND, label="El rango", numbers=NumberRange(series_label=label, first=first, last=last)
    )


def to_publish(db, selection, *, key="publicar", notify=True, republish=False, **values):
    """What the dialogue posts when it was shown a moment ago."""
    shown = preview_publication(db, selection, notify=notify, republish=republish)
    return PublishDocuments(
        selection=selection,
        fingerprint=shown.fingerprint,
        key=key,
        user_id=None,
        notify=notify,
        republish=republish,
        **values,
    )


def publish(db, selection, **values):
    return publish_documents(db, to_publish(db, selection, **values))


def to_withdraw(db, selection, *, key="anular"):
    shown = preview_withdrawal(db, selection)
    return WithdrawDocuments(selection=selection, fingerprint=shown.fingerprint, key=key, user_id=None)


def withdraw(db, selection, **values):
    return withdraw_documents(db, to_withdraw(db, selection, **values))
