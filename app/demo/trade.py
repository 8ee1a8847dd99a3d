"""What goes before and beside invoices: quotes, orders, work, deliveries and proformas, and what is bought."""

import datetime as dt
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import cycle
from typing import Any

from msgspec import Struct

from app.demo.clerk import Clerk
from app.demo.dice import Dice
from app.demo.invoices import Planned
from app.demo.jobs import MONTHLY, PURCHASES, Job, Jobs, Workshop
from app.demo.people import Customer
from app.demo.rows import insert_documents
from app.demo.timeline import Timeline, at
from app.domain.kinds import KINDS
from app.domain.totals import settle
from app.scope import ScopedSession
from models import Contact, DocumentLine, Invoice, Series
from models.enums import DocumentKind, DocumentStatus

Q, S, W = DocumentKind.QUOTE, DocumentKind.SALES_ORDER, DocumentKind.WORK_ORDER
D, F, P = DocumentKind.DELIVERY_NOTE, DocumentKind.PROFORMA, DocumentKind.PURCHASE_ORDER
Way = tuple[DocumentKind, ...]
"""Each made from the one before."""


class Custom(Struct, frozen=True):
    """How the customers of some segments are served: what leads to an invoice, and what has not yet.

    ``waiting``: a way, how many began it lately, and how many before.
    """

    segments: frozenset[str]
    ways: tuple[Way, ...]
    waiting: tuple[tuple[Way, int, int], ...]


SERVICES = Custom(
    frozenset({"person", "community", "company", "public"}),
    ((Q, W), (Q, W), (Q,), (W,), (W, D), (Q, W, D), (Q, F)),
    (((Q,), 12, 30), ((Q, Q), 2, 5), ((Q, W), 5, 2), ((W,), 8, 4), ((W, D), 4, 2), ((F,), 2, 3), ((F, F), 1, 1)),
)
GOODS = Custom(
    frozenset({"shop", "abroad", "builder"}),
    ((S, D), (S, D), (D,), (Q, S, D), (Q, S), (S, F)),
    (((Q,), 3, 6), ((S,), 6, 5), ((Q, S), 2, 1), ((S, D), 5, 4), ((D,), 4, 1)),
)
STUDIES = Custom(
    frozenset({"company", "community"}), ((Q,), (Q,), (Q, F)), (((Q,), 3, 6), ((Q, Q), 1, 1), ((F,), 1, 2))
)

_T = DocumentStatus
# Where what nothing was made from stands, in turn: of these weeks, and from before.
STANDS: dict[DocumentKind, tuple[Sequence[DocumentStatus], Sequence[DocumentStatus]]] = {
    Q: ((_T.ISSUED, _T.ISSUED, _T.ACCEPTED, _T.ISSUED), (_T.REJECTED, _T.ISSUED, _T.REJECTED)),
    S: ((_T.CONFIRMED, _T.ISSUED), (_T.DELIVERED, _T.CANCELLED)),
    W: ((_T.ISSUED, _T.ISSUED, _T.DONE), (_T.DONE, _T.CANCELLED, _T.DONE)),
    D: ((_T.DELIVERED, _T.ISSUED), (_T.DELIVERED, _T.CANCELLED)),
    F: ((_T.ISSUED,), (_T.ISSUED,)),
    P: ((_T.CONFIRMED, _T.ISSUED), (*[_T.RECEIVED] * 11, _T.CANCELLED)),
}
# Where the office puts what was followed by a proforma, which moves nothing by itself.
BY_HAND = {Q: _T.ACCEPTED, S: _T.DELIVERED}
# Working days until the next is made from it, and days until its own day.
UNTIL_NEXT = {Q: (7, 22), S: (3, 10), W: (2, 8), D: (1, 4), F: (2, 6)}
UNTIL_DAY = {Q: (30, 30), S: (6, 20), W: (2, 10), F: (15, 15), P: (4, 15)}
LONGEST = 45  # working days from a quote to the invoice
_COPIED = (
    "company_id", "code", "concept", "quantity", "unit_price", "discount_rate", "tax_kind", "tax_rate",
    "surcharge_rate", "exemption",
)  # fmt: skip
LATELY, SINCE = dt.timedelta(days=25), dt.timedelta(days=400)
BETTER = Decimal(5)  # per cent that a second version is cheaper
FRIDAY = 4
ROUTINE = frozenset(job.subject for job in MONTHLY.values())


class _Made(Struct, frozen=True):
    document: Any
    origin: Any = None


class Trade:
    """Written first, kept at the end: an invoice made from something has to know its id."""

    def __init__(self, dice: Dice, timeline: Timeline, clerk: Clerk, workshop: Workshop, jobs: Jobs) -> None:
        self.dice, self.timeline, self.clerk, self.workshop, self.jobs = dice, timeline, clerk, workshop, jobs
        self._days = timeline.working_days
        self._first = bisect_left(self._days, max(timeline.today - SINCE, dt.date(timeline.years[-2], 1, 1)))
        self._lately = bisect_left(self._days, timeline.today - LATELY)
        self._made: dict[DocumentKind, list[_Made]] = defaultdict(list)
        self._invoices: list[_Made] = []
        self._drafts: list[Any] = []
        self._stands = {kind: tuple(map(cycle, stands)) for kind, stands in STANDS.items()}

    def lead_to(self, jobs: Iterable[tuple[Planned, Invoice]], custom: Custom, count: int) -> None:
        """What some of the invoices came from."""
        able = [pair for pair in jobs if pair[0].customer.segment in custom.segments and self._was_ordered(*pair)]
        for job, invoice in self.dice.sample(able, min(count, len(able))):
            way = self.dice.choice(custom.ways)
            days = self._before(way, self._index(invoice.issued_on))
            origin = self._go(way, days, job.customer.contact, invoice.lines, invoice.subject)
            self._follow(_Made(invoice, origin))
            self._invoices.append(_Made(invoice, origin))

    def wait(self, customers: Sequence[Customer], custom: Custom, share: float) -> None:
        """What nothing has been invoiced of, or not yet; one of each kind is of today."""
        able = [customer for customer in customers if customer.weight and customer.segment in custom.segments]
        weights = [customer.weight for customer in able]
        lately, before = self._days[self._lately :], self._days[self._first + LONGEST : self._lately]
        for way, now, then in custom.waiting:
            for count, days in ((then, before), (now, lately)):
                for customer in self.dice.choices(able, weights, k=max(round(count * share), 1)):
                    self.open(way, customer, self.dice.choice(days))
        for kind in dict.fromkeys(way[-1] for way, _now, _then in custom.waiting):
            self.open((kind,), self.dice.choice(able), self._days[-1], DocumentStatus.ISSUED)

    def open(self, way: Way, customer: Customer, day: dt.date, status: DocumentStatus | None = None) -> None:
        """A way that has come to its last document on ``day``, standing like others of it unless ``status`` says."""
        job, contact = self.dice.choice(self.jobs[customer.segment]), customer.contact
        lines = self.workshop.lines(contact.company_id, job, customer.segment, contact.has_surcharge)
        days = [*self._before(way[:-1], self._index(day)), day]
        self._go(way, days, contact, lines, job.subject).status = status or self._standing(way[-1], day)

    def buy(self, suppliers: Sequence[Contact], count: int) -> None:
        days = [*self.dice.choices(self._days[self._first :], k=count), *self._days[-2:]]
        able = _purchases(suppliers)
        for day in days:
            supplier, job = self.dice.choice(able)
            lines = self.workshop.goods(supplier.company_id, job)
            self._go((P,), [day], supplier, lines, job.subject).status = self._standing(P, day)

    def begin(self, kinds: Iterable[DocumentKind], customers: Sequence[Customer], suppliers: Sequence[Contact]) -> None:
        """A draft of each kind."""
        able = [customer for customer in customers if customer.weight]
        for kind in kinds:
            if KINDS[kind].is_purchase:
                contact, job = self.dice.choice(_purchases(suppliers))
                lines = self.workshop.goods(contact.company_id, job)
            else:
                customer = self.dice.choice(able)
                contact, job = customer.contact, self.dice.choice(self.jobs[customer.segment])
                lines = self.workshop.lines(contact.company_id, job, customer.segment, contact.has_surcharge)
            self._drafts.append(self._write(kind, self.timeline.today, contact, lines, job.subject))

    def keep(self, db: ScopedSession, series: Mapping[tuple[DocumentKind, int], Series]) -> int:
        """Number and insert everything; the invoices learn what they were made from. How many there are."""
        for kind in KINDS:
            made = sorted(self._made[kind], key=lambda one: one.document.issued_on)
            self._number(made, series)
            for part in _generations(made, kind):
                _hand_down(part)
                insert_documents(db, [one.document for one in part])
        _hand_down(self._invoices)
        for draft in self._drafts:
            self.clerk.leave(draft, series[draft.kind, self.timeline.today.year], at(self.timeline.today, 8, 40))
            insert_documents(db, [draft])
        return sum(map(len, self._made.values())) + len(self._drafts)

    def _was_ordered(self, job: Planned, invoice: Invoice) -> bool:
        is_routine = job.job is job.customer.contract or job.job.subject in ROUTINE
        return not is_routine and self._index(invoice.issued_on) >= self._first + LONGEST

    def _go(
        self, way: Way, days: Sequence[dt.date], contact: Contact, lines: Sequence[DocumentLine], subject: str
    ) -> Any:
        """The last document of a way, each made from the one before on the day that is its turn."""
        last: Any = None
        for kind, day in zip(way, days, strict=True):
            document = self._write(kind, day, contact, [_twin(line) for line in lines], subject)
            if last is not None and last.kind is kind:
                document.discount_rate = BETTER
                settle(document)
            made = _Made(document, last)
            self._made[kind].append(made)
            self._follow(made)
            last = document
        return last

    def _write(
        self, kind: DocumentKind, day: dt.date, contact: Contact, lines: list[DocumentLine], subject: str
    ) -> Any:
        document = self.clerk.write(kind, day, contact, lines, subject)
        document.status = DocumentStatus.ISSUED
        if kind in UNTIL_DAY:
            document.due_on = _no_weekend(day + dt.timedelta(days=self.dice.randint(*UNTIL_DAY[kind])))
        return document

    @staticmethod
    def _follow(made: _Made) -> None:
        """Issuing it moved what it was made from."""
        origin = made.origin
        if origin is None:
            return
        origin.status = KINDS[origin.kind].becomes[made.document.kind] or BY_HAND.get(origin.kind, origin.status)

    def _number(self, made: Sequence[_Made], series: Mapping[tuple[DocumentKind, int], Series]) -> None:
        of_day = defaultdict[dt.date, int](int)
        for document in (one.document for one in made):
            day = document.issued_on
            of_day[day] += 1
            moment = at(day, 10) + dt.timedelta(minutes=7 * of_day[day])
            self.clerk.number(document, series[document.kind, day.year], min(moment, at(self.timeline.today, 23)))

    def _before(self, way: Way, index: int) -> list[dt.date]:
        """When the documents of a way were made that led to something on a working day."""
        days = []
        for kind in reversed(way):
            index -= self.dice.randint(*UNTIL_NEXT[kind])
            days.append(self._days[index])
        return days[::-1]

    def _standing(self, kind: DocumentKind, day: dt.date) -> DocumentStatus:
        lately, before = self._stands[kind]
        return next(lately if self._index(day) >= self._lately else before)

    def _index(self, day: dt.date) -> int:
        return bisect_left(self._days, day)


def _generations(made: Iterable[_Made], kind: DocumentKind) -> tuple[list[_Made], list[_Made]]:
    """Those that replace another of their kind, after the others."""
    first: list[_Made] = []
    versions: list[_Made] = []
    for one in made:
        (versions if one.origin is not None and one.origin.kind is kind else first).append(one)
    return first, versions


def _hand_down(made: Iterable[_Made]) -> None:
    for one in made:
        one.document.made_from_id = one.origin.id if one.origin is not None else None


def _purchases(suppliers: Sequence[Contact]) -> list[tuple[Contact, Job]]:
    return [(one, job) for one in suppliers for name, job in PURCHASES.items() if one.name.startswith(name)]


def _no_weekend(day: dt.date) -> dt.date:
    """``day``, or the Monday after it."""
    return day + dt.timedelta(days=7 - day.weekday() if day.weekday() > FRIDAY else 0)


def _twin(line: DocumentLine) -> DocumentLine:
    return DocumentLine(**{name: getattr(line, name) for name in _COPIED})
