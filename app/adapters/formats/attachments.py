"""The PDF that an electronic invoice brings inside."""

import base64
import binascii
import io
import lzma
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence

from msgspec import Struct

from app.adapters.formats.fields import clipped
from app.texts import _

LARGEST_PDF = 20 * 1024 * 1024
MOST_UNPACKED = 15
MOST_ENTRIES = 200

_OURS = re.compile(r"factura|invoice|fra\b|credit ?note|abono|rectificativa")
_ANOTHER = re.compile(
    r"albar|pedido|contrato|presupuesto|parte|anexo|timesheet|delivery|despatch|order|contract|quot|terms|condicion"
)


class Embedded(Struct, frozen=True, kw_only=True):
    """A file inside a document as its XML carries it. ``packing`` is ``""``, ``ZIP`` or ``GZIP``."""

    label: str
    encoded: str
    is_base64: bool = True
    packing: str = ""


def choose_pdf(files: Sequence[Embedded], number_text: str, notes: list[str]) -> bytes | None:
    """The PDF that *is* the invoice.

    One that calls itself something else (a delivery note, a contract) is not served as the invoice; of several, the
    one that calls itself invoice, or names its number, comes first. What is left out is noted.
    """
    best: tuple[int, bytes] | None = None
    candidates = 0
    for file in files:
        content = _pdf(file)
        rank = _rank(file.label, number_text)
        label = {"label": clipped(file.label, 60)}
        if content is None:
            notes.append(_("El adjunto «%(label)s» no es un PDF y se omite.") % label)
        elif rank is None:
            notes.append(_("El adjunto «%(label)s» no parece la factura y se omite.") % label)
        else:
            candidates += 1
            best = (rank, content) if best is None or rank < best[0] else best
    if candidates > 1:
        notes.append(_("La factura trae %(n)s PDF: se toma el que más parece la factura.") % {"n": candidates})
    return best[1] if best else None


def _rank(label: str, number_text: str) -> int | None:
    plain = unicodedata.normalize("NFKD", label[:400].casefold())
    if number_text.casefold() in plain or _OURS.search(plain):
        return 0
    return None if _ANOTHER.search(plain) else 1


def _pdf(file: Embedded) -> bytes | None:
    content = _decoded(file)
    if content is not None and file.packing:
        # A bomb packs a thousand to one; a PDF, which is packed inside already, hardly at all.
        most = min(LARGEST_PDF, MOST_UNPACKED * len(content))
        content = _UNPACK.get(file.packing, _as_it_is)(content, most)
        if content is not None and len(content) > most:
            return None
    return content if content and content.startswith(b"%PDF-") else None


def _decoded(file: Embedded) -> bytes | None:
    if not file.is_base64:
        return file.encoded.encode("latin-1", "replace")
    try:
        return base64.b64decode("".join(file.encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _as_it_is(content: bytes, most: int) -> bytes | None:
    return content


def _gunzipped(content: bytes, most: int) -> bytes | None:
    try:
        return zlib.decompressobj(wbits=47).decompress(content, most + 1)
    except zlib.error:
        return None


def _unzipped(content: bytes, most: int) -> bytes | None:
    """The first PDF of an archive. Never more is unpacked than allowed, whatever the archive declares."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist()[:MOST_ENTRIES]:
                if entry.filename.lower().endswith(".pdf") and entry.file_size <= most:
                    with archive.open(entry) as packed:
                        return packed.read(most + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ):
        return None
    return None


_UNPACK: dict[str, Callable[[bytes, int], bytes | None]] = {"GZIP": _gunzipped, "ZIP": _unzipped}
