"""Pages of the back office, rendered by one synchronous Jinja environment with everything the frame around them needs.

SQLAdmin's own environment is asynchronous and asks for a hundred addresses a page; this one is plain.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from admin_views.formatters import FILTERS
from app.web import TEMPLATES, form_token, make_environment

VENDOR_VERSION = version("sqladmin")


@lru_cache
def environment() -> Environment:
    made = make_environment(TEMPLATES)
    made.globals |= {"vendor": vendor, "menu": menu}
    made.filters |= FILTERS
    return made


@lru_cache(maxsize=512)
def menu(groups: tuple[Any, ...]) -> Markup:
    """The links of the menu: the same markup for everybody with the same role in the same place."""
    return Markup(environment().get_template("admin/_menu.html").render(groups=groups))


def vendor(path: str) -> str:
    """The address of a file bundled with SQLAdmin, with its version so that browsers may keep it for ever."""
    return f"/admin/statics/{path}?v={VENDOR_VERSION}"


def render(request: Request, name: str, context: Mapping[str, Any] | None = None) -> str:
    """A page or a part of one. Safe in a thread."""
    frame = request.scope["frame"]
    return environment().get_template(name).render({"frame": frame, "csrf": form_token(request), **(context or {})})


class OfficeTemplates:
    """What SQLAdmin calls ``templates``; views of ours call it by the same name."""

    async def TemplateResponse(
        self, request: Request, name: str, context: dict[str, Any] | None = None, status_code: int = 200
    ) -> HTMLResponse:
        return HTMLResponse(render(request, name, context), status_code=status_code)
