"""The *Intranet* tab of a customer or supplier: who may enter for them, a password by hand, and their own view."""

from functools import partial
from typing import Any

from sqladmin.authorization import Action
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from admin_views.access.pages import AccessPages
from admin_views.access.words import note_of, sign_of
from admin_views.acting import act, done, reading
from admin_views.auth import visit_of
from admin_views.base import page
from admin_views.form_pages import OtherPage, find_row, load
from admin_views.forms import OfficeForm, Pick, Secret, Tick
from admin_views.posted import posted
from admin_views.templating import render
from app import clock
from app.domain.access import SetPortalPassword, set_portal_password
from app.domain.customer_view import open_view
from app.domain.passwords import check_password
from app.domain.queries.access import access_states
from app.domain.queries.accounts import emails_of
from app.domain.shared_emails import ShareNotConfirmed
from app.domain.signing_in import FEWEST_CHARACTERS
from app.domain.timeline import contact_timeline
from app.errors import InvalidValue, Refusal
from app.secrets import hash_password
from app.web import installation_of
from models import Company, Contact

INTRANET_TAB = OtherPage("intranet", "Intranet", Action.DETAILS)
MOST_TOLD = 15


class PasswordForm(OfficeForm):
    email = Pick("De quién", css="s3")
    password = Secret("Contraseña", required=True, css="s3")
    share_confirmed = Tick("Es correcto que vea los documentos de todos, lo confirmo")

    def __init__(self, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self.share_confirmed.is_asked = bool(self.share_confirmed.data)

    def refuse(self, refusal: Refusal) -> None:
        super().refuse(refusal)
        self.share_confirmed.is_asked |= isinstance(refusal, ShareNotConfirmed)


class IntranetTab(AccessPages):
    """Mixed into the views of contacts, with ``INTRANET_TAB`` among their other pages."""

    @page("/intranet/{pk}", needs=Action.DETAILS, methods=("GET",))
    async def intranet(self: Any, request: Request) -> Response:
        return await run_in_threadpool(_tab, self, request, PasswordForm(), 200)

    @page("/password/{pk}", needs="action:access-password", methods=("POST",))
    async def password(self: Any, request: Request) -> Response:
        """A password that staff type and tell the customer themselves: nothing is mailed."""
        return await run_in_threadpool(_set_password, self, request)

    @page("/as-customer/{pk}", needs="action:as-customer", methods=("POST",))
    async def as_customer(self: Any, request: Request) -> Response:
        """*Ver como el cliente*: their intranet in another tab, read only, not counted as a visit."""
        return await run_in_threadpool(_as_customer, self, request)


def _tab(view: Any, request: Request, form: PasswordForm, status: int) -> Response:
    with reading(request) as db:
        row = load(view, db, request.path_params["pk"])
        form.email.choices = [(email, email) for email in emails_of(db, row.id)]
        now = clock.now()
        people = access_states(db, (row.id,))[row.id]
        context = {
            "view": view,
            "row": row,
            "title": view.title_of(row),
            "form": form,
            "panels": view.panels,
            "pages": [tab for tab in view.other_pages if view.has_permission(request, tab.needs)],
            "current_page": "intranet",
            "people": [(person, sign_of(person), note_of(person, now)) for person in people],
            "happenings": contact_timeline(db, row.id, MOST_TOLD),
            "fewest": FEWEST_CHARACTERS,
            "may_grant": view.has_permission(request, "action:access"),
            "may_set_password": view.has_permission(request, "action:access-password"),
        }
        return HTMLResponse(render(request, "admin/access/tab.html", context), status_code=status)


def _set_password(view: Any, request: Request) -> Response:
    """Read, then the slow hash with no transaction open, then record."""
    form = PasswordForm(posted(request))
    with reading(request) as db:
        contact = load(view, db, request.path_params["pk"])
        form.email.choices = [(email, email) for email in emails_of(db, contact.id)]
        company = db.get_one(Company, db.company_id)
    if not form.validate() or not _is_fit(form, contact, company):
        return _tab(view, request, form, 422)
    command = partial(
        SetPortalPassword,
        contact_id=contact.id,
        password_hash=hash_password(form.password.data or ""),
        user_id=visit_of(request).user_id,
        email=form.email.data,
        share_confirmed=form.share_confirmed.data,
    )
    try:
        result = act(request, lambda db: set_portal_password(db, command()))
    except Refusal as refusal:
        form.refuse(refusal)
        return _tab(view, request, form, refusal.status)
    return done(request, result, view.address(f"intranet/{contact.id}"))


def _is_fit(form: PasswordForm, contact: Contact, company: Company) -> bool:
    """The same rules as for a password that the customer chooses."""
    words = (company.name, company.trade_name, company.slug, form.email.data, contact.name)
    try:
        check_password(form.password.data or "", "password", least=FEWEST_CHARACTERS, words=words)
    except InvalidValue as refusal:
        form.refuse(refusal)
        return False
    return True


def _as_customer(view: Any, request: Request) -> Response:
    visit, keys = visit_of(request), installation_of(request).keys
    contact = find_row(view, request)
    secret = act(request, lambda db: open_view(db, keys, contact.id, staff_user_id=visit.user_id))
    return RedirectResponse(f"/in/{visit.company_slug}/ver/{secret}", status_code=303)
