"""The button for a company's own web: safe to paste, whatever its text."""

import pytest

from admin_views.web_buttons import Shape, WebButton
from models.enums import ButtonSize


def button(**values):
    facts = {"address": "https://tosma.example/in/Demo_SA", "text": "ÁREA DE CLIENTES", "colour": "#1f5f8b"}
    return WebButton(**facts | values)


def test_the_filled_button_is_complete():
    assert button().html(Shape.FILLED) == (
        '<a href="https://tosma.example/in/Demo_SA" target="_blank" rel="noopener"\n'
        '   style="display:inline-block; padding:12px 20px; border-radius:6px; text-decoration:none; '
        "background:#1f5f8b; color:#ffffff; font:600 15px/20px system-ui, sans-serif; "
        'letter-spacing:.04em">ÁREA DE CLIENTES</a>'
    )


def test_the_outlined_button_takes_the_colour_around_it():
    html = button(size=ButtonSize.LARGE).html(Shape.OUTLINED)

    assert "padding:15px 27px" in html
    assert "border:1px solid currentColor; color:inherit; font:600 18px/24px" in html
    assert "#1f5f8b" not in html


def test_a_text_is_only_text():
    html = button(text='"><script>alert(1)</script>').html(Shape.FILLED)

    assert html.endswith("&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</a>")


@pytest.mark.parametrize(
    ("colour", "text_colour", "reads_well"),
    [
        ("#1f5f8b", "#ffffff", True),
        ("#000000", "#ffffff", True),
        ("#ffffff", "#0d1b28", True),
        ("#ffd400", "#0d1b28", True),
        ("#c75b5b", "#0d1b28", False),
    ],
)
def test_the_text_on_a_colour(colour, text_colour, reads_well):
    shown = button(colour=colour)

    assert (shown.text_colour, shown.reads_well) == (text_colour, reads_well)
