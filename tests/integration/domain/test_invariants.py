"""Every invariant notices when it is broken, and says nothing while it holds."""

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import func, insert, select, update

from app import clock
from app.domain.invariants import violations
from models import (
    AuditEntry,
    Batch,
    Document,
    DocumentLine,
    DueDate,
    OutgoingMail,
    PortalMembership,
    PortalSession,
    Publication,
    Series,
    StoredFile,
)
from models.enums import DocumentKind, MailKind, MailStatus, Origin

NOW = clock.now()


def mail(**values):
    defaults = {"kind": MailKind.NOTICE, "dedup_key": "k", "recipient": "a@b.example", "due_at": NOW}
    return OutgoingMail(**defaults | values)


def test_a_company_in_order_breaks_nothing(db, make):
    make.published_invoice()
    make.invoice()
    make.draft()
    make.account()
    for kind in DocumentKind:
        make.published(kind)

    assert list(violations(db)) == []


def break_numbering(db, make):
    make.invoice(series=make.series(label="FV26"))
    db.execute(update(Series).values(next_number=3))


def break_numbering_of_orders(db, make):
    make.document(DocumentKind.SALES_ORDER)
    db.execute(update(Series).values(first_number=2))


def break_kind(db, make):
    make.document(DocumentKind.QUOTE, series=make.series(label="FV26"))


def break_dates(db, make):
    series = make.series(label="FV26")
    make.invoice(series=series, issued_on=dt.date(2026, 3, 2))
    make.invoice(series=series, issued_on=dt.date(2026, 3, 1))


def break_first_date(db, make):
    series = make.series(label="FV26", first_number=8, next_number=8)
    make.invoice(series=series, number=6, origin=Origin.IMPORTED, issued_on=dt.date(2026, 3, 3))
    make.invoice(series=series, number=7, origin=Origin.IMPORTED, issued_on=dt.date(2026, 3, 2))
    make.invoice(series=series, issued_on=dt.date(2026, 3, 2))


def break_total(db, make):
    make.invoice(series=make.series(label="FV26"))
    db.execute(update(Document).values(total=Decimal("120.00")))


def break_lines(db, make):
    make.invoice(series=make.series(label="FV26"))
    db.execute(update(DocumentLine).values(net=Decimal("99.00")))


def break_dues(db, make):
    make.invoice(series=make.series(label="FV26"))
    db.execute(update(DueDate).values(amount=Decimal("1.00")))


def break_dues_of_what_is_not_owed(db, make):
    quote = make.document(DocumentKind.QUOTE)
    db.execute(
        insert(DueDate).values(company_id=quote.company_id, document_id=quote.id, day=NOW.date(), amount=Decimal(121))
    )


def break_publication(db, make):
    invoice = make.invoice(series=make.series(label="FV26"))
    make.publication(invoice)
    db.execute(update(Publication).values(contact_id=make.contact().id))


def break_pdf(db, make):
    invoice = make.invoice(series=make.series(label="FV26"))
    file = StoredFile(sha256="a" * 64, size=1, media_type="application/pdf", name="a.pdf")
    db.add(file)
    db.flush()
    make.publication(invoice, file_id=file.id, pdf_sha256="b" * 64)


def break_access(db, make):
    contact = make.contact()
    account = make.account(contact, email="dentro@merino.example")
    db.add(PortalSession(token_hash="h", account_id=account.id, contact_id=contact.id, seen_at=NOW))
    db.flush()
    db.execute(update(PortalMembership).values(ended_at=NOW))


def break_notices(db, make):
    batch = make.batch(figures={"mails": 2})
    db.add_all(mail(dedup_key=key, batch_id=batch.id) for key in ("uno", "dos"))


def break_count(db, make):
    batch = make.batch(figures={"mails": 2})
    db.add(mail(batch_id=batch.id))


def break_sending(db, make):
    db.add(mail(status=MailStatus.SENDING, leased_until=NOW - dt.timedelta(hours=1)))


def break_waiting(db, make):
    make.mail_account()
    db.add(mail(due_at=NOW - dt.timedelta(days=4)))


def break_audit(db, make):
    db.add(AuditEntry(position=1, at=NOW, actor="x", action="x", entity="x", previous_hash="", hash="y"))


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (break_numbering, "Serie FV26: debería tener 2 números seguidos y tiene 1."),
        (break_numbering_of_orders, "Serie PV26: debería tener 0 números seguidos y tiene 1."),
        (break_kind, "Serie FV26: tiene documentos que no son de los suyos."),
        (break_dates, "FV26-0002 tiene fecha anterior a FV26-0001."),
        (break_first_date, "FV26-0008 tiene fecha anterior a FV26-0006."),
        (break_total, "FV26-0001: base e impuestos no dan el total."),
        (break_lines, "FV26-0001: las líneas no suman su total."),
        (break_dues, "FV26-0001: los vencimientos no suman el total a pagar."),
        (break_dues_of_what_is_not_owed, "P26-0001: los vencimientos no suman el total a pagar."),
        (break_publication, "FV26-0001 se ve en la intranet y no debería."),
        (break_pdf, "El PDF publicado de FV26-0001 no es el que se guardó."),
        (break_access, "dentro@merino.example sigue dentro aunque se le retiró el acceso."),
        (break_notices, "a@b.example tiene dos avisos de la publicación {batch}."),
        (break_count, "La publicación {batch} dijo 2 avisos y hay 1."),
        (break_sending, "1 correos llevan demasiado tiempo enviándose."),
        (break_waiting, "1 correos esperan desde hace más de tres días."),
        (break_audit, "La auditoría está alterada desde la anotación 1."),
    ],
)
def test_what_is_broken_is_said(db, make, broken, said):
    broken(db, make)
    db.flush()
    db.expire_all()

    assert list(violations(db)) == [said.format(batch=_last_batch(db))]


@pytest.mark.parametrize(
    ("origin", "total", "said"),
    [
        (Origin.OWN, "121.01", ["FV26-0001: base e impuestos no dan el total."]),
        (Origin.IMPORTED, "120.99", []),
        (Origin.IMPORTED, "121.01", []),
        (Origin.IMPORTED, "121.02", ["FV26-0001: base e impuestos no dan el total."]),
    ],
)
def test_an_imported_total_may_be_off_by_the_cent_it_was_accepted_with(db, make, origin, total, said):
    invoice = make.invoice(series=make.series(label="FV26"))
    if origin is Origin.IMPORTED:
        invoice.series.next_number = 1
    make.rewrite(invoice, origin=origin, total=Decimal(total), number=1 if origin is Origin.OWN else None)

    assert list(violations(db)) == said


def _last_batch(db):
    return db.scalar(select(func.max(Batch.id)))


@pytest.mark.parametrize("paused", [{"host": ""}, {"paused_until": NOW + dt.timedelta(hours=1)}])
def test_mail_may_wait_for_its_account_however_long(db, make, paused):
    make.mail_account(**paused)
    db.add(mail(due_at=NOW - dt.timedelta(days=4)))
    db.flush()

    assert list(violations(db)) == []


def test_a_live_publication_of_a_draft_is_said(db, make):
    make.publication(make.draft())

    assert list(violations(db)) == ["Un borrador se ve en la intranet y no debería."]
