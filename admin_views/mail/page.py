"""One mail on the screen: what became of it, its tries, and itself as its reader sees it."""

from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import reading
from admin_views.auth import visit_of
from admin_views.form_pages import find_row, load
from admin_views.formatters import Sign
from admin_views.listing import find_page
from admin_views.mail.report_words import copy_note, is_refusal, what_came_back
from admin_views.mail.troubles import sending_trouble
from admin_views.mail.words import MAIL_SIGNS, mail_sign, note_on
from admin_views.searching import replay
from admin_views.templating import render
from app import clock
from app.domain.mail.bounces import bounced_among
from app.domain.mail.kinds import MAIL_KINDS
from app.domain.mail.readdressing import can_be_readdressed
from app.domain.mail.resending import CAN_GO_AGAIN
from app.domain.mail.senders import may_send_with
from app.domain.queries.mail_replies import copy_of, is_about_last_sending, reports_of
from app.domain.queries.outbox import attempts_of
from app.domain.queries.sent_dispatches import documents_of, fellows_of
from app.mail.shown import mail_as_sent, mail_source
from app.scope import ScopedSession
from app.texts import _
from app.web import installation_of
from models import Batch, Contact, Document, MailAccount, OutgoingMail
from models.enums import CopyStatus, MailStatus
from models.mail import MOVING, WAITING

if TYPE_CHECKING:
    from admin_views.mail.outbox import OutgoingMailAdmin

# Nothing is fetched and nothing runs; links open beside, outside the frame's box.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


MOST_FELLOWS = 50

# How its recipient stands in a mail that others get too.
PLACES = {"cc": "en copia", "bcc": "en copia oculta"}


class Neighbour(NamedTuple):
    address: str
    name: Any
    subject: Any
    state: Any
    when: Any
    is_current: bool


def neighbours_of(view: "OutgoingMailAdmin", db: ScopedSession, row: OutgoingMail, query: str) -> list[Neighbour]:
    """The page of the list that somebody came from, to walk through it mail by mail."""
    places = {column.name: place for place, column in enumerate(view.columns[1:])}
    return [
        Neighbour(
            view.neighbour_address(line.id, query),
            line.name,
            line.cells[places["asunto"]],
            line.cells[places["estado"]],
            _short(line.cells[places["cuando"]]),
            line.id == row.id,
        )
        for line in find_page(view, db, view.search_of(replay(query))).lines
    ]


def _short(spelled: str) -> str:
    """The hour of today, the day of any other: ``09:40``, ``22/11``."""
    day, _comma, hour = spelled.partition(", ")
    return hour if day == clock.today().strftime("%d/%m/%Y") else day[:5]


def context_of(view: "OutgoingMailAdmin", db: ScopedSession, request: Request, row: OutgoingMail) -> dict[str, Any]:
    installation = installation_of(request)
    account = db.get(MailAccount, row.account_id) if row.account_id else None
    may_send = view.has_permission(request, "action:send-again")
    may_again = may_send and may_send_with(account, visit_of(request).user_id)
    reports, copy = reports_of(db, row.id), copy_of(db, row)
    told = [report for report in reports if not is_refusal(report, row)]
    came_back = [report for report in told if is_about_last_sending(report, row)]
    return {
        "shown": mail_as_sent(installation, row),
        "sign": mail_sign(row.status, row.attempts, row.due_at, came_back[0].kind if came_back else None),
        "signs": MAIL_SIGNS,
        "kind": _(MAIL_KINDS[row.kind]),
        "note": note_on(row, came_back),
        "answers": [what_came_back(report) for report in told] if told != came_back[:1] else [],
        "has_come_back": bool(came_back),
        "copy": copy_note(copy) if copy else None,
        "is_moving": row.status in MOVING,
        "attempts": attempts_of(db, row.id)[::-1],
        "contact": db.get(Contact, row.contact_id) if row.contact_id else None,
        "batch": db.get(Batch, row.batch_id) if row.batch_id else None,
        "document": db.get(Document, row.document_id) if row.document_id else None,
        "enclosed": documents_of(db, row.dispatch_id) if row.dispatch_id and not row.document_id else [],
        "place": _in_words((row.facts or {}).get("place", "")),
        "fellows": _fellows(view, db, row) if row.dispatch_id else [],
        "trouble": sending_trouble(db, demo=installation.settings.demo, account_id=row.account_id)
        if row.status in WAITING
        else None,
        "may_again": may_again and row.status in CAN_GO_AGAIN,
        "may_repeat": may_again and row.status is MailStatus.SENT,
        "may_readdress": may_again and can_be_readdressed(row),
        "may_keep": may_again and copy is not None and copy.status is CopyStatus.FAILED,
        "may_dismiss": may_send and row.recipient in bounced_among(db, (row.recipient,)),
        "may_cancel": view.has_permission(request, "action:cancel") and row.status in WAITING,
        "is_demo": installation.settings.demo,
    }


class Fellow(NamedTuple):
    """Another reader of the same message, and how their own copy of it stands."""

    address: str
    email: str
    place: str
    sign: Sign


def _fellows(view: "OutgoingMailAdmin", db: ScopedSession, row: OutgoingMail) -> list[Fellow]:
    return [
        Fellow(
            view.details_address(other.id),
            other.recipient,
            _in_words(other.place),
            mail_sign(other.status, other.attempts, other.due_at, other.came_back),
        )
        for other in fellows_of(db, row, MOST_FELLOWS)
    ]


def _in_words(place: str) -> str:
    return _(PLACES[place]) if place in PLACES else ""


def content(view: "OutgoingMailAdmin", request: Request) -> Response:
    shown = mail_as_sent(installation_of(request), find_row(view, request))
    if shown is None or not shown.html:
        raise HTTPException(404)
    html = shown.html.replace("<head>", '<head><base target="_blank">', 1)
    return HTMLResponse(html, headers={"Content-Security-Policy": FRAME_POLICY, "X-Robots-Tag": "noindex"})


def source(view: "OutgoingMailAdmin", request: Request) -> Response:
    row = find_row(view, request)
    found = mail_source(installation_of(request), row)
    if found is None:
        raise HTTPException(404)
    headers = {"Content-Disposition": f'attachment; filename="correo-{row.id}.eml"'}
    return Response(found.content, media_type="application/octet-stream", headers=headers)


def state(view: "OutgoingMailAdmin", request: Request) -> str:
    with reading(request) as db:
        row = load(view, db, request.path_params["pk"])
        return render(
            request, "admin/mail/_state.html", {"view": view, "row": row, **context_of(view, db, request, row)}
        )
