"""The mail that texts would make, typed or saved, in a frame of the page that asks."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import reading
from admin_views.auth import visit_of
from admin_views.filters import whole
from admin_views.mail.text_form import TextForm, saved_texts
from admin_views.posted import posted
from admin_views.templating import render
from app.domain.mail.texts import check_texts, choose_texts, text_of
from app.errors import Refusal
from app.mail.samples import Sample, TextPreview
from app.mail.shown import ShownMail
from app.scope import ScopedSession
from app.texts import _
from app.web import installation_of
from models import MailText, StaffUser
from models.enums import TextKind

SAMPLE, FORMAT = "_sample", "_format"
SEVERAL, PLAIN = "several", "text"

# The mail stands in a box of its own inside, which may do nothing; its styles are in its tags.
FRAMED = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; font-src 'self'; script-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def preview(request: Request, kind: TextKind, user_id: int | None) -> Response:
    """Runs in a thread. Nothing is kept."""
    installation = installation_of(request)
    with reading(request) as db:
        form = TextForm(posted(request) if request.method == "POST" else None)
        form.prepare(kind)
        if request.method != "POST":
            for name, text in saved_texts(text_of(db, kind, user_id)).items():
                form[name].data = text
        elif form.validate():
            try:
                check_texts(db, form.save_command(user_id))
            except Refusal as refusal:
                form.refuse(refusal)
        if form.problems or form.refusal:
            context = {"title": _("Vista previa"), "form": form}
            page = render(request, "admin/texts/unwritten.html", context)
            return framed(page, 422)
        sample = Sample(db, _asked(request, db, form, kind, user_id))
    return envelope(request, sample.write(installation))


def envelope(request: Request, shown: ShownMail, attachments: Sequence[tuple[str, str]] = ()) -> Response:
    """A mail in its frame, as HTML or as text; ``attachments`` are their names and sizes."""
    context = {"shown": shown, "attachments": attachments, "is_plain": posted(request).get(FORMAT) == PLAIN}
    return framed(render(request, "admin/mail/envelope.html", context))


def framed(page: str, status: int = 200) -> Response:
    return HTMLResponse(page, status_code=status, headers={"Content-Security-Policy": FRAMED})


def _asked(request: Request, db: ScopedSession, form: TextForm, kind: TextKind, user_id: int | None) -> TextPreview:
    command = form.save_command(user_id)
    typed = MailText(subject=command.subject, body=command.body, signature=command.signature)
    is_company = user_id is None
    wanted = str(posted(request).get(SAMPLE, ""))
    return TextPreview(
        kind=kind,
        texts=choose_texts(kind, None if is_company else typed, typed if is_company else text_of(db, kind, None)),
        user=db.get(StaffUser, visit_of(request).user_id),
        document_id=whole(wanted),
        are_several=wanted == SEVERAL,
    )
