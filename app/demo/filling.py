"""What each sample company has: customers, articles, invoices, and what became of them."""

import datetime as dt
from decimal import Decimal

from msgspec import Struct, field
from sqlalchemy import select

from app.demo.catalogue import articles
from app.demo.companies import ADMIN_EMAIL, FERRER, TOSMA, draw_logo, furnish, stock
from app.demo.dice import Dice
from app.demo.history import History
from app.demo.invoices import Book, Planned
from app.demo.jobs import ENGINEERING, JOBS, RENT, Workshop
from app.demo.people import SHARED_EMAIL, Customer, People
from app.demo.rows import insert_all, insert_documents
from app.demo.timeline import Timeline, at
from app.domain.contacts import refold
from app.installation import Installation
from app.scope import ScopedSession
from app.texts import _, plural
from models import Company, Contact, Series, StaffUser, StoredFile
from models.enums import DocumentKind, DocumentStatus

INVOICES, CORRECTIONS = 3600, 26
FEW = (("company", 12), ("community", 4))
RENT_WITHHOLDING = Decimal(19)
PAID_AFTER = dt.timedelta(days=31)


class Filling(Struct, frozen=True, kw_only=True):
    """What filling a company needs: passwords as hashes, how many invoices, and files that were kept before."""

    installation: Installation
    company: Company
    timeline: Timeline
    demo_password: str
    nobody: str
    invoices: int
    files: dict[str, StoredFile] = field(default_factory=dict)

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

    book = Book(dice, filling.timeline, company, Workshop(dice, goods))
    planned = book.plan(customers, filling.invoices)
    until = book.published_until(planned)
    planned = sorted([*planned, *_visits(filling.timeline, demo, until)], key=lambda job: job.day)
    _settle_old(planned, demo, filling.timeline.today)
    series = _series(db, "FV")
    invoices = book.issue(planned, series)
    insert_documents(db, invoices)
    corrections = book.correct(invoices, _series(db, "R")[filling.timeline.years[-1]], CORRECTIONS)
    drafts = book.drafts(customers, series[filling.timeline.years[-1]])
    insert_documents(db, [*corrections, *drafts])
    _unfold(db, dice, filling, until)
    return _told(len(customers), len(invoices) + len(corrections))


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

    book = Book(dice, filling.timeline, company, Workshop(dice, goods), ENGINEERING)
    planned = book.plan(customers, filling.invoices // 40)
    invoices = book.issue(planned, _series(db, "FV"))
    insert_documents(db, invoices)
    _unfold(db, dice, filling, filling.timeline.today - dt.timedelta(days=20))
    return _told(len(customers), len(invoices))


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


def _series(db: ScopedSession, code: str) -> dict[int, Series]:
    found = db.scalars(select(Series).where(Series.kind == DocumentKind.INVOICE, Series.code == code))
    return {series.year: series for series in found if series.year is not None}


def _unfold(db: ScopedSession, dice: Dice, filling: Filling, until: dt.date) -> None:
    user_id = db.scalars(select(StaffUser.id).where(StaffUser.email == ADMIN_EMAIL)).one()
    history = History(db, dice, filling.timeline, user_id)
    history.unfold(until, nobody=filling.nobody, demo_password=filling.demo_password)


def _told(customers: int, invoices: int) -> str:
    return _("%(clientes)s y %(facturas)s.") % {
        "clientes": plural("%(n)s cliente", "%(n)s clientes", customers),
        "facturas": plural("%(n)s factura", "%(n)s facturas", invoices),
    }
