"""Facturas proforma."""

from admin_views.document import DocumentAdmin, filters_of
from admin_views.document_columns import columns_of, exported
from admin_views.saved_views import Tab
from models import Proforma
from models.enums import DocumentKind


class ProformaAdmin(DocumentAdmin, model=Proforma):
    kind = DocumentKind.PROFORMA
    identity = "proforma"
    name, name_plural, category, icon = "Factura proforma", "Proformas", "Ventas", "file-time"
    noun, nouns, new_label = "proforma", "proformas", "Nueva proforma"
    empty_text = "Sirve para cobrar o pedir un anticipo antes de facturar; no es una factura."
    columns = columns_of(kind)
    exported = exported(columns)
    filters = filters_of(kind)
    tabs = (
        Tab("Todas"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Emitidas", "estado=emitida"),
        Tab("Caducadas", "estado=caducada"),
        Tab("Borradores", "estado=borrador"),
    )
