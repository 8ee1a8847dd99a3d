"""Who changed what: a chain per company that shows any later tampering."""

import datetime as dt
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import CompanyRecord, company_table
from models.types import Json, Key, LongText, Name, Sha256, ShortText


class AuditHead(CompanyRecord):
    """The last link of a company's chain. Locked, last of all locks, by whoever adds the next."""

    __tablename__ = "audit_heads"
    __table_args__ = company_table(UniqueConstraint("company_id"))

    position: Mapped[Key] = mapped_column(default=0)
    hash: Mapped[Sha256] = mapped_column(default="")


class AuditEntry(CompanyRecord):
    """One change with the differences field by field, written in the transaction of the change itself.

    ``hash`` covers ``previous_hash`` and every other column, see ``app.domain.audit``; but not ``search_key``, a folded
    copy of ``actor`` and ``label``.
    """

    __tablename__ = "audit_entries"
    __table_args__ = company_table(
        UniqueConstraint("company_id", "position"),
        Index(None, "company_id", "entity", "entity_id"),
    )

    position: Mapped[Key]
    at: Mapped[dt.datetime]
    actor: Mapped[Name]
    actor_id: Mapped[Key | None]
    action: Mapped[ShortText]
    entity: Mapped[ShortText]
    entity_id: Mapped[Key | None]
    label: Mapped[Name] = mapped_column(default="")
    changes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    previous_hash: Mapped[Sha256]
    hash: Mapped[Sha256]
    search_key: Mapped[LongText] = mapped_column(default="")
