"""CPU seconds (user and system, of every process concerned), wall seconds and memory, taken in interleaved rounds."""

import os
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    cpu: float
    wall: float


def interleaved(
    subjects: Mapping[str, Callable[[], object]], *, rounds: int, processes: Iterable[int] = ()
) -> dict[str, Cost]:
    """The median cost in seconds of one call of each subject; every round calls all of them in turn.

    ``processes`` are the roots of other process trees that work for the subjects (a PostgreSQL, a web server): their
    CPU is added to our own. One round is thrown away first, so that caches are warm for all alike.
    """
    roots = tuple(processes)
    taken: dict[str, list[Cost]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        for name, call in subjects.items():
            cpu, wall = cpu_seconds(roots), time.perf_counter()
            call()
            cost = Cost(cpu_seconds(roots) - cpu, time.perf_counter() - wall)
            if number:
                taken[name].append(cost)
    return {name: _median(costs) for name, costs in taken.items()}


def cpu_seconds(roots: Iterable[int] = ()) -> float:
    """CPU used so far by this process, its finished children and the process trees below ``roots``."""
    own = sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )
    return own + sum(_cpu_of(pid) for root in roots for pid in tree(root))


def tree(root: int) -> list[int]:
    """``root`` and everything below it. Linux only: elsewhere just ``root``, whose CPU is not known either."""
    children: dict[int, list[int]] = {}
    for stat in PROC.glob("[0-9]*/stat"):
        if fields := _stat(stat):
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def memory_mb(root: int) -> float:
    """PSS of a process tree in MB: shared pages count once, split among those who share them."""
    kilobytes = 0
    for pid in tree(root):
        try:
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def _median(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(cost.cpu for cost in costs), statistics.median(cost.wall for cost in costs))


def _cpu_of(pid: int) -> float:
    """User and system time of a process and of the children it has already buried."""
    fields = _stat(PROC / str(pid) / "stat")
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS if fields else 0.0


def _stat(path: Path) -> list[str]:
    """The fields after the command's name, which may hold spaces and brackets; empty when the process is gone."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []
