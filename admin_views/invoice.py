"""Facturas de venta: the only documents that are imported, paid, and corrected by others."""

from admin_views.document import DocumentAdmin, filters_of
from admin_views.document_columns import columns_of, exported
from admin_views.document_form import InvoiceForm
from admin_views.importing import ImportPages
from admin_views.invoice_correcting import CorrectingPages
from admin_views.list_pages import Tool
from admin_views.saved_views import Tab
from models import Invoice
from models.enums import DocumentKind


class InvoiceAdmin(CorrectingPages, ImportPages, DocumentAdmin, model=Invoice):
    kind = DocumentKind.INVOICE
    identity = "invoice"
    name, name_plural, category, icon = "Factura", "Facturas de venta", "Ventas", "file-invoice"
    noun, nouns, new_label = "factura", "facturas", "Nueva factura"
    empty_text = "Cree la primera, o importe las que emitió con otro programa."
    toolbar = (Tool("Importar", "/admin/invoice/importar", "upload", "import"),)
    form_class = InvoiceForm
    columns = columns_of(kind)
    exported = exported(columns)
    filters = filters_of(kind)
    tabs = (
        Tab("Todas"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes de cobro", "estado=pendiente"),
        Tab("Vencidas", "estado=vencida"),
        Tab("Borradores", "estado=borrador"),
    )
