"""Electronic invoices of other programs: one door for every format."""

from app.adapters.formats.csv_table import read_csv
from app.adapters.formats.facturae import is_facturae, read_facturae
from app.adapters.formats.fields import clipped
from app.adapters.formats.ubl import is_ubl, read_ubl
from app.adapters.formats.xml import is_markup, read_xml
from app.domain.foreign import FileRefused, ForeignInvoice, Unreadable
from app.texts import _

LARGEST_FILE = 20 * 1024 * 1024

_OTHERS = (
    (b"%PDF-", "un PDF"),
    (b"PK\x03\x04", "un ZIP o un libro de Excel"),
    (b"\xd0\xcf\x11\xe0", "un documento de Office"),
)


def read_file(name: str, content: bytes) -> list[ForeignInvoice | Unreadable]:
    """Every invoice of a file, in its order. The file is known by its content; ``name`` only serves to speak of it.

    Raises ``FileRefused`` when nothing can be read: broken, with a DTD, of an unknown format, empty or too large.
    Otherwise each invoice stands alone. Signatures are not verified. Whether the figures add up is another question:
    see ``check_figures``.
    """
    check_at_sight(name, content)
    return _read_xml(_label(name), content) if is_markup(content) else read_csv(content)


def check_at_sight(name: str, content: bytes) -> None:
    """Raises ``FileRefused`` for what need not be read to know: empty, too large, or of a kind of its own."""
    label = _label(name)
    if not content.strip(b" \t\r\n\0"):
        raise FileRefused(_("«%(name)s» está vacío.") % {"name": label})
    if len(content) > LARGEST_FILE:
        raise FileRefused(_("«%(name)s» pasa de %(most)s MB.") % {"name": label, "most": LARGEST_FILE // 1024 // 1024})
    for mark, what in _OTHERS:
        if content.startswith(mark):
            raise FileRefused(_("«%(name)s» es %(what)s; se leen Facturae, UBL y CSV.") % {"name": label, "what": what})


def _label(name: str) -> str:
    return clipped(name.replace("\\", "/").rpartition("/")[2], 80)


def _read_xml(label: str, content: bytes) -> list[ForeignInvoice | Unreadable]:
    root = read_xml(content)
    if is_facturae(root):
        return read_facturae(root)
    if is_ubl(root):
        return read_ubl(root)
    raise FileRefused(
        _("«%(name)s» es un XML que no es Facturae ni UBL: su raíz es «%(root)s».")
        % {"name": label, "root": clipped(root.name, 40)}
    )
