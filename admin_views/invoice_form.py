"""The form of an invoice: what is typed, and the command it becomes."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from starlette.datastructures import FormData
from wtforms.validators import ValidationError

from admin_views.formatters import PAYMENT_METHODS
from admin_views.forms import Day, Key, Number, OfficeForm, Pick, Prose, Strict, Tick
from admin_views.inline import MORE, InlineList, LineForm
from admin_views.printable import PrintedProse, printable
from app import clock
from app.domain import fields
from app.domain.drafting import AlreadyIssued, LineDraft, SaveInvoiceDraft
from app.domain.terms import Due
from app.errors import InvalidValue, Refusal
from app.money import euros
from app.texts import _
from models import Invoice
from models.enums import PaymentMethod

HUNDRED = Decimal(100)
KEPT_TAX = "igual"
_ROW = re.compile(r"[a-z]+-(\d{1,9})-", re.ASCII)
UP = "_up"
ROWS_AT_ONCE = 5
LONGEST_CONCEPT = 2000


class InvoiceLine(LineForm):
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


class Hidden(Strict):
    control = "hidden"


class InvoiceDue(LineForm):
    ignored_when_blank = ("method",)

    day = Day("Vence", required=True)
    method = Pick("Cómo", PAYMENT_METHODS, default=PaymentMethod.TRANSFER)
    account = Strict("Cuenta", fields.iban)
    amount = Number("Importe €", required=True)

    def due(self) -> Due:
        value = {name: field.data for name, field in self._fields.items()}
        return Due(**value | {"account": value["account"] or ""})


class InvoiceRows(InlineList):
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
    place = rows.index(int(number)) if number.isascii() and number.isdigit() and int(number) in rows else 0
    if not place:
        return posted
    swapped = {f"{name}-{rows[place]}-": f"{name}-{rows[place - 1]}-"}
    swapped |= {there: here for here, there in swapped.items()}
    return FormData([(_renamed(key, swapped), value) for key, value in posted.multi_items()])


def _renamed(key: str, swapped: Mapping[str, str]) -> str:
    found = _ROW.match(key)
    return swapped.get(found[0], found[0]) + key[found.end() :] if found else key


class AskFirst(Refusal):
    """Issuing cannot be undone: what it would do is shown, and nothing is done until it is agreed to."""

    status = 200
    code = "ask_first"

    def __init__(self, invoice: Invoice) -> None:
        super().__init__(_("Confirme la emisión."))
        self.number_text = invoice.number_text
        self.buyer_name = invoice.buyer_name
        self.issued_on = invoice.issued_on
        self.total = euros(invoice.payable, invoice.currency)
        self.agreed = agreement(invoice)


def agreement(invoice: Invoice) -> str:
    """What is agreed to: this total, for this customer."""
    return f"{invoice.contact_id}:{invoice.payable}"


class InvoiceForm(OfficeForm):
    """``do`` is what the pressed button wants. ``confirmed`` is the total whose issue was agreed to."""

    contact_id = Key("Cliente")
    contact = Strict("Cliente", partial(fields.line, most=300), required=True)
    series = Pick("Serie", coerce=str)
    issued_on = Day("Fecha", required=True)
    operation_on = Day("Fecha de operación")
    payment_method = Pick("Forma de pago", PAYMENT_METHODS, default=PaymentMethod.TRANSFER)
    subject = Strict("Asunto", printable(fields.line))
    discount_rate = Number("Descuento %", places=4, least=Decimal(0), most=HUNDRED, trim=True, css="s2 m3")
    withholding_rate = Number("Retención IRPF %", places=4, least=Decimal(0), most=HUNDRED, trim=True, css="s2 m3")
    has_surcharge = Tick("Recargo de equivalencia")
    correction_reason = Strict("Motivo de la rectificación", printable(fields.line))
    notes = PrintedProse("Observaciones", rows=4)
    mentions = PrintedProse("Menciones legales", rows=4)
    internal_notes = Prose("Nota interna", rows=3)
    by_terms = Tick("Según las condiciones del cliente", default=True)
    lines = InvoiceRows(InvoiceLine, "Líneas", columns=("code", "concept"), add="Añadir líneas")
    dues = InlineList(
        InvoiceDue, "Vencimientos", columns=("day", "method", "account", "amount"), add="Añadir vencimiento"
    )
    revision = Key("Versión")
    key = Hidden("Ventana", partial(fields.line, most=40))
    confirmed = Hidden("Conformidad", partial(fields.line, most=40))
    do = Hidden("Botón", partial(fields.line, most=40))

    may_issue = False
    asking: "AskFirst | None" = None
    # The taxes that hold on the day of the invoice, by the value a line's selector has; filled from the database.
    offered_taxes: Mapping[str, str] = {}

    @property
    def wants_issue(self) -> bool:
        return self.do.data == "issue"

    def validate(self, *args: Any, **options: Any) -> bool:
        fine = super().validate(*args, **options)
        if not self.by_terms.data or not self.dues.errors:
            return fine
        forgive(self.dues)
        return not self.problems

    def refuse(self, refusal: Refusal) -> None:
        """``lines-3-concept`` is the fourth line that says something. What is issued has no form any more."""
        if isinstance(refusal, AlreadyIssued):
            raise refusal
        if isinstance(refusal, AskFirst):
            self.asking = refusal
            return
        name, _dash, rest = (refusal.field or "").partition("-")
        number, _dash, cell = rest.partition("-")
        if cell and isinstance(rows := self._fields.get(name), InlineList):
            rows.refuse(int(number), InvalidValue(str(refusal), field=cell))
        else:
            super().refuse(refusal)

    def draft(self, document_id: int | None) -> SaveInvoiceDraft:
        """The whole form, once it is valid."""
        lines: list[Any] = self.lines.rows
        return self._draft([line.draft() for line in lines], document_id, dues=self._dues())

    def estimate(self, document_id: int | None) -> SaveInvoiceDraft:
        """What of the form can be reckoned with, valid or not. Call it after ``validate``."""
        return self._draft([line.draft() for line in self.reckoned], document_id, dues=None)

    @property
    def reckoned(self) -> list[InvoiceLine]:
        lines: list[Any] = self.lines.rows
        return [line for line in lines if line.has_figures and line.tax.data in self.offered_taxes]

    @property
    def sound_dues(self) -> list[Due]:
        rows: list[Any] = self.dues.rows
        return [row.due() for row in rows if not row.problems and not any(field.process_errors for field in row)]

    def _dues(self) -> tuple[Due, ...] | None:
        rows: list[Any] = self.dues.rows
        return None if self.by_terms.data else tuple(row.due() for row in rows)

    def _draft(
        self, lines: Sequence[LineDraft], document_id: int | None, *, dues: tuple[Due, ...] | None
    ) -> SaveInvoiceDraft:
        return SaveInvoiceDraft(
            contact_id=self.contact_id.data,
            series_id=self._series_id(),
            issued_on=self._sound("issued_on") or clock.today(),
            operation_on=self._sound("operation_on"),
            payment_method=self._sound("payment_method") or PaymentMethod.TRANSFER,
            subject=self._sound("subject") or "",
            discount_rate=self._sound("discount_rate") or Decimal(0),
            withholding_rate=self._sound("withholding_rate") or Decimal(0),
            has_surcharge=bool(self.has_surcharge.data),
            correction_reason=self._sound("correction_reason") or "",
            notes=self._sound("notes") or "",
            mentions=self._sound("mentions") or "",
            internal_notes=self._sound("internal_notes") or "",
            lines=tuple(lines),
            dues=dues,
            document_id=document_id,
            revision=self.revision.data,
            key=(self.key.data or None) if document_id is None else None,
        )

    def _sound(self, name: str) -> Any:
        """The value of a field that could be read."""
        return None if self[name].process_errors else self[name].data

    def _series_id(self) -> int | None:
        chosen = self.series.data or ""
        return int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None

    def tax_day(self, original_day: dt.date | None) -> dt.date:
        """The day whose taxes are offered; ``original_day`` is that of the invoice this one corrects."""
        return original_day or self._sound("operation_on") or self._sound("issued_on") or clock.today()


def forgive(rows: InlineList) -> None:
    """What is not going to be used cannot be wrong."""
    rows.errors = ()
    for entry in rows.entries:
        for field in entry.form:
            field.errors = ()


def spell_kept_tax(label: str) -> str:
    return _("%(impuesto)s (como en la original)") % {"impuesto": label}
