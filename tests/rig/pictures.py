"""Small pictures for tests."""

import io

from PIL import Image


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), colour: str = "#1f5f8b") -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


PNG, JPEG = picture(), picture("JPEG")
