"""A copy brings everything back, to the byte, and nothing that is not one is let in."""

import io
import json
import sqlite3
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app import backup
from app.backup import BackupRefused, back_up, restore
from app.domain.invariants import violations
from app.installation import Installation, open_installation
from app.intake import TakeIn, take_in
from app.migrations import NewerDatabase, is_current, migrate
from app.scope import SYSTEM, Actor, CompanyScope
from models import AuditEntry, Base, Company, OutgoingMail
from models.base import utc_now
from models.enums import MailKind, MailStatus

SAMPLES = Path(__file__).parents[1] / "samples"
SAME_KIND = [("sqlite", "sqlite"), ("postgresql", "postgresql")]
both = pytest.mark.parametrize(("database_url", "empty_database_url"), SAME_KIND, indirect=True)
here = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_sqlite = pytest.mark.parametrize(("database_url", "empty_database_url"), SAME_KIND[:1], indirect=True)


@pytest.fixture
def elsewhere(settings, empty_database_url, tmp_path) -> Iterator[Installation]:
    """An installation without anything, beside the test's own."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    other = open_installation(
        replace(settings, data_dir=folder, database_url=empty_database_url, storage_url=(folder / "files").as_uri())
    )
    yield other
    other.database.engine.dispose()


@pytest.fixture
def filled(installation) -> Installation:
    for name in ("facturae/batch-3.2.1.xml", "ubl/invoice-full.xml", "facturae/professional-3.2-signed.xml"):
        content = (SAMPLES / name).read_bytes()
        list(take_in(installation, TakeIn(name=name, content=content, create_companies=True)))
    return installation


def rows(installation: Installation) -> dict[str, list[tuple]]:
    with installation.database.read(SYSTEM) as db:
        return {
            table.name: [tuple(row) for row in db.connection().execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def without_audit(found: dict[str, list[tuple]]) -> dict[str, list[tuple]]:
    """That the copy was brought back is itself in the audit."""
    return {name: content for name, content in found.items() if not name.startswith("audit_")}


def files(installation: Installation) -> dict[str, bytes]:
    folder = installation.storage.folder
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@both
def test_a_copy_brings_everything_back(filled, elsewhere, tmp_path):
    path = tmp_path / "copia.tar"

    copied = back_up(filled, path)
    restored = restore(elsewhere, path)

    assert str(copied) == f"Copia hecha en {path}: la base de datos y 4 archivos."
    assert restored.files == 4
    assert without_audit(rows(elsewhere)) == without_audit(rows(filled))
    assert files(elsewhere) == files(filled)
    assert is_current(elsewhere.database.engine)
    assert path.stat().st_mode & 0o077 == 0
    with elsewhere.database.read(SYSTEM) as db:
        companies = db.scalars(select(Company.id)).all()
    for company in companies:
        with elsewhere.database.read(CompanyScope(company)) as db:
            assert list(violations(db)) == []


@both
def test_what_was_restored_goes_on_counting_where_it_was(filled, elsewhere, tmp_path):
    back_up(filled, tmp_path / "copia.tar")
    restore(elsewhere, tmp_path / "copia.tar")
    another = (SAMPLES / "facturae" / "igic-3.2.2.xml").read_bytes()

    verdicts = [
        [verdict.document_id for verdict in take_in(each, TakeIn(name="x.xml", content=another, create_companies=True))]
        for each in (filled, elsewhere)
    ]

    assert verdicts[0] == verdicts[1] != [None]


@both
def test_a_database_that_was_only_migrated_is_still_empty(filled, elsewhere, tmp_path):
    migrate(elsewhere.database.engine)
    back_up(filled, tmp_path / "copia.tar")

    restore(elsewhere, tmp_path / "copia.tar")

    assert without_audit(rows(elsewhere)) == without_audit(rows(filled))


@both
def test_mails_that_waited_are_held_for_somebody_to_decide(db, make, installation, elsewhere, tmp_path):
    account = make.account()
    for status in (MailStatus.QUEUED, MailStatus.SENDING, MailStatus.RETRY, MailStatus.SENT, MailStatus.CANCELLED):
        db.add(
            OutgoingMail(
                company_id=account.company_id,
                kind=MailKind.ACCESS,
                status=status,
                dedup_key=status,
                recipient=account.email,
                is_secret=True,
                frozen=b"sealed" if status is MailStatus.RETRY else None,
                due_at=utc_now(),
                claim="worker" if status is MailStatus.SENDING else None,
            )
        )
    db.commit()
    back_up(installation, tmp_path / "copia.tar")

    restored = restore(elsewhere, tmp_path / "copia.tar", Actor("Consola"))

    with elsewhere.database.read(SYSTEM) as reading:
        found = reading.execute(select(OutgoingMail.dedup_key, OutgoingMail.status, OutgoingMail.frozen)).all()
        told = reading.execute(select(AuditEntry.actor, AuditEntry.action, AuditEntry.changes)).all()
    assert restored.held == 3
    assert {row.dedup_key: row.status for row in found} == {
        "queued": MailStatus.UNKNOWN,
        "sending": MailStatus.UNKNOWN,
        "retry": MailStatus.UNKNOWN,
        "sent": MailStatus.SENT,
        "cancelled": MailStatus.CANCELLED,
    }
    assert {row.frozen for row in found} == {None}
    assert [tuple(entry) for entry in told] == [("Consola", "bring_back", {"mails": [None, 3]})]


@both
def test_no_mail_is_free_to_leave_while_the_copy_comes_back(db, make, installation, elsewhere, tmp_path, monkeypatch):
    account = make.account()
    waiting = {"kind": MailKind.NOTICE, "recipient": account.email, "due_at": utc_now()}
    db.add(OutgoingMail(company_id=account.company_id, dedup_key="uno", **waiting))
    db.commit()
    back_up(installation, tmp_path / "copia.tar")

    def killed(engine):
        raise InterruptedError

    monkeypatch.setattr(backup, "migrate", killed)

    with pytest.raises(InterruptedError):
        restore(elsewhere, tmp_path / "copia.tar")

    with elsewhere.database.read(SYSTEM) as reading:
        assert reading.scalars(select(OutgoingMail.status)).all() == [MailStatus.UNKNOWN]


@here
def test_a_copy_while_somebody_writes_is_of_one_moment(filled, tmp_path):
    with filled.database.write(SYSTEM) as db:
        db.scalars(select(Company)).first().name = "A medio escribir"
        db.flush()
        back_up(filled, tmp_path / "copia.tar")

    with tarfile.open(tmp_path / "copia.tar") as archive:
        (tmp_path / "copy.db").write_bytes(archive.extractfile("database").read())
    connection = sqlite3.connect(tmp_path / "copy.db")
    names = {name for (name,) in connection.execute("SELECT name FROM companies")}
    connection.close()
    assert "A medio escribir" not in names


@on_sqlite
def test_nothing_is_written_over(filled, elsewhere, tmp_path):
    (tmp_path / "copia.tar").write_text("algo")

    with pytest.raises(BackupRefused, match="Ya existe"):
        back_up(filled, tmp_path / "copia.tar")
    with pytest.raises(BackupRefused, match="No existe la carpeta"):
        back_up(filled, tmp_path / "falta" / "copia.tar")
    back_up(filled, tmp_path / "otra.tar")
    with pytest.raises(BackupRefused, match="ya tiene empresas"):
        restore(filled, tmp_path / "otra.tar")

    assert (tmp_path / "copia.tar").read_text() == "algo"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def archive_of(path: Path, **members: bytes) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("_json", ".json"))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def manifest(**changes) -> bytes:
    about = {"format": 1, "kind": "sqlite", "revision": "2026112101", "taken_at": "2026-11-21T10:00:00+00:00"}
    return json.dumps(about | changes).encode()


@on_sqlite
def test_what_is_no_copy_is_refused(elsewhere, engine, tmp_path):
    (tmp_path / "texto.tar").write_text("nada que ver" * 1000)
    empty = archive_of(tmp_path / "vacia.tar")
    odd = archive_of(tmp_path / "rara.tar", ventanilla_json=b"[1]")
    later = archive_of(tmp_path / "posterior.tar", ventanilla_json=manifest(format=2))
    other = archive_of(tmp_path / "otra.tar", ventanilla_json=manifest(kind="postgresql"))

    for path, sentence in (
        (tmp_path / "falta.tar", "No existe"),
        (tmp_path / "texto.tar", "no es una copia de Ventanilla o está dañada"),
        (empty, "No es una copia de Ventanilla o está dañada"),
        (odd, "No es una copia de Ventanilla o está dañada"),
        (later, "La copia es de una versión posterior"),
        (other, "La copia es de otro tipo de base de datos"),
    ):
        with pytest.raises(BackupRefused, match=sentence):
            restore(elsewhere, path)


@on_sqlite
def test_a_copy_of_a_later_program_is_refused_before_anything_changes(elsewhere, engine, tmp_path):
    path = archive_of(tmp_path / "futura.tar", ventanilla_json=manifest(revision="2999010101"), database=b"")

    with pytest.raises(NewerDatabase):
        restore(elsewhere, path)

    assert files(elsewhere) == {}


@on_sqlite
def test_names_in_a_copy_lead_nowhere_and_bytes_are_what_they_say(filled, elsewhere, tmp_path):
    path = tmp_path / "copia.tar"
    back_up(filled, path)
    with tarfile.open(path, "a") as archive:
        for name in ("../fuera", "/tmp/fuera", "files/../../fuera", "files/1/aa/corto"):
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
        forged = tarfile.TarInfo(f"files/1/aa/{'a' * 64}")
        forged.size = 1
        archive.addfile(forged, io.BytesIO(b"x"))

    with pytest.raises(BackupRefused, match="está dañado"):
        restore(elsewhere, path)

    assert set(files(elsewhere)) == set(files(filled))
    assert list(tmp_path.rglob("fuera")) == []


@on_sqlite
def test_half_a_copy_is_refused_and_the_database_stays_empty(filled, elsewhere, tmp_path):
    whole, half = tmp_path / "copia.tar", tmp_path / "media.tar"
    back_up(filled, whole)
    content = whole.read_bytes()
    half.write_bytes(content[: len(content) - 20_000])

    with pytest.raises(BackupRefused, match="dañad"):
        restore(elsewhere, half)

    restore(elsewhere, whole)
    assert without_audit(rows(elsewhere)) == without_audit(rows(filled))


@on_sqlite
@pytest.mark.parametrize("damage", ["no database", "torn pages", "another one"])
def test_a_damaged_database_is_refused_and_ours_stays_empty(filled, elsewhere, engine, tmp_path, damage):
    migrate(elsewhere.database.engine)
    back_up(filled, tmp_path / "copia.tar")
    with tarfile.open(tmp_path / "copia.tar") as archive:
        about, content = (archive.extractfile(name).read() for name in ("ventanilla.json", "database"))
    damaged = {
        "no database": b"nada que ver" * 1000,
        "torn pages": content[:8192] + bytes(len(content) - 8192),
        "another one": b"",
    }[damage]

    with pytest.raises(BackupRefused, match=r"está dañada\.|No se puede traer .*no such table"):
        restore(elsewhere, archive_of(tmp_path / "mala.tar", ventanilla_json=about, database=damaged))

    restore(elsewhere, tmp_path / "copia.tar")
    assert without_audit(rows(elsewhere)) == without_audit(rows(filled))


TELLING = '#!/bin/sh\nfor one; do case $one in --file=*) printf %s "$0" >"${one#--file=}";; esac; done\n'


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("ahead", "chosen"), [((-1, 0, 1), 0), ((-2, -1), -1), ((1, 2), 2)])
def test_the_client_of_the_server_s_own_version_before_newer_ones(
    installation, engine, tmp_path, monkeypatch, ahead, chosen
):
    with engine.connect() as connection:
        server = connection.dialect.server_version_info[0]
    for version in (server + more for more in ahead):
        tool = tmp_path / f"postgresql@{version}" / "bin" / "pg_dump"
        tool.parent.mkdir(parents=True)
        tool.write_text(TELLING)
        tool.chmod(0o700)
    monkeypatch.setattr(backup, "USUAL_PLACES", (f"{tmp_path}/postgresql@*/bin",))

    back_up(installation, tmp_path / "copia.tar")

    with tarfile.open(tmp_path / "copia.tar") as archive:
        used = archive.extractfile("database").read().decode()
    assert used == str(tmp_path / f"postgresql@{server + chosen}" / "bin" / "pg_dump")


@here
def test_the_secret_key_is_not_in_the_copy(filled, tmp_path, settings):
    back_up(filled, tmp_path / "copia.tar")

    content = (tmp_path / "copia.tar").read_bytes()
    assert settings.secret_keys[0].encode() not in content
