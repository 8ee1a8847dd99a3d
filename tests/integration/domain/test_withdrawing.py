"""Withdrawing and undoing: hidden at once, mails that can still be stopped, accesses nobody used."""

import datetime as dt

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app.domain.batches import DialogueUsed
from app.domain.previewing import preview_undo, preview_withdrawal
from app.domain.publishing import NothingSelected, SelectionChanged
from app.domain.templates import ChangeLook, Look, change_look
from app.domain.withdrawing import NotUndoable, UndoBatch, undo_batch, withdraw_documents
from app.errors import NotFound
from models import (
    Batch,
    DocumentEvent,
    OutgoingMail,
    PortalAccount,
    PortalMembership,
    PortalSession,
    PortalToken,
    Publication,
)
from models.base import utc_now
from models.enums import BatchKind, Ending, EventKind, MailStatus, TokenPurpose
from tests.factories import Make
from tests.integration.domain.publishing import publish, searched, ticked, to_withdraw, withdraw


def undo(db, published):
    return undo_batch(db, UndoBatch(batch_id=published.batch_id, user_id=None))


def live(db):
    return sorted(db.scalars(select(Publication.document_id).where(Publication.withdrawn_at.is_(None))))


def statuses(db):
    return [mail.status for mail in db.scalars(select(OutgoingMail).order_by(OutgoingMail.id))]


def send_all(db, status=MailStatus.SENT):
    for mail in db.scalars(select(OutgoingMail)):
        mail.status = status
    db.flush()


def test_withdrawing_hides_and_cancels_what_has_nothing_left_to_tell(db, make):
    contact, other = make.contact(), make.contact()
    invoices = [make.invoice(contact=contact), make.invoice(contact=other)]
    publish(db, ticked(*invoices))

    withdrawn = withdraw(db, ticked(invoices[0]))

    assert (withdrawn.documents, withdrawn.customers, withdrawn.cancelled, withdrawn.sent) == (1, 1, 1, 0)
    assert (live(db), statuses(db)) == ([invoices[1].id], [MailStatus.CANCELLED, MailStatus.QUEUED])
    assert str(withdrawn) == "1 publicación anulada. 1 aviso cancelado."
    batch = db.get_one(Batch, withdrawn.batch_id)
    assert (batch.kind, batch.figures) == (
        BatchKind.WITHDRAW,
        {"documents": 1, "customers": 1, "cancelled": 1, "sent": 0},
    )


def test_a_notice_with_something_left_to_tell_still_leaves(db, make):
    contact = make.contact()
    invoices = [make.invoice(contact=contact) for _ in range(2)]
    publish(db, ticked(*invoices))

    withdrawn = withdraw(db, ticked(invoices[0]))

    assert (withdrawn.cancelled, statuses(db)) == (0, [MailStatus.QUEUED])


@pytest.mark.parametrize(("notify", "cancelled"), [(False, 0), (True, 1)])
def test_a_notice_has_what_was_published_again_left_to_tell_unless_another_tells_it(db, make, notify, cancelled):
    contact = make.contact()
    again, gone = (make.invoice(contact=contact) for _ in range(2))
    first = publish(db, ticked(again, gone))
    publish(db, ticked(again), key="otra vez", republish=True, notify=notify)

    shown = preview_withdrawal(db, ticked(gone))
    withdrawn = withdraw(db, ticked(gone))

    mail = db.scalars(select(OutgoingMail).where(OutgoingMail.batch_id == first.batch_id)).one()
    status = MailStatus.CANCELLED if cancelled else MailStatus.QUEUED
    assert (shown.unsent, withdrawn.cancelled, mail.status) == (cancelled, cancelled, status)


def test_a_shared_notice_leaves_while_one_of_its_customers_has_something(db, make):
    invoices = [make.invoice(contact=make.contact(email="admin@levante.example")) for _ in range(2)]
    publish(db, ticked(*invoices))

    first = withdraw(db, ticked(invoices[0]), key="a1")
    second = withdraw(db, ticked(invoices[1]), key="a2")

    assert (first.cancelled, second.cancelled, statuses(db)) == (0, 1, [MailStatus.CANCELLED])


@pytest.mark.parametrize("status", [MailStatus.SENT, MailStatus.SENDING, MailStatus.UNKNOWN])
def test_notices_that_have_left_are_counted(db, make, status):
    invoice = make.invoice()
    publish(db, ticked(invoice))
    send_all(db, status)

    shown = preview_withdrawal(db, ticked(invoice))
    withdrawn = withdraw(db, ticked(invoice))

    assert (shown.unsent, shown.sent) == (0, 1)
    assert (withdrawn.cancelled, withdrawn.sent, statuses(db)) == (0, 1, [status])
    assert str(withdrawn) == "1 publicación anulada. 1 aviso ya había salido."


def test_the_dry_run_of_a_withdrawal_says_what_it_will_do(db, make):
    contact = make.contact()
    published, kept = make.invoice(contact=contact), make.invoice(contact=contact)
    lonely, unpublished, draft = make.invoice(), make.invoice(), make.draft()
    publish(db, ticked(published, kept, lonely))

    shown = preview_withdrawal(db, ticked(published, lonely, unpublished, draft))

    assert (shown.documents, shown.customers, shown.unpublished) == (2, 2, 1)
    assert (shown.unsent, shown.sent) == (1, 0)


def test_withdrawing_what_changed_is_refused(db, make):
    first = make.invoice()
    publish(db, ticked(first))
    command = to_withdraw(db, searched(published=True))
    publish(db, ticked(make.invoice()), key="otra")

    with pytest.raises(SelectionChanged) as refused:
        withdraw_documents(db, command)

    assert (refused.value.preview.documents, len(live(db))) == (2, 2)


def test_withdrawing_twice_says_that_nothing_is_left(db, make):
    invoice = make.invoice()
    publish(db, ticked(invoice))
    command = to_withdraw(db, ticked(invoice))
    first = withdraw_documents(db, command)
    second = withdraw_documents(db, command)

    assert (second, str(second)) == (replace(first, again=True), str(first))
    with pytest.raises(SelectionChanged, match="Ya no queda nada publicado"):
        withdraw_documents(db, replace(command, key="otra"))
    with pytest.raises(NothingSelected):
        withdraw(db, ticked(invoice), key="otra")
    with pytest.raises(DialogueUsed):
        withdraw(db, ticked(invoice))


def test_what_was_withdrawn_can_be_published_again(db, make):
    invoice = make.invoice()
    publish(db, ticked(invoice))
    withdraw(db, ticked(invoice))

    published = publish(db, ticked(invoice), key="otra vez")

    assert (published.documents, published.accounts, published.mails, live(db)) == (1, 0, 1, [invoice.id])


def test_documents_of_another_company_are_not_withdrawn(db, make, system_db):
    others = Make(system_db, make.home)
    theirs = others.published_invoice(contact=others.contact(company_id=others.company().id))
    system_db.commit()

    with pytest.raises(NothingSelected):
        withdraw(db, ticked(theirs))

    assert live(system_db) == [theirs.id]


def test_undoing_takes_everything_back_that_nobody_used(db, make):
    invoices = [make.invoice() for _ in range(2)]
    published = publish(db, ticked(*invoices))

    undone = undo(db, published)

    assert (undone.documents, undone.accesses, undone.cancelled, undone.sent) == (2, 2, 2, 0)
    assert (live(db), statuses(db)) == ([], [MailStatus.CANCELLED] * 2)
    endings = db.scalars(select(PortalMembership.ending)).all()
    assert endings == [Ending.UNDONE] * 2
    assert str(undone) == (
        "Publicación deshecha. 2 documentos dejan de verse. 2 accesos sin usar retirados. 2 avisos cancelados."
    )
    batch = db.get_one(Batch, published.batch_id)
    assert (batch.undone_at is None, batch.undone_figures["documents"]) == (False, 2)


def test_undoing_again_says_the_same_and_does_nothing(db, make):
    published = publish(db, ticked(make.invoice()))
    first = undo(db, published)
    publish(db, searched(), key="otra vez")

    again = undo(db, published)

    assert (again, str(again), len(live(db))) == (replace(first, again=True), str(first), 1)


def test_what_was_undone_can_be_published_again_with_access(db, make):
    invoice = make.invoice()
    undo(db, publish(db, ticked(invoice)))

    published = publish(db, ticked(invoice), key="otra vez")

    assert (published.accounts, published.mails, published.shut_out, live(db)) == (1, 1, 0, [invoice.id])


def dry_run(db, published):
    """What the dry run says, as the result will."""
    shown = preview_undo(db, published.batch_id)
    return shown.documents, shown.restored, shown.still_visible, shown.accesses, shown.unsent, shown.sent


def test_the_dry_run_of_undoing_says_what_it_will_do(db, make):
    contact = make.contact()
    replaced, restored, plain = make.invoice(contact=contact), make.invoice(), make.invoice(contact=contact)
    publish(db, ticked(restored), key="k1")
    first = publish(db, ticked(replaced, restored, plain), key="k2", republish=True)
    publish(db, ticked(replaced), key="k3", republish=True, notify=False)
    sending, _waiting = db.scalars(select(OutgoingMail).where(OutgoingMail.batch_id == first.batch_id))
    sending.status = MailStatus.SENDING
    db.flush()

    shown = dry_run(db, first)
    undone = undo(db, first)

    assert shown == (2, 1, 1, 1, 1, 1)
    assert shown == (
        undone.documents, undone.restored, undone.still_visible, undone.accesses, undone.cancelled, undone.sent
    )  # fmt: skip


def test_undoing_leaves_the_access_of_who_was_inside_already_and_looked(db, make):
    known = make.contact(email="admin@levante.example")
    account = make.account(known, password_hash="x", activated_at=utc_now(), last_sign_in_at=utc_now())
    seen, unseen = (make.invoice(contact=make.contact(email="admin@levante.example")) for _ in range(2))
    published = publish(db, ticked(seen, unseen))
    db.add(DocumentEvent(document_id=seen.id, contact_id=seen.contact_id, account_id=account.id, kind=EventKind.VIEWED))
    db.flush()

    undone = undo(db, published)

    assert undone.accesses == 1
    kept = db.scalars(select(PortalMembership.contact_id).where(PortalMembership.ended_at.is_(None)))
    assert sorted(kept) == [known.id, seen.contact_id]


def test_undoing_leaves_the_access_of_who_entered_and_the_mails_that_left(db, make):
    used, unused = make.invoice(), make.invoice()
    published = publish(db, ticked(used, unused))
    send_all(db)
    account = db.scalars(select(PortalAccount).where(PortalAccount.email == used.contact.email)).one()
    account.activated_at = utc_now()
    db.flush()

    undone = undo(db, published)

    assert (undone.accesses, undone.cancelled, undone.sent) == (1, 0, 2)
    kept = db.scalars(select(PortalMembership.contact_id).where(PortalMembership.ended_at.is_(None))).all()
    assert kept == [used.contact_id]


def test_undoing_ends_the_links_and_sessions_of_accesses_it_takes_back(db, make):
    published = publish(db, ticked(make.invoice()))
    account = db.scalars(select(PortalAccount)).one()
    tomorrow = utc_now() + dt.timedelta(days=1)
    token = PortalToken(token_hash="t" * 64, purpose=TokenPurpose.ACTIVATE, account_id=account.id, expires_at=tomorrow)
    session = PortalSession(token_hash="s" * 64, account_id=account.id, seen_at=utc_now())
    db.add_all([token, session])
    db.flush()

    undo(db, published)

    db.refresh(token), db.refresh(session)
    assert (token.expires_at <= utc_now(), session.ended_at is None) == (True, False)


def test_undoing_a_replacement_shows_what_was_there_before(db, make):
    invoices = [make.invoice() for _ in range(3)]
    first = publish(db, ticked(*invoices))
    version = db.get_one(Batch, first.batch_id).template_version
    newer = change_look(db, ChangeLook(template_id=version.template_id, look=Look(accent="#112233")))
    second = publish(db, ticked(*invoices), key="otra vez", republish=True, template_version_id=newer.id, notify=False)
    withdraw(db, ticked(invoices[2]))

    undone = undo(db, second)

    assert (undone.documents, undone.restored, undone.accesses) == (2, 2, 0)
    rows = db.execute(
        select(Publication.document_id, Publication.batch_id, Publication.template_version_id)
        .where(Publication.withdrawn_at.is_(None))
        .order_by(Publication.document_id)
    )
    assert rows.all() == [(invoice.id, first.batch_id, version.id) for invoice in invoices[:2]]
    assert str(undone) == "Publicación deshecha. 2 se ven otra vez como antes."


@pytest.fixture
def three_times(db, make):
    """One invoice published, then published again twice; three publications in their order."""
    invoice = make.invoice()
    first = publish(db, ticked(invoice), key="k1")
    return first, *(publish(db, ticked(invoice), key=key, republish=True, notify=False) for key in ("k2", "k3"))


def shown_by(db):
    """The batch of the live publication, if any."""
    return db.scalars(select(Publication.batch_id).where(Publication.withdrawn_at.is_(None))).all()


@pytest.mark.parametrize(
    ("order", "left"),
    [
        ((0, 1, 2), []),
        ((0, 2, 1), []),
        ((1, 0, 2), []),
        ((2, 1, 0), []),
        ((0, 1), [2]),
        ((0, 2), [1]),
        ((1, 2), [0]),
        ((2, 1), [0]),
    ],
)
def test_what_is_undone_stays_so_whatever_is_undone_later(db, three_times, order, left):
    for number in order:
        undo(db, three_times[number])

    assert shown_by(db) == [three_times[number].batch_id for number in left]


def test_undoing_what_another_publication_replaced_says_that_it_is_still_visible(db, make):
    replaced, alone = make.invoice(), make.invoice()
    first = publish(db, ticked(replaced, alone))
    publish(db, ticked(replaced), key="otra vez", republish=True, notify=False)

    undone = undo(db, first)

    assert (undone.documents, undone.restored, undone.still_visible, live(db)) == (1, 0, 1, [replaced.id])
    assert str(undone).startswith(
        "Publicación deshecha. 1 documento deja de verse. 1 documento se sigue viendo por otra publicación."
    )


def test_only_publications_of_the_company_can_be_undone(db, make, system_db):
    invoice = make.invoice()
    publish(db, ticked(invoice))
    withdrawal = withdraw(db, ticked(invoice))
    db.commit()
    others = Make(system_db, make.home)
    theirs = others.batch(company_id=others.company().id)
    system_db.commit()

    with pytest.raises(NotUndoable):
        undo(db, withdrawal)
    with pytest.raises(NotFound):
        undo_batch(db, UndoBatch(batch_id=theirs.id, user_id=None))


def test_mails_about_withdrawn_secrets_lose_their_bytes(db, make):
    invoices = [make.invoice(), make.invoice()]
    make.account(invoices[1].contact, password_hash="x")
    publish(db, ticked(*invoices))
    for mail in db.scalars(select(OutgoingMail)):
        mail.status, mail.frozen = MailStatus.RETRY, b"..."
    db.flush()

    withdraw(db, ticked(*invoices))

    db.expire_all()
    assert [(mail.is_secret, mail.frozen) for mail in db.scalars(select(OutgoingMail).order_by(OutgoingMail.id))] == [
        (False, b"..."),
        (True, None),
    ]
