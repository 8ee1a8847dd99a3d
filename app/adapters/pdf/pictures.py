"""Pictures: a company's logo, made harmless once and kept ready; the square code."""

import io
import zlib
from functools import lru_cache
from typing import Any, NamedTuple

import zxingcpp
from PIL import Image

from app.adapters.pdf import HEAVIEST_LOGO
from app.adapters.pdf.paper import Box
from app.adapters.pictures import BROKEN, TooManyPixels, opened, redrawn
from app.errors import InvalidValue
from app.texts import _

KEPT_SIZE = (600, 240)

_BIT = bytes.maketrans(b"\x00\xff", b"01")


class Logo(NamedTuple):
    """A picture as a document embeds it: deflated colours and, if it has any, deflated transparency."""

    width: int
    height: int
    colours: bytes
    transparency: bytes | None


def normalise_logo(content: bytes) -> bytes:
    """A PNG or JPEG as the only kind of PNG we keep: upright, RGB or RGBA, no larger than needed, no metadata.

    Raises ``InvalidValue``. Weight and pixels are checked before anything is decoded.
    """
    if len(content) > HEAVIEST_LOGO:
        raise InvalidValue(_("El logotipo ocupa demasiado: como mucho 2 MB."), field="logo")
    try:
        clean = redrawn(opened(content), KEPT_SIZE)
    except TooManyPixels as large:
        raise InvalidValue(
            _("El logotipo es demasiado grande: como mucho 4.000 píxeles de lado y 8 megapíxeles."), field="logo"
        ) from large
    except BROKEN as broken:
        raise InvalidValue(_("El logotipo no es una imagen PNG o JPEG válida."), field="logo") from broken
    out = io.BytesIO()
    clean.save(out, "PNG", optimize=True)
    return out.getvalue()


def logo_size(content: bytes) -> tuple[int, int]:
    logo = _prepared(content)
    return logo.width, logo.height


def embed_logo(doc: Any, content: bytes) -> str:
    """Put a normalised logo into a document; returns the name to draw it by."""
    logo = _prepared(content)
    mask = ""
    if logo.transparency:
        stream = _image(logo, "/ColorSpace /DeviceGray", logo.transparency)
        mask = f" /SMask {doc.Reference(stream, 'transparency').format(doc).decode()}"
    doc.addForm("logo", _image(logo, f"/ColorSpace /DeviceRGB{mask}", logo.colours))
    return "logo"


def square_code(content: str, box: Box) -> str:
    """Operators that paint the QR code of ``content``, level M, as a stencil of one bit per module."""
    code = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image: Any = code.to_image(scale=1, add_quiet_zones=False)
    side = image.shape[0]
    padding = -side % 8
    bits = bytes(memoryview(image)).translate(_BIT)
    digits = (side + padding) // 4
    rows = (bits[start : start + side] + b"1" * padding for start in range(0, side * side, side))
    stencil = "".join(f"{int(row, 2):0{digits}x}" for row in rows)
    return (
        f"q 0 g {box.width:.2f} 0 0 {box.height:.2f} {box.x:.2f} {box.y:.2f} cm\n"
        f"BI /IM true /W {side} /H {side} /BPC 1 /F /AHx ID {stencil}> EI Q"
    )


@lru_cache(maxsize=32)
def _prepared(content: bytes) -> Logo:
    picture = Image.open(io.BytesIO(content))
    transparency = zlib.compress(picture.getchannel("A").tobytes(), 9) if "A" in picture.getbands() else None
    return Logo(*picture.size, zlib.compress(picture.convert("RGB").tobytes(), 9), transparency)


def _image(logo: Logo, entries: str, deflated: bytes) -> bytes:
    head = (
        f"<< /Type /XObject /Subtype /Image /Width {logo.width} /Height {logo.height} /BitsPerComponent 8"
        f" {entries} /Filter /FlateDecode /Length {len(deflated)} >>\nstream\n"
    )
    return head.encode() + deflated + b"\nendstream\n"
