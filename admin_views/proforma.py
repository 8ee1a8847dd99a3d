"""Facturas proforma."""

from admin_views.documents.screen import DocumentAdmin, of_kind
from admin_views.saved_views import Tab
from models import Proforma
from models.enums import DocumentKind


@of_kind(DocumentKind.PROFORMA)
class ProformaAdmin(DocumentAdmin, model=Proforma):
    icon, new_label = "file-time", "Nueva proforma"
    empty_text = "Sirve para cobrar o pedir un anticipo antes de facturar; no es una factura."
    tabs = (
        Tab("Todas"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Emitidas", "estado=emitida"),
        Tab("Caducadas", "estado=caducada"),
        Tab("Borradores", "estado=borrador"),
    )
