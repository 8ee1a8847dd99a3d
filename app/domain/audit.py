"""The audit trail: who changed what, field by field, in the same transaction, as a chain.

Changes made through the ORM by a session with an actor are recorded by themselves. Bulk statements bypass the ORM:
whoever runs one calls ``record``. Entries are written just before the commit, so that the chain's head is the last
row a transaction locks.
"""

import datetime as dt
import enum
import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

from sqlalchemy import event, insert, inspect, select, update
from sqlalchemy.orm import UOWTransaction

from app import clock
from app.domain.folding import fold
from app.scope import SYSTEM, ScopedSession
from models import (
    ApiKey,
    AuditEntry,
    AuditHead,
    Base,
    Company,
    Contact,
    ContactAddress,
    ContactEmail,
    Document,
    DocumentLine,
    DocumentTemplate,
    DueDate,
    MailAccount,
    MailText,
    Membership,
    PortalAccount,
    PortalMembership,
    Product,
    Series,
    StaffUser,
    TaxRate,
    TemplateVersion,
    Webhook,
)

AUDITED = (
    ApiKey, Company, Contact, ContactAddress, ContactEmail, Document, DocumentLine, DocumentTemplate, DueDate,
    MailAccount, MailText, Membership, PortalAccount, PortalMembership, Product, Series, StaffUser, TaxRate,
    TemplateVersion, Webhook,
)  # fmt: skip
SECRET = frozenset({
    "password_hash", "sealed_password", "sealed_tokens", "sealed_dkim_key", "token_hash", "pinned_fingerprint",
    "imap_fingerprint", "secret_hash", "previous_hash", "sealed_secret",
    "url",  # many of a webhook's hold the key to whoever listens
})  # fmt: skip
HIDDEN = "••••"
SILENT = frozenset({
    "id", "company_id", "created_at", "search_key", "sort_key", "revision", "draft_key", "last_sign_in_at",
    "inbox_due_at", "inbox_uid", "inbox_validity",
})  # fmt: skip
LONGEST = 500

_PENDING, _MADE = "audit_entries", "audit_made"


def record(  # noqa: PLR0913 - an entry has that many facts
    db: ScopedSession,
    action: str,
    entity: str,
    *,
    entity_id: int | None = None,
    label: str = "",
    changes: dict[str, Any] | None = None,
    company_id: int | None = None,
) -> None:
    """Add one entry to the chain of the session's company when this transaction commits."""
    entry = {
        "company_id": db.company_id if company_id is None else company_id,
        "action": action,
        "entity": entity,
        "entity_id": entity_id,
        "label": label[:200],
        "changes": changes or {},
    }
    db.info.setdefault(_PENDING, []).append(entry)
    if action == "create":
        db.info.setdefault(_MADE, {})[entity, entity_id] = entry


def link_hash(entry: dict[str, Any]) -> str:
    """SHA-256 of an entry as canonical JSON: all but ``id``, ``created_at``, ``hash`` and ``search_key``."""
    text = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def first_broken(db: ScopedSession) -> int | None:
    """Position of the first entry of the session's company that does not follow from the one before, if any."""
    previous, position = "", 0
    chain = select(AuditEntry).order_by(AuditEntry.position).execution_options(yield_per=1000)
    with closing(db.scalars(chain)) as entries:
        for entry in entries:
            position += 1
            if entry.position != position or entry.previous_hash != previous or entry.hash != link_hash(_fields(entry)):
                return position
            previous = entry.hash
    head = db.scalar(select(AuditHead))
    if head is not None and (head.position, head.hash) != (position, previous):
        return position + 1
    return None


def _fields(entry: AuditEntry) -> dict[str, Any]:
    return {
        "company_id": entry.company_id,
        "position": entry.position,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "actor_id": entry.actor_id,
        "action": entry.action,
        "entity": entry.entity,
        "entity_id": entry.entity_id,
        "label": entry.label,
        "changes": entry.changes,
        "previous_hash": entry.previous_hash,
    }


@event.listens_for(ScopedSession, "before_flush")
def _notice_changes(db: ScopedSession, context: UOWTransaction, instances: Any) -> None:
    if db.actor is None:
        return
    for row in db.dirty:
        if isinstance(row, AUDITED) and (changes := dict(_differences(row))):
            _notice(db, "change", row, changes)
    for row in db.deleted:
        if isinstance(row, AUDITED):
            _notice(db, "delete", row, {name: [value, None] for name, value in _values(row) if value not in ("", None)})


@event.listens_for(ScopedSession, "after_flush")
def _notice_new(db: ScopedSession, context: UOWTransaction) -> None:
    if db.actor is None:
        return
    for row in db.new:
        if isinstance(row, AUDITED):
            _notice(db, "create", row, {name: [None, value] for name, value in _values(row) if value not in ("", None)})


@event.listens_for(ScopedSession, "before_commit")
def _write(db: ScopedSession) -> None:
    db.flush()
    entries = _take(db)
    for company_id in sorted({entry["company_id"] for entry in entries}):
        _append(db, company_id, [entry for entry in entries if entry["company_id"] == company_id])


@event.listens_for(ScopedSession, "after_rollback")
def _forget(db: ScopedSession) -> None:
    _take(db)


def _take(db: ScopedSession) -> list[dict[str, Any]]:
    """What has been noticed so far, to be noticed no more."""
    db.info.pop(_MADE, None)
    entries: list[dict[str, Any]] = db.info.pop(_PENDING, [])
    return entries


def _append(db: ScopedSession, company_id: int, entries: list[dict[str, Any]]) -> None:
    heads: Any = AuditHead.__table__
    chain: Any = AuditEntry.__table__
    mine = heads.c.company_id == company_id
    head = db.connection().execute(select(heads.c.position, heads.c.hash).where(mine).with_for_update()).first()
    if head is None:
        db.connection().execute(
            insert(heads).values(company_id=company_id, position=0, hash="", created_at=clock.now())
        )
    position, previous = (head.position, head.hash) if head else (0, "")
    at, actor = clock.now(), db.actor
    rows = []
    for entry in entries:
        position += 1
        row = entry | {
            "position": position,
            "at": at.isoformat(),
            "actor": actor.name if actor else "Ventanilla",
            "actor_id": actor.id if actor else None,
            "previous_hash": previous,
        }
        previous = link_hash(row)
        search_key = fold(f"{row['actor']} {row['label']}")
        rows.append(row | {"at": at, "created_at": at, "hash": previous, "search_key": search_key})
    db.connection().execute(insert(chain), rows)
    db.connection().execute(update(heads).where(mine).values(position=position, hash=previous))


def _notice(db: ScopedSession, action: str, row: Base, changes: dict[str, Any]) -> None:
    company_id = row.id if isinstance(row, Company) else getattr(row, "company_id", None)
    if company_id is None and db.scope is SYSTEM:
        return  # of no company in particular: the command itself tells those concerned
    identity = inspect(row).identity
    entity_id = identity[0] if identity else getattr(row, "id", None)
    label = str(row) if type(row).__str__ is not object.__str__ else ""
    if isinstance(row, MailAccount) and row.user_id is not None:
        label, changes = "", _private(changes)
    birth = db.info.get(_MADE, {}).get((row.__tablename__, entity_id))
    if action == "change" and birth is not None and "status" not in changes:
        # What is made and changed in one transaction was made as it ended; being issued is a deed of its own.
        birth["label"] = label[:200]
        birth["changes"] |= {name: [None, after] for name, (_before, after) in changes.items()}
        return
    record(db, action, row.__tablename__, entity_id=entity_id, label=label, changes=changes, company_id=company_id)


def _private(changes: dict[str, Any]) -> dict[str, Any]:
    """That a person's own account was changed, and what of it; not what it says."""
    return {name: value if name == "user_id" else [HIDDEN, HIDDEN] for name, value in changes.items()}


def _differences(row: Base) -> Iterator[tuple[str, list[Any]]]:
    state = inspect(row)
    for column in state.mapper.column_attrs:
        history = state.attrs[column.key].history
        if column.key in SILENT or not history.has_changes():
            continue
        before = _plain(history.deleted[0]) if history.deleted else None
        after = _plain(history.added[0]) if history.added else None
        if before != after:
            yield column.key, [HIDDEN, HIDDEN] if column.key in SECRET else [before, after]


def _values(row: Base) -> Iterator[tuple[str, Any]]:
    """What a row says, read again where it has been forgotten."""
    for column in inspect(row).mapper.column_attrs:
        if column.key not in SILENT:
            value = _plain(getattr(row, column.key))
            yield column.key, HIDDEN if column.key in SECRET and value else value


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return str(value)[:LONGEST]
