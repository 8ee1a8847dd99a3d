"""What each sample company has: customers, articles, invoices, and what became of them."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct, field
from sqlalchemy import select

from app.demo.catalogue import Article, articles
from app.demo.clerk import Clerk
from app.demo.companies import ADMIN_EMAIL, FERRER, TOSMA, draw_logo, furnish, stock
from app.demo.dice import Dice
from app.demo.history import History
from app.demo.invoices import Book, Planned
from app.demo.jobs import ENGINEERING, JOBS, RENT, Jobs, Workshop
from app.demo.people import SHARED_EMAIL, Customer, People
from app.demo.rows import insert_all, insert_documents
from app.demo.timeline import Timeline, at
from app.demo.trade import GOODS, SERVICES, STUDIES, D, F, Q, S, Trade, W
from app.domain.contacts import refold
from app.domain.kinds import KINDS
from app.installation import Installation
from app.scope import ScopedSession
from app.texts import _, plural
from models import Company, Contact, Series, StaffUser, StoredFile
from models.enums import DocumentKind, DocumentStatus

INVOICES, CORRECTIONS = 3600, 26
FEW = (("company", 12), ("community", 4))
RENT_WITHHOLDING = Decimal(19)
PAID_AFTER = dt.timedelta(days=31)
BESIDE_INVOICES = [kind for kind in KINDS if kind is not DocumentKind.INVOICE]


class Filling(Struct, frozen=True, kw_only=True):
    """What filling a company needs: passwords as hashes, how many invoices, and files that were kept before."""

    installation: Installation
    company: Company
    timeline: Timeline
    demo_password: str
    nobody: str
    invoices: int
    files: dict[str, StoredFile] = field(default_factory=dict)

    @property
    def share(self) -> float:
        return self.invoices / INVOICES

    def scaled(self, count: int) -> int:
        """So many in the whole sample; less in a small one, but some."""
        return max(round(count * self.share), 1)

    def keep_files(self) -> None:
        """Files are written before the transaction that names them."""
        self.files["logo"] = draw_logo(self.installation, self.company.id)

    @property
    def since(self) -> dt.datetime:
        return at(self.timeline.working_days[0], 8)


def fill_tosma(db: ScopedSession, filling: Filling) -> str:
    """Three hundred customers, suppliers, articles and thousands of invoices; the newest are still to be published."""
    dice, company = Dice("Electricidad Tosma"), filling.company
    furnish(db, company, TOSMA, filling.files["logo"])
    goods = articles()
    stock(db, company, goods, filling.since)
    people = People(dice, company.id)
    demo = people.demo_customer()
    customers = [demo, *people.customers()]
    _arrange(demo, customers)
    suppliers = list(people.suppliers())
    _insert_contacts(db, filling, [customer.contact for customer in customers] + suppliers)

    clerk = Clerk(company)
    book = Book(dice, filling.timeline, clerk, Workshop(dice, goods))
    planned = book.plan(customers, filling.invoices)
    until = book.published_until(planned)
    planned = sorted([*planned, *_visits(filling.timeline, demo, until)], key=lambda job: job.day)
    _settle_old(planned, demo, filling.timeline.today)
    series = _series(db)
    invoices = book.issue(planned, _of_invoices(series))
    trade = _trade(filling, clerk, goods, JOBS)
    jobs = list(zip(planned, invoices, strict=True))
    trade.lead_to([pair for pair in jobs if pair[0].customer is demo], SERVICES, len(jobs))
    jobs = [pair for pair in jobs if pair[0].customer is not demo]
    for custom, led in ((SERVICES, 64), (GOODS, 22)):
        trade.lead_to(jobs, custom, filling.scaled(led))
        trade.wait(customers, custom, filling.share)
    _wait_for(trade, demo, filling.timeline, until)
    trade.buy(suppliers, filling.scaled(54))
    trade.begin(BESIDE_INVOICES, customers, suppliers)
    others = trade.keep(db, series)
    insert_documents(db, invoices)
    corrections = book.correct(invoices, _of_corrections(db), CORRECTIONS)
    drafts = book.drafts(customers, series[DocumentKind.INVOICE, filling.timeline.years[-1]])
    insert_documents(db, [*corrections, *drafts])
    _unfold(db, dice, filling, until, BESIDE_INVOICES)
    return _told(len(customers), len(invoices) + len(corrections), others)


def fill_ferrer(db: ScopedSession, filling: Filling) -> str:
    """A professional on her own: few customers, withholding on every invoice to a business."""
    dice, company = Dice("Ferrer Ingeniería"), filling.company
    furnish(db, company, FERRER, None)
    goods = [article for article in articles() if article.is_labour]
    stock(db, company, goods, filling.since)
    customers = list(People(dice, company.id).customers(FEW))
    for customer in customers:
        customer.is_monthly = False
        customer.contact.withholding_rate = FERRER.withholding
    _insert_contacts(db, filling, [customer.contact for customer in customers])

    clerk = Clerk(company)
    book = Book(dice, filling.timeline, clerk, Workshop(dice, goods), ENGINEERING)
    planned = book.plan(customers, filling.invoices // 40)
    series = _series(db)
    invoices = book.issue(planned, _of_invoices(series))
    trade = _trade(filling, clerk, goods, ENGINEERING)
    trade.lead_to(zip(planned, invoices, strict=True), STUDIES, filling.scaled(9))
    trade.wait(customers, STUDIES, filling.share)
    others = trade.keep(db, series)
    insert_documents(db, invoices)
    until = filling.timeline.today - dt.timedelta(days=20)
    _unfold(db, dice, filling, until, (DocumentKind.QUOTE, DocumentKind.PROFORMA))
    return _told(len(customers), len(invoices), others)


def _arrange(demo: Customer, customers: list[Customer]) -> None:
    """The cases worth meeting: a contract, an e-mail that two share, rents with withholding."""
    demo.is_monthly = True
    first, second = [customer for customer in customers if customer.segment == "community"][:2]
    for sharing in (first, second):
        sharing.contact.email, sharing.weight = SHARED_EMAIL, 6
        refold(sharing.contact)
    tenants = [customer for customer in customers if customer.segment == "company" and customer is not demo][:2]
    for tenant in tenants:
        tenant.contact.withholding_rate = RENT_WITHHOLDING
        tenant.contract, tenant.is_monthly, tenant.weight = RENT, True, 0


def _visits(timeline: Timeline, demo: Customer, until: dt.date) -> list[Planned]:
    """What the sample customer was invoiced beside the contract, up to one that is overdue and one still to be paid."""
    days = [day for day in timeline.working_days if day <= until]
    jobs = JOBS["company"]
    past = [Planned(days[len(days) * turn // 6], demo, jobs[turn % len(jobs)]) for turn in range(1, 5)]
    overdue = max(day for day in days if day <= until - dt.timedelta(days=60))
    return [
        *past,
        Planned(overdue, demo, jobs[3], DocumentStatus.PENDING),
        Planned(days[-1], demo, jobs[4], DocumentStatus.PENDING),
    ]


def _settle_old(planned: list[Planned], demo: Customer, today: dt.date) -> None:
    """But for that one, the sample customer pays on time."""
    for job in planned:
        if job.customer is demo and job.status is None:
            job.status = DocumentStatus.PAID if job.day + PAID_AFTER < today else DocumentStatus.PENDING


def _insert_contacts(db: ScopedSession, filling: Filling, contacts: list[Contact]) -> None:
    for contact in contacts:
        contact.created_at = filling.since
    insert_all(db, contacts)


def _series(db: ScopedSession) -> Mapping[tuple[DocumentKind, int], Series]:
    """Of each kind and year; corrections have one of their own."""
    found = db.scalars(select(Series).where(Series.is_corrective.is_(False)))
    return {(series.kind, series.year): series for series in found if series.year is not None}


def _of_invoices(series: Mapping[tuple[DocumentKind, int], Series]) -> dict[int, Series]:
    return {year: one for (kind, year), one in series.items() if kind is DocumentKind.INVOICE}


def _of_corrections(db: ScopedSession) -> Series:
    return db.scalars(select(Series).where(Series.is_corrective)).one()


def _trade(filling: Filling, clerk: Clerk, goods: list[Article], jobs: Jobs) -> Trade:
    """With dice of its own: what is invoiced stays the same whatever goes before."""
    dice = Dice(f"{filling.company.name}, pedidos")
    return Trade(dice, filling.timeline, clerk, Workshop(dice, goods), jobs)


def _wait_for(trade: Trade, demo: Customer, timeline: Timeline, until: dt.date) -> None:
    """What the sample customer finds published: something to answer, to expect, to look up."""
    for days, way, status in (
        (0, (Q,), DocumentStatus.ISSUED),
        (1, (S,), DocumentStatus.CONFIRMED),
        (3, (F,), DocumentStatus.ISSUED),
        (5, (Q, W), DocumentStatus.ISSUED),
        (12, (S, D), DocumentStatus.DELIVERED),
        (75, (Q,), DocumentStatus.ISSUED),
        (130, (Q,), DocumentStatus.REJECTED),
    ):
        trade.open(way, demo, timeline.working_day_to(until - dt.timedelta(days=days)), status)


def _unfold(db: ScopedSession, dice: Dice, filling: Filling, until: dt.date, kinds: Iterable[DocumentKind]) -> None:
    user_id = db.scalars(select(StaffUser.id).where(StaffUser.email == ADMIN_EMAIL)).one()
    history = History(db, dice, filling.timeline, user_id)
    history.unfold(until, kinds, nobody=filling.nobody, demo_password=filling.demo_password)


def _told(customers: int, invoices: int, others: int) -> str:
    return _("%(clientes)s, %(facturas)s y %(otros)s.") % {
        "clientes": plural("%(n)s cliente", "%(n)s clientes", customers),
        "facturas": plural("%(n)s factura", "%(n)s facturas", invoices),
        "otros": plural("%(n)s documento más", "%(n)s documentos más", others),
    }
