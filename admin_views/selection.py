"""Which rows an action is for: the ticked ones, or everything the list's search finds. The same object for both."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from sqlalchemy import ColumnElement, func, select
from starlette.requests import Request

from admin_views.filters import whole
from admin_views.posted import posted
from admin_views.searching import Search, replay
from app.errors import Refusal
from app.scope import ScopedSession
from app.texts import _, plural

if TYPE_CHECKING:
    from admin_views.base import OfficeView

PKS, SCOPE, QUERY = "pks", "scope", "q"
WHOLE = "filter"
MOST_TICKED = 5000
LONGEST_TOLD = 500


class NothingSelected(Refusal):
    status = 400
    code = "nothing_selected"

    def __init__(self) -> None:
        super().__init__(_("No hay nada marcado. Marque al menos una línea de la lista."))


class Selection(Struct, frozen=True):
    """Rows of one list. ``ids`` when some were ticked; else ``search``, all it finds at the time it is asked."""

    view: "OfficeView"
    ids: tuple[int, ...] = ()
    search: Search | None = None
    query: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return self.search is not None

    @property
    def told(self) -> str:
        """What was meant, for the audit: the words and filters of the search, or the ids."""
        if self.search is None:
            return _("marcadas: %(ids)s") % {"ids": ", ".join(map(str, self.ids))[:LONGEST_TOLD]}
        return "; ".join(f"{name}: {value}" for name, value in self.search.what.items()) or _("todas")

    def conditions(self, company_id: int) -> list[ColumnElement[bool]]:
        """The selection as conditions on the view's model; ids of others select nothing."""
        if self.search is not None:
            return self.view.conditions(company_id, self.search)
        return [*self.view.own_rows(company_id), self.view.model.id.in_(self.ids)]

    def count(self, db: ScopedSession) -> int:
        """How many rows there are now, exactly; raises ``NothingSelected`` for none."""
        model = self.view.model
        found: int | None = db.scalar(select(func.count(model.id)).where(*self.conditions(db.company_id)))
        if not found:
            raise NothingSelected
        return found

    def rows(self, db: ScopedSession) -> list[Any]:
        """The rows themselves, for work that needs each one. Refuses what should be done by one statement."""
        if (many := self.count(db)) > MOST_TICKED:
            raise Refusal(_("Son %(n)s: como mucho %(max)s de una vez.") % {"n": many, "max": MOST_TICKED})
        return list(db.scalars(select(self.view.model).where(*self.conditions(db.company_id))))

    def label(self, db: ScopedSession) -> str:
        """The selection in words, for a title or the audit."""
        return plural(f"1 {self.view.noun}", f"%(n)s {self.view.nouns}", self.count(db))


def selected(view: "OfficeView", request: Request) -> Selection:
    """The selection a request names, in its address (GET) or in its form (POST); raises ``NothingSelected``."""
    form = posted(request) if request.method == "POST" else request.query_params
    query = str(form.get(QUERY, ""))
    if form.get(SCOPE) == WHOLE:
        search = view.search_of(replay(query))
        if search.wrong:
            raise NothingSelected
        return Selection(view, search=search, query=query, fields={SCOPE: WHOLE, QUERY: query})
    typed = [part for text in form.getlist(PKS) for part in str(text).split(",") if part]
    ids = tuple(dict.fromkeys(pk for part in typed if (pk := whole(part)) is not None))
    if not ids or len(ids) > MOST_TICKED:
        raise NothingSelected
    return Selection(view, ids=ids, query=query, fields={PKS: ",".join(map(str, ids)), QUERY: query})
