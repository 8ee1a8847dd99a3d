"""What is true: one module per aggregate. Importing this package knows every table."""

from models.api import ApiKey, IdempotencyKey, Webhook, WebhookDelivery
from models.audit import AuditEntry, AuditHead
from models.base import Base, CompanyRecord, Record
from models.company import Company, CompanySlug
from models.contact import Contact, ContactAddress, ContactEmail
from models.dispatch import Dispatch, DispatchDocument, DispatchFile
from models.document import (
    DeliveryNote,
    Document,
    Invoice,
    Proforma,
    PurchaseOrder,
    Quote,
    SalesOrder,
    WorkOrder,
)
from models.document_parts import Attachment, DocumentLine, DocumentTax, DueDate
from models.file import StoredFile
from models.importing import ImportRow, ImportRun
from models.mail import MailAttempt, MailReport, OutgoingMail, SentCopy
from models.mail_account import MailAccount, MailConsent
from models.mail_text import MailText
from models.portal_access import PortalAccount, PortalMembership, PortalSession, PortalToken
from models.product import Product
from models.publication import Batch, DocumentEvent, DocumentTemplate, Publication, TemplateVersion
from models.series import Series
from models.setup import SetupToken
from models.staff import Membership, SavedFilter, SeriesDefault, StaffSession, StaffUser
from models.tax import TaxRate
from models.throttle import Throttle

__all__ = [
    "ApiKey", "Attachment", "AuditEntry", "AuditHead", "Base", "Batch", "Company", "CompanyRecord", "CompanySlug",
    "Contact", "ContactAddress", "ContactEmail", "DeliveryNote", "Dispatch", "DispatchDocument", "DispatchFile",
    "Document", "DocumentEvent", "DocumentLine", "DocumentTax", "DocumentTemplate", "DueDate", "IdempotencyKey",
    "ImportRow", "ImportRun", "Invoice", "MailAccount", "MailAttempt", "MailConsent", "MailReport", "MailText",
    "Membership", "OutgoingMail", "PortalAccount", "PortalMembership", "PortalSession", "PortalToken", "Product",
    "Proforma", "Publication", "PurchaseOrder", "Quote", "Record", "SalesOrder", "SavedFilter", "SentCopy", "Series",
    "SeriesDefault", "SetupToken", "StaffSession", "StaffUser", "StoredFile", "TaxRate", "TemplateVersion",
    "Throttle", "Webhook", "WebhookDelivery", "WorkOrder",
]  # fmt: skip
