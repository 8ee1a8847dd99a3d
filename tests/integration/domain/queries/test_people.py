"""Where the people of a selection stand, asked at once: the same as one by one."""

import datetime as dt
from collections import Counter

import pytest
from sqlalchemy import select

from app.domain.queries.access import OUTSIDE, AccessState, access_states
from app.domain.queries.people import PeopleFigures, people_figures, people_meant
from app.domain.selections import AccountFilter, ContactFilter, ContactSelection
from models import Contact, ContactEmail, OutgoingMail, PortalToken
from models.base import utc_now
from models.enums import EmailPurpose, Ending, MailKind, TokenPurpose
from tests.factories import Make

NOW = utc_now()
HOUR = dt.timedelta(hours=1)
EVERYBODY = ContactSelection(label="", search=ContactFilter())


def link(db, account, expires_at):
    token = PortalToken(
        account_id=account.id, token_hash=f"{account.id:064d}", purpose=TokenPurpose.ACTIVATE, expires_at=expires_at
    )
    db.add(token)
    db.flush()


@pytest.fixture
def contacts(db, make):
    """Somebody in every state, and contacts with several people."""
    for values in (
        {},
        {"told_at": NOW, "bounced_at": NOW + HOUR},
        {"told_at": NOW, "bounced_at": NOW - HOUR},
        {"told_at": NOW, "opened_at": NOW + HOUR},
        {"told_at": NOW, "opened_at": NOW - HOUR},
        {"told_at": NOW, "activated_at": NOW, "password_hash": "x"},
    ):
        make.account(make.contact(), **values)
    link(db, make.account(make.contact(), told_at=NOW), NOW - HOUR)
    link(db, make.account(make.contact(), told_at=NOW), NOW + HOUR)
    queued = make.account(make.contact(), told_at=NOW)
    for ending in (None, Ending.WITHDRAWN, Ending.MOVED, Ending.UNDONE):
        [membership] = make.account(make.contact()).memberships
        membership.ended_at, membership.ending = NOW, ending
    several = make.contact(email="direccion@merino.example")
    several.emails = [
        ContactEmail(purpose=EmailPurpose.PORTAL, email="direccion@merino.example"),
        ContactEmail(purpose=EmailPurpose.PORTAL, email="andres@merino.example"),
        ContactEmail(purpose=EmailPurpose.INVOICES, email="facturas@merino.example"),
    ]
    make.account(several, email="andres@merino.example")
    make.account(several, make.contact(email=None), email="antigua@merino.example", told_at=NOW)
    make.contact(), make.contact(email=None)
    mail = {"recipient": queued.email, "due_at": NOW, "dedup_key": "k", "portal_account_id": queued.id}
    db.add(OutgoingMail(kind=MailKind.ACCESS, is_secret=True, **mail))
    db.flush()


def one_by_one(db):
    ids = db.scalars(select(Contact.id)).all()
    return [person for people in access_states(db, ids).values() for person in people]


@pytest.mark.usefixtures("contacts")
def test_states_at_once_are_those_of_each(db):
    people = one_by_one(db)
    needing = [person for person in people if person.needs_something(NOW)]

    figures = people_figures(db, EVERYBODY, acting=False)
    meant = db.execute(
        people_meant(db.company_id, ContactSelection(label="", search=ContactFilter(), needing=True), NOW)
    )

    assert figures.states == Counter(person.state for person in people)
    assert set(figures.states) == set(AccessState)
    assert sorted((row.contact_id, row.email) for row in meant) == sorted((p.contact_id, p.email) for p in needing)
    assert (figures.people, figures.mailboxes) == (len(needing), len({person.email for person in needing}))


@pytest.mark.usefixtures("contacts")
def test_those_who_act_at_once_are_those_of_each(db):
    acting = [person for person in one_by_one(db) if person.may_enter]

    figures = people_figures(db, EVERYBODY, acting=True)

    assert figures.states == Counter(person.state for person in acting)
    assert OUTSIDE.isdisjoint(figures.states)
    assert (figures.people, figures.mailboxes) == (len(acting), len({person.email for person in acting}))


def test_accounts_mean_their_people_for_whom_they_act(db, make):
    first, second, third = (make.contact(name=name) for name in ("Alba", "Bodegas", "Cuesta"))
    account = make.account(first, second, email="ana@gestoria.example")
    account.memberships[1].ended_at = NOW
    make.account(first, third, email="luis@gestoria.example")
    db.flush()

    def figures(**wanted):
        return people_figures(db, ContactSelection(label="", accounts=AccountFilter(**wanted)), acting=True)

    state = {AccessState.UNTOLD: 1}
    assert figures(ids=(account.id,)) == PeopleFigures(
        contacts=1, states=state, people=1, mailboxes=1, fingerprint=f"1.{first.id}.{first.id}.1"
    )
    assert figures(text="ana@") == figures(ids=(account.id,))
    assert (figures(state="untold").people, figures(state="active").people, figures(ids=()).people) == (3, 0, 0)


def test_people_of_another_company_are_not_counted(db, make, system_db):
    others = Make(system_db, make.home)
    theirs = others.account(others.contact(company_id=others.company().id, email="compras1@merino.example"))
    system_db.commit()

    nobody = PeopleFigures(contacts=0, states={}, people=0, mailboxes=0, fingerprint="0.0.0.0")
    assert people_figures(db, EVERYBODY, acting=False) == nobody
    assert (
        people_figures(db, ContactSelection(label="", accounts=AccountFilter(ids=(theirs.id,))), acting=True) == nobody
    )
