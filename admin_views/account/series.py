"""*Series por defecto*: the series one's own documents take, kind by kind."""

from typing import Any

from admin_views.forms import OfficeForm, Pick
from app.domain.kinds import KINDS
from app.domain.series_defaults import (
    SaveSeriesDefaults,
    SeriesDefaultsSaved,
    offered_series,
    save_series_defaults,
    series_defaults,
)
from app.scope import ScopedSession
from app.texts import _
from models import Series
from models.enums import DocumentKind

# As the menu groups them.
GROUPS = (
    (
        "Ventas",
        (DocumentKind.INVOICE, DocumentKind.QUOTE, DocumentKind.SALES_ORDER, DocumentKind.DELIVERY_NOTE),
    ),
    ("Compras", (DocumentKind.PURCHASE_ORDER,)),
    ("Otros", (DocumentKind.WORK_ORDER, DocumentKind.PROFORMA)),
)


def _pick(kind: DocumentKind) -> Pick:
    return Pick(KINDS[kind].words.plural_title, css="s3", required=False, coerce=str)


class SeriesForm(OfficeForm):
    """One field for each kind, by its name."""

    invoice = _pick(DocumentKind.INVOICE)
    quote = _pick(DocumentKind.QUOTE)
    sales_order = _pick(DocumentKind.SALES_ORDER)
    delivery_note = _pick(DocumentKind.DELIVERY_NOTE)
    purchase_order = _pick(DocumentKind.PURCHASE_ORDER)
    work_order = _pick(DocumentKind.WORK_ORDER)
    proforma = _pick(DocumentKind.PROFORMA)


def fill(db: ScopedSession, form: Any, user_id: int, *, is_new: bool) -> None:
    """What each list offers and, in a form just opened, what was chosen. A series closed since is still told."""
    chosen, offered = series_defaults(db, user_id), offered_series(db)
    for kind in KINDS:
        field = form[kind]
        if is_new:
            field.data = str(chosen[kind]) if kind in chosen else ""
        choices = [("", _("La de la empresa")), *((str(one.id), spell(one)) for one in offered[kind])]
        if kind in chosen and str(chosen[kind]) not in {value for value, _word in choices}:
            kept = db.get_one(Series, chosen[kind])
            choices.append((str(kept.id), _("%(serie)s (cerrada)") % {"serie": kept.label}))
        field.choices = choices


def spell(series: Series) -> str:
    return f"{series.label} · {series.name}" if series.name else series.label


def save(db: ScopedSession, form: Any, user_id: int) -> SeriesDefaultsSaved:
    chosen = {kind: int(form[kind].data) for kind in KINDS if form[kind].data}
    return save_series_defaults(db, SaveSeriesDefaults(user_id=user_id, chosen=chosen))
