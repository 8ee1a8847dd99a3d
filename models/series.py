"""Series: where document numbers come from."""

import datetime as dt

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import CompanyRecord, company_table
from models.enums import DocumentKind
from models.types import Key, Name, ShortText


class Series(CompanyRecord):
    """A run of numbers of one kind of document: its own are ``first_number`` to ``next_number - 1``, without gaps.

    ``label`` is what documents carry (``FV26``): the code, followed by two digits of the year when it has one.
    ``last_issued_on`` is the latest day of a number, imported ones included; no later number may have an earlier day.
    """

    __tablename__ = "series"
    __table_args__ = company_table(
        UniqueConstraint("company_id", "kind", "label"),
        CheckConstraint("first_number >= 1 AND next_number >= first_number", name="numbers_in_order"),
    )

    kind: Mapped[DocumentKind]
    code: Mapped[ShortText]
    year: Mapped[int | None]
    label: Mapped[ShortText]
    name: Mapped[Name] = mapped_column(default="")
    first_number: Mapped[Key] = mapped_column(default=1)
    next_number: Mapped[Key] = mapped_column(default=1)
    last_issued_on: Mapped[dt.date | None]
    is_corrective: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[dt.datetime | None]

    def __str__(self) -> str:
        return self.label

    @property
    def has_own_numbers(self) -> bool:
        return self.next_number > self.first_number

    def spell(self, number: int) -> str:
        """The number as it is printed: ``FV26-0446``."""
        return f"{self.label}-{number:04d}"
