"""The address through which the first administrator comes in."""

import datetime as dt

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import Record
from models.types import Sha256


class SetupToken(Record):
    """Printed on the console while nobody administers the installation: one use, and it expires. Its hash is kept."""

    __tablename__ = "setup_tokens"
    __table_args__ = (UniqueConstraint("token_hash"), Record.__table_args__)

    token_hash: Mapped[Sha256]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
