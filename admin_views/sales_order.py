"""Pedidos de clientes."""

from admin_views.documents.screen import DocumentAdmin, of_kind
from admin_views.saved_views import Tab
from models import SalesOrder
from models.enums import DocumentKind


@of_kind(DocumentKind.SALES_ORDER)
class SalesOrderAdmin(DocumentAdmin, model=SalesOrder):
    icon, new_label = "shopping-cart", "Nuevo pedido"
    empty_text = "Cree el primero, o conviértalo desde un presupuesto aceptado."
    tabs = (
        Tab("Todos"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes", "estado=pendiente"),
        Tab("Por servir", "estado=confirmado"),
        Tab("Borradores", "estado=borrador"),
    )
