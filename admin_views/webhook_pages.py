"""What a webhook has been told, told again, tried out; and the secret that signs it, shown once."""

from typing import Any

from sqladmin.authorization import Action
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import act_and_tell, reading
from admin_views.base import OfficeView, page
from admin_views.command_page import Command
from admin_views.documents.states import screen_of
from admin_views.filters import whole
from admin_views.form_pages import OtherPage, find_row, load
from admin_views.posted import posted
from admin_views.program_words import DELIVERIES as SIGNS
from admin_views.program_words import event_name
from admin_views.proving import ProofForm, prove_again
from admin_views.templating import render
from app import clock
from app.domain.webhook_deliveries import resend_deliveries
from app.domain.webhooks import SavedWebhook, renew_secret, try_webhook
from app.errors import NotFound
from app.scope import ScopedSession
from app.texts import _
from app.web import installation_of
from models import Webhook, WebhookDelivery
from models.enums import DeliveryStatus, DocumentKind

DELIVERIES = OtherPage("deliveries", "Avisos", Action.DETAILS)
SHOWN, MOST_RESENT = 50, 1000
BEFORE, DELIVERY = "antes", "delivery"


class WebhookPages(OfficeView):
    """Mixed into the view of webhooks, with ``DELIVERIES`` among its other pages."""

    @page("/deliveries/{pk}", needs=Action.DETAILS, methods=("GET",))
    async def deliveries(self, request: Request) -> Response:
        return await run_in_threadpool(_deliveries, self, request)

    @page("/test/{pk}", needs="action:test", methods=("POST",))
    async def test(self, request: Request) -> Response:
        """Tell it something that means nothing; its page then shows what became of it."""
        return await run_in_threadpool(_do, self, request, _try)

    @page("/resend/{pk}", needs="action:resend", methods=("POST",))
    async def resend(self, request: Request) -> Response:
        """One delivery, or every one that was given up."""
        delivery_id = whole(str(posted(request).get(DELIVERY, "")))
        return await run_in_threadpool(_do, self, request, lambda db, row: _resend(db, row, delivery_id))

    @page("/secret/{pk}", needs="action:secret")
    async def secret(self, request: Request) -> Response:
        webhook = await run_in_threadpool(find_row, self, request)
        keys = installation_of(request).keys

        def answer(saved: SavedWebhook) -> Response:
            return reveal(request, self, saved.webhook, saved.secret or "")

        command = Command(
            title=_("Otro secreto para %(nombre)s") % {"nombre": webhook.name},
            submit=_("Generar otro secreto"),
            form_class=ProofForm,
            ready=lambda form: prove_again(request, form.current),
            run=lambda db, form: renew_secret(db, keys, webhook.id),
            answer=answer,
            back=self.edit_address(webhook.id),
            template="admin/webhook/new_secret.html",
        )
        return await self.command_page(request, command)


def reveal(request: Request, view: OfficeView, webhook: Webhook, secret: str) -> Response:
    """The only time that a secret is shown."""
    context = {"view": view, "webhook": webhook, "secret": secret}
    return HTMLResponse(render(request, "admin/webhook/secret.html", context))


def _do(view: OfficeView, request: Request, work: Any) -> Response:
    webhook = find_row(view, request)
    return act_and_tell(request, lambda db: work(db, webhook), view.address(f"deliveries/{webhook.id}"))


def _try(db: ScopedSession, webhook: Webhook) -> str:
    try_webhook(db, webhook.id)
    return _("Aviso de prueba en camino. Recargue para ver qué contesta.")


def _resend(db: ScopedSession, webhook: Webhook, delivery_id: int | None) -> Any:
    """Raises ``NotFound`` when there is none."""
    chosen = [delivery_id]
    if delivery_id is None:
        failed = (WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.status == DeliveryStatus.FAILED)
        oldest = select(WebhookDelivery.id).where(*failed).order_by(WebhookDelivery.position).limit(MOST_RESENT)
        chosen = list(db.scalars(oldest))
    if not chosen:
        raise NotFound(_("ningún aviso sin entregar"))
    return resend_deliveries(db, webhook.id, [one for one in chosen if one is not None])


def _deliveries(view: OfficeView, request: Request) -> Response:
    before = whole(request.query_params.get(BEFORE, ""))
    with reading(request) as db:
        row: Webhook = load(view, db, request.path_params["pk"])
        told = select(WebhookDelivery).where(WebhookDelivery.webhook_id == row.id)
        if before is not None:
            told = told.where(WebhookDelivery.position < before)
        found = db.scalars(told.order_by(WebhookDelivery.position.desc()).limit(SHOWN + 1)).all()
        failed = (WebhookDelivery.webhook_id == row.id, WebhookDelivery.status == DeliveryStatus.FAILED)
        context = {
            "view": view,
            "row": row,
            "title": view.title_of(row),
            "panels": view.panels,
            "pages": view.other_pages,
            "current_page": DELIVERIES.path,
            "told": [_shown(one) for one in found[:SHOWN]],
            "older": found[SHOWN - 1].position if len(found) > SHOWN else None,
            "is_first": before is None,
            "has_failed": db.scalar(select(WebhookDelivery.id).where(*failed).limit(1)) is not None,
            "rests_until": row.paused_until if row.paused_until and row.paused_until > clock.now() else None,
        }
        return HTMLResponse(render(request, "admin/webhook/deliveries.html", context))


def _shown(delivery: WebhookDelivery) -> dict[str, Any]:
    facts = delivery.facts
    answer = str(delivery.last_status or "")
    return {
        "delivery": delivery,
        "event": event_name(delivery.event),
        "sign": SIGNS[delivery.status],
        "about": facts.get("number") or facts.get("name") or "",
        "address": _address(delivery),
        "answer": " ".join(part for part in (answer, delivery.last_answer) if part),
    }


def _address(delivery: WebhookDelivery) -> str:
    """The screen of what it is about; none for what has several, or none."""
    screens = {"batch": "batch", "mail": "outgoing-mail"}
    kind = delivery.facts.get("kind")
    if delivery.subject == "document" and kind in set(DocumentKind):
        screens["document"] = screen_of(DocumentKind(kind))
    screen = screens.get(delivery.subject)
    return f"/admin/{screen}/details/{delivery.subject_id}" if screen else ""
