"""Numbers and days as people write them in a spreadsheet."""

import datetime as dt
from decimal import Decimal as D

import pytest

from app.adapters.formats.csv_values import decimal_mark, read_day, read_number
from app.adapters.formats.fields import AMOUNT, PRICE, Flaw


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("1.234,56", "", "1234.56"),
        ("1,234.56", "", "1234.56"),
        ("1.234.567", "", "1234567"),
        ("12,5", "", "12.5"),
        ("12.5", "", "12.5"),
        ("0.125", "", "0.125"),
        ("1.234", "", "1234"),
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
        ("1,234", ".", "1234"),
        ("1,234", "", "1.234"),
        ("1,234.5", ",", "1234.5"),
        ("−5", "", "-5"),
        ("1 234,5 €", "", "1234.5"),
        ("1\u00a0234\u202f567,5", "", "1234567.5"),
        ("21 %", "", "21"),
        ("+3", "", "3"),
    ],
)
def test_numbers_as_people_write_them(text, mark, expected):
    assert read_number(text, "x", PRICE, mark) == D(expected)


@pytest.mark.parametrize("text", ["1.234", "1,234"])
def test_a_number_that_could_be_two_is_not_guessed_in_a_mixed_file(text):
    with pytest.raises(Flaw, match="no se sabe si"):
        read_number(text, "x", AMOUNT, None)


@pytest.mark.parametrize("text", ["1,2,3", "12.34.5", "1.23,4.5", "1 2", "€", "--1", "1€2", ","])
def test_what_is_no_number(text):
    with pytest.raises(Flaw):
        read_number(text, "x", AMOUNT, "")


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1", "2.000", "x"], ""),
        (["1,5", "2.000"], ","),
        (["1.5", "2.000"], "."),
        (["1.5", "2,5"], None),
        (["1.000.000"], ","),
        (["1,000.00"], "."),
    ],
)
def test_the_decimal_sign_of_a_file(texts, mark):
    assert decimal_mark(texts) == mark


@pytest.mark.parametrize(
    "text", ["31/01/2026", "31-1-2026", "31.01.2026", "2026-01-31", "2026-01-31 00:00:00", "31/01/2026 0:00"]
)
def test_days(text):
    assert read_day(text, "x") == dt.date(2026, 1, 31)


@pytest.mark.parametrize("text", ["2026/01/31", "31/01-2026", "01/31/2026", "31 enero 2026", "1e9", "31/01/2026 10:30"])
def test_what_is_no_day(text):
    with pytest.raises(Flaw):
        read_day(text, "x")
