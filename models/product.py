"""Articles that lines of documents are filled from."""

import datetime as dt

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import CompanyRecord, company_table
from models.types import LongText, Name, Rate, ShortText, UnitPrice


class Product(CompanyRecord):
    """Something the company sells. Lines copy it: changing an article changes no document."""

    __tablename__ = "products"
    __table_args__ = company_table(UniqueConstraint("company_id", "code"))

    code: Mapped[ShortText]
    name: Mapped[Name]
    description: Mapped[LongText] = mapped_column(default="")
    unit_price: Mapped[UnitPrice] = mapped_column(default=0)
    tax_rate: Mapped[Rate] = mapped_column(default=21)
    search_key: Mapped[LongText] = mapped_column(default="")
    archived_at: Mapped[dt.datetime | None]

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"
