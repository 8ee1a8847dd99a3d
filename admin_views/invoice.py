"""Facturas de venta: the only documents that are imported, paid, and corrected by others."""

from admin_views.documents.correcting import CorrectingPages
from admin_views.documents.form import InvoiceForm
from admin_views.documents.screen import DocumentAdmin, of_kind
from admin_views.importing import ImportPages
from admin_views.list_pages import Tool
from admin_views.saved_views import Tab
from models import Invoice
from models.enums import DocumentKind


@of_kind(DocumentKind.INVOICE)
class InvoiceAdmin(CorrectingPages, ImportPages, DocumentAdmin, model=Invoice):
    icon, new_label = "file-invoice", "Nueva factura"
    empty_text = "Cree la primera, o importe las que emitió con otro programa."
    toolbar = (Tool("Importar", "/admin/invoice/importar", "upload", "import"),)
    form_class = InvoiceForm
    tabs = (
        Tab("Todas"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes de cobro", "estado=pendiente"),
        Tab("Vencidas", "estado=vencida"),
        Tab("Borradores", "estado=borrador"),
    )
