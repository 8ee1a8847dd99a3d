"""Thousands of invoices over three years: planned day by day, settled by the rules of the house, numbered in order."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from app.demo.clerk import Clerk
from app.demo.dice import Dice
from app.demo.jobs import JOBS, MONTHLY, Job, Jobs, Workshop
from app.demo.people import Customer
from app.demo.timeline import Timeline, at
from app.domain.terms import first_uncovered
from app.domain.totals import settle
from app.money import cents
from models import DocumentLine, Invoice, Series
from models.enums import DocumentKind, DocumentStatus, PaymentMethod

LEFT_UNPUBLISHED = 50
LONGEST_UNPUBLISHED = dt.timedelta(days=20)
DRAFTS = 8
REASONS = (
    "Devolución de material sobrante",
    "Error en las horas facturadas",
    "Descuento acordado y no aplicado",
)


class Planned(Struct):
    """A job on a day. ``status`` says how it stands when chance should not."""

    day: dt.date
    customer: Customer
    job: Job
    status: DocumentStatus | None = None


class Book:
    """The invoices of one company."""

    def __init__(
        self, dice: Dice, timeline: Timeline, clerk: Clerk, workshop: Workshop, jobs: Jobs | None = None
    ) -> None:
        self.dice, self.timeline, self.clerk, self.workshop = dice, timeline, clerk, workshop
        self.jobs = jobs or JOBS

    def plan(self, customers: list[Customer], total: int) -> list[Planned]:
        """``total`` jobs in order: those under contract once a month, the rest where chance puts them."""
        planned = [job for customer in customers if customer.is_monthly for job in self._every_month(customer)]
        days = self.timeline.working_days
        often = [customer for customer in customers if customer.weight]
        weights = [customer.weight for customer in often]
        missing = max(total - len(planned), 0)
        chosen = self.dice.choices(often, weights, k=missing)
        for day, customer in zip(self.dice.choices(days, self.timeline.weights(), k=missing), chosen, strict=True):
            planned.append(Planned(day, customer, self.dice.choice(self.jobs[customer.segment])))
        return sorted(planned, key=lambda job: job.day)

    def _every_month(self, customer: Customer) -> Iterator[Planned]:
        job = customer.contract or MONTHLY[customer.segment]
        for first, _last in self.timeline.months():
            yield Planned(self.timeline.working_day_from(first), customer, job)

    def published_until(self, planned: list[Planned]) -> dt.date:
        """The last day whose invoices are published: the newest are for whoever tries the program."""
        newest = planned[-LEFT_UNPUBLISHED:] or planned
        return max(newest[0].day - dt.timedelta(days=1), self.timeline.today - LONGEST_UNPUBLISHED)

    def issue(self, planned: list[Planned], series: dict[int, Series]) -> list[Invoice]:
        """The invoices of a plan, numbered by the series of their year, which move on."""
        invoices, today = [], defaultdict[dt.date, int](int)
        for job in planned:
            today[job.day] += 1
            moment = at(job.day, 9) + dt.timedelta(minutes=11 * today[job.day])
            invoice = self._invoice(job)
            self.clerk.number(invoice, series[job.day.year], min(moment, at(self.timeline.today, 23)))
            self._stand(invoice, job)
            invoices.append(invoice)
        return invoices

    def correct(self, invoices: list[Invoice], series: Series, count: int) -> list[Invoice]:
        """Corrections by differences of some recent invoices, in a series of their own."""
        settled = [invoice for invoice in invoices[-400:-60] if invoice.status is DocumentStatus.PAID]
        originals = self.dice.sample(settled, min(count, len(settled)))
        planned = sorted(
            (
                (
                    self.timeline.working_day_from(original.issued_on + dt.timedelta(days=self.dice.randint(4, 25))),
                    original,
                )
                for original in originals
            ),
            key=lambda pair: (pair[0], pair[1].number_text),
        )
        return [self._correction(original, day, series) for day, original in planned if day.year == series.year]

    def drafts(self, customers: list[Customer], series: Series, count: int = DRAFTS) -> list[Invoice]:
        often = [customer for customer in customers if customer.weight]
        return [
            self._draft(Planned(self.timeline.today, customer, self.dice.choice(self.jobs[customer.segment])), series)
            for customer in self.dice.sample(often, count)
        ]

    def _draft(self, job: Planned, series: Series) -> Invoice:
        invoice = self._invoice(job)
        self.clerk.leave(invoice, series, at(self.timeline.today, 8, self.dice.randint(0, 59)))
        return invoice

    def _invoice(self, job: Planned) -> Invoice:
        contact = job.customer.contact
        lines = self.workshop.lines(contact.company_id, job.job, job.customer.segment, contact.has_surcharge)
        invoice: Invoice = self.clerk.write(DocumentKind.INVOICE, job.day, contact, lines, job.job.subject)
        return invoice

    def _stand(self, invoice: Invoice, job: Planned) -> None:
        invoice.status = job.status or self._status(invoice)
        if invoice.status is DocumentStatus.PAID:
            invoice.collected = invoice.payable
        elif invoice.status is DocumentStatus.PART_PAID:
            several = len(invoice.dues) > 1
            invoice.collected = invoice.dues[0].amount if several else cents(invoice.payable / 2)
        invoice.due_on = first_uncovered(invoice.dues, invoice.collected)

    def _status(self, invoice: Invoice) -> DocumentStatus:
        """Most old ones are paid; what falls due these weeks is in between."""
        if invoice.payable <= 0 or not invoice.dues:
            return DocumentStatus.ISSUED
        if invoice.payment_method in {PaymentMethod.CASH, PaymentMethod.CARD}:
            return DocumentStatus.PAID
        returned = 20 if invoice.payment_method is PaymentMethod.DIRECT_DEBIT else 0
        late = (self.timeline.today - invoice.dues[-1].day).days
        if late > 365:
            return DocumentStatus.PAID
        if late > 60:
            weights = (980, 4, returned // 2, 6)
        elif late > 0:
            weights = (810, 60, returned * 2, 130)
        elif invoice.dues[0].day < self.timeline.today:
            weights = (100, 600, returned, 300)
        else:
            weights = (120, 0, 0, 880)
        statuses = (DocumentStatus.PAID, DocumentStatus.PART_PAID, DocumentStatus.RETURNED, DocumentStatus.PENDING)
        return self.dice.choices(statuses, weights)[0]

    def _correction(self, original: Invoice, day: dt.date, series: Series) -> Invoice:
        line = self.dice.choice(original.lines)
        correction: Invoice = self.clerk.blank(DocumentKind.INVOICE, day, [_taken_back(line, self.dice)])
        for name in (
            "contact_id", "buyer_name", "buyer_tax_id", "buyer_address", "has_surcharge", "withholding_rate",
            "payment_method", "mentions",
        ):  # fmt: skip
            setattr(correction, name, getattr(original, name))
        correction.corrects_id, correction.corrects_text = original.id, original.number_text or ""
        correction.correction_reason = self.dice.choice(REASONS)
        correction.subject = f"Rectifica la factura {original.number_text}"
        settle(correction)
        correction.due_on = None
        correction.status = DocumentStatus.ISSUED
        self.clerk.number(correction, series, at(day, 13, series.next_number % 60))
        return correction


def _taken_back(line: DocumentLine, dice: Dice) -> DocumentLine:
    copied = ("company_id", "code", "concept", "unit_price", "discount_rate", "tax_kind", "tax_rate", "surcharge_rate")
    part = line.quantity if line.quantity <= 2 else Decimal(dice.randint(1, int(line.quantity) // 2))
    return DocumentLine(quantity=-part, exemption=line.exemption, **{name: getattr(line, name) for name in copied})
