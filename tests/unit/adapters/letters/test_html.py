"""HTML that people of the office write: what may stay, what is refused, and how it reads as text."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.adapters.letters.html import COLOURS, TAGS, clean, content_id, dressed, images_of, read_html
from app.adapters.letters.html_reading import as_text
from app.colours import contrast
from app.errors import InvalidValue
from tests.rig.hostile_html import CORPUS, PICTURE, SHA

fragments = st.lists(
    st.one_of(
        st.sampled_from(CORPUS[:20] + [f"<{tag}>" for tag in sorted(TAGS)] + [f"</{tag}>" for tag in sorted(TAGS)]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        st.sampled_from(
            ["<", ">", '"', "'", "&lt;", "&#60;", "{cliente}", "<!--", "-->", "\u00a0", "😀", "<table><td>"]
        ),
    ),
    max_size=12,
).map("".join)
unhurried = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Found(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes = set(), []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]


def is_good(tag, name, value):
    match tag, name:
        case "a", "href":
            return value in ("{enlace}", "{intranet}") or re.match(
                r"(?:https?|mailto|tel):[^{}]*\Z", value, re.IGNORECASE
            )
        case "img", "src":
            return re.fullmatch(r"/admin/mail-images/[0-9a-f]{64}", value)
        case "img", "alt":
            return True
        case ("img", "width" | "height") | ("ol", "start"):
            return value.isdigit()
        case "span", "class":
            return value == "" or set(value.split()) <= {f"c-{name}" for name in COLOURS}
    return False


def all_examples(test):
    for one in CORPUS:
        test = example(one)(test)
    return test


@unhurried
@given(fragments)
@all_examples
def test_nothing_stays_but_what_may(html):
    cleaned = clean(html)

    found = Found(cleaned)
    assert found.tags <= TAGS
    assert [each for each in found.attributes if not is_good(*each)] == []


@unhurried
@given(fragments)
@all_examples
def test_cleaning_again_changes_nothing(html):
    cleaned = clean(html)

    assert clean(cleaned) == cleaned


@unhurried
@given(fragments)
@all_examples
def test_dressing_adds_styles_and_nothing_else(html):
    cleaned = clean(html)

    worn = dressed(cleaned, "#1f5f8b")

    bare = re.sub(r' (?:style="[^"]*"|class="link")', "", worn).replace(f"cid:{content_id(SHA)}", PICTURE)
    assert bare == cleaned
    assert Found(worn).tags == Found(cleaned).tags


@unhurried
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<>"), max_size=200))
@example("Hola:\n\nAdjunto la factura.\nUn saludo & gracias 😀")
@example("3 < 4 y 5 > 4")
def test_plain_text_keeps_its_words_and_lines(text):
    html = read_html(text, "body")

    shown = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]", "", text)
    assert as_text(html).split() == shown.split()
    assert Found(html).tags <= {"p", "br"}


def test_plain_text_becomes_paragraphs_and_lines():
    assert (
        read_html("Hola:\r\n\r\nUno & dos\nTres < 4\n\n\n", "body") == "<p>Hola:</p><p>Uno &amp; dos<br>Tres &lt; 4</p>"
    )


@pytest.mark.parametrize("html", ["", "   ", "<p><br></p>", "<p>&nbsp;</p><div></div>", "<b></b>\n"])
def test_what_nobody_would_see_is_nothing(html):
    assert read_html(html, "body") == ""


def test_a_picture_alone_is_something():
    html = f'<p><img src="{PICTURE}" alt="" width="200"></p>'

    assert read_html(html, "body") == html
    assert images_of(html) == images_of(dressed(html, "#000000")) == (SHA,)


@pytest.mark.parametrize(("html", "sentence"), [
    ("<p>Hola</p><script>alert(1)</script>", "No se admite <script> en un correo: quítelo."),
    ("<style>p{}</style>", "No se admite <style> en un correo: quítelo."),
    ("<iframe src=x></iframe>", "No se admite <iframe> en un correo: quítelo."),
    ("<b onclick='x()'>a</b>", "No se admite código (onclick) en un correo: quítelo."),
    ('<a href="javascript:alert(1)">a</a>', "El enlace «javascript:alert(1)» no vale: empiece por https://."),
    ('<a href=" jav\tascript:x">a</a>', "El enlace «javascript:x» no vale: empiece por https://."),
    ('<a href="www.tosma.example">a</a>', "El enlace «www.tosma.example» no vale: empiece por https://."),
    ('<a href="{cliente}">a</a>', "De las variables, un enlace solo puede llevar a {enlace} o {intranet}."),
    ('<a href="https://a.example/{numero}">a</a>', "De las variables, un enlace solo puede llevar a"),
    ('<img src="https://malo.example/x.png">', "Las imágenes se suben con el botón Imagen"),
    ('<img src="data:image/png;base64,AAAA">', "Las imágenes se suben con el botón Imagen"),
    ("<p>" + "x" * 20_001, "Como mucho 20.000 caracteres."),
    ("x" * 3_000_000, "Como mucho 20.000 caracteres."),
    ("<div>" * 41 + "x", "Hay demasiadas etiquetas unas dentro de otras."),
])  # fmt: skip
def test_what_would_be_taken_away_is_refused(html, sentence):
    with pytest.raises(InvalidValue) as refused:
        read_html(html, "signature")

    assert str(refused.value).startswith(sentence)
    assert refused.value.field == "signature"


@pytest.mark.parametrize(("html", "text"), [
    ("<p>Hola, {cliente}:</p><p>Uno<br>dos</p>", "Hola, {cliente}:\n\nUno\ndos"),
    ("<div>uno</div><div>dos</div>", "uno\ndos"),
    ("<p>Dos:</p><ul><li>uno</li><li><b>d</b>os</li></ul><p>Fin</p>", "Dos:\n\n- uno\n- dos\n\nFin"),
    ("<ol><li>uno</li><li>dos<ul><li>tres</li></ul></li><li></li></ol>", "1. uno\n2. dos\n  - tres\n3."),
    ('<ol start="4"><li><p>uno</p></li></ol>', "4. uno"),
    ('<p><a href="https://tosma.example/">tosma.example</a></p>', "tosma.example"),
    ('<p><a href="https://tosma.example/x">nuestra web</a>.</p>', "nuestra web (https://tosma.example/x)."),
    ('<p><a href="mailto:a@tosma.example">a@tosma.example</a></p>', "a@tosma.example"),
    ('<p><a href="{enlace}">Véalo</a></p>', "Véalo ({enlace})"),
    (f'<p><img src="{PICTURE}" alt="Tosma"></p>', "[Tosma]"),
    ("<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td><td></td></tr></tbody></table>", "a  b\nc"),
    ("<p>Tosma &amp; Cía. &lt;ventas&gt;</p>", "Tosma & Cía. <ventas>"),
    ("<p>uno</p>\n\n<p>  dos  </p>", "uno\n\ndos"),
    ("<blockquote><p>uno</p></blockquote>dos", "uno\n\ndos"),
])  # fmt: skip
def test_html_as_text(html, text):
    assert as_text(html) == text


@pytest.mark.parametrize(
    "tags", ["<div>", "<ul><li>", "<table><td>", "<b>", "<font>", "<p>", "<blockquote>", "<a href=x>"]
)
def test_what_is_nested_without_end_ends(tags):
    cleaned = clean(tags * (40_000 // len(tags)) + "fin")

    assert as_text(cleaned).endswith("fin")
    assert clean(cleaned) == cleaned


def test_forty_deep_is_deep_enough():
    html = "<div>" * 40 + "x" + "</div>" * 40

    assert read_html(html, "body") == clean(html) == html


def test_colours_can_be_read_on_paper():
    assert all(contrast(colour, "#ffffff") >= 4.5 for colour in COLOURS.values())
