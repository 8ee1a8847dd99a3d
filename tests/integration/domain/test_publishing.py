"""Publishing: what was shown is what is done, in one transaction, whoever else is at it."""

import pytest
from sqlalchemy import select

from app.domain.previewing import preview_publication
from app.domain.publishing import PublishDocuments, publish_documents
from app.domain.selections import DocumentSelection
from models import OutgoingMail, PortalAccount, PortalMembership, Publication
from models.enums import DocumentKind, MailKind, MailStatus


def ticked(*documents):
    return DocumentSelection(
        kind=DocumentKind.INVOICE, label="Las marcadas", ids=tuple(document.id for document in documents)
    )


def command(db, selection, *, key="k1", notify=True, republish=False, **values):
    """What the dialogue posts when its preview was taken a moment ago."""
    shown = preview_publication(db, selection, notify=notify, republish=republish)
    return PublishDocuments(
        selection=selection,
        fingerprint=shown.fingerprint,
        key=key,
        user_id=None,
        notify=notify,
        republish=republish,
        **values,
    )


def publish(db, *documents, **values):
    return publish_documents(db, command(db, ticked(*documents), **values))


def test_publishing_gives_access_and_sends_one_notice_per_customer(db, make):
    contact = make.contact(email="compras@tosma.example", name="Electricidad Tosma, S.L.")
    invoices = [make.invoice(contact=contact) for _ in range(3)]

    published = publish(db, *invoices)

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
