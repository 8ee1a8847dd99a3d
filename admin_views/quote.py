"""Presupuestos."""

from admin_views.documents.screen import DocumentAdmin, of_kind
from admin_views.saved_views import Tab
from models import Quote
from models.enums import DocumentKind


@of_kind(DocumentKind.QUOTE)
class QuoteAdmin(DocumentAdmin, model=Quote):
    icon, new_label = "file-description", "Nuevo presupuesto"
    empty_text = "Envíe el primero: su cliente podrá verlo en la intranet y usted convertirlo en pedido o factura."
    tabs = (
        Tab("Todos"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes de respuesta", "estado=pendiente"),
        Tab("Caducados", "estado=caducado"),
        Tab("Aceptados", "estado=aceptado"),
        Tab("Borradores", "estado=borrador"),
    )
