"""Webhooks being told what waits for them: hold, send, record. No transaction is open while the network is."""

import datetime as dt
import logging
from collections.abc import Callable
from threading import Event

from app.adapters import http
from app.domain.webhook_deliveries import (
    Due,
    Hold,
    Told,
    Work,
    claim_webhook,
    content_of,
    note_told,
    release_webhook,
    signature,
)
from app.domain.webhooks import open_secret
from app.errors import AdapterError
from app.installation import Installation
from app.scope import CompanyScope
from app.secrets import SealBroken, new_token
from app.texts import _
from models import Webhook, WebhookDelivery

log = logging.getLogger(__name__)

TIMEOUT = 10.0
LEASE = dt.timedelta(seconds=60)  # longer than anybody may take to answer, several times
Clock = Callable[[], dt.datetime]


def tell_webhook(installation: Installation, due: Due, stop: Event, clock: Clock) -> None:
    """Tell one webhook all it has due, in order, unless another worker does; until it does not answer, or ``stop``."""
    courier = _Courier(installation, due, clock)
    while not stop.is_set() and courier.round(stop):
        pass


class _Courier:
    def __init__(self, installation: Installation, due: Due, clock: Clock) -> None:
        self.installation = installation
        self.database, self.keys = installation.database, installation.keys
        self.scope = CompanyScope(due.company_id)
        self.webhook_id = due.webhook_id
        self.clock = clock
        self.claim = new_token()[:32]

    def round(self, stop: Event) -> bool:
        """One group. Whether it makes sense to look for another at once."""
        hold = self._hold()
        work = self.database.run(self.scope, lambda db: claim_webhook(db, self.webhook_id, hold))
        if work is None:
            return False
        is_well = self._tell_all(work, stop)
        self.database.run(self.scope, lambda db: release_webhook(db, self.webhook_id, self.claim))
        return is_well and bool(work.deliveries)

    def _hold(self) -> Hold:
        return Hold(claim=self.claim, now=self.clock(), lease=LEASE)

    def _tell_all(self, work: Work, stop: Event) -> bool:
        for delivery in work.deliveries:
            if stop.is_set():
                return False
            told = self._tell(work.webhook, delivery)
            if not self._note(work.webhook, told) or told.status is None:
                return False
        return True

    def _note(self, webhook: Webhook, told: Told) -> bool:
        hold = self._hold()
        return self.database.run(self.scope, lambda db: note_told(db, webhook, told, hold))

    def _tell(self, webhook: Webhook, delivery: WebhookDelivery) -> Told:
        """Ask once and bound what comes back. A redirection is an answer, and none that we follow."""
        try:
            request = self._request(webhook, delivery)
            settings = self.installation.settings
            answer = http.send(request, private_hosts=settings.private_hosts, ca_file=settings.mail_ca_file)
        except AdapterError as error:
            return Told(delivery_id=delivery.id, status=None, says=str(error))
        except SealBroken:
            log.exception("webhook %s of company %s has a secret that cannot be opened", webhook.id, webhook.company_id)
            sentence = _("No se puede abrir el secreto con que se firma. Genere otro.")
            return Told(delivery_id=delivery.id, status=None, says=sentence)
        return Told(delivery_id=delivery.id, status=answer.status, says=_plain(answer.body))

    def _request(self, webhook: Webhook, delivery: WebhookDelivery) -> http.HttpRequest:
        content = content_of(delivery)
        headers = {
            "Content-Type": "application/json",
            "Ventanilla-Event": delivery.event,
            "Ventanilla-Delivery": str(delivery.id),
            "Ventanilla-Signature": signature(open_secret(webhook, self.keys), self.clock(), content),
        }
        return http.HttpRequest(url=webhook.url, method="POST", headers=headers, body=content, timeout=TIMEOUT)


def _plain(body: bytes) -> str:
    """What was answered as it can be kept and shown: a bounded text without controls."""
    text = body[:2000].decode("utf-8", "replace")
    return "".join(mark if mark.isprintable() else " " for mark in text).strip()
