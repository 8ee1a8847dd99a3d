"""What reading leaves behind: views, downloads, last-seen and opened links, written a moment later and all together.

A GET changes no business fact, so a request only puts a note in a bounded queue; a thread of its own writes the queue
in one transaction, within two seconds. A crash may lose those seconds and nothing else. Under overload the oldest
notes are dropped: nobody ever waits for a footprint.
"""

import datetime as dt
import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field
from sqlalchemy import Connection, Table, bindparam, insert, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from app import clock
from app.domain.access_tables import portal_accounts
from app.errors import MISTAKES
from app.installation import Installation
from app.scope import SYSTEM
from models import DocumentEvent, PortalSession
from models.enums import EventKind

MOST_WAITING = 20_000
EVERY = 1.0

log = logging.getLogger(__name__)

_events: Table = DocumentEvent.__table__  # type: ignore[assignment]
_sessions: Table = PortalSession.__table__  # type: ignore[assignment]

_SEEN = (
    update(_sessions)
    .where(
        _sessions.c.company_id == bindparam("of_company"),
        _sessions.c.id == bindparam("of_session"),
        _sessions.c.seen_at < bindparam("at"),
        _sessions.c.ended_at.is_(None),
    )
    .values(seen_at=bindparam("at"))
)
_OPENED = (
    update(portal_accounts)
    .where(
        portal_accounts.c.company_id == bindparam("of_company"),
        portal_accounts.c.id == bindparam("of_account"),
        portal_accounts.c.opened_at.is_(None),
    )
    .values(opened_at=bindparam("at"))
)


class _Waiting(Struct):
    """What one transaction writes. Touches of the same session or account count once."""

    events: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[tuple[int, int], dt.datetime] = field(default_factory=dict)
    opened: dict[tuple[int, int], dt.datetime] = field(default_factory=dict)


class Footprints:
    """The queue of one process and the thread that empties it. Any thread may leave footprints; none ever waits."""

    def __init__(self, installation: Installation, *, most: int = MOST_WAITING) -> None:
        self._database = installation.database
        self._most = most
        self._queue: deque[tuple[str, Any]] = deque(maxlen=most)
        self._stopping = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._work, name="footprints", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting and end the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.flush()

    def view(  # noqa: PLR0913 - an event has that many facts
        self,
        kind: EventKind,
        *,
        company_id: int,
        document_id: int,
        contact_id: int,
        account_id: int,
        address: str,
        browser: str,
    ) -> None:
        """Somebody saw or took a document, now."""
        event = {
            "company_id": company_id,
            "document_id": document_id,
            "contact_id": contact_id,
            "account_id": account_id,
            "kind": kind,
            "address": address[:40],
            "browser": browser[:200],
            "created_at": clock.now(),
        }
        self._queue.append(("event", event))

    def seen(self, *, company_id: int, session_id: int) -> None:
        """A customer's session was used, now."""
        self._queue.append(("seen", (company_id, session_id, clock.now())))

    def opened(self, *, company_id: int, account_id: int) -> None:
        """Somebody followed the link that activates an account, now."""
        self._queue.append(("opened", (company_id, account_id, clock.now())))

    def flush(self) -> None:
        """Write what is waiting. What the database cannot take at the moment waits for the next time."""
        with self._writing:
            notes = [self._queue.popleft() for _ in range(len(self._queue))]
            if not notes:
                return
            try:
                self._write(_sorted(notes))
            except IntegrityError:
                self._write_one_by_one(notes)
            except SQLAlchemyError as error:
                self._put_back(notes, error)

    def _work(self) -> None:
        while not self._stopping.wait(EVERY):
            try:
                self.flush()
            except (OSError, *MISTAKES):
                log.exception("footprints were lost")

    def _write(self, waiting: _Waiting) -> None:
        with self._database.write(SYSTEM) as db:
            _record(db.connection(), waiting)

    def _write_one_by_one(self, notes: Sequence[tuple[str, Any]]) -> None:
        """One note about something that no longer exists must not take the others with it."""
        for position, note in enumerate(notes):
            try:
                self._write(_sorted([note]))
            except IntegrityError as error:
                log.warning("a footprint was dropped: %s", error.orig)
            except SQLAlchemyError as error:
                self._put_back(notes[position:], error)
                return

    def _put_back(self, notes: Sequence[tuple[str, Any]], error: SQLAlchemyError) -> None:
        """Before the newer ones. When they do not all fit, the oldest are dropped."""
        log.warning("footprints wait, the database is not available: %s", getattr(error, "orig", error))
        room = self._most - len(self._queue)
        self._queue.extendleft(reversed(notes[-room:] if room > 0 else ()))


def _sorted(notes: Sequence[tuple[str, Any]]) -> _Waiting:
    waiting = _Waiting()
    for kind, note in notes:
        if kind == "event":
            waiting.events.append(note)
        else:
            company_id, row_id, at = note
            (waiting.seen if kind == "seen" else waiting.opened)[company_id, row_id] = at
    return waiting


def _record(connection: Connection, waiting: _Waiting) -> None:
    if waiting.events:
        connection.execute(insert(_events), waiting.events)
    # In order of ids, so that two processes never wait for each other crosswise.
    if seen := sorted(waiting.seen.items()):
        connection.execute(_SEEN, [{"of_company": company, "of_session": row, "at": at} for (company, row), at in seen])
    if opened := sorted(waiting.opened.items()):
        connection.execute(
            _OPENED, [{"of_company": company, "of_account": row, "at": at} for (company, row), at in opened]
        )
