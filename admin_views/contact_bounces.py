"""Addresses of contacts that mail came back from: marked in the list and in the form, until somebody says otherwise."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from markupsafe import Markup
from sqladmin.authorization import Action
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from admin_views.acting import act_and_tell, reading
from admin_views.base import page
from admin_views.columns import Column
from admin_views.form_pages import find_row, load
from admin_views.formatters import badge
from admin_views.mail.report_words import REPORT_SIGNS
from admin_views.posted import posted
from app import clock
from app.domain.mail.bounces import Bounce, bounced_among, dismiss_bounces
from app.domain.mail.replies import explain_code
from app.domain.queries.access import access_states
from app.scope import ScopedSession
from models import Contact
from models.enums import ReportKind

BOUNCED = "bounced"


def _email(email: str | None, bounce: Bounce | None) -> Markup | str:
    if not email or bounce is None:
        return email or ""
    return Markup('{} <span title="{}">{}</span>').format(email, bounce.says, badge(REPORT_SIGNS[ReportKind.BOUNCED]))


EMAIL = Column(
    name="correo",
    label="Correo",
    value=Contact.email,
    extra=BOUNCED,
    show=_email,
    csv=lambda email, _bounce: email,
    css="c-who",
)


class BouncePages:
    """Mixed into the views of contacts, with ``EMAIL`` among their columns."""

    def extras(self, db: ScopedSession, ids: Sequence[int]) -> dict[str, dict[int, Any]]:
        found = select(Contact.id, Contact.email).where(
            Contact.company_id == db.company_id, Contact.id.in_(ids), Contact.email.is_not(None)
        )
        emails = {row.id: row.email for row in db.execute(found)}
        bad = bounced_among(db, list(emails.values()))
        return {BOUNCED: {contact_id: bad[email] for contact_id, email in emails.items() if email in bad}}

    def form_context(self, db: ScopedSession, request: Request, row: Any, form: Any) -> dict[str, Any]:
        bad = bounced_among(db, _addresses(row)) if row is not None else {}
        return {"bounces": [(bounce, explain_code(bounce.code)) for bounce in bad.values()]}

    @page("/good-address/{pk}", needs=Action.EDIT, methods=("POST",))
    async def good_address(self: Any, request: Request) -> Response:
        """*Dar por buena*: one of its addresses, whatever came back."""
        return await run_in_threadpool(_good_address, self, request)


class AccountBouncePages:
    """Mixed into the view of people who enter."""

    @page("/good-address/{pk}", needs="action:access", methods=("POST",))
    async def good_address(self: Any, request: Request) -> Response:
        return await run_in_threadpool(_good_account, self, request)


def _addresses(contact: Contact) -> list[str]:
    return [email for email in (contact.email, *(further.email for further in contact.emails)) if email]


def _good_address(view: Any, request: Request) -> Response:
    with reading(request) as db:
        contact = load(view, db, request.path_params["pk"])
        people = access_states(db, (contact.id,))[contact.id]
        known = {*_addresses(contact), *(person.email for person in people if person.email)}
    address = str(posted(request).get("address", ""))
    if address not in known:
        raise HTTPException(404)
    return act_and_tell(request, lambda db: dismiss_bounces(db, address, clock.now()), view.edit_address(contact.id))


def _good_account(view: Any, request: Request) -> Response:
    account = find_row(view, request)
    work = partial(dismiss_bounces, address=account.email, now=clock.now())
    return act_and_tell(request, work, view.details_address(account.id))
