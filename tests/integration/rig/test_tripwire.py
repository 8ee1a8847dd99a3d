"""The tripwire: it catches a statement that forgets the company, and nothing else."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import aliased, sessionmaker

from app.scope import SYSTEM, ScopedSession
from models import Company, Contact
from tests.rig.tripwire import Tripwire, UnscopedStatement

CONTACTS = Contact.__table__
FORGETFUL = {
    "core select": select(CONTACTS.c.id),
    "core update": update(CONTACTS).values(name="Luis"),
    "core delete": delete(CONTACTS),
    "core subquery": select(Company.id).where(Company.id.in_(select(CONTACTS.c.company_id))),
    "text": text("SELECT name FROM contacts"),
    "insert from select": insert(CONTACTS).from_select(["code", "name"], select(CONTACTS.c.code, CONTACTS.c.name)),
}
MINDFUL = {
    "class": select(Contact),
    "columns": select(Contact.id, Contact.name),
    "alias": select(aliased(Contact)),
    "update": update(Contact).values(name="Luis"),
    "delete": delete(Contact),
    "core with company": select(CONTACTS.c.id).where(CONTACTS.c.company_id == 1),
    "another table": select(Company),
}


@pytest.fixture
def caught(tripwire: Tripwire):
    """What the tripwire caught, forgiven so that the test of it can pass."""
    yield tripwire.caught
    tripwire.caught.clear()


@pytest.mark.parametrize("name", FORGETFUL)
def test_a_statement_without_company_is_caught(db: ScopedSession, caught: list[UnscopedStatement], name: str) -> None:
    with pytest.raises(UnscopedStatement, match="contacts"):
        db.execute(FORGETFUL[name])

    assert len(caught) == 1


def test_without_a_session_nobody_vouches(engine, caught: list[UnscopedStatement]) -> None:
    with engine.connect() as connection, pytest.raises(UnscopedStatement):
        connection.execute(select(CONTACTS.c.id))

    assert len(caught) == 1


@pytest.mark.parametrize("name", MINDFUL)
def test_a_statement_with_its_company_passes(db: ScopedSession, name: str) -> None:
    db.execute(MINDFUL[name])


@pytest.mark.parametrize("name", ["core select", "text"])
def test_the_system_scope_was_asked_for(system_db: ScopedSession, name: str) -> None:
    assert system_db.execute(FORGETFUL[name]).all() == []


@pytest.mark.parametrize("work", [
    pytest.param(lambda db, ana: setattr(ana, "name", "Ana María"), id="update of a row"),
    pytest.param(lambda db, ana: db.delete(ana), id="delete of a row"),
    pytest.param(lambda db, ana: db.add_all(Contact(code=code, name="Eva") for code in "23"), id="two new rows"),
    pytest.param(lambda db, ana: db.refresh(ana), id="refresh of a row"),
    pytest.param(lambda db, ana: (db.expire(ana), ana.name), id="expired row"),
    pytest.param(lambda db, ana: ana.emails, id="lazy load"),
])  # fmt: skip
def test_rows_already_held_are_not_asked_again(
    db: ScopedSession, work: Callable[[ScopedSession, Contact], object]
) -> None:
    ana = Contact(code="1", name="Ana")
    db.add(ana)
    db.commit()

    work(db, ana)

    db.commit()


def test_the_scope_of_one_session_does_not_outlive_it(
    make_session: sessionmaker[ScopedSession], company: Company, caught: list[UnscopedStatement]
) -> None:
    with make_session(scope=SYSTEM) as everyone:
        everyone.execute(FORGETFUL["text"])

    with make_session() as nobody, pytest.raises(UnscopedStatement):
        nobody.execute(FORGETFUL["text"])

    assert len(caught) == 1
