"""What mail has to wait for, before anything is queued."""

import pytest

from admin_views.mail.words import when_it_leaves
from models import MailAccount

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
