"""Companies of the installation and the addresses their intranets have had."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Record
from models.enums import AccessDelivery, ButtonSize, PaymentMethod
from models.types import BigId, Email, Key, LongText, Name, ShortText


class Company(Record):
    """A company that uses this installation, with its fiscal facts, its intranet address and its look.

    ``slug`` is shown as staff typed it and found by ``slug_key``, its lower case. A company made by an import is
    *pendiente de revisar* until ``confirmed_at``: nothing of it can be published before. The button for its own web is
    of its ``accent`` unless it has a colour of its own.
    """

    __tablename__ = "companies"
    __table_args__ = (
        UniqueConstraint("tax_id"),
        UniqueConstraint("slug_key"),
        UniqueConstraint("short_code"),
        CheckConstraint("length(slug) BETWEEN 3 AND 40", name="slug_length"),
        Record.__table_args__,
    )

    name: Mapped[Name]
    trade_name: Mapped[Name] = mapped_column(default="")
    tax_id: Mapped[ShortText]
    country: Mapped[str] = mapped_column(default="ES")
    address: Mapped[Name] = mapped_column(default="")
    postcode: Mapped[ShortText] = mapped_column(default="")
    city: Mapped[Name] = mapped_column(default="")
    province: Mapped[Name] = mapped_column(default="")
    phone: Mapped[ShortText] = mapped_column(default="")
    email: Mapped[Email] = mapped_column(default="")
    website: Mapped[Name] = mapped_column(default="")
    registration: Mapped[LongText] = mapped_column(default="")
    iban: Mapped[ShortText] = mapped_column(default="")

    slug: Mapped[ShortText]
    slug_key: Mapped[ShortText]
    short_code: Mapped[ShortText]
    confirmed_at: Mapped[dt.datetime | None]

    notify_by_default: Mapped[bool] = mapped_column(default=True)
    access_delivery: Mapped[AccessDelivery] = mapped_column(default=AccessDelivery.LINK)
    opening_hours: Mapped[Name] = mapped_column(default="")
    accent: Mapped[ShortText] = mapped_column(default="#1f5f8b")
    logo_id: Mapped[Key | None]
    button_text: Mapped[ShortText] = mapped_column(default="ÁREA DE CLIENTES")
    button_colour: Mapped[ShortText] = mapped_column(default="")
    button_size: Mapped[ButtonSize] = mapped_column(default=ButtonSize.MEDIUM)
    language: Mapped[ShortText] = mapped_column(default="es")

    payment_method: Mapped[PaymentMethod] = mapped_column(default=PaymentMethod.TRANSFER)
    payment_days: Mapped[ShortText] = mapped_column(default="30")

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        return self.trade_name or self.name

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None


class CompanySlug(Record):
    """An address a company's intranet had before: it redirects, and nobody else may take it."""

    __tablename__ = "company_slugs"
    __table_args__ = (UniqueConstraint("slug_key"), Record.__table_args__)

    company_id: Mapped[int] = mapped_column(BigId, ForeignKey("companies.id"), index=True)
    slug_key: Mapped[ShortText]
