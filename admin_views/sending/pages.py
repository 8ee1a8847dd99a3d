"""*Enviar por correo*: from any list of documents and from any one of them, through one dialogue."""

from typing import Any, ClassVar

from sqladmin import action
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import done, reading
from admin_views.base import page
from admin_views.command_page import Command
from admin_views.posted import posted
from admin_views.sending import letter, words
from admin_views.sending.dialogue import SendDialogue
from admin_views.sending.form import SendForm
from admin_views.templating import render
from app.domain.mail.sending import Sent
from app.texts import _
from models.enums import DocumentKind


class SendingPages:
    """Mixed into a view over documents that has ``wanted(search)``: the list's search as the business knows it."""

    kind: ClassVar[DocumentKind]

    @action("send", label="Enviar por correo")
    async def send(self: Any, request: Request) -> Response:
        answer: Response = self.to_page(request, "send")
        return answer

    @page("/send", needs="action:send")
    async def send_page(self: Any, request: Request) -> Response:
        dialogue = await run_in_threadpool(SendDialogue, self, request)
        command = Command(
            title=_("Enviar por correo"),
            submit=_("Enviar"),
            form_class=SendForm,
            prepare=dialogue.prepare,
            preview=lambda db, form: (dialogue.show(db, form), sample_of(request)),
            run=dialogue.perform,
            answer=lambda result: _done(request, dialogue, result),
            back=dialogue.back,
            template="admin/send/dialogue.html",
            hidden=dialogue.hidden,
            initial=dialogue.initial,
            context={"words": words},
        )
        answer: Response = await self.command_page(request, command)
        return answer

    @page("/send/preview", needs="action:send", methods=("POST",))
    async def send_preview(self: Any, request: Request) -> Response:
        """The parts of the dialogue that depend on what is asked, worked out again; files that came are kept."""
        return await run_in_threadpool(_parts, self, request)

    @page("/send/letter", needs="action:send", methods=("POST",))
    async def send_letter_page(self: Any, request: Request) -> Response:
        """One of the mails as it would arrive. Nothing is kept."""
        return await run_in_threadpool(letter.preview, self, request)


def sample_of(request: Request) -> str:
    """The mail that is being looked at."""
    return str(posted(request).get(letter.MAIL, ""))


def _done(request: Request, dialogue: SendDialogue, sent: Sent) -> Response:
    """One goes back to its document, where its mail appears; several are watched in the outbox."""
    watched = f"/admin/outgoing-mail/list?envio={sent.batch_id}"
    return done(request, sent, dialogue.back if dialogue.is_from_page else watched)


def _parts(view: Any, request: Request) -> Response:
    dialogue = SendDialogue(view, request)
    form = SendForm(posted(request), data=dialogue.initial)
    with reading(request) as db:
        dialogue.prepare(db, form)
        shown = dialogue.show(db, form)
    context = {"view": view, "form": form, "shown": shown, "back": dialogue.back, "sample": sample_of(request)}
    return HTMLResponse(render(request, "admin/send/_parts.html", context | {"words": words}))
