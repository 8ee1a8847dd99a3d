"""Two people at once, and one person twice: one publication, one mail, never an error page."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from app.domain.access import GrantAccess, NothingToDo, grant_access
from app.domain.publishing import SelectionChanged, publish_documents
from app.domain.selections import ContactSelection
from app.domain.withdrawing import UndoBatch, undo_batch, withdraw_documents
from app.scope import Actor, CompanyScope
from models import AuditEntry, OutgoingMail, PortalAccount, PortalMembership, Publication
from tests.integration.domain.publishing import publish, searched, ticked, to_publish, to_withdraw

INVOICES, CUSTOMERS = 40, 8


@pytest.fixture
def invoices(db, make):
    contacts = [make.contact() for _ in range(CUSTOMERS)]
    made = [make.invoice(contact=contacts[number % CUSTOMERS]) for number in range(INVOICES)]
    make.template()
    db.commit()
    return made


@pytest.fixture
def at_once(database, company) -> Callable:
    """Runs each work in a transaction of its own, all begun together; refusals are results."""

    def run(*works):
        barrier = Barrier(len(works))

        def one(work):
            barrier.wait()
            try:
                return database.run(CompanyScope(company.id), work, Actor("Marta"))
            except (SelectionChanged, NothingToDo) as refusal:
                return refusal

        with ThreadPoolExecutor(len(works)) as pool:
            return list(pool.map(one, works))

    return run


def count(db, cls, *which):
    return db.scalar(select(func.count()).select_from(cls).where(*which))


def publishing(command):
    return lambda db: publish_documents(db, command)


def test_two_people_publish_the_same_selection(db, invoices, at_once):
    command = to_publish(db, searched())
    db.commit()

    results = at_once(publishing(command), publishing(replace(command, key="la otra")))

    winner = next(result for result in results if not isinstance(result, SelectionChanged))
    loser = next(result for result in results if isinstance(result, SelectionChanged))
    assert (winner.documents, winner.mails) == (INVOICES, CUSTOMERS)
    assert str(loser) == f"Esos {INVOICES} documentos ya están publicados: no queda nada por publicar."
    assert count(db, Publication, Publication.withdrawn_at.is_(None)) == count(db, Publication) == INVOICES
    assert [count(db, cls) for cls in (OutgoingMail, PortalAccount, PortalMembership)] == [CUSTOMERS] * 3


def test_a_double_click_publishes_once_and_says_it_twice(db, invoices, at_once):
    command = to_publish(db, searched())
    db.commit()

    results = at_once(*[publishing(command)] * 4)

    assert [replace(result, again=False) for result in results] == [replace(results[0], again=False)] * 4
    assert sorted(result.again for result in results) == [False, True, True, True]
    assert [count(db, cls) for cls in (Publication, OutgoingMail)] == [INVOICES, CUSTOMERS]


def test_overlapping_selections_publish_each_document_once(db, invoices, at_once):
    halves = [to_publish(db, ticked(*part), key=f"k{n}") for n, part in enumerate((invoices[:30], invoices[10:]))]
    db.commit()

    results = at_once(*map(publishing, halves))

    done = [result for result in results if not isinstance(result, SelectionChanged)]
    assert len(done) == 1
    assert count(db, Publication) == done[0].documents == 30
    assert count(db, PortalAccount) == done[0].mails == count(db, OutgoingMail)


def test_publishing_again_at_once_leaves_one_live_publication_each(db, invoices, at_once):
    publish(db, searched(), notify=False)
    commands = [to_publish(db, searched(), key=f"k{n}", republish=True, notify=False) for n in range(3)]
    db.commit()

    results = at_once(*map(publishing, commands))

    assert [result.republished for result in results] == [INVOICES] * 3
    assert count(db, Publication, Publication.withdrawn_at.is_(None)) == INVOICES
    assert count(db, Publication) == 4 * INVOICES


def test_publishing_while_somebody_withdraws_is_one_after_the_other(db, invoices, at_once):
    first = publish(db, ticked(*invoices[:20]), notify=False)
    withdraw = to_withdraw(db, ticked(*invoices[:20]))
    command = to_publish(db, searched(), key="k2")
    db.commit()

    at_once(
        lambda db: withdraw_documents(db, withdraw),
        publishing(command),
        lambda db: undo_batch(db, UndoBatch(batch_id=first.batch_id, user_id=None)),
    )

    each = select(Publication.document_id).where(Publication.withdrawn_at.is_(None))
    alive = db.scalars(each).all()
    assert len(alive) == len(set(alive))
    assert count(db, OutgoingMail) in (0, CUSTOMERS)


def test_everybody_grants_access_at_once(db, invoices, at_once):
    ids = tuple(sorted({invoice.contact_id for invoice in invoices}))
    commands = [GrantAccess(selection=ContactSelection(label="", ids=ids), key=f"k{n}", user_id=None) for n in range(2)]
    db.commit()

    results = at_once(*[lambda db, command=command: grant_access(db, command) for command in [*commands, commands[0]]])

    assert sorted(result.people for result in results if not result.again) == [0, CUSTOMERS]
    assert [count(db, cls) for cls in (PortalAccount, PortalMembership)] == [CUSTOMERS] * 2
    assert count(db, AuditEntry, AuditEntry.action == "grant_access") == 2
