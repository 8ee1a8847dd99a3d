"""Footprints: written together and soon, never waited for, and none lost but by a crash or a flood."""

import threading
import time

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app import clock
from app.footprints import Footprints
from app.installation import Installation
from app.scope import ScopedSession
from models import DocumentEvent, Invoice, PortalAccount, PortalSession
from models.enums import EventKind
from tests.factories import Make


@pytest.fixture
def invoice(make: Make, db: ScopedSession) -> Invoice:
    invoice = make.published_invoice()
    make.account(invoice.contact)
    db.commit()
    return invoice


@pytest.fixture
def account(invoice: Invoice, db: ScopedSession) -> PortalAccount:
    return db.scalars(select(PortalAccount)).one()


def view(footprints: Footprints, invoice: Invoice, account: PortalAccount, document_id: int | None = None) -> None:
    footprints.view(
        EventKind.VIEWED,
        company_id=invoice.company_id,
        document_id=document_id or invoice.id,
        contact_id=invoice.contact_id,
        account_id=account.id,
        address="203.0.113.7",
        browser="Firefox",
    )


def events(db: ScopedSession) -> list[tuple[int, str, str]]:
    db.rollback()
    rows = db.scalars(select(DocumentEvent).order_by(DocumentEvent.id))
    return [(event.document_id, event.address, event.browser) for event in rows]


def test_views_are_written_within_two_seconds_by_themselves(
    installation: Installation, invoice: Invoice, account: PortalAccount, db: ScopedSession
) -> None:
    footprints = Footprints(installation)
    footprints.start()

    view(footprints, invoice, account)
    until = time.monotonic() + 10
    while not (written := events(db)) and time.monotonic() < until:
        time.sleep(0.05)
    footprints.stop()

    assert written == [(invoice.id, "203.0.113.7", "Firefox")]


def test_stopping_writes_what_waits(
    installation: Installation, invoice: Invoice, account: PortalAccount, db: ScopedSession
) -> None:
    footprints = Footprints(installation)
    footprints.start()

    for _ in range(100):
        view(footprints, invoice, account)
    footprints.stop()

    assert len(events(db)) == 100
    assert "footprints" not in {thread.name for thread in threading.enumerate()}


def test_everything_waiting_is_one_transaction(
    installation: Installation, invoice: Invoice, account: PortalAccount, statements: list[str]
) -> None:
    footprints = Footprints(installation)
    for _ in range(10):
        view(footprints, invoice, account)
        footprints.seen(company_id=invoice.company_id, session_id=1)
        footprints.opened(company_id=invoice.company_id, account_id=account.id)
    statements.clear()

    footprints.flush()

    assert [sql.split()[0] for sql in statements] == ["INSERT", "UPDATE", "UPDATE"]


def test_a_flood_drops_the_oldest(
    installation: Installation, invoice: Invoice, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    later = make.published_invoice(contact=invoice.contact)
    db.commit()
    footprints = Footprints(installation, most=3)

    for document_id in (invoice.id, invoice.id, later.id, later.id, later.id):
        view(footprints, invoice, account, document_id)
    footprints.flush()

    assert [document for document, _address, _browser in events(db)] == [later.id] * 3


def test_a_footprint_of_nothing_does_not_take_the_others_with_it(
    installation: Installation, invoice: Invoice, account: PortalAccount, db: ScopedSession
) -> None:
    footprints = Footprints(installation)

    for document_id in (invoice.id, 10**12, invoice.id):
        view(footprints, invoice, account, document_id)
    footprints.flush()

    assert len(events(db)) == 2


LOCKED = OperationalError("BEGIN", {}, Exception("database is locked"))
POOL_EMPTY = PoolTimeout("QueuePool limit of size 8 overflow 40 reached")


@pytest.mark.parametrize("trouble", [LOCKED, POOL_EMPTY], ids=["locked", "no connection"])
def test_what_the_database_cannot_take_waits(
    installation: Installation,
    invoice: Invoice,
    account: PortalAccount,
    db: ScopedSession,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception,
) -> None:
    footprints = Footprints(installation)
    view(footprints, invoice, account)

    with monkeypatch.context() as outage:
        outage.setattr(footprints, "_write", Failing(trouble))
        footprints.flush()
    view(footprints, invoice, account)
    during = len(events(db))
    footprints.flush()

    assert (during, len(events(db))) == (0, 2)


class Failing:
    """Raises each of these in turn instead of writing, and the last one ever after."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def __call__(self, waiting: object) -> None:
        raise self.errors.pop(0) if len(self.errors) > 1 else self.errors[0]


def test_what_could_not_be_written_one_by_one_waits_too(
    installation: Installation,
    invoice: Invoice,
    account: PortalAccount,
    db: ScopedSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    footprints = Footprints(installation)
    for _ in range(3):
        view(footprints, invoice, account)
    broken = IntegrityError("INSERT", {}, Exception("FOREIGN KEY constraint failed"))

    with monkeypatch.context() as outage:
        outage.setattr(footprints, "_write", Failing(broken, broken, LOCKED))
        footprints.flush()
    footprints.flush()

    assert len(events(db)) == 2


def test_of_what_waits_too_long_the_oldest_is_dropped(
    installation: Installation,
    invoice: Invoice,
    account: PortalAccount,
    make: Make,
    db: ScopedSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later = make.published_invoice(contact=invoice.contact)
    db.commit()
    footprints = Footprints(installation, most=3)
    for document_id in (invoice.id, later.id, later.id):
        view(footprints, invoice, account, document_id)

    def locked_while_another_comes(waiting: object) -> None:
        view(footprints, invoice, account, later.id)
        raise LOCKED

    with monkeypatch.context() as outage:
        outage.setattr(footprints, "_write", locked_while_another_comes)
        footprints.flush()
    footprints.flush()

    assert [document for document, _address, _browser in events(db)] == [later.id] * 3


def test_nothing_ends_the_thread(
    installation: Installation,
    invoice: Invoice,
    account: PortalAccount,
    db: ScopedSession,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("app.footprints.EVERY", 0.01)
    footprints = Footprints(installation)
    tried = threading.Event()

    def bug(waiting: object) -> None:
        tried.set()
        raise KeyError("a bug")

    with monkeypatch.context() as broken:
        broken.setattr(footprints, "_write", bug)
        footprints.start()
        view(footprints, invoice, account)
        assert tried.wait(10)
    until = time.monotonic() + 10
    while not (written := events(db)) and time.monotonic() < until:
        view(footprints, invoice, account)
        time.sleep(0.05)
    footprints.stop()

    assert written
    assert "footprints were lost" in caplog.text


def test_last_seen_only_moves_forward_and_not_after_the_end(
    installation: Installation, invoice: Invoice, account: PortalAccount, db: ScopedSession
) -> None:
    soon = clock.now() + clock.dt.timedelta(hours=1)
    open_, ahead, ended = sessions = [
        PortalSession(token_hash="1", account_id=account.id, seen_at=clock.now()),
        PortalSession(token_hash="2", account_id=account.id, seen_at=soon),
        PortalSession(token_hash="3", account_id=account.id, seen_at=clock.now(), ended_at=clock.now()),
    ]
    db.add_all(sessions)
    db.commit()
    before = [session.seen_at for session in sessions]
    footprints = Footprints(installation)

    for session in sessions:
        footprints.seen(company_id=invoice.company_id, session_id=session.id)
    footprints.flush()

    db.rollback()
    db.expire_all()
    assert [session.seen_at > moment for session, moment in zip((open_, ahead, ended), before, strict=True)] == [
        True,
        False,
        False,
    ]


def test_the_first_opening_is_the_one_that_counts(
    installation: Installation, invoice: Invoice, account: PortalAccount, db: ScopedSession
) -> None:
    footprints = Footprints(installation)
    footprints.opened(company_id=invoice.company_id, account_id=account.id)
    footprints.flush()
    db.rollback()
    first = account.opened_at

    footprints.opened(company_id=invoice.company_id, account_id=account.id)
    footprints.flush()

    db.rollback()
    db.expire_all()
    assert (first is not None, account.opened_at) == (True, first)
