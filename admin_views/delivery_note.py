"""Albaranes."""

from admin_views.documents.form import DocumentForm
from admin_views.documents.screen import DocumentAdmin, of_kind
from admin_views.saved_views import Tab
from models import DeliveryNote
from models.enums import DocumentKind


@of_kind(DocumentKind.DELIVERY_NOTE)
class DeliveryNoteAdmin(DocumentAdmin, model=DeliveryNote):
    icon, new_label = "truck-delivery", "Nuevo albarán"
    empty_text = "Cree el primero, o conviértalo desde un pedido."
    form_class = DocumentForm
    tabs = (
        Tab("Todos"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes de entregar", "estado=pendiente"),
        Tab("Entregados sin facturar", "estado=entregado"),
        Tab("Borradores", "estado=borrador"),
    )
