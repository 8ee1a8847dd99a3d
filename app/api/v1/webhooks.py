"""Addresses that are told what happens here, and what they have been told."""

import datetime as dt
from typing import Annotated, Any

from msgspec import Struct
from pydantic import Field
from sqlalchemy import select

from app.adapters.outbound import check_target
from app.api.endpoint import Answer, Call, Page, Paged, reading, writing
from app.api.fields import Body, Flag, Line, one_of
from app.api.paging import page_of, place_of
from app.api.spelling import Ref, maybe_ref, ref
from app.api.versions import check_version
from app.domain.webhook_deliveries import resend_deliveries
from app.domain.webhooks import (
    LONGEST_URL,
    SavedWebhook,
    SaveWebhook,
    delete_webhook,
    find_webhook,
    place_named,
    renew_secret,
    save_webhook,
    try_webhook,
    webhook_url,
)
from app.errors import AdapterError, InvalidValue, NotFound
from app.scope import ScopedSession
from app.texts import _
from models import Webhook, WebhookDelivery
from models.enums import ApiScope, DeliveryStatus, WebhookEvent

TAG = ("webhooks", "Webhooks")
LOOK_FOR = 3.0


class WebhookDetail(Struct, kw_only=True):
    """``sequence`` is the number of the last thing it was told. ``paused_until``: it does not answer."""

    id: Ref
    name: str
    url: str
    events: list[str]
    sequence: int
    created_at: dt.datetime
    stopped_at: dt.datetime | None
    paused_until: dt.datetime | None
    last_error: str


class WebhookWithSecret(WebhookDetail, kw_only=True):
    """``secret`` signs what is told. Only the first answer has it, not the same request again (``Idempotency-Key``)."""

    secret: str | None


class DeliveryDetail(Struct, kw_only=True):
    """One thing told. ``last_status`` is the HTTP status of the last answer, none when nobody answered."""

    id: Ref
    sequence: int
    event: str
    object_type: str
    object_id: Ref | None
    facts: dict[str, Any]
    status: DeliveryStatus
    attempts: int
    last_status: int | None
    last_answer: str
    created_at: dt.datetime
    due_at: dt.datetime
    tried_at: dt.datetime | None
    finished_at: dt.datetime | None


class WebhookChanges(Body):
    """What is said changes, the rest stays. While it is stopped nothing is noted for it."""

    name: Annotated[str, Line(60, required=True)] = ""
    url: Annotated[str, Line(LONGEST_URL, required=True)] = ""
    events: Annotated[tuple[WebhookEvent, ...], Field(min_length=1)] = ()
    is_stopped: Flag = False


class NewWebhook(WebhookChanges):
    name: Annotated[str, Line(60, required=True)]
    url: Annotated[str, Line(LONGEST_URL, required=True)]
    events: Annotated[tuple[WebhookEvent, ...], Field(min_length=1)]


class DeliveryQuery(Paged):
    status: Annotated[DeliveryStatus, one_of(DeliveryStatus)] | None = None


def look_at_place(call: Call) -> None:
    """Before anything is written: whether a connection to that address would be allowed. Raises ``InvalidValue``."""
    if "url" not in call.body.model_fields_set:
        return
    private_hosts = call.installation.settings.private_hosts
    place = place_named(webhook_url(call.body.url, "url", private_hosts))
    try:
        check_target(place.host, place.port, timeout=LOOK_FOR, private_hosts=private_hosts)
    except AdapterError as error:
        if error.permanent:
            raise InvalidValue(str(error), field="url") from error


_DETAIL: dict[str, Any] = {"scope": ApiScope.WEBHOOKS, "answer": WebhookDetail, "has_version": True}
_WITH_SECRET: dict[str, Any] = {"scope": ApiScope.WEBHOOKS, "answer": WebhookWithSecret, "once": ("secret",)}


@reading("/webhooks", summary="Los webhooks", scope=ApiScope.WEBHOOKS, answer=Page[WebhookDetail], sparse=WebhookDetail)
def index(db: ScopedSession, call: Call) -> Page[WebhookDetail]:
    return Page([_webhook(row) for row in db.scalars(select(Webhook).order_by(Webhook.id))])


@reading("/webhooks/{id}", summary="Un webhook", sparse=WebhookDetail, **_DETAIL)
def show(db: ScopedSession, call: Call) -> WebhookDetail:
    return _webhook(_found(db, call))


@writing(
    "POST",
    "/webhooks",
    summary="Crea un webhook; su secreto se ve esta vez y ninguna más",
    body=NewWebhook,
    status=201,
    before=look_at_place,
    **_WITH_SECRET,
)
def create(db: ScopedSession, call: Call) -> Answer:
    saved = save_webhook(db, call.installation.keys, SaveWebhook(**call.body.values()))
    return Answer(content=_with_secret(saved), location=f"/webhooks/{saved.webhook.id}")


@writing(
    "PATCH",
    "/webhooks/{id}",
    summary="Cambia lo que se diga de un webhook",
    body=WebhookChanges,
    before=look_at_place,
    **_DETAIL,
)
def change(db: ScopedSession, call: Call) -> WebhookDetail:
    webhook = find_webhook(db, call.id(_("ese webhook")))
    check_version(call, _webhook(webhook))
    known: dict[str, Any] = {
        "id": webhook.id,
        "name": webhook.name,
        "url": webhook.url,
        "events": webhook.events,
        "is_stopped": webhook.stopped_at is not None,
    }
    return _webhook(save_webhook(db, call.installation.keys, SaveWebhook(**known | call.body.given())).webhook)


@writing("DELETE", "/webhooks/{id}", summary="Elimina un webhook", scope=ApiScope.WEBHOOKS, status=204)
def delete(db: ScopedSession, call: Call) -> None:
    delete_webhook(db, call.id(_("ese webhook")))


@writing("POST", "/webhooks/{id}/secret", summary="Le da otro secreto: el de antes deja de firmar", **_WITH_SECRET)
def renew(db: ScopedSession, call: Call) -> WebhookWithSecret:
    return _with_secret(renew_secret(db, call.installation.keys, call.id(_("ese webhook"))))


@writing("POST", "/webhooks/{id}/test", summary="Le manda un aviso de prueba", **_DETAIL)
def test(db: ScopedSession, call: Call) -> WebhookDetail:
    webhook_id = call.id(_("ese webhook"))
    try_webhook(db, webhook_id)
    db.expire_all()
    return _webhook(find_webhook(db, webhook_id))


@reading(
    "/webhooks/{id}/deliveries",
    summary="Lo que se le ha dicho, lo último primero",
    scope=ApiScope.WEBHOOKS,
    query=DeliveryQuery,
    answer=Page[DeliveryDetail],
    sparse=DeliveryDetail,
)
def deliveries(db: ScopedSession, call: Call) -> Page[DeliveryDetail]:
    asked: DeliveryQuery = call.query
    webhook = _found(db, call)
    page = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)
    if asked.status is not None:
        page = page.where(WebhookDelivery.status == asked.status)
    if (after := place_of(asked.cursor, int)) is not None:
        page = page.where(WebhookDelivery.position < after[0])
    found = db.scalars(page.order_by(WebhookDelivery.position.desc()).limit(asked.limit + 1)).all()
    return page_of(found, asked.limit, lambda row: (row.position,), _delivery)


@writing(
    "POST",
    "/webhooks/{id}/deliveries/{delivery_id}/resend",
    summary="Vuelve a decirle lo mismo, con el mismo número",
    scope=ApiScope.WEBHOOKS,
    answer=DeliveryDetail,
)
def resend(db: ScopedSession, call: Call) -> DeliveryDetail:
    webhook_id, delivery_id = call.id(_("ese webhook")), call.id(_("ese aviso"), "delivery_id")
    resend_deliveries(db, webhook_id, [delivery_id])
    row = db.get(WebhookDelivery, delivery_id)
    if row is None:
        raise NotFound(_("ese aviso"))
    return _delivery(row)


def _found(db: ScopedSession, call: Call) -> Webhook:
    webhook = db.get(Webhook, call.id(_("ese webhook")))
    if webhook is None:
        raise NotFound(_("ese webhook"))
    return webhook


def _webhook(row: Webhook) -> WebhookDetail:
    return WebhookDetail(**_facts(row))


def _with_secret(saved: SavedWebhook) -> WebhookWithSecret:
    return WebhookWithSecret(**_facts(saved.webhook), secret=saved.secret)


def _facts(row: Webhook) -> dict[str, Any]:
    names = ("name", "url", "events", "created_at", "stopped_at", "paused_until", "last_error")
    return {name: getattr(row, name) for name in names} | {"id": ref(row.id), "sequence": row.position}


def _delivery(row: WebhookDelivery) -> DeliveryDetail:
    names = ("event", "facts", "status", "attempts", "last_status", "last_answer", "created_at", "due_at", "tried_at")
    known = {name: getattr(row, name) for name in names}
    return DeliveryDetail(
        id=ref(row.id),
        sequence=row.position,
        object_type=row.subject,
        object_id=maybe_ref(row.subject_id),
        finished_at=row.finished_at,
        **known,
    )


endpoints = (index, show, create, change, delete, renew, test, deliveries, resend)
