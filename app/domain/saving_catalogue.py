"""Keeping what documents are filled from: articles, tax rates and series."""

import datetime as dt
from decimal import Decimal
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, select

from app import clock
from app.domain.folding import fold
from app.domain.kinds import KINDS
from app.domain.locking import lock_company
from app.domain.numbering import first_free
from app.errors import InvalidValue, NotFound
from app.scope import ScopedSession
from app.texts import _, ending
from models import Document, Product, Series, SeriesDefault, TaxRate
from models.enums import DocumentKind, TaxKind


class SaveProduct(Struct, frozen=True, kw_only=True):
    id: int | None = None
    code: str
    name: str
    description: str = ""
    unit_price: Decimal = Decimal(0)
    tax_rate: Decimal = Decimal(21)


class SaveTaxRate(Struct, frozen=True, kw_only=True):
    id: int | None = None
    kind: TaxKind = TaxKind.VAT
    name: str
    rate: Decimal
    surcharge_rate: Decimal = Decimal(0)
    exemption: str = ""
    valid_from: dt.date
    valid_until: dt.date | None = None


class SaveSeries(Struct, frozen=True, kw_only=True):
    """Once the series has given out a number, only ``name`` and ``is_default`` may be others.

    Only a series of invoices can be corrective; each kind has a default of its own, and so have corrections.
    """

    id: int | None = None
    kind: DocumentKind = DocumentKind.INVOICE
    code: str
    year: int | None = None
    name: str = ""
    first_number: int = 1
    is_corrective: bool = False
    is_default: bool = False


def save_product(db: ScopedSession, command: SaveProduct) -> Product:
    product = _find(db, Product, command.id, _("ese artículo")) if command.id is not None else Product()
    taken = select(Product.name).where(Product.code == command.code, Product.id != (command.id or 0))
    if (other := db.scalar(taken)) is not None:
        raise InvalidValue(_("Ese código ya es de %(nombre)s.") % {"nombre": ending(str(other))}, field="code")
    for name in ("code", "name", "description", "unit_price", "tax_rate"):
        setattr(product, name, getattr(command, name))
    product.search_key = fold(f"{product.code} {product.name} {product.description[:500]}")
    db.add(product)
    db.flush()
    return product


def save_tax_rate(db: ScopedSession, command: SaveTaxRate) -> TaxRate:
    """Documents copied the rate they were made with: changing one here changes only what is written from now on."""
    if command.valid_until is not None and command.valid_until < command.valid_from:
        raise InvalidValue(_("La fecha final es anterior a la inicial."), field="valid_until")
    if command.rate == 0 and command.kind is not TaxKind.WITHHOLDING and not command.exemption:
        raise InvalidValue(_("Un tipo del 0 % necesita la causa que la ley pide en la factura."), field="exemption")
    rate = _find(db, TaxRate, command.id, _("ese impuesto")) if command.id is not None else TaxRate()
    for name in ("kind", "name", "rate", "surcharge_rate", "exemption", "valid_from", "valid_until"):
        setattr(rate, name, getattr(command, name))
    db.add(rate)
    db.flush()
    return rate


def save_series(db: ScopedSession, command: SaveSeries) -> Series:
    """Write a series; its numbering can only be changed while it has none of its own, its kind while nobody uses it.

    Raises ``InvalidValue``.
    Locks the company row, as an import does, and then the series: no invoice of this label comes in between looking
    and writing.
    """
    label = command.code + (f"{command.year % 100:02d}" if command.year is not None else "")
    if len(label) > 20:
        raise InvalidValue(_("Como mucho 18 caracteres."), field="code")
    if command.is_corrective and not KINDS[command.kind].is_fiscal:
        raise InvalidValue(_("Solo las facturas se rectifican con una serie propia."), field="is_corrective")
    lock_company(db)
    series = hold_series(db, command.id) if command.id is not None else Series()
    if series.id is not None and series.kind is not command.kind:
        mine = (SeriesDefault.company_id == db.company_id, SeriesDefault.series_id == series.id)
        db.execute(delete(SeriesDefault).where(*mine))
    numbering = {"kind": command.kind, "code": command.code, "year": command.year, "label": label}
    if series.id is not None and series.has_own_numbers:
        settled = numbering | {"first_number": command.first_number, "is_corrective": command.is_corrective}
        changed = [name for name, value in settled.items() if getattr(series, name) != value]
        if changed:
            sentence = _("La serie ya ha dado números: ya no se puede cambiar. Ciérrela y cree otra.")
            raise InvalidValue(sentence, field=changed[0])
    else:
        _check_kind(db, command, series)
        _check_first_number(db, command, label)
        series.first_number = series.next_number = command.first_number
    _check_label(db, command, label)
    for name, value in numbering.items():
        setattr(series, name, value)
    series.name, series.is_corrective, series.is_default = command.name, command.is_corrective, command.is_default
    db.add(series)
    db.flush()
    if series.is_default:
        _be_the_only_default(db, series)
    return series


def close_series(db: ScopedSession, series_id: int, *, closed: bool) -> Series:
    """No more numbers from this series, or again."""
    series = hold_series(db, series_id)
    series.closed_at = clock.now() if closed else None
    if closed:
        series.is_default = False
    db.flush()
    return series


def hold_series(db: ScopedSession, series_id: int) -> Series:
    """A series as it is now, of whatever kind, locked until the transaction ends. Raises ``NotFound``."""
    series = db.scalar(
        select(Series)
        .where(Series.id == series_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if series is None:
        raise NotFound(_("esa serie"))
    return series


def _check_kind(db: ScopedSession, command: SaveSeries, series: Series) -> None:
    """Drafts have been given it as a series of their kind."""
    if series.id is None or series.kind is command.kind:
        return
    if db.scalar(select(Document.id).where(Document.series_id == series.id).limit(1)) is not None:
        sentence = _("Ya hay %(documentos)s de esta serie: no puede cambiar de documento. Cree otra.")
        raise InvalidValue(sentence % {"documentos": _(KINDS[series.kind].words.nouns)}, field="kind")


def _check_first_number(db: ScopedSession, command: SaveSeries, label: str) -> None:
    free = first_free(db, db.company_id, command.kind, label)
    if command.first_number < free:
        sentence = _("Se importaron %(que)s de la serie %(serie)s hasta el %(ultimo)s: empiece por el %(libre)s.")
        facts = {"que": _(KINDS[command.kind].words.nouns), "serie": label, "ultimo": free - 1, "libre": free}
        raise InvalidValue(sentence % facts, field="first_number")


def _check_label(db: ScopedSession, command: SaveSeries, label: str) -> None:
    taken = select(Series.id).where(Series.kind == command.kind, Series.label == label, Series.id != (command.id or 0))
    if db.scalar(taken) is not None:
        raise InvalidValue(_("Ya hay una serie %(serie)s.") % {"serie": label}, field="code")


def _be_the_only_default(db: ScopedSession, series: Series) -> None:
    others = select(Series).where(
        Series.kind == series.kind,
        Series.is_corrective == series.is_corrective,
        Series.is_default,
        Series.id != series.id,
    )
    for other in db.scalars(others):
        other.is_default = False
    db.flush()


def _find(db: ScopedSession, kind: type[Any], row_id: int, what: str) -> Any:
    row = db.scalar(select(kind).where(kind.id == row_id))
    if row is None:
        raise NotFound(what)
    return row
