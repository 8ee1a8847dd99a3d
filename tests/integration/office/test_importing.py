"""*Importar facturas*: files are judged, nothing is written before somebody confirms, and then once."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from app.adapters.formats import read_file
from app.domain.importing import ImportInvoice, import_invoice
from app.domain.queries.import_runs import AT_ONCE
from models import Batch, Contact, ImportRow, ImportRun, Invoice, StoredFile
from models.enums import BatchKind, ImportStage, ImportVerdict, Role
from tests.factories import Make
from tests.rig.desk import text_of
from tests.rig.import_files import ITURBE, csv_of, numbers_of, row, rows_of, send, work

SAMPLES = Path(__file__).parents[2] / "samples"


def test_nothing_is_written_before_it_is_confirmed(desk, installation, db):
    files = ("octubre.csv", csv_of(row(1), row(2), row(3, ITURBE, total="999,00"))), ("foto.pdf", b"%PDF-1.7")
    address = send(desk, *files)

    assert "En cola: empieza en un momento." in text_of(desk.get(address))
    work(installation)
    judged = text_of(desk.get(address))

    assert "Importar 2 facturas" in judged
    assert "Facturas nuevas 2 Clientes que se crean 1 Rechazadas: se quedan fuera 2 Importe total 242,00 €" in judged
    assert rows_of(db) == [
        ("A26-1", "created", "", True),
        ("A26-2", "created", "", False),
        ("A26-3", "refused", "Total factura: el documento dice 999,00\u00a0€ y sus datos dan 121,00\u00a0€.", False),
        ("", "refused", "«foto.pdf» es un PDF; se leen Facturae, UBL y CSV.", False),
    ]
    assert [list(db.scalars(select(kind))) for kind in (Invoice, Contact, Batch, StoredFile)] == [[], [], [], []]


def test_confirming_takes_in_what_was_shown_without_uploading_again(desk, installation, db):
    address = send(desk, ("octubre.csv", csv_of(row(1), row(2, ITURBE), row(3, total="999,00"))))
    work(installation)

    going = text_of(desk.follow(desk.post(f"{address}/confirmar")))
    work(installation)
    done = desk.get(address)

    assert "Importando las facturas" in going
    assert "2 facturas importadas" in text_of(done)
    assert "Facturas importadas 2 Clientes creados 2 Rechazadas 1 Importe total 242,00 €" in text_of(done)
    invoices = db.scalars(select(Invoice).order_by(Invoice.number_text)).all()
    assert [(one.number_text, one.total) for one in invoices] == [("A26-1", Decimal(121)), ("A26-2", Decimal(121))]
    assert [f"/admin/invoice/details/{one.id}" in done.text for one in invoices] == [True, True]
    batch, run = db.scalars(select(Batch)).one(), db.scalars(select(ImportRun)).one()
    figures = {"run": run.id, "documents": 2, "exists": 0, "refused": 1, "customers": 2}
    assert (batch.kind, batch.selection, batch.figures) == (BatchKind.IMPORT, "octubre.csv", figures)
    assert text_of(desk.get("invoice/importar")).count("2 importadas · 1 rechazada · Marta Ruiz Ortega") == 1


def test_a_double_click_imports_once(desk, installation, db):
    address = send(desk, ("a.csv", csv_of(row(1))))
    work(installation)

    clicks = [desk.post(f"{address}/confirmar").status_code for _ in range(2)]
    work(installation)
    afterwards = desk.post(f"{address}/confirmar").status_code
    work(installation)

    assert (clicks, afterwards) == ([303, 303], 303)
    assert numbers_of(db) == ["A26-1"]
    assert len(db.scalars(select(Batch)).all()) == 1


def test_the_same_file_again_has_nothing_new(desk, installation, db):
    for _ in range(2):
        address = send(desk, ("a.csv", csv_of(row(1))))
        work(installation)
        refused = desk.post(f"{address}/confirmar")
        work(installation)

    assert (refused.status_code, "No hay ninguna factura nueva" in text_of(refused)) == (409, True)
    page = text_of(desk.get(address))
    assert "No hay nada nuevo que importar. Todas estas facturas están ya en Ventanilla." in page
    assert rows_of(db)[-1] == ("A26-1", "exists", "", False)
    assert numbers_of(db) == ["A26-1"]


def test_what_changed_meanwhile_is_judged_again_when_confirmed(desk, installation, db, company):
    address = send(desk, ("a.csv", csv_of(row(1), row(2))))
    work(installation)
    (first, _) = read_file("b.csv", csv_of(row(1), row(2)))
    import_invoice(db, ImportInvoice(invoice=first))
    db.commit()

    desk.post(f"{address}/confirmar")
    work(installation)

    assert [found[:2] for found in rows_of(db)] == [("A26-1", "exists"), ("A26-2", "created")]
    assert "1 factura importada" in text_of(desk.get(address))


def test_a_number_twice_in_the_same_files_is_foreseen(desk, installation, db):
    other = row(1, price="200,00", total="242,00")
    send(desk, ("a.csv", csv_of(row(1))), ("b.csv", csv_of(row(1))), ("c.csv", csv_of(other)))

    work(installation)

    assert rows_of(db) == [
        ("A26-1", "created", "", True),
        ("A26-1", "exists", "Está repetida en estos archivos: se importa una vez.", False),
        (
            "A26-1",
            "refused",
            "Otra factura de estos archivos lleva el mismo número, con otra fecha u otro total.",
            False,
        ),
    ]


def test_other_issuers_are_refused(desk, installation, db, company):
    send(desk, ("factura.xml", (SAMPLES / "shared/facturae/invoice-vat.xml").read_bytes()))

    work(installation)

    ((_, verdict, detail, _),) = rows_of(db)
    assert verdict == "refused"
    assert re.fullmatch(rf"La emite \w+, que no es {re.escape(company.name)} \({company.tax_id}\)\.", detail)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("vacio.xml", b" \n", "«vacio.xml» está vacío."),
        ("grande.csv", b"a" * (20 * 1024 * 1024 + 1), "«grande.csv» pasa de 20 MB."),
        ("libro.xlsx", b"PK\x03\x04", "«libro.xlsx» es un ZIP o un libro de Excel; se leen Facturae, UBL y CSV."),
        ("../../foto.pdf", b"%PDF-", "«foto.pdf» es un PDF; se leen Facturae, UBL y CSV."),
    ],
)
def test_what_cannot_be_read_is_told_at_once(desk, db, name, content, sentence):
    answer = desk.post("invoice/importar", files=[("archivos", (name, content, "text/plain"))])

    assert (answer.status_code, sentence in text_of(answer)) == (422, True)
    assert db.scalars(select(ImportRun)).all() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_file_is_told_beside_the_field(desk):
    answers = [desk.post("invoice/importar"), desk.post("invoice/importar", {"archivos": "texto"})]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert all("Elija al menos un archivo." in text_of(answer) for answer in answers)


DTD = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'


@pytest.mark.parametrize(
    ("name", "content", "shown", "sentence"),
    [
        ("dtd.xml", DTD, "dtd.xml", "El XML declara un DTD o entidades y por seguridad no se lee."),
        ("roto.xml", b"<a><b></a>", "roto.xml", "El archivo no es un XML bien formado (línea 1)."),
        ("otro.xml", b"<nota/>", "otro.xml", "«otro.xml» es un XML que no es Facturae ni UBL: su raíz es «nota»."),
        ("nulo.csv", b"a;b\n\x00;2", "nulo.csv", "El archivo no es de texto: no es Facturae, UBL ni CSV."),
        ("..\\..\\..", b"a;b\n1;2", "..", "El archivo no es Facturae, UBL ni un CSV con las columnas que se esperan."),
        (
            "ma\u202egpj\x00\r\nX: 1.csv",
            b"numero;fecha\n1;2",
            "magpj",
            "Al CSV le faltan columnas obligatorias: cliente_nombre, iva, precio / importe / base.",
        ),
        ("n" * 2000 + ".csv", b"x", "n" * 149 + "…", "El archivo no es Facturae, UBL ni un CSV con las columnas"),
    ],
)
def test_hostile_files_and_names_are_only_refused(desk, installation, db, name, content, shown, sentence):
    address = send(desk, (name, content))

    work(installation)

    page = text_of(desk.get(address))
    found = db.scalars(select(ImportRow)).one()
    assert found.verdict is ImportVerdict.REFUSED
    assert sentence in found.detail
    assert (shown in found.file, "\x00" in found.file, "\u202e" in found.file) == (True, False, False)
    assert "No hay nada nuevo que importar." in page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_name_of_a_megabyte_is_no_form_at_all(desk, db):
    answer = desk.post("invoice/importar", files=[("archivos", ("n" * 1_000_000, b"x", "text/plain"))])

    assert answer.status_code == 403
    assert db.scalars(select(ImportRun)).all() == []


def test_runs_of_another_company_do_not_exist(desk, company, system_db, installation):
    other = Make(system_db, company).company()
    foreign = ImportRun(company_id=other.id, stage=ImportStage.READY, files=[{"name": "a.csv"}])
    system_db.add(foreign)
    system_db.commit()
    ways = ["", "?ver=nuevas", "/confirmar", "/descartar", "/reintentar"]

    def answers(run_id):
        for way in ways:
            ask = desk.get if not way.startswith("/") else desk.post
            answer = ask(f"invoice/importar/{run_id}{way}")
            yield answer.status_code, re.sub(r"<b>[0-9A-F]{8}</b>", "", answer.text).replace(f"importar/{run_id}", "")

    assert list(answers(foreign.id)) == list(answers(987654))
    assert [status for status, _ in answers(foreign.id)] == [404] * 5
    assert [status for status, _ in answers("9" * 40)] == [404] * 5
    system_db.refresh(foreign)
    assert foreign.stage is ImportStage.READY


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_only_reads_imports_nothing(sit, installation, db):
    writer, reader = sit(Role.INVOICING), sit(Role.READER)
    address = send(writer, ("a.csv", csv_of(row(1))))
    work(installation)

    gets = [reader.get(path).status_code for path in ("invoice/importar", address, "invoice/plantilla-facturas.csv")]
    posts = [reader.post(path).status_code for path in ("invoice/importar", f"{address}/confirmar")]

    assert (gets, posts) == ([403, 403, 403], [403, 403])
    assert ("Importar" in text_of(writer.get("invoice/list")), "Importar" in text_of(reader.get("invoice/list"))) == (
        True,
        False,
    )
    assert db.scalars(select(ImportRun.stage)).one() is ImportStage.READY


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_changes_something_is_never_a_get(desk, installation, db):
    address = send(desk, ("a.csv", csv_of(row(1))))
    work(installation)

    answers = [desk.get(f"{address}/{way}").status_code for way in ("confirmar", "descartar", "reintentar")]

    assert answers == [405, 405, 405]
    assert db.scalars(select(ImportRun.stage)).one() is ImportStage.READY


def test_discarding_leaves_nothing_but_harmless_bytes(desk, installation, db):
    address = send(desk, ("a.csv", csv_of(row(1))))
    work(installation)

    page = desk.follow(desk.post(f"{address}/descartar"))

    assert "No se ha importado nada." in text_of(page)
    assert (db.scalars(select(ImportRun)).all(), db.scalars(select(ImportRow)).all()) == ([], [])
    assert desk.get(address).status_code == 404


def test_what_was_confirmed_cannot_be_discarded(desk, installation, db):
    address = send(desk, ("a.csv", csv_of(row(1))))
    work(installation)
    desk.post(f"{address}/confirmar")

    answer = desk.post(f"{address}/descartar")

    assert (answer.status_code, "Esta importación ya se confirmó." in text_of(answer)) == (409, True)


def test_what_is_still_being_judged_cannot_be_confirmed(desk, db):
    address = send(desk, ("a.csv", csv_of(row(1))))

    answer = desk.post(f"{address}/confirmar")

    assert (answer.status_code, "todavía se están comprobando" in text_of(answer)) == (409, True)


def test_rows_are_filtered_and_paged(desk, db):
    verdicts = [ImportVerdict.CREATED] * (AT_ONCE + 1) + [ImportVerdict.REFUSED]
    run = ImportRun(stage=ImportStage.READY, files=[{"name": "a.csv"}])
    db.add(run)
    db.flush()
    db.add_all(
        ImportRow(run_id=run.id, position=n, file="a.csv", number=f"A26-{n}", verdict=verdict)
        for n, verdict in enumerate(verdicts, 1)
    )
    db.commit()
    address = f"invoice/importar/{run.id}"

    first, refused = desk.get(address), desk.get(address, ver="rechazadas")
    second = desk.get(address, ver="nuevas", tras=AT_ONCE)

    assert (">A26-1<" in first.text, ">A26-100<" in first.text, ">A26-101<" in first.text) == (True, True, False)
    assert f"{address}?tras={AT_ONCE}" in first.text
    assert (">A26-102<" in refused.text, ">A26-1<" in refused.text) == (True, False)
    assert (">A26-101<" in second.text, ">A26-100<" in second.text, ">A26-102<" in second.text) == (True, False, False)
    assert [desk.get(address, ver="otras").status_code, desk.get(address, tras="x").status_code] == [404, 200]


def test_the_template_can_be_sent_back_as_it_is(desk, installation, db):
    template = desk.get("invoice/plantilla-facturas.csv")
    send(desk, ("plantilla.csv", template.content))

    work(installation)

    assert (template.headers["content-type"], template.content[:3]) == ("text/csv; charset=utf-8", b"\xef\xbb\xbf")
    assert rows_of(db) == [("FV26-101", "created", "", True), ("FV26-102", "created", "", True)]
