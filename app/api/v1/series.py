"""Series, taxes and templates: what documents are numbered, taxed and printed with."""

import datetime as dt
from typing import Annotated, Any

from msgspec import Struct
from pydantic import Field
from sqlalchemy import select

from app.api.endpoint import Answer, Call, Page, Paged, reading, writing
from app.api.fields import Body, Day, Flag, Line, one_of, rule
from app.api.paging import page_of, place_of
from app.api.spelling import Plain, Ref, plain, ref
from app.api.versions import check_version
from app.domain import fields
from app.domain.drafting import rates_on
from app.domain.locking import lock_company
from app.domain.queries.publishing_choices import usable_versions
from app.domain.saving_catalogue import SaveSeries, close_series, hold_series, save_series
from app.errors import NotFound
from app.scope import ScopedSession
from app.texts import _
from models import Series, TaxRate
from models.enums import ApiScope, DocumentKind, TaxKind

TAG = ("series", "Series, impuestos y plantillas")
Year = Annotated[int, Field(strict=True, ge=2000, le=2100)]
FirstNumber = Annotated[int, Field(strict=True, ge=1, le=10**15)]


class SeriesDetail(Struct, kw_only=True):
    """A run of numbers of one kind of document. ``label`` is what its documents carry."""

    id: Ref
    kind: DocumentKind
    code: str
    year: int | None
    label: str
    name: str
    first_number: int
    next_number: int
    last_issued_on: dt.date | None
    is_corrective: bool
    is_default: bool
    closed_at: dt.datetime | None


class TaxDetail(Struct, kw_only=True):
    id: Ref
    kind: TaxKind
    name: str
    rate: Plain
    surcharge_rate: Plain
    exemption: str
    valid_from: dt.date
    valid_until: dt.date | None


class TemplateDetail(Struct, kw_only=True):
    """How a PDF looks; publishing takes its newest version."""

    id: Ref
    name: str
    version: int
    is_default: bool


class SeriesChanges(Body):
    """Once it has given out a number only ``name`` and ``is_default`` may change."""

    kind: DocumentKind = DocumentKind.INVOICE
    code: Annotated[str, rule(fields.code, maxLength=18, minLength=1)] = ""
    year: Year | None = None
    name: Annotated[str, Line()] = ""
    first_number: FirstNumber = 1
    is_corrective: Flag = False
    is_default: Flag = False


class NewSeries(SeriesChanges):
    code: Annotated[str, rule(fields.code, maxLength=18, minLength=1)]


class SeriesQuery(Paged):
    kind: Annotated[DocumentKind, one_of(DocumentKind)] | None = None


class TaxQuery(Paged):
    """``on``: those that hold on that day."""

    on: Day | None = None


_DETAIL: dict[str, Any] = {"answer": SeriesDetail, "has_version": True}
_AS_IS = tuple(name for name in SeriesDetail.__struct_fields__ if name != "id")


@reading(
    "/series",
    summary="Las series",
    scope=ApiScope.READ,
    query=SeriesQuery,
    answer=Page[SeriesDetail],
    sparse=SeriesDetail,
)
def index(db: ScopedSession, call: Call) -> Page[SeriesDetail]:
    asked: SeriesQuery = call.query
    page = select(Series).order_by(Series.id).limit(asked.limit + 1)
    if asked.kind is not None:
        page = page.where(Series.kind == asked.kind)
    if (after := place_of(asked.cursor, int)) is not None:
        page = page.where(Series.id > after[0])
    found = db.scalars(page).all()
    return page_of(found, asked.limit, lambda row: (row.id,), _series)


@reading("/series/{id}", summary="Una serie", scope=ApiScope.READ, sparse=SeriesDetail, **_DETAIL)
def show(db: ScopedSession, call: Call) -> SeriesDetail:
    series = db.get(Series, call.id(_("esa serie")))
    if series is None:
        raise NotFound(_("esa serie"))
    return _series(series)


@writing("POST", "/series", summary="Crea una serie", scope=ApiScope.SETTINGS, body=NewSeries, status=201, **_DETAIL)
def create(db: ScopedSession, call: Call) -> Answer:
    series = save_series(db, SaveSeries(**call.body.values()))
    return Answer(content=_series(series), location=f"/series/{series.id}")


@writing(
    "PATCH",
    "/series/{id}",
    summary="Cambia lo que se diga de una serie",
    scope=ApiScope.SETTINGS,
    body=SeriesChanges,
    **_DETAIL,
)
def change(db: ScopedSession, call: Call) -> SeriesDetail:
    series = _held(db, call)
    known = {name: getattr(series, name) for name in SaveSeries.__struct_fields__}
    return _series(save_series(db, SaveSeries(**known | call.body.given())))


@writing(
    "POST", "/series/{id}/close", summary="Cierra una serie: no da más números", scope=ApiScope.SETTINGS, **_DETAIL
)
def close(db: ScopedSession, call: Call) -> SeriesDetail:
    return _series(close_series(db, _held(db, call).id, closed=True))


@writing("POST", "/series/{id}/open", summary="Abre otra vez una serie", scope=ApiScope.SETTINGS, **_DETAIL)
def reopen(db: ScopedSession, call: Call) -> SeriesDetail:
    return _series(close_series(db, _held(db, call).id, closed=False))


@reading(
    "/taxes", summary="Los impuestos", scope=ApiScope.READ, query=TaxQuery, answer=Page[TaxDetail], sparse=TaxDetail
)
def taxes(db: ScopedSession, call: Call) -> Page[TaxDetail]:
    asked: TaxQuery = call.query
    after = place_of(asked.cursor, int)
    rows = rates_on(db, asked.on) if asked.on else db.scalars(select(TaxRate)).all()
    found = sorted((row for row in rows if after is None or row.id > after[0]), key=lambda row: row.id)
    return page_of(found, asked.limit, lambda row: (row.id,), _tax)


@reading(
    "/templates", summary="Las plantillas con que se puede publicar", scope=ApiScope.READ, answer=Page[TemplateDetail]
)
def templates(db: ScopedSession, call: Call) -> Page[TemplateDetail]:
    return Page(
        [
            TemplateDetail(
                id=ref(one.template_id),
                name=one.template.name,
                version=one.number,
                is_default=one.template.is_default,
            )
            for one in usable_versions(db)
        ]
    )


def _held(db: ScopedSession, call: Call) -> Series:
    """As it is now, until the transaction ends; the company first, as whoever saves one locks them.

    Raises ``NotFound``, or ``Changed`` for whoever knows another.
    """
    lock_company(db)
    series = hold_series(db, call.id(_("esa serie")))
    check_version(call, _series(series))
    return series


def _series(row: Series) -> SeriesDetail:
    return SeriesDetail(id=ref(row.id), **{name: getattr(row, name) for name in _AS_IS})


def _tax(row: TaxRate) -> TaxDetail:
    names = ("kind", "name", "exemption", "valid_from", "valid_until")
    known = {name: getattr(row, name) for name in names}
    return TaxDetail(id=ref(row.id), rate=plain(row.rate), surcharge_rate=plain(row.surcharge_rate), **known)


endpoints = (index, show, create, change, close, reopen, taxes, templates)
