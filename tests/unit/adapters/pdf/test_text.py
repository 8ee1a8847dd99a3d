"""The one door for text, and lines that fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.pdf import unprintable
from app.adapters.pdf.styles import BODY
from app.adapters.pdf.text import fit, one_line, para, wrap

WIDTH = 120.0


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Calle Mayor, 1", "Calle Mayor, 1"),
        ("Espan\u0303a", "España"),
        ("uno\r\ndos\rtres\u2028cuatro", "uno\ndos\ntres\ncuatro"),
        ("a\u202eb\u2066c\u200dd\u00ade\ufefff", "abcdef"),
        ("1\u202f234\u2007€", "1\u00a0234\u00a0€"),
        ("\x00\x1b[31mrojo", "[31mrojo"),
        ("❤\ufe0f", "?"),
        ("\ud800", "?"),
    ],
)
def test_para_leaves_what_can_be_printed(typed, printed):
    assert para(typed) == printed


def test_para_cuts_long_texts_with_an_ellipsis():
    assert para("palabra " * 10, longest=20) == "palabra palabra pal…"


def test_one_line_has_no_breaks():
    assert one_line("uno\r\ndos\ntres") == "uno dos tres"


@pytest.mark.parametrize(
    ("typed", "lacking"),
    [
        ("Peluquería Núñez & Cía.\nS.L.", ""),
        ("Łódź, Ελλάδα, Привет", ""),
        ("Café ☕ y té ☕ 🍵", "☕🍵"),
        ("株式会社", "株式会社"),
        ("\x00\u202e", ""),
    ],
)
def test_unprintable_names_each_lacking_character_once(typed, lacking):
    assert unprintable(typed) == lacking


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("", [""]),
        ("corto", ["corto"]),
        ("uno\n\ndos", ["uno", "", "dos"]),
        ("Sustitución del cuadro general", ["Sustitución del cuadro", "general"]),
        ("ver REFERENCIA-DEL-FABRICANTE-0001 hoy", ["ver", "REFERENCIA-DEL-FABRICAN", "TE-0001 hoy"]),
        ("  sangrado   con más huecos aún", ["  sangrado   con más huecos", "aún"]),
    ],
)
def test_wrap_breaks_between_words_and_inside_those_too_long(typed, lines):
    assert wrap(para(typed), BODY, WIDTH) == lines


def test_wrap_ends_in_an_ellipsis_after_the_most_lines_wanted():
    assert wrap(para("uno\ndos\ntres"), BODY, WIDTH, most=2) == ["uno", "dos…"]


def test_fit_keeps_the_beginning():
    assert (fit(para("corto"), BODY, WIDTH), fit(para("W" * 30), BODY, WIDTH)) == ("corto", "WWWWWWWWWWWWW…")


@given(st.text(), st.floats(min_value=20, max_value=300))
def test_wrapped_lines_fit_and_lose_nothing(typed, width):
    text = para(typed)

    lines = wrap(text, BODY, width)

    assert max(map(BODY.width, lines)) <= width + 0.001
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


@given(st.text())
def test_para_is_settled_after_one_pass(typed):
    assert para(para(typed)) == para(typed)
