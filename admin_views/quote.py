"""Presupuestos."""

from admin_views.document import DocumentAdmin, filters_of
from admin_views.document_columns import columns_of, exported
from admin_views.saved_views import Tab
from models import Quote
from models.enums import DocumentKind


class QuoteAdmin(DocumentAdmin, model=Quote):
    kind = DocumentKind.QUOTE
    identity = "quote"
    name, name_plural, category, icon = "Presupuesto", "Presupuestos", "Ventas", "file-description"
    noun, nouns, new_label = "presupuesto", "presupuestos", "Nuevo presupuesto"
    empty_text = "Envíe el primero: su cliente podrá verlo en la intranet y usted convertirlo en pedido o factura."
    columns = columns_of(kind)
    exported = exported(columns)
    filters = filters_of(kind)
    tabs = (
        Tab("Todos"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes de respuesta", "estado=pendiente"),
        Tab("Caducados", "estado=caducado"),
        Tab("Aceptados", "estado=aceptado"),
        Tab("Borradores", "estado=borrador"),
    )
