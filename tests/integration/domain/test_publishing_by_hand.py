"""The sets against the obvious: one document, one person, one mail at a time, on whatever data."""

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.domain.previewing import Fingerprint, preview_publication
from app.domain.publishing import PublishDocuments, publish_documents
from app.domain.selections import DocumentSelection
from app.scope import CompanyScope
from models import Batch, Contact, Document, OutgoingMail, PortalAccount, PortalMembership, Publication
from models.base import utc_now
from models.enums import DocumentKind, DocumentStatus, Ending
from tests.factories import Make

EMAILS = (None, "", "a@x.example", "b@x.example", "c@x.example")

contacts_drawn = st.lists(
    st.fixed_dictionaries({
        "email": st.sampled_from(EMAILS),
        # Live access by its own e-mail, by another one, ended in each way, or none at all.
        "access": st.sampled_from(["none", "own", "other", *Ending]),
    }),
    min_size=1,
    max_size=5,
)  # fmt: skip
documents_drawn = st.lists(
    st.fixed_dictionaries({
        "contact": st.integers(0, 4),
        "standing": st.sampled_from(["draft", "issued", "published", "withdrawn"]),
        "ticked": st.booleans(),
    }),
    max_size=8,
)  # fmt: skip


def draw_rows(db, make, contacts, documents):
    """The drawn rows in the database; the ids of the ticked documents."""
    version = make.template()
    rows = []
    for number, drawn in enumerate(contacts):
        contact = make.contact(email=drawn["email"])
        give(db, contact, drawn["access"], number)
        rows.append(contact)
    ticked = []
    for drawn in documents:
        contact = rows[drawn["contact"] % len(rows)]
        document = make.draft(contact=contact) if drawn["standing"] == "draft" else make.invoice(contact=contact)
        if drawn["standing"] in ("published", "withdrawn"):
            publication = make.publication(document, version=version)
            publication.withdrawn_at = utc_now() if drawn["standing"] == "withdrawn" else None
        if drawn["ticked"]:
            ticked.append(document.id)
    db.flush()
    return tuple(ticked)


def give(db, contact, access, number):
    email = contact.email if access != "other" else f"otro{number}@x.example"
    if access == "none" or not email:
        return
    account = db.scalar(select(PortalAccount).where(PortalAccount.email == email)) or PortalAccount(email=email)
    db.add(account)
    db.flush()
    ending = access if isinstance(access, Ending) else None
    ended_at = utc_now() if ending else None
    db.add(PortalMembership(account_id=account.id, contact_id=contact.id, ended_at=ended_at, ending=ending))
    db.flush()


def expected(db, ids, *, notify, republish):
    """What publishing should leave behind, by looping over rows."""
    rows = db.scalars(select(Publication).where(Publication.withdrawn_at.is_(None)))
    live = {publication.document_id: publication.id for publication in rows}
    chosen = [
        document
        for document in db.scalars(select(Document).where(Document.id.in_(ids)).order_by(Document.id))
        if document.status is not DocumentStatus.DRAFT and (republish or document.id not in live)
    ]
    replaced = {live[document.id] for document in chosen if document.id in live}
    readers = defaultdict(set)
    for membership in db.scalars(select(PortalMembership).where(PortalMembership.ended_at.is_(None))):
        readers[membership.contact_id].add(membership.account.email)
    given = set()
    for contact_id in {document.contact_id for document in chosen}:
        contact = db.get_one(Contact, contact_id)
        past = db.scalars(select(PortalMembership.ending).where(PortalMembership.contact_id == contact_id)).all()
        if not readers[contact_id] and contact.email and Ending.WITHDRAWN not in past:
            readers[contact_id].add(contact.email)
            given.add((contact.email, contact_id))
    mails = defaultdict(set)
    for document in chosen:
        for email in readers[document.contact_id]:
            mails[email].add(document.contact_id)
    only = {email: min(about) if len(about) == 1 else None for email, about in mails.items()}
    return {
        "documents": {(document.id, document.contact_id) for document in chosen},
        "replaced": replaced,
        "given": given,
        "mails": only if notify else {},
    }


def found(db, batch_id):
    """What publishing did leave behind."""
    own = db.scalars(select(Publication).where(Publication.batch_id == batch_id)).all()
    replaced = db.scalars(select(Publication.id).where(Publication.withdrawn_by_batch_id == batch_id))
    given = db.scalars(select(PortalMembership).where(PortalMembership.batch_id == batch_id))
    mails = db.scalars(select(OutgoingMail).where(OutgoingMail.batch_id == batch_id)).all()
    assert len({mail.recipient for mail in mails}) == len(mails)
    return {
        "documents": {(publication.document_id, publication.contact_id) for publication in own},
        "replaced": set(replaced),
        "given": {(membership.account.email, membership.contact_id) for membership in given},
        "mails": {mail.recipient: mail.contact_id for mail in mails},
    }


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contacts=contacts_drawn, documents=documents_drawn, notify=st.booleans(), republish=st.booleans())
def test_sets_do_what_a_loop_would(make_session, company, contacts, documents, notify, republish):
    with make_session(scope=CompanyScope(company.id)) as db:
        ids = draw_rows(db, Make(db, company), contacts, documents)
        selection = DocumentSelection(kind=DocumentKind.INVOICE, label="", ids=ids)
        by_hand = expected(db, ids, notify=notify, republish=republish)
        shown = preview_publication(db, selection, notify=notify, republish=republish)
        numbers = [document_id for document_id, _contact in by_hand["documents"]]

        told = Fingerprint(
            len(numbers), sum(numbers), max(numbers, default=0), len(by_hand["given"]), len(by_hand["mails"])
        )
        assert shown.fingerprint == told
        if not numbers:
            return
        published = publish_documents(
            db,
            PublishDocuments(
                selection=selection, fingerprint=told, key="k", user_id=None, notify=notify, republish=republish
            ),
        )

        assert found(db, published.batch_id) == by_hand
        assert published.republished == len(by_hand["replaced"])
        assert db.get_one(Batch, published.batch_id).fingerprint == told.encode()
        live = db.scalars(select(Publication.document_id).where(Publication.withdrawn_at.is_(None))).all()
        assert len(live) == len(set(live))
