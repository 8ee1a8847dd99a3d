"""Files that somebody adds to a mail: their bytes kept as soon as they come, their names travel with the form.

What travels is signed, so that nobody adds a file that they did not bring themselves.
"""

import base64
import binascii
import mimetypes
import re
from collections.abc import Sequence

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request

from admin_views.auth import visit_of
from app.adapters.letters.mime import file_name
from app.domain.mail.enclosures import MOST_FILES, MOST_OCTETS, NewFile, check_files
from app.errors import InvalidValue
from app.texts import _
from app.web import installation_of

LONGEST = 2000
UNKNOWN = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[a-z0-9]+/[a-z0-9.+-]{1,29}")


def seal(request: Request, file: NewFile) -> str:
    """A file that is kept, as a hidden field holds it."""
    text = base64.urlsafe_b64encode(msgspec.json.encode(file)).decode()
    return f"{text}.{installation_of(request).keys.sign(_purpose(request), text)}"


def unseal(request: Request, sealed: Sequence[str]) -> tuple[NewFile, ...]:
    """The files of hidden fields, each once. Raises ``InvalidValue`` for one that does not open: none is left out."""
    found = [_open(request, text) for text in sealed[: MOST_FILES + 1]]
    if None in found:
        raise InvalidValue(_("Un archivo ya no se puede leer: vuelva a adjuntarlo."), field="files")
    return tuple(dict.fromkeys(file for file in found if file is not None))


def keep(request: Request, sent: Sequence[UploadFile], known: tuple[NewFile, ...]) -> tuple[NewFile, ...]:
    """Keep the bytes of what was sent beside those that are kept. Raises ``InvalidValue`` before keeping any.

    Runs in a thread.
    """
    arrived = [(file_name(_unescaped(file.filename or "")), file) for file in sent]
    if too_large := next((name for name, file in arrived if (file.size or 0) > MOST_OCTETS), None):
        sentence = _("«%(nombre)s» pasa de %(n)s MB.") % {"nombre": too_large, "n": MOST_OCTETS // 2**20}
        raise InvalidValue(sentence, field="files")
    check_files((*known, *(_described(name, file) for name, file in arrived)))
    return tuple(dict.fromkeys((*known, *(_kept(request, name, file) for name, file in arrived))))


def _unescaped(name: str) -> str:
    """As the person's computer calls it: browsers write a quote in a form's file name as ``%22`` (HTML, 4.10.22.8)."""
    return name.replace("%22", '"')


def _described(name: str, file: UploadFile) -> NewFile:
    return NewFile(sha256="", size=file.size or 0, media_type=media_type(name), name=name)


def _kept(request: Request, name: str, file: UploadFile) -> NewFile:
    storage, company_id = installation_of(request).storage, visit_of(request).company_id
    file.file.seek(0)
    row = storage.keep(company_id, file.file.read(), name=name, media_type=media_type(name))
    return NewFile(sha256=row.sha256, size=row.size, media_type=row.media_type, name=row.name)


def media_type(name: str) -> str:
    """By its name: what browsers say is theirs to say."""
    guessed = mimetypes.guess_type(name, strict=True)[0] or UNKNOWN
    return guessed if _MEDIA_TYPE.fullmatch(guessed) else UNKNOWN


def _open(request: Request, sealed: str) -> NewFile | None:
    text, _dot, tag = sealed[:LONGEST].rpartition(".")
    if not text or not installation_of(request).keys.signed(_purpose(request), text, tag):
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=NewFile)
    except (ValueError, binascii.Error):
        return None


def _purpose(request: Request) -> str:
    visit = visit_of(request)
    return f"enclosed/{visit.company_id}/{visit.user_id}"
