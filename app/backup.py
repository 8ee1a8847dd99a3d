"""A copy of everything in one file, and bringing it back.

The database is copied as of one moment, then the files it names: they never change and are written before their rows,
so all of them are there. The secret key is not in the copy: whoever finds one can open no mail password with it.
"""

import datetime as dt
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from msgspec import Struct
from sqlalchemy import Update, func, inspect, make_url, select, update

from app import clock
from app.domain.audit import record
from app.domain.mail.outbox import KEPT, mails
from app.errors import Refusal
from app.installation import Installation
from app.migrations import NewerDatabase, is_known, migrate, revision_of
from app.scope import SYSTEM, Actor, CompanyScope, ScopedSession
from app.texts import _, plural
from models import Company, OutgoingMail, StoredFile
from models.enums import MailStatus
from models.mail import MOVING

FORMAT = 1
MANIFEST, DATABASE = "ventanilla.json", "database"
FILE_NAME = re.compile(r"files/(\d+/[0-9a-f]{2}/([0-9a-f]{64}))")
USUAL_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


class BackupRefused(Refusal):
    code = "backup_refused"


class Copied(Struct, frozen=True):
    path: Path
    files: int

    def __str__(self) -> str:
        files = plural("%(n)s archivo", "%(n)s archivos", self.files)
        return _("Copia hecha en %(ruta)s: la base de datos y %(archivos)s.") % {"ruta": self.path, "archivos": files}


class Restored(Struct, frozen=True):
    taken_at: dt.datetime
    files: int
    held: int = 0

    def __str__(self) -> str:
        files = plural("%(n)s archivo", "%(n)s archivos", self.files)
        moment = clock.madrid(self.taken_at).strftime("%d/%m/%Y, %H:%M")
        return _("Restaurada la copia del %(dia)s: la base de datos y %(archivos)s.") % {
            "dia": moment,
            "archivos": files,
        }


def back_up(installation: Installation, path: Path) -> Copied:
    """Write the copy, all of it or nothing. Raises ``BackupRefused``; a file that is there already is left alone."""
    if path.exists():
        raise BackupRefused(_("Ya existe %(ruta)s: elija otro nombre.") % {"ruta": path})
    if not path.parent.is_dir():
        raise BackupRefused(_("No existe la carpeta %(ruta)s.") % {"ruta": path.parent})
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
            copied = _write(installation, archive)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    finally:
        os.unlink(temporary)
    return Copied(path, copied)


def restore(installation: Installation, path: Path, actor: Actor | None = None) -> Restored:
    """Bring a copy back into an installation without companies, and bring it up to date.

    Mails that waited when the copy was made may have left since: they arrive held, for somebody to decide, so that no
    worker that is running sends one. Raises ``BackupRefused`` or ``NewerDatabase`` before anything changes.
    """
    if _has_companies(installation):
        raise BackupRefused(_("Esta base de datos ya tiene empresas: restaure en una vacía."))
    with _opened(path) as archive:
        about = _manifest(archive)
        if about["kind"] != _kind(installation):
            raise BackupRefused(_("La copia es de otro tipo de base de datos (%(tipo)s).") % {"tipo": about["kind"]})
        if not is_known(about["revision"]):
            raise NewerDatabase(about["revision"])
        # Files first: without rows that name them they are nothing, and damage shows before the database changes.
        files = sum(1 for _stored in _put_files(installation, archive))
        held_at = clock.now()
        with tempfile.TemporaryDirectory(dir=installation.settings.data_dir) as folder:
            snapshot = Path(folder) / DATABASE
            with snapshot.open("wb") as file:
                shutil.copyfileobj(_member(archive, DATABASE), file)
            _load_database(installation, snapshot, _holding_mails(held_at))
    installation.database.engine.dispose()
    migrate(installation.database.engine)
    held = _note_return(installation, held_at, actor)
    return Restored(dt.datetime.fromisoformat(about["taken_at"]), files, held)


def _holding_mails(held_at: dt.datetime) -> Update:
    """*Sin confirmar*: sending them again is for somebody who knows what has left since."""
    return (
        update(mails)
        .where(mails.c.status.in_(MOVING))
        .values(
            status=MailStatus.UNKNOWN,
            last_reply=_("Esperaba cuando se hizo la copia: puede que saliera después."),
            finished_at=held_at,
            claim=None,
            leased_until=None,
            frozen=KEPT,
        )
    )


def _note_return(installation: Installation, held_at: dt.datetime, actor: Actor | None) -> int:
    """That each company was brought back, and with how many mails held; how many they are in all."""

    def note(db: ScopedSession) -> int:
        held = (OutgoingMail.status == MailStatus.UNKNOWN, OutgoingMail.finished_at == held_at)
        many = db.scalar(select(func.count()).select_from(OutgoingMail).where(*held)) or 0
        record(db, "bring_back", "companies", entity_id=db.company_id, changes={"mails": [None, many]})
        return many

    with installation.database.read(SYSTEM) as db:
        companies = db.scalars(select(Company.id).order_by(Company.id)).all()
    return sum(installation.database.run(CompanyScope(company_id), note, actor) for company_id in companies)


def _write(installation: Installation, archive: tarfile.TarFile) -> int:
    taken_at = clock.now()
    with tempfile.TemporaryDirectory(dir=installation.settings.data_dir) as folder:
        snapshot = Path(folder) / DATABASE
        _dump_database(installation, snapshot)
        about = {
            "format": FORMAT,
            "kind": _kind(installation),
            "revision": revision_of(installation.database.engine),
            "taken_at": taken_at.isoformat(),
        }
        _add(archive, MANIFEST, json.dumps(about).encode())
        archive.add(snapshot, DATABASE, filter=_anonymous)
    with installation.database.read(SYSTEM) as db:
        keys = sorted({file.key for file in db.scalars(select(StoredFile))})
    for key in keys:
        _add(archive, f"files/{key}", installation.storage.get(key))
    return len(keys)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    archive.addfile(member, io.BytesIO(content))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, mode="r:") as archive:
            yield archive
    except FileNotFoundError as error:
        raise BackupRefused(_("No existe %(ruta)s.") % {"ruta": path}) from error
    except (tarfile.TarError, EOFError) as error:
        raise BackupRefused(_("%(ruta)s no es una copia de Ventanilla o está dañada.") % {"ruta": path}) from error
    except (sqlite3.Error, OSError) as error:
        raise BackupRefused(_("No se puede traer %(ruta)s: %(por)s.") % {"ruta": path, "por": error}) from error


def _manifest(archive: tarfile.TarFile) -> dict[str, str]:
    try:
        about = json.loads(_member(archive, MANIFEST).read())
        if about["format"] == FORMAT:
            return {name: str(about[name]) for name in ("kind", "revision", "taken_at")}
    except (ValueError, KeyError, TypeError) as error:
        raise BackupRefused(_("No es una copia de Ventanilla o está dañada.")) from error
    raise BackupRefused(_("La copia es de una versión posterior de Ventanilla. Actualice el programa."))


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        found = archive.extractfile(name)
    except KeyError as error:
        raise BackupRefused(_("No es una copia de Ventanilla o está dañada.")) from error
    if found is None:
        raise BackupRefused(_("No es una copia de Ventanilla o está dañada."))
    return found


def _put_files(installation: Installation, archive: tarfile.TarFile) -> Iterator[str]:
    """Only what is named like a file of ours, and only when it is what its name says."""
    for member in archive:
        named = FILE_NAME.fullmatch(member.name)
        if named is None or not member.isfile():
            continue
        content = _member(archive, member.name).read()
        if hashlib.sha256(content).hexdigest() != named[2]:
            raise BackupRefused(_("El archivo %(clave)s de la copia está dañado.") % {"clave": named[1]})
        installation.storage.put(named[1], content)
        yield named[1]


def _kind(installation: Installation) -> str:
    return installation.database.engine.dialect.name


def _has_companies(installation: Installation) -> bool:
    if not inspect(installation.database.engine).has_table(Company.__tablename__):
        return False
    with installation.database.read(SYSTEM) as db:
        return db.scalar(select(Company.id).limit(1)) is not None


def _dump_database(installation: Installation, snapshot: Path) -> None:
    if _kind(installation) == "sqlite":
        with closing(sqlite3.connect(_sqlite_path(installation))) as ours, closing(sqlite3.connect(snapshot)) as copy:
            ours.backup(copy)
        return
    _run_tool(
        installation, "pg_dump", "--format=custom", "--no-owner", "--no-acl", "--schema=public", f"--file={snapshot}"
    )


def _load_database(installation: Installation, snapshot: Path, change: Update) -> None:
    """The snapshot with one change to it, in one go: nobody sees it without."""
    dialect = installation.database.engine.dialect
    sentence = str(change.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    if _kind(installation) == "sqlite":
        _load_sqlite(installation, snapshot, sentence)
        return
    script, changed = snapshot.with_suffix(".sql"), snapshot.with_suffix(".change.sql")
    options = ("--clean", "--if-exists", "--no-owner", "--no-acl", f"--file={script}")
    _run([_find_tool(installation, "pg_restore"), *options, str(snapshot)])
    changed.write_text(f"SET search_path = public;\n{sentence};\n")
    together = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
    _run_tool(installation, "psql", *together, f"--file={script}", f"--file={changed}")


def _load_sqlite(installation: Installation, snapshot: Path, sentence: str) -> None:
    installation.database.engine.dispose()
    with closing(sqlite3.connect(snapshot)) as copy:
        try:
            is_sound = copy.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        except sqlite3.DatabaseError:
            is_sound = False
        if not is_sound:
            raise BackupRefused(_("La base de datos de la copia está dañada."))
        with copy:
            copy.execute(sentence)
        with closing(sqlite3.connect(_sqlite_path(installation))) as ours:
            copy.backup(ours)


def _sqlite_path(installation: Installation) -> str:
    return str(make_url(installation.settings.database_url).database)


def _run_tool(installation: Installation, name: str, *arguments: str) -> None:
    """The password goes through the environment, where other users of the machine do not see it."""
    url = make_url(installation.settings.database_url)
    address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {"PGPASSWORD": str(url.password)} if url.password else {}
    _run([_find_tool(installation, name), f"--dbname={address}", *arguments], environment)


def _run(command: list[str], environment: Mapping[str, str] | None = None) -> None:
    finished = subprocess.run(
        command, env=os.environ | (environment or {}), capture_output=True, text=True, check=False
    )
    if finished.returncode:
        reason = finished.stderr.strip().splitlines()[-1:] or [str(finished.returncode)]
        raise BackupRefused(
            _("%(programa)s no ha podido: %(por)s") % {"programa": Path(command[0]).name, "por": reason[0]}
        )


def _find_tool(installation: Installation, name: str) -> str:
    """The one of the server's version: a later one writes what it may not understand. Else the newest there is."""
    with installation.database.engine.connect() as connection:
        server = (connection.dialect.server_version_info or (0,))[0]
    usual = (path for place in USUAL_PLACES for path in Path("/").glob(f"{place[1:]}/{name}"))
    found = max(usual, key=lambda path: (_version(path) == server, _version(path)), default=None)
    tool = str(found) if found else shutil.which(name)
    if tool is None:
        sentence = _("Falta %(programa)s: instale el cliente de PostgreSQL (en Debian, «postgresql-client»).")
        raise BackupRefused(sentence % {"programa": name})
    return tool


def _version(tool: Path) -> int:
    """The major version in ``/usr/lib/postgresql/17/bin/pg_dump`` and its like."""
    found = re.search(r"\d+", tool.parts[-3])
    return int(found[0]) if found else 0
