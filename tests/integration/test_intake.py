"""Files from bytes to rows: each invoice on its own, the original kept, nothing left of what was only tried."""

import datetime as dt
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.exc import DataError, OperationalError

from app import intake
from app.domain.importing import import_invoice
from app.installation import Installation
from app.intake import TakeIn, take_in
from app.rendering import preview_pdf
from app.scope import SYSTEM, Actor, CompanyScope
from app.verdicts import Foresight, Verdict
from models import Attachment, AuditEntry, Company, Contact, Invoice, StoredFile
from models.enums import ImportVerdict

SAMPLES = Path(__file__).parents[1] / "samples"
IMPORTER = Actor("Prueba")
HEADINGS = "emisor_nif;serie;numero;fecha;cliente_nif;cliente_nombre;cliente_cp;cliente_email;iva;concepto;precio"
TOSMA = "B12345674"
CREATED, EXISTS, REFUSED = ImportVerdict.CREATED, ImportVerdict.EXISTS, ImportVerdict.REFUSED


def sheet(*rows: str) -> TakeIn:
    content = "\n".join([HEADINGS, *rows]).encode()
    return TakeIn(name="facturas.csv", content=content, actor=IMPORTER)


def row(number: int = 1, *, issuer: str = TOSMA, day: str = "02/03/2026", price: str = "100", email: str = "") -> str:
    return f"{issuer};F26;{number};{day};B87654323;Talleres Ródano;28045;{email};21;Revisión;{price}"


def sample(name: str, **options) -> TakeIn:
    return TakeIn(name=name, content=(SAMPLES / name).read_bytes(), actor=IMPORTER, **options)


def taken(installation: Installation, command: TakeIn) -> list[tuple[str, ImportVerdict]]:
    return [(verdict.number, verdict.verdict) for verdict in take_in(installation, command)]


def rows_of(installation: Installation, *classes: type) -> list[int]:
    with installation.database.read(SYSTEM) as db:
        return [db.scalar(select(func.count()).select_from(cls)) for cls in classes]


def test_each_invoice_of_a_file_gets_its_own_verdict(installation, company):
    command = sheet(row(1), row(2, day="30/02/2026"), row(3, issuer="A58818501"), row(4))

    verdicts = list(take_in(installation, command))

    assert [(verdict.number, verdict.verdict, verdict.total, verdict.amount) for verdict in verdicts] == [
        ("F26-1", CREATED, "121,00\u00a0€", "121.00"),
        ("F26-2", REFUSED, "", ""),
        ("F26-3", REFUSED, "121,00\u00a0€", "121.00"),
        ("F26-4", CREATED, "121,00\u00a0€", "121.00"),
    ]
    assert verdicts[2].detail == "La emite A58818501, que no es ninguna empresa de aquí."
    assert rows_of(installation, Invoice, Contact) == [2, 1]


@pytest.mark.parametrize(
    "error", [OverflowError("int too large"), ValueError("more decimals"), DataError("INSERT", {}, Exception())]
)
def test_what_nobody_foresaw_refuses_one_invoice_and_is_logged(installation, company, monkeypatch, caplog, error):
    def fails_once(db, command):
        if command.invoice.number_text == "F26-1":
            raise error
        return import_invoice(db, command)

    monkeypatch.setattr(intake, "import_invoice", fails_once)

    verdicts = list(take_in(installation, sheet(row(1), row(2))))

    assert [(verdict.number, verdict.verdict, verdict.detail) for verdict in verdicts] == [
        ("F26-1", REFUSED, "No se puede importar. El porqué está en el registro de la instalación."),
        ("F26-2", CREATED, "Cliente nuevo: Talleres Ródano."),
    ]
    assert [record.message for record in caplog.records] == ["an invoice cannot be imported"]
    assert rows_of(installation, Invoice, Contact) == [1, 1]


def test_a_database_that_is_away_says_nothing_of_the_invoice(installation, company, monkeypatch):
    def is_away(db, command):
        raise OperationalError("BEGIN", {}, Exception())

    monkeypatch.setattr(intake, "import_invoice", is_away)

    with pytest.raises(OperationalError):
        list(take_in(installation, sheet(row(1))))


def test_the_same_file_twice_changes_nothing(installation, company):
    first = taken(installation, sheet(row(1), row(2)))
    before = rows_of(installation, Invoice, Contact, StoredFile, Attachment)

    again = taken(installation, sheet(row(1), row(2)))

    assert first == [("F26-1", CREATED), ("F26-2", CREATED)]
    assert again == [("F26-1", EXISTS), ("F26-2", EXISTS)]
    assert rows_of(installation, Invoice, Contact, StoredFile, Attachment) == before


def test_the_same_number_with_another_total_is_refused(installation, company):
    taken(installation, sheet(row(1)))

    (verdict,) = take_in(installation, sheet(row(1, price="90")))

    assert verdict == Verdict(
        "facturas.csv",
        "F26-1",
        TOSMA,
        "Talleres Ródano",
        "108,90\u00a0€",
        REFUSED,
        "Ya hay otra factura F26-1, del 02/03/2026 y por 121,00\u00a0€.",
        amount="108.90",
        currency="EUR",
        issued_on=dt.date(2026, 3, 2),
        customer_key="B87654323",
    )


def test_a_company_takes_in_only_what_it_issued(installation, company):
    command = replace(sheet(row(1), row(2, issuer="A58818501"), row(3, issuer="")), company_id=company.id)

    verdicts = list(take_in(installation, command))

    assert [(verdict.number, verdict.verdict) for verdict in verdicts] == [
        ("F26-1", CREATED),
        ("F26-2", REFUSED),
        ("F26-3", CREATED),
    ]
    assert verdicts[1].detail == "La emite A58818501, que no es Suministros Tosma, S.L. (B12345674)."


def test_nobody_s_invoice_needs_a_company(installation, company):
    (verdict,) = take_in(installation, sheet(row(1, issuer="")))

    assert (verdict.verdict, verdict.detail) == (REFUSED, "No dice quién la emite: indique la empresa con --company.")


def test_a_missing_company_is_made_to_be_reviewed(installation):
    verdicts = taken(installation, sample("facturae/batch-3.2.1.xml", create_companies=True))

    with installation.database.read(SYSTEM) as db:
        companies = db.scalars(select(Company)).all()
    assert verdicts == [("B-101", CREATED), ("B-102", REFUSED), ("B-103", CREATED)]
    assert [(company.name, company.tax_id, company.is_confirmed) for company in companies] == [
        ("Suministros Besalú SA", "A08312456", False)
    ]


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("issuer", ["B12345678", "DE123456788"])
def test_a_company_with_a_wrong_tax_id_is_made_with_a_word_about_it(installation, engine, issuer, dry_run):
    command = replace(sheet(row(issuer=issuer)), create_companies=True, dry_run=dry_run)

    (verdict,) = take_in(installation, command)

    assert verdict.verdict == CREATED
    assert f"El NIF del emisor, {issuer}, no es correcto: corríjalo al revisar la empresa." in verdict.detail
    assert rows_of(installation, Company) == [0 if dry_run else 1]


def test_a_dry_run_says_the_same_and_leaves_nothing(installation, tmp_path):
    names = ("facturae/batch-3.2.1.xml", "facturae/everything-3.2.2.xml", "ubl/invoice-full.xml")
    commands = [sample(name, create_companies=True) for name in names]

    tried = [taken(installation, replace(command, dry_run=True)) for command in commands]

    everything = (Company, Contact, Invoice, StoredFile, Attachment, AuditEntry)
    assert rows_of(installation, *everything) == [0, 0, 0, 0, 0, 0]
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []
    assert tried == [taken(installation, command) for command in commands]


def test_a_dry_run_of_what_is_known_leaves_nothing_either(installation, company):
    taken(installation, sheet(row(1)))
    before = rows_of(installation, Contact, Invoice, StoredFile, Attachment)

    tried = taken(installation, replace(sheet(row(1), row(2), row(1, price="90")), dry_run=True))

    assert tried == [("F26-1", REFUSED), ("F26-2", CREATED)]
    assert rows_of(installation, Contact, Invoice, StoredFile, Attachment) == before


def test_a_dry_run_of_several_files_foresees_what_the_first_ones_do(installation, company):
    foresight = Foresight()
    commands = [
        replace(sheet(*rows), dry_run=True, create_companies=True, foresight=foresight)
        for rows in ([row(1)], [row(1), row(2)], [row(1, price="90")], [row(1, issuer="A58818501")])
    ]

    verdicts = [verdict for command in commands for verdict in take_in(installation, command)]

    new = "Cliente nuevo: Talleres Ródano."
    assert [(verdict.number, verdict.verdict, verdict.detail) for verdict in verdicts] == [
        ("F26-1", CREATED, new),
        ("F26-1", EXISTS, "Está repetida en estos archivos: se importa una vez."),
        ("F26-2", CREATED, ""),
        ("F26-1", REFUSED, "Otra factura de estos archivos lleva el mismo número, con otra fecha u otro total."),
        ("F26-1", CREATED, new),
    ]
    assert rows_of(installation, Invoice, Contact) == [0, 0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vacio.xml", b""),
        ("roto.xml", b"<Facturae><sin-cerrar>"),
        ("dtd.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        ("otro.xml", b"<html/>"),
        ("foto.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        ("datos.csv", b"nada;que;ver\n1;2;3\n"),
    ],
)
def test_what_is_no_invoice_file_is_refused_whole(installation, company, name, content):
    (verdict,) = take_in(installation, TakeIn(name=name, content=content))

    assert (verdict.file, verdict.number, verdict.verdict) == (name, "", REFUSED)
    assert verdict.detail.endswith(".")
    assert rows_of(installation, Invoice, Contact, StoredFile) == [0, 0, 0]


def test_the_original_is_kept_once_and_as_it_came(installation):
    command = sample("facturae/batch-3.2.1.xml", create_companies=True)

    taken(installation, command)

    with installation.database.read(SYSTEM) as db:
        (original,) = db.scalars(select(StoredFile))
        kept = db.scalars(select(Attachment.is_original)).all()
    assert (original.name, original.media_type) == ("batch-3.2.1.xml", "application/xml")
    assert original.sha256 == hashlib.sha256(command.content).hexdigest()
    assert installation.storage.get(original.key) == command.content
    assert kept == [True, True]


def test_the_pdf_an_invoice_brings_is_the_one_that_is_served(installation):
    (verdict,) = take_in(installation, sample("ubl/invoice-full.xml", create_companies=True))

    with installation.database.read(SYSTEM) as db:
        company_id = db.scalar(select(Company.id))
        brought = db.scalar(
            select(StoredFile).join(Attachment, Attachment.file_id == StoredFile.id).where(Attachment.is_customer_pdf)
        )
    printed = preview_pdf(installation, CompanyScope(company_id), verdict.document_id)
    assert printed.content == installation.storage.get(brought.key)
    assert printed.sha256 == brought.sha256


@pytest.mark.parametrize("name", ["../../fuera.xml", "C:\\facturas\\fuera.xml", "/etc/fuera.xml", "..."])
def test_names_of_files_lead_nowhere(installation, company, tmp_path, name):
    content = "\n".join([HEADINGS, row(1)]).encode()

    list(take_in(installation, TakeIn(name=name, content=content)))

    with installation.database.read(SYSTEM) as db:
        (kept,) = db.scalars(select(StoredFile.name))
    assert kept in {"fuera.xml", "archivo"}
    assert [path.name for path in tmp_path.rglob("fuera*")] == []


def test_an_e_mail_of_another_customer_is_not_taken(installation, company):
    other = "A58818501;Otro cliente;28045;compras@rodano.example;21;Revisión;10"

    verdicts = list(
        take_in(
            installation,
            sheet(row(1, email="compras@rodano.example"), f"{TOSMA};F26;2;02/03/2026;{other}"),
        )
    )

    assert verdicts[1].detail == (
        "El correo compras@rodano.example ya es de otro cliente y no se guarda en este. Cliente nuevo: Otro cliente."
    )
    with installation.database.read(SYSTEM) as db:
        emails = db.execute(select(Contact.name, Contact.email).order_by(Contact.id)).all()
    assert [tuple(found) for found in emails] == [
        ("Talleres Ródano", "compras@rodano.example"),
        ("Otro cliente", None),
    ]


def test_thirty_at_once_make_one_invoice(installation, company):
    command = sheet(row(1))

    with ThreadPoolExecutor(30) as pool:
        verdicts = [
            verdict for verdicts in pool.map(lambda _: taken(installation, command), range(30)) for verdict in verdicts
        ]

    assert sorted(verdict for _, verdict in verdicts) == [CREATED] + [EXISTS] * 29
    assert rows_of(installation, Invoice, Contact, StoredFile, Attachment) == [1, 1, 1, 1]


def test_thirty_at_once_make_one_company(installation):
    command = sample("facturae/corrective-3.2.2.xml", create_companies=True)

    with ThreadPoolExecutor(30) as pool:
        verdicts = [
            verdict for verdicts in pool.map(lambda _: taken(installation, command), range(30)) for verdict in verdicts
        ]

    assert sorted(verdict for _, verdict in verdicts) == [CREATED] + [EXISTS] * 29
    assert rows_of(installation, Company, Invoice) == [1, 1]


def test_every_sample_is_taken_in_once(installation):
    names = sorted(str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*.xml"))

    first = [verdict for name in names for verdict in taken(installation, sample(name, create_companies=True))]
    again = [verdict for name in names for verdict in taken(installation, sample(name))]

    assert [number for number, verdict in first if verdict is not CREATED] == ["B-102"]
    assert [number for number, verdict in again if verdict is not EXISTS] == ["B-102"]
    assert len(first) == len(again)
