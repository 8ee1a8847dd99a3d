"""Albaranes."""

from admin_views.document import DocumentAdmin, filters_of
from admin_views.document_columns import columns_of, exported
from admin_views.document_form import DocumentForm
from admin_views.saved_views import Tab
from models import DeliveryNote
from models.enums import DocumentKind


class DeliveryNoteAdmin(DocumentAdmin, model=DeliveryNote):
    kind = DocumentKind.DELIVERY_NOTE
    identity = "delivery-note"
    name, name_plural, category, icon = "Albarán", "Albaranes", "Ventas", "truck-delivery"
    noun, nouns, new_label = "albarán", "albaranes", "Nuevo albarán"
    empty_text = "Cree el primero, o conviértalo desde un pedido."
    form_class = DocumentForm
    columns = columns_of(kind)
    exported = exported(columns)
    filters = filters_of(kind)
    tabs = (
        Tab("Todos"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes de entregar", "estado=pendiente"),
        Tab("Entregados sin facturar", "estado=entregado"),
        Tab("Borradores", "estado=borrador"),
    )
