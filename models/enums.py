"""Closed lists. The value is what the database holds; words for people live with the screens."""

from enum import StrEnum


class Role(StrEnum):
    """What a member of staff may do in one company, each including the one before."""

    READER = "reader"
    INVOICING = "invoicing"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class AccessDelivery(StrEnum):
    """How a customer receives access: a link to choose a password, or a password to change at first sign-in."""

    LINK = "link"
    PASSWORD = "password"


class ButtonSize(StrEnum):
    """Of the button that companies put on their own web."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class EmailPurpose(StrEnum):
    GENERAL = "general"
    INVOICES = "invoices"
    ORDERS = "orders"
    PORTAL = "portal"


class AddressPurpose(StrEnum):
    DELIVERY = "delivery"
    BILLING = "billing"
    OTHER = "other"


class PaymentMethod(StrEnum):
    TRANSFER = "transfer"
    DIRECT_DEBIT = "direct_debit"
    CASH = "cash"
    CARD = "card"
    CHEQUE = "cheque"
    OTHER = "other"


class TokenPurpose(StrEnum):
    ACTIVATE = "activate"
    RECOVER = "recover"


class Ending(StrEnum):
    """Why someone may no longer act for a contact: only ``WITHDRAWN`` was somebody's will to shut them out."""

    WITHDRAWN = "withdrawn"
    MOVED = "moved"
    UNDONE = "undone"


class TaxKind(StrEnum):
    VAT = "vat"
    IGIC = "igic"
    IPSI = "ipsi"
    WITHHOLDING = "withholding"
    OTHER = "other"


class DocumentKind(StrEnum):
    QUOTE = "quote"
    SALES_ORDER = "sales_order"
    WORK_ORDER = "work_order"
    DELIVERY_NOTE = "delivery_note"
    INVOICE = "invoice"
    PROFORMA = "proforma"
    PURCHASE_ORDER = "purchase_order"


class DocumentStatus(StrEnum):
    """Where a document stands. Overdue is not stored: it is pending past its due date (see ``Document.state_on``)."""

    DRAFT = "draft"
    ISSUED = "issued"
    PENDING = "pending"
    PART_PAID = "part_paid"
    PAID = "paid"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    CONFIRMED = "confirmed"
    DELIVERED = "delivered"
    INVOICED = "invoiced"
    DONE = "done"
    RECEIVED = "received"
    CANCELLED = "cancelled"


class Origin(StrEnum):
    OWN = "own"
    IMPORTED = "imported"


class BatchKind(StrEnum):
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    GRANT_ACCESS = "grant_access"
    WITHDRAW_ACCESS = "withdraw_access"
    IMPORT = "import"
    SEND = "send"


class ImportStage(StrEnum):
    """Where files that are being imported stand. ``READY`` waits for somebody; ``BROKEN`` was given up."""

    READING = "reading"
    READY = "ready"
    TAKING = "taking"
    DONE = "done"
    BROKEN = "broken"


class ImportVerdict(StrEnum):
    CREATED = "created"
    EXISTS = "exists"
    REFUSED = "refused"


class EventKind(StrEnum):
    """What a customer did with a document."""

    VIEWED = "viewed"
    DOWNLOADED = "downloaded"
    PRINTED = "printed"


class MailKind(StrEnum):
    NOTICE = "notice"
    ACCESS = "access"
    RECOVERY = "recovery"
    TEST = "test"
    DOCUMENT = "document"


class MailStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    RETRY = "retry"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class MailSecurity(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    SSL = "ssl"


class MailProvider(StrEnum):
    """Who lets people in by consent (OAuth 2.0) instead of a password."""

    GOOGLE = "google"
    MICROSOFT = "microsoft"


class TextKind(StrEnum):
    """What a text of ours is for: a kind of document that is sent by mail, or a mail of the intranet's own."""

    QUOTE = "quote"
    SALES_ORDER = "sales_order"
    WORK_ORDER = "work_order"
    DELIVERY_NOTE = "delivery_note"
    INVOICE = "invoice"
    PROFORMA = "proforma"
    PURCHASE_ORDER = "purchase_order"
    NOTICE = "notice"
    ACCESS = "access"
    LICENCE = "licence"
    REMINDER = "reminder"


class CopyStatus(StrEnum):
    """The copy of a sent mail in its account's own folder. ``FOUND``: the provider had kept one itself."""

    WAITING = "waiting"
    STORED = "stored"
    FOUND = "found"
    FAILED = "failed"


class ReportKind(StrEnum):
    """What came back about a mail: delivery status (RFC 3464) or disposition (RFC 8098)."""

    BOUNCED = "bounced"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    READ = "read"
    DISCARDED = "discarded"


class ApiScope(StrEnum):
    """What a program's key opens; see ``app.domain.api_keys`` for the least role each of them needs."""

    READ = "read"
    WRITE = "write"
    ISSUE = "issue"
    PUBLISH = "publish"
    MAIL = "mail"
    SETTINGS = "settings"
    AUDIT = "audit"
    WEBHOOKS = "webhooks"


class WebhookEvent(StrEnum):
    """What other programs can be told of, as it happens."""

    CONTACT_CREATED = "contact.created"
    CONTACT_CHANGED = "contact.changed"
    DOCUMENT_ISSUED = "document.issued"
    DOCUMENT_IMPORTED = "document.imported"
    DOCUMENT_MOVED = "document.moved"
    DOCUMENTS_PUBLISHED = "documents.published"
    DOCUMENTS_WITHDRAWN = "documents.withdrawn"
    PUBLICATION_UNDONE = "publication.undone"
    MAIL_SENT = "mail.sent"
    MAIL_FAILED = "mail.failed"
    MAIL_BOUNCED = "mail.bounced"
    MAIL_READ = "mail.read"
    TEST = "test"


class DeliveryStatus(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
