"""Site and workers killed at any moment while documents are sent by mail, and servers that are in a mood.

Every dialogue that somebody confirmed becomes exactly its mails. Each leaves, hardly ever twice, always the same bytes,
and lies once in the folder of copies; and workers whom nobody kills never do anything twice.
"""

import datetime as dt
import math
import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.commands.checking import whatever_is_wrong
from app.mail.courier import LEASE
from tests.faults import WHOLE, Report
from tests.faults.clerks import at_work
from tests.faults.dispatch_clerks import Sender, queued_letters
from tests.faults.dispatch_office import DispatchOffice, dispatch_office
from tests.faults.dispatch_tally import Tally, tally
from tests.faults.office import on_both_databases
from tests.faults.outbox import PATIENCE
from tests.faults.processes import Processes
from tests.imap_server import ImapServer, imap_server

CLERKS = 2
CREWS = {"sqlite": (1,), "postgresql": (2, 8)}
"""How many workers at once, beside the site. The kills are shared out evenly."""

SHORT_LEASE = dt.timedelta(seconds=3)
SENDINGS = 5
"""Of each clerk, before a crew finds their mails."""


def prove(scale: float, seed: int, report: Report) -> None:
    kills = math.ceil(WHOLE * scale / sum(map(len, CREWS.values())))
    with imap_server() as imap:
        on_both_databases(lambda url, folder: _prove_on(url, folder, imap, kills, seed, report))


def _prove_on(url: str, folder: Path, imap: ImapServer, kills: int, seed: int, report: Report) -> None:
    with (
        socket.create_server(("127.0.0.1", 0), backlog=128) as listening,
        dispatch_office(url, folder, port=listening.getsockname()[1], seed=seed, imap=imap) as office,
        office.in_a_hurry(),
    ):
        ordeal = Ordeal(office, listening, seed)
        ordeal.torment(kills)
        tormented = tally(office)
        ordeal.work_in_peace(math.ceil(kills / 50))
        peaceful = tally(office)
        report(f"{ordeal.database}, semilla {seed}: {ordeal}, {peaceful}")
        ordeal.judge(tormented, peaceful)


class Ordeal:
    """What site, workers and clerks go through."""

    def __init__(self, office: DispatchOffice, listening: socket.socket, seed: int) -> None:
        self.office, self.listening, self.dice = office, listening, random.Random(seed)
        self.database = office.installation.database.engine.dialect.name
        self.crews = CREWS[self.database]
        self.clerks = [Sender(office, f"marta{number}@tosma.example", seed + number) for number in range(CLERKS)]
        self.clerks[0].own_account_id = office.give_account(self.clerks[0].user.id)
        self.killed: Counter[str] = Counter()

    def __str__(self) -> str:
        return (
            f"{self.killed['worker']} muertes de trabajadores (de {' y de '.join(map(str, self.crews))} a la vez) y"
            f" {self.killed['site']} del sitio, {sum(len(clerk.done) for clerk in self.clerks)} envíos,"
            f" {self.interrupted} sin respuesta"
        )

    @property
    def interrupted(self) -> int:
        return sum(clerk.interrupted for clerk in self.clerks)

    def torment(self, kills: int) -> None:
        with self._site(SHORT_LEASE) as processes:
            with at_work(self.clerks):
                for crew in self.crews:
                    while len(processes.all_of("worker")) < crew:
                        processes.make("worker")
                    for _ in range(kills):
                        self._kill_one(processes)
            self.office.wait_until_empty()

    def work_in_peace(self, rounds: int) -> None:
        """Each crew finds a queue, all of them at once, and nobody dies."""
        self.office.leave_no_doubt()
        with self._site(LEASE) as processes:
            for crew in self.crews * rounds:
                self._let_them_send()
                workers = [processes.make("worker") for _ in range(crew)]
                self.office.wait_until_empty()
                for worker in workers:
                    processes.kill(worker, signal.SIGTERM)

    def judge(self, tormented: Tally, peaceful: Tally) -> None:
        assert self.interrupted >= self.killed["site"] // 10, "hardly anybody was interrupted: this proves nothing"
        told = {key: letters for clerk in self.clerks for key, letters in clerk.done.items()}
        assert told == queued_letters(self.office), "what was sent is not what people were told"
        wrong = list(whatever_is_wrong(self.office.installation, self.office.scope.company_id))
        assert not wrong, f"{len(wrong)} things are wrong: {wrong[:5]}"
        assert peaceful.lost == 0, f"{peaceful.lost} mails are said to be sent and never arrived"
        assert peaceful.most_copies <= 2, f"a mail arrived {peaceful.most_copies} times"
        assert peaceful.extra == tormented.extra, "there are new copies although nobody was killed"
        assert peaceful.breaks == tormented.breaks, "there are new breaks although nobody was killed"
        assert peaceful.unknown == tormented.unknown, "there are new doubts although nobody was killed"

    @contextmanager
    def _site(self, lease: dt.timedelta) -> Iterator[Processes]:
        with Processes(self.office.installation.settings, lease, self.listening) as processes:
            processes.make("site")
            yield processes

    def _kill_one(self, processes: Processes) -> None:
        """The site while somebody confirms a dialogue, or a worker while mails arrive."""
        if self.dice.random() < 0.3:
            self._wait_for_a_dialogue(self.dice.choice(self.clerks))
            time.sleep(self.dice.uniform(0, 0.06))
            (victim,) = processes.all_of("site")
        else:
            self.office.wait_for_mail()
            time.sleep(self.dice.uniform(0, 0.2))
            victim = self.dice.choice(processes.all_of("worker"))
        self.killed[processes.alive[victim]] += 1
        processes.replace(victim)

    def _wait_for_a_dialogue(self, clerk: Sender) -> None:
        clerk.sending.clear()
        assert clerk.sending.wait(PATIENCE), f"nobody sends any more: {clerk.wrong}"

    def _let_them_send(self) -> None:
        enough = [len(clerk.done) + SENDINGS for clerk in self.clerks]
        with at_work(self.clerks):
            while any(len(clerk.done) < number for clerk, number in zip(self.clerks, enough, strict=True)):
                assert not any(clerk.wrong for clerk in self.clerks), "somebody got an answer nobody should get"
                time.sleep(0.05)
