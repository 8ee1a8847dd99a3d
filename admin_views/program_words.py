"""Spanish for what programs may do and what they are told: permissions of keys, events and deliveries of webhooks."""

from collections.abc import Iterable
from typing import NamedTuple

from admin_views.formatters import Sign
from app.texts import _
from models.enums import ApiScope, DeliveryStatus, WebhookEvent


class Permit(NamedTuple):
    label: str
    hint: str


SCOPES: dict[ApiScope, Permit] = {
    ApiScope.READ: Permit(
        "Consultar", "Contactos, documentos con su PDF, publicaciones, correos, series, impuestos y plantillas"
    ),
    ApiScope.WRITE: Permit("Escribir", "Contactos y borradores"),
    ApiScope.ISSUE: Permit(
        "Emitir", "Dar número a los borradores, cambiar el estado de los documentos e importar facturas"
    ),
    ApiScope.PUBLISH: Permit("Publicar", "Publicar en la intranet, dar acceso y anular publicaciones"),
    ApiScope.MAIL: Permit("Correos", "Enviar documentos por correo; repetir y anular lo que sale"),
    ApiScope.SETTINGS: Permit("Series", "Crear, cambiar y cerrar series"),
    ApiScope.AUDIT: Permit("Auditoría", "Consultar quién hizo qué"),
    ApiScope.WEBHOOKS: Permit("Webhooks", "Crear y cambiar webhooks y ver sus envíos"),
}

EVENTS: dict[WebhookEvent, str] = {
    WebhookEvent.CONTACT_CREATED: "Alta de un contacto",
    WebhookEvent.CONTACT_CHANGED: "Cambio en un contacto",
    WebhookEvent.DOCUMENT_ISSUED: "Documento emitido",
    WebhookEvent.DOCUMENT_IMPORTED: "Factura importada",
    WebhookEvent.DOCUMENT_MOVED: "Cambio de estado de un documento",
    WebhookEvent.DOCUMENTS_PUBLISHED: "Documentos publicados",
    WebhookEvent.DOCUMENTS_WITHDRAWN: "Publicación anulada",
    WebhookEvent.PUBLICATION_UNDONE: "Publicación deshecha",
    WebhookEvent.MAIL_SENT: "Correo enviado",
    WebhookEvent.MAIL_FAILED: "Correo sin entregar",
    WebhookEvent.MAIL_BOUNCED: "Correo rebotado",
    WebhookEvent.MAIL_READ: "Correo leído",
    WebhookEvent.TEST: "Prueba",
}

DELIVERIES: dict[DeliveryStatus, Sign] = {
    DeliveryStatus.WAITING: Sign("En espera", "clock", "info"),
    DeliveryStatus.DELIVERED: Sign("Entregado", "check", "ok"),
    DeliveryStatus.FAILED: Sign("Sin entregar", "alert-circle", "bad"),
}


def scopes_in_words(scopes: Iterable[str]) -> str:
    """``Consultar, escribir y publicar`` would need its words: a plain list, in the order of the form."""
    chosen = set(scopes)
    return ", ".join(_(permit.label) for scope, permit in SCOPES.items() if scope in chosen)


def event_name(event: str) -> str:
    """One that no longer exists keeps the name it was told with."""
    return _(EVENTS[WebhookEvent(event)]) if event in set(WebhookEvent) else event
