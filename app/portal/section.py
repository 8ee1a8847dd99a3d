"""What a section of the portal is made of: the words of one kind of document, and the states its customers see."""

from typing import NamedTuple

from msgspec import Struct

from app.domain.folding import fold
from app.domain.queries.customer_rows import Standing
from app.texts import _


class State(NamedTuple):
    """A state as a page shows it: the word, and the class that gives it colour and shape."""

    word: str
    style: str


class Shown(Struct, frozen=True):
    """A state and the documents that are in it.

    ``says`` goes below the amount; ``until`` takes its place, and the document's day follows, while that day matters.
    """

    word: str
    style: str
    standing: Standing
    says: str = ""
    until: str = ""

    @property
    def state(self) -> State:
        """In the reader's language."""
        return State(_(self.word), self.style)


class Waits(Struct, frozen=True, kw_only=True):
    """How what waits for the customer is told. ``asked`` is the state that the list is asked for to show it."""

    heading: str
    badge: str
    count: tuple[str, str]
    more: tuple[str, str]
    asked: str


class Home(Struct, frozen=True, kw_only=True):
    """What the summary says to whom nothing waits for."""

    nothing: str
    promise: str
    see: str


class Agreeing(Struct, frozen=True, kw_only=True):
    """What is said alike of all kinds whose noun is of one gender. ``caption`` is of a list, ``%s`` its heading."""

    caption: str
    issued_on: str
    newest: str
    older: str


class Section(Struct, frozen=True, kw_only=True):
    """The words that ``KINDS`` does not have, each a message of its own as there.

    ``asked_first`` can be asked for before the states, but is shown of no document; ``unasked`` the other way round.
    """

    heading: str
    none_found: str
    see_all: str
    words: Agreeing
    states: tuple[Shown, ...]
    asked_first: tuple[tuple[str, Standing], ...] = ()
    unasked: frozenset[str] = frozenset()

    @property
    def asked(self) -> dict[str, tuple[str, Standing]]:
        """What the list can be asked for: word and meaning, by the value in the address."""
        shown = ((each.word, each.standing) for each in self.states if each.word not in self.unasked)
        return {fold(word).replace(" ", "-"): (word, standing) for word, standing in (*self.asked_first, *shown)}
