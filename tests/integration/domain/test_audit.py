"""The audit chain: differences field by field, in the same transaction, and proof against tampering."""

import pytest
from sqlalchemy import select, update

from app.domain.audit import first_broken, record
from app.scope import Actor, CompanyScope
from models import AuditEntry, Contact, MailAccount

MARTA = Actor(name="Marta Ruiz Ortega", id=7)


@pytest.fixture
def as_marta(database, company):
    return lambda work: database.run(CompanyScope(company.id), work, MARTA)


def entries(database, company):
    with database.read(CompanyScope(company.id)) as db:
        return db.scalars(select(AuditEntry).order_by(AuditEntry.position)).all()


def test_a_change_is_recorded_field_by_field(db, make, database, company, as_marta):
    contact = make.contact(name="Antes")
    db.commit()

    def rename(session):
        session.get(Contact, contact.id).name = "Después"

    as_marta(rename)

    (entry,) = entries(database, company)
    assert (entry.actor, entry.actor_id, entry.action, entry.entity, entry.entity_id) == (
        "Marta Ruiz Ortega", 7, "change", "contacts", contact.id,
    )  # fmt: skip
    assert entry.changes == {"name": ["Antes", "Después"]}


def test_what_is_deleted_is_recorded_with_what_it_said(db, make, database, company, as_marta):
    row = MailAccount(host="smtp.example", sender_email="a@b.example", sealed_password="planted-canary")
    db.add(row)
    db.commit()

    def remove(session):
        found = session.get(MailAccount, row.id)
        session.expire(found)
        session.delete(found)

    as_marta(remove)

    (entry,) = entries(database, company)
    assert (entry.action, entry.label) == ("delete", "a@b.example")
    assert entry.changes == {
        "host": ["smtp.example", None],
        "port": [587, None],
        "security": ["starttls", None],
        "sealed_password": ["••••", None],
        "sender_email": ["a@b.example", None],
        "failures": [0, None],
        "imap_failures": [0, None],
        "imap_port": [993, None],
        "imap_security": ["ssl", None],
        "wants_receipt": [False, None],
    }


def test_what_is_made_and_changed_at_once_was_made_as_it_ended(db, make, database, company, as_marta):
    db.commit()

    def write(session):
        row = MailAccount(host="smtp.example", sender_email="a@b.example")
        session.add(row)
        session.flush()
        row.host, row.sender_email = "smtp.b.example", "c@b.example"

    as_marta(write)

    (entry,) = entries(database, company)
    assert (entry.action, entry.label) == ("create", "c@b.example")
    assert entry.changes == {
        "host": [None, "smtp.b.example"],
        "port": [None, 587],
        "security": [None, "starttls"],
        "sender_email": [None, "c@b.example"],
        "failures": [None, 0],
        "imap_failures": [None, 0],
        "imap_port": [None, 993],
        "imap_security": [None, "ssl"],
        "wants_receipt": [None, False],
    }


def test_what_rolls_back_leaves_no_entry(db, make, database, company, as_marta):
    contact = make.contact()
    db.commit()

    def fail(session):
        session.get(Contact, contact.id).name = "Después"
        session.flush()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        as_marta(fail)

    assert entries(database, company) == []


def test_secrets_are_recorded_without_their_value(database, company, as_marta):
    as_marta(
        lambda session: session.add(
            MailAccount(host="smtp.example", sender_email="a@b.example", sealed_password="planted-canary")
        )
    )

    (entry,) = entries(database, company)
    assert "planted-canary" not in str(entry.changes)
    assert entry.changes["sealed_password"] == [None, "••••"]


def test_bulk_work_is_one_entry(database, company, as_marta):
    as_marta(lambda session: record(session, "publish", "batches", entity_id=3, changes={"documents": [0, 100_000]}))

    (entry,) = entries(database, company)
    assert (entry.position, entry.action, entry.changes) == (1, "publish", {"documents": [0, 100_000]})


@pytest.mark.parametrize("tampering", [{"actor": "Otra"}, {"changes": {}}, {"hash": "0" * 64}])
def test_any_later_edit_breaks_the_chain(db, database, company, as_marta, tampering):
    for name in ("uno", "dos", "tres"):
        as_marta(lambda session, name=name: record(session, name, "batches", changes={"n": name}))
    assert first_broken(db) is None

    db.execute(
        update(AuditEntry).where(AuditEntry.company_id == company.id, AuditEntry.position == 2).values(**tampering)
    )
    db.flush()

    assert first_broken(db) == 2


def test_cutting_the_end_off_is_noticed(db, company, as_marta):
    as_marta(lambda session: record(session, "uno", "batches"))
    as_marta(lambda session: record(session, "dos", "batches"))

    last = db.scalars(select(AuditEntry).where(AuditEntry.position == 2)).one()
    db.delete(last)
    db.flush()

    assert first_broken(db) == 2
