"""Timelines: every kind of row that tells something, in its words and in its order."""

import datetime as dt

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from app import clock
from app.domain.publishing import publish_documents
from app.domain.queries.addressees import Addressee
from app.domain.timeline import Happening, Mentioned, Told, contact_timeline, document_timeline
from app.domain.withdrawing import UndoBatch, undo_batch, withdraw_documents
from app.errors import NotFound
from app.scope import Actor, CompanyScope
from models import AuditEntry, Dispatch, DocumentEvent, OutgoingMail, PortalAccount
from models.enums import DocumentKind, EventKind, MailStatus
from tests.factories import Make
from tests.integration.domain.mail.sending import by_customer, send, wishes
from tests.integration.domain.publishing import searched, ticked, to_publish, to_withdraw

MOMENT = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


def told(happenings):
    return [str(happening) for happening in reversed(happenings)]


@pytest.fixture
def marta(make):
    return make.user(name="Marta Ruiz")


def publish(db, marta, selection, **values):
    command = to_publish(db, selection, **values)
    return publish_documents(db, replace(command, user_id=marta.id))


def test_a_document_tells_what_happened_to_it(db, make, marta):
    invoice = make.invoice(contact=make.contact(email="lucia@merino.example"))
    published = publish(db, marta, ticked(invoice))
    db.execute(
        update(OutgoingMail)
        .where(OutgoingMail.company_id == db.company_id)
        .values(status=MailStatus.SENT, finished_at=MOMENT)
    )
    account = db.scalars(select(PortalAccount)).one()
    account.name = "Lucía Merino"
    for hours in (1, 2):
        seen = DocumentEvent(
            document_id=invoice.id,
            contact_id=invoice.contact_id,
            account_id=account.id,
            kind=EventKind.VIEWED,
            created_at=MOMENT + dt.timedelta(hours=hours),
        )
        db.add(seen)
    db.flush()
    undo_batch(db, UndoBatch(batch_id=published.batch_id, user_id=marta.id))

    happenings = document_timeline(db, invoice.id)

    assert told(happenings) == [
        "Marta Ruiz publicó la factura",
        "Marta Ruiz deshizo la publicación",
        "Aviso de publicación: correo entregado a lucia@merino.example",
        "Lucía Merino vio la factura 2 veces, la primera el 01/01/2030, 02:00",
    ]
    assert happenings[0] == Happening(
        at=MOMENT + dt.timedelta(hours=2),
        told=Told.CUSTOMER,
        who="Lucía Merino",
        what="vio la factura 2 veces, la primera el 01/01/2030, 02:00",
    )


def test_to_open_the_pdf_is_not_yet_to_print(db, make):
    invoice = make.published_invoice()
    printed = DocumentEvent(document_id=invoice.id, contact_id=invoice.contact_id, kind=EventKind.PRINTED)
    db.add(printed)
    db.flush()

    assert told(document_timeline(db, invoice.id))[-1] == "El cliente abrió el PDF para imprimirlo"
    assert told(contact_timeline(db, invoice.contact_id))[-1] == f"El cliente abrió para imprimir {invoice.number_text}"


@pytest.mark.parametrize(
    ("kind", "sentences"),
    [
        (
            DocumentKind.QUOTE,
            ["Marta creó el presupuesto", "El programa publicó el presupuesto", "El cliente vio el presupuesto"],
        ),
        (
            DocumentKind.PROFORMA,
            ["Marta creó la proforma", "El programa publicó la proforma", "El cliente vio la proforma"],
        ),
        (
            DocumentKind.PURCHASE_ORDER,
            [
                "Marta creó el pedido de compra",
                "El programa publicó el pedido de compra",
                "El proveedor vio el pedido de compra",
            ],
        ),
    ],
)
def test_a_document_is_called_by_its_name(db, make, company, kind, sentences):
    document = make.published(kind)
    db.add(DocumentEvent(document_id=document.id, contact_id=document.contact_id, kind=EventKind.VIEWED))
    entry = {"at": MOMENT, "actor": "Marta", "action": "create", "entity": "documents", "previous_hash": "", "hash": ""}
    db.add(AuditEntry(position=1, entity_id=document.id, **entry))
    db.flush()

    assert sorted(told(document_timeline(db, document.id))) == sorted(sentences)
    [seen] = [one for one in contact_timeline(db, document.contact_id) if one.told is Told.CUSTOMER]
    assert (seen.who, seen.what, seen.document) == (
        sentences[2].partition(" vio")[0],
        "vio",
        Mentioned(document.id, document.number_text, kind),
    )


def test_a_document_tells_its_own_batches_and_mails_only(db, make, marta):
    mine, other = make.invoice(contact=make.contact(email="a@merino.example")), make.invoice()
    publish(db, marta, searched())
    withdraw_documents(db, to_withdraw(db, ticked(other)))

    assert told(document_timeline(db, mine.id)) == [
        "Marta Ruiz publicó la factura",
        "Aviso de publicación: correo en cola para a@merino.example",
    ]


def test_a_contact_tells_of_all_its_documents_and_people(db, make, marta):
    contact = make.contact(email="lucia@merino.example")
    invoices = [make.invoice(contact=contact) for _ in range(3)]
    make.invoice()
    publish(db, marta, searched())
    withdraw_documents(db, to_withdraw(db, ticked(*invoices[:2])))
    db.add(
        DocumentEvent(document_id=invoices[2].id, contact_id=contact.id, kind=EventKind.DOWNLOADED, created_at=MOMENT)
    )
    db.flush()

    assert sorted(told(contact_timeline(db, contact.id))) == [
        "Acceso a la intranet para lucia@merino.example",
        "Aviso de publicación: correo en cola para lucia@merino.example",
        f"El cliente descargó el PDF de {invoices[2].number_text}",
        "El programa anuló 2 publicaciones",
        "Marta Ruiz publicó 3 documentos",
    ]


def test_a_contact_tells_what_was_done_again_on_a_day_once(db, make):
    invoice, other = make.published_invoice(), make.invoice()
    for document, kind, hours in (
        (invoice, EventKind.VIEWED, 1),
        (invoice, EventKind.DOWNLOADED, 2),
        (invoice, EventKind.VIEWED, 3),
        (other, EventKind.VIEWED, 4),
        (invoice, EventKind.VIEWED, 23),
    ):
        at = MOMENT + dt.timedelta(hours=hours)
        db.add(DocumentEvent(document_id=document.id, contact_id=invoice.contact_id, kind=kind, created_at=at))
    db.flush()

    assert told(contact_timeline(db, invoice.contact_id))[-4:] == [
        f"El cliente descargó el PDF de {invoice.number_text}",
        f"El cliente vio 2 veces desde las 02:00 {invoice.number_text}",
        f"El cliente vio {other.number_text}",
        f"El cliente vio {invoice.number_text}",
    ]


def test_the_audit_is_part_of_the_story(database, db, make, company):
    contact = make.contact()
    db.commit()

    def rename(db):
        db.get(type(contact), contact.id).name = "Instalaciones Merino e Hijos"

    database.run(CompanyScope(company.id), rename, Actor("Javier Tosma"))

    [happening] = contact_timeline(db, contact.id)
    assert (str(happening), happening.told, list(happening.changes)) == (
        "Javier Tosma cambió la ficha",
        Told.RECORD,
        ["name"],
    )


def test_a_timeline_ends_somewhere(db, make):
    invoice = make.invoice()
    db.add_all(
        DocumentEvent(
            document_id=invoice.id,
            contact_id=invoice.contact_id,
            kind=EventKind.VIEWED,
            created_at=MOMENT + dt.timedelta(days=day),
        )
        for day in range(9)
    )
    db.flush()

    assert len(contact_timeline(db, invoice.contact_id, most=5)) == 5


def test_a_document_of_another_company_tells_nothing(db, make, system_db):
    others = Make(system_db, make.home)
    theirs = others.published_invoice(contact=others.contact(company_id=others.company().id))
    system_db.commit()

    with pytest.raises(NotFound):
        document_timeline(db, theirs.id)
    assert contact_timeline(db, theirs.contact_id) == []


def test_what_was_sent_by_mail_is_told_to_whom_and_by_whom(db, make, marta):
    contact = make.contact(email="lucia@merino.example")
    first, second = make.invoice(contact=contact), make.invoice(contact=contact)
    send(db, wishes(first), marta, key="una", cc=(Addressee("asesor@gestoria.example"),))
    send(db, by_customer(first, second), marta, key="todas")
    send(db, wishes(second), marta, key="luego", due_at=clock.now() + dt.timedelta(hours=3))
    (due_at,) = db.execute(select(Dispatch.due_at).order_by(Dispatch.id.desc()).limit(1)).one()
    when = f"{clock.madrid(due_at):%d/%m/%Y, %H:%M}"

    of_first, of_contact = document_timeline(db, first.id), contact_timeline(db, contact.id)

    assert told_without_audit(of_first) == [
        "Marta Ruiz envió por correo la factura",
        "Marta Ruiz envió por correo la factura",
        "Envío de documentos: correo en cola para asesor@gestoria.example",
        "Envío de documentos: correo en cola para lucia@merino.example",
        "Envío de documentos: correo en cola para lucia@merino.example",
    ]
    assert [line for line in told_without_audit(of_contact) if line.startswith("Marta")] == [
        f"Marta Ruiz envió por correo {first}",
        "Marta Ruiz envió por correo 2 documentos",
        f"Marta Ruiz programó para el {when} el envío de {second}",
    ]
    assert [line for line in told_without_audit(document_timeline(db, second.id)) if "programó" in line] == [
        f"Marta Ruiz programó para el {when} el envío de la factura"
    ]


def told_without_audit(happenings):
    """What was done, from the first to the last, and then the mails."""
    told = [one for one in reversed(happenings) if one.told in (Told.OFFICE, Told.MAIL)]
    office, mail = ([str(one) for one in told if one.told is where] for where in (Told.OFFICE, Told.MAIL))
    return [*office, *sorted(mail)]
