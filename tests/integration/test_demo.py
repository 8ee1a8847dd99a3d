"""The sample company: whole, consistent, the same for everybody, and loaded once."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload, selectinload
from stdnum import iban
from stdnum.es import nif

from app import clock
from app.adapters.formats import read_file
from app.demo.companies import ADMIN_EMAIL, TOSMA
from app.demo.loading import NotForDemonstration, load_demo
from app.demo.people import DEMO_EMAIL, SHARED_EMAIL
from app.domain.api_keys import find_program
from app.domain.folding import fold
from app.domain.invariants import violations
from app.domain.kinds import KINDS
from app.domain.staff_access import find_credentials
from app.installation import Installation, open_installation
from app.scope import SYSTEM, CompanyScope
from app.secrets import password_matches
from app.settings import Settings
from models import (
    Batch,
    Company,
    Contact,
    Document,
    DocumentEvent,
    Invoice,
    OutgoingMail,
    PortalAccount,
    Product,
    Publication,
    Quote,
    Series,
)
from models.document import STATUSES
from models.enums import ApiScope, DocumentKind, DocumentStatus, MailStatus, Origin

FEW = 60

TO_IMPORT = Path(__file__).parents[2] / "docs" / "samples" / "facturas-de-tosma.xml"


def demonstration(installation: Installation) -> Installation:
    return replace(installation, settings=replace(installation.settings, demo=True))


@pytest.fixture
def demo(installation) -> Installation:
    """An installation for the sample, still without it."""
    return demonstration(installation)


@pytest.fixture(scope="module")
def sample(sqlite_databases, tmp_path_factory) -> Iterator[Installation]:
    """The whole sample, loaded once for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("sample")
    with sqlite_databases.migrated() as url:
        settings = Settings(
            data_dir=folder,
            database_url=url,
            base_url="http://127.0.0.1:8000",
            storage_url=(folder / "files").as_uri(),
            secret_keys=("a key of forty characters for tests only",),
        )
        installation = demonstration(open_installation(settings))
        load_demo(installation, lambda line: None)
        yield installation
        installation.database.engine.dispose()


def load(demo: Installation, **options) -> list[str]:
    """What loading says, line by line."""
    told: list[str] = []
    load_demo(demo, told.append, **{"invoices": FEW} | options)
    return told


def company_id(demo: Installation, tax_id: str = TOSMA.opening.tax_id) -> int:
    with demo.database.read(SYSTEM) as db:
        return db.scalars(select(Company.id).where(Company.tax_id == tax_id)).one()


def figures(demo: Installation) -> dict[str, int]:
    with demo.database.read(SYSTEM) as db:
        return {
            cls.__name__: db.scalar(select(func.count()).select_from(cls))
            for cls in (Company, Contact, Product, Document, Publication, Batch, OutgoingMail, DocumentEvent)
        }


def wrong_with(demo: Installation) -> list[str]:
    with demo.database.read(SYSTEM) as db:
        companies = db.scalars(select(Company.id)).all()
    found = []
    for company in companies:
        with demo.database.read(CompanyScope(company)) as db:
            found += violations(db)
    return found


def test_every_issued_invoice_can_be_found(sample):
    with sample.database.read(SYSTEM) as db:
        keys = db.execute(select(Document.number_text, Document.search_key).where(Document.number_text.is_not(None)))
        assert [number for number, key in keys if not key.startswith(f"{fold(number)} ")] == []


def test_loading_again_changes_nothing(demo):
    told = load(demo)
    first = figures(demo)

    again = load(demo)

    assert told[0] == "Cargando los datos de muestra de Electricidad Tosma, S.L.…"
    assert again == []
    assert figures(demo) == first
    assert min(first.values()) > 0
    assert wrong_with(demo) == []


def test_the_sample_is_as_large_as_a_company_s_books(sample):
    there = figures(sample)

    assert there["Company"] == 2
    assert 300 <= there["Contact"] <= 350
    assert 120 <= there["Product"] <= 150
    assert 4000 <= there["Document"] <= 4300
    assert there["Document"] - 200 < there["Publication"] < there["Document"]
    assert there["OutgoingMail"] > 1000
    assert there["DocumentEvent"] > 1000


def test_what_the_sample_says_is_true(sample):
    today = clock.today()
    with sample.database.read(CompanyScope(company_id(sample))) as db:
        numbered = db.scalars(
            select(Document)
            .where(Document.number.is_not(None))
            .order_by(Document.series_id, Document.number)
            .options(selectinload(Document.dues), selectinload(Document.lines), selectinload(Document.taxes))
        ).all()
        series = {row.id: row for row in db.scalars(select(Series))}
    issued = [document for document in numbered if document.kind is DocumentKind.INVOICE]

    assert wrong_with(sample) == []
    assert {document.origin for document in numbered} == {Origin.OWN}
    for series_id, row in series.items():
        mine = [document for document in numbered if document.series_id == series_id]
        days = [document.issued_on for document in mine]
        assert [document.number for document in mine] == list(range(row.first_number, row.next_number))
        assert days == sorted(days)
        assert {day.year for day in days} <= {row.year}
    assert max(document.issued_on for document in numbered) <= today
    assert [invoice for invoice in issued if sum(due.amount for due in invoice.dues) != max(invoice.payable, 0)] == []
    assert [invoice for invoice in issued if sum(line.net for line in invoice.lines) != invoice.base_total] == []
    assert {line.tax_rate for invoice in issued for line in invoice.lines} >= {0, 10, 21}
    assert any(invoice.surcharge_total for invoice in issued)
    assert any(invoice.withheld_total for invoice in issued)
    assert any(invoice.corrects_id for invoice in issued)
    statuses = Counter(invoice.status for invoice in issued)
    assert statuses[DocumentStatus.PAID] > statuses[DocumentStatus.PENDING] > 0


@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if kind is not DocumentKind.INVOICE])
def test_each_kind_is_there_in_every_state_published_and_not(sample, kind):
    live = select(Publication.document_id).where(Publication.withdrawn_at.is_(None))
    with sample.database.read(CompanyScope(company_id(sample))) as db:
        documents = db.scalars(
            select(Document).where(Document.kind == kind).options(joinedload(Document.contact))
        ).all()
        published = set(db.scalars(live))

    assert {document.status for document in documents} == set(STATUSES[kind])
    assert {document.id in published for document in documents if not document.is_draft} == {True, False}
    assert {document.contact.is_supplier for document in documents} == {KINDS[kind].is_purchase}
    days = {document.due_on >= document.issued_on for document in documents if document.due_on}
    assert days == ({True} if KINDS[kind].day_label else set())


def test_some_quotes_hold_and_some_have_expired(sample):
    today = clock.today()
    with sample.database.read(CompanyScope(company_id(sample))) as db:
        unanswered = db.scalars(select(Quote).where(Quote.status == DocumentStatus.ISSUED)).all()

    assert {quote.due_on < today for quote in unanswered} == {True, False}


def test_what_was_made_from_something_follows_it(sample):
    origin = aliased(Document)
    with sample.database.read(SYSTEM) as db:
        pairs = db.execute(select(origin, Document).join(Document, Document.made_from_id == origin.id)).all()

    assert len(pairs) > 150
    for before, after in pairs:
        assert after.kind in KINDS[before.kind].becomes
        assert KINDS[before.kind].becomes[after.kind] in (None, before.status)
        assert before.contact_id == after.contact_id
        assert before.issued_on < after.issued_on


def test_everybody_has_identifiers_that_exist_on_paper(sample):
    with sample.database.read(SYSTEM) as db:
        contacts = db.scalars(select(Contact)).all()
        companies = db.scalars(select(Company)).all()

    spanish = [row.tax_id for row in (*contacts, *companies) if row.country == "ES"]
    assert [number for number in spanish if not nif.is_valid(number)] == []
    assert len(set(spanish)) == len(spanish)
    accounts = [row.iban for row in (*contacts, *companies) if row.iban]
    assert [number for number in accounts if not iban.is_valid(number)] == []
    emails = [contact.email for contact in contacts if contact.email]
    assert [email for email in emails if not email.endswith(".example")] == []
    assert [email for email, count in Counter(emails).items() if count > 1] == [SHARED_EMAIL]
    assert 0 < len(contacts) - len(emails) < 50


def test_the_sample_customer_has_something_to_pay_and_something_overdue(sample):
    today = clock.today()
    with sample.database.read(CompanyScope(company_id(sample))) as db:
        contact = db.scalars(select(Contact).where(Contact.email == DEMO_EMAIL)).one()
        published = db.scalars(
            select(Invoice)
            .join(Publication, Publication.document_id == Invoice.id)
            .where(Invoice.contact_id == contact.id, Publication.withdrawn_at.is_(None))
        ).all()
        account = db.scalars(select(PortalAccount).where(PortalAccount.email == DEMO_EMAIL)).one()
    assert 25 <= len(published) <= 50
    assert {invoice.due_on < today for invoice in published if invoice.outstanding} == {True, False}
    assert account.activated_at is not None


def test_the_sample_customer_finds_every_kind_but_what_is_bought(sample):
    with sample.database.read(CompanyScope(company_id(sample))) as db:
        contact = db.scalars(select(Contact).where(Contact.email == DEMO_EMAIL)).one()
        published = db.execute(
            select(Document.kind, Document.status, Document.due_on)
            .join(Publication, Publication.document_id == Document.id)
            .where(Document.contact_id == contact.id, Publication.withdrawn_at.is_(None))
        ).all()

    assert {row.kind for row in published} == set(DocumentKind) - {DocumentKind.PURCHASE_ORDER}
    quotes = [row for row in published if (row.kind, row.status) == (DocumentKind.QUOTE, DocumentStatus.ISSUED)]
    assert {row.due_on < clock.today() for row in quotes} == {True, False}


def test_the_newest_are_still_to_be_published_and_their_notices_to_leave(sample):
    with sample.database.read(CompanyScope(company_id(sample))) as db:
        unpublished = db.scalars(
            select(Invoice).where(
                Invoice.status != DocumentStatus.DRAFT,
                ~select(1)
                .where(Publication.document_id == Invoice.id, Publication.company_id == Invoice.company_id)
                .exists(),
            )
        ).all()
        mails = Counter(db.scalars(select(OutgoingMail.status)))
        last = db.scalars(select(Batch.id).order_by(Batch.id.desc())).first()
        waiting = set(db.scalars(select(OutgoingMail.batch_id).where(OutgoingMail.status == MailStatus.QUEUED)))
        newest = db.scalar(select(func.max(Invoice.issued_on)).join(Publication, Publication.document_id == Invoice.id))
    assert unpublished
    assert min(invoice.issued_on for invoice in unpublished) > newest
    assert waiting == {last}
    assert mails[MailStatus.SENT] > mails[MailStatus.QUEUED] > 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_passwords_are_made_once_and_kept_private(demo, settings):
    load(demo)
    path = settings.data_dir / "credentials.json"
    first = json.loads(path.read_text())
    elsewhere = replace(demo, settings=replace(demo.settings, base_url="http://127.0.0.1:9999"))

    load(elsewhere)

    again = json.loads(path.read_text())
    assert path.stat().st_mode & 0o777 == 0o600
    assert first == {
        "admin": {"url": f"{settings.base_url}/admin", "email": ADMIN_EMAIL, "password": first["admin"]["password"]},
        "portal": {
            "url": f"{settings.base_url}/in/Tosma_SL",
            "email": DEMO_EMAIL,
            "password": first["portal"]["password"],
        },
        "api": {"url": f"{settings.base_url}/api/v1", "key": first["api"]["key"]},
    }
    assert secrets_of(again) == secrets_of(first)
    assert {door: again[door]["url"].partition("9999")[2] for door in again} == {
        "admin": "/admin",
        "portal": "/in/Tosma_SL",
        "api": "/api/v1",
    }
    assert_passwords_work(demo, again)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_lost_passwords_are_made_anew(demo, settings):
    load(demo)
    path = settings.data_dir / "credentials.json"

    for left in ("", "{", '{"admin": []}'):
        path.write_text(left)
        load(demo)

        assert_passwords_work(demo, json.loads(path.read_text()))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_lost_key_is_made_anew_and_the_one_before_opens_nothing(demo, settings):
    load(demo)
    path = settings.data_dir / "credentials.json"
    first = json.loads(path.read_text())

    for left in ({}, {"api": {"url": "", "key": "vk_tosma_" + "x" * 43}}):
        path.write_text(json.dumps({"admin": first["admin"], "portal": first["portal"]} | left))
        load(demo)

        again = json.loads(path.read_text())
        assert (secrets_of(again)["admin"], secrets_of(again)["portal"]) == (
            first["admin"]["password"],
            first["portal"]["password"],
        )
        with demo.database.read(SYSTEM) as db:
            found = [find_program(db.connection(), one["api"]["key"]) for one in (first, again)]
        assert [program and (program.key_name, program.user_name, program.scopes) for program in found] == [
            None,
            ("Demostración", "Marta Ruiz Ortega", frozenset(ApiScope)),
        ]


def secrets_of(written) -> dict[str, str]:
    return {door: values.get("password") or values["key"] for door, values in written.items()}


def assert_passwords_work(demo: Installation, written) -> None:
    with demo.database.read(SYSTEM) as db:
        known = find_credentials(db, ADMIN_EMAIL)
        account = db.scalars(select(PortalAccount).where(PortalAccount.email == DEMO_EMAIL)).one()
        program = find_program(db.connection(), written["api"]["key"])
    assert password_matches(written["admin"]["password"], known.password_hash)
    assert password_matches(written["portal"]["password"], account.password_hash)
    assert program is not None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_interrupted_loading_goes_on_where_it_was(demo):
    class Interrupted(Exception):
        pass

    def interrupt(line: str) -> None:
        if "Ferrer" in line:
            raise Interrupted

    with pytest.raises(Interrupted):
        load_demo(demo, interrupt, invoices=FEW)
    half = figures(demo)

    told = load(demo)

    assert half["Contact"] > 300
    assert told[0] == "Cargando los datos de muestra de Lucía Ferrer Ibáñez…"
    assert figures(demo)["Contact"] == half["Contact"] + 16


def test_a_database_with_real_companies_is_left_alone(demo, company):
    with pytest.raises(NotForDemonstration):
        load(demo)

    assert figures(demo)["Company"] == 1


@pytest.mark.parametrize("today", [dt.date(2026, 1, 1), dt.date(2024, 2, 29), dt.date(2025, 8, 31)])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_any_day_is_a_good_day(demo, today):
    load(demo, today=today)

    with demo.database.read(CompanyScope(company_id(demo))) as db:
        first, last = db.execute(
            select(func.min(Invoice.issued_on), func.max(Invoice.issued_on)).where(Invoice.number.is_not(None))
        ).one()
        years = db.scalars(select(Series.year).where(Series.code == "FV").order_by(Series.year)).all()
    assert (first.year, last <= today) == (today.year - 2, True)
    assert years == [today.year - 2, today.year - 1, today.year]


def test_the_invoices_to_import_are_of_the_sample_company(sample):
    issuers = {invoice.seller.tax_id for invoice in read_file(TO_IMPORT.name, TO_IMPORT.read_bytes())}

    with sample.database.read(SYSTEM) as db:
        assert issuers <= set(db.scalars(select(Company.tax_id)))
