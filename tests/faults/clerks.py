"""People of the office at its site. Who gets no answer sends the same again, as a browser's *try again* does."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import httpx2

from models import Company
from models.enums import Role
from tests.factories import Make
from tests.faults.outbox import PATIENCE, Outbox
from tests.rig.desk import Desk, seat


class Clerk:
    """Somebody who does one thing after another until ``stop``. ``sending`` is set when a dialogue is on its way."""

    def __init__(self, office: Outbox, email: str) -> None:
        self.sending, self.stop = Event(), Event()
        self.interrupted = 0
        self.wrong: list[Exception] = []
        self.installation = office.installation
        with self.installation.database.write(office.scope) as db:
            self.user = Make(db, db.get_one(Company, db.company_id)).user(Role.MANAGER, email=email)

    def do_one(self) -> None:
        raise NotImplementedError

    def work(self) -> None:
        installation = self.installation
        try:
            with httpx2.Client(base_url=installation.settings.base_url, trust_env=False, timeout=PATIENCE) as client:
                browser: Any = client  # the same calls as the tests' own
                self.desk: Desk = seat(browser, installation, installation.database.writes, self.user)
                while not self.stop.is_set():
                    self.do_one()
        except Exception as error:  # noqa: BLE001 - told by whoever waits for this thread
            self.wrong.append(error)

    def confirm(self, path: str, fields: Any) -> None:
        """What is posted does something: it is done once, and then leads elsewhere."""

        def send() -> Any:
            self.sending.set()
            return self.desk.post(path, fields)

        answer = self.insist(send, is_counted=True)
        assert answer.status_code == 303, f"{answer.status_code}: {answer.text[:200]}"

    def insist(self, ask: Callable[[], Any], *, is_counted: bool = False) -> Any:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                answer = ask()
            except httpx2.TransportError:
                self.interrupted += is_counted
                continue
            assert answer.status_code < 500, f"{answer.status_code}: {answer.text[:200]}"
            return answer
        raise TimeoutError


@contextmanager
def at_work(clerks: Sequence[Clerk]) -> Iterator[None]:
    """Every one of them in a thread of its own; at the end of the block each finishes what they are doing."""
    for clerk in clerks:
        clerk.stop.clear()
    threads = [Thread(target=clerk.work, daemon=True) for clerk in clerks]
    for thread in threads:
        thread.start()
    yield
    for clerk in clerks:
        clerk.stop.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "somebody never got an answer"
    strange = [str(error) for clerk in clerks for error in clerk.wrong]
    assert not strange, f"somebody got an answer nobody should get: {strange[0]}"
