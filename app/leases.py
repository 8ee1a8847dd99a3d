"""Holding on to what was claimed while it is worked on."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)


@contextmanager
def kept_alive(extend: Callable[[], bool], lease: dt.timedelta) -> Iterator[Event]:
    """Has a lease extended for as long as the block lasts; the event says when it has been lost."""
    is_done, is_lost = Event(), Event()

    def beat() -> None:
        while not is_done.wait(lease.total_seconds() / 4):
            try:
                if not extend() and not is_done.is_set():
                    is_lost.set()
            except SQLAlchemyError:
                log.warning("a lease could not be extended")

    Thread(target=beat, name="lease", daemon=True).start()
    try:
        yield is_lost
    finally:
        is_done.set()
