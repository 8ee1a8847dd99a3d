"""The back office. ``VIEWS`` is the menu, in its order; ``make_admin`` puts it behind ``/admin``."""

from starlette.applications import Starlette

from admin_views.access.screen import AccessAdmin
from admin_views.account.pages import AccountPage
from admin_views.audit_entry import AuditAdmin
from admin_views.batch import BatchAdmin
from admin_views.company import CompanyAdmin
from admin_views.contact import CustomerAdmin, SupplierAdmin
from admin_views.delivery_note import DeliveryNoteAdmin
from admin_views.intranet import IntranetAdmin
from admin_views.invoice import InvoiceAdmin
from admin_views.mail.company_account import MailAccountPage
from admin_views.mail.outbox import OutgoingMailAdmin, WaitingMailAdmin
from admin_views.mail.texts import MailTextsPage
from admin_views.office import Office
from admin_views.product import ProductAdmin
from admin_views.proforma import ProformaAdmin
from admin_views.purchase_order import PurchaseOrderAdmin
from admin_views.quote import QuoteAdmin
from admin_views.sales_order import SalesOrderAdmin
from admin_views.series import SeriesAdmin
from admin_views.staff import StaffAdmin
from admin_views.tax_rate import TaxRateAdmin
from admin_views.template import TemplateAdmin
from admin_views.webhook import WebhookAdmin
from admin_views.work_order import WorkOrderAdmin
from app.installation import Installation

VIEWS = [
    CustomerAdmin,
    SupplierAdmin,
    ProductAdmin,
    QuoteAdmin,
    SalesOrderAdmin,
    WorkOrderAdmin,
    DeliveryNoteAdmin,
    ProformaAdmin,
    InvoiceAdmin,
    PurchaseOrderAdmin,
    BatchAdmin,
    AccessAdmin,
    OutgoingMailAdmin,
    WaitingMailAdmin,
    MailAccountPage,
    MailTextsPage,
    CompanyAdmin,
    IntranetAdmin,
    SeriesAdmin,
    TaxRateAdmin,
    TemplateAdmin,
    StaffAdmin,
    WebhookAdmin,
    AuditAdmin,
    AccountPage,
]


def make_admin(app: Starlette, installation: Installation) -> Office:
    """Mount the back office of an installation on an application."""
    return Office(app, installation.database, VIEWS)
