"""A company with a webhook and somebody's program that receives."""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from msgspec.structs import replace

from app import clock
from app.domain.webhook_deliveries import due_webhooks
from app.domain.webhooks import SavedWebhook, SaveWebhook, save_webhook
from app.installation import Installation
from app.scope import SYSTEM, ScopedSession
from app.settings import Settings
from app.webhook_courier import tell_webhook
from models.enums import WebhookEvent
from tests.rig.receiver import Receiver, receiving

ALL = tuple(WebhookEvent)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, private_hosts=frozenset({"localhost"}))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def listen(db: ScopedSession, installation: Installation, receiver: Receiver) -> Callable[..., SavedWebhook]:
    """``listen("mail.sent")``: a webhook of the company, committed."""

    def listen(*events: Any, url: str = "", name: str = "Tienda") -> SavedWebhook:
        command = SaveWebhook(name=name, url=url or f"{receiver.url}/avisos", events=events or ALL)
        saved = save_webhook(db, installation.keys, command)
        db.commit()
        return saved

    return listen


@pytest.fixture
def deliver(installation: Installation, db: ScopedSession) -> Callable[..., int]:
    """What the worker does with what is due: how many webhooks there were to tell."""

    def deliver(now: Callable[[], Any] = clock.now) -> int:
        db.rollback()
        with installation.database.read(SYSTEM) as everybody:
            due = due_webhooks(everybody, now())
        for one in due:
            tell_webhook(installation, one, Event(), now)
        return len(due)

    return deliver
