"""What every table shares: names of constraints, keys, and the company a row belongs to."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import Date, Enum, ForeignKey, ForeignKeyConstraint, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from models.types import BigId, Json, Moment, OwnKey


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - the name and type SQLAlchemy expects
        dt.datetime: Moment,
        dt.date: Date,
        dict[str, Any]: Json,
        enum.Enum: Enum(
            enum.Enum,
            native_enum=False,
            length=32,
            values_callable=lambda members: [member.value for member in members],
        ),
    }


class Record(Base):
    """A row of the installation itself, outside any company."""

    __abstract__ = True
    __table_args__: Any = {"sqlite_autoincrement": True}  # noqa: RUF012 - the name SQLAlchemy expects

    id: Mapped[OwnKey]
    created_at: Mapped[dt.datetime] = mapped_column(default=utc_now)


class CompanyRecord(Base):
    """A row that belongs to one company: the session's scope filters and guards it.

    ``UNIQUE (company_id, id)`` is what children's composite keys point at (see ``inside``), so that not even a
    bulk statement can tie rows of two companies together.
    """

    __abstract__ = True

    id: Mapped[OwnKey]
    created_at: Mapped[dt.datetime] = mapped_column(default=utc_now)

    @declared_attr
    def company_id(cls) -> Mapped[int]:
        return mapped_column(BigId, ForeignKey("companies.id"))


def company_table(*parts: Any) -> tuple[Any, ...]:
    """``__table_args__`` of a ``CompanyRecord``: its own key within the company, then ``parts``."""
    return (UniqueConstraint("company_id", "id"), *parts, {"sqlite_autoincrement": True})


def inside(column: str, table: str, **options: Any) -> ForeignKeyConstraint:
    """A foreign key that cannot leave the company: ``(company_id, column)`` onto ``table``."""
    return ForeignKeyConstraint(["company_id", column], [f"{table}.company_id", f"{table}.id"], **options)
