"""Addresses of other people's programs that are told what happens here: kept, stopped, given another secret."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec import Struct
from sqlalchemy import select

from app import clock
from app.domain import fields
from app.domain.telling import tell_one
from app.errors import InvalidValue, NotFound, Refusal
from app.scope import ScopedSession
from app.secrets import Keys, new_key
from app.texts import _
from models import Webhook
from models.enums import WebhookEvent

MOST_WEBHOOKS = 20
LONGEST_URL = 2000
USUAL_PORTS = {"https": 443, "http": 80}


class TooManyWebhooks(Refusal):
    code = "too_many_webhooks"

    def __init__(self) -> None:
        super().__init__(_("Como mucho %(n)s por empresa: elimine antes alguno.") % {"n": MOST_WEBHOOKS})


class WebhookStopped(Refusal):
    code = "webhook_stopped"

    def __init__(self) -> None:
        super().__init__(_("Está detenido: vuelva a ponerlo en marcha antes."))


class SaveWebhook(Struct, frozen=True, kw_only=True):
    """Without ``id`` it is a new one. ``url`` is as ``webhook_url`` gives it."""

    id: int | None = None
    name: str
    url: str
    events: Sequence[WebhookEvent]
    is_stopped: bool = False


class SavedWebhook(Struct, frozen=True):
    """``secret`` is only there when it was made just now: it is not shown again."""

    webhook: Webhook
    secret: str | None


class Place(Struct, frozen=True):
    """Where an address leads."""

    host: str
    port: int


def webhook_url(typed: str, field: str, private_hosts: frozenset[str] = frozenset()) -> str:
    """An address to tell things to: https, or also http and any port for hosts of the operator's private list."""
    url = fields.line(typed, field, most=LONGEST_URL, required=True)
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise _no_url(field) from error
    is_trusted = host in private_hosts
    if parts.scheme == "http" and host and not is_trusted:
        raise InvalidValue(_("Tiene que empezar por https://."), field=field)
    schemes = USUAL_PORTS if is_trusted else {"https": 443}
    if not host or parts.scheme not in schemes or parts.username is not None or parts.fragment or not url.isascii():
        raise _no_url(field)
    if " " in url or "\\" in url or (port not in (None, schemes[parts.scheme]) and not is_trusted):
        raise _no_url(field)
    return url


def place_named(url: str) -> Place:
    parts = urlsplit(url)
    return Place(parts.hostname or "", parts.port or USUAL_PORTS[parts.scheme])


def _no_url(field: str) -> InvalidValue:
    return InvalidValue(_("Escriba una dirección como https://programa.ejemplo/avisos."), field=field)


def save_webhook(db: ScopedSession, keys: Keys, command: SaveWebhook) -> SavedWebhook:
    """Make one, with a secret to sign with, or change it. What changes is told from now on; what waits goes there too.

    Raises ``InvalidValue``, ``NotFound`` or ``TooManyWebhooks``.
    """
    if not command.events:
        raise InvalidValue(_("Marque al menos un suceso."), field="events")
    webhook = find_webhook(db, command.id) if command.id is not None else _new(db)
    _check_told_once(db, command)
    webhook.name = fields.line(command.name, "name", most=60, required=True)
    if webhook.url != command.url:
        webhook.failures, webhook.paused_until, webhook.last_error = 0, None, ""
    webhook.url = command.url
    webhook.events = [one.value for one in WebhookEvent if one in command.events]
    if command.is_stopped:
        webhook.stopped_at = webhook.stopped_at or clock.now()
    else:
        webhook.stopped_at = None
    db.add(webhook)
    db.flush()
    return SavedWebhook(webhook, _give_secret(db, keys, webhook) if command.id is None else None)


def renew_secret(db: ScopedSession, keys: Keys, webhook_id: int) -> SavedWebhook:
    """Another secret, from the next delivery on. Raises ``NotFound``."""
    webhook = find_webhook(db, webhook_id)
    return SavedWebhook(webhook, _give_secret(db, keys, webhook))


def delete_webhook(db: ScopedSession, webhook_id: int) -> None:
    """It and all it has been told. Raises ``NotFound``."""
    db.delete(find_webhook(db, webhook_id))
    db.flush()


def try_webhook(db: ScopedSession, webhook_id: int) -> None:
    """Tell it something that means nothing, at once. Raises ``NotFound`` or ``WebhookStopped``."""
    webhook = find_webhook(db, webhook_id)
    if webhook.stopped_at is not None:
        raise WebhookStopped
    webhook.paused_until = None
    db.flush()
    tell_one(db, webhook_id, WebhookEvent.TEST)


def find_webhook(db: ScopedSession, webhook_id: int) -> Webhook:
    """Locked, if the transaction writes. Raises ``NotFound``."""
    webhook = db.scalar(select(Webhook).where(Webhook.id == webhook_id).with_for_update())
    if webhook is None:
        raise NotFound(_("ese webhook"))
    return webhook


def open_secret(webhook: Webhook, keys: Keys) -> str:
    """Raises ``SealBroken`` when the installation's keys are not those it was sealed with."""
    return keys.open_text(webhook.sealed_secret, _context(webhook))


def _check_told_once(db: ScopedSession, command: SaveWebhook) -> None:
    """One address is told everything once, however many events it listens to."""
    others = select(Webhook.name).where(Webhook.url == command.url, Webhook.id != (command.id or 0))
    if (name := db.scalar(others.limit(1))) is not None:
        raise InvalidValue(_("A esa dirección ya se le avisa con «%(nombre)s».") % {"nombre": name}, field="url")


def _new(db: ScopedSession) -> Webhook:
    if len(db.scalars(select(Webhook.id)).all()) >= MOST_WEBHOOKS:
        raise TooManyWebhooks
    return Webhook(company_id=db.company_id)


def _give_secret(db: ScopedSession, keys: Keys, webhook: Webhook) -> str:
    secret = f"whsec_{new_key()}"
    webhook.sealed_secret = keys.seal_text(secret, _context(webhook))
    db.flush()
    return secret


def _context(webhook: Webhook) -> str:
    return f"webhooks/{webhook.company_id}/{webhook.id}/secret"
