"""States as each section of the portal tells them apart, and what its list can be asked for."""

import datetime as dt

import pytest

from app.portal.sections import HOMES, SECTIONS, WAITS, state_of
from models.document import STATUSES
from models.enums import DocumentKind, DocumentStatus

TODAY = dt.date(2026, 11, 21)
INVOICE, QUOTE, PROFORMA = DocumentKind.INVOICE, DocumentKind.QUOTE, DocumentKind.PROFORMA
ORDER, PURCHASE = DocumentKind.SALES_ORDER, DocumentKind.PURCHASE_ORDER
NOTE, WORK = DocumentKind.DELIVERY_NOTE, DocumentKind.WORK_ORDER
S = DocumentStatus


@pytest.mark.parametrize(
    ("kind", "status", "days", "word", "style"),
    [
        (INVOICE, S.PENDING, 0, "Pendiente", "due"),
        (INVOICE, S.PENDING, None, "Pendiente", "due"),
        (INVOICE, S.PENDING, -1, "Vencida", "late"),
        (INVOICE, S.PART_PAID, 0, "Cobrada en parte", "part"),
        (INVOICE, S.PART_PAID, -1, "Vencida", "late"),
        (INVOICE, S.PAID, -1, "Cobrada", "paid"),
        (INVOICE, S.RETURNED, 5, "Devuelta", "late"),
        (INVOICE, S.ISSUED, -1, "Emitida", ""),
        (QUOTE, S.ISSUED, 0, "Pendiente de respuesta", "due"),
        (QUOTE, S.ISSUED, None, "Pendiente de respuesta", "due"),
        (QUOTE, S.ISSUED, -1, "Caducado", ""),
        (QUOTE, S.ACCEPTED, -1, "Aceptado", "paid"),
        (QUOTE, S.REJECTED, 5, "Rechazado", ""),
        (QUOTE, S.SUPERSEDED, 5, "Sustituido", ""),
        (ORDER, S.ISSUED, -1, "Recibido", "due"),
        (ORDER, S.CONFIRMED, -1, "Confirmado", "part"),
        (ORDER, S.DELIVERED, 5, "Servido", "paid"),
        (ORDER, S.CANCELLED, 5, "Cancelado", ""),
        (WORK, S.ISSUED, -1, "Pendiente", "due"),
        (WORK, S.DONE, -1, "Terminado", "paid"),
        (WORK, S.CANCELLED, 5, "Cancelado", ""),
        (NOTE, S.ISSUED, None, "Pendiente de entrega", "due"),
        (NOTE, S.DELIVERED, None, "Entregado", "paid"),
        (NOTE, S.INVOICED, None, "Facturado", "paid"),
        (NOTE, S.CANCELLED, None, "Cancelado", ""),
        (PROFORMA, S.ISSUED, 0, "Emitida", ""),
        (PROFORMA, S.ISSUED, None, "Emitida", ""),
        (PROFORMA, S.ISSUED, -1, "Caducada", ""),
        (PROFORMA, S.SUPERSEDED, -1, "Sustituida", ""),
        (PURCHASE, S.ISSUED, -1, "Pendiente de confirmar", "due"),
        (PURCHASE, S.CONFIRMED, -1, "Confirmado", "part"),
        (PURCHASE, S.RECEIVED, 5, "Recibido", "paid"),
        (PURCHASE, S.CANCELLED, 5, "Cancelado", ""),
    ],
)
def test_a_state_has_one_word_and_one_look(
    kind: DocumentKind, status: DocumentStatus, days: int | None, word: str, style: str
) -> None:
    due_on = None if days is None else TODAY + dt.timedelta(days=days)

    assert state_of(kind, status, due_on, TODAY) == (word, style)


@pytest.mark.parametrize("kind", DocumentKind)
def test_whatever_is_issued_has_a_state(kind: DocumentKind) -> None:
    issued = [DocumentStatus(status) for status in STATUSES[kind] if status != S.DRAFT]
    days = (None, TODAY, TODAY - dt.timedelta(days=1))

    assert all(state_of(kind, status, day, TODAY).word for status in issued for day in days)


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (INVOICE, ["por-pagar", "vencida", "pendiente", "cobrada-en-parte", "cobrada", "devuelta"]),
        (QUOTE, ["pendiente-de-respuesta", "aceptado", "rechazado", "sustituido", "caducado"]),
        (ORDER, ["recibido", "confirmado", "servido", "cancelado"]),
        (NOTE, ["pendiente-de-entrega", "entregado", "facturado", "cancelado"]),
        (WORK, ["pendiente", "terminado", "cancelado"]),
        (PROFORMA, ["emitida", "sustituida", "caducada"]),
        (PURCHASE, ["pendiente-de-confirmar", "confirmado", "recibido", "cancelado"]),
    ],
)
def test_lists_are_asked_for_a_state_by_its_word(kind: DocumentKind, asked: list[str]) -> None:
    assert list(SECTIONS[kind].asked) == asked


def test_what_waits_can_be_asked_for() -> None:
    assert set(HOMES) < set(WAITS)
    assert [waits.asked in SECTIONS[kind].asked for kind, waits in WAITS.items()] == [True] * 3
