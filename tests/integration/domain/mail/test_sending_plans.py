"""The dry run of a sending: who gets what, what is left out and why, within what may be sent at once."""

import pytest

from app import clock
from app.domain.mail import sending_plans
from app.domain.mail.enclosures import MOST_OCTETS, TO_PRINT
from app.domain.mail.sending_plans import TooManyDocuments, plan_sending
from app.domain.previewing import Named
from models import Attachment, MailReport, OutgoingMail, StoredFile
from models.enums import MailKind, Origin, ReportKind
from tests.integration.domain.mail.sending import LUCIA, OTHER, by_customer, changed, everything, wishes


@pytest.fixture
def merino(make):
    return make.contact(name="Instalaciones Merino, S.L.", email="compras@merino.example")


@pytest.fixture
def stored(make):
    def stored(size):
        row = StoredFile(sha256=f"{size:064x}", size=size, media_type="application/pdf", name=f"{size}.pdf")
        return make._add(row)

    return stored


def test_what_a_pdf_weighs_is_known_where_there_is_one(db, make, merino, stored):
    version = make.template()
    plain, published, imported = make.invoice(contact=merino), make.invoice(contact=merino), None
    make.publication(published, version=version, file_id=stored(4000).id)
    imported = make.invoice(contact=merino, origin=Origin.IMPORTED, number_text="A/17")
    make._add(Attachment(document_id=imported.id, file_id=stored(7000).id, is_customer_pdf=True))
    make.publication(imported, version=version, file_id=stored(7001).id)

    plan = plan_sending(db, wishes(plain, published, imported))

    assert [mail.octets for mail in plan.dispatches] == [TO_PRINT, 4000, 7000]


def test_what_does_not_fit_is_named_and_stays(db, make, merino, stored):
    nunez = make.contact(name="Transportes Núñez, S.L.")
    invoices = [make.invoice(contact=contact) for contact in (merino, nunez)]
    large = make.publication(invoices[0], file_id=stored(MOST_OCTETS - 10).id)

    alone = plan_sending(db, wishes(*invoices))
    with_a_file = plan_sending(db, wishes(*invoices, octets=11))
    as_links = plan_sending(db, wishes(invoices[0], octets=11, has_links=True))

    assert (len(alone.dispatches), alone.too_large.count) == (2, 0)
    assert [mail.contact_id for mail in with_a_file.dispatches] == [nunez.id]
    assert list(with_a_file.too_large) == [Named(merino.id, merino.name, documents=1)]
    assert (len(as_links.dispatches), large.document_id) == (1, invoices[0].id)


def test_no_more_documents_in_a_mail_than_somebody_would_open(db, make, merino, monkeypatch):
    monkeypatch.setattr(sending_plans, "MOST_DOCUMENTS", 2)
    invoices = [make.invoice(contact=merino) for _ in range(3)]

    plan = plan_sending(db, by_customer(*invoices))

    assert (plan.dispatches, list(plan.too_large)) == ((), [Named(merino.id, merino.name, documents=3)])


def test_no_more_documents_at_once_than_may_be(db, make, merino, monkeypatch):
    monkeypatch.setattr(sending_plans, "MOST_SENT", 2)
    for _ in range(3):
        make.invoice(contact=merino)

    with pytest.raises(TooManyDocuments):
        plan_sending(db, wishes(selection=everything()))


def test_addresses_that_mail_came_back_from_are_told(db, make, merino):
    mail = make._add(OutgoingMail(kind=MailKind.TEST, dedup_key="x", recipient=merino.email, due_at=clock.now()))
    known = {"mail_id": mail.id, "kind": ReportKind.BOUNCED, "reported_at": clock.now()}
    report, _other = (
        make._add(MailReport(**known, recipient=address, report_key=address, code="5.1.1"))
        for address in ("compras@merino.example", "otra@merino.example")
    )
    asked = wishes(make.invoice(contact=merino), to=(LUCIA, changed(OTHER, email="otra@merino.example")))

    came_back = plan_sending(db, wishes(selection=everything())).bounced
    report.dismissed_at = clock.now()
    db.flush()

    assert came_back == ("compras@merino.example",)
    assert plan_sending(db, wishes(selection=everything())).bounced == ()
    assert plan_sending(db, asked).bounced == ("otra@merino.example",)


def test_who_cannot_enter_is_told_where_links_are_sent(db, make, merino):
    nunez = make.contact(name="Transportes Núñez, S.L.")
    make.account(nunez)
    shown = [make.published_invoice(contact=contact) for contact in (merino, nunez)]

    by_link, by_pdf = plan_sending(db, wishes(*shown, has_links=True)), plan_sending(db, wishes(*shown))

    assert list(by_link.without_access) == [Named(merino.id, merino.name, documents=1)]
    assert not by_pdf.without_access


@pytest.mark.parametrize("count", [1, 3])
def test_planning_many_costs_the_queries_of_one(db, make, statements, count):
    for _ in range(count):
        make.invoice()
    db.flush()
    statements.clear()

    plan_sending(db, wishes(selection=everything()))

    assert len(statements) == 6
