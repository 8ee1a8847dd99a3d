"""*Publicar en Intranet*: the pages of the publication dialogue, for views over documents.

Opened from one document, from what is ticked or from a whole search; the search is replayed on the server, so that
what is published is what the list would show now. Confirming carries the figures that were shown: when they no longer
hold nothing is done, and the new ones are shown.
"""

from typing import Any, ClassVar

from sqladmin import action
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import done, reading
from admin_views.auth import visit_of
from admin_views.base import page
from admin_views.command_page import Command
from admin_views.filters import whole
from admin_views.posted import posted
from admin_views.publishing.dialogue import Dialogue
from admin_views.publishing.form import PublishForm
from admin_views.templating import render
from app.domain.kinds import KINDS
from app.domain.templates import usable_version
from app.errors import NotFound
from app.rendering import PDF, preview_pdf
from app.scope import CompanyScope
from app.texts import _
from app.web import installation_of
from models.enums import DocumentKind


class PublishingPages:
    """Mixed into a view over documents that has ``wanted(search)``: the list's search as the business knows it."""

    kind: ClassVar[DocumentKind]

    @action("publish", label="Publicar en Intranet")
    async def publish(self: Any, request: Request) -> Response:
        answer: Response = self.to_page(request, "publish")
        return answer

    @page("/publish", needs="action:publish")
    async def publish_page(self: Any, request: Request) -> Response:
        dialogue = Dialogue(self, request)
        command = Command(
            title=_("Publicar en la intranet"),
            submit=_("Publicar"),
            form_class=PublishForm,
            prepare=dialogue.prepare,
            preview=lambda db, form: (dialogue.show(db, form), dialogue.scopes(db)),
            run=dialogue.perform,
            answer=lambda result: done(request, result, f"/admin/batch/details/{result.batch_id}"),
            back=dialogue.back,
            template="admin/publish/dialogue.html",
            hidden=dialogue.hidden,
            initial=dialogue.initial,
        )
        answer: Response = await self.command_page(request, command)
        return answer

    @page("/publish/preview", needs="action:publish", methods=("POST",))
    async def publish_preview(self: Any, request: Request) -> Response:
        """The parts of the dialogue that depend on what is asked, worked out again. Changes nothing."""
        return await run_in_threadpool(_parts, self, request)

    @page("/publish/sample/{pk}", needs="action:publish", methods=("GET",))
    async def publish_sample(self: Any, request: Request) -> Response:
        """One document as it would be published with a template; nothing is kept."""
        template_id = whole(request.query_params.get("template", ""))
        if (document_id := whole(request.path_params["pk"])) is None:
            raise HTTPException(404)
        return await run_in_threadpool(_sample, self, request, document_id, template_id)


def _parts(view: Any, request: Request) -> Response:
    dialogue = Dialogue(view, request)
    form = PublishForm(posted(request), data=dialogue.initial)
    with reading(request) as db:
        dialogue.prepare(db, form)
        context = {"view": view, "form": form, "shown": dialogue.show(db, form), "back": dialogue.back}
    return HTMLResponse(render(request, "admin/publish/_parts.html", context))


def _sample(view: Any, request: Request, document_id: int, template_id: int | None) -> Response:
    installation, scope = installation_of(request), CompanyScope(visit_of(request).company_id)
    with reading(request) as db:
        if view.find(db, document_id) is None:
            raise NotFound(_(KINDS[view.kind].words.that))
        version_id = usable_version(db, template_id).id
    printed = preview_pdf(installation, scope, document_id, version_id)
    headers = {"Content-Disposition": f'inline; filename="{printed.name}"'}
    return Response(printed.content, media_type=PDF, headers=headers)
