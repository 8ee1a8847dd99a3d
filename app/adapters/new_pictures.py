"""Pictures for mails, made fit for them when somebody sends us one."""

import io

from msgspec import Struct
from PIL import Image

from app.adapters.pictures import BROKEN, TooManyPixels, opened, redrawn
from app.errors import InvalidValue
from app.texts import _

HEAVIEST_PICTURE = 5 * 1024 * 1024
KEPT_WITHIN = (1200, 1200)
HEAVY_PNG = 300 * 1024
PNG, JPEG = "image/png", "image/jpeg"


class NewPicture(Struct, frozen=True):
    """A picture as it is kept: no larger than a mail needs, and nothing of the file but its pixels."""

    content: bytes
    media_type: str
    width: int
    height: int


def normal_picture(content: bytes) -> NewPicture:
    """A PNG or JPEG made fit for mails. Raises ``InvalidValue`` beside ``picture``."""
    if len(content) > HEAVIEST_PICTURE:
        raise InvalidValue(_("La imagen ocupa demasiado: como mucho 5 MB."), field="picture")
    try:
        picture = redrawn(opened(content), KEPT_WITHIN)
    except TooManyPixels as large:
        sentence = _("La imagen es demasiado grande: como mucho 4.000 píxeles de lado y 8 megapíxeles.")
        raise InvalidValue(sentence, field="picture") from large
    except BROKEN as broken:
        raise InvalidValue(_("No es una imagen PNG o JPEG válida."), field="picture") from broken
    saved, media_type = _saved(picture, "JPEG" if content.startswith(b"\xff") else "PNG")
    return NewPicture(saved, media_type, *picture.size)


def _saved(picture: Image.Image, kind: str) -> tuple[bytes, str]:
    """The file; a photograph sent as PNG weighs less as JPEG."""
    out = io.BytesIO()
    if kind == "PNG":
        picture.save(out, "PNG", optimize=True)
        if picture.mode == "RGBA" or out.tell() <= HEAVY_PNG:
            return out.getvalue(), PNG
        out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue(), JPEG
