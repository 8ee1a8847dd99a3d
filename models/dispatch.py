"""What somebody of the office sends by mail: one message, its documents and files. Its mails are in the outbox."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import CompanyRecord, company_table, inside, utc_now
from models.types import BigId, Email, Json, Key, LongText, Name


class Dispatch(CompanyRecord):
    """One message as it was written: subject and body complete, variables and all.

    ``recipients`` are the visible ones, ``{"to": [[email, name], …], "cc": […]}``; hidden ones are only mails.
    ``batch_id`` is the sending it is part of, whose unique key makes the same dialogue sent twice one sending; it
    stays so when it is sent on to another address.
    ``due_at`` is when it is to leave, and the date of the message whenever it does. With ``has_links`` the documents
    are links to the intranet instead of attachments.
    """

    __tablename__ = "dispatches"
    __table_args__ = company_table(
        inside("contact_id", "contacts"),
        inside("batch_id", "batches"),
        Index(None, "company_id", "contact_id"),
        Index(None, "company_id", "batch_id"),
    )

    batch_id: Mapped[Key | None]
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff_users.id"))
    contact_id: Mapped[Key | None]
    reply_to: Mapped[Email] = mapped_column(default="")
    due_at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    recipients: Mapped[dict[str, Any]] = mapped_column(Json)
    subject: Mapped[Name]
    body: Mapped[LongText]
    wants_receipt: Mapped[bool] = mapped_column(default=False)
    has_links: Mapped[bool] = mapped_column(default=False)

    documents: Mapped[list["DispatchDocument"]] = relationship(order_by="DispatchDocument.id")
    files: Mapped[list["DispatchFile"]] = relationship(order_by="DispatchFile.id")

    def __str__(self) -> str:
        return self.subject


class DispatchDocument(CompanyRecord):
    """A document that goes with a dispatch, printed with a version of a template (its own publication's when none)."""

    __tablename__ = "dispatch_documents"
    __table_args__ = company_table(
        inside("dispatch_id", "dispatches", ondelete="CASCADE"),
        inside("document_id", "documents"),
        inside("template_version_id", "template_versions"),
        Index(None, "company_id", "dispatch_id"),
        Index(None, "company_id", "document_id"),
    )

    dispatch_id: Mapped[Key]
    document_id: Mapped[Key]
    template_version_id: Mapped[Key | None]


class DispatchFile(CompanyRecord):
    """Another file that goes with a dispatch."""

    __tablename__ = "dispatch_files"
    __table_args__ = company_table(
        inside("dispatch_id", "dispatches", ondelete="CASCADE"),
        inside("file_id", "stored_files"),
        Index(None, "company_id", "dispatch_id"),
    )

    dispatch_id: Mapped[Key]
    file_id: Mapped[Key]
