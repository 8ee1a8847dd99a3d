"""HTML of mails as people of the office write it: cleaned to a short list of tags, told as text, dressed for a mail.

`nh3` decides what stays. Colours are a closed set of classes, so that they can be read on light and on dark paper;
pictures are files of the company's own, which travel with the mail.
"""

import base64
import re
from collections.abc import Mapping
from html import escape
from html.parser import HTMLParser

from app.adapters.letters.html_reading import as_text
from app.domain.mail.texts import PICTURES, CleanHtml
from app.domain.mail.variables import ADDRESSES
from app.errors import InvalidValue
from app.texts import _

LONGEST = 20_000
LONGEST_TYPED = 100_000
DEEPEST = 40
COLOURS: Mapping[str, str] = {
    "rojo": "#a8231c",
    "naranja": "#7d4d00",
    "verde": "#1c6b3f",
    "azul": "#1f5f8b",
    "morado": "#6b3fa0",
    "gris": "#566072",
}
NIGHT_COLOURS: Mapping[str, str] = {
    "rojo": "#f49a92",
    "naranja": "#eab765",
    "verde": "#79cf9d",
    "azul": "#7cb8e4",
    "morado": "#c3a3ee",
    "gris": "#a5aebd",
}
"""The same on dark paper, for mail programs that have it."""


TAGS = frozenset({
    "a", "b", "blockquote", "br", "div", "em", "i", "img", "li", "ol", "p", "s", "span", "strong", "table", "tbody",
    "td", "tr", "u", "ul",
})  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt", "width", "height"}, "ol": {"start"}}
_CLASSES = {"span": {f"c-{name}" for name in COLOURS}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_KEPT_INSIDE = frozenset({"button", "form", "frameset", "noscript", "option", "select"})
_RUNS = _KEPT_INSIDE | {
    "applet", "audio", "base", "canvas", "embed", "frame", "iframe", "input", "link", "math", "meta", "object",
    "script", "style", "svg", "template", "textarea", "title", "video",
}  # fmt: skip
# They have no inside, or end where the next one begins.
_NEVER_NESTED = frozenset(
    {"br", "col", "hr", "img", "input", "li", "link", "meta", "p", "tbody", "td", "th", "tr", "wbr"}
)
_PICTURE = re.compile(rf"{PICTURES}([0-9a-f]{{64}})")
_IMAGES = re.compile(rf'src="(?:{PICTURES}([0-9a-f]{{64}})|cid:([A-Za-z0-9_-]{{43}})@[a-z]+)"')
_SIZE = re.compile(r"[1-9]\d{0,3}")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|<!--")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TAG = re.compile(r'<(p|a|span|img|td|blockquote|ul|ol)((?: [a-z]+="[^"]*")*)>')
CID_DOMAIN = "ventanilla"


def read_html(typed: str, field: str, *, most: int = LONGEST) -> CleanHtml:
    """What somebody has written, cleaned. Raises ``InvalidValue`` for what would not survive and is no accident.

    Text without any tag is plain text, whose lines and paragraphs are kept.
    """
    if len(typed) > LONGEST_TYPED:
        raise InvalidValue(_too_long(most), field=field)
    if _MARKUP.search(typed) is None:
        typed = _paragraphs(typed)
    _Suspicion(field).read(typed)
    html = clean(typed)
    if len(html) > most:
        raise InvalidValue(_too_long(most), field=field)
    return html


def clean(html: str) -> CleanHtml:
    """HTML with nothing in it but what may be; nothing at all when nobody would see anything."""
    html = _CONTROLS.sub("", html[:LONGEST_TYPED])
    if _Suspicion.depth_of(html) > DEEPEST:  # what is nested without end costs without end
        html = _paragraphs(re.sub("<[^>]*>", " ", html))
    for _turn in range(5):
        before, html = html, _cleaned(html).strip()
        if html == before:
            break
    else:
        html = _cleaned(_paragraphs(as_text(html)))
    return CleanHtml(html if _IMAGES.search(html) or as_text(html).strip("\xa0 \n") else "")


def images_of(html: str) -> tuple[str, ...]:
    """The SHA-256 of the company's pictures in it, each once, before or after it was dressed."""
    return tuple(dict.fromkeys(sha256 or _sha256(name) for sha256, name in _IMAGES.findall(html)))


def dressed(html: str, accent: str) -> str:
    """Clean HTML for the inside of a mail: with the styles mail programs need, its pictures as parts of the mail."""
    return _TAG.sub(lambda tag: _dress(tag[1], tag[2], accent), html)


def content_id(sha256: str) -> str:
    """What a picture is called inside a mail: short enough for a header of one line."""
    return f"{base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip('=')}@{CID_DOMAIN}"


def _sha256(name: str) -> str:
    return base64.urlsafe_b64decode(f"{name}=").hex()


def _dress(tag: str, attributes: str, accent: str) -> str:
    if tag == "img":
        attributes = _PICTURE.sub(lambda found: f"cid:{content_id(found[1])}", attributes)
        return f'<img{attributes} style="max-width:100%;height:auto;border:0">'
    if tag == "a":
        return f'<a{attributes} class="link" style="color:{accent};text-decoration:underline">'
    if tag == "span":
        name = attributes.partition('"c-')[2].rstrip('"')
        return f'<span{attributes} style="color:{COLOURS[name]}">' if name in COLOURS else f"<span{attributes}>"
    return f'<{tag}{attributes} style="{_STYLES[tag]}">'


_STYLES = {
    "p": "margin:0 0 16px",
    "td": "padding:0 12px 8px 0;vertical-align:top",
    "blockquote": "margin:0 0 16px 16px",
    "ul": "margin:0 0 16px;padding-left:24px",
    "ol": "margin:0 0 16px;padding-left:24px",
}


def _cleaned(html: str) -> str:
    import nh3  # who sends no text of its own never pays for it

    return nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(_RUNS - _KEPT_INSIDE),
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        attribute_filter=_kept,
        url_schemes=_SCHEMES,
        link_rel=None,
    )


def _kept(tag: str, name: str, value: str) -> str | None:
    """An attribute's value as it may stay; none takes the attribute away."""
    if name == "href":
        if value.startswith("{") and value.endswith("}"):
            return value if value[1:-1] in ADDRESSES else None
        # A variable inside an address would be no address any more.
        return value.replace("{", "%7B").replace("}", "%7D") if value.partition(":")[0].lower() in _SCHEMES else None
    if name == "src":
        return value if _PICTURE.fullmatch(value) else None
    if name in ("width", "height", "start"):
        return value if _SIZE.fullmatch(value) else None
    return value


def _paragraphs(text: str) -> str:
    """Plain text as HTML."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    found = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", lines)]
    return "".join(f"<p>{escape(part, quote=False).replace(chr(10), '<br>')}</p>" for part in found if part.strip())


def _too_long(most: int) -> str:
    return _("Como mucho %(n)s caracteres.") % {"n": f"{most:,}".replace(",", ".")}


class _Suspicion(HTMLParser):
    """Finds what somebody may believe to be sending and what would be taken away. Without a ``field``, only looks."""

    def __init__(self, field: str | None) -> None:
        super().__init__()
        self.field = field
        self.depth = self.deepest = 0

    @classmethod
    def depth_of(cls, html: str) -> int:
        looking = cls(None)
        looking.read(html)
        return looking.deepest

    def read(self, html: str) -> None:
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _NEVER_NESTED:
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)
        if self.field is not None:
            self._check(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _NEVER_NESTED:
            self.depth = max(self.depth - 1, 0)

    def _check(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth > DEEPEST:
            self._refuse(_("Hay demasiadas etiquetas unas dentro de otras."))
        if tag in _RUNS:
            self._refuse(_("No se admite <%(tag)s> en un correo: quítelo.") % {"tag": tag})
        for name, value in attrs:
            if name.startswith("on"):
                self._refuse(_("No se admite código (%(name)s) en un correo: quítelo.") % {"name": name[:30]})
            if tag == "a" and name == "href":
                self._check_link(re.sub(r"[\x00-\x20]", "", value or ""))
            if tag == "img" and name == "src" and not _PICTURE.fullmatch(value or ""):
                self._refuse(_("Las imágenes se suben con el botón Imagen: las de otros sitios no se admiten."))

    def _check_link(self, address: str) -> None:
        scheme, colon, _rest = address.partition(":")
        if "{" in address or "}" in address:
            if address[1:-1] not in ADDRESSES:
                listed = _(" o ").join(f"{{{name}}}" for name in sorted(ADDRESSES))
                self._refuse(_("De las variables, un enlace solo puede llevar a %(names)s.") % {"names": listed})
        elif not colon or scheme.lower() not in _SCHEMES:
            shown = address[:40]
            self._refuse(_("El enlace «%(address)s» no vale: empiece por https://.") % {"address": shown})

    def _refuse(self, sentence: str) -> None:
        raise InvalidValue(sentence, field=self.field)
