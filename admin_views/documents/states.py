"""How the states of each kind of document read in the office: words, signs, and the words of the list's address.

One colour for one meaning in every screen: neutral is not begun or closed, blue waits, amber is half done, green is
done, red is late or returned.
"""

import datetime as dt
from typing import NamedTuple

from markupsafe import Markup

from admin_views.formatters import Sign, badge, day
from app import clock
from app.domain.kinds import KINDS
from app.domain.queries.documents import EXPIRED, OVERDUE
from app.texts import _
from models import Document
from models.enums import DocumentKind, DocumentStatus

DRAFT = Sign("Borrador", "pencil")
_S = DocumentStatus


class State(NamedTuple):
    """``value`` is a status, or one that the day makes; ``word`` is how addresses say it."""

    word: str
    value: str
    sign: Sign
    filter_label: str = ""

    @property
    def label(self) -> str:
        """What the filter calls it, where the list tells part of it by another sign."""
        return self.filter_label or self.sign.word


STATES: dict[DocumentKind, tuple[State, ...]] = {
    DocumentKind.QUOTE: (
        State("borrador", _S.DRAFT, DRAFT),
        State("pendiente", _S.ISSUED, Sign("Pendiente", "clock", "info"), "Pendiente de respuesta"),
        State("caducado", EXPIRED, Sign("Caducado", "calendar-off")),
        State("aceptado", _S.ACCEPTED, Sign("Aceptado", "check", "ok")),
        State("rechazado", _S.REJECTED, Sign("Rechazado", "x")),
        State("sustituido", _S.SUPERSEDED, Sign("Sustituido", "replace")),
    ),
    DocumentKind.SALES_ORDER: (
        State("borrador", _S.DRAFT, DRAFT),
        State("pendiente", _S.ISSUED, Sign("Pendiente", "clock", "info"), "Pendiente de confirmar"),
        State("confirmado", _S.CONFIRMED, Sign("Confirmado", "circle-half-2", "warn")),
        State("servido", _S.DELIVERED, Sign("Servido", "check", "ok")),
        State("cancelado", _S.CANCELLED, Sign("Cancelado", "ban")),
    ),
    DocumentKind.WORK_ORDER: (
        State("borrador", _S.DRAFT, DRAFT),
        State("pendiente", _S.ISSUED, Sign("Pendiente", "clock", "info")),
        State("terminado", _S.DONE, Sign("Terminado", "check", "ok")),
        State("cancelado", _S.CANCELLED, Sign("Cancelado", "ban")),
    ),
    DocumentKind.DELIVERY_NOTE: (
        State("borrador", _S.DRAFT, DRAFT),
        State("pendiente", _S.ISSUED, Sign("Pendiente", "clock", "info"), "Pendiente de entregar"),
        State("entregado", _S.DELIVERED, Sign("Entregado", "truck-delivery", "ok"), "Entregado, sin facturar"),
        State("facturado", _S.INVOICED, Sign("Facturado", "check", "ok")),
        State("cancelado", _S.CANCELLED, Sign("Cancelado", "ban")),
    ),
    DocumentKind.PROFORMA: (
        State("borrador", _S.DRAFT, DRAFT),
        State("emitida", _S.ISSUED, Sign("Emitida", "file-check")),
        State("caducada", EXPIRED, Sign("Caducada", "calendar-off")),
        State("sustituida", _S.SUPERSEDED, Sign("Sustituida", "replace")),
    ),
    DocumentKind.INVOICE: (
        State("borrador", _S.DRAFT, DRAFT),
        State("emitida", _S.ISSUED, Sign("Emitida", "file-check")),
        State("pendiente", _S.PENDING, Sign("Pendiente", "clock", "info"), "Pendiente de cobro"),
        State("cobrada-en-parte", _S.PART_PAID, Sign("Cobrada en parte", "circle-half-2", "warn")),
        State("cobrada", _S.PAID, Sign("Cobrada", "check", "ok")),
        State("vencida", OVERDUE, Sign("Vencida", "alert-triangle", "bad")),
        State("devuelta", _S.RETURNED, Sign("Devuelta", "arrow-back-up", "bad")),
    ),
    DocumentKind.PURCHASE_ORDER: (
        State("borrador", _S.DRAFT, DRAFT),
        State("pendiente", _S.ISSUED, Sign("Pendiente", "clock", "info"), "Pendiente de confirmar"),
        State("confirmado", _S.CONFIRMED, Sign("Confirmado", "circle-half-2", "warn")),
        State("recibido", _S.RECEIVED, Sign("Recibido", "check", "ok")),
        State("cancelado", _S.CANCELLED, Sign("Cancelado", "ban")),
    ),
}

SIGNS = {kind: {state.value: state.sign for state in states} for kind, states in STATES.items()}
VALUES = {kind: {state.word: state.value for state in states} for kind, states in STATES.items()}
_ENDS = frozenset({DocumentKind.QUOTE, DocumentKind.PROFORMA})
_WAITING = frozenset({_S.ISSUED, _S.CONFIRMED, _S.PENDING, _S.PART_PAID})

# What a move is called on its button.
MOVES = {
    _S.ISSUED: "Volver a pendiente",
    _S.ACCEPTED: "Marcar como aceptado",
    _S.REJECTED: "Marcar como rechazado",
    _S.CONFIRMED: "Marcar como confirmado",
    _S.DONE: "Marcar como terminado",
    _S.RECEIVED: "Marcar como recibido",
    _S.CANCELLED: "Marcar como cancelado",
}
_DELIVERED = {DocumentKind.SALES_ORDER: "Marcar como servido", DocumentKind.DELIVERY_NOTE: "Marcar como entregado"}


def screen_of(kind: DocumentKind) -> str:
    """The identity of a kind's screen."""
    return kind.replace("_", "-")


def state_of(kind: DocumentKind, status: DocumentStatus, due_on: dt.date | None) -> str:
    """The status, or what its day has made of it."""
    if not due_on or due_on >= clock.today():
        return status
    if KINDS[kind].falls_due:
        return OVERDUE if status in (_S.PENDING, _S.PART_PAID) else status
    return EXPIRED if kind in _ENDS and status is _S.ISSUED else status


def sign_of(document: Document) -> Sign:
    return SIGNS[document.kind][state_of(document.kind, document.status, document.due_on)]


def show_state(kind: DocumentKind, status: DocumentStatus, due_on: dt.date | None) -> Markup:
    return badge(SIGNS[kind][state_of(kind, status, due_on)])


def show_day(kind: DocumentKind, status: DocumentStatus, due_on: dt.date | None) -> Markup | str:
    """The day it falls due, ends or is expected; in red once it is past and nothing was done."""
    if due_on and due_on < clock.today() and status in _WAITING:
        return Markup('<span class="t bad">{}</span>').format(day(due_on))
    return day(due_on)


def moves_of(document: Document) -> list[tuple[DocumentStatus, str]]:
    """Where it may be moved by hand, and what the button says."""
    found = KINDS[document.kind].moves.get(document.status, ())
    words = MOVES | {_S.DELIVERED: _DELIVERED.get(document.kind, "")}
    return [(status, _(words[status])) for status in found]
