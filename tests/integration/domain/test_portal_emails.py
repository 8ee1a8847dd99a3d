"""A further e-mail for the portal that goes or changes: somebody decides what becomes of who enters with it."""

import pytest
from sqlalchemy import select

from app.domain.email_changes import AccessUndecided, OldAccess
from app.domain.portal_emails import (
    FollowPortalEmails,
    PortalEmailsFollowed,
    follow_portal_emails,
    portal_emails,
)
from app.domain.shared_emails import ShareNotConfirmed
from models import ContactEmail, OutgoingMail, PortalAccount, PortalMembership
from models.base import utc_now
from models.enums import EmailPurpose, Ending

OLD, NEW = "andres@merino.example", "elena@merino.example"


@pytest.fixture
def contact(db, make):
    """A customer for whom somebody enters with a further e-mail."""
    contact = make.contact(email="direccion@merino.example")
    contact.emails = [ContactEmail(purpose=EmailPurpose.PORTAL, email=OLD)]
    make.account(contact, email=OLD, password_hash="x", activated_at=utc_now())
    return contact


@pytest.fixture
def changed(db, contact):
    """Saves the contact with its line changed by ``change``, and follows it."""

    def save(change, **wishes):
        before = portal_emails(contact)
        change(contact)
        db.flush()
        return follow_portal_emails(
            db, FollowPortalEmails(contact_id=contact.id, before=before, user_id=None, **wishes)
        )

    return save


def replaced(contact):
    contact.emails[0].email = NEW


def removed(contact):
    contact.emails.clear()


def for_invoices(contact):
    contact.emails[0].purpose = EmailPurpose.INVOICES


def made_the_main_one(contact):
    contact.email, contact.emails = OLD, []


def kept(contact):
    contact.emails[0].name = "Andrés"


def live(db):
    return db.scalars(
        select(PortalAccount.email)
        .join(PortalMembership, PortalMembership.account_id == PortalAccount.id)
        .where(PortalMembership.ended_at.is_(None))
    ).all()


@pytest.mark.parametrize("change", [replaced, removed, for_invoices])
def test_somebody_must_decide(db, changed, change):
    with pytest.raises(AccessUndecided, match=OLD) as refused:
        changed(change)

    assert (refused.value.field, live(db)) == ("emails", [OLD])


@pytest.mark.parametrize("change", [kept, made_the_main_one])
def test_who_still_has_their_email_is_not_asked_about(db, changed, change):
    assert (changed(change), live(db)) == (PortalEmailsFollowed(), [OLD])


def test_who_never_got_access_is_not_asked_about(db, changed, contact):
    db.scalars(select(PortalMembership)).one().ended_at = utc_now()
    db.flush()

    assert (changed(removed), live(db)) == (PortalEmailsFollowed(), [])


@pytest.mark.parametrize(
    ("change", "access", "readers", "ending", "sentence"),
    [
        (replaced, OldAccess.MOVE, [NEW], Ending.MOVED, "1 persona ya no entra con su correo. 1 invitación en cola."),
        (removed, OldAccess.MOVE, [], Ending.MOVED, "1 persona ya no entra con su correo."),
        (replaced, OldAccess.WITHDRAW, [], Ending.WITHDRAWN, "1 persona ya no entra con su correo."),
        (replaced, OldAccess.KEEP, [OLD], None, ""),
    ],
)
def test_the_answer_decides(db, changed, change, access, readers, ending, sentence):
    followed = changed(change, access=access)

    assert (str(followed), live(db)) == (sentence, readers)
    assert db.scalars(select(PortalMembership.ending).order_by(PortalMembership.id)).first() == ending
    assert db.scalars(select(OutgoingMail.recipient)).all() == [email for email in readers if email == NEW]


def test_a_new_email_of_another_contact_too_must_be_confirmed(db, make, changed, contact):
    make.contact(name="Eventos", email=NEW)

    with pytest.raises(ShareNotConfirmed, match="Eventos"):
        changed(replaced, access=OldAccess.MOVE)
    assert live(db) == [OLD]


def test_a_confirmed_one_moves(db, make, changed, contact):
    make.contact(name="Eventos", email=NEW)

    changed(replaced, access=OldAccess.MOVE, share_confirmed=True)

    assert live(db) == [NEW]
