"""Which sections a customer has, and which of them a phone's bar has room for."""

from typing import Any

import pytest

from app import clock
from app.portal.navigation import Tab, tabs
from app.portal.visitors import Person
from models.enums import DocumentKind

INVOICE, QUOTE, ORDER = DocumentKind.INVOICE, DocumentKind.QUOTE, DocumentKind.SALES_ORDER
NOTE, PURCHASE = DocumentKind.DELIVERY_NOTE, DocumentKind.PURCHASE_ORDER


def person(**values: Any) -> Person:
    known = {
        "session_id": 1, "account_id": 1, "contact_id": 1, "is_preview": False, "staff_user_id": None,
        "created_at": clock.now(), "seen_at": clock.now(), "email": "", "name": "", "must_change_password": False,
        "contact_name": "", "is_supplier": False, "is_asleep": False,
    }  # fmt: skip
    return Person(**known | values)


@pytest.mark.parametrize(
    ("values", "there", "in_bar", "aside"),
    [
        ({}, (), ["facturas"], []),
        ({}, (NOTE,), ["facturas", "albaranes"], []),
        ({}, (INVOICE, QUOTE), ["facturas", "presupuestos"], []),
        ({}, (NOTE, ORDER, QUOTE), ["facturas", "presupuestos", "pedidos"], ["albaranes"]),
        ({}, (PURCHASE, QUOTE), ["facturas", "presupuestos", "pedidos-compra"], []),
        ({"is_preview": True}, (NOTE, ORDER, QUOTE), ["facturas", "presupuestos", "pedidos", "albaranes"], []),
        (
            {"is_preview": True},
            (NOTE, ORDER, QUOTE, PURCHASE),
            ["facturas", "presupuestos", "pedidos"],
            ["albaranes", "pedidos-compra"],
        ),
        ({"is_supplier": True}, (), ["pedidos-compra"], []),
        ({"is_supplier": True}, (INVOICE, PURCHASE), ["pedidos-compra", "facturas"], []),
    ],
)
def test_sections_and_the_room_for_them(
    values: dict[str, Any], there: tuple[DocumentKind, ...], in_bar: list[str], aside: list[str]
) -> None:
    found = tabs(person(**values), dict.fromkeys(there, 0))

    assert [tab.slug for tab in found if not tab.is_aside] == in_bar
    assert [tab.slug for tab in found if tab.is_aside] == aside


def test_a_section_says_what_waits_in_it() -> None:
    assert tabs(person(), {INVOICE: 2, QUOTE: 1}) == [
        Tab("facturas", "Facturas", 2, "por pagar", is_aside=False),
        Tab("presupuestos", "Presupuestos", 1, "por responder", is_aside=False),
    ]
