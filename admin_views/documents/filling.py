"""Filling the form of a document from the database: a draft's values, a new one's, and what its lists offer."""

import datetime as dt
from typing import Any

from sqlalchemy import select

from admin_views.documents import lookups
from admin_views.documents.form import DatedForm, DocumentForm, InvoiceForm
from admin_views.documents.rows import KEPT_TAX, DocumentRow, spell_kept_tax
from admin_views.forms import Strict
from app import clock
from app.domain import fields
from app.domain.drafting import fitting_rate, follows_terms, rates_on
from app.domain.kinds import KINDS
from app.domain.numbering import Why, proposed_series
from app.domain.totals import tax_label
from app.errors import InvalidValue
from app.money import short
from app.scope import ScopedSession
from app.secrets import new_token
from app.texts import _
from models import Contact, Document, DocumentLine, Series, TaxRate
from models.enums import DocumentKind, PaymentMethod

_HEADER = (
    "contact_id", "issued_on", "operation_on", "due_on", "payment_method", "subject", "discount_rate",
    "withholding_rate", "has_surcharge", "correction_reason", "notes", "mentions", "internal_notes", "revision",
)  # fmt: skip
_LINE = ("id", "code", "concept", "quantity", "unit_price", "discount_rate")
# Why a new document begins with a series.
WHY = {Why.OWN: "su serie por defecto", Why.COMPANY: "serie de la empresa"}
_DUE = ("day", "method", "account", "amount")


def values_of(db: ScopedSession, draft: Document) -> dict[str, Any]:
    """A draft as its form shows it."""
    rates = rates_on(db, original_day(db, draft) or draft.operation_on or draft.issued_on)
    return {name: getattr(draft, name) or None for name in _HEADER} | {
        "contact": lookups.spell_party(draft.contact),
        "series": str(draft.series_id or ""),
        "by_terms": KINDS[draft.kind].falls_due and follows_terms(db, draft),
        "lines": [
            {name: getattr(line, name) for name in _LINE} | {"tax": _tax_value(draft, line, rates)}
            for line in draft.lines
        ]
        + [{}],
        "dues": [{name: getattr(due, name) for name in _DUE} for due in draft.dues],
    }


def new_values(db: ScopedSession, kind: DocumentKind, user_id: int, contact_id: int | None) -> dict[str, Any]:
    """What a new document begins with: today, one's own series and, from a contact's page, that contact."""
    proposed = proposed_series(db, kind, clock.today(), user_id=user_id)
    values: dict[str, Any] = {
        "issued_on": clock.today(),
        "series": str(proposed.series.id) if proposed else "",
        "key": new_token()[:32],
        "by_terms": True,
        "lines": [{}],
    }
    contact = db.get(Contact, contact_id) if contact_id is not None else None
    if contact is None or not (contact.is_supplier if KINDS[kind].is_purchase else contact.is_customer):
        return values
    return values | {
        "contact_id": contact.id,
        "contact": lookups.spell_party(contact),
        "payment_method": contact.payment_method,
        "withholding_rate": contact.withholding_rate or None,
        "has_surcharge": contact.has_surcharge,
    }


def original_day(db: ScopedSession, draft: Document | None) -> dt.date | None:
    """The day whose taxes a corrective draft takes: that of the operation it corrects."""
    original = db.get(Document, draft.corrects_id) if draft is not None and draft.corrects_id is not None else None
    return (original.operation_on or original.issued_on) if original is not None else None


def fill(db: ScopedSession, form: DocumentForm, draft: Document | None) -> None:
    """What the form's lists offer, and what somebody meant who typed without choosing. Safe to repeat."""
    form.series.choices = series_choices(db, form.kind, draft)
    if isinstance(form, DatedForm):
        form.due_on.label.text = _(KINDS[form.kind].day_label)
    if KINDS[form.kind].is_purchase:
        form.contact.label.text = _("Proveedor")
    rates = rates_on(db, form.tax_day(original_day(db, draft)))
    rows: list[Any] = [entry.form for entry in form.lines.entries]
    for row in rows:
        _fill_article(db, row, rates)
    _offer_taxes(db, form, draft, rates)
    if form.contact.data and not form.contact.process_errors:
        _fill_contact(db, form)


def replace_dues(form: InvoiceForm, figures: dict[str, Any]) -> None:
    """Show the due dates of the terms instead of what was typed."""
    form.dues.entries.clear()
    for due in figures["dues"]:
        form.dues.append_entry()
        row = form.dues.entries[-1].form
        for name in _DUE:
            put(row[name], due[name])


def series_choices(db: ScopedSession, kind: DocumentKind, draft: Document | None) -> list[tuple[str, str]]:
    """Open series; for a correction, those of corrections."""
    wanted = (
        select(Series)
        .where(
            Series.kind == kind,
            Series.closed_at.is_(None),
            Series.is_corrective.is_(draft is not None and draft.corrects_id is not None),
        )
        .order_by(Series.year.desc(), Series.label)
    )
    return [(str(series.id), series.label) for series in db.scalars(wanted)]


def series_hints(db: ScopedSession, form: DocumentForm, user_id: int | None) -> dict[str, str]:
    """For each series, the number it would give; of a new document (``user_id`` asks), why one was proposed."""
    choices: Any = form.series.choices
    found = db.scalars(select(Series).where(Series.id.in_([int(value) for value, _word in choices])))
    sentence = KINDS[form.kind].words.agree("Será la %s", "Será el %s")
    hints = {str(series.id): sentence % series.spell(series.next_number) for series in found}
    proposed = proposed_series(db, form.kind, clock.today(), user_id=user_id) if user_id is not None else None
    if proposed is not None and proposed.why in WHY:
        hints[str(proposed.series.id)] += f" · {_(WHY[proposed.why])}"
    return hints


def _tax_value(draft: Document, line: DocumentLine, rates: list[TaxRate]) -> str:
    """The rate that taxes the line as it is. Without one, only a correction keeps what it has."""
    fitting = fitting_rate(draft, line, rates)
    return str(fitting.id) if fitting is not None else KEPT_TAX


def _offer_taxes(db: ScopedSession, form: DocumentForm, draft: Document | None, rates: list[TaxRate]) -> None:
    """The taxes of the day and, where a line has another, that one: why it cannot be is told beside it."""
    offered = {str(rate.id): rate.name for rate in rates}
    every = {str(rate.id): rate.name for rate in db.scalars(select(TaxRate))}
    kept = {line.id: tax_label(line.tax_kind, line.tax_rate, line.exemption) for line in draft.lines} if draft else {}
    rows: list[Any] = [entry.form for entry in form.lines.entries]
    for row in (*rows, form.lines.blank):
        choices = dict(offered)
        if row.tax.data is None and rates and row.tax.raw_data is None:
            row.tax.data = str(rates[0].id)
        if row.tax.data == KEPT_TAX and row.id.data in kept:
            choices[KEPT_TAX] = spell_kept_tax(kept[row.id.data])
        elif row.tax.data in every:
            choices.setdefault(row.tax.data, every[row.tax.data])
        row.tax.choices = list(choices.items()) if row.tax.data in choices else [("", "—"), *choices.items()]
    is_correction = draft is not None and draft.corrects_id is not None
    form.offered_taxes = offered | ({KEPT_TAX: ""} if is_correction else {})


def _fill_article(db: ScopedSession, row: DocumentRow, rates: list[TaxRate]) -> None:
    """A code on its own is an article's: its concept, price and tax come with it."""
    typed = (row.code.typed or "").strip()
    if not typed or row.code.process_errors or (row.concept.typed or "").strip():
        return
    product = lookups.find_article(db, typed)
    if product is None:
        return
    card = lookups.article_card(product, rates)
    put(row.code, product.code)
    put(row.concept, card["concept"])
    if not (row.unit_price.typed or "").strip():
        put(row.unit_price, card["unit_price"])
    row.tax.data = card["tax"]


def _fill_contact(db: ScopedSession, form: DocumentForm) -> None:
    """Whom the text means, with its terms. Without scripts the id behind it may still be of whom it said before."""
    chosen = db.get(Contact, form.contact_id.data) if form.contact_id.data is not None else None
    typed = form.contact.data or ""
    if chosen is not None and fields.line(lookups.spell_party(chosen), "contact", most=300) == typed:
        return
    try:
        contact = lookups.find_party(db, form.kind, typed)
    except InvalidValue as refusal:
        form.contact_id.data = None
        form.contact.process_errors = [str(refusal)]
        return
    form.contact_id.data = contact.id
    put(form.contact, lookups.spell_party(contact))
    form.has_surcharge.data = contact.has_surcharge
    if form.payment_method.data is PaymentMethod.TRANSFER:  # what a form begins with is no choice of anybody's
        form.payment_method.data = contact.payment_method
    if not (form.withholding_rate.typed or "").strip() and contact.withholding_rate:
        put(form.withholding_rate, short(contact.withholding_rate, 4))


def put(field: Strict, text: str) -> None:
    """As if somebody had typed it."""
    field.process_errors = []
    try:
        field.process_formdata([text])
    except ValueError as error:
        field.process_errors = [str(error)]
