"""Imports in the background: stopped, killed, taken over, given up and forgotten."""

import datetime as dt
import time
from threading import Event

import pytest
import time_machine
from sqlalchemy import select, update

from app import clock
from app.adapters.formats import read_file
from app.chores import KEPT, throw_away
from app.domain.import_runs import MOST_TRIES, ClaimRun, NoteProgress, claim_run, note_progress
from app.domain.importing import ImportInvoice, import_invoice
from app.importer import LEASE
from app.worker import worker_beside
from models import ImportRun
from models.enums import ImportStage
from tests.rig.desk import text_of
from tests.rig.import_files import ITURBE, csv_of, numbers_of, row, rows_of, send, work


def test_what_nobody_confirmed_is_forgotten_after_a_month(desk, installation, db):
    kept = send(desk, ("a.csv", csv_of(row(1))))
    work(installation)
    desk.post(f"{kept}/confirmar")
    work(installation)
    send(desk, ("b.csv", csv_of(row(2))))
    work(installation)

    throw_away(installation.database, clock.now() + KEPT - dt.timedelta(hours=1))
    before = [found[0] for found in rows_of(db)]
    db.rollback()
    throw_away(installation.database, clock.now() + KEPT + dt.timedelta(hours=1))

    assert before == ["A26-1", "A26-2"]
    assert [found[0] for found in rows_of(db)] == ["A26-1"]
    assert db.scalars(select(ImportRun.stage)).one() is ImportStage.DONE


def test_a_worker_that_has_to_stop_leaves_the_rest_to_the_next(desk, installation, db):
    address = send(desk, ("a.csv", csv_of(row(1), row(2))), ("b.csv", csv_of(row(3), row(4, ITURBE))))
    work(installation)
    desk.post(f"{address}/confirmar")
    stopped = Event()
    stopped.set()

    steps = []
    while db.scalars(select(ImportRun.stage)).one() is ImportStage.TAKING:
        work(installation, stopped)
        db.rollback()
        steps.append(numbers_of(db))

    assert steps[:4] == [["A26-1"], ["A26-1", "A26-2"], ["A26-1", "A26-2", "A26-3"], [f"A26-{n}" for n in range(1, 5)]]
    assert rows_of(db) == [
        ("A26-1", "created", "", True),
        ("A26-2", "created", "", False),
        ("A26-3", "created", "", False),
        ("A26-4", "created", "", True),
    ]
    assert "4 facturas importadas" in text_of(desk.get(address))


def test_what_a_dead_worker_took_in_but_could_not_tell_is_still_new(desk, installation, db, company):
    content = csv_of(row(1), row(2))
    address = send(desk, ("a.csv", content))
    work(installation)
    desk.post(f"{address}/confirmar")
    run_id = db.scalars(select(ImportRun.id)).one()
    dead = ClaimRun(run_id=run_id, claim="dead", now=clock.now(), lease=LEASE)
    claim_run(db, dead)
    import_invoice(db, ImportInvoice(invoice=read_file("a.csv", content)[0]))
    db.commit()

    work(installation)
    while_held = numbers_of(db)
    db.rollback()
    with time_machine.travel(clock.now() + 2 * LEASE):
        work(installation)

    assert while_held == ["A26-1"]
    assert rows_of(db) == [("A26-1", "created", "", True), ("A26-2", "created", "", False)]


def test_whoever_lost_a_claim_writes_nothing(desk, installation, db):
    address = send(desk, ("a.csv", csv_of(row(1))))
    run_id = db.scalars(select(ImportRun.id)).one()
    now = clock.now()
    claim_run(db, ClaimRun(run_id=run_id, claim="old", now=now, lease=LEASE))
    claim_run(db, ClaimRun(run_id=run_id, claim="new", now=now + 2 * LEASE, lease=LEASE))

    late = NoteProgress(run_id=run_id, claim="old", until=now, said=(), done=7, total=7)
    assert note_progress(db, late) is False
    db.commit()
    assert "En cola" in text_of(desk.get(address))


def test_a_run_that_brings_workers_down_is_given_up_until_somebody_retries(desk, installation, db):
    address = send(desk, ("a.csv", csv_of(row(1))))
    for _ in range(MOST_TRIES):
        db.execute(update(ImportRun).values(tries=ImportRun.tries + 1))
    db.commit()

    work(installation)
    broken = text_of(desk.get(address))
    desk.post(f"{address}/reintentar")
    work(installation)

    assert "No se ha podido terminar." in broken
    assert "Importar 1 factura" in text_of(desk.get(address))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_worker_finds_what_waits(desk, installation, db):
    address = send(desk, ("a.csv", csv_of(row(1))))

    with worker_beside(installation):
        until = time.monotonic() + 20
        while "Importar 1 factura" not in text_of(desk.get(address)) and time.monotonic() < until:
            time.sleep(0.02)

    assert "Importar 1 factura" in text_of(desk.get(address))
