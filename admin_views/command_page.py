"""The one shape of an action with a form: what is asked, what will happen, then the result.

GET shows the form. A valid POST calls ``run(db, form)`` in one transaction and goes ``back`` with its result as the
message; a refusal is shown on the form, nothing saved. ``preview(db, form)`` is worked out each time the form is shown.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import act, done, reading
from admin_views.forms import OfficeForm
from admin_views.inline import turned
from admin_views.posted import posted
from admin_views.templating import render
from app.errors import InvalidValue, Refusal
from app.scope import Scope, ScopedSession
from app.web import retry_after

if TYPE_CHECKING:
    from admin_views.base import OfficePage, OfficeView

ONLY_PREVIEW = "_preview"


class Command(Struct, kw_only=True):
    """What a page asks and does. ``prepare(db, form)`` fills choices; ``hidden`` travels with the form.

    ``ready(form)`` is slow work between asking and doing, with no transaction open: a password's hash.

    ``scope`` is the company's unless the command needs the whole installation (SYSTEM).
    ``leave`` names the way out where *Cancelar* would say what the command does.
    ``answer`` turns the result into a response of its own instead of a message and a redirection.
    """

    title: str
    submit: str
    form_class: type[OfficeForm]
    run: Callable[[ScopedSession, Any], Any]
    back: str
    prepare: Callable[[ScopedSession, Any], None] | None = None
    preview: Callable[[ScopedSession, Any], Any] | None = None
    ready: Callable[[Any], None] | None = None
    answer: Callable[[Any], Response] | None = None
    template: str = "admin/command.html"
    subtitle: str = ""
    destroys: bool = False
    leave: str = ""
    scope: Scope | None = None
    hidden: dict[str, str] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)


async def command_page(view: "OfficeView | OfficePage", request: Request, command: Command) -> Response:
    return await run_in_threadpool(_answer, view, request, command)


def _answer(view: "OfficeView | OfficePage", request: Request, command: Command) -> Response:
    """Runs in a thread."""
    form = command.form_class(posted(request) if request.method == "POST" else None, data=command.initial)
    with reading(request) as db:
        if command.prepare:
            command.prepare(db, form)
        ready = request.method == "POST" and _is_complete(request, form)
    if not ready:
        status = 422 if request.method == "POST" and form.errors else 200
        return _show(view, request, command, form, status)
    try:
        if command.ready:
            command.ready(form)
        result = act(request, lambda db: command.run(db, form), command.scope)
    except Refusal as refusal:
        form.refuse(refusal)
        page = _show(view, request, command, form, 422 if isinstance(refusal, InvalidValue) else refusal.status)
        page.headers.update(retry_after(refusal))
        return page
    if command.answer:
        return command.answer(result)
    return done(request, result, command.back)


def _is_complete(request: Request, form: OfficeForm) -> bool:
    """Posted to be done, not only to see what would happen or to have another row."""
    if turned(form, posted(request)):
        return False
    if ONLY_PREVIEW in posted(request):
        return False
    return form.validate()


def _show(
    view: "OfficeView | OfficePage", request: Request, command: Command, form: OfficeForm, status: int
) -> Response:
    with reading(request) as db:
        context = command.context | {
            "view": view,
            "command": command,
            "form": form,
            "preview": command.preview(db, form) if command.preview else None,
        }
        return HTMLResponse(render(request, command.template, context), status_code=status)
