"""*Publicaciones realizadas*: how a publication goes, what it did, and taking it back."""

import pytest
from sqlalchemy import select

from app import clock
from app.domain.queries import batches
from app.printing import MOST_TRIES
from models import Batch, DocumentEvent, OutgoingMail, PortalMembership, Publication, StoredFile
from models.enums import EventKind, MailKind, MailStatus, Role
from tests.factories import Make
from tests.rig.desk import fields_of, text_of


@pytest.fixture
def published(desk, db, make):
    """A publication of two invoices to one customer, through the dialogue."""
    make.template()
    contact = make.contact(name="Instalaciones Merino, S.L.")
    invoices = [make.invoice(contact=contact) for _ in range(2)]
    db.commit()
    page = desk.get("invoice/publish", pks=",".join(str(invoice.id) for invoice in invoices))
    desk.post("invoice/publish", fields_of(page))
    return db.scalars(select(Batch)).one()


def mail(db, batch, status, number=1):
    db.add(
        OutgoingMail(
            kind=MailKind.NOTICE,
            status=status,
            dedup_key=f"prueba-{status}-{number}",
            recipient="a@merino.example",
            batch_id=batch.id,
            due_at=clock.now(),
            finished_at=clock.now(),
        )
    )


def test_the_page_of_a_publication_just_made(desk, published):
    told = text_of(desk.get(f"batch/details/{published.id}"))

    assert "2 facturas publicadas" in told
    assert "PDF preparados 0 / 2" in told
    assert "Avisos enviados 0 / 1" in told
    assert "1 cliente recibió acceso Instalaciones Merino, S.L." in told
    assert "FV26-0001" in told
    assert "Marta Ruiz Ortega publicó" in told


def test_progress_counts_what_is_ready_and_what_failed(desk, db, published):
    file = StoredFile(sha256="0" * 64, size=1, media_type="application/pdf", name="1.pdf")
    db.add(file)
    db.flush()
    ready, broken = db.scalars(select(Publication).order_by(Publication.id))
    ready.file_id, broken.render_tries = file.id, MOST_TRIES
    db.scalars(select(OutgoingMail)).one().status = MailStatus.SENT
    for status in (MailStatus.FAILED, MailStatus.UNKNOWN, MailStatus.CANCELLED):
        mail(db, published, status)
    db.commit()

    page = desk.get(f"batch/progress/{published.id}")

    told = text_of(page)
    assert "PDF preparados 1 / 2" in told
    assert "1 no se ha podido preparar" in told
    assert "Avisos enviados 1 / 4" in told
    assert "1 correo no ha llegado. 1 correo está sin confirmar." in told
    assert "data-over" in page.text


def test_progress_is_not_over_while_something_waits(desk, published):
    assert "data-over" not in desk.get(f"batch/progress/{published.id}").text


def test_failed_notices_are_sent_again(desk, db, published):
    for number, status in enumerate((MailStatus.FAILED, MailStatus.UNKNOWN, MailStatus.SENT)):
        mail(db, published, status, number)
    db.commit()

    answer = desk.post(f"batch/retry/{published.id}")

    assert answer.headers["location"] == f"/admin/batch/details/{published.id}"
    assert "2 correos vuelven a la cola." in text_of(desk.follow(answer))
    db.rollback()
    statuses = db.scalars(select(OutgoingMail.status).where(OutgoingMail.dedup_key.startswith("prueba"))).all()
    assert sorted(statuses) == [MailStatus.QUEUED, MailStatus.QUEUED, MailStatus.SENT]


def test_undoing_asks_first_and_says_what_has_left(desk, db, published):
    mail(db, published, MailStatus.SENT)
    db.commit()

    asked = desk.get(f"batch/undo/{published.id}")
    before = db.scalars(select(Publication.withdrawn_at)).all()
    done = desk.post(f"batch/undo/{published.id}")

    told = text_of(asked)
    assert "Documentos que dejan de verse 2 Accesos sin usar que se retiran 1" in told
    assert "Avisos sin enviar que se cancelan 1" in told
    assert "1 aviso ya salió y no se puede recuperar:" in told
    assert before == [None, None]
    page = text_of(desk.follow(done))
    assert "Publicación deshecha. 2 documentos dejan de verse. 1 acceso sin usar retirado. 1 aviso cancelado." in page
    assert "Marta Ruiz Ortega deshizo la publicación" in page
    db.rollback()
    assert None not in db.scalars(select(Publication.withdrawn_at)).all()
    assert None not in db.scalars(select(PortalMembership.ended_at)).all()


def test_undoing_twice_is_once(desk, db, published):
    desk.post(f"batch/undo/{published.id}")
    again = desk.post(f"batch/undo/{published.id}")

    assert again.status_code == 303
    assert "Deshacer publicación" not in text_of(desk.follow(again))


def test_what_failed_of_an_undone_publication_is_not_offered_again(desk, db, published):
    mail(db, published, MailStatus.FAILED)
    db.commit()
    before = text_of(desk.get(f"batch/details/{published.id}"))

    after = text_of(desk.follow(desk.post(f"batch/undo/{published.id}")))

    words = "1 correo no ha llegado.", "Enviar otra vez los que fallaron"
    assert [tuple(word in told for word in words) for told in (before, after)] == [(True, True), (True, False)]


def test_what_happened_in_order(db, published, make):
    db.scalars(select(OutgoingMail)).one().status = MailStatus.SENT
    db.scalars(select(OutgoingMail)).one().finished_at = clock.now()
    publication = db.scalars(select(Publication)).first()
    db.add(DocumentEvent(document_id=publication.document_id, contact_id=publication.contact_id, kind=EventKind.VIEWED))
    db.flush()

    assert [moment.what for moment in batches.moments_of(db, published)] == ["publish", "first_mail", "first_seen"]


def test_the_list_says_who_what_and_how_many(desk, published):
    told = text_of(desk.get("batch/list"))
    found = text_of(desk.get("batch/list", buscar="marta", que="publicadas"))
    missed = text_of(desk.get("batch/list", que="anuladas"))

    assert "Publicación 2 facturas marcadas 2 1 1 Marta Ruiz Ortega" in told
    assert "2 facturas marcadas" in found
    assert "No hay publicaciones con estos filtros" in missed


def test_withdrawals_have_a_page_and_no_undo(desk, db, make):
    invoice = make.invoice()
    make.publication(invoice)
    db.commit()
    asked = fields_of(desk.get("invoice/publish", pks=invoice.id)) | {"aim": "withdraw"}
    asked |= fields_of(desk.post("invoice/publish/preview", asked))

    page = desk.follow(desk.post("invoice/publish", asked))
    batch_id = db.scalars(select(Batch.id).order_by(Batch.id.desc())).first()
    undone = desk.post(f"batch/undo/{batch_id}")

    told = text_of(page)
    assert "1 publicación anulada" in told
    assert "Deshacer publicación" not in told
    assert undone.status_code == 409
    assert "Solo se deshacen las publicaciones." in text_of(undone)


def test_publications_are_looked_up_and_lead_to_their_mails(desk, published):
    page = desk.get(f"batch/details/{published.id}")

    (found,) = desk.get("batch/ajax/lookup", term="marcadas").json()["results"]
    mails = text_of(desk.get("outgoing-mail/list", publicacion=published.id))

    assert (found["id"], found["text"]) == (str(published.id), "2 facturas marcadas")
    assert f"/admin/outgoing-mail/list?publicacion={published.id}" in page.text
    assert "Instalaciones Merino, S.L." in mails


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["details", "progress", "undo"])
def test_publications_of_another_company_are_not_there(desk, db, system_db, company, path):
    everywhere = Make(system_db, company)
    theirs = everywhere.batch(company_id=everywhere.company().id, figures={"documents": 7})
    system_db.commit()

    seen, sent = desk.get(f"batch/{path}/{theirs.id}"), desk.post(f"batch/{path}/{theirs.id}")

    assert (seen.status_code, sent.status_code) in {(404, 404), (404, 405)}
    assert "7 facturas" not in text_of(desk.get("batch/list"))
    system_db.rollback()
    assert system_db.get_one(Batch, theirs.id).undone_at is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_readers_look_and_undo_nothing(sit, db, make):
    batch = make.batch(figures={"documents": 2, "customers": 1})
    reader = sit(Role.READER)

    seen = reader.get(f"batch/details/{batch.id}")
    refused = [reader.post(f"batch/{what}/{batch.id}").status_code for what in ("undo", "retry")]

    assert "2 facturas publicadas" in text_of(seen)
    assert "Deshacer publicación" not in text_of(seen)
    assert refused == [403, 403]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("pk", ["0", "999", "x", "9" * 30, "-1"])
def test_publications_that_are_not(desk, pk):
    assert [desk.get(f"batch/{path}/{pk}").status_code for path in ("details", "progress", "undo")] == [404, 404, 404]


def test_progress_gives_up_when_the_printer_does():
    assert batches.MOST_TRIES == MOST_TRIES
