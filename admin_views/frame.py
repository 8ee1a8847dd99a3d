"""What surrounds every page: the company, the menu of what the role allows, the person, one-time messages."""

from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from msgspec import Struct, field
from sqladmin.flash import get_flashed_messages
from starlette.requests import Request

from admin_views.auth import GRANTS
from admin_views.formatters import ROLES
from app.domain.staff_access import Visit
from app.installation import Installation
from app.texts import _
from models.enums import Role

# Bootstrap's word for each level of a message, in ours.
TONES = {"success": ("ok", "check"), "primary": ("info", "info-circle"), "warning": ("warn", "alert-triangle")}

CATEGORY_ICONS = {
    "Principal": "address-book",
    "Ventas": "file-invoice",
    "Compras": "shopping-cart",
    "Intranet": "world",
    "Correo": "mail",
    "Licencias PYMES": "key",
    "Administración": "building",
}


class Link(NamedTuple):
    name: str
    path: str
    icon: str
    is_current: bool


class Group(NamedTuple):
    """Links under one heading; a group without a name is one link on its own."""

    name: str
    icon: str
    links: tuple[Link, ...]
    is_current: bool


class Message(NamedTuple):
    text: str
    tone: str
    icon: str


class Frame(Struct, dict=True):
    """Made once per request by the door, read by the layout. Everything is worked out only if a page shows it.

    ``companies`` are those of somebody who has several, unless they are too many for a menu.
    """

    request: Request
    views: tuple[Any, ...]
    visit: Visit | None = None
    companies: list[Any] = field(default_factory=list)

    @property
    def menu(self) -> tuple[Group, ...]:
        """What the role may open, the current one marked."""
        here = "/".join(self.request.url.path.split("/")[:3])
        return _menu(self.views, self.visit.role, here) if self.visit else ()

    @property
    def is_home(self) -> bool:
        return self.request.url.path == "/admin/"

    @cached_property
    def messages(self) -> list[Message]:
        return [
            Message(found["message"], *TONES.get(found["category"], ("bad", "alert-circle")))
            for found in get_flashed_messages(self.request)
        ]

    @property
    def role(self) -> str:
        return _(ROLES[self.visit.role]) if self.visit else ""

    @property
    def intranet(self) -> str:
        """The address of the company's intranet, as customers are told."""
        installation: Installation = self.request.scope["installation"]
        return installation.intranet(self.visit.company_slug) if self.visit else ""

    @property
    def company_id(self) -> int:
        return self.visit.company_id if self.visit else 0


@lru_cache(maxsize=512)
def _menu(views: tuple[Any, ...], role: Role, here: str) -> tuple[Group, ...]:
    """By role and place: the same for everybody who has them."""
    shown = [view for view in views if _is_open(view, role)]
    groups: list[Group] = []
    for category, together in groupby(shown, key=lambda view: view.category):
        links = tuple(_link(view, here) for view in together)
        if category:
            current = any(link.is_current for link in links)
            groups.append(Group(_(category), CATEGORY_ICONS.get(category, "folder"), links, current))
        else:
            groups += [Group("", link.icon, (link,), link.is_current) for link in links]
    return tuple(groups)


def _is_open(view: Any, role: Role) -> bool:
    """The same answer as ``is_accessible`` gives inside a request."""
    return any((view.identity, str(action)) in GRANTS[role] for action in view._authorization_actions())


def _link(view: Any, here: str) -> Link:
    return Link(_(view.name_plural or view.name), view.home, view.icon, here == f"/admin/{view.identity}")
