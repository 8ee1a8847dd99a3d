"""Stored files: the row knows what, the object store holds the bytes."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import CompanyRecord, company_table
from models.types import Name, Sha256, ShortText


class StoredFile(CompanyRecord):
    """Bytes kept by content: the key is company and SHA-256, so the same bytes are kept once and never change."""

    __tablename__ = "stored_files"
    __table_args__ = company_table(UniqueConstraint("company_id", "sha256", "name"))

    sha256: Mapped[Sha256]
    size: Mapped[int]
    media_type: Mapped[ShortText]
    name: Mapped[Name]

    @property
    def key(self) -> str:
        return file_key(self.company_id, self.sha256)

    def __str__(self) -> str:
        return self.name


def file_key(company_id: int, sha256: str) -> str:
    """Where the bytes are, for whoever knows what they are."""
    return f"{company_id}/{sha256[:2]}/{sha256}"
