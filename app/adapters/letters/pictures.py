"""Pictures of mails: brought from storage to travel with a mail, and put back into its HTML to be looked at."""

import base64
import logging
import re
from collections.abc import Mapping

from app.adapters.letters.html import content_id, images_of
from app.adapters.letters.mime import Picture
from app.adapters.storage import Storage
from app.errors import AdapterError
from models.file import file_key

log = logging.getLogger(__name__)

_TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_CID = re.compile(r'src="cid:([A-Za-z0-9._@-]+)"')


def pictures_of(storage: Storage, company_id: int, html: str) -> tuple[Picture, ...]:
    """The parts that a mail with this HTML needs. One that is lost is left out: its words stand in for it."""
    found = (_picture(storage, company_id, sha256) for sha256 in images_of(html))
    return tuple(picture for picture in found if picture is not None)


def with_pictures(html: str, pictures: Mapping[str, tuple[str, bytes]]) -> str:
    """The HTML of a mail with these pictures inside it: by content id, their type and bytes. Others stay away."""

    def shown(found: re.Match[str]) -> str:
        if found[1] not in pictures:
            return 'src="data:,"'
        media_type, content = pictures[found[1]]
        return f'src="data:{media_type};base64,{base64.b64encode(content).decode()}"'

    return _CID.sub(shown, html)


def _picture(storage: Storage, company_id: int, sha256: str) -> Picture | None:
    try:
        content = storage.get(file_key(company_id, sha256))
    except AdapterError:
        log.warning("company %s: the picture %s is missing", company_id, sha256)
        return None
    media_type = next((kind for start, kind in _TYPES.items() if content.startswith(start)), None)
    return Picture(content_id(sha256), content, media_type) if media_type else None
