"""What an office said it sent, held against what arrived, what was refused and what lies in the folders of copies."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from typing import Any, NamedTuple

import sqlalchemy as sa

from app.domain.mail.keeping_copies import copies
from app.domain.mail.outbox import mails
from models.enums import CopyStatus, MailStatus
from tests.faults.dispatch_office import FOLDER, DispatchOffice

ENDS = {MailStatus.SENT, MailStatus.FAILED, MailStatus.UNKNOWN}


@dataclass(frozen=True)
class Tally:
    """``lost``: said to be sent, never arrived. ``found``: copies that were there already when somebody came back."""

    mails: int
    messages: int
    lost: int
    extra: int
    most_copies: int
    breaks: int
    unknown: int
    refused: int
    copies: int
    found: int

    def __str__(self) -> str:
        return (
            f"{self.mails} correos de {self.messages} mensajes: {self.lost} perdidos, {self.extra} copias de más en"
            f" {self.breaks} cortes ({self.most_copies} como mucho de uno), {self.unknown} sin confirmar,"
            f" {self.refused} rechazados, {self.copies} en {FOLDER} ({self.found} ya estaban)"
        )


class Arrival(NamedTuple):
    """``connection`` of the server in this place."""

    place: int
    connection: int
    sha256: str


class Journals:
    """What the servers wrote down: of each message and recipient its arrivals, and how each connection ended."""

    def __init__(self, office: DispatchOffice) -> None:
        self.arrivals: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
        self.refusals: Counter[str] = Counter()
        self._last: dict[tuple[int, int], tuple[str, str]] = {}
        self._farewells: set[tuple[int, int]] = set()
        for place, server in enumerate(office.servers):
            for line in server.journal.read_text().splitlines():
                self._read(place, json.loads(line), server.user)

    def _read(self, place: int, said: dict[str, Any], sender: str) -> None:
        if "refused" in said:
            self.refusals[said["refused"]] += 1
        elif "farewell" in said:
            self._farewells.add((place, said["farewell"]))
        else:
            assert said["sender"] == sender, "a mail left from another account"
            which = said["message_id"], said["recipient"]
            self.arrivals[which].append(Arrival(place, said["connection"], said["sha256"]))
            self._last[place, said["connection"]] = which

    def is_broken_after(self, which: tuple[str, str], arrival: Arrival) -> bool:
        """Whether its connection broke, by whatever side, and nothing else had come by it since."""
        connection = arrival.place, arrival.connection
        return self._last[connection] == which and connection not in self._farewells


def tally(office: DispatchOffice) -> Tally:
    """Raises ``AssertionError`` at whatever cannot be explained."""
    journals = Journals(office)
    rows = _rows(office)
    messages = _messages(office, rows, journals)
    assert {row.status for row in rows} <= ENDS, "a mail has another end"
    known = {(row.message_id, row.recipient): row for row in rows}
    assert len(known) == len(rows), "two mails are the same message to the same person"
    assert set(journals.arrivals) <= set(known), "something arrived that the outbox does not know"
    for which, row in known.items():
        _check(which, row, journals)
    failed = [row for row in rows if row.status is MailStatus.FAILED]
    assert Counter(row.recipient for row in failed) <= journals.refusals, "a mail failed that nobody refused"
    stored = _check_copies(office, rows, messages)
    numbers = [(row.status, len(journals.arrivals.get(which, ()))) for which, row in known.items()]
    return Tally(
        mails=len(rows),
        messages=len(messages),
        lost=numbers.count((MailStatus.SENT, 0)),
        extra=sum(number - 1 for _status, number in numbers if number),
        most_copies=max(number for _status, number in numbers),
        breaks=sum(row.breaks for row in rows),
        unknown=sum(status is MailStatus.UNKNOWN for status, _number in numbers),
        refused=len(failed),
        copies=stored.total(),
        found=stored[CopyStatus.FOUND],
    )


def _check(which: tuple[str, str], row: Any, journals: Journals) -> None:
    arrivals = journals.arrivals.get(which, [])
    assert len(arrivals) <= 1 + row.breaks, f"mail {row.id} arrived {len(arrivals)} times after {row.breaks} breaks"
    for arrival in arrivals[:-1]:
        assert journals.is_broken_after(which, arrival), f"mail {row.id} was sent again, and nothing had broken"
    if row.status is MailStatus.FAILED and not row.breaks:
        assert not arrivals, f"mail {row.id} is said to have failed, and arrived"


def _rows(office: DispatchOffice) -> list[Any]:
    columns = ("id", "dispatch_id", "account_id", "message_id", "recipient", "status", "breaks")
    mine = mails.c.company_id == office.scope.company_id
    with office.installation.database.read(office.scope) as db:
        return list(db.execute(sa.select(*(mails.c[name] for name in columns)).where(mine).order_by(mails.c.id)))


def _messages(office: DispatchOffice, rows: list[Any], journals: Journals) -> dict[str, str]:
    """The one content of each message, by its SHA-256: as it was frozen, and as it arrived wherever it did."""
    identities, contents = defaultdict(set), defaultdict(set)
    for row in rows:
        identities[row.dispatch_id].add(row.message_id)
    assert all(len(found) == 1 for found in identities.values()), "a dispatch has several identities"
    assert len(set.union(*identities.values())) == len(identities), "two dispatches have the same identity"
    for message_id, sha256 in _frozen(office):
        contents[message_id].add(sha256)
    for (message_id, _recipient), arrivals in journals.arrivals.items():
        contents[message_id] |= {arrival.sha256 for arrival in arrivals}
    differ = [message_id for message_id, found in contents.items() if len(found) != 1]
    assert not differ, f"copies of {len(differ)} messages differ"
    return {message_id: min(found) for message_id, found in contents.items()}


def _frozen(office: DispatchOffice) -> Iterator[tuple[str, str]]:
    kept = sa.select(mails.c.message_id, mails.c.frozen).where(
        mails.c.company_id == office.scope.company_id, mails.c.frozen.is_not(None)
    )
    with office.installation.database.read_much(office.scope) as db:
        for message_id, frozen in db.execute(kept, execution_options={"yield_per": 50}):
            yield message_id, hashlib.sha256(frozen).hexdigest()


def _check_copies(office: DispatchOffice, rows: list[Any], messages: dict[str, str]) -> Counter[CopyStatus]:
    """In the folder of each account lies once, byte for byte, each message that left from it for certain."""
    for place, server in enumerate(office.servers):
        account_id = office.account_ids[place]
        sent = {row.message_id for row in rows if row.status is MailStatus.SENT and row.account_id == account_id}
        lie = Counter(_identified(content) for content, _flags, _moment in office.imap.each_stored(server.user, FOLDER))
        assert all(number == 1 for number in lie.values()), "a message lies twice in the folder of copies"
        assert set(lie) == {(message_id, messages[message_id]) for message_id in sent}, "copies are not what was sent"
    mine = copies.c.company_id == office.scope.company_id
    with office.installation.database.read(office.scope) as db:
        statuses = Counter(db.scalars(sa.select(copies.c.status).where(mine)))
    assert set(statuses) <= {CopyStatus.STORED, CopyStatus.FOUND}, f"copies were given up: {statuses}"
    return statuses


def _identified(content: bytes) -> tuple[str, str]:
    message_id = str(BytesHeaderParser().parsebytes(content)["Message-ID"])
    return message_id, hashlib.sha256(content).hexdigest()
