"""Who changed what: the company's chain of changes, the last one first."""

import datetime as dt
from typing import Annotated, Any

from msgspec import Struct
from sqlalchemy import select

from app.api.endpoint import Call, Page, Paged, reading
from app.api.fields import Id, Line
from app.api.paging import page_of, place_of
from app.api.spelling import Ref, maybe_ref, ref
from app.scope import ScopedSession
from models import AuditEntry
from models.enums import ApiScope

TAG = ("audit", "Auditoría")


class AuditDetail(Struct, kw_only=True):
    """One change: of each field, what it was and what it is. ``hash`` covers the entry and the one before it."""

    id: Ref
    position: int
    at: dt.datetime
    actor: str
    action: str
    entity: str
    entity_id: Ref | None
    label: str
    changes: dict[str, Any]
    hash: str


class AuditQuery(Paged):
    entity: Annotated[str, Line(40)] | None = None
    entity_id: Id | None = None


@reading(
    "/audit",
    summary="Quién cambió qué, lo último primero",
    scope=ApiScope.AUDIT,
    query=AuditQuery,
    answer=Page[AuditDetail],
    sparse=AuditDetail,
)
def index(db: ScopedSession, call: Call) -> Page[AuditDetail]:
    asked: AuditQuery = call.query
    page = select(AuditEntry).order_by(AuditEntry.position.desc()).limit(asked.limit + 1)
    if asked.entity is not None:
        page = page.where(AuditEntry.entity == asked.entity)
    if asked.entity_id is not None:
        page = page.where(AuditEntry.entity_id == asked.entity_id)
    if (after := place_of(asked.cursor, int)) is not None:
        page = page.where(AuditEntry.position < after[0])
    found = db.scalars(page).all()
    return page_of(found, asked.limit, lambda row: (row.position,), _entry)


def _entry(row: AuditEntry) -> AuditDetail:
    names = ("position", "at", "actor", "action", "entity", "label", "changes", "hash")
    known = {name: getattr(row, name) for name in names}
    return AuditDetail(id=ref(row.id), entity_id=maybe_ref(row.entity_id), **known)


endpoints = (index,)
