"""The state of everyone who may, or might, enter the portal."""

import datetime as dt

import pytest

from app.domain.queries.access import AccessState, access_states, state_of
from models import (
    ContactEmail,
)
from models.base import utc_now
from models.enums import EmailPurpose, Ending

NOW = utc_now()
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("account", "state"),
    [
        ({}, AccessState.UNTOLD),
        ({"told_at": NOW}, AccessState.INVITED),
        ({"told_at": NOW, "opened_at": NOW + HOUR}, AccessState.OPENED),
        ({"told_at": NOW, "opened_at": NOW - HOUR}, AccessState.INVITED),
        ({"told_at": NOW, "bounced_at": NOW + HOUR}, AccessState.BOUNCED),
        ({"told_at": NOW, "bounced_at": NOW - HOUR}, AccessState.INVITED),
        ({"told_at": NOW, "opened_at": NOW + HOUR, "activated_at": NOW + HOUR}, AccessState.ACTIVE),
        ({"activated_at": NOW, "bounced_at": NOW + HOUR}, AccessState.ACTIVE),
    ],
)
def test_the_state_of_someone_who_may_enter(db, make, account, state):
    contact = make.contact()
    row = make.account(contact, **account)

    [person] = access_states(db, [contact.id])[contact.id]

    assert (person.state, person.account_id, person.may_enter) == (state, row.id, True)


def test_the_states_of_those_who_may_not(db, make):
    mute, new, shut = make.contact(email=None), make.contact(), make.contact()
    user = make.user(name="Javier Tosma")
    membership = make.account(shut, last_sign_in_at=NOW).memberships[0]
    membership.ended_at, membership.ending, membership.ended_by_id = NOW, Ending.WITHDRAWN, user.id
    db.flush()

    states = access_states(db, [mute.id, new.id, shut.id])

    people = [people[0] for people in states.values()]
    assert [person.state for person in people] == [AccessState.NO_EMAIL, AccessState.NONE, AccessState.WITHDRAWN]
    assert (people[2].withdrawn_by, people[2].last_sign_in_at, people[2].may_enter) == ("Javier Tosma", NOW, False)


def test_whoever_was_withdrawn_is_told_from_the_others_of_the_contact(db, make):
    contact = make.contact(email="direccion@merino.example")
    contact.emails = [ContactEmail(purpose=EmailPurpose.PORTAL, email="andres@merino.example")]
    [membership] = make.account(contact, email="andres@merino.example").memberships
    membership.ended_at, membership.ending = NOW, Ending.WITHDRAWN
    db.flush()

    people = access_states(db, [contact.id])[contact.id]

    assert [(person.email, person.state) for person in people] == [
        ("direccion@merino.example", AccessState.NONE),
        ("andres@merino.example", AccessState.WITHDRAWN),
    ]


def test_people_are_told_apart_and_shared_emails_marked(db, make):
    contact = make.contact(email="admin@levante.example")
    contact.emails = [ContactEmail(purpose=EmailPurpose.PORTAL, email="elena@levante.example", name="Elena Roca")]
    make.contact(email="admin@levante.example")
    make.account(contact, email="antigua@levante.example", activated_at=NOW)

    people = access_states(db, [contact.id])[contact.id]

    assert [(person.email, person.name, person.state, person.is_shared) for person in people] == [
        ("admin@levante.example", contact.name, AccessState.NONE, True),
        ("elena@levante.example", "Elena Roca", AccessState.NONE, False),
        ("antigua@levante.example", "", AccessState.ACTIVE, False),
    ]
    assert state_of(people) is AccessState.ACTIVE


@pytest.mark.parametrize("many", [1, 3])
def test_states_take_the_same_queries_for_one_or_many(db, make, statements, many):
    contacts = [make.contact() for _ in range(many)]
    for contact in contacts:
        make.account(contact)
    statements.clear()

    access_states(db, [contact.id for contact in contacts])

    assert len(statements) == 7
