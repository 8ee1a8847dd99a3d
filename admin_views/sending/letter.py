"""One mail of a sending as it would arrive, in a frame of the dialogue: by the very code that sends."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import reading
from admin_views.filters import whole
from admin_views.mail.text_preview import FORMAT, FRAMED, PLAIN
from admin_views.posted import posted
from admin_views.sending.dialogue import SendDialogue
from admin_views.sending.form import Enclosing, SendForm
from admin_views.sending.words import spell_size
from admin_views.templating import render
from app.adapters.letters.address import MailAddress
from app.adapters.letters.letter import Letters
from app.adapters.letters.pictures import pictures_of, with_pictures
from app.adapters.pdf.from_document import file_name
from app.domain.mail.accounts import account_of
from app.domain.mail.enclosures import TO_PRINT
from app.domain.mail.sending_plans import PlannedMail
from app.domain.mail.texts import CleanHtml
from app.domain.mail.variables import check
from app.domain.queries.letters import LetterFacts
from app.domain.queries.wordings import logo_of
from app.errors import Refusal
from app.mail.writing import sender_of
from app.scope import ScopedSession
from app.web import installation_of
from models import Company
from models.enums import TextKind

MAIL = "_mail"


class Letter(Struct, frozen=True, kw_only=True):
    """``attachments`` are their names and sizes; of a PDF that has to be printed, no size."""

    sender: str
    to: str
    cc: str
    subject: str
    text: str
    html: str
    attachments: list[tuple[str, str]]


def preview(view: Any, request: Request) -> Response:
    """Runs in a thread."""
    installation = installation_of(request)
    dialogue = SendDialogue(view, request)
    form = SendForm(posted(request), data=dialogue.initial)
    with reading(request) as db:
        dialogue.prepare(db, form)
        try:
            mail, subject, body = _chosen(db, dialogue, form, str(posted(request).get(MAIL, "")))
        except Refusal as refusal:
            return _framed(render(request, "admin/send/unwritten.html", {"sentence": str(refusal)}))
        company = db.get_one(Company, db.company_id)
        facts = LetterFacts(company, account_of(db, form.sender.data or None), logo=logo_of(db, company))
    letter = Letters(installation.intranet(company.slug), facts).compose(subject, body)
    pictures = pictures_of(installation.storage, company.id, letter.html)
    shown = Letter(
        sender=_spelt([sender_of(installation, facts)]),
        to=_spelt(MailAddress(one.email, one.name) for one in mail.to),
        cc=_spelt(MailAddress(one.email, one.name) for one in form.cc.people()),
        subject=letter.subject,
        text=letter.text,
        html=with_pictures(letter.html, {one.content_id: (one.media_type, one.content) for one in pictures}),
        attachments=_attached(view, form, mail),
    )
    is_plain = posted(request).get(FORMAT) == PLAIN
    return _framed(render(request, "admin/send/letter.html", {"shown": shown, "is_plain": is_plain}))


def _chosen(
    db: ScopedSession, dialogue: SendDialogue, form: SendForm, wanted: str
) -> tuple[PlannedMail, str, CleanHtml]:
    """The mail that was asked for, or the first, with its texts filled. Raises ``Refusal`` with what is missing."""
    form.validate()
    for field in (form.subject, form.body, form.to, form.cc, form.bcc, form.files):
        if wrong := next((error for error in field.errors if isinstance(error, str)), None):
            raise Refusal(f"{field.label.text}: {wrong}")
    subject, body = form.subject.data or "", CleanHtml(form.body.data or "")
    for name, text in (("subject", subject), ("body", body)):
        check(text, TextKind(dialogue.view.kind), name)
    shown = dialogue.show(db, form)
    if shown.plan is None or not shown.plan.mails:
        raise Refusal(shown.missing)
    first = whole(wanted)
    mails = shown.plan.mails
    mail = next((one for one in mails if one.documents[0].id == first), mails[0])
    said, letter = dialogue.fill(db, mail, subject, body, has_links=form.enclosing.data is Enclosing.LINK)
    return mail, said, CleanHtml(letter)


def _attached(view: Any, form: SendForm, mail: PlannedMail) -> list[tuple[str, str]]:
    documents = () if form.enclosing.data is Enclosing.LINK else mail.documents
    printed = [
        (file_name(view.kind, one.number), spell_size(one.size) if one.size != TO_PRINT else "") for one in documents
    ]
    return printed + [(file.name, spell_size(file.size)) for file in form.files.files]


def _spelt(people: Iterable[MailAddress]) -> str:
    return ", ".join(f"{one.name} <{one.email}>" if one.name else one.email for one in people)


def _framed(html: str) -> Response:
    return HTMLResponse(html, headers={"Content-Security-Policy": FRAMED})
