"""Withdrawing publications, and taking a whole publication back."""

import datetime as dt

from msgspec import Struct

from app import clock
from app.domain import access_sql, undoing_sql
from app.domain import publishing_sql as sql
from app.domain.batches import batch_of, close_batch, figures_of, first_result, note, open_batch
from app.domain.bulk import hashed_joins, look_again, write
from app.domain.locking import lock_company
from app.domain.mail.outbox import cancel_waiting
from app.domain.previewing import Fingerprint, preview_withdrawal
from app.domain.publishing import NothingSelected, SelectionChanged
from app.domain.selections import DocumentSelection
from app.domain.telling import tell
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _, plural
from models import Batch
from models.enums import BatchKind, WebhookEvent


class NotUndoable(Refusal):
    code = "not_undoable"

    def __init__(self) -> None:
        super().__init__(_("Solo se deshacen las publicaciones. Lo que se anuló se puede publicar otra vez."))


class WithdrawDocuments(Struct, frozen=True, kw_only=True):
    """``key`` is the unique key of the dialogue, ``fingerprint`` what it showed."""

    selection: DocumentSelection
    fingerprint: Fingerprint
    key: str
    user_id: int | None


class UndoBatch(Struct, frozen=True, kw_only=True):
    batch_id: int
    user_id: int | None


class Withdrawn(Struct, frozen=True, kw_only=True):
    """``cancelled`` notices will not leave; ``sent`` ones had left, or were leaving."""

    batch_id: int
    documents: int = 0
    customers: int = 0
    cancelled: int = 0
    sent: int = 0
    again: bool = False

    def __str__(self) -> str:
        withdrawn = plural("%(n)s publicación anulada.", "%(n)s publicaciones anuladas.", self.documents)
        return " ".join([withdrawn, *_about_mails(self.cancelled, self.sent)])


class Undone(Struct, frozen=True, kw_only=True):
    """``restored`` of the ``documents`` are visible again as they were before the batch took their place.

    ``still_visible`` ones are not among these: another publication had taken its place.
    """

    batch_id: int
    documents: int = 0
    restored: int = 0
    still_visible: int = 0
    accesses: int = 0
    cancelled: int = 0
    sent: int = 0
    again: bool = False

    def __str__(self) -> str:
        sentences = [_("Publicación deshecha.")]
        if hidden := self.documents - self.restored:
            sentences.append(plural("%(n)s documento deja de verse.", "%(n)s documentos dejan de verse.", hidden))
        if self.restored:
            one, many = "%(n)s se ve otra vez como antes.", "%(n)s se ven otra vez como antes."
            sentences.append(plural(one, many, self.restored))
        if self.still_visible:
            one = "%(n)s documento se sigue viendo por otra publicación."
            many = "%(n)s documentos se siguen viendo por otra publicación."
            sentences.append(plural(one, many, self.still_visible))
        if self.accesses:
            one, many = "%(n)s acceso sin usar retirado.", "%(n)s accesos sin usar retirados."
            sentences.append(plural(one, many, self.accesses))
        return " ".join([*sentences, *_about_mails(self.cancelled, self.sent)])


def _about_mails(cancelled: int, sent: int) -> list[str]:
    sentences = []
    if cancelled:
        sentences.append(plural("%(n)s aviso cancelado.", "%(n)s avisos cancelados.", cancelled))
    if sent:
        sentences.append(plural("%(n)s aviso ya había salido.", "%(n)s avisos ya habían salido.", sent))
    return sentences


class _NotAsShown(Exception):
    """What was done is not what was shown: the savepoint takes it back."""


def withdraw_documents(db: ScopedSession, command: WithdrawDocuments) -> Withdrawn:
    """Hide the selected documents at once, and cancel the unsent notices that have nothing else left to tell.

    All or nothing, and only what was shown: raises ``SelectionChanged`` otherwise. The same dialogue sent again gets
    its first result.
    """
    lock_company(db)
    if (batch := batch_of(db, command.key)) is not None:
        return _first_result(batch, command)
    try:
        with db.connection().begin_nested():
            withdrawn, fingerprint = _withdraw(db, command)
            if fingerprint != command.fingerprint:
                raise _NotAsShown
    except _NotAsShown:
        preview = preview_withdrawal(db, command.selection)
        sentence = _("Algo ha cambiado desde que se calculó. Revise las cifras nuevas y confirme otra vez.")
        if not preview.documents:
            sentence = _("Ya no queda nada publicado en esa selección.")
        raise SelectionChanged(sentence, preview) from None
    if not withdrawn.documents:
        raise NothingSelected(_("No hay nada publicado en esta selección."))
    return withdrawn


def _first_result(batch: Batch, command: WithdrawDocuments) -> Withdrawn:
    return first_result(
        batch,
        Withdrawn,
        kind=BatchKind.WITHDRAW,
        document_kind=command.selection.kind,
        fingerprint=command.fingerprint.encode(),
    )


def _withdraw(db: ScopedSession, command: WithdrawDocuments) -> tuple[Withdrawn, Fingerprint]:
    company_id, now = db.company_id, clock.now()
    batch = open_batch(
        db,
        BatchKind.WITHDRAW,
        command.key,
        now,
        document_kind=command.selection.kind,
        user_id=command.user_id,
        selection=command.selection.label,
        fingerprint=command.fingerprint.encode(),
    )
    write(db, sql.withdraw_live(company_id, command.selection, batch_id=batch.id, now=now))
    execute = db.connection().execute
    documents, id_sum, id_max, customers = execute(sql.what_was_withdrawn(company_id, batch.id)).one()
    look_again(db, sql.publications, documents)
    with hashed_joins(db):
        cancelled = write(db, sql.cancel_notices(company_id, batch.id, now))
        sent = execute(sql.count_left(*sql.notices_about(company_id, batch.id))).scalar_one()
    withdrawn = Withdrawn(batch_id=batch.id, documents=documents, customers=customers, cancelled=cancelled, sent=sent)
    close_batch(db, batch, withdrawn, "withdraw")
    told = {"kind": command.selection.kind.value, "documents": documents, "customers": customers}
    tell(db, WebhookEvent.DOCUMENTS_WITHDRAWN, "batch", batch.id, **told)
    return withdrawn, Fingerprint(documents, id_sum, id_max)


def undo_batch(db: ScopedSession, command: UndoBatch) -> Undone:
    """Take a publication back, as far as it can be: what it showed, the accesses nobody used, the mails not yet gone.

    Documents that it republished are shown again as before it. Asked again, says again what was done the first time.
    Raises ``NotUndoable`` for anything but a publication.
    """
    lock_company(db)
    batch = db.get(Batch, command.batch_id, populate_existing=True)
    if batch is None:
        raise NotFound(_("esa publicación"))
    if batch.kind is not BatchKind.PUBLISH:
        raise NotUndoable
    if batch.undone_at is not None:
        return Undone(batch_id=batch.id, again=True, **(batch.undone_figures or {}))
    with hashed_joins(db):
        undone = _undo(db, batch.id, command.user_id, clock.now())
    figures = figures_of(undone)
    batch.undone_at, batch.undone_by_id, batch.undone_figures = clock.now(), command.user_id, figures
    db.flush()
    note(db, "undo", batch, figures)
    tell(db, WebhookEvent.PUBLICATION_UNDONE, "batch", batch.id, documents=undone.documents, restored=undone.restored)
    return undone


def _undo(db: ScopedSession, batch_id: int, user_id: int | None, now: dt.datetime) -> Undone:
    company_id, count = db.company_id, db.connection().execute
    documents = write(db, undoing_sql.withdraw_batch(company_id, batch_id, now))
    look_again(db, sql.publications, documents)
    restored = write(db, undoing_sql.restore_replaced(company_id, batch_id))
    write(db, undoing_sql.hand_over_replaced(company_id, batch_id))
    notices = sql.notices_of(company_id, batch_id)
    cancelled = write(db, cancel_waiting(company_id, now).where(*notices))
    accesses = write(db, undoing_sql.end_unused_accesses(company_id, batch_id, by_id=user_id, now=now))
    if accesses:
        for statement in access_sql.close_doors(company_id, undoing_sql.accounts_of_batch(company_id, batch_id), now):
            write(db, statement)
    return Undone(
        batch_id=batch_id,
        documents=documents,
        restored=restored,
        still_visible=count(undoing_sql.count_still_visible(company_id, batch_id)).scalar_one(),
        accesses=accesses,
        cancelled=cancelled,
        sent=count(sql.count_left(*notices)).scalar_one(),
    )
