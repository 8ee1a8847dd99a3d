"""How fast and how light: figures beside their floors. ``./scripts/bench [--quick] [section ...]``.

A section is a module of this package with ``run(quick: bool) -> list[Row]``; ``python -m bench`` finds it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured figure.

    With a ``floor``, ``limit`` is how many times the floor the figure may be (0.1: ten times better than what it is
    held against); without one, ``limit`` is the largest figure allowed, in ``unit``. No ``limit``: shown only.
    """

    what: str
    value: float
    unit: str = "ms CPU"
    database: str = ""
    floor: float | None = None
    floor_is: str = ""
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None

    @property
    def holds(self) -> bool | None:
        """Within its limit; None when there is no limit."""
        if self.limit is None:
            return None
        return (self.value if self.ratio is None else self.ratio) <= self.limit
