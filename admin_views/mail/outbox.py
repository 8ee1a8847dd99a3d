"""*Correos enviados* and *Pendientes de envío*: every mail of the company, what became of it, and what can be done."""

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from msgspec import Struct
from sqladmin import action
from sqladmin.authorization import Action
from sqlalchemy import ColumnElement, case, func, or_, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import read, reading
from admin_views.auth import visit_of
from admin_views.base import OfficeView, page
from admin_views.columns import Column
from admin_views.command_page import Command
from admin_views.formatters import moment
from admin_views.forms import OfficeForm
from admin_views.list_pages import Tool
from admin_views.mail import page as mail_page
from admin_views.mail.amending import AmendingPages
from admin_views.mail.lists import ATTEMPTS, EMAIL, FILTERS, STATE, SUBJECT, WHO
from admin_views.mail.troubles import all_troubles, sending_trouble
from admin_views.posted import posted
from admin_views.saved_views import Tab
from admin_views.searching import Order, Search
from admin_views.selection import NothingSelected, Selection
from app import clock
from app.domain.folding import contains, fold
from app.domain.mail.kinds import MAIL_KINDS
from app.domain.mail.resending import CAN_GO_AGAIN, CancelMails, RetryMails, cancel_mails, retry_mails
from app.errors import Refusal
from app.scope import ScopedSession
from app.texts import _, plural
from app.web import installation_of
from models import Contact, OutgoingMail
from models.enums import MailStatus
from models.mail import MOVING, WAITING

MOST_AT_ONCE = 5000
SENT_TOO = "sent"


class Asking(Struct, frozen=True, kw_only=True):
    """What is asked before something is done to mails in one of the states it ``can`` be done in."""

    title: tuple[str, str]
    submit: str
    can: tuple[MailStatus, ...]
    does: tuple[str, str]
    does_not: tuple[str, str]


class OutgoingMailAdmin(AmendingPages, OfficeView, model=OutgoingMail):
    identity = "outgoing-mail"
    name, name_plural, category, icon = "Correo", "Correos enviados", "Correo", "mail"
    noun, nouns = "correo", "correos"
    can_create = can_edit = False
    search_hint = "Destinatario, cliente o asunto"
    empty_text = "Aquí verá todo lo que sale de la empresa, con lo que dijo el servidor de cada destinatario."
    list_template, details_template = "admin/mail/list.html", "admin/mail/details.html"
    toolbar: ClassVar[Sequence[Tool]] = (
        Tool(
            "Enviar otra vez los fallidos",
            "/admin/outgoing-mail/send-again?scope=filter&q=estado%3Dfallido",
            "refresh",
            "action:send-again",
        ),
    )
    columns: ClassVar[Sequence[Column]] = (
        WHO,
        EMAIL,
        SUBJECT,
        STATE,
        ATTEMPTS,
        Column(
            name="cuando",
            label="Cuándo",
            value=func.coalesce(OutgoingMail.finished_at, OutgoingMail.created_at),
            show=moment,
            css="num c-pub",
            sort=OutgoingMail.id,
            newest_first=True,
        ),
    )
    default_order = Order("cuando", descending=True)
    filters = FILTERS
    tabs: ClassVar[Sequence[Tab]] = (
        Tab("Todos"),
        Tab("Últimos 7 días", "periodo=semana"),
        Tab("Fallidos", "estado=fallido"),
        Tab("Sin confirmar", "estado=sin-confirmar"),
        Tab("Rebotados", "estado=rebotado"),
    )
    action_icons = {"send-again": "refresh"}  # noqa: RUF012 - as the base declares it

    def mentions(self, company_id: int, text: str) -> ColumnElement[bool]:
        pattern = contains(fold(text))
        named = select(Contact.id).where(
            Contact.company_id == company_id, Contact.search_key.like(pattern, escape="\\")
        )
        return or_(
            OutgoingMail.recipient.like(pattern, escape="\\"),
            OutgoingMail.search_key.like(pattern, escape="\\"),
            OutgoingMail.contact_id.in_(named),
        )

    def title_of(self, row: OutgoingMail) -> str:
        return row.subject or _(MAIL_KINDS[row.kind])

    async def list_page(self, request: Request) -> Response:
        request.state.troubles = await run_in_threadpool(self._troubles, request)
        return await super().list_page(request)

    def _troubles(self, request: Request) -> Any:
        demo = installation_of(request).settings.demo
        with reading(request) as db:
            return all_troubles(db, visit_of(request).user_id, sending_trouble(db, demo=demo))

    # One mail

    def details_extra(self, db: ScopedSession, request: Request, row: OutgoingMail) -> dict[str, Any]:
        query = self.query_from(request)
        return mail_page.context_of(self, db, request, row) | {
            "neighbours": mail_page.neighbours_of(self, db, row, query),
            "back": f"{self.list_address}?{query}" if query else self.list_address,
        }

    def query_from(self, request: Request) -> str:
        """The list somebody came from, so that a mail is shown beside its neighbours: named, or the page before."""
        if "q" in request.query_params:
            return request.query_params["q"]
        before = urlsplit(request.headers.get("referer", ""))
        return before.query if before.path == self.list_address else ""

    def neighbour_address(self, row_id: int, query: str) -> str:
        return f"{self.details_address(row_id)}?{urlencode({'q': query})}"

    @page("/content/{pk}", needs=Action.DETAILS, methods=("GET",))
    async def content_page(self, request: Request) -> Response:
        """The HTML of a mail for the frame of its page, with a policy of its own: nothing but its own styles."""
        return await run_in_threadpool(mail_page.content, self, request)

    @page("/source/{pk}", needs=Action.DETAILS, methods=("GET",))
    async def source_page(self, request: Request) -> Response:
        return await run_in_threadpool(mail_page.source, self, request)

    @page("/state/{pk}", needs=Action.DETAILS, methods=("GET",))
    async def state_page(self, request: Request) -> Response:
        """How a mail is doing, for the page that shows it while it moves."""
        return HTMLResponse(await run_in_threadpool(mail_page.state, self, request))

    # What can be done

    @action("send-again", label="Enviar otra vez", add_in_detail=False)
    async def send_again(self, request: Request) -> Response:
        return self.to_page(request, "send-again")

    @page("/send-again", needs="action:send-again")
    async def send_again_page(self, request: Request) -> Response:
        selection = self.selected(request)
        sent_too = _asked(request, SENT_TOO) == "1" and len(selection.ids) == 1

        def run(db: ScopedSession, form: OfficeForm) -> Any:
            return retry_mails(db, RetryMails(mail_ids=_ids(db, selection), sent_too=sent_too))

        asking = Asking(
            title=("Enviar otra vez un correo", "Enviar otra vez %(n)s correos"),
            submit="Enviar otra vez",
            can=(*CAN_GO_AGAIN, MailStatus.SENT) if sent_too else CAN_GO_AGAIN,
            does=("Vuelve a la cola y sale en cuanto le toque.", "Vuelven a la cola y salen en cuanto les toque."),
            does_not=(
                "Otro no se envía: ya salió, se anuló o está saliendo.",
                "Otros %(n)s no se envían: ya salieron, se anularon o están saliendo.",
            ),
        )
        hidden = {SENT_TOO: "1"} if sent_too else {}
        return await self._ask(request, selection, asking, run, hidden)

    @action("cancel", label="Anular envío", add_in_detail=False)
    async def cancel(self, request: Request) -> Response:
        return self.to_page(request, "cancel")

    @page("/cancel", needs="action:cancel")
    async def cancel_page(self, request: Request) -> Response:
        selection = self.selected(request)

        def run(db: ScopedSession, form: OfficeForm) -> Any:
            return cancel_mails(db, CancelMails(mail_ids=_ids(db, selection)))

        asking = Asking(
            title=("Anular el envío de un correo", "Anular el envío de %(n)s correos"),
            submit="Anular envío",
            can=WAITING,
            does=("No se enviará.", "No se enviarán."),
            does_not=("Otro no se puede anular: ya ha salido.", "Otros %(n)s no se pueden anular: ya han salido."),
        )
        return await self._ask(request, selection, asking, run, {})

    async def _ask(
        self, request: Request, selection: Selection, asking: "Asking", run: Any, hidden: dict[str, str]
    ) -> Response:
        """One mail goes back to its page, several to their list."""
        able, others = await run_in_threadpool(read, request, lambda db: _counts(db, selection, asking.can))
        told = ([plural(*asking.does, able)] if able else []) + ([plural(*asking.does_not, others)] if others else [])
        is_one = len(selection.ids) == 1
        listed = f"{self.list_address}?{selection.query}" if selection.query else self.list_address
        command = Command(
            title=plural(*asking.title, able),
            submit=_(asking.submit),
            form_class=OfficeForm,
            run=run,
            back=self.details_address(selection.ids[0]) if is_one else listed,
            hidden=dict(selection.fields) | hidden,
            template="admin/mail/ask.html",
            destroys=asking.can == WAITING,
            leave=_("Volver"),
            context={"told": told},
        )
        return await self.command_page(request, command)


class WaitingMailAdmin(OutgoingMailAdmin, model=OutgoingMail):
    """The part of the outbox that has not left yet, the next to leave first."""

    identity = "waiting-mail"
    name_plural = "Pendientes de envío"
    nouns = "correos pendientes de envío"
    empty_title = "No queda ningún correo por salir"
    empty_text = "Los avisos y accesos esperan aquí hasta que el servidor los acepta."
    toolbar = ()
    columns = (
        WHO,
        EMAIL,
        SUBJECT,
        STATE,
        ATTEMPTS,
        Column(
            name="cuando",
            label="Próximo intento",
            value=OutgoingMail.due_at,
            show=lambda due_at: moment(due_at) if due_at > clock.now() else _("En cuanto pueda"),
            css="num c-pub",
            sort=OutgoingMail.due_at,
        ),
    )
    default_order = Order("cuando", descending=False)
    tabs = (Tab("Todos"), Tab("En cola", "estado=en-cola"), Tab("Reintentos", "estado=reintento"))

    def conditions(self, company_id: int, search: Search) -> list[ColumnElement[bool]]:
        """Only the list is narrower: a mail that leaves while somebody looks at it can still be looked at."""
        return [*super().conditions(company_id, search), OutgoingMail.status.in_(MOVING)]


def _counts(db: ScopedSession, selection: Selection, can: tuple[MailStatus, ...]) -> tuple[int, int]:
    """How many of a selection something can be done to, and how many others there are."""
    able = func.count(case((OutgoingMail.status.in_(can), 1)))
    able_ones, all_of_them = db.execute(
        select(able, func.count(OutgoingMail.id)).where(*selection.conditions(db.company_id))
    ).one()
    if not all_of_them:
        raise NothingSelected
    return able_ones, all_of_them - able_ones


def _ids(db: ScopedSession, selection: Selection) -> tuple[int, ...]:
    wanted = select(OutgoingMail.id).where(*selection.conditions(db.company_id)).limit(MOST_AT_ONCE + 1)
    found = tuple(db.scalars(wanted))
    if not found:
        raise NothingSelected
    if len(found) > MOST_AT_ONCE:
        raise Refusal(_("Son demasiados: como mucho %(n)s de una vez.") % {"n": MOST_AT_ONCE})
    return found


def _asked(request: Request, name: str) -> str:
    return str(posted(request).get(name, "") or request.query_params.get(name, ""))
