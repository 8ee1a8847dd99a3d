"""The scope of a session: what it adds, what it refuses, what it does not forget."""

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from app.scope import NOTHING, SYSTEM, CompanyScope, OutsideScope, PortalScope, unscoped_table
from models import AuditEntry, Contact, Document, DocumentLine, Invoice, MailAccount, PortalAccount, Publication
from tests.factories import Make


@pytest.fixture
def neighbours(db, make, make_session, company):
    """Two companies with a published invoice each; returns (ours, theirs)."""
    ours = make.published_invoice()
    db.commit()
    with make_session(scope=SYSTEM) as system:
        other = Make(system, company).company()
        theirs = Make(system, other).published_invoice()
        system.commit()
    return ours, theirs


def test_a_company_sees_its_own_rows_however_it_asks(make_session, neighbours, company):
    ours, theirs = neighbours

    with make_session(scope=CompanyScope(company.id)) as db:
        other = aliased(Invoice)
        assert db.scalars(select(Invoice.id)).all() == [ours.id]
        assert db.scalars(select(other.id)).all() == [ours.id]
        assert db.scalar(select(func.count()).select_from(Document)) == 1
        assert db.get(Invoice, theirs.id) is None
        assert db.scalars(select(DocumentLine.document_id)).all() == [ours.id]
        assert db.execute(update(Contact).values(notes="x")).rowcount == 1
        assert db.get(Invoice, ours.id).contact.company_id == company.id


def test_a_session_without_scope_sees_nothing(make_session, neighbours):
    with make_session(scope=NOTHING) as db:
        assert db.scalars(select(Invoice)).all() == []
        assert db.scalars(select(Contact)).all() == []


def test_a_customer_sees_what_is_published_for_him(make_session, neighbours, company, make, db):
    ours, _theirs = neighbours
    make.invoice(contact=db.get(Contact, ours.contact_id))
    db.commit()

    with make_session(scope=PortalScope(company.id, ours.contact_id)) as portal:
        assert portal.scalars(select(Invoice.id)).all() == [ours.id]
        assert [line.concept for line in portal.get(Invoice, ours.id).lines] == ["Cuadro eléctrico de 24 módulos"]
        assert portal.scalars(select(Contact.id)).all() == [ours.contact_id]


@pytest.mark.parametrize("cls", [AuditEntry, MailAccount])
def test_a_class_without_a_portal_rule_is_invisible(make_session, neighbours, company, make, db, cls):
    make.mail_account()
    db.commit()

    with make_session(scope=PortalScope(company.id, neighbours[0].contact_id)) as portal:
        assert portal.scalars(select(cls)).all() == []


def test_withdrawing_hides_at_once(make_session, neighbours, company, db):
    ours, _theirs = neighbours
    publication = db.scalars(select(Publication)).one()
    publication.withdrawn_at = publication.created_at
    db.commit()

    with make_session(scope=PortalScope(company.id, ours.contact_id)) as portal:
        assert portal.get(Invoice, ours.id) is None
        assert portal.scalars(select(DocumentLine)).all() == []


def test_new_rows_are_of_the_session_s_company(db, company):
    account = PortalAccount(email="a@b.example")
    db.add(account)
    db.flush()

    assert account.company_id == company.id


def test_rows_of_another_company_are_refused(db, company):
    db.add(PortalAccount(company_id=company.id + 1, email="a@b.example"))

    with pytest.raises(OutsideScope):
        db.flush()


def test_the_portal_writes_only_what_customers_leave_behind(make_session, neighbours, company):
    with make_session(scope=PortalScope(company.id, neighbours[0].contact_id)) as portal:
        portal.get(Invoice, neighbours[0].id).notes = "cambiado"

        with pytest.raises(OutsideScope):
            portal.flush()


def test_the_database_itself_refuses_a_child_of_another_company(db, neighbours, company):
    _ours, theirs = neighbours
    db.add(DocumentLine(document_id=theirs.id, position=9, concept="intrusa"))

    with pytest.raises(IntegrityError):
        db.flush()


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("SELECT contacts.id FROM contacts", "contacts"),
        ("SELECT contacts.id FROM contacts WHERE contacts.company_id = ?", None),
        ("UPDATE documents SET notes = ?", "documents"),
        ("DELETE FROM due_dates", "due_dates"),
        ("INSERT INTO publications (id) SELECT documents.id FROM documents", "documents"),
        ("INSERT INTO contacts (company_id) VALUES (?)", None),
        ("SELECT companies.id FROM companies", None),
    ],
)
def test_the_tripwire_knows_a_forgotten_company(sql, table):
    assert unscoped_table(sql) == table


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_is_published_is_sought_by_its_index_however_little_is_known_of_it(
    engine, make_session, neighbours, company
):
    ours, _theirs = neighbours
    asked = []

    with make_session(scope=PortalScope(company.id, ours.contact_id)) as portal:
        event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
        portal.scalars(select(Document)).all()
        connection = portal.connection().connection.cursor()
        plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {asked[-1][0]}", asked[-1][1]).fetchall())

    assert "Index Cond: ((company_id = " in plan.partition("SubPlan 1")[2]
    assert "document_id = documents.id" in plan.partition("SubPlan 1")[2]
