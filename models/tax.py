"""Tax rates, each with the days on which it holds."""

import datetime as dt

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import CompanyRecord, company_table
from models.enums import TaxKind
from models.types import Name, Rate


class TaxRate(CompanyRecord):
    """A rate offered on lines between two days. Documents copy rate and label, never a reference."""

    __tablename__ = "tax_rates"
    __table_args__ = company_table(
        UniqueConstraint("company_id", "kind", "rate", "name", "valid_from"),
        CheckConstraint("rate >= 0 AND surcharge_rate >= 0", name="not_negative"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="days_in_order"),
    )

    kind: Mapped[TaxKind] = mapped_column(default=TaxKind.VAT)
    name: Mapped[Name]
    rate: Mapped[Rate]
    surcharge_rate: Mapped[Rate] = mapped_column(default=0)
    exemption: Mapped[Name] = mapped_column(default="")
    valid_from: Mapped[dt.date]
    valid_until: Mapped[dt.date | None]

    def __str__(self) -> str:
        return self.name

    def holds_on(self, day: dt.date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
