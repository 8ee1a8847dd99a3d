"""One dispatch of a sending as it would arrive, in a frame of the dialogue."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from admin_views.acting import reading
from admin_views.filters import whole
from admin_views.mail.text_preview import envelope, framed
from admin_views.posted import posted
from admin_views.sending.dialogue import SendDialogue
from admin_views.sending.form import SendForm
from admin_views.sending.words import spell_size
from admin_views.templating import render
from app.adapters.pdf.from_document import document_file_name
from app.domain.mail.checking_sendings import SendDocuments, check_sending
from app.domain.mail.enclosures import TO_PRINT
from app.domain.mail.sending_plans import PlannedDispatch
from app.domain.mail.sending_rows import FilledDispatch, filled_dispatches
from app.domain.queries.addressees import Addressee
from app.errors import Refusal
from app.mail.preview import dispatch_as_planned, planned_dispatch, planned_facts
from app.scope import ScopedSession
from app.web import installation_of

MAIL = "_mail"


def preview(view: Any, request: Request) -> Response:
    """Runs in a thread. Nothing is kept."""
    installation = installation_of(request)
    dialogue = SendDialogue(view, request)
    form = SendForm(posted(request), data=dialogue.initial)
    with reading(request) as db:
        dialogue.prepare(db, form)
        try:
            command, filled = _chosen(db, dialogue, form, whole(str(posted(request).get(MAIL, ""))))
        except Refusal as refusal:
            return framed(render(request, "admin/send/unwritten.html", {"sentence": str(refusal)}))
        facts = planned_facts(db, command.account_id)
    dispatch = planned_dispatch(
        to=_pairs(filled.people["to"]),
        cc=_pairs(filled.people["cc"]),
        reply_to=command.reply_to,
        subject=filled.subject,
        body=filled.body,
    )
    shown = dispatch_as_planned(installation, facts, dispatch)
    return envelope(request, shown, _attached(view, command, filled.planned))


def _chosen(
    db: ScopedSession, dialogue: SendDialogue, form: SendForm, wanted: int | None
) -> tuple[SendDocuments, FilledDispatch]:
    """What would be sent, and the dispatch that was asked for or the first. Raises ``Refusal`` with what is missing.

    ``wanted`` is its first document.
    """
    form.validate()
    for field in (form.subject, form.body, form.to, form.cc, form.bcc, form.files):
        if wrong := next((error for error in field.errors if isinstance(error, str)), None):
            raise Refusal(f"{field.label.text}: {wrong}")
    shown = dialogue.show(db, form)
    if shown.plan is None or not shown.plan.dispatches:
        raise Refusal(shown.missing)
    command, planned = check_sending(db, dialogue.command(form)), shown.plan.dispatches
    chosen = next((one for one in planned if one.documents[0].id == wanted), planned[0])
    return command, filled_dispatches(db, command, [chosen])[0]


def _pairs(people: list[Addressee]) -> tuple[tuple[str, str], ...]:
    return tuple((one.email, one.name) for one in people)


def _attached(view: Any, command: SendDocuments, planned: PlannedDispatch) -> list[tuple[str, str]]:
    """Names and sizes; of a PDF that has to be printed, no size."""
    documents = () if command.wishes.has_links else planned.documents
    printed = [
        (document_file_name(view.kind, one.number), spell_size(one.size) if one.size != TO_PRINT else "")
        for one in documents
    ]
    return printed + [(file.name, spell_size(file.size)) for file in command.files]
