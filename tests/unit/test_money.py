"""Amounts as people write them and as they are shown."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidValue
from app.money import euros, read_plain, read_spanish, short, spell

amounts = st.decimals(min_value=-10_000_000, max_value=10_000_000, places=2)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1.234,56", "1234.56"), ("1234,56", "1234.56"), ("12.5", "12.50"), ("1.234", "1234.00"), ("-3", "-3.00"),
        ("−3,1", "-3.10"), (" 7 € ", "7.00"), ("0", "0.00"),
    ],
)  # fmt: skip
def test_a_person_s_number_is_read(typed, read):
    assert str(read_spanish(typed)) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("0.125", "0.125"),
        ("-0.125", "-0.125"),
        ("012.345", "12.345"),
        ("1.125", "1125.000"),
        ("1.000.125", "1000125.000"),
    ],
)
def test_thousands_begin_with_another_figure_than_zero(typed, read):
    assert str(read_spanish(typed, places=3)) == read


@pytest.mark.parametrize(
    "typed",
    [
        "", "1e999", "NaN", "sNaN", "Infinity", "１２３", "1_000", "1,2,3", "1.23.4", "--1", "1,234", "0x10",
        "9" * 13, "9" * 5000, "1 000", "12,5.0", "٣",
    ],
)  # fmt: skip
def test_anything_else_is_refused(typed):
    with pytest.raises(InvalidValue):
        read_spanish(typed)


@given(amounts)
def test_what_is_shown_can_be_typed_back(amount):
    assert read_spanish(spell(amount)) == amount


def test_a_number_must_fit_its_column():
    assert read_plain("9999999999", places=8) == 9999999999

    with pytest.raises(InvalidValue, match="demasiado grande"):
        read_plain("10000000001", places=8)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("-1234.5", "−1.234,50\u00a0€"),
        ("-0.004", "0,00\u00a0€"),
        ("0.005", "0,01\u00a0€"),
        ("1000000", "1.000.000,00\u00a0€"),
    ],
)
def test_euros_are_spelt_the_spanish_way(amount, shown):
    assert euros(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [("12.0", "12"), ("2.50", "2,5"), ("1000", "1.000"), ("0.00000001", "0,00000001")]
)
def test_quantities_lose_their_zeros(number, shown):
    assert short(Decimal(number)) == shown
