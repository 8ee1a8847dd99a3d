"""The operator's commands: what they say, what they change, and how they end."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select, update

from app.cli import cli
from app.db import make_engine
from app.domain.staff_access import find_credentials
from app.migrations import is_current
from app.scope import SYSTEM, CompanyScope
from app.secrets import password_matches
from models import AuditEntry, Company, Invoice, Membership, StaffSession, StaffUser
from models.base import utc_now
from models.enums import Role

SAMPLES = Path(__file__).parents[1] / "samples"
BATCH = str(SAMPLES / "facturae" / "batch-3.2.1.xml")


@pytest.fixture
def environment(database_url, tmp_path) -> dict[str, str]:
    return {
        "VENTANILLA_DATA_DIR": str(tmp_path / "var"),
        "VENTANILLA_DATABASE_URL": database_url,
        "VENTANILLA_BASE_URL": "https://clientes.tosma.example",
    }


@pytest.fixture
def run(environment, monkeypatch, tmp_path) -> Iterator[SimpleNamespace]:
    """``run("staff", "list")`` answers the finished command; ``run.env`` is what it finds around it."""
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level, mask = root.handlers[:], root.level, os.umask(0o022)

    def invoke(*arguments: str, **options) -> Result:
        return CliRunner().invoke(cli, arguments, env=environment, **options)

    yield invoke
    os.umask(mask)
    root.handlers[:] = handlers
    root.setLevel(level)


def said(result: Result) -> tuple[int, str]:
    return result.exit_code, result.output.strip()


def test_the_help_is_spanish(run):
    result = run("--help")

    assert result.exit_code == 0
    for word in ("Uso:", "Opciones:", "Órdenes:", "[OPCIONES] ORDEN", "Muestra esta ayuda."):
        assert word in result.output
    for word in ("Usage", "Options", "Commands", "Show this"):
        assert word not in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sevre"], "No existe la orden 'sevre'. ¿Quería decir 'serve'?"),
        (
            ["serve", "--worker", "1"],
            "No existe la opción '--worker'. (¿Quería decir una de estas: '--no-worker', '--workers'?)",
        ),
        (["serve", "--port", "70000"], "70000 no está entre los valores admitidos"),
        (["serve", "--port", "x"], "'x' no es un número."),
        (["import"], "Falta un argumento 'ARCHIVO…'."),
        (["staff", "add", "a@b.example"], "Falta la opción '--name'"),
        (["staff", "list", "de", "más"], "Sobran argumentos (de más)"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_understood_is_said_in_spanish(run, arguments, sentence):
    result = run(*arguments)

    assert result.exit_code == 2
    assert sentence in result.output


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("BASE_URL", "", "Error: VENTANILLA_BASE_URL: hace falta un valor."),
        ("BASE_ULR", "x", "Error: VENTANILLA_BASE_ULR: no existe ese ajuste."),
        ("LOG_LEVEL", "loud", "Error: VENTANILLA_LOG_LEVEL: debe ser debug, info, warning o error, no «loud»."),
        ("DATABASE_URL", "sqlite:////no/existe/x.db", "Error: No se puede usar la base de datos: unable to open"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_odd_setting_ends_in_one_sentence(run, environment, name, value, sentence):
    environment[f"VENTANILLA_{name}"] = value

    result = run("migrate")

    assert result.exit_code == 1
    assert result.output.startswith(sentence)
    assert "Traceback" not in result.output


def test_migrate_brings_an_empty_database_up_to_date(run, environment, empty_database_url):
    environment["VENTANILLA_DATABASE_URL"] = empty_database_url

    first, again = run("migrate"), run("migrate")

    assert said(first) == said(again) == (0, "La base de datos está al día.")
    engine = make_engine(empty_database_url)
    assert is_current(engine)
    engine.dispose()


def test_other_commands_ask_for_it(run, environment, empty_database_url):
    environment["VENTANILLA_DATABASE_URL"] = empty_database_url

    assert said(run("staff", "list")) == (
        1,
        "Error: La base de datos no está al día. Ejecute antes: python -m app migrate",
    )


def test_files_are_written_for_their_owner_only(run, tmp_path):
    run("import", "--create-companies", BATCH)

    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "var").rglob("*")}
    assert modes == {0}


def test_import_says_one_line_per_invoice(run, company, engine):
    result = run("import", "--create-companies", BATCH)

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"creada · {BATCH} · B-101 · A08312456 · 121,00\u00a0€ · Cliente nuevo: Rafael Luque.",
        f"rechazada · {BATCH} · B-102 · La fecha de expedición no existe: «2026-02-30».",
        f"creada · {BATCH} · B-103 · A08312456 · 285,82\u00a0€",
    ]


def test_import_in_json(run, engine):
    name = str(SAMPLES / "shared" / "facturae" / "invoice-vat.xml")

    first, again = run("import", "--json", "--create-companies", name), run("import", "--json", name)

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert json.loads(first.output) == {
        "file": name,
        "number": "TEST01001F",
        "issuer": "B23103039",
        "total": "5084.42",
        "verdict": "created",
        "detail": "Cliente nuevo: Moniward Sl.",
    }
    assert json.loads(again.output)["verdict"] == "exists"


def test_import_refuses_what_it_cannot_read_and_goes_on(run, engine, tmp_path):
    (tmp_path / "carpeta.xml").mkdir()

    result = run("import", "--json", "--create-companies", "falta.xml", "carpeta.xml", BATCH)

    told = [json.loads(line) for line in result.output.splitlines()]
    assert result.exit_code == 1
    assert [(line["file"], line["verdict"], line["detail"]) for line in told[:2]] == [
        ("falta.xml", "refused", "No existe ese archivo."),
        ("carpeta.xml", "refused", "Es una carpeta: indique los archivos."),
    ]
    assert [line["verdict"] for line in told[2:]] == ["created", "refused", "created"]


def test_import_for_one_company(run, company):
    command = ("import", "--json", "--company", "TOSMA")

    result = run(*command, BATCH)
    unknown = run("import", "--company", "otra", BATCH)

    verdicts = [json.loads(line)["verdict"] for line in result.output.splitlines()]
    assert (result.exit_code, verdicts) == (1, ["refused", "refused", "refused"])
    assert said(unknown) == (1, "Error: No existe la empresa «otra» (las que hay: Tosma).")


def test_import_dry_run_leaves_nothing_and_foresees_what_is_repeated(run, system_db):
    result = run("import", "--dry-run", "--create-companies", BATCH, BATCH)

    verdicts = [line.partition(" · ")[0] for line in result.output.splitlines()]
    assert (result.exit_code, verdicts) == (1, ["creada", "rechazada", "creada", "ya estaba", "rechazada", "ya estaba"])
    assert [system_db.scalar(select(func.count()).select_from(cls)) for cls in (Company, Invoice)] == [0, 0]


def test_add_staff_with_a_generated_password(run, company, database):
    result = run(
        "staff", "add", "Ana@Tosma.example", "--name", "Ana Peña", "--company", "tosma", "--role", "facturación"
    )

    lines = result.output.splitlines()
    assert lines[0] == "Suministros Tosma, S.L.: ya puede entrar ana@tosma.example."
    password = lines[1].removeprefix("Contraseña: ")
    with database.read(SYSTEM) as db:
        known = find_credentials(db, "ana@tosma.example")
        role = db.scalar(select(Membership.role))
        told = db.scalars(select(AuditEntry.actor)).all()
    assert password_matches(password, known.password_hash)
    assert role is Role.INVOICING
    assert set(told) == {"Consola"}


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        ("una frase muy mia\nuna frase muy mia\n", 0, "ya puede entrar ana@tosma.example"),
        ("corta\ncorta\n", 1, "Error: Use al menos 12 caracteres."),
        ("tosma 2026 tosma\ntosma 2026 tosma\n", 1, "Error: Esa contraseña es de las primeras que alguien probaría."),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_add_staff_with_a_typed_password(run, company, typed, status, sentence):
    command = ("staff", "add", "ana@tosma.example", "--name", "Ana Peña", "--company", "Tosma", "--type")

    result = run(*command, input=typed)

    assert result.exit_code == status
    assert sentence in result.output
    assert typed.splitlines()[0] not in result.output


def test_somebody_of_another_company_keeps_their_password(run, company, make_session, database):
    with make_session(scope=SYSTEM) as db:
        db.add(Company(name="Otra", tax_id="A58818501", slug="Otra", slug_key="otra", short_code="otra"))
        db.commit()
    run("staff", "add", "ana@tosma.example", "--name", "Ana", "--company", "Tosma")
    with database.read(SYSTEM) as db:
        before = find_credentials(db, "ana@tosma.example").password_hash

    result = run("staff", "add", "ana@tosma.example", "--name", "Ana", "--company", "Otra", "--role", "consulta")
    again = run("staff", "add", "ana@tosma.example", "--name", "Ana", "--company", "Otra")

    assert said(result) == (0, "Otra: ya puede entrar ana@tosma.example.")
    assert said(again) == (1, "Error: Ya trabaja en esta empresa.")
    with database.read(SYSTEM) as db:
        assert find_credentials(db, "ana@tosma.example").password_hash == before
    assert said(run("staff", "list")) == (0, "ana@tosma.example · Ana · Tosma: administración, Otra: consulta")
    assert said(run("staff", "list", "--company", "Otra")) == (0, "ana@tosma.example · Ana · Otra: consulta")


def test_a_new_password_ends_sessions(run, company, db, make, database):
    user = make.user(email="ana@tosma.example")
    db.add(StaffSession(token_hash="a" * 64, user_id=user.id, company_id=company.id, seen_at=utc_now()))
    db.commit()

    result = run("staff", "password", "ana@tosma.example")

    password = result.output.splitlines()[1].removeprefix("Contraseña: ")
    with database.read(SYSTEM) as reading:
        known = find_credentials(reading, "ana@tosma.example")
        ended = reading.scalar(select(StaffSession.ended_at))
        told = reading.execute(select(AuditEntry.action, AuditEntry.label, AuditEntry.company_id)).all()
    assert password_matches(password, known.password_hash)
    assert ended is not None
    assert [tuple(entry) for entry in told] == [("set_password", "Marta Ruiz Ortega", company.id)]


def test_disabling_shuts_out_and_enabling_lets_in(run, db, make, database):
    make.user()
    make.user(email="ana@tosma.example", role=Role.READER)
    db.commit()

    def may_enter() -> bool:
        with database.read(SYSTEM) as reading:
            return find_credentials(reading, "ana@tosma.example").user_id is not None

    assert may_enter()
    assert said(run("staff", "disable", "ana@tosma.example")) == (0, "Ya no puede entrar.")
    assert not may_enter()
    assert said(run("staff", "enable", "ana@tosma.example")) == (0, "Ya puede entrar.")
    assert may_enter()


@pytest.mark.parametrize(
    "command",
    [
        ("disable", "marta@tosma.example"),
        ("role", "marta@tosma.example", "--company", "Tosma", "--role", "consulta"),
        ("remove", "marta@tosma.example", "--company", "Tosma"),
    ],
)
def test_the_last_administrator_stays(run, db, make, database, company, command):
    make.user(email="marta@tosma.example")
    db.commit()

    result = run("staff", *command)

    assert said(result) == (1, "Error: Es el único administrador de Suministros Tosma, S.L.: nombre antes a otro.")
    with database.read(CompanyScope(company.id)) as reading:
        membership = reading.scalars(select(Membership)).one()
        assert (membership.role, membership.ended_at) == (Role.ADMINISTRATOR, None)


def test_roles_change_and_places_end(run, db, make, database, company):
    make.user()
    make.user(email="ana@tosma.example")
    db.commit()

    changed = run("staff", "role", "ana@tosma.example", "--company", "Tosma", "--role", "responsable")
    listed = run("staff", "list", "--company", "Tosma").output.splitlines()[0]
    removed = run("staff", "remove", "ana@tosma.example", "--company", "Tosma")

    assert (said(changed), said(removed)) == ((0, "Hecho."), (0, "Hecho."))
    assert listed == "ana@tosma.example · Marta Ruiz Ortega · Tosma: responsable"
    with database.read(SYSTEM) as reading:
        user = reading.scalars(select(StaffUser).where(StaffUser.email == "ana@tosma.example")).one()
        assert reading.scalar(select(Membership.ended_at).where(Membership.user_id == user.id)) is not None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_of_that_name(run, company):
    assert said(run("staff", "disable", "nadie@tosma.example")) == (
        1,
        "Error: No existe ningún usuario con ese correo.",
    )


def test_check_finds_everything_in_order(run, engine):
    run("import", "--create-companies", BATCH)

    assert said(run("check")) == (0, "Suministros Besalú SA: todo en orden")


def test_check_says_what_is_wrong(run, db, make, tmp_path):
    invoice = make.invoice()
    make.invoice()
    db.execute(update(Invoice).where(Invoice.id == invoice.id).values(number=5, total=invoice.total + 1))
    db.commit()
    run("import", "--create-companies", BATCH)
    (kept,) = (path for path in (tmp_path / "var" / "files").rglob("*") if path.is_file())
    kept.write_bytes(b"otra cosa")

    result = run("check")

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "Suministros Besalú SA:",
        f"  - El archivo «batch-3.2.1.xml» está alterado ({'/'.join(kept.parts[-3:])}).",
        "Suministros Tosma, S.L.:",
        "  - Serie FV26: debería tener 2 números seguidos y tiene 2.",
        "  - FV26-0001: base e impuestos no dan el total.",
    ]
    assert "archivo" not in run("check", "--no-files").output
    kept.unlink()
    assert "Falta el archivo «batch-3.2.1.xml»" in run("check").output


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_copy_and_back(run, environment, engine, tmp_path):
    run("import", "--create-companies", BATCH)

    made = run("backup", "copia.tar")
    environment["VENTANILLA_DATABASE_URL"] = f"sqlite:///{tmp_path / 'otra.db'}"
    back = run("restore", "copia.tar")

    assert made.output.splitlines()[0] == f"Copia hecha en {tmp_path / 'copia.tar'}: la base de datos y 1 archivo."
    assert made.output.splitlines()[1].startswith("La clave secreta")
    assert back.output.splitlines()[0].endswith("la base de datos y 1 archivo.")
    assert said(run("check")) == (0, "Suministros Besalú SA: todo en orden")
    assert said(run("restore", "copia.tar")) == (
        1,
        "Error: Esta base de datos ya tiene empresas: restaure en una vacía.",
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_routes_all_say_who_may_use_them(run):
    result = run("routes", "--json")

    routes = json.loads(result.output)
    assert result.exit_code == 0
    assert {route["audience"] for route in routes} <= {"public", "person", "customer", "staff", "program", "nobody"}
    guards = {(route["audience"] == "program", route["csrf"]) for route in routes if "POST" in route["methods"]}
    assert guards == {(False, "token"), (True, "key")}
    assert {route["path"].startswith("/api/v1/") for route in routes if route["audience"] == "program"} == {True}
    assert [(route["permission"], route["role"]) for route in routes if route["path"] == "/admin/invoice/publish"] == [
        ("invoice:action:publish", "invoicing")
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_settings_example_can_be_redirected(run):
    result = run("settings-example")

    assert result.output == (Path(__file__).parents[2] / "settings.example.env").read_text()
