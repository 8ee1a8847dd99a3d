"""Lines inside a form: a table with a row per child, more at a click, and nothing lost when one is wrong.

Rows are named ``emails-0-email``; numbers may have gaps, their order is the order of the lines. A blank row is no line.
Without JavaScript the buttons post the form and get it back with a row more or less.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from wtforms import FieldList, FormField

from admin_views.forms import OfficeForm
from app.errors import InvalidValue
from app.texts import _

MORE, LESS = "_more", "_less"
MOST_ROWS = 1000


class LineForm(OfficeForm):
    """One row. Fields with a default of their own (a selector) do not make a row worth keeping."""

    ignored_when_blank: Sequence[str] = ()

    def is_blank(self) -> bool:
        return not any(
            self._text(name, field) for name, field in self._fields.items() if name not in self.ignored_when_blank
        )

    @staticmethod
    def _text(name: str, field: Any) -> str:
        raw = field.raw_data if field.raw_data else [field.data]
        return "".join(str(part) for part in raw if part not in (None, False)).strip()


class InlineList(FieldList):
    """Children of a row. ``columns`` are the names shown, ``add`` the button's words."""

    def __init__(
        self, line: type[LineForm], label: str, *, columns: Sequence[str], add: str, hint: str = "", **options: Any
    ) -> None:
        super().__init__(FormField(line), label, min_entries=0, max_entries=MOST_ROWS, **options)
        self.line, self.columns, self.add, self.hint = line, tuple(columns), add, hint
        self.control = "lines"

    @cached_property
    def blank(self) -> Any:
        """A row with a stand-in number, for scripts to copy."""
        return self.line(prefix=f"{self.name}-__row__-")

    @property
    def rows(self) -> list[LineForm]:
        """The rows that say something, in their order."""
        return [entry.form for entry in self.entries if not entry.form.is_blank()]

    def validate(self, form: Any, extra_validators: Iterable[Any] = ()) -> bool:
        """Blank rows cannot be wrong."""
        self.errors = []
        wrong = [entry for entry in self.entries if not entry.form.is_blank() and not entry.validate(form)]
        for entry in self.entries:
            if entry.form.is_blank():
                _forgive(entry.form)
        self.errors = [entry.errors for entry in wrong]
        return not wrong

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        """Numbers of rows as we write them: what only looks like one to ``str.isdigit`` is no row."""
        for name in formdata:
            number = name.removeprefix(f"{prefix}-").partition("-")[0]
            if name.startswith(f"{prefix}-") and number.isascii() and number.isdigit() and len(number) < 10:
                yield int(number)

    def refuse(self, number: int, refusal: InvalidValue) -> None:
        """Put what a rule said beside a field of the ``number``-th row that says something."""
        self.rows[number].refuse(refusal)

    def turn(self, posted: Any) -> bool:
        """Whether the form was posted only to have a row more or less here; if so, done."""
        if posted.get(MORE) == self.name:
            if len(self.entries) < MOST_ROWS:
                self.append_entry()
            else:
                self.errors = [_("Como mucho %(n)s líneas.") % {"n": MOST_ROWS}]
            return True
        name, _dash, number = str(posted.get(LESS, "")).rpartition("-")
        if name != self.name:
            return False
        self.entries = [entry for entry in self.entries if entry.name != f"{name}-{number}"]
        return True


def _forgive(form: LineForm) -> None:
    for field in form:
        field.errors = ()


def turned(form: OfficeForm, posted: Any) -> bool:
    """Whether a form was posted only to have a row more or less; every list of it has then done its part."""
    return True in [field.turn(posted) for field in form if isinstance(field, InlineList)]
