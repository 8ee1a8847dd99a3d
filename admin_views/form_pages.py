"""Pages of one row: new, change, only look, remove. One thread call and one transaction each."""

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from sqladmin.authorization import Action
from sqlalchemy.exc import IntegrityError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from admin_views.acting import act, done, read, reading
from admin_views.filters import whole
from admin_views.forms import OfficeForm
from admin_views.history import history_of
from admin_views.inline import turned
from admin_views.posted import posted
from admin_views.templating import render
from app.errors import InvalidValue, Refusal
from app.scope import ScopedSession
from app.texts import _

if TYPE_CHECKING:
    from admin_views.base import OfficeView

AGAIN = "_again"
REVISION = "revision"


class InUse(Refusal):
    code = "in_use"

    def __init__(self) -> None:
        super().__init__(_("No se puede: hay otras fichas que lo usan o ya existe uno igual."))


class Panel(Struct, frozen=True):
    """One tab of a form: boxes of fields, or a template of its own. Without scripts all panels stand in a row."""

    slug: str
    label: str
    boxes: tuple["Box", ...] = ()
    template: str = ""


class Box(Struct, frozen=True):
    """Fields that belong together, in six columns."""

    title: str
    fields: tuple[str, ...]
    hint: str = ""


class OtherPage(Struct, frozen=True):
    """A tab that is a page of its own, with its own form: ``/admin/{identity}/{path}/{id}``. ``needs`` an action."""

    path: str
    label: str
    needs: str


async def create_page(view: "OfficeView", request: Request) -> Response:
    if not await view.check_can_create(request):
        raise HTTPException(403)
    return await run_in_threadpool(_page, view, request, None)


async def edit_page(view: "OfficeView", request: Request) -> Response:
    """The form of one row; who may only look, or not change this very row, is sent to look."""
    row = await run_in_threadpool(find_row, view, request)
    if not await view.check_can_edit(request, row):
        if request.method == "GET" and await view.check_can_view_details(request, row):
            return RedirectResponse(view.details_address(row.id), status_code=303)
        raise _no(view, request, Action.EDIT, row)
    return await run_in_threadpool(_page, view, request, row.id)


async def details_page(view: "OfficeView", request: Request) -> Response:
    row = await run_in_threadpool(find_row, view, request)
    if not await view.check_can_view_details(request, row):
        raise HTTPException(403)
    return await run_in_threadpool(_details, view, request, row.id)


async def delete_page(view: "OfficeView", request: Request) -> Response:
    """Asks first (GET), removes then (POST)."""
    row = await run_in_threadpool(find_row, view, request)
    if not await view.check_can_delete(request, row):
        raise _no(view, request, Action.DELETE, row)
    return await run_in_threadpool(_delete, view, request, row.id)


def _no(view: "OfficeView", request: Request, action: str, row: Any) -> Exception:
    """Why not: the person may never, or this very row does not let anybody."""
    return view.forbidden(action, row) if view.has_permission(request, action) else HTTPException(403)


def find_row(view: Any, request: Request) -> Any:
    """The row that the address names, among those of the company; 404 for anything else. Runs in a thread."""
    return read(request, lambda db: load(view, db, request.path_params["pk"]))


def load(view: "OfficeView", db: ScopedSession, pk: str | int) -> Any:
    row_id = whole(str(pk))
    row = view.find(db, row_id) if row_id is not None else None
    if row is None:
        raise HTTPException(404)
    return row


class _Sheet(Struct, frozen=True):
    """One row on the screen of somebody: what every page of it is drawn from."""

    view: "OfficeView"
    request: Request
    db: ScopedSession
    row: Any

    def show(self, form: OfficeForm, status: int = 200, *, read_only: bool = False) -> Response:
        context = {
            **self.surroundings(),
            "form": form,
            "panels": self.view.panels,
            "is_read_only": read_only,
            "can_delete": not read_only and self.row is not None and self._may_delete(),
            **self.view.form_context(self.db, self.request, self.row, form),
        }
        return HTMLResponse(render(self.request, self.view.form_template, context), status_code=status)

    def surroundings(self) -> dict[str, Any]:
        pages = [page for page in self.view.other_pages if self.view.has_permission(self.request, page.needs)]
        return {
            "view": self.view,
            "row": self.row,
            "title": self.view.title_of(self.row),
            "pages": pages if self.row is not None else [],
            "current_page": None,
            "history": history_of(self.db, self.view, self.row) if self.row is not None else [],
        }

    def _may_delete(self) -> bool:
        view, row = self.view, self.row
        allowed = view.can_delete and view.has_permission(self.request, Action.DELETE, row)
        return allowed and view.allows(Action.DELETE, row)


def _page(view: "OfficeView", request: Request, pk: int | None) -> Response:
    with reading(request) as db:
        sheet = _Sheet(view, request, db, load(view, db, pk) if pk is not None else None)
        form = view.make_form(db, request, sheet.row)
        if request.method != "POST" or turned(form, posted(request)):
            return sheet.show(form)
        if not form.validate():
            return sheet.show(form, 422)
    try:
        view.ready(request, form)
        saved = act(request, lambda db: _save(view, db, pk, form))
    except Refusal as refusal:
        form.refuse(refusal)
        with reading(request) as db:
            sheet = _Sheet(view, request, db, load(view, db, pk) if pk is not None else None)
            return sheet.show(form, 422 if isinstance(refusal, InvalidValue) else refusal.status)
    if (answer := view.saved(request, saved, form, is_new=pk is None)) is not None:
        return answer
    again = pk is None and AGAIN in posted(request)
    address = view.create_address if again else view.edit_address(saved.id)
    return done(request, view.saved_sentence(saved, pk is None), address)


def _save(view: "OfficeView", db: ScopedSession, pk: int | None, form: OfficeForm) -> Any:
    """Look again under the write transaction, then hand over to the business."""
    row = load(view, db, pk) if pk is not None else None
    if row is not None and not view.allows(Action.EDIT, row):
        raise view.forbidden(Action.EDIT, row)
    try:
        saved = view.save(db, row, form)
        db.flush()
    except IntegrityError as error:
        raise InUse from error
    return saved


def _details(view: "OfficeView", request: Request, pk: int) -> Response:
    """The view's own page for looking, or its form with nothing to change."""
    with reading(request) as db:
        row = load(view, db, pk)
        sheet = _Sheet(view, request, db, row)
        if not view.details_template:
            return sheet.show(view.make_form(db, request, row), read_only=True)
        context = {**sheet.surroundings(), **view.details_extra(db, request, row)}
        return HTMLResponse(render(request, view.details_template, context))


def _delete(view: "OfficeView", request: Request, pk: int) -> Response:
    error = None
    seen = str(posted(request).get(REVISION) or request.query_params.get(REVISION, ""))
    if request.method == "POST":
        try:
            act(request, lambda db: _remove(view, db, pk, whole(seen)))
            return done(request, _("Eliminado."), view.list_address)
        except Refusal as refusal:
            error = refusal
    with reading(request) as db:
        row = load(view, db, pk)
        context = {
            "view": view,
            "row": row,
            "title": view.title_of(row),
            "error": str(error) if error else None,
            "revision": seen or getattr(row, REVISION, ""),
        }
        return HTMLResponse(render(request, "admin/delete.html", context), status_code=error.status if error else 200)


def _remove(view: "OfficeView", db: ScopedSession, pk: int, revision: int | None) -> None:
    row = load(view, db, pk)
    if not view.allows(Action.DELETE, row):
        raise view.forbidden(Action.DELETE, row)
    try:
        view.remove(db, row, revision)
        db.flush()
    except IntegrityError as error:
        raise InUse from error
