"""Which sections a customer has, and how they fit into the bar of a phone."""

from collections.abc import Mapping
from typing import NamedTuple

from app.domain.kinds import KINDS
from app.portal.sections import SECTIONS, WAITS
from app.portal.visitors import Person
from app.texts import _
from models.enums import DocumentKind

# A thumb does not find more on a phone: the summary, some sections, the own profile and the way out.
MOST_IN_BAR = 5
_SUMMARY = 1
_OWN = 2


class Tab(NamedTuple):
    """A section on every page: how many things wait in it, and for what. ``is_aside`` does not fit into the bar."""

    slug: str
    heading: str
    waiting: int
    badge: str
    is_aside: bool


def home_of(person: Person) -> DocumentKind:
    """The kind of document this customer is here for: its section is there before the first of them."""
    return DocumentKind.PURCHASE_ORDER if person.is_supplier else DocumentKind.INVOICE


def tabs(person: Person, waiting: Mapping[DocumentKind, int]) -> list[Tab]:
    """Home, and every kind there is: those are the keys of ``waiting``."""
    home = home_of(person)
    kinds = [home, *(kind for kind in SECTIONS if kind in waiting and kind != home)]
    room = MOST_IN_BAR - _SUMMARY
    own = 0 if person.is_preview else _OWN
    fitting = len(kinds) if len(kinds) + own <= room else room - 1
    return [_tab(kind, waiting.get(kind, 0), position >= fitting) for position, kind in enumerate(kinds)]


def _tab(kind: DocumentKind, waiting: int, is_aside: bool) -> Tab:
    badge = _(WAITS[kind].badge) if kind in WAITS else ""
    return Tab(KINDS[kind].slug, _(SECTIONS[kind].heading), waiting, badge, is_aside)
