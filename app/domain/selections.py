"""Which documents or contacts someone means: one, the ticked ones, a filtered search, or a range of numbers."""

import datetime as dt
import hashlib

from msgspec import Struct, field

from models.enums import DocumentKind


class DocumentFilter(Struct, frozen=True, kw_only=True):
    """What a list shows. ``state`` is a word of the list: a status, ``overdue``, ``expired``, or nothing.

    ``published``: only those with (or without) a live publication; drafts never count as unpublished.
    """

    kind: DocumentKind
    text: str = ""
    state: str = ""
    published: bool | None = None
    issued_from: dt.date | None = None
    issued_to: dt.date | None = None
    contact_id: int | None = None
    series_label: str = ""
    today: dt.date = field(default=dt.date.min)


class NumberRange(Struct, frozen=True, kw_only=True):
    series_label: str
    first: int
    last: int


class DocumentSelection(Struct, frozen=True, kw_only=True):
    """Exactly one of ``ids``, ``search`` and ``numbers``. ``label`` says it in Spanish, for batches and audit."""

    kind: DocumentKind
    label: str
    ids: tuple[int, ...] = ()
    search: DocumentFilter | None = None
    numbers: NumberRange | None = None


class ContactFilter(Struct, frozen=True, kw_only=True):
    """What a list of contacts shows. ``has_access``: only those that somebody may act for in the portal, or nobody.

    ``has_bounced``: only those with an address that mail came back from.
    """

    text: str = ""
    is_customer: bool | None = None
    is_supplier: bool | None = None
    has_access: bool | None = None
    has_email: bool | None = None
    has_bounced: bool = False
    archived: bool = False


class AccountFilter(Struct, frozen=True, kw_only=True):
    """What a list of portal accounts shows, or those of it that were ticked. ``state`` is where their person stands."""

    text: str = ""
    state: str = ""
    ids: tuple[int, ...] | None = None


class ContactSelection(Struct, frozen=True, kw_only=True):
    """Exactly one of ``ids``, ``search``, ``accounts`` and ``people``: contacts with all their people, or some people.

    ``accounts`` means their people, for whom they act. Each of ``people`` is a contact and the e-mail with which
    somebody enters, or would enter, for it. ``needing``: of all these, only who lacks a way in and can be given one.
    """

    label: str
    ids: tuple[int, ...] = ()
    search: ContactFilter | None = None
    accounts: AccountFilter | None = None
    people: tuple[tuple[int, str], ...] = ()
    needing: bool = False

    @property
    def fingerprint(self) -> str:
        """Tells it from selections of anything else, whatever they are called."""
        meant = (self.ids, self.search, self.accounts, self.people, self.needing)
        return hashlib.sha256(repr(meant).encode()).hexdigest()
