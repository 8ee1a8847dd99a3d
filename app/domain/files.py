"""Rows of stored files: bytes are kept once, and so is the row that names them."""

from sqlalchemy import select

from app.scope import ScopedSession
from models import StoredFile


def kept(db: ScopedSession, file: StoredFile) -> StoredFile:
    """The row of these bytes under this name, made if there is none. ``file`` itself joins no session."""
    known = db.scalar(select(StoredFile).where(StoredFile.sha256 == file.sha256, StoredFile.name == file.name))
    if known is not None:
        return known
    row = StoredFile(
        company_id=db.company_id, sha256=file.sha256, size=file.size, media_type=file.media_type, name=file.name
    )
    db.add(row)
    db.flush()
    return row
