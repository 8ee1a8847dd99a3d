"""The outbox and every attempt to deliver from it, the copies of what was sent, and what came back about it."""

import datetime as dt
from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import CompanyRecord, company_table, inside
from models.contact import Contact
from models.enums import CopyStatus, MailKind, MailStatus, ReportKind
from models.types import Email, Key, LongText, Name, ShortText

# What the states of a mail mean together.
WAITING = (MailStatus.QUEUED, MailStatus.RETRY)
"""It may still leave, and still be stopped."""

MOVING = (*WAITING, MailStatus.SENDING)
"""Not at its end yet: it waits, or a worker has it at this moment."""

LEFT = (MailStatus.SENT, MailStatus.UNKNOWN, MailStatus.SENDING)
"""Its reader has it, may have it, or is about to."""

ENDED_BADLY = (MailStatus.FAILED, MailStatus.UNKNOWN)
"""It did not arrive, or nobody knows: nobody tries it again unless somebody of the office does."""


class OutgoingMail(CompanyRecord):
    """A mail to one recipient, written in the transaction of the fact it tells.

    ``dedup_key`` makes the same fact tell the same person once. The message is built and ``frozen`` on the first
    attempt and never changes after; with ``is_secret`` the frozen bytes are sealed, and deleted on a final state.
    ``claim`` is the fencing token of the worker that holds the row until ``leased_until``; within one claim mails
    leave in the order of their ids. ``breaks`` counts links that broke after the message had been handed over.
    ``deferred_at`` is when a server last said *later*: nobody writes to that recipient within a minute of it. Past
    ``give_up_at``, set with the first attempt, one more *later* ends it. ``search_key`` is the subject, folded.
    ``account_id`` is whose account it leaves from, the company's when none. Mails of one ``dispatch_id`` are the same
    message to several people: the same bytes, one state each.
    """

    __tablename__ = "outgoing_mails"
    __table_args__ = company_table(
        inside("contact_id", "contacts"),
        inside("portal_account_id", "portal_accounts"),
        inside("batch_id", "batches"),
        inside("document_id", "documents"),
        inside("account_id", "mail_accounts"),
        inside("dispatch_id", "dispatches"),
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
        Index(
            "ix_outgoing_mails_dispatch",
            "company_id",
            "dispatch_id",
            postgresql_where=text("dispatch_id IS NOT NULL"),
            sqlite_where=text("dispatch_id IS NOT NULL"),
        ),
        # What comes back about a mail names it by this.
        Index(
            "ix_outgoing_mails_message",
            "company_id",
            "message_id",
            postgresql_where=text("message_id IS NOT NULL"),
            sqlite_where=text("message_id IS NOT NULL"),
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
    account_id: Mapped[Key | None]
    dispatch_id: Mapped[Key | None]
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


class SentCopy(CompanyRecord):
    """The copy of a sent message that its account keeps in a folder of its own, over IMAP: one per message.

    A copy that fails is tried again by itself and never makes the mail unsent. ``folder`` is where it is.
    """

    __tablename__ = "sent_copies"
    __table_args__ = company_table(
        inside("mail_id", "outgoing_mails"),
        inside("account_id", "mail_accounts"),
        UniqueConstraint("company_id", "account_id", "message_id"),
        Index(None, "company_id", "mail_id"),
        Index(
            "ix_sent_copies_due",
            "company_id",
            "account_id",
            "due_at",
            postgresql_where=text("status = 'waiting'"),
            sqlite_where=text("status = 'waiting'"),
        ),
    )

    mail_id: Mapped[Key]
    account_id: Mapped[Key]
    message_id: Mapped[Name]
    status: Mapped[CopyStatus] = mapped_column(default=CopyStatus.WAITING)
    due_at: Mapped[dt.datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    folder: Mapped[Name] = mapped_column(default="")
    last_error: Mapped[LongText] = mapped_column(default="")
    finished_at: Mapped[dt.datetime | None]


class MailReport(CompanyRecord):
    """What came back about a mail to one recipient: refused after all, delayed, delivered, read, thrown away unread.

    ``code`` is the enhanced status code (RFC 3463), ``says`` the reporter's own words. ``report_key`` names the
    message it came in, so that reading an inbox twice tells nothing twice. ``dismissed_at``: somebody of the office
    said that the address is good all the same.
    """

    __tablename__ = "mail_reports"
    __table_args__ = company_table(
        inside("mail_id", "outgoing_mails"),
        UniqueConstraint("company_id", "report_key", "recipient"),
        Index(None, "company_id", "mail_id"),
        Index(None, "company_id", "recipient", "reported_at"),
        Index(
            "ix_mail_reports_bounced",
            "company_id",
            "recipient",
            postgresql_where=text("kind = 'bounced' AND dismissed_at IS NULL"),
            sqlite_where=text("kind = 'bounced' AND dismissed_at IS NULL"),
        ),
    )

    mail_id: Mapped[Key]
    kind: Mapped[ReportKind]
    recipient: Mapped[Email]
    code: Mapped[ShortText] = mapped_column(default="")
    says: Mapped[LongText] = mapped_column(default="")
    report_key: Mapped[Name]
    reported_at: Mapped[dt.datetime]
    dismissed_at: Mapped[dt.datetime | None]
