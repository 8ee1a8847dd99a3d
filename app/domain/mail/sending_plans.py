"""Who would get which documents by mail, worked out before anything is sent: the dry run, and what is then done."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import Any

from msgspec import Struct

from app.domain.mail.addressing import read_people
from app.domain.mail.bounces import bounced_among
from app.domain.mail.enclosures import MOST_DOCUMENTS, MOST_OCTETS, TO_PRINT
from app.domain.previewing import NAMES, Named, Names
from app.domain.queries.addressees import Addressee, addresses_of, meant_for
from app.domain.queries.sendable import acted_for, sendable_documents, sent_among
from app.domain.selections import DocumentSelection
from app.domain.templates import find_default
from app.errors import Refusal
from app.scope import ScopedSession
from app.texts import _
from models.enums import DocumentStatus

MOST_SENT = 5000


class Grouping(StrEnum):
    """What makes a dispatch: each document, or all documents of a customer."""

    DOCUMENT = "document"
    CUSTOMER = "customer"


class Wishes(Struct, frozen=True, kw_only=True):
    """``to`` none: each contact's own addresses for these documents. ``template_version_id`` none: as it is published,
    or would be. ``octets`` are those of the other files of each dispatch.
    """

    selection: DocumentSelection
    grouping: Grouping = Grouping.DOCUMENT
    to: tuple[Addressee, ...] | None = None
    template_version_id: int | None = None
    has_links: bool = False
    octets: int = 0


class PlannedDocument(Struct, frozen=True, kw_only=True):
    id: int
    number: str
    version_id: int | None
    total: Decimal
    currency: str
    size: int


class PlannedDispatch(Struct, frozen=True, kw_only=True):
    contact_id: int
    name: str
    language: str
    to: tuple[Addressee, ...]
    documents: tuple[PlannedDocument, ...]

    @property
    def octets(self) -> int:
        return sum(document.size for document in self.documents)


class Plan(Struct, frozen=True, kw_only=True):
    """``dispatches`` in the order in which they would leave. What is left out is counted or named, and why.

    ``is_asked``: their readers were asked for, so that nobody need be shown them.
    ``without_access``: contacts whose links lead to an intranet that nobody may enter for them. ``sent_before`` counts
    documents of the plan that somebody has sent by mail already.
    """

    dispatches: tuple[PlannedDispatch, ...]
    is_asked: bool = False
    drafts: int = 0
    unpublished: int = 0
    without_email: Names = Names()
    too_large: Names = Names()
    without_access: Names = Names()
    bounced: tuple[str, ...] = ()
    sent_before: int = 0

    @property
    def documents(self) -> int:
        return sum(len(one.documents) for one in self.dispatches)

    @property
    def customers(self) -> int:
        return len({one.contact_id for one in self.dispatches})

    @property
    def amount(self) -> Decimal:
        """Of those in euros."""
        found = (each.total for one in self.dispatches for each in one.documents if each.currency == "EUR")
        return sum(found, Decimal("0.00"))

    @property
    def fingerprint(self) -> str:
        """The same for the same documents to the same addresses, where those are not asked for."""
        shown = [() if self.is_asked else [reader.email for reader in one.to] for one in self.dispatches]
        meant = [
            (one.contact_id, to, [each.id for each in one.documents])
            for one, to in zip(self.dispatches, shown, strict=True)
        ]
        return f"{len(self.dispatches)}.{hashlib.sha256(repr(meant).encode()).hexdigest()[:40]}"


class TooManyDocuments(Refusal):
    code = "too_many_documents"

    def __init__(self) -> None:
        sentence = _("Son más de %(n)s documentos: envíelos en varias veces.")
        super().__init__(sentence % {"n": f"{MOST_SENT:,}".replace(",", ".")})


def plan_sending(db: ScopedSession, wishes: Wishes) -> Plan:
    """What sending would do now. A few queries, and Python for each of five thousand at most.

    Raises ``TooManyDocuments``, and ``InvalidValue`` for an address that is none.
    """
    rows = sendable_documents(db, wishes.selection, MOST_SENT + 1)
    if len(rows) > MOST_SENT:
        raise TooManyDocuments
    issued = [row for row in rows if row.status != DocumentStatus.DRAFT]
    meant = [row for row in issued if not wishes.has_links or row.live_version is not None]
    planned = list(_dispatches(db, wishes, meant))
    reached = [one for one in planned if one.to]
    fitting = [one for one in reached if _fits(one, wishes)]
    return Plan(
        dispatches=tuple(fitting),
        is_asked=wishes.to is not None,
        drafts=len(rows) - len(issued),
        unpublished=len(issued) - len(meant),
        without_email=_names(one for one in planned if not one.to),
        too_large=_names(one for one in reached if not _fits(one, wishes)),
        without_access=_without_access(db, fitting) if wishes.has_links else Names(),
        bounced=tuple(sorted(bounced_among(db, [reader.email for one in fitting for reader in one.to]))),
        sent_before=sent_among(db, [document.id for one in fitting for document in one.documents]),
    )


def _dispatches(db: ScopedSession, wishes: Wishes, rows: Sequence[Any]) -> Iterator[PlannedDispatch]:
    contact_ids = list(dict.fromkeys(row.contact_id for row in rows))
    addresses = addresses_of(db, contact_ids) if wishes.to is None else {}
    asked = None if wishes.to is None else read_people(wishes.to, "to")
    default = find_default(db)
    default_id = default.id if default is not None else None
    for contact_id, theirs in groupby(rows, key=lambda row: row.contact_id):
        to = asked
        if to is None:
            to = meant_for(wishes.selection.kind, addresses.get(contact_id, ()))
        found = list(theirs)
        parts = [found] if wishes.grouping is Grouping.CUSTOMER else [[row] for row in found]
        for part in parts:
            yield PlannedDispatch(
                contact_id=contact_id,
                name=part[0].name,
                language=part[0].language,
                to=to,
                documents=tuple(_document(row, wishes, default_id) for row in part),
            )


def _document(row: Any, wishes: Wishes, default_id: int | None) -> PlannedDocument:
    """An imported one goes as the PDF it came with; any other as it was published, or as it was asked for."""
    version_id = wishes.template_version_id or row.live_version or default_id
    printed = row.live_size if version_id == row.live_version else None
    return PlannedDocument(
        id=row.id,
        number=row.number_text,
        version_id=version_id,
        total=row.total,
        currency=row.currency,
        size=row.brought_size or printed or TO_PRINT,
    )


def _fits(planned: PlannedDispatch, wishes: Wishes) -> bool:
    if wishes.has_links:
        return True
    return len(planned.documents) <= MOST_DOCUMENTS and planned.octets + wishes.octets <= MOST_OCTETS


def _names(planned: Iterable[PlannedDispatch]) -> Names:
    """By contact: of those left out, and how many documents each."""
    found: dict[int, list[PlannedDispatch]] = defaultdict(list)
    for one in planned:
        found[one.contact_id].append(one)
    named = [
        Named(contact_id, theirs[0].name, documents=sum(len(one.documents) for one in theirs))
        for contact_id, theirs in found.items()
    ]
    return Names(len(named), sum(one.documents for one in named), tuple(named[:NAMES]))


def _without_access(db: ScopedSession, planned: Sequence[PlannedDispatch]) -> Names:
    acting = acted_for(db, sorted({one.contact_id for one in planned}))
    return _names(one for one in planned if one.contact_id not in acting)
