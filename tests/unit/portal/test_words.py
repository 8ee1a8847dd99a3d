"""Days and deeds as the portal says them."""

import datetime as dt

import pytest

from app.portal import words
from models.enums import DocumentKind, EventKind

TODAY = dt.date(2026, 11, 21)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "hoy"),
        (1, "mañana"),
        (-1, "ayer"),
        (2, "dentro de 2 días"),
        (-2, "hace 2 días"),
        (59, "dentro de 59 días"),
        (60, "dentro de 2 meses"),
        (-100, "hace 3 meses"),
        (699, "dentro de 23 meses"),
        (-700, "hace 2 años"),
        (-4000, "hace 11 años"),
    ],
)
def test_how_far_away_a_day_is(days: int, said: str) -> None:
    assert words.distance(TODAY + dt.timedelta(days=days), TODAY) == said


def test_the_due_day_itself_is_in_time() -> None:
    assert [words.due(TODAY + dt.timedelta(days=days), TODAY) for days in (-1, 0, 1)] == [
        "Venció el",
        "Vence el",
        "Vence el",
    ]


def test_parts_are_due_one_after_another() -> None:
    assert [words.part_due(TODAY + dt.timedelta(days=days), TODAY) for days in (-1, 0)] == [
        "Un plazo venció el",
        "El próximo plazo vence el",
    ]


def test_moments_are_those_of_madrid() -> None:
    assert words.spell_moment(dt.datetime(2026, 6, 30, 22, 5, tzinfo=dt.UTC)) == "01/07/2026, 0:05"


def test_deeds_name_the_document() -> None:
    assert [words.deed(event, DocumentKind.QUOTE) for event in EventKind] == [
        "vio el presupuesto",
        "descargó el PDF",
        "abrió el PDF para imprimirlo",
    ]
    assert [words.deed_with(event, DocumentKind.INVOICE) for event in EventKind] == [
        "vio la factura",
        "descargó la factura",
        "abrió para imprimir la factura",
    ]
