"""The small parts of the API: keys as texts, cursors, amounts, languages."""

import datetime as dt
from decimal import Decimal

import pytest

from app.api.paging import cursor_of, place_of
from app.api.refusing import Unfit, pointer_of
from app.api.spelling import amount, plain
from app.api.versions import is_known
from app.domain.api_keys import company_of, shown_prefix
from app.problems import asked_language
from app.secrets import new_key

SECRET = "vk_e12_" + "A" * 43


@pytest.mark.parametrize(
    ("secret", "company"),
    [
        (SECRET, "e12"),
        (SECRET + "A", None),
        (SECRET[:-1], None),
        (SECRET[:-1] + "-", None),
        (SECRET[:-1] + "ñ", None),
        ("vk__" + "A" * 43, None),
        ("xx_e12_" + "A" * 43, None),
        ("vk_" + "e" * 21 + "_" + "A" * 43, None),
        ("", None),
        ("vk", None),
    ],
)
def test_a_secret_names_its_company(secret, company):
    assert company_of(secret) == company


def test_little_of_a_secret_is_shown():
    assert shown_prefix(SECRET) == "vk_e12_AAAAAA"
    assert len({new_key() for _ in range(100)}) == 100


def test_a_cursor_comes_back_as_it_was():
    place = (dt.date(2026, 11, 21), 4312)

    assert place_of(cursor_of(*place), dt.date, int) == place
    assert place_of(None, int) is None


@pytest.mark.parametrize("kinds", [(str,), (int,), (dt.date, int, int), (int, dt.date)])
def test_a_cursor_of_another_list_is_refused(kinds):
    with pytest.raises(Unfit):
        place_of(cursor_of(dt.date(2026, 11, 21), 4312), *kinds)


@pytest.mark.parametrize(
    ("value", "as_amount", "as_plain"),
    [("0", "0.00", "0"), ("0E-8", "0.00", "0"), ("-1.5", "-1.50", "-1.5"), ("1200.00", "1200.00", "1200"),
     ("1E+3", "1000.00", "1000"), ("0.00000001", "0.00", "0.00000001")],
)  # fmt: skip
def test_numbers_are_written_out(value, as_amount, as_plain):
    assert (amount(Decimal(value)), plain(Decimal(value))) == (as_amount, as_plain)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "es"), ("en", "en-programs"), ("EN-us", "en-programs"), ("es, en", "es"), ("en, es", "en-programs"),
     ("es;q=0.1, en;q=0.2", "en-programs"), ("fr", "es"), ("*", "es"), ("en;q=0", "es"), ("x" * 9000, "es")],
)  # fmt: skip
def test_languages(accepted, language):
    assert asked_language(accepted) == language


def test_a_pointer_can_name_anything():
    assert pointer_of(("lines", 0, "a/b~c")) == "/lines/0/a~1b~0c"
    assert pointer_of(()) == ""


@pytest.mark.parametrize(
    ("header", "known"),
    [('"a"', True), ('W/"a"', True), ("*", True), ('"b", "a"', True), ("a", False), ('"A"', False), ("", False)],
)
def test_versions_are_named(header, known):
    assert is_known(header, '"a"') is known
