"""What is printed on a document must have letters to print it with."""

from functools import wraps
from typing import Any

from admin_views.forms import Prose, Rule
from app.adapters.pdf import LONGEST_TEXT, check_printable


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
