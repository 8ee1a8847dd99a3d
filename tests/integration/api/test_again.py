"""The same request again: done once, answered alike; another one with its key refused."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from app import clock
from app.chores import throw_away
from models import Contact, Document, IdempotencyKey
from tests.rig.desk import renew
from tests.rig.robot import problem_of

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
KEY = {"Idempotency-Key": "alta-1"}


def names(db):
    renew(db)
    return db.scalars(select(Contact.name).order_by(Contact.id)).all()


def test_it_is_done_once_and_answered_alike(robot, db):
    first = robot.post("contacts", {"name": "Merino"}, headers=KEY)
    again = robot.post("contacts", {"name": "Merino"}, headers=KEY | {"Accept-Language": "en"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert [again.headers[name] for name in ("location", "etag", "content-type", "idempotency-replayed")] == [
        first.headers["location"], first.headers["etag"], "application/json", "true",
    ]  # fmt: skip
    assert "idempotency-replayed" not in first.headers
    assert names(db) == ["Merino"]
    assert b"Merino" not in db.scalars(select(IdempotencyKey)).one().body


def test_another_request_with_its_key_is_refused(robot, db):
    robot.post("contacts", {"name": "Merino"}, headers=KEY)

    answers = [
        robot.post("contacts", {"name": "Otra"}, headers=KEY),
        robot.post("documents/1/issue", headers=KEY),
        robot.post("contacts/1/archive", headers=KEY),
    ]

    assert [problem_of(answer) for answer in answers] == [(422, "idempotency_key_reused", [])] * 3
    assert names(db) == ["Merino"]


@ONLY_SQLITE
def test_each_key_has_requests_of_its_own(build, db):
    one, other = build(), build()

    statuses = [robot.post("contacts", {"name": "Merino"}, headers=KEY).status_code for robot in (one, other)]

    assert statuses == [201, 201]
    assert len(names(db)) == 2


@ONLY_SQLITE
def test_what_was_refused_may_be_mended_and_asked_again(robot, db):
    refused = robot.post("contacts", {"name": "Merino", "tax_id": "B1"}, headers=KEY)
    invalid = robot.post("contacts", {"nombre": "Merino"}, headers=KEY)
    mended = robot.post("contacts", {"name": "Merino"}, headers=KEY)

    assert [answer.status_code for answer in (refused, invalid, mended)] == [422, 422, 201]
    assert names(db) == ["Merino"]


@ONLY_SQLITE
@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ñ".encode(), "a\tb"])
def test_a_key_that_cannot_be_one(robot, db, key):
    answer = robot.post("contacts", {"name": "Merino"}, headers={"Idempotency-Key": key})

    assert problem_of(answer) == (422, "invalid_request", [("Idempotency-Key", "invalid_value")])
    assert names(db) == []


def test_while_it_is_being_done_the_same_has_to_wait(robot, db):
    claimed(robot, db)

    asked = robot.post("contacts", {"name": "Merino"}, headers=KEY)

    assert problem_of(asked) == (409, "in_progress", [])
    assert 0 < int(asked.headers["retry-after"]) <= 60
    assert names(db) == []


def claimed(robot, db, lease=dt.timedelta(seconds=60)):
    """As whoever died after the claim leaves it behind."""
    robot.post("contacts", {"name": "Merino"}, headers=KEY)
    renew(db)
    mine = IdempotencyKey.company_id == db.company_id
    lost = {"status": None, "body": None, "headers": None, "claim": "dead", "leased_until": clock.now() + lease}
    db.execute(update(IdempotencyKey).where(mine).values(**lost).execution_options(synchronize_session=False))
    db.execute(Contact.__table__.delete().where(Contact.company_id == db.company_id))
    db.commit()


def test_who_died_at_it_is_followed_once_the_lease_is_over(robot, db):
    claimed(robot, db, lease=dt.timedelta(seconds=-1))

    answer = robot.post("contacts", {"name": "Merino"}, headers=KEY)

    assert (answer.status_code, names(db)) == (201, ["Merino"])


def test_many_at_once_do_it_once(robot, make, db):
    make.tax()
    make.series(label="FV26", is_default=True)
    contact = make.contact()
    db.commit()
    body = {"kind": "invoice", "contact_id": str(contact.id), "lines": [{"concept": "X", "tax_rate": "21"}]}
    draft = robot.post("documents", body).json()

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(robot.post, f"documents/{draft['id']}/issue", None, KEY) for _ in range(8)]
        answers = [one.result() for one in asked]

    done = {answer.content for answer in answers if answer.status_code == 200}
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len(done) == 1
    renew(db)
    assert [document.number_text for document in db.scalars(select(Document))] == ["FV26-0001"]


@ONLY_SQLITE
def test_answers_are_kept_for_a_week(robot, installation, db):
    robot.post("contacts", {"name": "Merino"}, headers=KEY)
    now = clock.now()

    throw_away(installation.database, now + dt.timedelta(days=6))
    renew(db)
    kept = len(db.scalars(select(IdempotencyKey)).all())
    throw_away(installation.database, now + dt.timedelta(days=8))
    renew(db)

    assert (kept, db.scalars(select(IdempotencyKey)).all()) == (1, [])
