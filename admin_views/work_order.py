"""Partes de trabajo."""

from admin_views.documents.screen import DocumentAdmin, of_kind
from admin_views.saved_views import Tab
from models import WorkOrder
from models.enums import DocumentKind


@of_kind(DocumentKind.WORK_ORDER)
class WorkOrderAdmin(DocumentAdmin, model=WorkOrder):
    icon, new_label = "tool", "Nuevo parte de trabajo"
    empty_text = "Anote en él lo que se hizo; después se convierte en albarán o factura."
    tabs = (
        Tab("Todos"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes", "estado=pendiente"),
        Tab("Terminados", "estado=terminado"),
        Tab("Borradores", "estado=borrador"),
    )
