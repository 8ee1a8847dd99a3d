"""Limits of guessing for staff, and where a session begins."""

import datetime as dt

import pytest
import time_machine
from sqlalchemy import select

from app import clock
from app.domain import throttling
from app.domain.staff_access import count_sign_in, find_credentials, find_visit, open_session
from app.domain.throttling import TooManyTries
from app.scope import SYSTEM
from models import Membership, StaffSession, Throttle
from models.enums import Role

NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
EMAIL = "marta@tosma.example"


def tries(database, subject, times, limit=3, window=MINUTE):
    """What each of so many tries ends in."""
    answers = []
    for _ in range(times):
        try:
            database.run(SYSTEM, lambda db: throttling.check(db, subject, limit, window))
            answers.append("counted")
        except TooManyTries as refusal:
            answers.append(str(refusal))
    return answers


def test_tries_beyond_the_limit_are_refused_until_the_window_ends(database):
    with time_machine.travel(NOON, tick=False) as now:
        first = tries(database, "a", 5)
        now.shift(dt.timedelta(seconds=59))
        early = tries(database, "a", 1)
        now.shift(dt.timedelta(seconds=1))
        later = tries(database, "a", 2)

    refused = "Demasiados intentos. Espere un minuto y vuelva a probar."
    assert first == ["counted"] * 3 + [refused] * 2
    assert early == [refused]
    assert later == ["counted"] * 2


def test_subjects_do_not_disturb_each_other_and_are_kept_as_hashes(database, system_db):
    tries(database, "a", 4)

    assert tries(database, "b", 1) == ["counted"]
    assert all(len(subject) == 64 for subject in system_db.scalars(select(Throttle.subject)))


def test_forgetting_begins_again(database):
    tries(database, "a", 4)

    database.run(SYSTEM, lambda db: throttling.forget(db, "a"))

    assert tries(database, "a", 1) == ["counted"]


def spend(database, email, times):
    """Guesses from as many addresses."""
    for number in range(times):
        database.run(SYSTEM, lambda db, number=number: count_sign_in(db, email, f"203.0.113.{number}"))


def test_strangers_cannot_spend_the_tries_of_who_signed_in_here_before(database, make, db):
    user = make.user(email=EMAIL)
    db.commit()
    database.run(SYSTEM, lambda db: open_session(db, user.id, address="198.51.100.7", browser=""))
    spend(database, EMAIL, 50)

    with pytest.raises(TooManyTries):
        spend(database, EMAIL, 1)
    database.run(SYSTEM, lambda db: count_sign_in(db, EMAIL, "198.51.100.7"))


@pytest.mark.parametrize("stranger", ["disabled", "left", "unknown"])
def test_credentials_of_who_may_not_enter_are_nobodys(database, make, db, stranger):
    user = make.user(email=EMAIL, password_hash="x")
    if stranger == "disabled":
        user.disabled_at = clock.now()
    if stranger == "left":
        user.memberships[0].ended_at = clock.now()
    db.commit()

    with database.read(SYSTEM) as everything:
        known = find_credentials(everything, "otra@tosma.example" if stranger == "unknown" else EMAIL)

    assert (known.user_id, known.password_hash) == (None, "")


def test_a_session_begins_where_the_last_one_worked(database, make, db, system_db):
    user = make.user(email=EMAIL)
    db.commit()
    other = make.company()
    db.commit()
    system_db.add(Membership(company_id=other.id, user_id=user.id, role=Role.READER))
    system_db.commit()

    first = database.run(SYSTEM, lambda db: open_session(db, user.id, address="", browser=""))
    system_db.scalars(select(StaffSession)).one().company_id = other.id
    system_db.commit()
    second = database.run(SYSTEM, lambda db: open_session(db, user.id, address="", browser=""))

    with database.read(SYSTEM) as everything:
        visits = [find_visit(everything, token) for token in (first, second)]
    assert [(visit.company_id, visit.role, visit.companies) for visit in visits] == [(other.id, Role.READER, 2)] * 2
