"""Giving and withdrawing access: one person, a selection, again, and by hand."""

import datetime as dt

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app.domain.access import (
    NoEmail,
    NothingToDo,
    SetPortalPassword,
    set_portal_password,
)
from app.domain.batches import DialogueUsed
from app.domain.queries.access import AccessState, access_states
from app.domain.shared_emails import ShareNotConfirmed
from app.errors import NotFound
from models import (
    AuditEntry,
    Batch,
    ContactEmail,
    OutgoingMail,
    PortalAccount,
    PortalMembership,
    PortalSession,
    PortalToken,
)
from models.base import utc_now
from models.enums import EmailPurpose, Ending, MailKind, MailStatus, TokenPurpose
from tests.factories import Make
from tests.integration.domain.access import count, grant, live, mails, people, these, withdraw

NOW = utc_now()
HOUR = dt.timedelta(hours=1)


def set_password(db, contact, **values):
    return set_portal_password(
        db, SetPortalPassword(contact_id=contact.id, password_hash="$argon2id$", user_id=None, **values)
    )


@pytest.fixture
def signed_in(db):
    """A session and an unused link of an account, as they are later: ``(session is open, link works)``."""

    def begin(account, contact=None):
        number = count(db, PortalSession)
        session = PortalSession(
            token_hash=f"{number:064d}", account_id=account.id, contact_id=contact and contact.id, seen_at=NOW
        )
        token = PortalToken(
            token_hash=f"{number:064d}", purpose=TokenPurpose.ACTIVATE, account_id=account.id, expires_at=NOW + HOUR
        )
        db.add_all([session, token])
        db.flush()

        def now():
            db.refresh(session), db.refresh(token)
            return session.ended_at is None, token.expires_at == NOW + HOUR

        return now

    return begin


def test_granting_makes_an_account_and_an_invitation(db, make):
    contact = make.contact(name="Instalaciones Merino", email="lucia@merino.example")

    granted = grant(db, these(contact))

    assert (granted.people, granted.mails, str(granted)) == (1, 1, "1 persona recibe acceso. 1 correo en cola.")
    assert live(db) == [(contact.id, "lucia@merino.example")]
    [mail] = mails(db)
    assert (mail.kind, mail.recipient, mail.recipient_name) == (
        MailKind.ACCESS,
        "lucia@merino.example",
        "Instalaciones Merino",
    )
    assert (mail.is_secret, mail.contact_id, mail.batch_id) == (True, contact.id, granted.batch_id)


def test_people_behind_portal_emails_get_access_too(db, make):
    contact = make.contact(email="direccion@merino.example")
    contact.emails = [
        ContactEmail(purpose=EmailPurpose.PORTAL, email="andres@merino.example", name="Andrés"),
        ContactEmail(purpose=EmailPurpose.INVOICES, email="facturas@merino.example"),
    ]
    db.flush()

    granted = grant(db, these(contact))

    assert (granted.people, granted.mails) == (2, 2)
    assert live(db) == [(contact.id, "andres@merino.example"), (contact.id, "direccion@merino.example")]
    assert db.scalars(select(PortalAccount.name).order_by(PortalAccount.email)).all() == ["Andrés", contact.name]


def test_only_the_people_asked_for_get_access(db, make):
    contact = make.contact(email="direccion@merino.example")
    contact.emails = [ContactEmail(purpose=EmailPurpose.PORTAL, email="andres@merino.example")]
    db.flush()

    granted = grant(db, people((contact, "andres@merino.example")))

    assert (granted.people, granted.mails, live(db)) == (1, 1, [(contact.id, "andres@merino.example")])


def test_people_are_given_access_as_pairs_and_nobody_else(db, make):
    first, second = make.contact(email="ana@gestoria.example"), make.contact(email="luis@gestoria.example")
    second.emails = [ContactEmail(purpose=EmailPurpose.PORTAL, email="ana@gestoria.example")]
    db.flush()

    granted = grant(db, people((first, "ana@gestoria.example"), (second, "luis@gestoria.example")))

    assert (granted.people, granted.mails) == (2, 2)
    assert live(db) == [(first.id, "ana@gestoria.example"), (second.id, "luis@gestoria.example")]


def test_without_telling_nothing_is_mailed(db, make):
    granted = grant(db, these(make.contact()), tell=False)

    assert (count(db, OutgoingMail), str(granted)) == (0, "1 persona recibe acceso. No se avisa a nadie.")


def test_inviting_again_ends_what_was_sent_before(db, make, signed_in):
    contact = make.contact()
    grant(db, these(contact), key="k1")
    account = db.scalars(select(PortalAccount)).one()
    state = signed_in(account, contact)
    account.opened_at = NOW
    db.flush()

    again = grant(db, these(contact), key="k2")

    assert (again.people, again.mails) == (0, 1)
    assert [mail.status for mail in mails(db)] == [MailStatus.CANCELLED, MailStatus.QUEUED]
    db.refresh(account)
    assert (state(), account.opened_at) == ((True, False), None)


@pytest.mark.parametrize(("again", "mailed"), [(False, 0), (True, 1)])
def test_who_has_a_password_is_left_in_peace_unless_asked(db, make, again, mailed):
    active, idle = make.contact(), make.contact()
    make.account(active, activated_at=NOW, password_hash="x")

    granted = grant(db, these(active, idle), again=again)

    assert [(mail.contact_id, mail.is_secret) for mail in mails(db)][:mailed] == [(active.id, True)][:mailed]
    assert (granted.people, granted.mails) == (1, 1 + mailed)


@pytest.mark.parametrize(
    ("contact", "account", "sentence"),
    [
        ({"email": None}, None, "A quien ha elegido le falta el correo: escríbalo antes en su ficha."),
        ({}, {"activated_at": NOW}, "Nada que hacer: quien ha elegido ya tiene acceso."),
    ],
)
def test_nothing_to_do_is_said(db, make, contact, account, sentence):
    row = make.contact(**contact)
    if account:
        make.account(row, **account)

    with pytest.raises(NothingToDo) as refused:
        grant(db, these(row))

    assert str(refused.value) == sentence


def test_sharing_an_email_must_be_confirmed(db, make):
    first, second = (make.contact(name=name, email="admin@levante.example") for name in ("Levante", "Eventos"))
    make.account(first, activated_at=NOW, password_hash="x")

    with pytest.raises(ShareNotConfirmed) as refused:
        grant(db, these(second))
    granted = grant(db, these(second), share_confirmed=True)

    assert (refused.value.status, refused.value.shared[0].names) == (409, ("Eventos", "Levante"))
    assert "Eventos; Levante. Quien entre con él verá los documentos de todos." in str(refused.value)
    assert (granted.people, live(db)) == (1, [(contact.id, "admin@levante.example") for contact in (first, second)])
    [mail] = mails(db)
    assert (mail.is_secret, mail.contact_id) == (False, second.id)


def test_a_shared_email_that_is_known_is_not_asked_about_again(db, make):
    contacts = [make.contact(email="admin@levante.example") for _ in range(2)]
    grant(db, these(*contacts), share_confirmed=True, key="k1")

    again = grant(db, these(*contacts), key="k2")

    assert (again.people, again.mails) == (0, 1)


def test_the_same_dialogue_grants_once(db, make):
    contact = make.contact()

    first, second = (grant(db, these(contact)) for _ in range(2))

    assert (second, count(db, OutgoingMail)) == (replace(first, again=True), 1)
    with pytest.raises(DialogueUsed):
        withdraw(db, these(contact), key="dar")


def test_contacts_of_another_company_get_nothing(db, make, system_db):
    others = Make(system_db, make.home)
    theirs = others.contact(company_id=others.company().id)
    account = others.account(theirs)
    system_db.commit()

    with pytest.raises(NothingToDo):
        grant(db, these(theirs))
    with pytest.raises(NothingToDo):
        withdraw(db, these(theirs))
    with pytest.raises(NotFound):
        set_password(db, theirs)

    assert (access_states(db, [theirs.id]), live(system_db)) == ({}, [(theirs.id, account.email)])


def test_withdrawing_ends_everything_at_once(db, make, signed_in):
    user, contact = make.user(), make.contact()
    grant(db, these(contact))
    account = db.scalars(select(PortalAccount)).one()
    state = signed_in(account, contact)

    withdrawn = withdraw(db, these(contact), user_id=user.id)

    assert str(withdrawn) == "Acceso retirado a 1 persona. 1 sesión cerrada. 1 correo cancelado."
    assert (state(), live(db), mails(db)[0].status) == ((False, False), [], MailStatus.CANCELLED)
    membership = db.scalars(select(PortalMembership)).one()
    assert (membership.ending, membership.ended_by_id) == (Ending.WITHDRAWN, user.id)
    assert db.get_one(Batch, withdrawn.batch_id).figures == {"people": 1, "sessions": 1, "cancelled": 1}


def test_whoever_acts_for_two_keeps_the_other(db, make, signed_in):
    lost, kept = make.contact(), make.contact()
    account = make.account(lost, kept)
    there, here, choosing = signed_in(account, lost), signed_in(account, kept), signed_in(account)

    withdraw(db, these(lost))

    assert (there(), here(), choosing()) == ((False, True), (True, True), (True, True))
    assert live(db) == [(kept.id, account.email)]


def test_only_the_person_asked_for_loses_access(db, make, signed_in):
    contact = make.contact()
    gone, stays = make.account(contact, email="a@merino.example"), make.account(contact, email="b@merino.example")
    of_gone, of_stays = signed_in(gone, contact), signed_in(stays, contact)

    withdrawn = withdraw(db, people((contact, "a@merino.example")))

    assert (withdrawn.people, of_gone(), of_stays()) == (1, (False, False), (True, True))


def test_people_lose_access_as_pairs_and_nobody_else(db, make):
    first, second = make.contact(), make.contact()
    make.account(first, second, email="ana@gestoria.example")
    make.account(first, second, email="luis@gestoria.example")

    withdrawn = withdraw(db, people((first, "ana@gestoria.example"), (second, "luis@gestoria.example")))

    assert withdrawn.people == 2
    assert live(db) == [(first.id, "luis@gestoria.example"), (second.id, "ana@gestoria.example")]


def test_access_can_be_given_back(db, make):
    contact = make.contact()
    grant(db, these(contact), key="k1")
    withdraw(db, these(contact))

    granted = grant(db, these(contact), key="k2")

    assert (granted.people, granted.mails, count(db, PortalAccount)) == (1, 1, 1)


def test_a_password_by_hand_activates_and_mails_nothing(db, make, signed_in):
    contact = make.contact()
    grant(db, these(contact))
    account = db.scalars(select(PortalAccount)).one()
    state = signed_in(account, contact)

    done = set_password(db, contact)

    db.refresh(account)
    assert (account.password_hash, account.must_change_password) == ("$argon2id$", False)
    assert (account.activated_at is None, state()[0], [mail.status for mail in mails(db)]) == (
        False,
        False,
        [MailStatus.CANCELLED],
    )
    assert str(done) == f"{contact.email} ya puede entrar con la contraseña nueva. No se le ha avisado."


def test_a_password_by_hand_gives_access_to_who_has_none(db, make):
    contact = make.contact(email="lucia@merino.example")
    db.commit()

    set_password(db, contact)
    db.commit()

    assert (live(db), count(db, OutgoingMail)) == ([(contact.id, "lucia@merino.example")], 0)
    actions = db.scalars(select(AuditEntry.action).order_by(AuditEntry.position)).all()
    assert actions[-1] == "set_password"
    assert "argon2id" not in str(db.scalars(select(AuditEntry.changes)).all())


def test_a_password_by_hand_needs_an_email_of_the_contact(db, make):
    with pytest.raises(NoEmail):
        set_password(db, make.contact(email=None))
    with pytest.raises(NotFound):
        set_password(db, make.contact(), email="otra@empresa.example")


def test_a_password_by_hand_for_a_shared_email_must_be_confirmed(db, make):
    make.account(make.contact(email="admin@levante.example"))
    second = make.contact(email="admin@levante.example")

    with pytest.raises(ShareNotConfirmed):
        set_password(db, second)
    set_password(db, second, share_confirmed=True)

    assert len(live(db)) == 2


def test_an_invitation_waits_in_the_queue_and_its_link_expires(db, make, signed_in):
    contact = make.contact()
    grant(db, these(contact))
    [waiting] = access_states(db, [contact.id])[contact.id]
    mails(db)[0].status = MailStatus.SENT
    account = db.scalars(select(PortalAccount)).one()
    account.told_at = NOW
    signed_in(account)

    [invited] = access_states(db, [contact.id])[contact.id]

    assert (waiting.state, waiting.state.word) == (AccessState.QUEUED, "Invitación en cola")
    assert (invited.state, invited.since, invited.link_expires_at) == (AccessState.INVITED, NOW, NOW + HOUR)
