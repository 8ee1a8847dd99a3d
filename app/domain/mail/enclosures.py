"""What may go with a mail, and how much of it."""

from msgspec import Struct

from app.errors import InvalidValue
from app.texts import _

MOST_OCTETS = 20 * 1024 * 1024
"""Of all files of one mail together. Mail makes them a third larger, and most servers take no more than that."""

MOST_DOCUMENTS = 100
"""In one mail."""

MOST_FILES = 20

TO_PRINT = 100_000
"""What a PDF weighs, at a guess, before it is printed."""


class TooLarge(InvalidValue):
    code = "too_large"

    def __init__(self) -> None:
        sentence = _("Los archivos pasan de %(n)s MB entre todos: quite alguno o envíe enlaces.")
        super().__init__(sentence % {"n": MOST_OCTETS // 2**20}, field="files")


class NewFile(Struct, frozen=True, kw_only=True):
    """A file that somebody adds to a mail, its bytes already kept."""

    sha256: str
    size: int
    media_type: str
    name: str


def check_files(files: tuple[NewFile, ...]) -> int:
    """How many octets they are. Raises ``InvalidValue`` for too many, too large, or one with nothing in it."""
    if len(files) > MOST_FILES:
        raise InvalidValue(_("Como mucho %(n)s archivos.") % {"n": MOST_FILES}, field="files")
    if empty := next((file.name for file in files if not file.size), None):
        raise InvalidValue(_("«%(nombre)s» está vacío.") % {"nombre": empty}, field="files")
    if (octets := sum(file.size for file in files)) > MOST_OCTETS:
        raise TooLarge
    return octets
