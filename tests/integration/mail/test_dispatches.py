"""Documents that leave by mail for real: what arrives is what was sent, the same for all who get it."""

import datetime as dt
import io
from threading import Event

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from app import clock
from app.domain.queries import dispatches
from app.domain.queries.addressees import Addressee
from app.domain.queries.outbox import Queue
from app.mail.courier import Courier
from app.mail.shown import mail_as_sent
from app.mail.writing import write_mails
from app.rendering import preview_pdf, publication_pdf
from app.scope import CompanyScope
from models import Company, OutgoingMail, Publication
from models.enums import MailStatus
from tests.integration.domain.mail.sending import LUCIA, OTHER, wishes
from tests.integration.mail.arrivals import arrived, body_of, files_of, now, parsed
from tests.smtp_sink import Sink, Step

HIDDEN = Addressee("oculto@tosma.example", "Marta Ruiz")


def test_the_document_arrives_as_its_pdf(post, sink, mail_out, invoice):
    mail_out(wishes(invoice, to=(LUCIA,)))

    post.send()

    (received,) = sink.received
    ((name, content),) = files_of(received.content).items()
    text = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    version_id = post.version.id
    assert name == f"Factura-{invoice}.pdf"
    assert str(invoice) in text
    assert "Instalaciones Merino, S.L." in text
    assert "121,00" in text
    assert content == preview_pdf(post.installation, CompanyScope(post.company.id), invoice.id, version_id).content
    assert parsed(received.content)["Subject"] == f"Adjunto Factura {invoice}"
    assert "Hola, Instalaciones Merino, S.L.:" in body_of(received.content, "plain")
    assert "Total 121,00" in body_of(received.content, "html")
    assert now(post, "status", "attempts") == [(MailStatus.SENT, 1)]


def test_it_is_no_machine_that_writes_and_answers_reach_somebody(post, sink, mail_out, invoice):
    mail_out(wishes(invoice, to=(LUCIA,)), reply_to="marta@tosma.example", wants_receipt=True)

    post.send()

    message = parsed(sink.received[0].content)
    assert (message["From"], message["Reply-To"], message["To"]) == (
        "Suministros Tosma <facturas@tosma.example>",
        "marta@tosma.example",
        f"{LUCIA.name} <{LUCIA.email}>",
    )
    assert (message["Auto-Submitted"], message["Disposition-Notification-To"]) == (None, "facturas@tosma.example")


def test_everybody_gets_the_same_bytes_and_hidden_readers_are_not_in_them(post, sink, mail_out, invoice):
    mail_out(wishes(invoice, to=(LUCIA,)), cc=(OTHER,), bcc=(HIDDEN,))

    post.send()

    assert arrived(sink) == [(LUCIA.email,), (OTHER.email,), (HIDDEN.email,)]
    (content,) = {message.content for message in sink.received}
    message = parsed(content)
    assert (message["To"], message["Cc"], message["Bcc"]) == (f"{LUCIA.name} <{LUCIA.email}>", OTHER.email, None)
    assert b"oculto" not in content
    assert "Marta" not in body_of(content, "html")
    assert [frozen == content for (frozen,) in now(post, "frozen")] == [True, True, True]


def test_who_gets_it_later_gets_the_same_whatever_has_changed(post, sink, mail_out, invoice):
    sink.steps["RCPT"] = [Step(reply="450 4.2.0 lista gris", match=OTHER.email)]
    mail_out(wishes(invoice, to=(LUCIA, OTHER)))
    # A worker that dies after the first: the second was not even written.
    courier = post.courier()
    courier._round(OnlyOne(sink))
    courier.close()

    company = post.db.get_one(Company, post.company.id)
    company.trade_name, company.accent, company.phone = "Otro Nombre", "#a8231c", "915 550 123"
    post.db.commit()
    post.time.pass_by(minutes=2)
    post.send()
    post.time.pass_by(minutes=2)
    post.send()

    assert arrived(sink) == [(LUCIA.email,), (OTHER.email,)]
    assert len({message.content for message in sink.received}) == 1


class OnlyOne(Event):
    """Stops a courier once a mail has arrived."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self.sink = sink

    def is_set(self) -> bool:
        return bool(self.sink.received)


def test_two_who_write_it_at_once_write_the_same(post, holder, mail_out, invoice):
    mail_out(wishes(invoice, to=(LUCIA, OTHER)))

    first, second = holder.write(), holder.write()

    assert len({written.content for written in (*first, *second)}) == 1
    assert len({written.message_id for written in (*first, *second)}) == 1


def test_a_later_is_tried_again_with_the_same_bytes(post, sink, mail_out, invoice):
    sink.steps["."] = [Step(reply="451 4.3.0 más tarde")]
    mail_out(wishes(invoice, to=(LUCIA,)))

    post.send()
    (frozen,) = now(post, "frozen")[0]
    post.time.pass_by(minutes=2)
    post.send()

    assert [message.content for message in sink.received] == [frozen]
    assert now(post, "status", "attempts") == [(MailStatus.SENT, 2)]


def test_one_address_that_is_refused_keeps_nobody_else_from_it(post, sink, mail_out, invoice):
    sink.steps["RCPT"] = [Step(reply="550 5.1.1 no existe", match=OTHER.email)]
    mail_out(wishes(invoice, to=(LUCIA, OTHER)), bcc=(HIDDEN,))

    post.send()

    assert arrived(sink) == [(LUCIA.email,), (HIDDEN.email,)]
    assert [status for (status,) in now(post, "status")] == [MailStatus.SENT, MailStatus.FAILED, MailStatus.SENT]


def test_links_to_what_is_no_longer_published_do_not_leave(post, sink, mail_out, make, merino):
    shown = make.published_invoice(contact=merino)
    mail_out(wishes(shown, has_links=True))
    make.db.scalars(select(Publication)).one().withdrawn_at = clock.now()
    make.db.commit()

    post.send()

    assert sink.received == []
    assert now(post, "status", "last_reply") == [
        (MailStatus.CANCELLED, "Ya no queda ningún documento publicado al que lleven sus enlaces.")
    ]


def test_it_waits_for_its_moment_and_bears_its_date(post, sink, mail_out, invoice):
    moment = (clock.now() + dt.timedelta(days=1)).replace(microsecond=0)
    mail_out(wishes(invoice, to=(LUCIA,)), due_at=moment)

    post.send()
    before = len(sink.received)
    post.time.pass_by(days=1, seconds=5)
    post.send()

    assert (before, len(sink.received)) == (0, 1)
    assert parsed(sink.received[0].content)["Date"].datetime == moment


def test_it_leaves_from_the_account_of_who_sends_it(post, sink, mail_out, make, user, invoice):
    own = make.mail_account(user_id=user.id, port=sink.port, sender_email="marta@tosma.example", sender_name="Marta")
    mail_out(wishes(invoice, to=(LUCIA,)), account_id=own.id)

    post.send()
    before = len(sink.received)
    courier = Courier(post.installation, Queue(post.company.id, own.id), clock=post.time)
    courier.run(Event())
    courier.close()

    assert (before, [message.sender for message in sink.received]) == (0, ["marta@tosma.example"])
    assert parsed(sink.received[0].content)["From"] == "Marta <marta@tosma.example>"


def test_no_more_is_in_memory_at_once_than_may_be(post, sink, mail_out, make, merino, monkeypatch):
    monkeypatch.setattr(dispatches, "AT_ONCE", 250_000)
    invoices = [make.invoice(contact=merino) for _ in range(5)]
    mail_out(wishes(*invoices), cc=(OTHER,))
    sizes = []
    monkeypatch.setattr(
        "app.mail.courier.write_mails", lambda *facts: sizes.append(len(facts[1].dispatches)) or write_mails(*facts)
    )

    post.send()

    assert sizes == [1, 1, 1, 1, 1]
    assert len(sink.received) == 10
    assert len({message.content for message in sink.received}) == 5


@pytest.mark.parametrize("count", [1, 3])
def test_writing_many_costs_the_queries_of_one(post, mail_out, make, merino, statements, count):
    """When they are printed already."""
    courier = post.courier()
    invoices = [make.published_invoice(contact=merino) for _ in range(count + 1)]
    make.db.commit()
    for publication in post.db.scalars(select(Publication)):
        publication_pdf(post.installation, CompanyScope(post.company.id), publication.id)
    post.db.rollback()
    mail_out(wishes(invoices[0]), key="primera")
    courier.run(Event())
    post.db.rollback()
    mail_out(wishes(*invoices[1:]), key="segunda")
    statements.clear()

    courier.run(Event())

    courier.close()
    assert len([sql for sql in statements if sql.startswith("SELECT")]) == 13


def test_what_waits_can_be_looked_at_as_it_would_leave(post, mail_out, invoice):
    mail_out(wishes(invoice, to=(LUCIA,)))

    shown = mail_as_sent(post.installation, post.db.scalars(select(OutgoingMail)).one())

    assert (shown.subject, shown.attachments, shown.was_written) == (
        f"Adjunto Factura {invoice}",
        (f"Factura-{invoice}.pdf",),
        False,
    )
