"""Column types: exact amounts as scaled integers, aware moments, big keys."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Identity, Integer, String, Text, TypeDecorator
from sqlalchemy.orm import mapped_column

BigId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON()


class Scaled(TypeDecorator[Decimal]):
    """A ``Decimal`` kept as an exact integer of ``10 ** -places``; more decimals than that are refused."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        scaled = Decimal(value).scaleb(self.places)
        if scaled != (whole := int(scaled)):
            raise ValueError(f"{value} has more than {self.places} decimals")
        return whole

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-self.places)


class Moment(TypeDecorator[dt.datetime]):
    """An aware moment, in UTC on both databases; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


Money = Annotated[Decimal, mapped_column(Scaled(2))]
Quantity = Annotated[Decimal, mapped_column(Scaled(6))]
UnitPrice = Annotated[Decimal, mapped_column(Scaled(8))]
Rate = Annotated[Decimal, mapped_column(Scaled(4))]

Key = Annotated[int, mapped_column(BigId)]
OwnKey = Annotated[int, mapped_column(BigId, Identity(), primary_key=True)]
ShortText = Annotated[str, mapped_column(String(40))]
# Compared byte by byte on both databases, so that an index finds what begins with something.
NumberText = Annotated[str, mapped_column(String(40).with_variant(String(40, "C"), "postgresql"))]
Name = Annotated[str, mapped_column(String(200))]
LongText = Annotated[str, mapped_column(Text)]
Email = Annotated[str, mapped_column(String(254))]
Sha256 = Annotated[str, mapped_column(String(64))]
