"""People of the office: who they are, what they may do, where they are signed in."""

import datetime as dt

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import CompanyRecord, Record, company_table, inside
from models.company import Company
from models.enums import DocumentKind, Role
from models.types import BigId, Email, Key, LongText, Name, Sha256, ShortText


class StaffUser(Record):
    """A person who works in the back office of one or more companies. Never the same row as a customer."""

    __tablename__ = "staff_users"
    __table_args__ = (UniqueConstraint("email"), Record.__table_args__)

    email: Mapped[Email]
    name: Mapped[Name]
    password_hash: Mapped[LongText] = mapped_column(default="")
    disabled_at: Mapped[dt.datetime | None]
    last_sign_in_at: Mapped[dt.datetime | None]

    memberships: Mapped[list["Membership"]] = relationship(back_populates="user", order_by="Membership.id")

    def __str__(self) -> str:
        return self.name


class Membership(CompanyRecord):
    """What one person may do in one company."""

    __tablename__ = "memberships"
    __table_args__ = company_table(UniqueConstraint("company_id", "user_id"), Index(None, "user_id"))

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff_users.id"))
    role: Mapped[Role]
    ended_at: Mapped[dt.datetime | None]

    user: Mapped[StaffUser] = relationship(back_populates="memberships")
    company: Mapped[Company] = relationship()

    def __str__(self) -> str:
        return str(self.user)


class StaffSession(Record):
    """One browser where someone is signed in; only the hash of its cookie is kept."""

    __tablename__ = "staff_sessions"
    __table_args__ = (UniqueConstraint("token_hash"), Record.__table_args__)

    token_hash: Mapped[Sha256]
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff_users.id"), index=True)
    company_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("companies.id"))
    seen_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    address: Mapped[ShortText] = mapped_column(default="")
    browser: Mapped[Name] = mapped_column(default="")


class SeriesDefault(CompanyRecord):
    """The series someone uses for a kind of document unless told otherwise."""

    __tablename__ = "series_defaults"
    __table_args__ = company_table(inside("series_id", "series"), UniqueConstraint("company_id", "user_id", "kind"))

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff_users.id"))
    kind: Mapped[DocumentKind]
    series_id: Mapped[Key]


class SavedFilter(CompanyRecord):
    """A view of a list that someone gave a name to: the query string that reproduces it."""

    __tablename__ = "saved_filters"
    __table_args__ = company_table(UniqueConstraint("company_id", "user_id", "screen", "name"))

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff_users.id"))
    screen: Mapped[ShortText]
    name: Mapped[ShortText]
    query: Mapped[LongText]
