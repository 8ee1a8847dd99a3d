"""Variables are put in their place in one pass, and nothing else between braces is ever kept."""

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.mail.built_in_texts import built_in_texts
from app.domain.mail.variables import VARIABLES, check_variables, fill_html, fill_line, fill_text
from app.errors import InvalidValue
from models.enums import TextKind

NAMES = [variable.name for variable in VARIABLES[TextKind.INVOICE]]

anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}"), max_size=20)
known = st.fixed_dictionaries(dict.fromkeys(NAMES, anything))
pieces = st.lists(st.tuples(words, st.sampled_from(NAMES)), max_size=6)
HOSTILE = {name: f"{{empresa}} {{{{7*7}}}} <b onclick=x>'\"&amp; 👩‍👩‍👧‍👦 {{{name}}}" for name in NAMES}


def written(parts):
    return "".join(f"{word}{{{name}}}" for word, name in parts)


@given(pieces, known)
@example([("", "cliente"), ("", "cliente")], HOSTILE)
def test_text_is_filled_in_one_pass(parts, values):
    assert fill_text(written(parts), values) == "".join(f"{word}{values[name]}" for word, name in parts)


@given(pieces, known)
@example([("Hola, ", "cliente"), (" ", "empresa")], HOSTILE)
def test_values_are_only_text_inside_html(parts, values):
    filled = fill_html(written([("", name) for _word, name in parts]), values)

    said = "".join(values[name].replace("\r\n", "\n") for _word, name in parts)
    assert unescape(filled.replace("<br>", "\n")) == said
    assert re.findall("[<>\"']", filled.replace("<br>", "")) == []


@given(pieces, known)
@example([("Adjunto ", "documento"), (" ", "serie"), (" ", "numero")], dict.fromkeys(NAMES, "") | {"numero": "131"})
def test_a_line_has_no_gaps_and_no_breaks(parts, values):
    line = fill_line(written(parts), values)

    assert re.search("[\r\n\x85\u2028\u2029\t]|  ", line) is None
    assert line == line.strip(" ")


def test_what_is_no_variable_of_the_values_stays_as_it_is():
    assert fill_line("{empresa} {otra} {} {X}", {"empresa": "Tosma"}) == "Tosma {otra} {} {X}"


@pytest.mark.parametrize("kind", TextKind)
def test_built_in_texts_use_the_variables_of_their_kind(kind):
    for text in built_in_texts(kind):
        check_variables(text, kind, "body")


@pytest.mark.parametrize("text", [
    "{x.__class__}",
    "{{7*7}}",
    "{% for x in y %}",
    "{contraseña}",
    "{smtp_password}",
    "{ }",
    "{",
    "}",
    "{cliente",
    "{cli<b>ente</b>}",
    "{''.__class__.__mro__[1].__subclasses__()}",
    "{9**9**9}",
    "{CLIENTE}",
    "{cliente:>99999999}",
    "{cliente!r}",
    "{" * 5000,
    "{a" * 5000,
])  # fmt: skip
def test_anything_else_between_braces_is_refused(text):
    with pytest.raises(InvalidValue) as refused:
        check_variables(f"Hola {text}", TextKind.INVOICE, "body")

    assert refused.value.field == "body"
    assert "Puede usar {documento}, {el_documento}, {serie}, {numero}" in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    "text", ["", "Hola", "{cliente}{cliente}", "100 % de $5 %(a)s ${total} 9**9**9", "<b>{total}</b>"]
)
def test_variables_of_the_kind_and_plain_signs_are_good(text):
    check_variables(text, TextKind.INVOICE, "body")


@pytest.mark.parametrize(("text", "sentence"), [
    ("{número}", "No existe la variable {número}. ¿Quería decir {numero}? Puede usar {documentos}"),
    ("{Cliente}", "No existe la variable {Cliente}. ¿Quería decir {cliente}? Puede usar"),
    ("{zzz}", "No existe la variable {zzz}. Puede usar"),
    ("{ <b>7&amp;7</b> }", "No existe la variable { 7&7 }. Puede usar"),
    ("a } b", "Las llaves solo se usan para variables. Puede usar"),
])  # fmt: skip
def test_the_refusal_says_what_may_be_used(text, sentence):
    kind = TextKind.INVOICE if "mero" in text else TextKind.ACCESS
    expected = sentence.replace("{documentos}", "{documento}")

    with pytest.raises(InvalidValue, match=re.escape(expected)):
        check_variables(text, kind, "subject")


def test_a_variable_of_another_kind_is_refused():
    check_variables("{novedades}", TextKind.NOTICE, "body")
    check_variables("{proveedor}", TextKind.PURCHASE_ORDER, "body")

    for text, kind in (("{novedades}", TextKind.INVOICE), ("{cliente}", TextKind.PURCHASE_ORDER)):
        with pytest.raises(InvalidValue):
            check_variables(text, kind, "body")
