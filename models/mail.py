"""Mail accounts, the outbox and every attempt to deliver from it."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import CompanyRecord, company_table, inside
from models.contact import Contact
from models.enums import MailKind, MailSecurity, MailStatus
from models.types import BigId, Email, Key, LongText, Name, Sha256, ShortText


class MailAccount(CompanyRecord):
    """Where mail leaves from: the company's own account (``user_id`` none) or a user's.

    ``sealed_password`` can only be opened by the installation's key, for this company, row and field. After repeated
    authentication failures the account is paused and says so; its queue waits.
    """

    __tablename__ = "mail_accounts"
    __table_args__ = company_table(UniqueConstraint("company_id", "user_id"))

    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff_users.id"))
    sender_name: Mapped[Name] = mapped_column(default="")
    sender_email: Mapped[Email]
    reply_to: Mapped[Email] = mapped_column(default="")
    host: Mapped[Name]
    port: Mapped[int] = mapped_column(default=587)
    security: Mapped[MailSecurity] = mapped_column(default=MailSecurity.STARTTLS)
    username: Mapped[Name] = mapped_column(default="")
    sealed_password: Mapped[LongText] = mapped_column(default="")
    pinned_fingerprint: Mapped[Sha256 | None]
    password_changed_at: Mapped[dt.datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[dt.datetime | None]
    last_error: Mapped[LongText] = mapped_column(default="")

    def __str__(self) -> str:
        return self.sender_email


class OutgoingMail(CompanyRecord):
    """A mail to one recipient, written in the transaction of the fact it tells.

    ``dedup_key`` makes the same fact tell the same person once. The message is built and ``frozen`` on the first
    attempt and never changes after; with ``is_secret`` the frozen bytes are sealed, and deleted on a final state.
    ``claim`` is the fencing token of the worker that holds the row until ``leased_until``; within one claim mails
    leave in the order of their ids. ``breaks`` counts links that broke after the message had been handed over.
    ``deferred_at`` is when a server last said *later*: nobody writes to that recipient within a minute of it. Past
    ``give_up_at``, set with the first attempt, one more *later* ends it. ``search_key`` is the subject, folded.
    """

    __tablename__ = "outgoing_mails"
    __table_args__ = company_table(
        inside("contact_id", "contacts"),
        inside("portal_account_id", "portal_accounts"),
        inside("batch_id", "batches"),
        inside("document_id", "documents"),
        UniqueConstraint("company_id", "dedup_key"),
        Index(None, "company_id", "batch_id", "status"),
        Index(None, "company_id", "portal_account_id", "id"),
        Index(
            "ix_outgoing_mails_document",
            "company_id",
            "document_id",
            postgresql_where=text("document_id IS NOT NULL"),
            sqlite_where=text("document_id IS NOT NULL"),
        ),
        Index(None, "company_id", "status", "id"),
        Index(
            "ix_outgoing_mails_due",
            "company_id",
            "due_at",
            "id",
            postgresql_where=text("status IN ('queued', 'retry')"),
            sqlite_where=text("status IN ('queued', 'retry')"),
        ),
        # Someone is waiting for these: they do not queue behind the notices of a batch.
        Index(
            "ix_outgoing_mails_urgent",
            "company_id",
            "due_at",
            "id",
            postgresql_where=text("status IN ('queued', 'retry') AND kind <> 'notice'"),
            sqlite_where=text("status IN ('queued', 'retry') AND kind <> 'notice'"),
        ),
        Index(
            "ix_outgoing_mails_leased",
            "leased_until",
            postgresql_where=text("status = 'sending'"),
            sqlite_where=text("status = 'sending'"),
        ),
    )

    kind: Mapped[MailKind]
    status: Mapped[MailStatus] = mapped_column(default=MailStatus.QUEUED)
    dedup_key: Mapped[Name]
    recipient: Mapped[Email]
    recipient_name: Mapped[Name] = mapped_column(default="")
    language: Mapped[ShortText] = mapped_column(default="es")
    contact_id: Mapped[Key | None]
    portal_account_id: Mapped[Key | None]
    batch_id: Mapped[Key | None]
    document_id: Mapped[Key | None]
    facts: Mapped[dict[str, Any] | None]
    is_secret: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[dt.datetime]
    subject: Mapped[Name] = mapped_column(default="")
    search_key: Mapped[LongText] = mapped_column(default="")
    message_id: Mapped[Name | None]
    frozen: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    claim: Mapped[ShortText | None]
    leased_until: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    breaks: Mapped[int] = mapped_column(default=0)
    last_reply: Mapped[LongText] = mapped_column(default="")
    deferred_at: Mapped[dt.datetime | None]
    give_up_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]

    contact: Mapped[Contact | None] = relationship(primaryjoin="foreign(OutgoingMail.contact_id) == Contact.id")

    def __str__(self) -> str:
        return self.subject or self.recipient


class MailAttempt(CompanyRecord):
    """One try at delivering a mail and what the server said, word for word."""

    __tablename__ = "mail_attempts"
    __table_args__ = company_table(inside("mail_id", "outgoing_mails"), Index(None, "company_id", "mail_id"))

    mail_id: Mapped[Key]
    status: Mapped[MailStatus]
    verb: Mapped[ShortText] = mapped_column(default="")
    reply: Mapped[LongText] = mapped_column(default="")
