"""Pedidos a proveedores."""

from admin_views.documents.screen import DocumentAdmin, of_kind
from admin_views.saved_views import Tab
from models import PurchaseOrder
from models.enums import DocumentKind


@of_kind(DocumentKind.PURCHASE_ORDER)
class PurchaseOrderAdmin(DocumentAdmin, model=PurchaseOrder):
    icon, new_label = "shopping-bag", "Nuevo pedido de compra"
    empty_text = "Cree el primero: su proveedor podrá verlo en la intranet."
    tabs = (
        Tab("Todos"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes de confirmar", "estado=pendiente"),
        Tab("Por recibir", "estado=confirmado"),
        Tab("Borradores", "estado=borrador"),
    )
