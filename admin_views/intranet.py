"""*Administración → Intranet*: where it is, how it publishes, how it looks, and the button for the own web."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import asdict
from sqladmin.authorization import Action
from sqlalchemy import ColumnElement
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from admin_views import intranet_samples as samples
from admin_views.acting import read
from admin_views.auth import visit_of
from admin_views.base import OfficeView, page
from admin_views.command_page import Command
from admin_views.intranet_forms import AddressForm, AppearanceForm, ButtonForm, PublishingForm
from admin_views.templating import render
from admin_views.web_buttons import Shape, button_of
from app.domain import intranet
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.texts import _
from app.web import installation_of
from models import Company

TABS = (
    ("address", "Dirección"),
    ("publishing", "Publicación y avisos"),
    ("appearance", "Aspecto"),
    ("website", "Integración con tu web"),
)


class IntranetAdmin(OfficeView, model=Company):
    """Settings of the company's intranet, a tab each: managers look, administrators change."""

    identity = "intranet"
    name = name_plural = "Intranet"
    category = "Administración"
    can_create = False

    @property
    def home(self) -> str:
        return self.address("address")

    def own_rows(self, company_id: int) -> list[ColumnElement[bool]]:
        return [Company.id == company_id]

    async def list_page(self, request: Request) -> Response:
        return RedirectResponse(self.home, status_code=303)

    @page("/address", needs=Action.LIST)
    async def address_page(self, request: Request) -> Response:
        return await self._settings(
            request,
            "address",
            AddressForm,
            run=lambda db, form: intranet.change_address(db, intranet.ChangeAddress(**form.command())),
            initial=("slug",),
            shown=lambda db, form: intranet.former_addresses(db),
        )

    @page("/publishing", needs=Action.LIST)
    async def publishing_page(self, request: Request) -> Response:
        return await self._settings(
            request,
            "publishing",
            PublishingForm,
            run=lambda db, form: intranet.change_publishing(db, intranet.ChangePublishing(**form.command())),
            initial=("notify_by_default", "access_delivery"),
        )

    @page("/appearance", needs=Action.LIST)
    async def appearance_page(self, request: Request) -> Response:
        may_post = request.method == "POST" and self.has_permission(request, Action.EDIT)
        logo = await run_in_threadpool(samples.posted_logo, request) if may_post else None

        def run(db: ScopedSession, form: AppearanceForm) -> Company:
            if isinstance(logo, InvalidValue):
                raise logo
            return intranet.change_appearance(db, intranet.ChangeAppearance(**form.command(), logo=logo))

        return await self._settings(
            request, "appearance", AppearanceForm, run=run, initial=("accent", "phone", "opening_hours")
        )

    @page("/website", needs=Action.LIST)
    async def website_page(self, request: Request) -> Response:
        """Two buttons ready to paste. Without scripts, a change is seen once it is saved."""
        return await self._settings(
            request,
            "website",
            ButtonForm,
            run=lambda db, form: intranet.change_button(db, intranet.ChangeButton(**form.command())),
            shown=lambda db, form: samples.Samples(button_of(db.get_one(Company, db.company_id), self._link(request))),
        )

    async def _settings(  # noqa: PLR0913 - what differs from tab to tab
        self,
        request: Request,
        tab: str,
        form_class: Any,
        *,
        run: Callable[[ScopedSession, Any], Any],
        initial: tuple[str, ...] = (),
        shown: Callable[[ScopedSession, Any], Any] | None = None,
    ) -> Response:
        may_edit = self.has_permission(request, Action.EDIT)
        if request.method == "POST" and not may_edit:
            raise HTTPException(403)
        company = await run_in_threadpool(self._company, request)
        button = button_of(company, self._link(request))
        values = {name: getattr(company, name) for name in initial} or asdict(button)
        context = {
            "tabs": [(self.address(path), _(label), path == tab) for path, label in TABS],
            "company": company,
            "may_edit": may_edit,
            "link": self._link(request),
        }
        return await self.command_page(
            request,
            Command(
                title=_(dict(TABS)[tab]),
                submit=_("Guardar"),
                form_class=form_class,
                run=lambda db, form: run(db, form) and _("Guardado."),
                back=self.address(tab),
                preview=shown,
                template=f"admin/intranet/{tab}.html",
                initial=values,
                context=context,
            ),
        )

    def _company(self, request: Request) -> Company:
        return read(request, lambda db: db.get_one(Company, db.company_id))

    def _link(self, request: Request) -> str:
        return installation_of(request).intranet(visit_of(request).company_slug)

    # What is asked while somebody types

    @page("/check", needs=Action.LIST, methods=("GET",))
    async def check(self, request: Request) -> Response:
        """Whether an address could be taken."""
        return JSONResponse(await run_in_threadpool(samples.judge_slug, request))

    @page("/buttons", needs=Action.LIST, methods=("GET",))
    async def buttons(self, request: Request) -> Response:
        """Both buttons with their HTML, as they would be."""
        company = await run_in_threadpool(self._company, request)
        try:
            button = samples.asked_button(request, button_of(company, self._link(request)))
        except InvalidValue as refusal:
            return JSONResponse({"detail": str(refusal), "field": refusal.field}, status_code=422)
        context = {"view": self, "preview": samples.Samples(button)}
        return HTMLResponse(render(request, "admin/intranet/_button_parts.html", context))

    @page("/button", needs=Action.LIST, methods=("GET",))
    async def button(self, request: Request) -> Response:
        """One button on a page of its own, exactly as another web would show it."""
        company = await run_in_threadpool(self._company, request)
        try:
            button = samples.asked_button(request, button_of(company, self._link(request)))
            shape = Shape(request.query_params.get("shape", Shape.FILLED))
        except (InvalidValue, ValueError) as error:
            raise HTTPException(404) from error
        return samples.showcase(button.html(shape))

    @page("/colours", needs=Action.LIST, methods=("GET",))
    async def colours(self, request: Request) -> Response:
        """A stylesheet with a colour as the intranet would use it, by day and by night."""
        return samples.colours(request)

    @page("/logo", needs=Action.LIST, methods=("GET",))
    async def logo(self, request: Request) -> Response:
        company = await run_in_threadpool(self._company, request)
        return await run_in_threadpool(samples.logo, request, company.logo_id)
