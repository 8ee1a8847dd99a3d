"""Pictures that people send us: opened with care, and drawn anew so that nothing of the file is kept but its pixels."""

import io
import struct
import zlib

from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

WIDEST = 4000
MOST_PIXELS = 8_000_000
BROKEN = (SyntaxError, OSError, ValueError, TypeError, LookupError, struct.error, zlib.error)
"""What reading a file that is no picture may raise."""

_READERS = {b"\x89PNG\r\n\x1a\n": PngImageFile, b"\xff\xd8\xff": JpegImageFile}


class TooManyPixels(Exception):
    pass


def opened(content: bytes) -> Image.Image:
    """A PNG or JPEG, not yet decoded. Pillow's own ``open`` would only warn about a bomb."""
    reader = next((reader for start, reader in _READERS.items() if content.startswith(start)), None)
    if reader is None:
        raise ValueError("neither PNG nor JPEG")
    picture = reader(io.BytesIO(content))
    if max(picture.size) > WIDEST or picture.width * picture.height > MOST_PIXELS:
        raise TooManyPixels
    return picture


def redrawn(picture: Image.Image, within: tuple[int, int]) -> Image.Image:
    """The pixels alone, upright, on a new canvas no larger than asked."""
    upright = ImageOps.exif_transpose(picture)
    upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    upright.thumbnail(within, Image.Resampling.LANCZOS)
    return Image.frombytes(upright.mode, upright.size, upright.tobytes())
