"""The list of a view as a page, as a file, and the views each person keeps of it."""

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup, escape
from msgspec import Struct
from sqladmin.authorization import Action
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import act, act_and_tell, done, reading
from admin_views.auth import visit_of
from admin_views.exporting import csv_answer
from admin_views.filters import whole
from admin_views.formatters import count as spell_count
from admin_views.listing import COUNT_CAP, Line, find_page, totals_of
from admin_views.posted import posted
from admin_views.saved_views import forget_view, tabs_of
from admin_views.saved_views import save_view as keep_view
from admin_views.searching import LONGEST_QUERY, ORDER, SIZES, Search, replay
from admin_views.templating import environment, render
from app.scope import ScopedSession
from app.texts import _
from app.web import installation_of

if TYPE_CHECKING:
    from admin_views.base import OfficeView
    from admin_views.listing import Page


class Tool(Struct, frozen=True):
    """A button beside the title of a list: ``needs`` an action."""

    label: str
    path: str
    icon: str
    needs: str


class Chip(NamedTuple):
    label: str
    value: str
    without: str


class Heading(NamedTuple):
    text: str
    css: str
    address: str | None
    arrow: str


class ListAction(NamedTuple):
    label: str
    address: str
    icon: str


async def list_page(view: "OfficeView", request: Request) -> Response:
    if not await view.check_can_list(request):
        raise HTTPException(403)
    return await run_in_threadpool(_list, view, request)


def _list(view: "OfficeView", request: Request) -> Response:
    """Read and rendered in one thread call; the table by itself, as its pieces would pass through every layer."""
    search = view.search_of(request.query_params)
    visit = visit_of(request)
    with reading(request) as db:
        page = find_page(view, db, search, with_totals=request.query_params.get("totales") == "1")
        context = {
            "view": view,
            "search": search,
            "page": page,
            "tabs": tabs_of(view, db, visit.user_id, search),
            "chips": _chips(view, db, search),
        }
    context |= {
        "headings": [_heading(column, search) for column in view.columns],
        "css": [column.css for column in view.columns[1:]],
        "sizes": SIZES,
        "shown_count": shown_count(page.count),
        "row_address": _row_address(view, request),
        "actions": _actions(view, request),
        "may_create": view.can_create and view.has_permission(request, Action.CREATE),
        "may_export": view.can_export and view.has_permission(request, Action.EXPORT),
        "tools": [tool for tool in view.toolbar if view.has_permission(request, tool.needs)],
        "foot": _foot(view, page),
        "filter_controls": _filter_controls(
            view, request.url.query[:LONGEST_QUERY] if search.raw or search.wrong else ""
        ),
    }
    if page.lines:
        context["rows"] = _rows(view, page.lines, _row_address(view, request), bool(context["actions"]))
        context["table"] = Markup(render(request, "admin/_table.html", context))
    return HTMLResponse(render(request, view.list_template, context), status_code=400 if search.wrong else 200)


def _rows(view: "OfficeView", lines: list[Line], address: str, ticked: bool) -> Markup:
    """Every row by one pattern: a template's loop costs five times as much."""
    pattern = _row_pattern(view, address, ticked)
    return Markup("".join(pattern.format(line.id, escape(line.name), *map(escape, line.cells)) for line in lines))


@lru_cache(maxsize=256)
def _filter_controls(view: "OfficeView", query: str) -> Markup:
    """The controls of every filter as an address leaves them."""
    if not view.filters:
        return Markup()
    search = view.search_of(replay(query))
    return Markup(environment().get_template("admin/_filters.html").render(view=view, search=search))


@lru_cache(maxsize=256)
def _row_pattern(view: "OfficeView", address: str, ticked: bool) -> str:
    classes = [column.css for column in view.columns[1:]]
    return environment().get_template("admin/_row.html").render(address=address, ticked=ticked, classes=classes)


def shown_count(count: int) -> str:
    """``4.312``, or ``más de 10.000``."""
    return spell_count(count) if count <= COUNT_CAP else _("más de %(n)s") % {"n": spell_count(COUNT_CAP)}


def _row_address(view: "OfficeView", request: Request) -> str:
    may_edit = view.can_edit and view.has_permission(request, Action.EDIT)
    return view.address("edit/" if may_edit else "details/")


def _chips(view: "OfficeView", db: ScopedSession, search: Search) -> list[Chip]:
    return [
        Chip(_(one.label), one.spell(db, search.values[one.name]), search.without(one.parameters))
        for one in view.filters
        if one.name in search.values
    ]


def _heading(column: Any, search: Search) -> Heading:
    if column.sort is None:
        return Heading(column.heading, column.css, None, "")
    current = search.order.name == column.name
    falling = search.order.descending
    wanted = not falling if current else column.newest_first
    address = search.link(**{ORDER: f"-{column.name}" if wanted else column.name})
    return Heading(column.heading, column.css, address, ("descending" if falling else "ascending") if current else "")


def _actions(view: "OfficeView", request: Request) -> list[ListAction]:
    """SQLAdmin's actions over rows that this person may start; the first is the filled one."""
    return [
        ListAction(_(label), view.address(f"action/{slug}"), view.action_icons.get(slug, ""))
        for slug, label in view._visible_custom_actions(request).items()
    ]


def _foot(view: "OfficeView", page: "Page") -> list[Any] | None:
    """A cell per column after the first: its total, or nothing."""
    if not any(column.total is not None for column in view.columns):
        return None
    sums = iter(page.totals or [])
    return [
        (column.show(next(sums) or Decimal(0)) if page.totals else "") if column.total is not None else ""
        for column in view.columns[1:]
    ]


async def export_page(view: "OfficeView", request: Request, kind: str) -> Response:
    if not await view.check_can_export(request):
        raise HTTPException(403)
    if kind != "csv":
        raise HTTPException(404)
    search = view.search_of(request.query_params)
    return csv_answer(view, installation_of(request).database, visit_of(request).company_id, search)


def save_view(view: "OfficeView", request: Request) -> Response:
    """Runs in a thread."""
    visit, form = visit_of(request), posted(request)
    query = str(form.get("q", ""))
    if (saved_id := whole(str(form.get("forget", "")))) is not None:
        act(request, lambda db: forget_view(db, visit.user_id, saved_id))
        return done(request, _("Vista quitada."), view.list_address)

    def keep(db: ScopedSession) -> str:
        name = keep_view(db, view, visit.user_id, str(form.get("name", "")), query)
        return _("Vista «%(nombre)s» guardada.") % {"nombre": name}

    return act_and_tell(request, keep, view.list_address + view.search_of(replay(query)).link())


async def totals(view: "OfficeView", request: Request) -> Response:
    return await run_in_threadpool(_totals, view, request)


def _totals(view: "OfficeView", request: Request) -> Response:
    search = view.search_of(request.query_params)
    columns = [column for column in view.columns if column.total is not None]
    if search.wrong or not columns:
        raise HTTPException(404)
    with reading(request) as db:
        sums = totals_of(view, db, search)
    shown = [column.show(total or Decimal(0)) for column, total in zip(columns, sums, strict=True)]
    context = {"sums": list(zip([column.heading for column in columns], shown, strict=True))}
    return HTMLResponse(render(request, "admin/totals.html", context))
