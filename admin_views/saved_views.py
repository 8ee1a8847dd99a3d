"""The tabs above a list: those the screen comes with and those each person saved."""

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct
from sqlalchemy import bindparam, delete, func, select

from admin_views.searching import Search, replay
from app.domain import fields
from app.errors import InvalidValue, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import SavedFilter

if TYPE_CHECKING:
    from admin_views.base import OfficeView

MOST_SAVED = 20


# Of the table itself, with its company: asked for every list, and half the cost of asking for rows.
_filters: Any = SavedFilter.__table__.c
_SAVED = (
    select(_filters.id, _filters.name, _filters.query)
    .where(
        _filters.company_id == bindparam("company"),
        _filters.user_id == bindparam("user"),
        _filters.screen == bindparam("screen"),
    )
    .order_by(_filters.id)
)


class Tab(Struct, frozen=True):
    """A view that comes with the screen: its name and the query string that reproduces it."""

    name: str
    query: str = ""


class ShownTab(NamedTuple):
    name: str
    address: str
    is_current: bool
    saved_id: int | None


def tabs_of(view: "OfficeView", db: ScopedSession, user_id: int, search: Search) -> list[ShownTab]:
    """Ours first, then the person's own; the current one is the one that asks for exactly what is shown."""
    asked_for = {"company": db.company_id, "user": user_id, "screen": view.identity}
    saved = db.connection().execute(_SAVED, asked_for).all()
    asked = search.what
    ours = [ShownTab(_(tab.name), f"?{tab.query}", replay(tab.query) == asked, None) for tab in view.tabs]
    theirs = [ShownTab(row.name, f"?{row.query}", _same(view, row.query, search), row.id) for row in saved]
    return ours + theirs


def _same(view: "OfficeView", query: str, search: Search) -> bool:
    return view.search_of(replay(query)).query == search.query


def save_view(db: ScopedSession, view: "OfficeView", user_id: int, name: str, query: str) -> str:
    """Keep a search under a name; the same name again replaces it. Raises ``InvalidValue`` or ``Refusal``."""
    name = fields.line(name, "name", most=40, required=True)
    search = view.search_of(replay(query))
    if search.wrong:
        raise InvalidValue(_("Corrija primero los filtros."), field="name")
    mine = (SavedFilter.user_id == user_id, SavedFilter.screen == view.identity)
    known = db.scalar(select(SavedFilter).where(*mine, SavedFilter.name == name))
    if known is not None:
        known.query = search.query
        return name
    if (db.scalar(select(func.count(SavedFilter.id)).where(*mine)) or 0) >= MOST_SAVED:
        raise Refusal(_("Ya tiene %(n)s vistas guardadas: quite alguna.") % {"n": MOST_SAVED})
    db.add(SavedFilter(user_id=user_id, screen=view.identity, name=name, query=search.query))
    return name


def forget_view(db: ScopedSession, user_id: int, saved_id: int) -> None:
    db.execute(delete(SavedFilter).where(SavedFilter.id == saved_id, SavedFilter.user_id == user_id))
