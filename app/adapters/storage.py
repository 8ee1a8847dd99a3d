"""Files by content: a folder or an S3-compatible bucket behind one small interface."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from app.errors import AdapterError
from models import StoredFile

LARGEST = 40 * 1024 * 1024


class Storage:
    """Bytes by key ``company/sha256-prefix/sha256``. Written before the row that names them, never changed.

    A folder is read and written directly, which costs the least; a bucket goes through obstore, imported only then.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._bucket: Any = None
        self.folder = Path(unquote(parts.path)) if parts.scheme == "file" else None
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        else:
            from obstore.store import from_url

            self._bucket = from_url(url)

    def keep(self, company_id: int, content: bytes, *, name: str, media_type: str) -> StoredFile:
        """Store ``content`` and return the row to add, not yet in any session. Storing the same bytes again is free."""
        if len(content) > LARGEST:
            raise AdapterError("El archivo es demasiado grande.", permanent=True)
        row = StoredFile(
            company_id=company_id,
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            media_type=media_type,
            name=name[:200],
        )
        self.put(row.key, content)
        return row

    def put(self, key: str, content: bytes) -> None:
        if self.folder is not None:
            self._put_in_folder(self.folder / key, content)
            return
        import obstore
        from obstore.exceptions import AlreadyExistsError

        try:
            obstore.put(self._bucket, key, content, mode="create")
        except AlreadyExistsError:
            return

    def get(self, key: str) -> bytes:
        """The bytes under ``key``; raises ``AdapterError`` when they are not there."""
        if self.folder is None:
            import obstore

            try:
                return bytes(obstore.get(self._bucket, key).bytes())
            except FileNotFoundError as error:
                raise AdapterError(f"Falta el archivo {key}.", permanent=True) from error
        try:
            return (self.folder / key).read_bytes()
        except FileNotFoundError as error:
            raise AdapterError(f"Falta el archivo {key}.", permanent=True) from error

    @staticmethod
    def _put_in_folder(path: Path, content: bytes) -> None:

        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).rename(path)
