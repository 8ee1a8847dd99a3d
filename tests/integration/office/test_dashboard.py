"""The first page: what is owed, what did not arrive and what is going on, as the lists and pages behind it say."""

import datetime as dt
import re
from decimal import Decimal

import pytest

from app import clock
from models import Company, OutgoingMail, StoredFile
from models.enums import BatchKind, DocumentStatus, MailKind, MailStatus, Role
from tests.rig.desk import text_of


def due(make, days, payable, **values):
    invoice = make.invoice(**values)
    make.rewrite(invoice, due_on=clock.today() - dt.timedelta(days=days), payable=Decimal(payable))


@pytest.fixture
def mail(make, db):
    def mail(status, reply="", contact=None, **values):
        defaults = {"kind": MailKind.NOTICE, "recipient": f"m{reply[:3]}{contact.id if contact else 0}@merino.example"}
        row = OutgoingMail(
            status=status,
            last_reply=reply,
            contact_id=contact.id if contact else None,
            dedup_key=f"{status}{reply}{values}",
            due_at=clock.now(),
            **defaults | values,
        )
        db.add(row)
        db.flush()
        return row

    return mail


def test_what_is_owed_by_its_age(desk, make, db):
    contact = make.contact()
    for days, payable in ((-5, "800"), (0, "200"), (1, "150.25"), (45, "50"), (61, "25"), (200, "0.75")):
        due(make, days, payable, contact=contact)
    due(make, 9, "74", contact=contact, status=DocumentStatus.RETURNED)
    due(make, 9, "9999", contact=contact, currency="USD")
    db.commit()

    page = desk.get("")

    told = text_of(page)
    assert "Por cobrar 1.300,00 € 7 facturas pendientes de cobro · 17 % vencido" in told
    assert (
        "Sin vencer 1.000,00 1–30 días 150,25 31–60 días 50,00 61–90 días 25,00 Más de 90 0,75 Devueltas 74,00"
        " Aparte, 1 en otra moneda" in told
    )
    assert re.findall(r'<rect width="(\d+)%"', page.text) == ["100", "15", "5", "2", "1", "7"]
    assert "5 facturas vencidas suman 226,00 € La más antigua, de hace 200 días; 1, en otra moneda" in told


def test_an_empty_office_owes_and_shows_nothing(desk):
    told = text_of(desk.get(""))

    assert "Por cobrar 0,00 € 0 facturas pendientes de cobro Por cobrar según su antigüedad" in told
    assert "Correos sin llegar" not in told
    assert "Publicación en curso" not in told
    assert "Facturado, IVA incluido 0,00 Clientes con acceso 0 de 0" in told


def test_mails_that_did_not_arrive_say_why_and_where_to_go(desk, make, db, merino, mail):
    mail(MailStatus.SENT, "250 2.0.0 ok")
    gone = mail(MailStatus.FAILED, "550 5.1.1 User unknown", merino, subject="Factura FV26-0001")
    full = mail(MailStatus.FAILED, "452 4.2.2 Mailbox full", merino)
    doubt = mail(MailStatus.UNKNOWN, "", merino, kind=MailKind.ACCESS)
    db.commit()

    page = desk.get("")

    told = text_of(page)
    assert "3 correos no han llegado o no consta" in told
    assert f"{gone.recipient} · Factura FV26-0001 Esa dirección de correo no existe. 550 5.1.1 User unknown" in told
    words = "El buzón del destinatario está lleno. 452 4.2.2 Mailbox full"
    assert f"{full.recipient} · Aviso de publicación {words}" in told
    assert f"{doubt.recipient} · Acceso a la intranet No se sabe si ha llegado." in told
    assert re.findall(r'<a class="btn" href="([^"]+)">(\w+)', page.text) == [
        (f"/admin/outgoing-mail/details/{doubt.id}", "Ver"),
        (f"/admin/outgoing-mail/details/{full.id}", "Ver"),
        (f"/admin/customer/edit/{merino.id}", "Corregir"),
    ]


def test_a_publication_shows_how_far_it_is_until_it_is_over(desk, make, db, mail):
    version, user = make.template(), make.user(name="Javier Tosma")
    batch = make.batch(selection="facturas de FV25", user_id=user.id, template_version_id=version.id)
    make.batch(kind=BatchKind.GRANT_ACCESS)
    printed, waits = (make.publication(batch=batch, version=version) for _ in range(2))
    letters = [mail(MailStatus.QUEUED, batch_id=batch.id, recipient=f"{n}@merino.example") for n in range(4)]
    file = StoredFile(sha256="0" * 64, size=1, media_type="application/pdf", name="1.pdf")
    db.add(file)
    db.flush()
    printed.file_id, letters[0].status = file.id, MailStatus.SENT
    db.commit()

    printing = text_of(desk.get(""))
    waits.file_id = file.id
    db.commit()
    mailing = text_of(desk.get(""))
    for letter in letters:
        letter.status = MailStatus.SENT
    db.commit()
    over = text_of(desk.get(""))

    assert "Publicación en curso Preparando PDF 1 de 2 PDF preparados · facturas de FV25, Javier Tosma, " in printing
    assert "Publicación en curso Enviando avisos 1 de 4 avisos enviados · facturas de FV25" in mailing
    assert "Publicación en curso" not in over


def test_this_month(desk, make, db):
    contact, series = make.contact(), make.series()
    make.contact(archived_at=clock.now())
    make.contact(is_customer=False, is_supplier=True)
    make.contact()
    make.account(contact)
    first = clock.today().replace(day=1)
    for day in (first - dt.timedelta(days=1), first, clock.today()):
        make.invoice(contact=contact, series=series, issued_on=day)
    make.draft(contact=contact, series=series)
    make.invoice(contact=contact, series=series, currency="USD")
    db.commit()

    assert "Facturado, IVA incluido 242,00 Clientes con acceso 1 de 2" in text_of(desk.get(""))


def test_the_first_steps_are_told_until_the_first_publication(desk, make, db, company):
    first = desk.get("")
    db.get(Company, company.id).iban = "ES2501882570718544704761"
    make.mail_account()
    make.invoice()
    db.commit()
    further = desk.get("")
    make.batch()
    db.commit()

    steps = ("Complete los datos", "Configure la cuenta de correo", "Importe sus facturas", "Publíquelas")
    assert [step in text_of(first) for step in steps] == [True] * 4
    assert [page.text.count("circle-check") for page in (first, further)] == [0, 3]
    assert "Primeros pasos" not in text_of(desk.get(""))


@pytest.mark.parametrize(("role", "may"), [(Role.ADMINISTRATOR, True), (Role.READER, False)])
def test_a_new_company_is_made_ready_by_whoever_may(sit, db, company, role, may):
    db.get(Company, company.id).confirmed_at = None
    told = text_of(sit(role).get(""))

    assert "Empresa pendiente de revisar." in told
    assert [words in told for words in ("Revisar la empresa", "Primeros pasos")] == [may] * 2
