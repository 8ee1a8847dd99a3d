"""Webhooks: programs of others that are told what happens here."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from starlette.requests import Request
from starlette.responses import Response

from admin_views.columns import Column
from admin_views.form_pages import Box, Panel
from admin_views.formatters import Sign, badge
from admin_views.forms import OfficeForm, Strict, Tick
from admin_views.program_words import EVENTS
from admin_views.proving import Proof, prove_again
from admin_views.searching import Order
from admin_views.webhook_pages import DELIVERIES, WebhookPages, reveal
from app import clock
from app.adapters.outbound import check_target
from app.domain.folding import says
from app.domain.webhooks import SaveWebhook, delete_webhook, place_named, save_webhook, webhook_url
from app.errors import AdapterError, InvalidValue
from app.scope import ScopedSession
from app.secrets import Keys
from app.texts import _, plural
from app.web import installation_of
from models import Webhook
from models.enums import WebhookEvent

LOOK_FOR = 3.0
TELLABLE = {event.value.replace(".", "_"): event for event in WebhookEvent if event is not WebhookEvent.TEST}
RUNS, RESTS = Sign("En marcha", "check", "ok"), Sign("No contesta", "plug-off", "warn")
STOPPED = Sign("Detenido", "player-pause")


def _sign(stopped_at: Any, paused_until: Any) -> Sign:
    return STOPPED if stopped_at else RESTS if paused_until and paused_until > clock.now() else RUNS


def _in_words(events: Sequence[str]) -> str:
    """The first of them, and how many more."""
    names = [_(EVENTS[event]) for event in TELLABLE.values() if event in events]
    if len(names) < 2:
        return "".join(names)
    return names[0] + plural(" y otro más", " y %(n)s más", len(names) - 1)


class WebhookForm(OfficeForm):
    """With a tick for each event. ``keys`` seal the secret, ``secret`` is what a new one was given."""

    name = Strict("Nombre", required=True, css="s2", attributes={"placeholder": "Tienda web"})
    url = Strict(
        "Dirección",
        required=True,
        css="s4",
        hint="Recibe un POST por cada suceso. Tiene que ser https.",
        attributes={"inputmode": "url", "placeholder": "https://programa.ejemplo/avisos"},
    )
    is_stopped = Tick("Detenido", hint="No se anota nada nuevo para él, y lo que esperaba sigue esperando.")
    current = Proof(css="s3")
    keys: Keys
    secret: str | None = None

    def save_command(self, webhook_id: int | None) -> SaveWebhook:
        values: dict[str, Any] = self.command()
        values.pop("current")
        chosen = [event for name, event in TELLABLE.items() if values.pop(name)]
        return SaveWebhook(id=webhook_id, events=chosen, **values)


for _name, _event in TELLABLE.items():
    setattr(WebhookForm, _name, Tick(EVENTS[_event], css="s3"))


class WebhookAdmin(WebhookPages, model=Webhook):
    identity = "webhook"
    name, name_plural, category, icon = "Webhook", "Webhooks", "Administración", "webhook"
    noun, nouns, new_label = "webhook", "webhooks", "Nuevo webhook"
    can_delete, can_export = True, False
    search_hint = "Nombre o dirección"
    empty_text = (
        "Cuando pase algo aquí, otro programa puede enterarse al momento: una tienda, una hoja de cálculo, un ERP."
    )
    columns = (
        Column(name="nombre", label="Nombre", value=Webhook.name, sort=Webhook.name),
        Column(name="direccion", label="Dirección", value=Webhook.url, css="c-who"),
        Column(
            name="estado",
            label="Estado",
            value=(Webhook.stopped_at, Webhook.paused_until),
            show=lambda stopped_at, paused_until: badge(_sign(stopped_at, paused_until)),
            css="c-state",
        ),
        Column(name="sucesos", label="Sucesos", value=Webhook.events, show=_in_words, css="hide"),
        Column(name="enviados", label="Avisos", value=Webhook.position, css="num c-pub"),
    )
    default_order = Order("nombre", descending=False)
    form_class = WebhookForm
    form_template = "admin/webhook/form.html"
    other_pages = (DELIVERIES,)
    panels = (
        Panel(
            "webhook",
            "Webhook",
            (
                Box("Destino", ("name", "url", "is_stopped", "current")),
                Box("Qué se le dice", tuple(TELLABLE)),
            ),
        ),
    )

    def mentions(self, company_id: int, text: str) -> ColumnElement[bool]:
        return says(Webhook.name, text) | says(Webhook.url, text)

    def initial(self, db: ScopedSession, row: Any) -> dict[str, Any]:
        """The ticks are asked by name, whether the row has it or not."""
        if row is None:
            return {}
        return {name: event in row.events for name, event in TELLABLE.items()} | {
            "is_stopped": row.stopped_at is not None
        }

    def ready(self, request: Request, form: WebhookForm) -> None:
        """Whether a connection to that address would be allowed; a name that is only unknown for now passes.

        Another address than there was, or the first, is only for whoever is known to sit there.
        """
        installation = installation_of(request)
        form.keys, private_hosts = installation.keys, installation.settings.private_hosts
        form.url.data = webhook_url(form.url.data or "", "url", private_hosts)
        place = place_named(form.url.data)
        try:
            check_target(place.host, place.port, timeout=LOOK_FOR, private_hosts=private_hosts)
        except AdapterError as error:
            if error.permanent:
                raise InvalidValue(str(error), field="url") from error
        if form.url.data != form.url.object_data:
            prove_again(request, form.current)

    def save(self, db: ScopedSession, row: Any, form: WebhookForm) -> Webhook:
        saved = save_webhook(db, form.keys, form.save_command(row.id if row is not None else None))
        form.secret = saved.secret
        return saved.webhook

    def saved(self, request: Request, row: Any, form: WebhookForm, *, is_new: bool) -> Response | None:
        return reveal(request, self, row, form.secret) if form.secret else None

    def remove(self, db: ScopedSession, row: Any, revision: int | None) -> None:
        delete_webhook(db, row.id)
