"""The site killed at any moment while people publish with notices: each dialogue is done once, whole, and told once.

Whoever gets no answer sends the same dialogue again, as a browser's *try again* does, until there is one. A worker runs
inside the site and dies with it.
"""

import datetime as dt
import random
import socket
import time
from typing import Any

import sqlalchemy as sa

from app.commands.checking import whatever_is_wrong
from app.domain.selections import NumberRange
from models import Batch, Document, Publication
from tests.faults import WHOLE, Report
from tests.faults.clerks import Clerk, at_work
from tests.faults.office import SERIES, Office, office_at, on_both_databases
from tests.faults.outbox import PATIENCE
from tests.faults.processes import Processes
from tests.rig.desk import fields_of

CUSTOMERS = 40
CLERKS = 2
LEASE = dt.timedelta(seconds=2)
PUBLISH = "invoice/publish"


def prove(scale: float, seed: int, report: Report) -> None:
    kills = max(1, round(WHOLE * scale))

    def on(url: str, folder: Any) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
            port = listening.getsockname()[1]
            with office_at(url, folder, customers=CUSTOMERS, batches=(kills + 10) * CLERKS * 2, port=port) as office:
                _prove_with(office, listening, kills, seed, report)

    on_both_databases(on)


def _prove_with(office: Office, listening: socket.socket, kills: int, seed: int, report: Report) -> None:
    clerks = [Publisher(office, f"marta{number}@tosma.example") for number in range(CLERKS)]
    with Processes(office.installation.settings, LEASE, listening) as processes:
        processes.make("web")
        with at_work(clerks):
            _torment(clerks, processes, kills, random.Random(seed))
        office.wait_until_empty()
    _judge(office, clerks, kills, seed, report)


def _torment(clerks: list["Publisher"], processes: Processes, kills: int, dice: random.Random) -> None:
    for _ in range(kills):
        clerk = dice.choice(clerks)
        clerk.sending.clear()
        clerk.sending.wait(PATIENCE)
        time.sleep(dice.uniform(0, 0.06 if dice.random() < 0.8 else 1.0))
        processes.replace(next(iter(processes.alive)))


def _judge(office: Office, clerks: list["Publisher"], kills: int, seed: int, report: Report) -> None:
    done = {key: numbers for clerk in clerks for key, numbers in clerk.done.items()}
    interrupted = sum(clerk.interrupted for clerk in clerks)
    count = office.count()
    engine = office.installation.database.engine.dialect.name
    report(
        f"{engine}, semilla {seed}: {kills} muertes, {len(done)} publicaciones, {interrupted} sin respuesta, {count}"
    )

    assert interrupted >= kills // 10, "hardly anybody was interrupted: this proves nothing"
    told = {key: range(numbers.first, numbers.last + 1) for key, numbers in done.items()}
    differs = told.items() ^ _published(office).items()
    assert not differs, f"what was published is not what people were told: {differs}"
    wrong = list(whatever_is_wrong(office.installation, office.scope.company_id))
    assert not wrong, f"{len(wrong)} things are wrong: {wrong[:5]}"
    assert count.lost == 0, f"{count.lost} mails are said to be sent and never arrived"
    assert count.most_copies <= 2, f"a mail arrived {count.most_copies} times"
    assert count.extra <= min(kills, count.breaks), f"{count.extra} copies after {kills} kills"


def _published(office: Office) -> dict[str, range]:
    """By the dialogue's key, the numbers that its batch made visible; all but the office's own first batch."""
    numbers: dict[str, list[int]] = {}
    with office.installation.database.read(office.scope) as db:
        rows = sa.select(Batch.key, Document.number).select_from(Batch)
        rows = rows.join(Publication, Publication.batch_id == Batch.id)
        rows = rows.join(Document, Document.id == Publication.document_id).order_by(Document.number)
        for key, number in db.execute(rows.where(Publication.withdrawn_at.is_(None), Batch.key != "1")):
            numbers.setdefault(key, []).append(number or 0)
    assert all(found == list(range(found[0], found[-1] + 1)) for found in numbers.values()), "a batch has gaps"
    return {key: range(found[0], found[-1] + 1) for key, found in numbers.items()}


class Publisher(Clerk):
    """Publishes one range after another."""

    def __init__(self, office: Office, email: str) -> None:
        super().__init__(office, email)
        self.office = office
        self.done: dict[str, NumberRange] = {}

    def do_one(self) -> None:
        numbers = self.office.next_numbers()
        wanted = {"scope": "range", "series": SERIES, "first": str(numbers.first), "last": str(numbers.last)}
        asked = fields_of(self.insist(lambda: self.desk.get(PUBLISH, q=""))) | wanted
        shown = self.insist(lambda: self.desk.post(f"{PUBLISH}/preview", asked))
        fields = asked | fields_of(shown)
        self.confirm(PUBLISH, fields)
        self.done[fields["key"]] = numbers
