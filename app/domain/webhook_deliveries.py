"""What webhooks still have to be told: who tells it, and what becomes of it. Each result has a transaction of its own.

One worker at a time tells a webhook, in the order of the numbers. One that cannot be reached is left alone for a while,
and everything waits; one that answers that it does not want something has only that put aside. After three days a
delivery is given up. Somebody may always have one told again.
"""

import datetime as dt
import hmac
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from app import clock
from app.domain.audit import record
from app.domain.telling import PATIENCE, deliveries, webhooks
from app.errors import NotFound
from app.scope import ScopedSession
from app.texts import _, plural
from models import Webhook, WebhookDelivery
from models.enums import DeliveryStatus

WAITS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 480))
"""After the first failure, the second, …; the last one from then on."""

PAUSES = tuple(dt.timedelta(seconds=seconds) for seconds in (20, 60, 300, 900, 1800, 3600))
"""The same for an address where nobody answers."""

GROUP = 20
KEPT_OF_ANSWER = 500
KEPT = dt.timedelta(days=30)

_IS_WAITING = sa.text("webhook_deliveries.status = 'waiting'")


class Due(Struct, frozen=True):
    """A webhook with something to be told."""

    company_id: int
    webhook_id: int


class Hold(Struct, frozen=True, kw_only=True):
    """A worker's hold on a webhook, from ``now`` on; ``claim`` is its fencing token."""

    claim: str
    now: dt.datetime
    lease: dt.timedelta


class Told(Struct, frozen=True, kw_only=True):
    """How one try ended. ``status`` none: nobody answered, and ``says`` why."""

    delivery_id: int
    status: int | None
    says: str

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Work(Struct, frozen=True):
    """What a worker holds: the webhook as it was, and the next of what it has to be told."""

    webhook: Webhook
    deliveries: Sequence[WebhookDelivery]


class Resent(Struct, frozen=True):
    deliveries: int

    def __str__(self) -> str:
        return plural("El aviso vuelve a la cola.", "%(n)s avisos vuelven a la cola.", self.deliveries)


def due_webhooks(db: ScopedSession, now: dt.datetime) -> list[Due]:
    """In every company, those that nobody is telling and that have something due. Needs a session of all of them."""
    has_due = (
        sa.select(1)
        .where(
            deliveries.c.company_id == webhooks.c.company_id,
            deliveries.c.webhook_id == webhooks.c.id,
            _IS_WAITING,
            deliveries.c.due_at <= now,
        )
        .correlate(webhooks)
        .exists()
    )
    free = sa.select(webhooks.c.company_id, webhooks.c.id).where(*_is_free(now), has_due)
    return [Due(*row) for row in db.execute(free.order_by(webhooks.c.company_id, webhooks.c.id))]


def claim_webhook(db: ScopedSession, webhook_id: int, hold: Hold) -> Work | None:
    """Hold a webhook that nobody holds, with what it has due. None when somebody does, or there is nothing."""
    taken = _held(db, webhook_id, *_is_free(hold.now)).values(claim=hold.claim, leased_until=hold.now + hold.lease)
    if not db.connection().execute(taken).rowcount:
        return None
    webhook = db.get_one(Webhook, webhook_id, populate_existing=True)
    due = (
        sa.select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook_id, _IS_WAITING, WebhookDelivery.due_at <= hold.now)
        .order_by(WebhookDelivery.position)
        .limit(GROUP)
    )
    return Work(webhook, db.scalars(due).all())


def release_webhook(db: ScopedSession, webhook_id: int, claim: str) -> None:
    db.connection().execute(_held(db, webhook_id, webhooks.c.claim == claim).values(claim=None, leased_until=None))


def note_told(db: ScopedSession, webhook: Webhook, told: Told, hold: Hold) -> bool:
    """Write down how a try ended; False, with nothing written, when the claim has been lost."""
    standing: dict[str, Any] = {"leased_until": hold.now + hold.lease}
    if told.status is None:
        pause = PAUSES[min(webhook.failures, len(PAUSES) - 1)]
        standing |= {"failures": webhooks.c.failures + 1, "paused_until": hold.now + pause, "last_error": told.says}
    else:
        standing |= {"failures": 0, "paused_until": None, "last_error": ""}
    if not db.connection().execute(_held(db, webhook.id, webhooks.c.claim == hold.claim).values(standing)).rowcount:
        return False
    mine = (deliveries.c.company_id == db.company_id, deliveries.c.id == told.delivery_id)
    found = db.connection().execute(sa.select(deliveries).where(*mine).with_for_update()).first()
    if found is None or found.status is not DeliveryStatus.WAITING:
        return True
    db.connection().execute(sa.update(deliveries).where(*mine).values(_fate(found, told, hold.now)))
    return True


def _fate(found: Any, told: Told, now: dt.datetime) -> dict[str, Any]:
    known: dict[str, Any] = {
        "attempts": found.attempts + 1,
        "tried_at": now,
        "last_status": told.status,
        "last_answer": told.says[:KEPT_OF_ANSWER],
    }
    if told.is_taken:
        return known | {"status": DeliveryStatus.DELIVERED, "finished_at": now}
    if now >= found.give_up_at:
        return known | {"status": DeliveryStatus.FAILED, "finished_at": now}
    if told.status is None:
        return known  # it is the address that rests
    due_at = now + WAITS[min(found.attempts, len(WAITS) - 1)]
    return known | {"due_at": min(due_at, found.give_up_at)}


def give_up_deliveries(db: ScopedSession, now: dt.datetime) -> int:
    """In every company, what has waited its three days and the longest pause: for an address where nobody answers.

    Needs a session of all of them. How many.
    """
    late = sa.update(deliveries).where(_IS_WAITING, deliveries.c.give_up_at < now - PAUSES[-1])
    return int(db.connection().execute(late.values(status=DeliveryStatus.FAILED, finished_at=now)).rowcount)


def resend_deliveries(db: ScopedSession, webhook_id: int, delivery_ids: Sequence[int]) -> Resent:
    """Have some told again, the very same ones, for another three days; the address is tried at once.

    Raises ``NotFound`` when the webhook has none of them.
    """
    now = clock.now()
    chosen = (
        sa.update(deliveries)
        .where(
            deliveries.c.company_id == db.company_id,
            deliveries.c.webhook_id == webhook_id,
            deliveries.c.id.in_(delivery_ids),
        )
        .values(status=DeliveryStatus.WAITING, due_at=now, give_up_at=now + PATIENCE, finished_at=None)
    )
    count = int(db.connection().execute(chosen).rowcount)
    if not count:
        raise NotFound(_("ese aviso"))
    db.connection().execute(_held(db, webhook_id).values(paused_until=None))
    record(db, "retry", "webhook_deliveries", changes={"deliveries": count})
    return Resent(count)


def content_of(delivery: WebhookDelivery) -> bytes:
    """What is told, word for word the same every time."""
    return msgspec.json.encode(
        {
            "id": str(delivery.id),
            "sequence": delivery.position,
            "event": delivery.event,
            "at": delivery.created_at,
            "object": {"type": delivery.subject, "id": str(delivery.subject_id) if delivery.subject_id else None},
            "facts": delivery.facts,
        }
    )


def signature(secret: str, moment: dt.datetime, content: bytes) -> str:
    """``t=1764201600,v1=…``: HMAC-SHA256 of moment, full stop and content, so that neither can be another's."""
    seconds = int(moment.timestamp())
    mac = hmac.digest(secret.encode(), f"{seconds}.".encode() + content, "sha256")
    return f"t={seconds},v1={mac.hex()}"


def _is_free(now: dt.datetime) -> tuple[Any, ...]:
    return (
        webhooks.c.stopped_at.is_(None),
        sa.or_(webhooks.c.paused_until.is_(None), webhooks.c.paused_until <= now),
        sa.or_(webhooks.c.leased_until.is_(None), webhooks.c.leased_until < now),
    )


def _held(db: ScopedSession, webhook_id: int, *conditions: Any) -> Any:
    return sa.update(webhooks).where(webhooks.c.company_id == db.company_id, webhooks.c.id == webhook_id, *conditions)
