"""What customers can see: templates, batches, publications, and what they did with each document."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import CompanyRecord, company_table, inside
from models.enums import BatchKind, DocumentKind, EventKind
from models.file import StoredFile
from models.staff import StaffUser
from models.types import BigId, Key, LongText, Name, Sha256, ShortText

LIVE = text("withdrawn_at IS NULL")


class DocumentTemplate(CompanyRecord):
    """How a PDF looks, under the name staff choose it by. What it says lives in its versions."""

    __tablename__ = "document_templates"
    __table_args__ = company_table(UniqueConstraint("company_id", "name"))

    name: Mapped[ShortText]
    is_default: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[dt.datetime | None]

    versions: Mapped[list["TemplateVersion"]] = relationship(
        primaryjoin="DocumentTemplate.id == foreign(TemplateVersion.template_id)",
        back_populates="template",
        order_by="TemplateVersion.number",
    )

    def __str__(self) -> str:
        return self.name


class TemplateVersion(CompanyRecord):
    """One frozen state of a template: changing the look adds a version, publications keep theirs."""

    __tablename__ = "template_versions"
    __table_args__ = company_table(
        inside("template_id", "document_templates"),
        inside("logo_id", "stored_files"),
        UniqueConstraint("company_id", "template_id", "number"),
    )

    template_id: Mapped[Key]
    number: Mapped[int]
    accent: Mapped[ShortText] = mapped_column(default="#1f5f8b")
    logo_id: Mapped[Key | None]
    columns: Mapped[ShortText] = mapped_column(default="code,discount,tax")
    intro: Mapped[LongText] = mapped_column(default="")
    legal_footer: Mapped[LongText] = mapped_column(default="")

    template: Mapped[DocumentTemplate] = relationship(
        primaryjoin="foreign(TemplateVersion.template_id) == DocumentTemplate.id", back_populates="versions"
    )
    logo: Mapped[StoredFile | None] = relationship(primaryjoin="foreign(TemplateVersion.logo_id) == StoredFile.id")

    def __str__(self) -> str:
        return f"{self.template} (v{self.number})"


class Batch(CompanyRecord):
    """One thing done to many rows at once: who, when, to what selection, with what result.

    ``key`` is the unique key of the dialogue it came from: the same dialogue sent twice is the same batch.
    """

    __tablename__ = "batches"
    __table_args__ = company_table(
        inside("template_version_id", "template_versions"),
        UniqueConstraint("company_id", "key"),
        Index(None, "company_id", "kind", "id"),
    )

    kind: Mapped[BatchKind]
    document_kind: Mapped[DocumentKind | None]
    key: Mapped[ShortText]
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff_users.id"))
    selection: Mapped[Name]
    fingerprint: Mapped[Name] = mapped_column(default="")
    notify: Mapped[bool] = mapped_column(default=False)
    template_version_id: Mapped[Key | None]
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    undone_at: Mapped[dt.datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff_users.id"))
    undone_figures: Mapped[dict[str, Any] | None]

    user: Mapped[StaffUser | None] = relationship(foreign_keys="Batch.user_id")
    template_version: Mapped[TemplateVersion | None] = relationship(
        primaryjoin="foreign(Batch.template_version_id) == TemplateVersion.id"
    )

    def __str__(self) -> str:
        return f"Publicación {self.id}"


class Publication(CompanyRecord):
    """A document is visible to its contact exactly while it has a publication that is not withdrawn.

    ``contact_id`` is the document's (issued documents never change theirs), so that the portal's lists need no join.
    The PDF is rendered after the fact and then kept: ``file_id`` and ``pdf_sha256`` are set once. ``render_tries``
    counts how often it was begun in the background, so that a document that brings its renderer down stops doing so.
    """

    __tablename__ = "publications"
    __table_args__ = company_table(
        inside("document_id", "documents"),
        inside("contact_id", "contacts"),
        inside("batch_id", "batches"),
        inside("withdrawn_by_batch_id", "batches"),
        inside("template_version_id", "template_versions"),
        inside("file_id", "stored_files"),
        Index(
            "uq_publications_live",
            "company_id",
            "document_id",
            unique=True,
            postgresql_where=LIVE,
            sqlite_where=LIVE,
        ),
        # In halves: PostgreSQL takes what is live for next to nothing until it has looked, and reads a partial index.
        Index(
            "ix_publications_of_contact",
            "company_id",
            "contact_id",
            "document_id",
            postgresql_where=LIVE,
            sqlite_where=LIVE,
        ),
        Index(
            "ix_publications_past",
            "company_id",
            "contact_id",
            "document_id",
            postgresql_where=text("withdrawn_at IS NOT NULL"),
            sqlite_where=text("withdrawn_at IS NOT NULL"),
        ),
        Index(None, "company_id", "batch_id", "contact_id", "document_id"),
        Index(
            "ix_publications_withdrawn_by",
            "company_id",
            "withdrawn_by_batch_id",
            postgresql_where=text("withdrawn_by_batch_id IS NOT NULL"),
            sqlite_where=text("withdrawn_by_batch_id IS NOT NULL"),
        ),
        Index(
            "ix_publications_to_render",
            "company_id",
            "id",
            postgresql_where=text("file_id IS NULL AND withdrawn_at IS NULL"),
            sqlite_where=text("file_id IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    document_id: Mapped[Key]
    contact_id: Mapped[Key]
    batch_id: Mapped[Key]
    template_version_id: Mapped[Key]
    withdrawn_at: Mapped[dt.datetime | None]
    withdrawn_by_batch_id: Mapped[Key | None]
    file_id: Mapped[Key | None]
    pdf_sha256: Mapped[Sha256 | None]
    render_tries: Mapped[int | None]

    batch: Mapped[Batch] = relationship(primaryjoin="foreign(Publication.batch_id) == Batch.id")
    template_version: Mapped[TemplateVersion] = relationship(
        primaryjoin="foreign(Publication.template_version_id) == TemplateVersion.id"
    )
    file: Mapped[StoredFile | None] = relationship(primaryjoin="foreign(Publication.file_id) == StoredFile.id")


class DocumentEvent(CompanyRecord):
    """A customer saw or took a document. Staff previews leave none."""

    __tablename__ = "document_events"
    __table_args__ = company_table(
        inside("document_id", "documents"),
        inside("contact_id", "contacts"),
        inside("account_id", "portal_accounts"),
        Index(None, "company_id", "document_id", "id"),
        Index(None, "company_id", "contact_id", "id"),
    )

    document_id: Mapped[Key]
    contact_id: Mapped[Key]
    account_id: Mapped[Key | None]
    kind: Mapped[EventKind]
    address: Mapped[ShortText] = mapped_column(default="")
    browser: Mapped[Name] = mapped_column(default="")
