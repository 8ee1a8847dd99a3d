"""Counters that slow guessing down, kept in the database so that every process sees them."""

import datetime as dt

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Record
from models.types import Sha256


class Throttle(Record):
    """How many tries one subject (an account, an address; hashed) has had in the window that began at ``since``."""

    __tablename__ = "throttles"
    __table_args__ = (UniqueConstraint("subject"), Record.__table_args__)

    subject: Mapped[Sha256]
    since: Mapped[dt.datetime]
    tries: Mapped[int] = mapped_column(default=0)
