"""What is printed on a document must have letters to print it with."""

from functools import wraps
from typing import Any

from admin_views.forms import Prose, Rule
from app.adapters.pdf import LONGEST_TEXT, unprintable
from app.errors import InvalidValue
from app.texts import _

MOST_NAMED = 5


def printable(rule: Rule) -> Rule:
    """``rule`` for a text that goes on paper: it also refuses what the typeface lacks, and names it."""

    @wraps(rule)
    def strict(typed: str, field: str) -> Any:
        value = rule(typed, field)
        check_printable(value, field)
        return value

    return strict


class PrintedProse(Prose):
    """Several lines of text that go on paper, and no more than fits through its door."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"most": LONGEST_TEXT} | options)
        self.rule = printable(self.rule)


def check_printable(text: str, field: str) -> None:
    """Raises ``InvalidValue`` for what a document could only print as "?"."""
    if lacking := unprintable(text):
        named = " ".join(f"«{character}»" for character in lacking[:MOST_NAMED])
        raise InvalidValue(
            _("No se puede imprimir %(signos)s: quítelo o escríbalo de otro modo.") % {"signos": named}, field=field
        )
