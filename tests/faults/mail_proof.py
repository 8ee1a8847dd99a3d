"""Workers killed at any moment while they send the notices of publications: nothing lost, hardly a copy."""

import datetime as dt
import random
import signal
import time
from pathlib import Path

from app.mail.courier import LEASE
from tests.faults import WHOLE, Report
from tests.faults.office import Office, office_at, on_both_databases
from tests.faults.processes import Processes

CUSTOMERS = 300
SHORT_LEASE = dt.timedelta(seconds=2)
ENOUGH_WAITING = 200


def prove(scale: float, seed: int, report: Report) -> None:
    kills = max(1, round(WHOLE * scale))
    on_both_databases(lambda url, folder: _prove_on(url, folder, kills, seed, report))


def _prove_on(url: str, folder: Path, kills: int, seed: int, report: Report) -> None:
    dice = random.Random(seed)
    with office_at(url, folder, customers=CUSTOMERS, batches=kills + 10) as office:
        with Processes(office.installation.settings, SHORT_LEASE) as workers:
            pauses = _torment(office, workers, kills, dice)
            office.wait_until_empty()
        tormented = office.count()
        with Processes(office.installation.settings, LEASE) as workers:
            _change_shifts(office, workers)
        peaceful = office.count()
    report(f"{url.partition(':')[0]}, semilla {seed}: {kills} muertes y {pauses} parones, {tormented}")

    broken = kills + pauses
    assert tormented.lost == 0, f"{tormented.lost} mails are said to be sent and never arrived"
    assert tormented.most_copies <= 2, f"a mail arrived {tormented.most_copies} times"
    assert tormented.extra <= min(broken, tormented.breaks), f"{tormented.extra} copies after {broken} breaks"
    assert peaceful.extra == tormented.extra, "there are new copies although nobody was killed"
    assert peaceful.breaks == tormented.breaks, "there are new breaks although nobody was killed"
    assert (peaceful.lost, peaceful.unknown) == (0, tormented.unknown), "a mail was lost although nobody was killed"


def _torment(office: Office, workers: Processes, kills: int, dice: random.Random) -> int:
    """Kill one of two workers over and over, now and then stop one for longer than its lease. How many stops."""
    pauses = 0
    workers.make()
    workers.make()
    for _ in range(kills):
        office.keep_busy(ENOUGH_WAITING)
        office.wait_for_mail()
        time.sleep(dice.uniform(0, 0.2))
        victim = dice.choice(list(workers.alive))
        if dice.random() < 0.05:
            pauses += 1
            workers.kill(victim, signal.SIGSTOP)
            time.sleep(SHORT_LEASE.total_seconds() * 2)
            workers.kill(victim, signal.SIGCONT)
            time.sleep(0.1)
        workers.replace(victim)
    return pauses


def _change_shifts(office: Office, workers: Processes) -> None:
    """Two workers at a time, each told to stop in the middle of its work and replaced: all of it gently."""
    office.publish()
    workers.make()
    for _ in range(3):
        workers.make()
        time.sleep(0.3)
        workers.kill(next(iter(workers.alive)), signal.SIGTERM)
    office.wait_until_empty()
