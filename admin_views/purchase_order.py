"""Pedidos a proveedores."""

from admin_views.document import DocumentAdmin, filters_of
from admin_views.document_columns import columns_of, exported
from admin_views.saved_views import Tab
from models import PurchaseOrder
from models.enums import DocumentKind


class PurchaseOrderAdmin(DocumentAdmin, model=PurchaseOrder):
    kind = DocumentKind.PURCHASE_ORDER
    identity = "purchase-order"
    name, name_plural, category, icon = "Pedido de compra", "Pedidos de compra", "Compras", "shopping-bag"
    noun, nouns, new_label = "pedido de compra", "pedidos de compra", "Nuevo pedido de compra"
    search_hint = "Número, proveedor, NIF o importe"
    empty_text = "Cree el primero: su proveedor podrá verlo en la intranet."
    columns = columns_of(kind)
    exported = exported(columns)
    filters = filters_of(kind)
    tabs = (
        Tab("Todos"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes de confirmar", "estado=pendiente"),
        Tab("Por recibir", "estado=confirmado"),
        Tab("Borradores", "estado=borrador"),
    )
