"""A dialogue sent twice at once, and two people who send the same: never one mail twice by one of them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from msgspec.structs import replace

from app.domain.mail.sending import send_documents
from app.scope import Actor, CompanyScope
from tests.integration.domain.mail.sending import command, everything, queued, wishes

TIMES = 4


@pytest.fixture
def at_once(database, company):
    """Runs each work in a transaction of its own, all begun together."""

    def run(*works):
        barrier = Barrier(len(works))

        def one(work):
            barrier.wait()
            return database.run(CompanyScope(company.id), work, Actor("Marta"))

        with ThreadPoolExecutor(len(works)) as pool:
            return list(pool.map(one, works))

    return run


def test_a_dialogue_sent_many_times_at_once_is_one_sending(db, make, at_once):
    user, invoices = make.user(), [make.invoice() for _ in range(3)]
    asked = command(db, wishes(selection=everything()), user)
    db.commit()

    results = at_once(*[lambda db: send_documents(db, asked)] * TIMES)

    assert sorted(result.again for result in results) == [False, *[True] * (TIMES - 1)]
    assert {replace(result, again=False) for result in results} == {replace(results[0], again=False)}
    assert len(queued(db, "id")) == len(invoices)


def test_two_people_may_send_the_same(db, make, at_once):
    user = make.user()
    make.invoice()
    asked = command(db, wishes(selection=everything()), user)
    db.commit()

    results = at_once(*[lambda db, key=key: send_documents(db, replace(asked, key=key)) for key in "ab"])

    assert [(result.mails, result.again) for result in results] == [(1, False)] * 2
    assert len({dispatch_id for (dispatch_id,) in queued(db, "dispatch_id")}) == 2
