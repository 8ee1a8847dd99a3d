"""Our layer over SQLAdmin: what a screen declares, and the pages it gets for it.

How to build a screen::

    class ProductAdmin(OfficeView, model=Product):
        identity = "product"                        # address /admin/product/…, and its row in auth.MATRIX
        name, name_plural, category = "Artículo", "Artículos", "Principal"
        noun, nouns = "artículo", "artículos"

        columns = (                                 # first one is the link; every sort is never null
            Column(name="codigo", label="Código", value=Product.code, sort=Product.code),
            Column(name="precio", label="Precio", value=Product.unit_price, show=price, css="num", currency=True),
        )
        default_order = Order("codigo", descending=False)
        filters = (Choice(name="estado", label="Estado", options=…, condition=…),)
        tabs = (Tab("En uso"), Tab("Archivados", "estado=archivado"))

        form_class = ProductForm                    # fields of admin_views.forms; lines with InlineList
        panels = (Panel("ficha", "Ficha", (Box("Artículo", ("code", "name")),)),)

        def save(self, db, row, form):              # one transaction, one call of a domain function
            return save_product(db, SaveProduct(id=row and row.id, **form.command()))

An action over rows is two methods: a GET that SQLAdmin shows as a button, and the page that asks and does::

        @action("publish", label="Publicar en Intranet", add_in_detail=False)
        async def publish(self, request):
            return self.to_page(request, "publish")

        @page("/publish", needs="action:publish")
        async def publish_page(self, request):
            selection = self.selected(request)
            return await self.command_page(request, Command(
                title=…, submit=…, form_class=PublishForm, back=self.list_address, hidden=dict(selection.fields),
                preview=lambda db, form: …, run=lambda db, form: publish_documents(db, …)))

List it in ``admin_views.VIEWS`` in the order of the menu. Templates extend ``sqladmin/layout.html``; every form of
theirs that posts includes ``admin/_guard.html`` (token and company). Read what was posted with ``posted(request)``.
A page beside these reads and acts through ``admin_views.acting``.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar

from sqladmin import BaseView, ModelView, expose
from sqladmin.authorization import Action
from sqladmin.models import ModelViewMeta
from sqlalchemy import ColumnElement, Select, select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from admin_views import form_pages, list_pages, listing
from admin_views.acting import read
from admin_views.columns import Column
from admin_views.command_page import Command, command_page
from admin_views.filters import Filter
from admin_views.form_pages import OtherPage, Panel
from admin_views.forms import OfficeForm
from admin_views.posted import posted
from admin_views.saved_views import Tab
from admin_views.searching import Order, Search, read_search
from admin_views.selection import Selection, selected
from app.domain import fields
from app.domain.folding import contains, fold
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.texts import _

Page = Callable[[Any, Request], Awaitable[Response]]


def page(
    path: str, *, needs: str, methods: Sequence[str] = ("GET", "POST"), identity: str | None = None
) -> Callable[[Page], Page]:
    """A page of a view: ``expose`` that also asks for a permission, which ``expose`` alone does not.

    In an ``OfficePage`` every page names the same ``identity``.
    """

    def wrap(method: Page) -> Page:
        async def guarded(self: Any, request: Request) -> Response:
            if not self.has_permission(request, needs):
                raise HTTPException(403)
            return await method(self, request)

        guarded.__name__, guarded.__doc__ = method.__name__, method.__doc__
        guarded.needs = needs  # type: ignore[attr-defined]  # for the list of routes
        exposed: Page = expose(path, methods=list(methods), identity=identity)(guarded)
        return exposed

    return wrap


class OfficePage(BaseView):
    """A screen that is no list of rows. ``home`` is its first page; ``identity`` has a row in ``auth.MATRIX``."""

    icon = "file"
    name_plural: ClassVar[str] = ""
    home: ClassVar[str] = ""

    async def command_page(self, request: Request, command: Command) -> Response:
        return await command_page(self, request, command)


class OfficeMeta(ModelViewMeta):
    """SQLAdmin derives ``identity`` from the model; a view that says its own keeps it."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **options: Any) -> Any:
        view = super().__new__(mcs, name, bases, attrs, **options)
        if attrs.get("identity"):
            view.identity = attrs["identity"]
        return view


class OfficeView(ModelView, metaclass=OfficeMeta):
    """A screen over one kind of row. See the module for how to build one."""

    model: ClassVar[Any]
    icon = "list"
    noun: ClassVar[str] = "línea"
    nouns: ClassVar[str] = "líneas"
    can_delete = False

    columns: ClassVar[Sequence[Column]] = ()
    exported: ClassVar[Sequence[Column]] = ()  # columns of the CSV, where they are not those of the list
    filters: ClassVar[Sequence[Filter]] = ()
    tabs: ClassVar[Sequence[Tab]] = (Tab("Todos"),)
    default_order: ClassVar[Order] = Order("", descending=False)
    search_hint: ClassVar[str] = ""
    new_label: ClassVar[str] = ""
    empty_title: ClassVar[str] = ""
    empty_text: ClassVar[str] = ""
    toolbar: ClassVar[Sequence["list_pages.Tool"]] = ()
    action_icons: ClassVar[Mapping[str, str]] = {}
    sum_of_ticked: ClassVar[str] = ""

    form_class: ClassVar[type[OfficeForm] | None] = None
    panels: ClassVar[Sequence[Panel]] = ()
    other_pages: ClassVar[Sequence[OtherPage]] = ()
    list_template = "admin/list.html"
    form_template: ClassVar[str] = "admin/form.html"
    details_template = ""

    # Addresses

    @property
    def home(self) -> str:
        """Where the menu leads."""
        return self.list_address

    @property
    def list_address(self) -> str:
        return f"/admin/{self.identity}/list"

    @property
    def create_address(self) -> str:
        return f"/admin/{self.identity}/create"

    def edit_address(self, row_id: int) -> str:
        return f"/admin/{self.identity}/edit/{row_id}"

    def details_address(self, row_id: int) -> str:
        return f"/admin/{self.identity}/details/{row_id}"

    def address(self, path: str) -> str:
        """A page of this view: ``address("publish")``."""
        return f"/admin/{self.identity}/{path}"

    def to_page(self, request: Request, path: str) -> Response:
        """What an ``@action`` answers: the page that asks, with the same selection."""
        return RedirectResponse(f"{self.address(path)}?{request.url.query}", status_code=303)

    # What there is: override to narrow, join or add

    def own_rows(self, company_id: int) -> list[ColumnElement[bool]]:
        """Conditions every list, export, action and page of this view begins with; the company first."""
        return [self.model.company_id == company_id]

    def conditions(self, company_id: int, search: Search) -> list[ColumnElement[bool]]:
        """A search as conditions on the model."""
        found = self.own_rows(company_id)
        for one in self.filters:
            if one.name in search.values:
                found += one.conditions(search.values[one.name])
        if search.text:
            found.append(self.mentions(company_id, search.text))
        return found

    def page_statement(self, company_id: int, search: Search, columns: Sequence[Any]) -> Select[Any]:
        """The statement of one page: for a view that knows a faster way than its conditions."""
        return listing.page_statement(self, company_id, search, columns)

    def count_statement(self, company_id: int, search: Search) -> Select[Any]:
        return listing.count_statement(self, company_id, search)

    def known_count(self, db: ScopedSession, search: Search) -> int | None:
        """How many rows a search finds, for a view that knows it without the statement above."""
        return None

    def mentions(self, company_id: int, text: str) -> ColumnElement[bool]:
        """The words of the search box, without regard to accents or case."""
        mentions: ColumnElement[bool] = self.model.search_key.like(contains(fold(text)), escape="\\")
        return mentions

    def joined(self, statement: Select[Any]) -> Select[Any]:
        """The statement of the list with what its columns need from other tables."""
        return statement

    def extras(self, db: ScopedSession, ids: Sequence[int]) -> dict[str, dict[int, Any]]:
        """What columns show of the rows of one page beyond the statement: by name, then by id. One query."""
        return {}

    def find(self, db: ScopedSession, row_id: int) -> Any:
        """One row of this view, or none."""
        return db.scalar(select(self.model).where(self.model.id == row_id, *self.own_rows(db.company_id)))

    def allows(self, action: str, row: Any) -> bool:
        """The rule about this very row, whoever asks: an issued invoice cannot be edited."""
        return True

    def forbidden(self, action: str, row: Any) -> Exception:
        """What to say when ``allows`` did not: a refusal with its reason, if there is one to give."""
        return HTTPException(403)

    # Forms: override to fill, check and save

    def make_form(self, db: ScopedSession, request: Request, row: Any) -> OfficeForm:
        """The form, filled from the row or from what was posted."""
        if self.form_class is None:
            raise HTTPException(404)
        form = self.filled(self.form_class, request, row, **self.initial(db, row))
        self.prepare(db, form)
        return form

    def filled(self, kind: type[OfficeForm], request: Request, row: Any, **initial: Any) -> OfficeForm:
        return kind(posted(request) if request.method == "POST" else None, obj=row, **initial)

    def initial(self, db: ScopedSession, row: Any) -> dict[str, Any]:
        """Values for fields that the row does not have by the same name, or that a new row begins with."""
        return {}

    def prepare(self, db: ScopedSession, form: OfficeForm) -> None:
        """Fill the choices that come from the database."""

    def form_context(self, db: ScopedSession, request: Request, row: Any, form: OfficeForm) -> dict[str, Any]:
        return {}

    def details_extra(self, db: ScopedSession, request: Request, row: Any) -> dict[str, Any]:
        return {}

    def save(self, db: ScopedSession, row: Any, form: Any) -> Any:
        """Hand the form to the business in the transaction of ``db``; the row saved. ``row`` is none for a new one."""
        raise NotImplementedError

    def remove(self, db: ScopedSession, row: Any, revision: int | None) -> None:
        """``revision`` is that of the row somebody looked at, where rows have one."""
        db.delete(row)

    def ready(self, request: Request, form: Any) -> None:
        """Slow work between reading and recording, with no transaction open: a password's hash, a file's bytes."""

    def saved(self, request: Request, row: Any, form: Any, *, is_new: bool) -> Response | None:
        """An answer of the view's own after saving; none goes back to the form with ``saved_sentence``."""
        return None

    def saved_sentence(self, row: Any, is_new: bool) -> str:
        return _("%(que)s: guardado.") % {"que": row}

    def title_of(self, row: Any) -> str:
        return str(row) if row is not None else self.new_title

    @property
    def new_title(self) -> str:
        return self.new_label or _("Alta de %(noun)s") % {"noun": self.noun}

    # Permissions

    async def check_can_edit(self, request: Request, model: Any) -> bool:
        return model is not None and await super().check_can_edit(request, model) and self.allows(Action.EDIT, model)

    async def check_can_delete(self, request: Request, model: Any) -> bool:
        return (
            model is not None and await super().check_can_delete(request, model) and self.allows(Action.DELETE, model)
        )

    async def check_can_view_details(self, request: Request, model: Any) -> bool:
        return model is not None and await super().check_can_view_details(request, model)

    def may(self, request: Request, action: str) -> bool:
        """For templates: whether the role allows an action on this view at all."""
        return self.has_permission(request, action)

    # Pages

    def search_of(self, asked: Mapping[str, str]) -> Search:
        return read_search(asked, filters=self.filters, columns=self.columns, default=self.default_order)

    def selected(self, request: Request) -> Selection:
        """The rows an action is for; raises ``NothingSelected``."""
        return selected(self, request)

    async def in_words(self, request: Request, selection: Selection) -> str:
        """``12 facturas``: for the title of what is about to be done."""
        return await run_in_threadpool(read, request, selection.label)

    async def command_page(self, request: Request, command: Command) -> Response:
        return await command_page(self, request, command)

    async def list_page(self, request: Request) -> Response:
        return await list_pages.list_page(self, request)

    async def export_page(self, request: Request, kind: str) -> Response:
        return await list_pages.export_page(self, request, kind)

    async def create_page(self, request: Request) -> Response:
        return await form_pages.create_page(self, request)

    async def edit_page(self, request: Request) -> Response:
        return await form_pages.edit_page(self, request)

    async def details_page(self, request: Request) -> Response:
        return await form_pages.details_page(self, request)

    async def delete_page(self, request: Request) -> Response:
        return await form_pages.delete_page(self, request)

    async def lookup_page(self, request: Request) -> Response:
        """Rows for whoever types part of them: ``?term=mer``. Needs to see the list, of a view that looks up."""
        if not await self.check_can_list(request):
            raise HTTPException(403)
        try:
            term = fields.line(request.query_params.get("term", ""), "term", most=100)
        except InvalidValue:
            return JSONResponse({"results": []})
        return JSONResponse({"results": await run_in_threadpool(read, request, lambda db: self.lookup(db, term))})

    def lookup(self, db: ScopedSession, term: str) -> list[dict[str, str]]:
        """Up to ten rows that match: ``id``, ``text`` and, where useful, ``code`` and ``hint``. Override it."""
        raise HTTPException(404)

    def matching(self, db: ScopedSession, term: str, order: Any) -> Select[Any]:
        """The first ten rows that mention what is being typed."""
        mine = (*self.own_rows(db.company_id), self.mentions(db.company_id, term))
        return select(self.model).where(*mine).order_by(order, self.model.id).limit(10)

    @page("/views", needs=Action.LIST, methods=("POST",))
    async def save_view(self, request: Request) -> Response:
        """Keep what the list shows under a name of one's own, or forget one."""
        return await run_in_threadpool(list_pages.save_view, self, request)

    @page("/totals", needs=Action.LIST, methods=("GET",))
    async def totals(self, request: Request) -> Response:
        """Totals of the whole search, added up because somebody asked."""
        return await list_pages.totals(self, request)
