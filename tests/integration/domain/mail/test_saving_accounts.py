"""Mail accounts as they are kept: whose they are, what asks for the secret again, and what removing one leaves."""

import threading

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app import clock
from app.domain.mail.accounts import Standing, account_of, company_account, open_password, owned_account
from app.domain.mail.consents import KeepConsent, Tokens, keep_consent, open_tokens
from app.domain.mail.readdressing import ReaddressMail, readdress_mail
from app.domain.mail.resending import RetryMails, retry_mails
from app.domain.mail.saving_accounts import SaveMailAccount, remove_mail_account, save_mail_account
from app.domain.mail.senders import AccountGone, NotTheirAccount, SenderChoice, check_sender, senders_for
from app.domain.queries.outbox import due_queues
from app.domain.staffing import end_membership
from app.errors import InvalidValue, NotFound
from app.scope import SYSTEM, Actor, CompanyScope
from app.secrets import Keys
from models import AuditEntry, MailAccount, OutgoingMail
from models.enums import MailProvider, MailSecurity, MailStatus
from tests.factories import Make
from tests.rig.mails import add_mail

KEYS = Keys(("a key of forty characters for tests only",))
PASSWORD = "correcta & ñ € %"
TOKENS = Tokens("acceso", "renovar", clock.now())


def command(**values) -> SaveMailAccount:
    known = {
        "sender_email": "marta@tosma.example",
        "host": "smtp.tosma.example",
        "port": 587,
        "security": MailSecurity.STARTTLS,
        "username": "marta@tosma.example",
        "password": PASSWORD,
        "imap_host": "imap.tosma.example",
        "sent_folder": "Enviados",
    }
    return SaveMailAccount(**known | values)


@pytest.fixture
def marta(db, make):
    user = make.user()
    db.commit()
    return user


def test_a_person_and_the_company_each_have_one_account(db, marta):
    own = save_mail_account(db, KEYS, command(user_id=marta.id))
    companys = save_mail_account(db, KEYS, command(sender_email="facturas@tosma.example"))
    again = save_mail_account(db, KEYS, command(user_id=marta.id, password="otra", sent_folder=""))

    assert (again.id, open_password(again, KEYS), again.sent_folder) == (own.id, "otra", "")
    assert (owned_account(db, marta.id), company_account(db)) == (own, companys)
    assert (account_of(db, None), account_of(db, own.id)) == (companys, own)


@pytest.mark.parametrize("values", [
    {"host": "smtp.otro.example"},
    {"port": 465},
    {"security": MailSecurity.NONE},
    {"username": "otra@tosma.example"},
    {"pinned_fingerprint": "ab" * 32},
    {"imap_host": "imap.otro.example"},
    {"imap_port": 143},
    {"imap_security": MailSecurity.NONE},
    {"imap_fingerprint": "ab" * 32},
])  # fmt: skip
def test_the_kept_password_goes_nowhere_else(db, marta, values):
    kept = save_mail_account(db, KEYS, command(user_id=marta.id)).sealed_password

    with pytest.raises(InvalidValue) as refusal:
        save_mail_account(db, KEYS, command(user_id=marta.id, password=None, **values))
    db.rollback()

    assert (refusal.value.field, str(refusal.value)) == (
        "password",
        "Vuelva a escribir la contraseña: no pasa a otro servidor, a otro usuario ni a otra seguridad.",
    )
    assert kept


@pytest.mark.parametrize("values", [{"imap_host": ""}, {"sent_folder": ""}, {"sender_name": "Marta"}, {}])
def test_what_shows_it_to_nobody_else_leaves_it(db, marta, values):
    before = save_mail_account(db, KEYS, command(user_id=marta.id)).sealed_password

    after = save_mail_account(db, KEYS, command(user_id=marta.id, password=None) if not values else replace(
        command(user_id=marta.id, password=None), **values
    ))  # fmt: skip

    assert (after.sealed_password, open_password(after, KEYS)) == (before, PASSWORD)


@pytest.mark.parametrize(("values", "field"), [
    ({"imap_host": "imap tosma"}, "imap_host"),
    ({"imap_port": 0}, "imap_port"),
    ({"imap_fingerprint": "ab:cd"}, "imap_fingerprint"),
    ({"sent_folder": "Enviados\r\n"+"A1 DELETE"}, "sent_folder"),
    ({"username": "", "password": None}, "username"),
    ({"provider": MailProvider.GOOGLE, "username": ""}, "username"),
    ({"provider": MailProvider.GOOGLE, "security": MailSecurity.NONE}, "security"),
    ({"provider": MailProvider.GOOGLE, "imap_security": MailSecurity.NONE}, "imap_security"),
])  # fmt: skip
def test_what_an_account_may_not_be(db, values, field):
    with pytest.raises(InvalidValue) as refusal:
        save_mail_account(db, KEYS, command(**values))

    assert refusal.value.field == field


def test_without_a_server_nothing_else_of_the_copies_is_kept(db):
    account = save_mail_account(db, KEYS, command(imap_host=" ", imap_port=143, imap_fingerprint="ab" * 32))

    assert (account.imap_host, account.imap_port, account.imap_fingerprint, account.sent_folder) == ("", 993, None, "")


def test_a_password_and_a_consent_drive_each_other_out(db, marta):
    save_mail_account(db, KEYS, command(user_id=marta.id))

    by_consent = save_mail_account(db, KEYS, command(user_id=marta.id, provider=MailProvider.GOOGLE, password=None))
    assert (by_consent.sealed_password, open_tokens(by_consent, KEYS)) == ("", None)
    keep_consent(db, KEYS, KeepConsent(user_id=marta.id, provider=MailProvider.GOOGLE, tokens=TOKENS))
    same = save_mail_account(db, KEYS, command(user_id=marta.id, provider=MailProvider.GOOGLE, sender_name="Marta"))
    assert open_tokens(same, KEYS) == TOKENS
    moved = save_mail_account(db, KEYS, command(user_id=marta.id, provider=MailProvider.GOOGLE, host="otro.example"))
    assert open_tokens(moved, KEYS) is None
    keep_consent(db, KEYS, KeepConsent(user_id=marta.id, provider=MailProvider.GOOGLE, tokens=TOKENS))
    by_password = save_mail_account(db, KEYS, command(user_id=marta.id))

    assert (by_password.sealed_tokens, open_password(by_password, KEYS)) == ("", PASSWORD)


def test_one_sends_with_one_s_own_account_or_the_company_s(db, make, company, marta):
    other = make.user()
    own = save_mail_account(db, KEYS, command(user_id=marta.id, sender_name="Marta Ruiz", wants_receipt=True))
    company.email = "hola@tosma.example"
    companys = make.mail_account(sender_name="")
    companys.failures = 1
    db.add(company)
    db.flush()

    choices = senders_for(db, marta.id)

    mine = SenderChoice(
        account_id=own.id,
        name="Marta Ruiz",
        email="marta@tosma.example",
        reply_to="",
        wants_receipt=True,
        standing=Standing.GOOD,
    )
    ours = SenderChoice(
        account_id=None,
        name="Suministros Tosma, S.L.",
        email="facturas@tosma.example",
        reply_to="hola@tosma.example",
        wants_receipt=False,
        standing=Standing.REFUSED,
    )
    assert (choices, [choice.is_own for choice in choices]) == ([mine, ours], [True, False])
    assert senders_for(db, other.id) == [ours]


def test_a_company_without_any_account_sends_with_none(db, marta):
    assert senders_for(db, marta.id) == []


def test_removing_one_forgets_every_secret_and_cancels_what_waits(db, make, marta):
    account = save_mail_account(db, KEYS, command(user_id=marta.id))
    waiting = [add_mail(db, status, account_id=account.id) for status in (MailStatus.QUEUED, MailStatus.RETRY)]
    sent = add_mail(db, MailStatus.SENT, account_id=account.id)
    companys = add_mail(db, MailStatus.QUEUED, number=2)
    assert [queue.account_id for queue in due_queues(db, clock.now())] == [account.id]

    removed = remove_mail_account(db, marta.id)
    db.commit()

    assert str(removed) == "Cuenta de correo eliminada. Se han anulado los 2 correos que esperaban."
    assert (owned_account(db, marta.id), account_of(db, account.id), senders_for(db, marta.id)) == (None, None, [])
    db.refresh(account)
    texts = (account.host, account.username, account.sender_email, account.imap_host, account.sealed_password)
    assert (texts, account.user_id) == (("",) * 5, marta.id)
    statuses = dict(tuple(row) for row in db.execute(select(OutgoingMail.id, OutgoingMail.status)))
    assert [statuses[mail.id] for mail in (*waiting, sent, companys)] == [
        MailStatus.CANCELLED,
        MailStatus.CANCELLED,
        MailStatus.SENT,
        MailStatus.QUEUED,
    ]
    assert due_queues(db, clock.now()) == []
    assert retry_mails(db, RetryMails(mail_ids=(sent.id,), sent_too=True)).mails == 0
    with pytest.raises(NotFound):
        remove_mail_account(db, marta.id)


def test_nothing_of_a_removed_account_is_left(db, make, marta):
    account = save_mail_account(db, KEYS, command(wants_receipt=True, reply_to="marta@otra.example", port=465))
    account.failures, account.imap_failures, account.last_error = 2, 1, "535"
    account.inbox_uid, account.inbox_validity, account.inbox_due_at = 7, 1, clock.now()
    account.dkim_domain = account.dkim_selector = account.sealed_dkim_key = "tosma"
    fresh = MailAccount(company_id=account.company_id, user_id=marta.id, sender_email="", host="")
    db.add(fresh)
    db.flush()

    remove_mail_account(db, None)

    names = [each.name for each in MailAccount.__table__.c if each.name not in ("id", "user_id", "created_at")]
    assert {name: getattr(account, name) for name in names} == {name: getattr(fresh, name) for name in names}


def test_who_removed_theirs_may_have_one_again(db, marta):
    first = save_mail_account(db, KEYS, command(user_id=marta.id))
    remove_mail_account(db, marta.id)

    with pytest.raises(InvalidValue):
        save_mail_account(db, KEYS, command(user_id=marta.id, password=None))
    again = save_mail_account(db, KEYS, command(user_id=marta.id))

    assert (again.id, open_password(again, KEYS)) == (first.id, PASSWORD)


def test_the_company_s_mail_waits_for_its_next_account(db, make):
    save_mail_account(db, KEYS, command())
    mail = add_mail(db)

    removed = remove_mail_account(db, None)
    db.commit()

    assert (str(removed), due_queues(db, clock.now())) == ("Cuenta de correo eliminada.", [])
    save_mail_account(db, KEYS, command())
    db.commit()
    db.refresh(mail)
    assert (mail.status, len(due_queues(db, clock.now()))) == (MailStatus.QUEUED, 1)


def test_who_leaves_the_company_leaves_no_mailbox_in_it(db, make, marta):
    make.user()
    save_mail_account(db, KEYS, command(user_id=marta.id))

    end_membership(db, marta.id)

    assert owned_account(db, marta.id) is None


def test_an_account_of_another_company_is_not_there(db, system_db, company, marta):
    other = Make(system_db, company).company()
    theirs = Make(system_db, other).mail_account(user_id=marta.id)
    system_db.commit()

    assert (owned_account(db, marta.id), account_of(db, theirs.id), senders_for(db, marta.id)) == (None, None, [])
    with pytest.raises(NotFound):
        remove_mail_account(db, marta.id)


def test_the_audit_tells_that_a_person_s_account_changed_not_what_it_says(db, installation, company, marta):
    database, scope = installation.database, CompanyScope(company.id)
    actor = Actor("Marta Ruiz", marta.id)

    database.run(scope, lambda db: save_mail_account(db, KEYS, command(user_id=marta.id)).id, actor)
    database.run(scope, lambda db: save_mail_account(db, KEYS, command(user_id=marta.id, port=465)).id, actor)
    database.run(scope, lambda db: remove_mail_account(db, marta.id), actor)

    entries = db.scalars(select(AuditEntry).where(AuditEntry.entity == "mail_accounts").order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.label) for entry in entries] == [("create", ""), ("change", ""), ("change", "")]
    assert entries[0].changes["user_id"] == [None, marta.id]
    assert {"port", "sealed_password"} < set(entries[1].changes)
    told = str([entry.changes for entry in entries])
    assert [word for word in ("tosma", "Enviados", "465", PASSWORD) if word in told] == []


def test_two_first_saves_at_once_make_one(installation, company, make_session, marta):
    scope, start, failed = CompanyScope(company.id), threading.Barrier(2), []

    def save(number: int) -> None:
        start.wait()
        try:
            installation.database.run(
                scope, lambda db: save_mail_account(db, KEYS, command(user_id=marta.id, sender_name=str(number))).id
            )
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with make_session(scope=SYSTEM) as db:
        assert (failed, len(db.scalars(select(MailAccount)).all())) == ([], 1)


def test_only_its_owner_sends_on_what_left_from_an_account(db, make, make_session, company, marta):
    own = save_mail_account(db, KEYS, command(user_id=marta.id))
    other = make.user()
    ours = make.mail_account()
    mail = add_mail(db, MailStatus.SENT, account_id=own.id)
    db.commit()

    def readdress(user):
        with make_session(scope=CompanyScope(company.id)) as session:
            session.actor = Actor(user.name, user.id)
            return readdress_mail(session, ReaddressMail(mail_id=mail.id, address="otra@merino.example"))

    with pytest.raises(NotTheirAccount):
        readdress(other)
    assert readdress(marta).address == "otra@merino.example"
    check_sender(db, ours.id)
    check_sender(db, None)
    remove_mail_account(db, marta.id)
    db.commit()
    with pytest.raises(AccountGone):
        readdress(marta)
