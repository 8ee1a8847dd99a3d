"""Documents of all seven kinds in one table, with their lines, taxes, due dates and attachments."""

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import CompanyRecord, company_table, inside
from models.contact import Contact
from models.document_parts import Attachment, DocumentLine, DocumentTax, DueDate
from models.enums import DocumentKind, DocumentStatus, Origin, PaymentMethod
from models.series import Series
from models.types import Key, LongText, Money, Name, NumberText, Rate, ShortText

STATUSES = {
    DocumentKind.QUOTE: ("draft", "issued", "accepted", "rejected", "superseded"),
    DocumentKind.SALES_ORDER: ("draft", "issued", "confirmed", "delivered", "cancelled"),
    DocumentKind.WORK_ORDER: ("draft", "issued", "done", "cancelled"),
    DocumentKind.DELIVERY_NOTE: ("draft", "issued", "delivered", "invoiced", "cancelled"),
    DocumentKind.INVOICE: ("draft", "issued", "pending", "part_paid", "paid", "returned"),
    DocumentKind.PROFORMA: ("draft", "issued", "superseded"),
    DocumentKind.PURCHASE_ORDER: ("draft", "issued", "confirmed", "received", "cancelled"),
}

_STATUS_OF_ITS_KIND = " OR ".join(
    f"(kind = '{kind}' AND status IN ({', '.join(repr(status) for status in statuses)}))"
    for kind, statuses in STATUSES.items()
)

OPEN = (DocumentStatus.PENDING, DocumentStatus.PART_PAID, DocumentStatus.RETURNED)
_IS_OPEN = text("status IN ('pending', 'part_paid', 'returned')")


class Document(CompanyRecord):
    """What the company sends or receives on paper.

    A draft follows its contact; an issued document never changes: number, both parties, lines, taxes and totals
    are copied at issue and frozen. A mistake in an invoice is corrected by a second one (``corrects_id``); a quote is
    replaced by a new version, and becomes an order or an invoice (``made_from_id``). ``seller_…`` is the letterhead and
    ``buyer_…`` whom it is addressed to: of a purchase order, its supplier.
    ``number`` is our own count within the series; ``number_text`` is the number as printed; ``sort_number`` orders
    imported numbers for ranges. ``issued_on`` of a draft is the day it is meant for. ``due_on`` of an invoice is the
    first day whose part is not yet covered by ``collected``: one late instalment makes it late; of the other kinds, the
    day until which it holds or on which it is expected. ``total`` is *total factura*,
    ``payable`` is *total a pagar* (less withholding). ``draft_key`` is the unique key of the form a draft was first
    written in: the same form sent twice is the same draft. ``search_key`` is what a customer can find it by once it
    is issued, folded.
    """

    __tablename__ = "documents"
    __table_args__ = company_table(
        inside("contact_id", "contacts"),
        inside("series_id", "series"),
        inside("corrects_id", "documents"),
        inside("made_from_id", "documents"),
        UniqueConstraint("company_id", "kind", "number_text"),
        UniqueConstraint("company_id", "series_id", "number"),
        CheckConstraint("(status = 'draft') = (number_text IS NULL)", name="numbered_once_issued"),
        CheckConstraint(_STATUS_OF_ITS_KIND, name="status_of_its_kind"),
        Index(None, "company_id", "kind", "issued_on", "id"),
        Index(None, "company_id", "kind", "status", "issued_on", "id"),
        Index(None, "company_id", "contact_id", "kind", "issued_on", "id"),
        Index(None, "company_id", "kind", "series_label", "sort_number"),
        Index(None, "company_id", "kind", "total"),
        *(
            Index(
                f"ix_documents_{name}",
                "company_id",
                name,
                postgresql_where=text(f"{name} IS NOT NULL"),
                sqlite_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("corrects_id", "made_from_id")
        ),
        # Everything that adding up what is owed reads.
        Index(
            "ix_documents_owed",
            "company_id",
            "kind",
            "status",
            "currency",
            "due_on",
            "payable",
            "collected",
            postgresql_where=_IS_OPEN,
            sqlite_where=_IS_OPEN,
        ),
        Index(
            "uq_documents_draft_key",
            "company_id",
            "draft_key",
            unique=True,
            postgresql_where=text("draft_key IS NOT NULL"),
            sqlite_where=text("draft_key IS NOT NULL"),
        ),
    )

    kind: Mapped[DocumentKind]
    status: Mapped[DocumentStatus] = mapped_column(default=DocumentStatus.DRAFT, active_history=True)
    origin: Mapped[Origin] = mapped_column(default=Origin.OWN)
    contact_id: Mapped[Key]
    series_id: Mapped[Key | None]
    series_label: Mapped[ShortText] = mapped_column(default="")
    number: Mapped[Key | None]
    number_text: Mapped[NumberText | None]
    sort_number: Mapped[Key | None]
    issued_on: Mapped[dt.date]
    operation_on: Mapped[dt.date | None]
    due_on: Mapped[dt.date | None]
    issued_at: Mapped[dt.datetime | None]
    revision: Mapped[int] = mapped_column(default=1)
    draft_key: Mapped[ShortText | None]

    seller_name: Mapped[Name] = mapped_column(default="")
    seller_tax_id: Mapped[ShortText] = mapped_column(default="")
    seller_address: Mapped[LongText] = mapped_column(default="")
    seller_contact: Mapped[LongText] = mapped_column(default="")
    seller_registration: Mapped[LongText] = mapped_column(default="")
    buyer_name: Mapped[Name] = mapped_column(default="")
    buyer_tax_id: Mapped[ShortText] = mapped_column(default="")
    buyer_address: Mapped[LongText] = mapped_column(default="")

    currency: Mapped[ShortText] = mapped_column(default="EUR")
    discount_rate: Mapped[Rate] = mapped_column(default=0)
    withholding_rate: Mapped[Rate] = mapped_column(default=0)
    has_surcharge: Mapped[bool] = mapped_column(default=False)
    lines_total: Mapped[Money] = mapped_column(default=0)
    discount_total: Mapped[Money] = mapped_column(default=0)
    base_total: Mapped[Money] = mapped_column(default=0)
    tax_total: Mapped[Money] = mapped_column(default=0)
    surcharge_total: Mapped[Money] = mapped_column(default=0)
    total: Mapped[Money] = mapped_column(default=0)
    withheld_total: Mapped[Money] = mapped_column(default=0)
    payable: Mapped[Money] = mapped_column(default=0)
    collected: Mapped[Money] = mapped_column(default=0)

    payment_method: Mapped[PaymentMethod] = mapped_column(default=PaymentMethod.TRANSFER)
    corrects_id: Mapped[Key | None]
    made_from_id: Mapped[Key | None]
    corrects_text: Mapped[Name] = mapped_column(default="")
    correction_reason: Mapped[Name] = mapped_column(default="")
    subject: Mapped[Name] = mapped_column(default="")
    notes: Mapped[LongText] = mapped_column(default="")
    mentions: Mapped[LongText] = mapped_column(default="")
    internal_notes: Mapped[LongText] = mapped_column(default="")
    source_note: Mapped[LongText] = mapped_column(default="")
    search_key: Mapped[LongText] = mapped_column(default="", deferred=True)

    contact: Mapped[Contact] = relationship(primaryjoin="foreign(Document.contact_id) == Contact.id")
    series: Mapped[Series | None] = relationship(primaryjoin="foreign(Document.series_id) == Series.id")
    lines: Mapped[list[DocumentLine]] = relationship(
        primaryjoin="Document.id == foreign(DocumentLine.document_id)",
        order_by=DocumentLine.position,
        cascade="all, delete-orphan",
    )
    taxes: Mapped[list[DocumentTax]] = relationship(
        primaryjoin="Document.id == foreign(DocumentTax.document_id)",
        order_by=DocumentTax.position,
        cascade="all, delete-orphan",
    )
    dues: Mapped[list[DueDate]] = relationship(
        primaryjoin="Document.id == foreign(DueDate.document_id)",
        order_by=(DueDate.day, DueDate.id),
        cascade="all, delete-orphan",
    )
    attachments: Mapped[list[Attachment]] = relationship(
        primaryjoin="Document.id == foreign(Attachment.document_id)", order_by=Attachment.id
    )

    __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012 - the name SQLAlchemy expects

    def __str__(self) -> str:
        return self.number_text or "Borrador"

    @property
    def is_draft(self) -> bool:
        return self.status is DocumentStatus.DRAFT

    @property
    def outstanding(self) -> Decimal:
        """What is still to be collected; nothing for a draft or a document nobody has to pay."""
        return self.payable - self.collected if self.status in OPEN else Decimal("0.00")


class Quote(Document):
    __mapper_args__ = {"polymorphic_identity": DocumentKind.QUOTE}  # noqa: RUF012


class SalesOrder(Document):
    __mapper_args__ = {"polymorphic_identity": DocumentKind.SALES_ORDER}  # noqa: RUF012


class WorkOrder(Document):
    __mapper_args__ = {"polymorphic_identity": DocumentKind.WORK_ORDER}  # noqa: RUF012


class DeliveryNote(Document):
    __mapper_args__ = {"polymorphic_identity": DocumentKind.DELIVERY_NOTE}  # noqa: RUF012


class Invoice(Document):
    __mapper_args__ = {"polymorphic_identity": DocumentKind.INVOICE}  # noqa: RUF012


class Proforma(Document):
    __mapper_args__ = {"polymorphic_identity": DocumentKind.PROFORMA}  # noqa: RUF012


class PurchaseOrder(Document):
    __mapper_args__ = {"polymorphic_identity": DocumentKind.PURCHASE_ORDER}  # noqa: RUF012
