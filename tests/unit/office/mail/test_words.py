"""What mails are called, and what they have to wait for before anything is queued."""

import datetime as dt

import pytest

from admin_views.mail.text_form import KINDS
from admin_views.mail.words import mail_sign, when_it_leaves
from admin_views.words import field_value
from app import clock
from app.domain.mail.kinds import MAIL_KINDS
from app.domain.mail.texts import DOCUMENTS
from models import MailAccount
from models.enums import MailKind, MailStatus, ReportKind, TextKind

WITHOUT = "cuando se configure la cuenta de correo"
TROUBLED = "cuando el servidor de correo vuelva a aceptarlos"


@pytest.mark.parametrize(
    ("account", "demo", "said"),
    [
        (None, False, WITHOUT),
        (None, True, ""),
        ({}, False, ""),
        ({"failures": 1}, False, TROUBLED),
        ({"last_error": "No contesta."}, True, TROUBLED),
    ],
)
def test_what_mail_has_to_wait_for(account, demo, said):
    row = None if account is None else MailAccount(**{"failures": 0, "last_error": ""} | account)

    assert when_it_leaves(row, demo=demo) == said


SOON, LATER = (clock.now() + dt.timedelta(minutes=n) for n in (9, 60))


@pytest.mark.parametrize(
    ("status", "due_at", "came_back", "word"),
    [
        (MailStatus.QUEUED, SOON, None, "En cola"),
        (MailStatus.QUEUED, LATER, None, "Programado"),
        (MailStatus.RETRY, LATER, None, "Reintento 2"),
        (MailStatus.SENT, SOON, None, "Enviado"),
        (MailStatus.SENT, SOON, ReportKind.BOUNCED, "Rebotado"),
    ],
)
def test_what_a_mail_is_said_to_be(status, due_at, came_back, word):
    assert mail_sign(status, 2, due_at, came_back).word == word


OTHERS = [kind for kind in TextKind if kind not in DOCUMENTS]


def test_every_kind_of_mail_has_a_name():
    assert set(MAIL_KINDS) == {*MailKind, *OTHERS}


@pytest.mark.parametrize("kind", OTHERS)
def test_its_text_is_called_like_the_mail(kind):
    (tab, *rest), (name, *of_what) = KINDS[kind].split(), MAIL_KINDS[kind].split()

    assert (tab.startswith(name), rest) == (True, of_what)
    assert field_value("kind", kind.value) == MAIL_KINDS[kind]
