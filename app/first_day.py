"""The page behind the one-time address of the first day: a company and its administrator."""

from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache

from jinja2 import Environment
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from app.domain import fields, setting_up
from app.domain.companies import OpenCompany
from app.domain.passwords import check_password
from app.errors import InvalidValue, NotFound, Refusal
from app.scope import SYSTEM, Actor
from app.secrets import hash_password
from app.texts import _
from app.web import TEMPLATES, form_token, installation_of, make_environment

SHORTEST_PASSWORD = 12
FIELDS = (
    *("company_name", "tax_id", "address", "postcode", "city", "province", "slug"),
    *("name", "email", "password", "password_again"),
)


class Typed(Struct, frozen=True):
    """The form as somebody filled it in, and what is wrong with it by field; ``""`` is the form as a whole."""

    values: dict[str, str]
    errors: dict[str, str]


@lru_cache
def _environment() -> Environment:
    return make_environment(TEMPLATES)


async def show(request: Request) -> Response:
    if request.method == "GET":
        return await run_in_threadpool(_ask, request, Typed(dict.fromkeys(FIELDS, ""), {}), 200)
    form = await request.form()
    values = {name: text if isinstance(text := form.get(name, ""), str) else "" for name in FIELDS}
    return await run_in_threadpool(_set_up, request, values)


def _ask(request: Request, typed: Typed, status: int) -> Response:
    token = request.path_params["token"]
    with installation_of(request).database.read(SYSTEM) as db:
        if not setting_up.stands(db, token):
            raise NotFound
    page = _environment().get_template("setup/form.html")
    context = {"action": request.url.path, "csrf": form_token(request), "base": installation_of(request).link("/in/")}
    errors = defaultdict(str, typed.errors)
    return HTMLResponse(page.render(values=typed.values, errors=errors, **context), status_code=status)


def _set_up(request: Request, values: dict[str, str]) -> Response:
    """Check, hash with no transaction open, then do it; what is refused is shown again with what was typed."""
    errors: dict[str, str] = {}
    checked = _checked(values, errors)
    if errors:
        return _ask(request, Typed(_without_passwords(values), errors), 422)
    command = setting_up.SetUp(
        token=request.path_params["token"],
        company=OpenCompany(
            name=checked["company_name"],
            tax_id=checked["tax_id"],
            address=checked["address"],
            postcode=checked["postcode"],
            city=checked["city"],
            province=checked["province"],
            slug=checked["slug"],
        ),
        name=checked["name"],
        email=checked["email"],
        password_hash=hash_password(checked["password"]),
    )
    try:
        installation_of(request).database.run(SYSTEM, lambda db: setting_up.set_up(db, command), Actor(checked["name"]))
    except NotFound:
        raise
    except Refusal as refusal:
        return _ask(request, Typed(_without_passwords(values), {refusal.field or "": str(refusal)}), refusal.status)
    return RedirectResponse("/admin/login?creada=1", status_code=303)


def _checked(values: dict[str, str], errors: dict[str, str]) -> dict[str, str]:
    """Every field by its schema; the sentence of each that breaks it goes into ``errors``."""
    rules: dict[str, Callable[[str], str]] = {
        "company_name": lambda text: fields.line(text, "", required=True),
        "tax_id": lambda text: fields.tax_id(text, "", required=True),
        "address": lambda text: fields.line(text, "", required=True),
        "postcode": lambda text: fields.line(text, "", most=10, required=True),
        "city": lambda text: fields.line(text, "", required=True),
        "province": lambda text: fields.line(text, ""),
        "slug": lambda text: fields.slug(text, "") if text.strip() else "",
        "name": lambda text: fields.line(text, "", required=True),
        "email": lambda text: fields.email(text, "", required=True),
        "password": lambda text: _password(values),
        "password_again": lambda text: _again(values),
    }
    checked = {}
    for name, rule in rules.items():
        try:
            checked[name] = rule(values[name])
        except InvalidValue as invalid:
            errors[name] = str(invalid)
    return checked


def _password(values: dict[str, str]) -> str:
    words = [values["company_name"], values["name"], values["email"]]
    return check_password(values["password"], "password", least=SHORTEST_PASSWORD, words=words)


def _again(values: dict[str, str]) -> str:
    if values["password"] != values["password_again"]:
        raise InvalidValue(_("No coincide con la contraseña."))
    return ""


def _without_passwords(values: dict[str, str]) -> dict[str, str]:
    return values | {"password": "", "password_again": ""}


routes = [Route("/admin/alta/{token}", show, methods=["GET", "POST"], name="set_up")]
