"""*API Key* in Mi configuración: keys for one's own programs, made with the password and shown once."""

import datetime as dt
from typing import Any

from msgspec import Struct
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import act, done, reading
from admin_views.auth import visit_of
from admin_views.base import OfficePage, page
from admin_views.command_page import Command
from admin_views.filters import whole
from admin_views.formatters import Sign
from admin_views.forms import OfficeForm, Pick, Strict, Tick, Whole
from admin_views.program_words import SCOPES, scopes_in_words
from admin_views.proving import Proof, prove_again
from admin_views.templating import render
from app import clock
from app.domain import api_keys
from app.domain.api_keys import CreateApiKey, NewKey, RotateApiKey
from app.domain.staff_access import Visit
from app.errors import NotFound
from app.scope import ScopedSession
from app.texts import _
from app.web import installation_of
from models import ApiKey, StaffUser
from models.enums import ApiScope, Role

HOME = "/admin/account/api"
SOON = dt.timedelta(days=14)

LIVES = {"30": "En 30 días", "90": "En 90 días", "365": "En un año", "730": "En dos años", "": "Nunca"}
OVERLAPS = {"0": "Nada, deja de servir ahora", "1": "Un día", "7": "Siete días", "30": "Treinta días"}

EXPIRED, EXPIRING = Sign("Caducada", "clock-x", "bad"), Sign("Caduca pronto", "clock", "warn")


def _permit(scope: ApiScope, **options: Any) -> Tick:
    label, hint = SCOPES[scope]
    return Tick(label, hint=hint, css="s3", **options)


class PasswordForm(OfficeForm):
    current = Proof("Su contraseña", required=True, css="s6", hint="Para saber que es usted")


class RotateForm(PasswordForm):
    overlap = Pick("La clave de antes sirve todavía", OVERLAPS, default="1", css="s6")


class KeyForm(PasswordForm):
    """The ticks are named as the scopes are; those that somebody's role does not allow are taken off."""

    name = Strict("Para qué programa", required=True, css="s6", attributes={"placeholder": "Tienda web"})
    read = _permit(ApiScope.READ, default=True)
    write = _permit(ApiScope.WRITE)
    issue = _permit(ApiScope.ISSUE)
    publish = _permit(ApiScope.PUBLISH)
    mail = _permit(ApiScope.MAIL)
    settings = _permit(ApiScope.SETTINGS)
    audit = _permit(ApiScope.AUDIT)
    webhooks = _permit(ApiScope.WEBHOOKS)
    life = Pick("Caduca", LIVES, default="365", css="s3")
    per_minute = Whole(
        "Peticiones por minuto",
        least=api_keys.FEWEST_REQUESTS,
        most=api_keys.MOST_REQUESTS,
        default=api_keys.USUAL_REQUESTS,
        required=True,
        css="s3",
    )

    def keep_to(self, role: Role) -> None:
        for scope in set(ApiScope) - api_keys.scopes_of(role):
            del self[scope.value]

    @property
    def permits(self) -> list[Any]:
        return [self[scope.value] for scope in ApiScope if scope.value in self]

    def create_command(self, user_id: int) -> CreateApiKey:
        values: dict[str, Any] = self.command()
        life = values["life"]
        return CreateApiKey(
            user_id=user_id,
            name=values["name"],
            scopes=[scope for scope in ApiScope if values.get(scope.value)],
            expires_at=clock.now() + dt.timedelta(days=int(life)) if life else None,
            per_minute=values["per_minute"],
        )


class ShownKey(Struct, frozen=True, kw_only=True):
    """A key as its list shows it. ``owner`` is empty for one's own."""

    key: ApiKey
    owner: str
    scopes: str
    sign: Sign | None
    overlaps_until: dt.datetime | None


class KeyPages(OfficePage):
    """What is done with a key, each on a page of its own; the list is a tab of whoever inherits this."""

    @page("/account/api/rotate/{pk}", needs="edit", identity="account")
    async def rotate_key(self, request: Request) -> Response:
        user_id = visit_of(request).user_id
        key = await run_in_threadpool(_found, request, user_id)
        command = Command(
            title=_("Regenerar %(nombre)s") % {"nombre": key.name},
            submit=_("Regenerar API Key"),
            form_class=RotateForm,
            ready=lambda form: prove_again(request, form.current, always=True),
            run=lambda db, form: api_keys.rotate_api_key(db, _rotate_command(key, user_id, form)),
            answer=lambda new: _reveal(self, request, new),
            back=HOME,
            template="admin/account/rotate_key.html",
        )
        return await self.command_page(request, command)

    @page("/account/api/revoke/{pk}", needs="edit", identity="account")
    async def revoke_key(self, request: Request) -> Response:
        whose = _whose(visit_of(request))
        key = await run_in_threadpool(_found, request, whose)

        def run(db: ScopedSession, form: OfficeForm) -> str:
            api_keys.revoke_api_key(db, key.id, whose)
            return _("%(nombre)s: revocada, ya no abre nada.") % {"nombre": key.name}

        command = Command(
            title=_("Revocar %(nombre)s") % {"nombre": key.name},
            submit=_("Revocar API Key"),
            form_class=OfficeForm,
            run=run,
            back=HOME,
            template="admin/account/revoke_key.html",
            destroys=True,
        )
        return await self.command_page(request, command)

    @page("/account/api/end-overlap/{pk}", needs="edit", methods=("POST",), identity="account")
    async def end_overlap(self, request: Request) -> Response:
        visit = visit_of(request)
        key = await run_in_threadpool(_found, request, visit.user_id)
        await run_in_threadpool(act, request, lambda db: api_keys.end_overlap(db, key.id, visit.user_id))
        return done(request, _("%(nombre)s: la clave de antes ya no abre nada.") % {"nombre": key.name}, HOME)


def making(view: OfficePage, request: Request) -> Command:
    """The tab: the keys there are and a form for another one."""
    visit = visit_of(request)
    return Command(
        title=_("API Key"),
        submit=_("Generar API Key"),
        form_class=KeyForm,
        prepare=lambda db, form: form.keep_to(visit.role),
        preview=lambda db, form: _shown_keys(db, visit),
        ready=lambda form: prove_again(request, form.current, always=True),
        run=lambda db, form: api_keys.create_api_key(db, form.create_command(visit.user_id)),
        answer=lambda new: _reveal(view, request, new),
        back=HOME,
        template="admin/account/api.html",
        context={"address": f"{installation_of(request).settings.base_url}/api/v1"},
    )


def _rotate_command(key: ApiKey, user_id: int, form: RotateForm) -> RotateApiKey:
    return RotateApiKey(key_id=key.id, user_id=user_id, overlap=dt.timedelta(days=int(form.overlap.data)))


def _whose(visit: Visit) -> int | None:
    """Whose keys somebody may see and revoke: one's own, of everybody who administers."""
    return None if visit.role is Role.ADMINISTRATOR else visit.user_id


def _found(request: Request, user_id: int | None) -> ApiKey:
    """The live key that the address names; anybody's when ``user_id`` is none. Runs in a thread; or ``NotFound``."""
    key_id = whole(request.path_params["pk"])
    with reading(request) as db:
        for key in api_keys.live_keys(db, user_id):
            if key.id == key_id:
                return key
    raise NotFound(_("esa clave"))


def _shown_keys(db: ScopedSession, visit: Visit) -> list[ShownKey]:
    """One's own first."""
    keys = api_keys.live_keys(db, _whose(visit))
    people = select(StaffUser.id, StaffUser.name).where(StaffUser.id.in_({key.user_id for key in keys}))
    owners = {row.id: row.name for row in db.execute(people)} | {visit.user_id: ""}
    return sorted((_shown(key, owners[key.user_id]) for key in keys), key=lambda one: one.owner)


def _shown(key: ApiKey, owner: str) -> ShownKey:
    now, sign = clock.now(), None
    if key.expires_at is not None and key.expires_at <= now + SOON:
        sign = EXPIRED if key.expires_at <= now else EXPIRING
    until = key.previous_until if key.previous_until and key.previous_until > now else None
    return ShownKey(key=key, owner=owner, scopes=scopes_in_words(key.scopes), sign=sign, overlaps_until=until)


def _reveal(view: OfficePage, request: Request, new: NewKey) -> Response:
    """The only time that a key is shown."""
    context = {"view": view, "new": new, "address": f"{installation_of(request).settings.base_url}/api/v1"}
    return HTMLResponse(render(request, "admin/account/new_key.html", context))
