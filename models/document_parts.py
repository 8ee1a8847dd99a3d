"""What hangs from a document: lines, taxes, due dates, attachments."""

import datetime as dt

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import CompanyRecord, company_table, inside
from models.enums import PaymentMethod, TaxKind
from models.file import StoredFile
from models.types import Key, LongText, Money, Name, Quantity, Rate, ShortText, UnitPrice


class DocumentLine(CompanyRecord):
    """One line: ``net`` is quantity times price less the discount, rounded to the cent."""

    __tablename__ = "document_lines"
    __table_args__ = company_table(inside("document_id", "documents"), Index(None, "company_id", "document_id"))

    document_id: Mapped[Key]
    position: Mapped[int]
    code: Mapped[ShortText] = mapped_column(default="")
    concept: Mapped[LongText]
    quantity: Mapped[Quantity] = mapped_column(default=1)
    unit_price: Mapped[UnitPrice] = mapped_column(default=0)
    discount_rate: Mapped[Rate] = mapped_column(default=0)
    net: Mapped[Money] = mapped_column(default=0)
    tax_kind: Mapped[TaxKind] = mapped_column(default=TaxKind.VAT)
    tax_rate: Mapped[Rate] = mapped_column(default=0)
    surcharge_rate: Mapped[Rate] = mapped_column(default=0)
    exemption: Mapped[Name] = mapped_column(default="")


class DocumentTax(CompanyRecord):
    """One group of the tax table: everything of the same tax, rate and cause."""

    __tablename__ = "document_taxes"
    __table_args__ = company_table(inside("document_id", "documents"), Index(None, "company_id", "document_id"))

    document_id: Mapped[Key]
    position: Mapped[int]
    kind: Mapped[TaxKind] = mapped_column(default=TaxKind.VAT)
    label: Mapped[Name]
    base: Mapped[Money]
    rate: Mapped[Rate]
    amount: Mapped[Money]
    surcharge_rate: Mapped[Rate] = mapped_column(default=0)
    surcharge_amount: Mapped[Money] = mapped_column(default=0)
    exemption: Mapped[Name] = mapped_column(default="")


class DueDate(CompanyRecord):
    """A day on which part of a document falls due. The due dates of a document add up to what is payable."""

    __tablename__ = "due_dates"
    __table_args__ = company_table(
        inside("document_id", "documents"),
        Index(None, "company_id", "document_id"),
        Index(None, "company_id", "day"),
    )

    document_id: Mapped[Key]
    day: Mapped[dt.date]
    amount: Mapped[Money]
    method: Mapped[PaymentMethod] = mapped_column(default=PaymentMethod.TRANSFER)
    account: Mapped[ShortText] = mapped_column(default="")


class Attachment(CompanyRecord):
    """A file that belongs to a document: the e-invoice it was read from, the PDF that came inside."""

    __tablename__ = "attachments"
    __table_args__ = company_table(
        inside("document_id", "documents"),
        inside("file_id", "stored_files"),
        Index(None, "company_id", "document_id"),
    )

    document_id: Mapped[Key]
    file_id: Mapped[Key]
    is_original: Mapped[bool] = mapped_column(default=False)
    is_customer_pdf: Mapped[bool] = mapped_column(default=False)

    file: Mapped[StoredFile] = relationship(primaryjoin="foreign(Attachment.file_id) == StoredFile.id")
