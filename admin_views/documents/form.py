"""The form of a document: what is typed, and the command it becomes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from admin_views.documents.rows import HUNDRED, DocumentRow, DocumentRows, DueRow, forgive
from admin_views.formatters import PAYMENT_METHODS
from admin_views.forms import Day, Key, Number, OfficeForm, Pick, Prose, Strict, Tick
from admin_views.inline import InlineList
from admin_views.printable import PrintedProse, printable
from app import clock
from app.domain import fields
from app.domain.drafting import AlreadyIssued, LineDraft, SaveDraft
from app.domain.terms import Due
from app.errors import InvalidValue, Refusal
from app.money import euros
from app.texts import _
from models import Document
from models.enums import DocumentKind, PaymentMethod


class Hidden(Strict):
    control = "hidden"


class Invoiced(NamedTuple):
    """An invoice that has been issued of the same thing."""

    number_text: str
    total: Decimal
    currency: str


class AskFirst(Refusal):
    """Issuing cannot be undone: what it would do is shown, and nothing is done until it is agreed to."""

    status = 200
    code = "ask_first"

    def __init__(self, document: Document, invoiced: Sequence[Document] = ()) -> None:
        super().__init__(_("Confirme la emisión."))
        self.number_text = document.number_text
        self.buyer_name = document.buyer_name
        self.issued_on = document.issued_on
        self.total, self.payable = (euros(one, document.currency) for one in (document.total, document.payable))
        self.invoiced = [Invoiced(one.number_text or "", one.total, one.currency) for one in invoiced]
        self.lacks_account = any(due.method is PaymentMethod.TRANSFER and not due.account for due in document.dues)
        self.agreed = agreement(document)


def agreement(document: Document) -> str:
    """What is agreed to: this total, for this customer."""
    return f"{document.contact_id}:{document.payable}"


class DocumentForm(OfficeForm):
    """``do`` is what the pressed button wants. ``confirmed`` is the total whose issue was agreed to."""

    contact_id = Key("Cliente")
    contact = Strict("Cliente", partial(fields.line, most=300), required=True)
    series = Pick("Serie", coerce=str)
    issued_on = Day("Fecha", required=True)
    payment_method = Pick("Forma de pago", PAYMENT_METHODS, default=PaymentMethod.TRANSFER)
    subject = Strict("Asunto", printable(fields.line))
    discount_rate = Number("Descuento %", places=4, least=Decimal(0), most=HUNDRED, trim=True, css="s2 m3")
    withholding_rate = Number("Retención IRPF %", places=4, least=Decimal(0), most=HUNDRED, trim=True, css="s2 m3")
    has_surcharge = Tick("Recargo de equivalencia")
    notes = PrintedProse("Observaciones", rows=4)
    mentions = PrintedProse("Menciones legales", rows=4)
    internal_notes = Prose("Nota interna", rows=3)
    lines = DocumentRows(DocumentRow, "Líneas", columns=("code", "concept"), add="Añadir líneas")
    revision = Key("Versión")
    key = Hidden("Ventana", partial(fields.line, most=40))
    confirmed = Hidden("Conformidad", partial(fields.line, most=40))
    do = Hidden("Botón", partial(fields.line, most=40))

    kind: DocumentKind
    may_issue = False
    asking: "AskFirst | None" = None
    # The taxes that hold on the day of the document, by the value a line's selector has; filled from the database.
    offered_taxes: Mapping[str, str] = {}

    @property
    def wants_issue(self) -> bool:
        return self.do.data == "issue"

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

    def draft(self, document_id: int | None) -> SaveDraft:
        """The whole form, once it is valid."""
        lines: list[Any] = self.lines.rows
        return self._draft([line.draft() for line in lines], document_id, **self.own_values())

    def estimate(self, document_id: int | None) -> SaveDraft:
        """What of the form can be reckoned with, valid or not. Call it after ``validate``."""
        return self._draft([line.draft() for line in self.reckoned], document_id, **self.own_estimate())

    def own_values(self) -> dict[str, Any]:
        """What only forms of some kinds have."""
        return {}

    def own_estimate(self) -> dict[str, Any]:
        return {}

    @property
    def reckoned(self) -> list[DocumentRow]:
        lines: list[Any] = self.lines.rows
        return [line for line in lines if line.has_figures and line.tax.data in self.offered_taxes]

    def _draft(self, lines: Sequence[LineDraft], document_id: int | None, **own: Any) -> SaveDraft:
        return SaveDraft(
            kind=self.kind,
            contact_id=self.contact_id.data,
            series_id=self._series_id(),
            issued_on=self.sound("issued_on") or clock.today(),
            payment_method=self.sound("payment_method") or PaymentMethod.TRANSFER,
            subject=self.sound("subject") or "",
            discount_rate=self.sound("discount_rate") or Decimal(0),
            withholding_rate=self.sound("withholding_rate") or Decimal(0),
            has_surcharge=bool(self.has_surcharge.data),
            notes=self.sound("notes") or "",
            mentions=self.sound("mentions") or "",
            internal_notes=self.sound("internal_notes") or "",
            lines=tuple(lines),
            document_id=document_id,
            revision=self.revision.data,
            key=(self.key.data or None) if document_id is None else None,
            **own,
        )

    def sound(self, name: str) -> Any:
        """The value of a field that could be read."""
        return None if self[name].process_errors else self[name].data

    def _series_id(self) -> int | None:
        chosen = self.series.data or ""
        return int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None

    def tax_day(self, original_day: dt.date | None) -> dt.date:
        """The day whose taxes are offered; ``original_day`` is that of the invoice this one corrects."""
        return original_day or self.sound("issued_on") or clock.today()


class DatedForm(DocumentForm):
    """Of a kind that holds until a day, or is expected on one; the label is the kind's."""

    due_on = Day("Hasta")

    def own_values(self) -> dict[str, Any]:
        return {"due_on": self.sound("due_on")}


class InvoiceForm(DocumentForm):
    """With due dates, and what the law asks of invoices alone."""

    operation_on = Day("Fecha de operación")
    correction_reason = Strict("Motivo de la rectificación", printable(fields.line))
    by_terms = Tick("Según las condiciones del cliente", default=True)
    dues = InlineList(DueRow, "Vencimientos", columns=("day", "method", "account", "amount"), add="Añadir vencimiento")

    def validate(self, *args: Any, **options: Any) -> bool:
        fine = super().validate(*args, **options)
        if not self.by_terms.data or not self.dues.errors:
            return fine
        forgive(self.dues)
        return not self.problems

    def own_values(self) -> dict[str, Any]:
        return self.own_estimate() | {"dues": self._dues()}

    def own_estimate(self) -> dict[str, Any]:
        return {
            "operation_on": self.sound("operation_on"),
            "correction_reason": self.sound("correction_reason") or "",
        }

    @property
    def sound_dues(self) -> list[Due]:
        rows: list[Any] = self.dues.rows
        return [row.due() for row in rows if not row.problems and not any(field.process_errors for field in row)]

    def _dues(self) -> tuple[Due, ...] | None:
        rows: list[Any] = self.dues.rows
        return None if self.by_terms.data else tuple(row.due() for row in rows)

    def tax_day(self, original_day: dt.date | None) -> dt.date:
        return original_day or self.sound("operation_on") or super().tax_day(None)
