"""The publication dialogue: it does exactly what it showed, once, for whoever may, in their own company."""

import pytest
from sqlalchemy import select

from models import Batch, Company, OutgoingMail, PortalAccount, Publication
from models.enums import BatchKind, Role
from tests.factories import Make
from tests.rig.desk import fields_of, text_of

PUBLISH = "invoice/publish"


def published(db):
    db.rollback()
    return sorted(db.scalars(select(Publication.document_id).where(Publication.withdrawn_at.is_(None))))


def ticked(*invoices):
    return ",".join(str(invoice.id) for invoice in invoices)


@pytest.fixture
def version(make):
    return make.template()


def test_what_is_shown_is_what_is_done(desk, db, make, version):
    contact = make.contact()
    invoices = [make.invoice(contact=contact) for _ in range(2)]
    make.draft(contact=contact)
    db.commit()

    page = desk.get(PUBLISH, pks=ticked(*invoices), q="")
    done = desk.post(PUBLISH, fields_of(page))

    assert "Publicar 2 facturas y avisar a 1 persona" in text_of(page)
    assert published(db) == [invoice.id for invoice in invoices]
    batch = db.scalars(select(Batch)).one()
    assert done.headers["location"] == f"/admin/batch/details/{batch.id}"
    assert (batch.selection, batch.notify, batch.template_version_id) == ("2 facturas marcadas", True, version.id)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("account", "said"),
    [
        (None, "Correos de aviso que saldrán 1 cuando se configure la cuenta de correo Personas"),
        ({"failures": 1}, "Correos de aviso que saldrán 1 cuando el servidor de correo vuelva a aceptarlos Personas"),
        ({}, "Correos de aviso que saldrán 1 Personas"),
    ],
)
def test_what_notices_have_to_wait_for_is_said(desk, db, make, version, account, said):
    if account is not None:
        make.mail_account(**account)
    invoice = make.invoice()
    db.commit()

    page = desk.get(PUBLISH, pks=invoice.id)
    silent = desk.post("invoice/publish/preview", fields_of(page) | {"notify": ""})

    assert said in text_of(page)
    assert "cuando" not in text_of(silent).partition("Correos de aviso que saldrán")[2]


def test_a_click_that_came_twice_is_one(desk, db, make, version):
    invoice = make.invoice()
    db.commit()
    fields = fields_of(desk.get(PUBLISH, pks=invoice.id))

    first, second = desk.post(PUBLISH, fields), desk.post(PUBLISH, fields)

    assert first.headers["location"] == second.headers["location"]
    assert len(db.scalars(select(OutgoingMail)).all()) == 1


def test_a_selection_that_changed_is_shown_again(desk, db, make, version):
    make.invoice()
    db.commit()
    fields = fields_of(desk.get(PUBLISH, scope="filter", q=""))
    make.invoice()
    db.commit()

    answer = desk.post(PUBLISH, fields)

    assert answer.status_code == 409
    assert "Revise las cifras nuevas y confirme otra vez." in text_of(answer)
    assert "Publicar 2 facturas y avisar a 2 personas" in text_of(answer)
    assert published(db) == []


def test_the_new_figures_can_be_confirmed(desk, db, make, version):
    make.invoice()
    db.commit()
    fields = fields_of(desk.get(PUBLISH, scope="filter", q=""))
    make.invoice()
    db.commit()

    again = desk.post(PUBLISH, fields_of(desk.post(PUBLISH, fields)))

    assert again.status_code == 303
    assert len(published(db)) == 2


def test_the_whole_search_is_what_the_list_shows(desk, db, make, version):
    merino, nunez = make.contact(name="Instalaciones Merino, S.L."), make.contact(name="Transportes Núñez, S.L.")
    wanted = make.invoice(contact=nunez)
    make.invoice(contact=merino)
    db.commit()

    page = desk.get(PUBLISH, scope="filter", q="buscar=nunez")
    desk.post(PUBLISH, fields_of(page))

    assert "Todas las de la búsqueda" in text_of(page)
    assert published(db) == [wanted.id]
    assert db.scalars(select(Batch.selection)).one() == "Búsqueda: «nunez»"


def test_a_range_tells_its_gaps(desk, db, make, version):
    series = make.series(label="MT26")
    first, last = make.invoice(series=series, number=401), make.invoice(series=series, number=404)
    gone = make.invoice(series=series, number=402)
    make.publication(first)
    make.publication(gone, withdrawn_at=gone.issued_at)
    db.commit()
    asked = fields_of(desk.get(PUBLISH, q="")) | {"scope": "range", "series": "MT26", "first": "401", "last": "404"}

    page = desk.post(f"{PUBLISH}/preview", asked)

    assert 'title="MT26-0401: ya publicada">401' in page.text
    assert 'class="back" title="MT26-0402: publicación anulada el' in page.text
    assert 'class="gap" title="MT26-0403: no existe">403' in page.text
    assert 'title="MT26-0404: se publica">404' in page.text
    assert "No existe en el programa: 0403." in text_of(page)

    desk.post(PUBLISH, asked | fields_of(page))

    assert published(db) == [first.id, last.id, gone.id]
    assert db.scalars(select(Batch.selection).where(Batch.kind == "publish").order_by(Batch.id.desc())).first() == (
        "MT26 del 401 al 404"
    )


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"first": "9", "last": "3"}, "Es menor que el primero."),
        ({"first": "", "last": "3"}, "Escriba un número."),
        ({"first": "１", "last": "3"}, "Escriba un número entre 1 y"),
        ({"first": "1e9", "last": "3"}, "Escriba un número entre 1 y"),
        ({"first": "1", "last": "9" * 400}, "Escriba un número entre 1 y"),
        ({"first": "\x00", "last": "3"}, "Escriba un número"),
        ({"series": "NADA26"}, "Elija una de la lista."),
        ({"series": "<M8> & tuerca"}, "Elija una de la lista."),
        ({"scope": "everything"}, "Elija una de la lista."),
        ({"aim": "erase"}, "Elija una de la lista."),
        ({"template": "999999"}, "Elija una de la lista."),
        ({"template": "🔥"}, "Elija una de la lista."),
        ({"fingerprint": "1.2.3"}, "El formulario está incompleto. Ábralo de nuevo."),
        ({"fingerprint": "1.2.3.4.-5"}, "El formulario está incompleto. Ábralo de nuevo."),
        ({"fingerprint": "x" * 2000}, "Como mucho 120 caracteres."),
        ({"key": ""}, "El formulario está incompleto. Ábralo de nuevo."),
        ({"key": "a" * 500}, "Como mucho 40 caracteres."),
        ({"key": "a\x00b"}, "caracteres que no se pueden usar"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_is_told_and_nothing_is_done(desk, db, make, version, asked, sentence):
    make.invoice(series=make.series(label="MT26"))
    db.commit()
    fields = fields_of(desk.get(PUBLISH, q="")) | {"scope": "range", "series": "MT26", "first": "1", "last": "3"}

    answer = desk.post(PUBLISH, fields | asked)

    assert 400 <= answer.status_code < 500
    assert sentence in text_of(answer)
    assert published(db) == []


@pytest.mark.parametrize(
    "asked", [{"series": "\x00"}, {"series": "NADA"}, {"first": "\x00"}, {"last": "9" * 30}, {"q": "buscar=\x00"}]
)
def test_looking_ahead_survives_anything(desk, db, make, version, asked):
    make.invoice(series=make.series(label="MT26"))
    db.commit()
    fields = fields_of(desk.get(PUBLISH, q="")) | {"scope": "range", "series": "MT26", "first": "1", "last": "3"}

    page = desk.post(f"{PUBLISH}/preview", fields | asked)

    assert page.status_code == 200


def test_nothing_ticked_is_said(desk, db, make, version):
    make.invoice()
    db.commit()

    page = desk.get(PUBLISH, pks="")
    answer = desk.post(PUBLISH, fields_of(page) | {"scope": "ticked"})

    assert "Elija la serie y escriba el primer y el último número." in text_of(page)
    assert answer.status_code == 422
    assert published(db) == []


def test_drafts_and_people_without_email_are_told(desk, db, make, version):
    nobody, levante = make.contact(email=None, name="Comunidad Alameda 14"), make.contact(email="admin@levante.example")
    make.contact(email="admin@levante.example", name="Levante Eventos")
    rows = [make.invoice(contact=nobody), make.invoice(contact=levante), make.draft(contact=levante)]
    db.commit()

    told = text_of(desk.get(PUBLISH, pks=ticked(*rows)))

    assert "1 cliente sin correo. Se publica su factura, pero no se le puede avisar ni dar acceso." in told
    assert "Comunidad Alameda 14" in told
    assert "Borradores, quedan fuera 1" in told
    assert "Clientes que podrán verlas 1" in told


def test_shared_emails_are_told(desk, db, make, version):
    contacts = [make.contact(email="admin@levante.example", name=name) for name in ("Grupo Levante", "Levante Eventos")]
    invoices = [make.invoice(contact=contact) for contact in contacts]
    db.commit()

    told = text_of(desk.get(PUBLISH, pks=ticked(*invoices)))

    assert "1 correo lo comparten varios clientes." in told
    assert "admin@levante.example : Grupo Levante, Levante Eventos" in told


@pytest.mark.parametrize("wish", [True, False])
def test_notices_begin_as_the_company_wishes(desk, db, make, version, company, wish):
    db.get_one(Company, company.id).notify_by_default = wish
    invoice = make.invoice()
    db.commit()

    fields = fields_of(desk.get(PUBLISH, pks=invoice.id))
    desk.post(PUBLISH, fields)

    assert ("notify" in fields) is wish
    assert len(db.scalars(select(OutgoingMail)).all()) == int(wish)
    assert len(db.scalars(select(PortalAccount)).all()) == 1


def test_a_publication_is_withdrawn_through_the_same_dialogue(desk, db, make, version):
    invoice = make.invoice()
    make.publication(invoice)
    db.commit()
    asked = fields_of(desk.get(PUBLISH, pks=invoice.id)) | {"aim": "withdraw"}

    page = desk.post(f"{PUBLISH}/preview", asked)
    desk.post(PUBLISH, asked | fields_of(page))

    assert "Anular la publicación de 1 factura" in text_of(page)
    assert published(db) == []
    assert db.scalars(select(Batch.kind).order_by(Batch.id.desc())).first() is BatchKind.WITHDRAW


def test_what_is_published_already_changes_only_when_asked(desk, db, make, version):
    invoice = make.invoice()
    before = make.publication(invoice, version=version).id
    db.commit()

    page = desk.get(PUBLISH, pks=invoice.id)
    asked = fields_of(page) | {"republish": "y"}
    shown = desk.post(f"{PUBLISH}/preview", asked)
    desk.post(PUBLISH, asked | fields_of(shown))

    assert "Esa factura ya está publicada." in text_of(page)
    assert "Volver a publicar con esta plantilla la que ya lo está" in text_of(shown)
    assert db.scalars(select(Publication.id).where(Publication.withdrawn_at.is_(None))).one() != before


def test_a_company_nobody_reviewed_publishes_nothing(desk, db, make, version, company):
    db.get_one(Company, company.id).confirmed_at = None
    invoice = make.invoice()
    db.commit()

    page = desk.get(PUBLISH, pks=invoice.id)
    answer = desk.post(PUBLISH, fields_of(page))

    assert "Esta empresa está pendiente de revisar." in text_of(page)
    assert 'href="/admin/company/list"' in page.text
    assert answer.status_code == 409
    assert published(db) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_invoices_of_another_company_are_not_there(desk, db, make, version, company, system_db):
    db.commit()
    everywhere = Make(system_db, company)
    stranger = everywhere.company().id
    series = everywhere.series(company_id=stranger)
    theirs = everywhere.invoice(contact=everywhere.contact(company_id=stranger), series=series)
    system_db.commit()
    own = make.invoice()
    db.commit()

    page = desk.get(PUBLISH, pks=f"{theirs.id},{own.id}")
    only_theirs = desk.get(PUBLISH, pks=theirs.id)
    sample = desk.get(f"{PUBLISH}/sample/{theirs.id}", template=version.id)
    desk.post(PUBLISH, fields_of(page))

    assert "Publicar 1 factura y avisar a 1 persona" in text_of(page)
    assert "No hay ninguna factura." in text_of(only_theirs)
    assert sample.status_code == 404
    assert published(system_db) == [own.id]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_form_of_another_company_does_nothing(desk, db, make, version):
    invoice = make.invoice()
    db.commit()
    fields = fields_of(desk.get(PUBLISH, pks=invoice.id))

    desk.company_id += 1
    answer = desk.post(PUBLISH, fields)

    assert answer.status_code == 409
    assert published(db) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", [PUBLISH, f"{PUBLISH}/preview", "invoice/action/publish"])
def test_readers_do_not_publish(sit, db, make, version, path):
    invoice = make.invoice()
    desk = sit(Role.READER)

    seen = desk.get(path, pks=invoice.id)
    sent = desk.post(path, {"pks": invoice.id})

    assert seen.status_code in (403, 405)
    assert sent.status_code in (403, 405)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_can_be_looked_at_with_a_template(desk, db, make, version):
    invoice = make.invoice()
    db.commit()

    sample = desk.get(f"{PUBLISH}/sample/{invoice.id}", template=version.id)
    wrong = desk.get(f"{PUBLISH}/sample/{invoice.id}", template="999")
    no_id = desk.get(f"{PUBLISH}/sample/{2**63}")

    assert (sample.status_code, sample.headers["content-type"]) == (200, "application/pdf")
    assert sample.content.startswith(b"%PDF")
    assert (wrong.status_code, no_id.status_code) == (404, 404)
    assert published(db) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("pks", ["x", "1,2,x", "-1", "9" * 30, "0", "1;drop table", "\x00", "1," * 6000])
def test_ids_that_are_none_select_nothing(desk, db, make, version, pks):
    page = desk.get(PUBLISH, pks=pks)

    assert page.status_code == 200
