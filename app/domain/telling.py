"""What happens here, for programs that want to be told: noted in the transaction of the fact.

Whoever does something calls ``tell``. Just before the commit each webhook that listens gets the next number of its own,
under its row's lock: numbers have no gaps and come in the order of the commits, and what is rolled back was never told.
A company to which nobody listens pays one look at an empty table, and the outbox one for many mails.
"""

import datetime as dt
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event

from app import clock
from app.scope import ScopedSession
from models import Webhook, WebhookDelivery
from models.enums import DeliveryStatus, WebhookEvent

PATIENCE = dt.timedelta(days=3)

_TOLD, _LISTENERS = "told", "listeners"
webhooks: Any = Webhook.__table__
deliveries: Any = WebhookDelivery.__table__


class Listener(NamedTuple):
    webhook_id: int
    events: frozenset[str]


def tell(db: ScopedSession, what: WebhookEvent, subject: str, subject_id: int | None, **facts: Any) -> None:
    """Note something for whoever listens. ``facts`` are few and plain: texts, whole numbers, yes or no."""
    if any(what in listener.events for listener in _listeners(db)):
        told = {"event": what.value, "subject": subject, "subject_id": subject_id, "facts": facts}
        db.info.setdefault(_TOLD, []).append(told)


def tell_one(db: ScopedSession, webhook_id: int, what: WebhookEvent) -> None:
    """Note something for one webhook alone, whatever it listens to."""
    _note(db, webhook_id, [{"event": what.value, "subject": "webhook", "subject_id": webhook_id, "facts": {}}])


def _listeners(db: ScopedSession) -> list[Listener]:
    """Asked once in the life of a session, which is one transaction, or as long as a group of mails takes."""
    found: list[Listener] | None = db.info.get(_LISTENERS)
    if found is None:
        live = sa.select(webhooks.c.id, webhooks.c.events).where(
            webhooks.c.company_id == db.company_id, webhooks.c.stopped_at.is_(None)
        )
        rows = db.connection().execute(live.order_by(webhooks.c.id))
        found = db.info[_LISTENERS] = [Listener(row.id, frozenset(row.events)) for row in rows]
    return found


@event.listens_for(ScopedSession, "before_commit", insert=True)  # before the audit, whose head is locked last of all
def _write(db: ScopedSession) -> None:
    told = db.info.pop(_TOLD, [])
    for webhook_id, events in _listeners(db) if told else ():
        if wanted := [one for one in told if one["event"] in events]:
            _note(db, webhook_id, wanted)


@event.listens_for(ScopedSession, "after_rollback")
def _forget(db: ScopedSession) -> None:
    db.info.pop(_TOLD, None)


@event.listens_for(ScopedSession, "after_flush")
def _listen_again(db: ScopedSession, context: Any) -> None:
    if any(isinstance(row, Webhook) for row in (*db.new, *db.dirty, *db.deleted)):
        db.info.pop(_LISTENERS, None)


def _note(db: ScopedSession, webhook_id: int, told: list[dict[str, Any]]) -> None:
    counted = (
        sa.update(webhooks)
        .where(webhooks.c.company_id == db.company_id, webhooks.c.id == webhook_id, webhooks.c.stopped_at.is_(None))
        .values(position=webhooks.c.position + len(told))
        .returning(webhooks.c.position)
    )
    last = db.connection().execute(counted).scalar_one_or_none()
    if last is None:
        return  # stopped since
    now = clock.now()
    whose = {
        "company_id": db.company_id,
        "webhook_id": webhook_id,
        "status": DeliveryStatus.WAITING,
        "created_at": now,
        "due_at": now,
        "give_up_at": now + PATIENCE,
        "attempts": 0,
        "last_answer": "",
    }
    rows = [whose | one | {"position": place} for place, one in enumerate(told, last - len(told) + 1)]
    db.connection().execute(sa.insert(deliveries), rows)
