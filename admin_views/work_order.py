"""Partes de trabajo."""

from admin_views.document import DocumentAdmin, filters_of
from admin_views.document_columns import columns_of, exported
from admin_views.saved_views import Tab
from models import WorkOrder
from models.enums import DocumentKind


class WorkOrderAdmin(DocumentAdmin, model=WorkOrder):
    kind = DocumentKind.WORK_ORDER
    identity = "work-order"
    name, name_plural, category, icon = "Parte de trabajo", "Partes de trabajo", "Ventas", "tool"
    noun, nouns, new_label = "parte de trabajo", "partes de trabajo", "Nuevo parte de trabajo"
    empty_text = "Anote en él lo que se hizo; después se convierte en albarán o factura."
    columns = columns_of(kind)
    exported = exported(columns)
    filters = filters_of(kind)
    tabs = (
        Tab("Todos"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes", "estado=pendiente"),
        Tab("Terminados", "estado=terminado"),
        Tab("Borradores", "estado=borrador"),
    )
