"""The portal's sections, one for each kind of document: what each is called there, and the states it tells apart."""

import datetime as dt

from app.domain.queries.customer_rows import LATE, WAITING, Standing
from app.portal.section import Agreeing, Home, Section, Shown, State, Waits
from models.enums import DocumentKind, DocumentStatus

# One look for each meaning.
_PLAIN, _WAITS, _HALFWAY, _DONE, _WRONG = "", "due", "part", "paid", "late"

_S = DocumentStatus
_DELIVERY = "Entrega prevista el"
_HE = Agreeing(
    caption="%s, del más reciente al más antiguo",
    issued_on="Emitido el",
    newest="Los más recientes",
    older="Más antiguos",
)
_SHE = Agreeing(
    caption="%s, de la más reciente a la más antigua",
    issued_on="Emitida el",
    newest="Las más recientes",
    older="Más antiguas",
)


def _is(status: DocumentStatus, *, is_past: bool | None = None) -> Standing:
    return Standing((status,), is_past)


SECTIONS: dict[DocumentKind, Section] = {
    DocumentKind.INVOICE: Section(
        heading="Facturas",
        none_found="Ninguna factura coincide",
        see_all="Ver todas sus facturas",
        words=_SHE,
        states=(
            Shown("Vencida", _WRONG, LATE),
            Shown("Pendiente", _WAITS, _is(_S.PENDING, is_past=False)),
            Shown("Cobrada en parte", _HALFWAY, _is(_S.PART_PAID, is_past=False)),
            Shown("Cobrada", _DONE, _is(_S.PAID)),
            Shown("Devuelta", _WRONG, _is(_S.RETURNED)),
            Shown("Emitida", _PLAIN, _is(_S.ISSUED)),
        ),
        asked_first=(("Por pagar", WAITING[DocumentKind.INVOICE]),),
        unasked=frozenset({"Emitida"}),
    ),
    DocumentKind.QUOTE: Section(
        heading="Presupuestos",
        none_found="Ningún presupuesto coincide",
        see_all="Ver todos sus presupuestos",
        words=_HE,
        states=(
            Shown(
                "Pendiente de respuesta",
                _WAITS,
                WAITING[DocumentKind.QUOTE],
                "Esperamos su respuesta.",
                "Válido hasta el",
            ),
            Shown("Aceptado", _DONE, _is(_S.ACCEPTED), "Ya está aceptado."),
            Shown("Rechazado", _PLAIN, _is(_S.REJECTED), "Está rechazado."),
            Shown("Sustituido", _PLAIN, _is(_S.SUPERSEDED), "Lo ha sustituido otro presupuesto."),
            Shown("Caducado", _PLAIN, _is(_S.ISSUED, is_past=True), until="Era válido hasta el"),
        ),
    ),
    DocumentKind.SALES_ORDER: Section(
        heading="Pedidos",
        none_found="Ningún pedido coincide",
        see_all="Ver todos sus pedidos",
        words=_HE,
        states=(
            Shown("Recibido", _WAITS, _is(_S.ISSUED), "Lo hemos recibido; falta confirmarlo.", until=_DELIVERY),
            Shown("Confirmado", _HALFWAY, _is(_S.CONFIRMED), "Está confirmado.", until=_DELIVERY),
            Shown("Servido", _DONE, _is(_S.DELIVERED), "Ya está servido."),
            Shown("Cancelado", _PLAIN, _is(_S.CANCELLED), "Está cancelado."),
        ),
    ),
    DocumentKind.DELIVERY_NOTE: Section(
        heading="Albaranes",
        none_found="Ningún albarán coincide",
        see_all="Ver todos sus albaranes",
        words=_HE,
        states=(
            Shown("Pendiente de entrega", _WAITS, _is(_S.ISSUED), "Todavía no está entregado."),
            Shown("Entregado", _DONE, _is(_S.DELIVERED), "Ya está entregado."),
            Shown("Facturado", _DONE, _is(_S.INVOICED), "Ya está facturado."),
            Shown("Cancelado", _PLAIN, _is(_S.CANCELLED), "Está cancelado."),
        ),
    ),
    DocumentKind.WORK_ORDER: Section(
        heading="Partes de trabajo",
        none_found="Ningún parte de trabajo coincide",
        see_all="Ver todos sus partes de trabajo",
        words=_HE,
        states=(
            Shown("Pendiente", _WAITS, _is(_S.ISSUED), "El trabajo está pendiente.", until="Previsto para el"),
            Shown("Terminado", _DONE, _is(_S.DONE), "El trabajo está terminado."),
            Shown("Cancelado", _PLAIN, _is(_S.CANCELLED), "Está cancelado."),
        ),
    ),
    DocumentKind.PROFORMA: Section(
        heading="Proformas",
        none_found="Ninguna proforma coincide",
        see_all="Ver todas sus proformas",
        words=_SHE,
        states=(
            Shown("Emitida", _PLAIN, _is(_S.ISSUED, is_past=False), until="Válida hasta el"),
            Shown("Sustituida", _PLAIN, _is(_S.SUPERSEDED), "La ha sustituido otro documento."),
            Shown("Caducada", _PLAIN, _is(_S.ISSUED, is_past=True), until="Era válida hasta el"),
        ),
    ),
    DocumentKind.PURCHASE_ORDER: Section(
        heading="Pedidos de compra",
        none_found="Ningún pedido de compra coincide",
        see_all="Ver todos sus pedidos de compra",
        words=_HE,
        states=(
            Shown(
                "Pendiente de confirmar",
                _WAITS,
                WAITING[DocumentKind.PURCHASE_ORDER],
                "Esperamos su confirmación.",
                _DELIVERY,
            ),
            Shown("Confirmado", _HALFWAY, _is(_S.CONFIRMED), "Está confirmado.", until=_DELIVERY),
            Shown("Recibido", _DONE, _is(_S.RECEIVED), "Ya lo hemos recibido."),
            Shown("Cancelado", _PLAIN, _is(_S.CANCELLED), "Está cancelado."),
        ),
    ),
}


# The kinds a customer and a supplier are here for.
HOMES: dict[DocumentKind, Home] = {
    DocumentKind.INVOICE: Home(
        nothing="No tiene nada pendiente de pago",
        promise="Lo que %(empresa)s publique para usted aparecerá aquí, con su importe y su vencimiento.",
        see="Ver sus facturas",
    ),
    DocumentKind.PURCHASE_ORDER: Home(
        nothing="No tiene nada pendiente",
        promise="Los pedidos de compra que %(empresa)s publique para usted aparecerán aquí.",
        see="Ver sus pedidos de compra",
    ),
}

# What waits for them, in the order in which it presses.
WAITS: dict[DocumentKind, Waits] = {
    DocumentKind.INVOICE: Waits(
        heading="Pendiente de pago",
        badge="por pagar",
        count=("%(n)s factura por pagar", "%(n)s facturas por pagar"),
        more=("%(n)s factura más por pagar", "%(n)s facturas más por pagar"),
        asked="por-pagar",
    ),
    DocumentKind.QUOTE: Waits(
        heading="Pendiente de respuesta",
        badge="por responder",
        count=("%(n)s presupuesto por responder", "%(n)s presupuestos por responder"),
        more=("%(n)s presupuesto más por responder", "%(n)s presupuestos más por responder"),
        asked="pendiente-de-respuesta",
    ),
    DocumentKind.PURCHASE_ORDER: Waits(
        heading="Pendiente de confirmar",
        badge="por confirmar",
        count=("%(n)s pedido de compra por confirmar", "%(n)s pedidos de compra por confirmar"),
        more=("%(n)s pedido de compra más por confirmar", "%(n)s pedidos de compra más por confirmar"),
        asked="pendiente-de-confirmar",
    ),
}


def _by_status(section: Section, *, is_past: bool) -> dict[DocumentStatus, Shown]:
    return {
        status: shown
        for shown in section.states
        if shown.standing.is_past in (None, is_past)
        for status in shown.standing.statuses
    }


_IN_TIME = {kind: _by_status(section, is_past=False) for kind, section in SECTIONS.items()}
_PAST = {kind: _by_status(section, is_past=True) for kind, section in SECTIONS.items()}


def shown_as(kind: DocumentKind, status: DocumentStatus, due_on: dt.date | None, today: dt.date) -> Shown:
    is_past = due_on is not None and due_on < today
    return (_PAST if is_past else _IN_TIME)[kind][status]


def state_of(kind: DocumentKind, status: DocumentStatus, due_on: dt.date | None, today: dt.date) -> State:
    return shown_as(kind, status, due_on, today).state
