"""Publishing: what was shown is what is done, whole or not at all."""

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from app.domain.batches import DialogueUsed
from app.domain.confirming import CompanyNotConfirmed
from app.domain.previewing import Fingerprint, preview_publication
from app.domain.publishing import (
    NothingSelected,
    Published,
    SelectionChanged,
    publish_documents,
)
from app.domain.templates import ChangeLook, Look, TemplateArchived, change_look
from app.errors import NotFound
from app.scope import SYSTEM, CompanyScope
from models import AuditEntry, Batch, Company, ContactEmail, OutgoingMail, PortalAccount, PortalMembership, Publication
from models.base import utc_now
from models.enums import BatchKind, EmailPurpose, Ending, MailKind, MailStatus
from tests.factories import Make
from tests.integration.domain.publishing import numbered, publish, searched, ticked, to_publish


def live(db):
    return sorted(db.scalars(select(Publication.document_id).where(Publication.withdrawn_at.is_(None))))


def count(db, cls):
    return db.scalar(select(func.count()).select_from(cls))


def test_publishing_gives_access_and_sends_one_notice_per_customer(db, make):
    contact = make.contact(email="compras@tosma.example", name="Electricidad Tosma, S.L.")
    invoices = [make.invoice(contact=contact) for _ in range(3)]

    published = publish(db, ticked(*invoices))

    assert (published.documents, published.customers, published.accounts, published.mails) == (3, 1, 1, 1)
    assert str(published) == "3 documentos publicados. 1 aviso en cola. 1 persona recibe acceso."
    rows = db.scalars(select(Publication).order_by(Publication.document_id)).all()
    assert [(row.document_id, row.contact_id, row.batch_id) for row in rows] == [
        (invoice.id, contact.id, published.batch_id) for invoice in invoices
    ]
    account = db.scalars(select(PortalAccount)).one()
    assert (account.email, account.name, account.batch_id) == (contact.email, contact.name, published.batch_id)
    assert (account.password_hash, account.told_at) == ("", None)
    membership = db.scalars(select(PortalMembership)).one()
    assert (membership.account_id, membership.contact_id) == (account.id, contact.id)
    mail = db.scalars(select(OutgoingMail)).one()
    assert (mail.kind, mail.status, mail.recipient) == (MailKind.NOTICE, MailStatus.QUEUED, contact.email)
    assert (mail.contact_id, mail.portal_account_id, mail.is_secret) == (contact.id, account.id, True)


def test_everybody_who_may_enter_is_told_and_nobody_gets_a_second_access(db, make):
    contact = make.contact(email="direccion@merino.example")
    chief = make.account(contact, email="lucia@merino.example", password_hash="x")
    clerk = make.account(contact, email="andres@merino.example")

    published = publish(db, ticked(make.invoice(contact=contact)))

    assert (published.accounts, published.mails) == (0, 2)
    mails = db.execute(select(OutgoingMail.portal_account_id, OutgoingMail.is_secret).order_by(OutgoingMail.id))
    assert mails.all() == [(chief.id, False), (clerk.id, True)]


def test_without_notice_nobody_is_told_and_access_stays_untold(db, make):
    published = publish(db, ticked(make.invoice()), notify=False)

    assert (published.accounts, published.mails, count(db, OutgoingMail)) == (1, 0, 0)
    assert db.scalars(select(PortalAccount.told_at)).all() == [None]


def test_two_customers_who_share_an_email_share_an_account_and_a_notice(db, make):
    first, second = (make.contact(email="admin@levante.example", name=name) for name in ("Levante", "Eventos"))
    selection = ticked(make.invoice(contact=first), make.invoice(contact=second))

    shown = preview_publication(db, selection, notify=True)
    published = publish(db, selection)

    assert [(shared.email, shared.count, shared.names) for shared in shown.shared_email] == [
        ("admin@levante.example", 2, ("Eventos", "Levante"))
    ]
    assert (published.customers, published.accounts, published.mails) == (2, 2, 1)
    assert (count(db, PortalAccount), count(db, PortalMembership)) == (1, 2)
    assert db.scalars(select(OutgoingMail.contact_id)).all() == [None]


def test_drafts_are_left_out_and_counted(db, make):
    issued, draft = make.invoice(), make.draft()

    published = publish(db, ticked(issued, draft))

    assert (published.documents, published.drafts, live(db)) == (1, 1, [issued.id])


def test_what_is_published_stays_as_it_is(db, make):
    old, new = make.published_invoice(), make.invoice()
    before = db.scalars(select(Publication.batch_id)).one()

    published = publish(db, ticked(old, new))

    assert (published.documents, published.already_published, published.republished) == (1, 1, 0)
    assert db.scalars(select(Publication.batch_id).where(Publication.document_id == old.id)).all() == [before]
    assert str(published).endswith("1 ya lo estaba.")


def test_publishing_again_replaces_the_publication_and_its_template(db, make):
    old, new = make.published_invoice(), make.invoice()
    first = db.scalars(select(Publication)).one()
    template_id = first.template_version.template_id
    version = change_look(db, ChangeLook(template_id=template_id, look=Look(accent="#112233")))

    published = publish(db, ticked(old, new), republish=True, template_version_id=version.id)

    assert (published.documents, published.republished, published.already_published) == (2, 1, 1)
    db.refresh(first)
    assert (first.withdrawn_at is None, first.withdrawn_by_batch_id) == (False, published.batch_id)
    now = db.scalars(select(Publication.template_version_id).where(Publication.withdrawn_at.is_(None))).all()
    assert (live(db), now) == ([old.id, new.id], [version.id, version.id])


@pytest.mark.parametrize(
    ("wanted", "republish", "figures"),
    [
        ({"published": False}, False, (1, 0, 0)),
        ({"published": False}, True, (1, 0, 0)),
        ({"published": True}, True, (1, 1, 0)),
        ({}, False, (1, 1, 1)),
        ({}, True, (2, 1, 1)),
    ],
)
def test_a_search_by_what_is_published_means_what_it_was_when_asked(db, make, wanted, republish, figures):
    make.published_invoice(), make.invoice(), make.draft()

    published = publish(db, searched(**wanted), republish=republish)

    assert (published.documents, published.already_published, published.drafts) == figures


def test_a_customer_without_email_is_published_not_told_and_listed(db, make):
    invoice = make.invoice(contact=make.contact(email=None, name="Talleres Ródano, S.L."))

    shown = preview_publication(db, ticked(invoice), notify=True)
    published = publish(db, ticked(invoice))

    assert [(named.name, named.documents) for named in shown.without_email] == [("Talleres Ródano, S.L.", 1)]
    assert (published.documents, published.mails, published.without_email, live(db)) == (1, 0, 1, [invoice.id])
    assert db.get_one(Batch, published.batch_id).figures["left_out"] == ["Talleres Ródano, S.L."]
    assert str(published) == "1 documento publicado. A 1 destinatario no se le avisa."


@pytest.mark.parametrize(
    ("ending", "accounts", "shut_out"),
    [(None, 0, 1), (Ending.WITHDRAWN, 0, 1), (Ending.MOVED, 1, 0), (Ending.UNDONE, 1, 0)],
)
def test_access_withdrawn_on_purpose_is_not_given_back(db, make, ending, accounts, shut_out):
    invoice = make.invoice()
    account = make.account(invoice.contact)
    account.memberships[0].ended_at, account.memberships[0].ending = utc_now(), ending
    db.flush()

    shown = preview_publication(db, ticked(invoice), notify=True)
    published = publish(db, ticked(invoice))

    assert (shown.new_accounts.count, shown.shut_out.count) == (accounts, shut_out)
    assert (published.accounts, published.shut_out, published.mails) == (accounts, shut_out, accounts)


@pytest.mark.parametrize("main", [None, "direccion@merino.example"])
def test_everybody_with_an_email_for_the_portal_gets_access_and_a_notice(db, make, main):
    contact = make.contact(email=main, name="Merino")
    contact.emails = [
        ContactEmail(purpose=EmailPurpose.PORTAL, email="andres@merino.example", name="Andrés"),
        ContactEmail(purpose=EmailPurpose.PORTAL, email="direccion@merino.example", name="Dirección"),
        ContactEmail(purpose=EmailPurpose.INVOICES, email="facturas@merino.example"),
    ]
    selection = ticked(make.invoice(contact=contact))

    shown = preview_publication(db, selection, notify=True)
    published = publish(db, selection)

    assert [(named.name, named.email, named.documents) for named in shown.new_accounts] == [
        ("Merino", "andres@merino.example", 1),
        ("Merino", "direccion@merino.example", 1),
    ]
    assert (shown.new_accounts.count, shown.mails, shown.without_email.count, shown.customers) == (2, 2, 0, 1)
    assert (published.accounts, published.mails, published.without_email, published.customers) == (2, 2, 0, 1)
    assert sorted(db.scalars(select(OutgoingMail.recipient))) == ["andres@merino.example", "direccion@merino.example"]


def test_who_was_shut_out_keeps_nobody_else_out(db, make):
    contact = make.contact(email="direccion@merino.example")
    contact.emails = [ContactEmail(purpose=EmailPurpose.PORTAL, email="andres@merino.example")]
    [membership] = make.account(contact, email="andres@merino.example").memberships
    membership.ended_at, membership.ending = utc_now(), Ending.WITHDRAWN
    db.flush()
    selection = ticked(make.invoice(contact=contact))

    shown = preview_publication(db, selection, notify=True)
    published = publish(db, selection)

    assert ([named.email for named in shown.new_accounts], shown.shut_out.count) == (["direccion@merino.example"], 0)
    assert (published.accounts, published.mails, published.shut_out) == (1, 1, 0)
    assert db.scalars(select(OutgoingMail.recipient)).all() == ["direccion@merino.example"]


def test_what_changed_since_it_was_shown_is_shown_again_and_nothing_done(db, make):
    command = to_publish(db, searched(state="pending"))
    make.invoice()

    with pytest.raises(SelectionChanged) as refused:
        publish_documents(db, command)

    assert (refused.value.status, refused.value.preview.documents, refused.value.preview.mails) == (409, 1, 1)
    assert [count(db, cls) for cls in (Publication, PortalAccount, PortalMembership, OutgoingMail, Batch)] == [0] * 5


@pytest.mark.parametrize(
    "wrong",
    [{"documents": 9}, {"id_sum": 9}, {"id_max": 9}, {"accounts": 9}, {"mails": 9}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_every_part_of_the_fingerprint_counts(db, make, wrong):
    command = to_publish(db, ticked(make.invoice()))

    with pytest.raises(SelectionChanged):
        publish_documents(db, replace(command, fingerprint=replace(command.fingerprint, **wrong)))


def test_an_email_that_goes_missing_after_the_dialogue_is_noticed(db, make):
    invoice = make.invoice()
    command = to_publish(db, ticked(invoice))
    invoice.contact.email = None
    db.flush()

    with pytest.raises(SelectionChanged):
        publish_documents(db, command)


def test_the_same_dialogue_sent_twice_is_one_publication(db, make):
    command = to_publish(db, ticked(make.invoice()))

    first, second = publish_documents(db, command), publish_documents(db, command)

    assert (second, str(second)) == (replace(first, again=True), str(first))
    assert [count(db, cls) for cls in (Publication, OutgoingMail, Batch)] == [1, 1, 1]


@pytest.mark.parametrize("other", [{"notify": False}, {"fingerprint": Fingerprint(2, 3, 2)}])
def test_a_used_dialogue_with_other_wishes_is_refused(db, make, other):
    command = to_publish(db, ticked(make.invoice()))
    publish_documents(db, command)

    with pytest.raises(DialogueUsed):
        publish_documents(db, replace(command, **other))


def test_somebody_who_comes_second_is_told_that_it_is_published_already(db, make):
    command = to_publish(db, ticked(make.invoice(), make.invoice()))
    publish_documents(db, command)

    with pytest.raises(SelectionChanged, match="Esos 2 documentos ya están publicados") as refused:
        publish_documents(db, replace(command, key="otra"))

    assert (refused.value.preview.documents, refused.value.preview.already_published) == (0, 2)


def test_nothing_selected_is_said_and_leaves_no_batch(db, make):
    with pytest.raises(NothingSelected):
        publish(db, ticked(make.draft()))

    db.flush()


def test_a_company_pending_review_publishes_nothing(db, make, company):
    command = to_publish(db, ticked(make.invoice()))
    db.get_one(Company, company.id).confirmed_at = None
    db.flush()

    with pytest.raises(CompanyNotConfirmed, match="pendiente de revisar"):
        publish_documents(db, command)


def test_an_archived_or_foreign_template_is_refused(db, make, system_db):
    version = make.template()
    version.template.archived_at = utc_now()
    db.commit()
    theirs = Make(system_db, make.home).template(company_id=Make(system_db, make.home).company().id)
    system_db.commit()
    selection = ticked(make.invoice())

    with pytest.raises(TemplateArchived):
        publish(db, selection, template_version_id=version.id)
    with pytest.raises(NotFound):
        publish(db, selection, template_version_id=theirs.id)


def test_documents_of_another_company_are_not_there(db, make, system_db):
    others = Make(system_db, make.home)
    theirs = others.invoice(contact=others.contact(company_id=others.company().id))
    system_db.commit()
    mine = make.invoice()
    db.commit()

    published = publish(db, ticked(mine, theirs))
    db.commit()

    assert (published.documents, live(system_db)) == (1, [mine.id])
    with pytest.raises(NothingSelected):
        publish(db, ticked(theirs), key="otra")


def test_a_range_publishes_its_numbers(db, make):
    series = make.series(label="FV26")
    invoices = [make.invoice(series=series) for _ in range(4)]
    other = make.invoice(series=make.series(label="R26"), number=2)

    publish(db, numbered("FV26", 2, 3))

    assert live(db) == [invoices[1].id, invoices[2].id]
    assert other.id not in live(db)


def test_a_publication_is_a_batch_and_one_entry_in_the_audit(database, db, make, company):
    user = make.user()
    command = replace(to_publish(db, ticked(make.invoice())), user_id=user.id)
    db.commit()

    published = database.run(CompanyScope(company.id), lambda db: publish_documents(db, command))

    batch = db.get_one(Batch, published.batch_id)
    assert (batch.kind, batch.user_id, batch.selection, batch.notify) == (
        BatchKind.PUBLISH,
        user.id,
        "Las marcadas",
        True,
    )
    assert Published(batch_id=batch.id, **{k: v for k, v in batch.figures.items() if k != "left_out"}) == published
    entries = db.scalars(select(AuditEntry).where(AuditEntry.entity == "batches")).all()
    assert [(entry.action, entry.entity_id, entry.changes["documents"]) for entry in entries] == [
        ("publish", batch.id, [None, 1])
    ]


def test_a_publication_that_fails_leaves_nothing(database, make_session, db, make, company):
    command = to_publish(db, ticked(make.invoice()))
    db.commit()

    def publish_and_fail(db):
        publish_documents(db, command)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.run(CompanyScope(company.id), publish_and_fail)

    with make_session(scope=SYSTEM) as everyone:
        assert [count(everyone, cls) for cls in (Publication, OutgoingMail, PortalAccount, Batch)] == [0] * 4


def test_the_statements_do_not_grow_with_the_documents(db, make, statements):
    make.template()

    counted = []
    for number, many in enumerate((1, 1, 30)):  # the first of a session also asks who listens
        command = to_publish(db, ticked(*[make.invoice() for _ in range(many)]), key=f"k{number}")
        statements.clear()
        publish_documents(db, command)
        counted.append(len(statements))

    assert counted[1] == counted[2]
