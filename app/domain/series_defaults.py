"""Which series each member of staff uses for each kind of document, unless told otherwise."""

from collections.abc import Mapping

from msgspec import Struct
from sqlalchemy import delete, select

from app.domain.kinds import KINDS
from app.domain.numbering import SeriesClosed
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.texts import _
from models import Series, SeriesDefault
from models.enums import DocumentKind


class SaveSeriesDefaults(Struct, frozen=True, kw_only=True):
    """The whole choice of one user in one company; a kind that is left out follows the company."""

    user_id: int
    chosen: Mapping[DocumentKind, int]


class SeriesDefaultsSaved(Struct, frozen=True):
    def __str__(self) -> str:
        return _("Sus series por defecto: guardadas.")


def series_defaults(db: ScopedSession, user_id: int) -> dict[DocumentKind, int]:
    """The ids of the series that a user has chosen, by kind."""
    own = select(SeriesDefault.kind, SeriesDefault.series_id).where(SeriesDefault.user_id == user_id)
    return {row.kind: row.series_id for row in db.execute(own)}


def save_series_defaults(db: ScopedSession, command: SaveSeriesDefaults) -> SeriesDefaultsSaved:
    """Replace what was chosen. Safe to repeat. Raises ``InvalidValue`` beside the kind.

    One that was chosen before it was closed may stay: the next of its code follows it.
    """
    known = series_defaults(db, command.user_id)
    for kind, series_id in command.chosen.items():
        if known.get(kind) != series_id:
            _check(db, kind, series_id)
    db.execute(
        delete(SeriesDefault).where(SeriesDefault.company_id == db.company_id, SeriesDefault.user_id == command.user_id)
    )
    db.add_all(
        SeriesDefault(company_id=db.company_id, user_id=command.user_id, kind=kind, series_id=series_id)
        for kind, series_id in command.chosen.items()
    )
    db.flush()
    return SeriesDefaultsSaved()


def offered_series(db: ScopedSession) -> dict[DocumentKind, list[Series]]:
    """The open series of each kind, the newest year first; those of corrections follow their invoice."""
    found: dict[DocumentKind, list[Series]] = {kind: [] for kind in KINDS}
    open_ones = select(Series).where(Series.closed_at.is_(None), Series.is_corrective.is_(False))
    for series in db.scalars(open_ones.order_by(Series.year.desc(), Series.label)):
        found[series.kind].append(series)
    return found


def _check(db: ScopedSession, kind: DocumentKind, series_id: int) -> None:
    series = db.get(Series, series_id)
    if series is None or series.kind is not kind or series.is_corrective:
        raise InvalidValue(_("Elija una serie de la lista."), field=kind)
    if series.closed_at is not None:
        raise InvalidValue(str(SeriesClosed(series.label)), field=kind)
