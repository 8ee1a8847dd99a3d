"""Customers and suppliers, with their addresses and e-mails."""

import datetime as dt

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import CompanyRecord, company_table, inside
from models.enums import AddressPurpose, EmailPurpose, PaymentMethod
from models.types import Email, Key, LongText, Name, Rate, ShortText


class Contact(CompanyRecord):
    """A customer, a supplier, or both.

    ``email`` is the address of the main record: sign-in name of the portal and recipient of notices.
    ``search_key`` and ``sort_key`` are folded copies (lower case, no accents) that the save path fills, so that
    searching and sorting need nothing of the database.
    """

    __tablename__ = "contacts"
    __table_args__ = company_table(
        UniqueConstraint("company_id", "code"),
        CheckConstraint("is_customer OR is_supplier", name="has_a_side"),
        Index(None, "company_id", "sort_key", "id"),
        Index(None, "company_id", "tax_id"),
        Index(None, "company_id", "email"),
    )

    code: Mapped[ShortText]
    name: Mapped[Name]
    trade_name: Mapped[Name] = mapped_column(default="")
    tax_id: Mapped[ShortText] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="ES")
    is_customer: Mapped[bool] = mapped_column(default=True)
    is_supplier: Mapped[bool] = mapped_column(default=False)
    is_person: Mapped[bool] = mapped_column(default=False)
    address: Mapped[Name] = mapped_column(default="")
    postcode: Mapped[ShortText] = mapped_column(default="")
    city: Mapped[Name] = mapped_column(default="")
    province: Mapped[Name] = mapped_column(default="")
    phone: Mapped[ShortText] = mapped_column(default="")
    email: Mapped[Email | None]
    language: Mapped[ShortText] = mapped_column(default="es")
    payment_method: Mapped[PaymentMethod] = mapped_column(default=PaymentMethod.TRANSFER)
    payment_days: Mapped[ShortText] = mapped_column(default="30")
    payment_day: Mapped[int | None]
    iban: Mapped[ShortText] = mapped_column(default="")
    has_surcharge: Mapped[bool] = mapped_column(default=False)
    withholding_rate: Mapped[Rate] = mapped_column(default=0)
    notes: Mapped[LongText] = mapped_column(default="")
    archived_at: Mapped[dt.datetime | None]
    search_key: Mapped[LongText] = mapped_column(default="")
    sort_key: Mapped[Name] = mapped_column(default="")

    addresses: Mapped[list["ContactAddress"]] = relationship(
        primaryjoin="Contact.id == foreign(ContactAddress.contact_id)",
        order_by="ContactAddress.id",
        cascade="all, delete-orphan",
    )
    emails: Mapped[list["ContactEmail"]] = relationship(
        primaryjoin="Contact.id == foreign(ContactEmail.contact_id)",
        order_by="ContactEmail.id",
        cascade="all, delete-orphan",
    )

    def __str__(self) -> str:
        return self.name


class ContactAddress(CompanyRecord):
    """A second address of a contact: where goods go, where invoices go."""

    __tablename__ = "contact_addresses"
    __table_args__ = company_table(inside("contact_id", "contacts"), Index(None, "company_id", "contact_id"))

    contact_id: Mapped[Key]
    purpose: Mapped[AddressPurpose] = mapped_column(default=AddressPurpose.DELIVERY)
    address: Mapped[Name]
    postcode: Mapped[ShortText] = mapped_column(default="")
    city: Mapped[Name] = mapped_column(default="")
    province: Mapped[Name] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="ES")


class ContactEmail(CompanyRecord):
    """A further e-mail of a contact. One with purpose ``portal`` is another person who may enter the portal."""

    __tablename__ = "contact_emails"
    __table_args__ = company_table(
        inside("contact_id", "contacts"), UniqueConstraint("company_id", "contact_id", "email")
    )

    contact_id: Mapped[Key]
    purpose: Mapped[EmailPurpose] = mapped_column(default=EmailPurpose.GENERAL)
    email: Mapped[Email]
    name: Mapped[Name] = mapped_column(default="")
