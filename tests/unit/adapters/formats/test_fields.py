"""Numbers of invoices and the other fields that every format shares."""

import unicodedata

import pytest

from app.adapters.formats.codes import country
from app.adapters.formats.fields import (
    MOST_MARKS,
    PRICE,
    QUANTITY,
    Flaw,
    account,
    clean,
    clipped,
    email,
    number,
    numbering,
)


@pytest.mark.parametrize(
    ("digits", "series", "expected"),
    [
        ("1", "F26", ("F26", "F26-1", 1, 1)),
        ("F26-0001", "F26", ("F26", "F26-0001", 1, 1)),
        ("0007", "A/", ("A", "A/0007", 7, 7)),
        ("15", "1", ("1", "1-15", 15, 15)),
        ("2025001", "2025", ("2025", "2025001", 1, 1)),
        ("2008/155", "01", ("01", "01-2008/155", None, 155)),
        ("F26/12", "", ("F26", "F26/12", 12, 12)),
        ("018304 / 28865", "", ("018304", "018304 / 28865", 28865, 28865)),
        ("12115118", "", ("", "12115118", 12115118, 12115118)),
        ("TEST01002F", "", ("", "TEST01002F", None, 1002)),
        ("SIN", "", ("", "SIN", None, None)),
        ("1" * 20, "2" * 20, ("2" * 20, "2" * 20 + "1" * 20, None, int("1" * 15))),
        ("１２", "", ("", "１２", None, None)),
    ],
)
def test_series_and_numbers(digits, series, expected):
    assert tuple(numbering(digits, series)) == expected


@pytest.mark.parametrize("digits", ["", "  ", "\u202e", "x" * 41])
def test_no_number_at_all(digits):
    with pytest.raises(Flaw):
        numbering(digits)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("12.345", None, "12.35"),
        ("-0.00", None, "0.00"),
        (" +7. ", None, "7.00"),
        (".5", QUANTITY, "0.500000"),
        ("1.123456789", PRICE, "1.12345679"),
    ],
)
def test_numbers_have_the_decimals_of_their_kind(text, kind, expected):
    assert str(number(text, "x", *([kind] if kind else []))) == expected


@pytest.mark.parametrize(
    "text", ["", "NaN", "sNaN", "-Infinity", "1e9", "1,5", "1_000", "１", "١", "0x10", "1 2", "-", "."]
)
def test_what_is_no_number(text):
    with pytest.raises(Flaw):
        number(text, "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("compras@tosma.example", "compras@tosma.example"),
        ("nadie; <b>@x; compras@tosma.example", "compras@tosma.example"),
        ("compras@tosma", ""),
        ("a@b.es\nbcc:otro@b.es", "a@b.es"),
        ("x" * 300 + "@b.es", ""),
    ],
)
def test_the_first_address_that_is_one(text, expected):
    assert email(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ES91 2100 0418 4502 0005 1332", "ES9121000418450200051332"),
        ("2100-0418-45", "2100041845"),
        ("€", ""),
        ("1", ""),
    ],
)
def test_accounts(text, expected):
    assert account(text) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [("ESP", "ES"), ("deu", "DE"), ("EL", "GR"), ("GBR", "GB"), ("PT", "PT"), ("XXX", ""), ("1", ""), ("", "")],
)
def test_countries(code, expected):
    assert country(code) == expected


def test_what_only_informs_is_cut():
    assert (clipped("uno\n dos", 40), clipped("x" * 50, 10)) == ("uno dos", "x" * 9 + "…")


def test_a_tower_of_accents_is_cut_down():
    tower = "a" + "\u0323\u0301" * 50_000

    assert clean(tower) == unicodedata.normalize("NFC", tower[: 1 + MOST_MARKS])
