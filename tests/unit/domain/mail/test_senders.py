"""In whose name mail leaves and where its answers go: one rule, for who chooses an account and for what is written."""

import pytest

from app.domain.mail.senders import NamedSender, may_send_with, named_sender
from models import Company, MailAccount

OURS, MARTAS = "facturas@tosma.example", "marta@tosma.example"


def account(**values):
    return MailAccount(**{"id": 7, "sender_name": "", "sender_email": OURS, "reply_to": ""} | values)


@pytest.mark.parametrize(("mail_account", "company_email", "name", "email", "reply_to"), [
    (account(), "hola@tosma.example", "Tosma", OURS, "hola@tosma.example"),
    (account(), OURS, "Tosma", OURS, ""),
    (account(), "", "Tosma", OURS, ""),
    (account(sender_name="Facturas"), "", "Facturas", OURS, ""),
    (account(reply_to="otra@tosma.example"), "hola@tosma.example", "Tosma", OURS, "otra@tosma.example"),
    (account(user_id=1, sender_email=MARTAS), "hola@tosma.example", "Tosma", MARTAS, ""),
    (account(user_id=1, sender_email=MARTAS, reply_to=MARTAS), "", "Tosma", MARTAS, ""),
    (account(user_id=1, sender_email=MARTAS, reply_to=OURS), "", "Tosma", MARTAS, OURS),
    (None, "hola@tosma.example", "Tosma", "hola@tosma.example", ""),
    (None, "", "Tosma", "", ""),
])  # fmt: skip
def test_answers_go_where_they_should(mail_account, company_email, name, email, reply_to):
    company = Company(name="Suministros Tosma, S.L.", trade_name="Tosma", email=company_email)

    assert named_sender(company, mail_account) == NamedSender(name=name, email=email, reply_to=reply_to)


@pytest.mark.parametrize(("mail_account", "user_id", "may"), [
    (None, 1, True),
    (account(host="smtp"), 1, True),
    (account(host=""), 1, True),
    (account(host="smtp", user_id=1), 1, True),
    (account(host="smtp", user_id=1), 2, False),
    (account(host="smtp", user_id=1), None, False),
    (account(host="", user_id=1), 1, False),
])  # fmt: skip
def test_a_person_s_own_account_is_theirs_while_they_have_it(mail_account, user_id, may):
    assert may_send_with(mail_account, user_id) is may
