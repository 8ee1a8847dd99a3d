"""How values are written in answers: ids and amounts as texts, so that no reader rounds them."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

Ref = Annotated[str, Meta(pattern="^[0-9]+$", examples=["4312"])]
Amount = Annotated[str, Meta(pattern=r"^-?[0-9]+\.[0-9]{2}$", examples=["121.00"])]
Plain = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["2.5"])]


def ref(row_id: int) -> str:
    return str(row_id)


def maybe_ref(row_id: int | None) -> str | None:
    return None if row_id is None else str(row_id)


def amount(value: Decimal) -> str:
    """Cents, always two."""
    return f"{value:.2f}"


def plain(value: Decimal) -> str:
    """No more decimals than it has: a quantity, a price, a rate."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
