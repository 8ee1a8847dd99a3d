"""What was done to many documents at once: who, when, how it is going, and taking it back."""

import datetime as dt
from typing import Annotated, Any

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import clock
from app.api.endpoint import Call, Page, Paged, reading, writing
from app.api.fields import one_of
from app.api.paging import page_of, place_of
from app.api.spelling import Ref, ref
from app.api.v1.document_answers import DocumentSummary, summary_of
from app.domain.queries.batches import progress_of
from app.domain.queries.whole_documents import documents_of_batch
from app.domain.withdrawing import UndoBatch, undo_batch
from app.errors import NotFound
from app.scope import ScopedSession
from app.texts import _
from models import Batch
from models.enums import ApiScope, BatchKind, DocumentKind

TAG = ("batches", "Publicaciones realizadas")


class BatchSummary(Struct, kw_only=True):
    """Something done at once. ``figures`` are what it came to when it was done."""

    id: Ref
    kind: BatchKind
    document_kind: DocumentKind | None
    selection: str
    notify: bool
    user: str
    created_at: dt.datetime
    undone_at: dt.datetime | None
    figures: dict[str, Any]


class BatchProgress(Struct, kw_only=True):
    """PDF files that are ready of those that must be, and mails by how they ended."""

    documents: int
    rendered: int
    unprinted: int
    waiting: int
    sent: int
    failed: int
    unknown: int
    cancelled: int
    is_over: bool


class BatchDetail(BatchSummary, kw_only=True):
    progress: BatchProgress


class BatchUndone(Struct, kw_only=True):
    """What taking it back came to. ``still_visible``: by another publication."""

    batch_id: Ref
    documents: int
    restored: int
    still_visible: int
    accesses: int
    cancelled: int
    sent: int
    detail: str


class BatchQuery(Paged):
    kind: Annotated[BatchKind, one_of(BatchKind)] | None = None


@reading(
    "/batches",
    summary="Lo que se hizo de una vez, lo último primero",
    scope=ApiScope.READ,
    query=BatchQuery,
    answer=Page[BatchSummary],
    sparse=BatchSummary,
)
def index(db: ScopedSession, call: Call) -> Page[BatchSummary]:
    asked: BatchQuery = call.query
    page = select(Batch).options(joinedload(Batch.user)).order_by(Batch.id.desc()).limit(asked.limit + 1)
    if asked.kind is not None:
        page = page.where(Batch.kind == asked.kind)
    if (after := place_of(asked.cursor, int)) is not None:
        page = page.where(Batch.id < after[0])
    found = db.scalars(page).all()
    return page_of(found, asked.limit, lambda row: (row.id,), lambda row: BatchSummary(**_facts(row)))


@reading(
    "/batches/{id}",
    summary="Cómo va: PDF hechos y correos por cómo acabaron",
    scope=ApiScope.READ,
    answer=BatchDetail,
    sparse=BatchDetail,
)
def show(db: ScopedSession, call: Call) -> BatchDetail:
    batch = _batch(db, call)
    progress = progress_of(db, batch)
    figures = {name: getattr(progress, name) for name in BatchProgress.__struct_fields__}
    return BatchDetail(**_facts(batch), progress=BatchProgress(**figures))


@reading(
    "/batches/{id}/documents",
    summary="Los documentos que publicó o anuló",
    scope=ApiScope.READ,
    query=Paged,
    answer=Page[DocumentSummary],
    sparse=DocumentSummary,
)
def documents(db: ScopedSession, call: Call) -> Page[DocumentSummary]:
    asked: Paged = call.query
    batch, after = _batch(db, call), place_of(asked.cursor, int)
    found = documents_of_batch(db, batch.id, after[0] if after else None, asked.limit + 1)
    today = clock.today()
    return page_of(found, asked.limit, lambda row: (row.id,), lambda row: summary_of(row, today))


@writing(
    "POST",
    "/batches/{id}/undo",
    summary="Deshace una publicación",
    scope=ApiScope.PUBLISH,
    answer=BatchUndone,
)
def undo(db: ScopedSession, call: Call) -> BatchUndone:
    command = UndoBatch(batch_id=call.id(_("esa publicación")), user_id=call.program.user_id)
    undone = undo_batch(db, command)
    names = [name for name in BatchUndone.__struct_fields__ if name not in ("batch_id", "detail")]
    figures = {name: getattr(undone, name) for name in names}
    return BatchUndone(batch_id=ref(undone.batch_id), detail=str(undone), **figures)


def _batch(db: ScopedSession, call: Call) -> Batch:
    batch_id = call.id(_("esa publicación"))
    batch = db.scalar(select(Batch).where(Batch.id == batch_id).options(joinedload(Batch.user)))
    if batch is None:
        raise NotFound(_("esa publicación"))
    return batch


def _facts(batch: Batch) -> dict[str, Any]:
    names = ("kind", "document_kind", "selection", "notify", "created_at", "undone_at", "figures")
    own = {name: getattr(batch, name) for name in names}
    return own | {"id": ref(batch.id), "user": batch.user.name if batch.user else ""}


endpoints = (index, show, documents, undo)
