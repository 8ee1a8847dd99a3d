"""A field of rich text: the HTML of a mail in a textarea, over which ``office/rich.js`` puts an editor."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from markupsafe import Markup, escape

from admin_views.forms import Strict
from app.adapters.letters.html import COLOURS, LONGEST, read_html
from app.domain.mail.variables import Variable
from app.texts import _

_TAGS = re.compile(r"<[^>]*>")
_LINK = re.compile(r'<a href="[^"]*">')
_VARIABLE = re.compile(r"\{([a-z_]+)\}")

COLOUR_NAMES = {
    "rojo": "Rojo",
    "naranja": "Naranja",
    "verde": "Verde",
    "azul": "Azul",
    "morado": "Morado",
    "gris": "Gris",
}


class Rich(Strict):
    """What is typed is cleaned; what would be taken away is refused.

    ``variables`` are those it offers to insert, ``logo`` the address of a picture it offers. A page with one loads
    ``office/rich.css`` and ``office/rich.js``.
    """

    control = "rich"

    def __init__(self, label: str, *, most: int = LONGEST, rows: int = 10, **options: Any) -> None:
        super().__init__(label, partial(read_html, most=most), **{"css": "s6"} | options)
        self.rows = rows
        self.variables: Sequence[Variable] = ()
        self.logo = ""

    @property
    def colours(self) -> list[tuple[str, str, str]]:
        """Class, colour and word of each."""
        return [(f"c-{name}", colour, _(COLOUR_NAMES[name])) for name, colour in COLOURS.items()]


def with_chips(html: str, variables: Sequence[Variable]) -> Markup:
    """Clean HTML to be read on a page of ours: its variables by their labels, its links dead."""
    labels = {variable.name: _(variable.label) for variable in variables}

    def chip(found: re.Match[str]) -> str:
        if found[1] not in labels:
            return found[0]
        return f'<span class="v-var">{escape(labels[found[1]])}</span>'

    shown, at = "", 0
    html = _LINK.sub("<u>", html).replace("</a>", "</u>")
    for tag in _TAGS.finditer(html):
        shown += _VARIABLE.sub(chip, html[at : tag.start()]) + tag[0]
        at = tag.end()
    return Markup(shown + _VARIABLE.sub(chip, html[at:]))
