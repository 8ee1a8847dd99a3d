"""Slowing guessing down: so many tries per subject in a window, counted where every process sees them."""

import datetime as dt
import hashlib
import math
from ipaddress import IPv6Address, ip_address

from msgspec import Struct
from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app import clock
from app.errors import Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Throttle


class TooManyTries(Refusal):
    """The limit of a subject is spent; ``retry_after`` seconds from now there will be tries again."""

    status = 429
    code = "too_many_tries"

    def __init__(self, retry_after: int) -> None:
        minutes = max(1, -(-retry_after // 60))
        wait = _("un minuto") if minutes == 1 else _("%(n)s minutos") % {"n": minutes}
        if minutes > 90:
            wait = _("%(n)s horas") % {"n": -(-minutes // 60)}
        super().__init__(_("Demasiados intentos. Espere %(rato)s y vuelva a probar.") % {"rato": wait})
        self.retry_after = retry_after


def check(db: ScopedSession, subject: str, limit: int, window: dt.timedelta) -> None:
    """Count one try of ``subject`` and raise ``TooManyTries`` when it is one too many.

    Call it in a transaction of its own, before the costly part: what follows may fail, the try still counts.
    """
    now = clock.now()
    expired = Throttle.since <= now - window
    dialect = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    counted = (
        dialect.insert(Throttle)
        .values(subject=_hash(subject), since=now, tries=1, created_at=now)
        .on_conflict_do_update(
            index_elements=[Throttle.subject],
            set_={
                "tries": case((expired, 1), else_=Throttle.tries + 1),
                "since": case((expired, now), else_=Throttle.since),
            },
        )
        .returning(Throttle.tries, Throttle.since)
    )
    tries, since = db.execute(counted).one()
    if tries > limit:
        raise TooManyTries(math.ceil((since + window - now).total_seconds()))


class Handful(Struct, frozen=True):
    """Tries taken at once: ``count`` of them may be spent until ``until``."""

    count: int
    until: dt.datetime


def take(db: ScopedSession, subject: str, limit: int, window: dt.timedelta, wanted: int) -> Handful:
    """Up to ``wanted`` tries of ``subject``, for a process that then counts them off by itself.

    All processes together never have more than ``limit`` in a window; what one of them does not spend is lost with the
    window. Raises ``TooManyTries`` when none is left.
    """
    now, mine = clock.now(), Throttle.subject == _hash(subject)
    dialect = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    begun = dialect.insert(Throttle).values(subject=_hash(subject), since=now, tries=0, created_at=now)
    db.execute(begun.on_conflict_do_nothing(index_elements=[Throttle.subject]))
    since, spent = db.execute(select(Throttle.since, Throttle.tries).where(mine).with_for_update()).one()
    if since <= now - window:
        since, spent = now, 0
    count = min(wanted, limit - spent)
    if count <= 0:
        raise TooManyTries(math.ceil((since + window - now).total_seconds()))
    db.execute(update(Throttle).where(mine).values(since=since, tries=spent + count))
    return Handful(count, since + window)


def network_of(address: str) -> str:
    """Whom to count a caller as: whoever has one IPv6 address has the 2⁶⁴ beside it too."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))


def forget(db: ScopedSession, subject: str) -> None:
    """Somebody proved who they are: their tries begin again."""
    db.execute(delete(Throttle).where(Throttle.subject == _hash(subject)))


def _hash(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()
