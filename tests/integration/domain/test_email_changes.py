"""A contact's e-mail that changes: nobody keeps seeing what is no longer theirs, and nobody decides by accident."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.domain.email_changes import AccessUndecided, MoveEmail, OldAccess, email_change, move_email
from app.domain.shared_emails import ShareNotConfirmed
from app.errors import NotFound
from models import ContactEmail, OutgoingMail, PortalAccount, PortalMembership, PortalSession, PortalToken
from models.base import utc_now
from models.enums import EmailPurpose, Ending, MailKind, MailStatus, TokenPurpose
from tests.factories import Make

NOW = utc_now()
OLD, NEW = "antigua@merino.example", "nueva@merino.example"


def move(db, contact, email=NEW, **values):
    return move_email(db, MoveEmail(contact_id=contact.id, email=email, user_id=None, **values))


def live(db):
    return db.execute(
        select(PortalAccount.email, PortalMembership.contact_id)
        .join(PortalAccount, PortalAccount.id == PortalMembership.account_id)
        .where(PortalMembership.ended_at.is_(None))
        .order_by(PortalMembership.id)
    ).all()


def mails(db):
    return db.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).all()


@pytest.fixture
def contact(make):
    return make.contact(email=OLD, name="Instalaciones Merino")


@pytest.fixture
def account(make, contact):
    return make.account(contact, password_hash="x", activated_at=NOW)


def test_without_access_only_the_email_changes(db, contact):
    moved = move(db, contact)

    assert (contact.email, "nueva@merino.example" in contact.search_key, str(moved)) == (NEW, True, "Correo cambiado.")
    assert (live(db), mails(db)) == ([], [])


def test_somebody_must_decide_what_becomes_of_the_access(db, contact, account):
    with pytest.raises(AccessUndecided, match=OLD) as refused:
        move(db, contact)

    assert (refused.value.field, contact.email, live(db)) == ("email", OLD, [(OLD, contact.id)])


def test_moving_ends_the_old_door_and_invites_at_the_new(db, contact, account):
    session = PortalSession(token_hash="s" * 64, account_id=account.id, contact_id=contact.id, seen_at=NOW)
    later = NOW + dt.timedelta(hours=1)
    token = PortalToken(token_hash="t" * 64, purpose=TokenPurpose.RECOVER, account_id=account.id, expires_at=later)
    db.add_all([session, token])
    db.flush()

    moved = move(db, contact, access=OldAccess.MOVE)

    db.refresh(session), db.refresh(token)
    assert (session.ended_at is None, token.expires_at < later, live(db)) == (False, True, [(NEW, contact.id)])
    ended = db.scalars(select(PortalMembership).where(PortalMembership.ended_at.is_not(None))).one()
    assert (ended.account_id, ended.ending) == (account.id, Ending.MOVED)
    [mail] = mails(db)
    assert (mail.kind, mail.recipient, mail.is_secret, mail.contact_id) == (MailKind.ACCESS, NEW, True, contact.id)
    new = db.scalars(select(PortalAccount).where(PortalAccount.email == NEW)).one()
    assert (new.password_hash, new.activated_at) == ("", None)
    assert str(moved) == f"Correo cambiado. El acceso pasa a {NEW}. Se le envía una invitación."


def test_mails_that_wait_for_the_old_address_do_not_leave(db, contact, account):
    waiting = OutgoingMail(
        kind=MailKind.NOTICE,
        dedup_key="k",
        recipient=OLD,
        portal_account_id=account.id,
        contact_id=contact.id,
        due_at=NOW,
    )
    db.add(waiting)
    db.flush()

    move(db, contact, access=OldAccess.MOVE, tell=False)

    db.refresh(waiting)
    assert (waiting.status, len(mails(db))) == (MailStatus.CANCELLED, 1)


def test_keeping_leaves_the_person_where_they_are(db, contact, account):
    moved = move(db, contact, access=OldAccess.KEEP)

    assert (contact.email, live(db), mails(db), moved.moved) == (NEW, [(OLD, contact.id)], [], False)


def test_withdrawing_shuts_the_old_address_out_and_invites_nobody(db, contact, account):
    moved = move(db, contact, access=OldAccess.WITHDRAW)

    assert (contact.email, live(db), mails(db)) == (NEW, [], [])
    assert db.scalars(select(PortalMembership.ending)).all() == [Ending.WITHDRAWN]
    assert str(moved) == "Correo cambiado. Quien entraba con el de antes ya no puede entrar."


def test_an_email_taken_away_takes_the_access_with_it(db, contact, account):
    moved = move(db, contact, "", access=OldAccess.MOVE)

    assert (contact.email, live(db), mails(db)) == (None, [], [])
    assert str(moved) == "Correo borrado. Quien entraba con él ya no puede entrar."


def test_whoever_acts_for_others_keeps_them(db, make, contact):
    other = make.contact()
    make.account(contact, other)

    move(db, contact, access=OldAccess.MOVE)

    assert live(db) == [(OLD, other.id), (NEW, contact.id)]


@pytest.mark.parametrize("belongs", ["main", "portal", "access"])
def test_an_email_of_another_contact_must_be_confirmed(db, make, contact, belongs):
    other = make.contact(name="Eventos", email=NEW if belongs == "main" else None)
    if belongs == "portal":
        other.emails = [ContactEmail(purpose=EmailPurpose.PORTAL, email=NEW)]
        db.flush()
    if belongs == "access":
        make.account(other, email=NEW)

    with pytest.raises(ShareNotConfirmed, match="Eventos; Instalaciones Merino"):
        move(db, contact)
    move(db, contact, share_confirmed=True)

    assert contact.email == NEW


def test_moving_to_someone_who_has_a_password_sends_no_secret(db, make, contact, account):
    make.account(make.contact(email=NEW), activated_at=NOW, password_hash="y")

    move(db, contact, access=OldAccess.MOVE, share_confirmed=True)

    assert [(mail.recipient, mail.is_secret) for mail in mails(db)] == [(NEW, False)]


def test_the_same_email_changes_nothing(db, contact, account):
    assert (move(db, contact, OLD).moved, live(db)) == (False, [(OLD, contact.id)])


def test_what_must_be_asked_is_known_beforehand(db, make, contact, account):
    make.contact(name="Eventos", email=NEW)

    change = email_change(db, contact.id, NEW)

    assert (change.acting, [shared.names for shared in change.shared]) == (True, [("Eventos", "Instalaciones Merino")])


def test_a_contact_of_another_company_is_not_there(db, make, system_db):
    others = Make(system_db, make.home)
    theirs = others.contact(company_id=others.company().id)
    system_db.commit()

    with pytest.raises(NotFound):
        move(db, theirs)
