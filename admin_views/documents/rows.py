"""The lines and due dates of a document's form, as typed."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from starlette.datastructures import FormData
from wtforms.validators import ValidationError

from admin_views.formatters import PAYMENT_METHODS
from admin_views.forms import Day, Key, Number, Pick, Strict
from admin_views.inline import MORE, InlineList, LineForm
from admin_views.printable import PrintedProse, printable
from app.domain import fields
from app.domain.drafting import LineDraft
from app.domain.terms import Due
from app.texts import _
from models.enums import PaymentMethod

HUNDRED = Decimal(100)
KEPT_TAX = "igual"
_ROW = re.compile(r"[a-z]+-(\d{1,9})-", re.ASCII)
UP = "_up"
ROWS_AT_ONCE = 5
LONGEST_CONCEPT = 2000


class DocumentRow(LineForm):
    """A line as typed. Without a quantity it is one."""

    ignored_when_blank = ("id", "quantity", "tax")

    id = Key("Línea")
    code = Strict("Código", printable(partial(fields.line, most=40)))
    concept = PrintedProse("Concepto", most=LONGEST_CONCEPT, rows=1, required=True)
    quantity = Number("Cantidad", places=6, trim=True, default=Decimal(1))
    unit_price = Number("Precio €", places=8)
    discount_rate = Number("Dto. %", places=4, least=Decimal(0), most=HUNDRED, trim=True)
    tax = Pick("IVA", coerce=str)

    def validate_tax(self, tax: Pick) -> None:
        """Nobody's tax is guessed: an article may leave it to be chosen."""
        if not tax.data:
            raise ValidationError(_("Elija el impuesto."))

    @property
    def has_figures(self) -> bool:
        """Whether an amount can be told, be the concept as it may."""
        cells = [self[name] for name in ("id", "quantity", "unit_price", "discount_rate", "tax")]
        return not any(cell.errors or cell.process_errors for cell in cells)

    @property
    def name(self) -> str:
        """What the row is called in the form: ``lines-3``."""
        prefix: str = self._prefix  # type: ignore[attr-defined]  # the library's stubs lack it
        return prefix.rstrip("-")

    def draft(self) -> LineDraft:
        value = {name: field.data for name, field in self._fields.items()}
        typed = self.quantity.typed
        return LineDraft(
            id=value["id"],
            code=value["code"] or "",
            concept=value["concept"] or "",
            quantity=Decimal(1) if typed is not None and not typed.strip() else value["quantity"],
            unit_price=value["unit_price"] or Decimal(0),
            discount_rate=value["discount_rate"] or Decimal(0),
            tax_rate_id=None if value["tax"] == KEPT_TAX else int(value["tax"]),
        )


class DueRow(LineForm):
    ignored_when_blank = ("method",)

    day = Day("Vence", required=True)
    method = Pick("Cómo", PAYMENT_METHODS, default=PaymentMethod.TRANSFER)
    account = Strict("Cuenta", fields.iban)
    amount = Number("Importe €", required=True)

    def due(self) -> Due:
        value = {name: field.data for name, field in self._fields.items()}
        return Due(**value | {"account": value["account"] or ""})


class DocumentRows(InlineList):
    """The lines. Five at a time without scripts; more than there may be are told, not dropped."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.max_entries = None

    def turn(self, posted: Any) -> bool:
        if posted.get(MORE) == self.name:
            for _row in range(ROWS_AT_ONCE):
                self.append_entry()
            return True
        return str(posted.get(UP, "")).startswith(f"{self.name}-") or super().turn(posted)


def moved_up(posted: FormData) -> FormData:
    """What was posted with the row that asks for it one place further up: their numbers are exchanged."""
    name, _dash, number = str(posted.get(UP, "")).rpartition("-")
    if not name:
        return posted
    rows = sorted({int(found[1]) for key in posted if (found := _ROW.match(key)) and key.startswith(f"{name}-")})
    place = rows.index(int(number)) if re.fullmatch(r"\d{1,9}", number, re.ASCII) and int(number) in rows else 0
    if not place:
        return posted
    swapped = {f"{name}-{rows[place]}-": f"{name}-{rows[place - 1]}-"}
    swapped |= {there: here for here, there in swapped.items()}
    return FormData([(_renamed(key, swapped), value) for key, value in posted.multi_items()])


def _renamed(key: str, swapped: Mapping[str, str]) -> str:
    found = _ROW.match(key)
    return swapped.get(found[0], found[0]) + key[found.end() :] if found else key


def forgive(rows: InlineList) -> None:
    """What is not going to be used cannot be wrong."""
    rows.errors = ()
    for entry in rows.entries:
        for field in entry.form:
            field.errors = ()


def spell_kept_tax(label: str) -> str:
    return _("%(impuesto)s (como en la original)") % {"impuesto": label}
