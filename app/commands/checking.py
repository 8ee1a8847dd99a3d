"""``check``: whether what must be true still is, company by company."""

import hashlib
from collections.abc import Iterator

import click
from sqlalchemy import select

from app.commands.entry import installed, say
from app.commands.spanish import Command
from app.domain.invariants import violations
from app.errors import AdapterError
from app.installation import Installation
from app.mail.shown import holds_secret
from app.scope import SYSTEM, CompanyScope, ScopedSession
from app.texts import _, plural
from models import Company, OutgoingMail, StoredFile

CHUNK = 1000


@click.command("check", cls=Command, short_help="Comprueba que todo está como debe.")
@click.option("--no-files", is_flag=True, help="Sin leer los archivos guardados.")
@installed
def check(installation: Installation, *, no_files: bool) -> None:
    """Comprueba números, totales, publicaciones, accesos, correos, auditoría y archivos. Acaba con 1 si algo falla."""
    with installation.database.read(SYSTEM) as db:
        companies = db.scalars(select(Company).order_by(Company.name, Company.id)).all()
    failures = 0
    for company in companies:
        wrong = list(whatever_is_wrong(installation, company.id, with_files=not no_files))
        failures += len(wrong)
        say(f"{company.name}: {_('todo en orden') if not wrong else ''}".rstrip())
        for sentence in wrong:
            say(f"  - {sentence}")
    if not companies:
        say(_("No hay ninguna empresa."))
    if failures:
        raise SystemExit(1)


def whatever_is_wrong(installation: Installation, company_id: int, *, with_files: bool = True) -> Iterator[str]:
    """A sentence for each thing that is not as it must be. Reads every file of the company, one at a time."""
    scope = CompanyScope(company_id)
    with installation.database.read(scope) as db:
        yield from violations(db)
    if not installation.settings.demo:  # which keeps the secrets of its captured mails to be looked at
        with installation.database.read_much(scope) as db:
            yield from _kept_secrets(db)
    if with_files:
        for file in kept_files(installation, scope):
            yield from _wrong_file(installation, file)


def _kept_secrets(db: ScopedSession) -> Iterator[str]:
    """A mail that has ended keeps no token or password: dots have taken their place."""
    ended = select(OutgoingMail.frozen).where(OutgoingMail.is_secret, OutgoingMail.finished_at.is_not(None))
    kept = db.scalars(ended.where(OutgoingMail.frozen.is_not(None)).execution_options(yield_per=100))
    if many := sum(holds_secret(content) for content in kept if content is not None):
        yield plural(
            "%(n)s correo terminado conserva su secreto.", "%(n)s correos terminados conservan su secreto.", many
        )


def kept_files(installation: Installation, scope: CompanyScope) -> Iterator[StoredFile]:
    """All there are, so many at a time: the bytes are read between transactions."""
    last = 0
    while True:
        with installation.database.read(scope) as db:
            some = db.scalars(select(StoredFile).where(StoredFile.id > last).order_by(StoredFile.id).limit(CHUNK)).all()
        yield from some
        if len(some) < CHUNK:
            return
        last = some[-1].id


def _wrong_file(installation: Installation, file: StoredFile) -> Iterator[str]:
    """The bytes are there and are those that were kept."""
    try:
        content = installation.storage.get(file.key)
    except AdapterError:
        yield _("Falta el archivo «%(nombre)s» (%(clave)s).") % {"nombre": file.name, "clave": file.key}
        return
    if hashlib.sha256(content).hexdigest() != file.sha256:
        yield _("El archivo «%(nombre)s» está alterado (%(clave)s).") % {"nombre": file.name, "clave": file.key}
