"""Programs that work for a company: their keys, what they were answered, and what is told to them."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import CompanyRecord, company_table, inside
from models.enums import DeliveryStatus
from models.types import BigId, Json, Key, LongText, Name, Sha256, ShortText


class ApiKey(CompanyRecord):
    """A program's key to one company. It acts for whoever made it, and may do no more than they may.

    Only hashes are kept; ``prefix`` is what is still shown. Once it has been regenerated, the secret before it opens
    until ``previous_until``; ``previous_used_at`` is when somebody last came with that one. ``per_minute`` bounds its
    requests. ``scopes`` are values of ``ApiScope``.
    """

    __tablename__ = "api_keys"
    __table_args__ = company_table(
        UniqueConstraint("company_id", "secret_hash"),
        Index(None, "company_id", "user_id"),
    )

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff_users.id"))
    name: Mapped[Name]
    prefix: Mapped[ShortText]
    secret_hash: Mapped[Sha256]
    previous_hash: Mapped[Sha256 | None]
    previous_until: Mapped[dt.datetime | None]
    previous_used_at: Mapped[dt.datetime | None]
    scopes: Mapped[list[str]] = mapped_column(Json)
    per_minute: Mapped[int] = mapped_column(default=600)
    expires_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]
    last_address: Mapped[ShortText] = mapped_column(default="")
    ended_at: Mapped[dt.datetime | None]

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(CompanyRecord):
    """A request that a program may repeat and that is done once; ``status`` and what follows are its answer.

    Without an answer it is being worked on: ``claim`` is the fencing token of whoever does, until ``leased_until``.
    ``fingerprint`` tells another request that comes with the same key.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = company_table(
        inside("api_key_id", "api_keys", ondelete="CASCADE"),
        UniqueConstraint("company_id", "api_key_id", "key"),
    )

    api_key_id: Mapped[Key]
    key: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[Sha256]
    claim: Mapped[ShortText | None]
    leased_until: Mapped[dt.datetime | None]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


class Webhook(CompanyRecord):
    """An address of somebody's program that wants to be told what happens here.

    ``position`` counts what it has been told: each delivery has the next number, in the order of the transactions. One
    that does not answer is left alone until ``paused_until``. ``claim`` is the fencing token of the worker that tells
    it, until ``leased_until``. While it is stopped nothing is noted for it. ``events`` are values of ``WebhookEvent``.
    """

    __tablename__ = "webhooks"
    __table_args__ = company_table()

    name: Mapped[Name]
    url: Mapped[str] = mapped_column(String(2000))
    events: Mapped[list[str]] = mapped_column(Json)
    sealed_secret: Mapped[LongText] = mapped_column(default="")
    position: Mapped[Key] = mapped_column(default=0)
    stopped_at: Mapped[dt.datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[dt.datetime | None]
    last_error: Mapped[LongText] = mapped_column(default="")
    claim: Mapped[ShortText | None]
    leased_until: Mapped[dt.datetime | None]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(CompanyRecord):
    """One thing told to one webhook, written in the transaction of the fact. What it says never changes.

    ``subject`` and ``subject_id`` name what it is about, ``facts`` the little that is said of it. ``last_status`` is
    the HTTP status of the last answer, none when there was none.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = company_table(
        inside("webhook_id", "webhooks", ondelete="CASCADE"),
        UniqueConstraint("company_id", "webhook_id", "position"),
        Index(
            "ix_webhook_deliveries_due",
            "company_id",
            "webhook_id",
            "due_at",
            "position",
            postgresql_where=text("status = 'waiting'"),
            sqlite_where=text("status = 'waiting'"),
        ),
    )

    webhook_id: Mapped[Key]
    position: Mapped[Key]
    event: Mapped[ShortText]
    subject: Mapped[ShortText]
    subject_id: Mapped[Key | None]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[DeliveryStatus] = mapped_column(default=DeliveryStatus.WAITING)
    due_at: Mapped[dt.datetime]
    give_up_at: Mapped[dt.datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[dt.datetime | None]
    last_status: Mapped[int | None]
    last_answer: Mapped[LongText] = mapped_column(default="")
    finished_at: Mapped[dt.datetime | None]
