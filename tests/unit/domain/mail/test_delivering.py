"""What becomes of a mail after each kind of answer."""

import datetime as dt

import pytest

from app.domain.mail.delivering import (
    PATIENCE,
    RECOVERY_PATIENCE,
    WAITS,
    Answer,
    NextState,
    Outcome,
    has_dead_link,
    next_state_of,
    patience_ends_at,
)
from app.domain.mail.outbox import DueMail
from models.enums import MailKind, MailStatus

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
MOMENT = dt.timedelta(microseconds=1)


def mail(**values) -> DueMail:
    known = dict.fromkeys(DueMail.__struct_fields__) | {"id": 1, "kind": MailKind.NOTICE}
    return DueMail(**known | {"is_secret": False, "attempts": 0, "breaks": 0} | values)


def state_after(answer: Answer, *, patience: dt.timedelta = PATIENCE, **values) -> NextState:
    return next_state_of(mail(**values), NOW + patience, Outcome(answer=answer), NOW)


@pytest.mark.parametrize(("answer", "values", "expected"), [
    (Answer.TAKEN, {}, NextState(MailStatus.SENT)),
    (Answer.TAKEN, {"breaks": 1}, NextState(MailStatus.SENT)),
    (Answer.NEVER, {}, NextState(MailStatus.FAILED)),
    (Answer.DOUBT, {}, NextState(MailStatus.RETRY, NOW + MINUTE)),
    (Answer.DOUBT, {"breaks": 1}, NextState(MailStatus.UNKNOWN)),
    (Answer.LATER, {}, NextState(MailStatus.RETRY, NOW + MINUTE)),
    (Answer.LATER, {"attempts": 1}, NextState(MailStatus.RETRY, NOW + 5 * MINUTE)),
    (Answer.LATER, {"attempts": 7}, NextState(MailStatus.RETRY, NOW + 6 * HOUR)),
    (Answer.LATER, {"attempts": 50}, NextState(MailStatus.RETRY, NOW + 6 * HOUR)),
    (Answer.LATER, {"attempts": 50, "patience": HOUR}, NextState(MailStatus.RETRY, NOW + HOUR)),
    (Answer.LATER, {"attempts": 50, "patience": MOMENT}, NextState(MailStatus.RETRY, NOW + MINUTE)),
    (Answer.LATER, {"attempts": 50, "patience": dt.timedelta()}, NextState(MailStatus.FAILED)),
])  # fmt: skip
def test_fates(answer, values, expected):
    assert state_after(answer, **values) == expected


def test_no_wait_is_shorter_than_a_minute():
    assert min(WAITS) == MINUTE


@pytest.mark.parametrize(("kind", "patience"), [
    (MailKind.NOTICE, dt.timedelta(hours=48)),
    (MailKind.ACCESS, dt.timedelta(hours=48)),
    (MailKind.TEST, dt.timedelta(hours=48)),
    (MailKind.RECOVERY, dt.timedelta(minutes=20)),
])  # fmt: skip
def test_patience(kind, patience):
    assert patience_ends_at(kind, NOW) - NOW == patience


@pytest.mark.parametrize(("age", "values", "is_dead"), [
    (72 * HOUR - MOMENT, {"is_secret": True}, False),
    (72 * HOUR, {"is_secret": True}, True),
    (72 * HOUR, {"is_secret": True, "breaks": 1}, False),
    (72 * HOUR, {"is_secret": True, "frozen": None}, False),
    (72 * HOUR, {"is_secret": False}, False),
    (30 * MINUTE - MOMENT, {"is_secret": True, "kind": MailKind.RECOVERY}, False),
    (30 * MINUTE, {"is_secret": True, "kind": MailKind.RECOVERY}, True),
])  # fmt: skip
def test_a_link_that_waited_too_long_is_dead(age, values, is_dead):
    patience = RECOVERY_PATIENCE if values.get("kind") is MailKind.RECOVERY else PATIENCE
    waiting = mail(**{"frozen": b"bytes", "give_up_at": NOW - age + patience} | values)

    assert has_dead_link(waiting, NOW) is is_dead
