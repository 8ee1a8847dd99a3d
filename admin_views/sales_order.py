"""Pedidos de clientes."""

from admin_views.document import DocumentAdmin, filters_of
from admin_views.document_columns import columns_of, exported
from admin_views.saved_views import Tab
from models import SalesOrder
from models.enums import DocumentKind


class SalesOrderAdmin(DocumentAdmin, model=SalesOrder):
    kind = DocumentKind.SALES_ORDER
    identity = "sales-order"
    name, name_plural, category, icon = "Pedido", "Pedidos", "Ventas", "shopping-cart"
    noun, nouns, new_label = "pedido", "pedidos", "Nuevo pedido"
    empty_text = "Cree el primero, o conviértalo desde un presupuesto aceptado."
    columns = columns_of(kind)
    exported = exported(columns)
    filters = filters_of(kind)
    tabs = (
        Tab("Todos"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes", "estado=pendiente"),
        Tab("Por servir", "estado=confirmado"),
        Tab("Borradores", "estado=borrador"),
    )
