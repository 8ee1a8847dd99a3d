"""XML from strangers: decoded by us, refused with a DTD, read by local names."""

import codecs
import re
from typing import NoReturn

from lxml import etree

from app.domain.foreign import FileRefused
from app.texts import _

BLANK = "\ufeff \t\r\n"

MOST_TAGS = 500_000
MOST_LEVELS = 200

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UNMARKED = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(rb"\s*<\?xml[^>]{1,200}?encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]{0,40})[\"']")
_ENCODINGS = {"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"}
_IS_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MOST_LEVELS + 1) + ")")
_PROLOGUE = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)


class Node:
    """An element by its children's local names, so that prefixes, or their absence, make no difference."""

    __slots__ = ("_children", "_element")

    def __init__(self, element: etree._Element) -> None:
        self._element = element
        self._children: dict[str, list[Node]] | None = None

    @property
    def name(self) -> str:
        return str(self._element.tag).rpartition("}")[2]

    @property
    def namespace(self) -> str:
        return str(self._element.tag).rpartition("}")[0].removeprefix("{")

    @property
    def children(self) -> dict[str, list["Node"]]:
        if self._children is None:
            self._children = {}
            for element in self._element:
                self._children.setdefault(str(element.tag).rpartition("}")[2], []).append(Node(element))
        return self._children

    def all(self, path: str) -> list["Node"]:
        """Every element at the end of ``path`` (``Items/InvoiceLine``), in document order."""
        found = [self]
        for name in path.split("/"):
            found = [child for node in found for child in node.children.get(name, ())]
        return found

    def first(self, path: str) -> "Node | None":
        found = self.all(path)
        return found[0] if found else None

    def text(self, path: str = "") -> str:
        """The text of the first element at ``path``; nothing when there is none."""
        node = self.first(path) if path else self
        return (node._element.text or "").strip(BLANK) if node else ""

    def attribute(self, name: str) -> str:
        return str(self._element.get(name, "")).strip()


def is_markup(content: bytes) -> bool:
    """Whether the first thing in the file is a tag, in any of the encodings of ``read_xml``."""
    start = content[:200].lstrip(codecs.BOM_UTF8 + codecs.BOM_UTF16_LE + b"\0 \t\r\n")
    return start.startswith(b"<")


def read_xml(content: bytes) -> Node:
    """The root of a document.

    The bytes are decoded here, in one of a few known encodings, so that what is searched for a DTD is what is
    parsed afterwards: a UTF-7 or UTF-16 disguise hides nothing.
    """
    text = decode(content).lstrip(BLANK)
    _refuse_dtd(text)
    if text.count("<") > MOST_TAGS:
        raise FileRefused(_("El XML tiene demasiados elementos; divídalo en varios archivos."))
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,  # an invoice may bring a PDF of more than ten million letters; size, tags and depth are ours
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        _refuse_broken(error)
    if _IS_TOO_DEEP(root):
        raise FileRefused(_("El XML anida demasiados elementos unos dentro de otros."))
    return Node(root)


def decode(content: bytes) -> str:
    """The text of an XML file by its byte order mark or its declaration."""
    encoding, start = _encoding(content)
    try:
        return content[start:].decode(encoding)
    except UnicodeDecodeError:
        pass
    if encoding == "cp1252":
        return content[start:].decode("latin-1")
    raise FileRefused(
        _("El archivo no es un XML bien formado: contiene bytes que no son texto %(encoding)s.")
        % {"encoding": encoding.upper()}
    )


def _encoding(content: bytes) -> tuple[str, int]:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return encoding, len(mark)
    for mark, encoding in _UNMARKED:
        if content.startswith(mark):
            return encoding, 0
    declared = _DECLARED.match(content[:400])
    if declared is None:
        return "utf-8", 0
    try:
        encoding = codecs.lookup(declared[1].decode()).name
    except LookupError:
        encoding = ""
    if encoding not in _ENCODINGS:
        raise FileRefused(_("El XML está en una codificación que no se admite; guárdelo en UTF-8."))
    # Much that says ISO-8859-1 was written by Windows: the euro sign lives where ISO-8859-1 has a control character.
    return ("cp1252" if encoding == "iso8859-1" else encoding), 0


def _refuse_dtd(text: str) -> None:
    position = 0
    while match := _PROLOGUE.match(text, position):
        position = match.end()
    if text.startswith("<!", position) and not text.startswith("<!--", position):
        raise FileRefused(_("El XML declara un DTD o entidades y por seguridad no se lee."))


def _refuse_broken(error: etree.XMLSyntaxError) -> NoReturn:
    if error.code == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
        raise FileRefused(_("El XML anida demasiados elementos unos dentro de otros.")) from error
    raise FileRefused(_("El archivo no es un XML bien formado (línea %(line)s).") % {"line": error.lineno}) from error
