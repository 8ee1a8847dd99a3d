"""A mail server with moods: it puts off, refuses, dawdles and hangs up as its dice fall, and keeps a journal of it.

``python -m tests.faults.moody_sink --journal FILE --seed N --user USER --password PASSWORD`` until SIGTERM. After
SIGUSR1 it has moods as before, but leaves nobody in doubt about a message.
"""

import argparse
import hashlib
import json
import os
import random
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.smtp_sink import Received, Sink, Step

LATER, NEVER = "451 4.3.0 ahora no", "554 5.7.1 eso no"
Moods = tuple[tuple[float, Step], ...]

MOODS: Mapping[str, Moods] = {
    "CONNECT": ((0.02, Step(reply="421 4.3.2 vuelva luego", hang_up=True)), (0.02, Step(drop=True))),
    "MAIL": ((0.01, Step(reply=LATER)),),
    "RCPT": ((0.02, Step(reply="450 4.2.0 ocupado")), (0.01, Step(reply="550 5.1.1 no existe"))),
    "DATA": ((0.01, Step(drop=True)),),
    ".": ((0.02, Step(reply=LATER)), (0.01, Step(reply=NEVER)), (0.2, Step(delay=0.05)), (0.01, Step(delay=0.5))),
}
# Whoever sends has handed over everything, final dot and all, by the time the link breaks, wherever that was.
IN_DOUBT: Mapping[str, Moods] = {
    "BODY": ((0.01, Step(drop=True, after=2000)),),
    ".": ((0.01, Step(drop=True, keep=True)), (0.01, Step(drop=True, keep=False)), (0.01, Step(truncate=2))),
}


class MoodySink(Sink):
    """Writes a line of JSON for each message it takes, before it says so, for each it refuses and for each QUIT."""

    def __init__(self, journal: Path, seed: int, credentials: tuple[str, str]) -> None:
        super().__init__(credentials=credentials)
        self.dice = random.Random(seed)
        self.is_clear = False
        self.journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def next_step(self, verb: str, argument: str) -> Step | None:
        moods = MOODS.get(verb, ()) + (() if self.is_clear else IN_DOUBT.get(verb, ()))
        with self.lock:
            chances = [chance for chance, _step in moods]
            (step,) = self.dice.choices((*(step for _chance, step in moods), None), (*chances, 1 - sum(chances)))
        if step is not None and (step.reply or "").startswith("5"):
            self._note(refused=argument.removeprefix("RCPT TO:<").removesuffix(">"))
        return step

    def keep(self, message: Received) -> None:
        (recipient,) = message.recipients
        sha256 = hashlib.sha256(message.content).hexdigest()
        self._note(
            connection=message.connection,
            sender=message.sender,
            recipient=recipient,
            message_id=message.message_id,
            sha256=sha256,
        )

    def note_farewell(self, connection: int) -> None:
        self._note(farewell=connection)

    def _note(self, **facts: Any) -> None:
        os.write(self.journal, json.dumps(facts).encode() + b"\n")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--journal", type=Path, required=True)
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--user", required=True)
    options.add_argument("--password", required=True)
    given = options.parse_args()

    awaited = {signal.SIGTERM, signal.SIGINT, signal.SIGUSR1}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    with MoodySink(given.journal, given.seed, (given.user, given.password)) as sink:
        print(f"ready {sink.host} {sink.port}", flush=True)
        while signal.sigwait(awaited) is signal.SIGUSR1:
            sink.is_clear = True


if __name__ == "__main__":
    main()
