"""What the pages of a mail account share, whether it is the company's or somebody's own."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import act, read, reading
from admin_views.auth import visit_of
from admin_views.mail.account_asking import FoldersRead, Suggested
from admin_views.mail.account_form import AccountForm, TestForm, values_of
from admin_views.mail.account_words import consent_of, help_for, ways_in
from admin_views.mail.troubles import troubles_of_account
from admin_views.proving import expect_proof
from admin_views.templating import render
from app.domain import throttling
from app.domain.mail.accounts import owned_account
from app.mail.testing import NoAccount, can_test
from app.scope import ScopedSession
from app.texts import _
from app.web import installation_of
from models import MailAccount

if TYPE_CHECKING:
    from admin_views.base import OfficePage


MINUTE = dt.timedelta(minutes=1)


class Whose(Struct, frozen=True, kw_only=True):
    """Whose account it is: somebody's own, or the company's when ``user_id`` is none. ``home`` is its page."""

    user_id: int | None
    home: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)

    def of(self, db: ScopedSession) -> MailAccount | None:
        return owned_account(db, self.user_id)

    @property
    def is_own(self) -> bool:
        return self.user_id is not None


class Shown(Struct, kw_only=True):
    """What a page shows besides the account: what was typed, and what was found out about it."""

    form: AccountForm | None = None
    test: TestForm | None = None
    suggested: Suggested | None = None
    found_nothing: bool = False
    folders: FoldersRead | None = None
    status: int = 200
    undone: str = ""


def show(view: "OfficePage", request: Request, whose: Whose, shown: Shown) -> Response:
    visit, installation = visit_of(request), installation_of(request)
    demo = installation.settings.demo
    with reading(request) as db:
        account = whose.of(db)
        form = shown.form or AccountForm(data=_initial(request, whose, account))
        _dress(form, installation, account, shown, whose)
        expect_proof(
            request, form.current, _("Solo si cambia un servidor, el usuario, la contraseña o las direcciones")
        )
        context: dict[str, Any] = whose.context | {
            "view": view,
            "whose": whose,
            "account": account,
            "form": form,
            "test": shown.test or TestForm(data={"recipient": visit.email}),
            "troubles": troubles_of_account(db, account, demo=demo),
            "consent": consent_of(account),
            "suggested": shown.suggested,
            "found_nothing": shown.found_nothing,
            "folders": shown.folders,
            "undone": shown.undone,
            "help": help_for(form, shown.suggested),
            "cannot_test": "" if can_test(account, is_own=whose.is_own, demo=demo) else str(NoAccount()),
            "is_posted": shown.form is not None,
            "is_demo": demo,
            "company": visit.company_name,
        }
        return HTMLResponse(render(request, whose.template, context), status_code=shown.status)


def _dress(form: AccountForm, installation: Any, account: MailAccount | None, shown: Shown, whose: Whose) -> None:
    """The choices of the form, and what depends on whose it is."""
    read = shown.folders
    form.sent_folder.offer(read.names if read else (), read.sent if read else "")
    form.provider.choices = ways_in(installation, account)
    form.provider.is_asked = len(form.provider.choices) > 1
    form.reply_to.hint = _("Vacío, la dirección de correo") if whose.is_own else _("Vacío, el correo de la empresa")
    if not whose.is_own:
        form.sender_name.hint = _("Lo que ven los clientes; vacío, el de la empresa")


def _initial(request: Request, whose: Whose, account: MailAccount | None) -> dict[str, Any]:
    if account is not None:
        return values_of(account)
    visit = visit_of(request)
    return {"sender_name": visit.user_name, "sender_email": visit.email} if whose.is_own else {}


def read_account(request: Request, whose: Whose) -> MailAccount | None:
    return read(request, whose.of)


def throttle(request: Request, what: str, limit: int, window: dt.timedelta) -> None:
    """Each of these knocks at somebody's server: so many a person and company. Raises ``TooManyTries``."""
    visit = visit_of(request)
    subject = f"{what} {visit.company_id} {visit.user_id}"
    act(request, lambda db: throttling.check(db, subject, limit, window))
