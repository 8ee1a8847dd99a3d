"""``import``: invoice files into the database, with one verdict per invoice."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from app.adapters.storage import LARGEST
from app.commands.entry import CONSOLE, company_by_slug, installed
from app.commands.spanish import Command
from app.installation import Installation
from app.texts import _
from models.enums import ImportVerdict

# The readers of every format are nothing that other commands should wait for.
if TYPE_CHECKING:
    from app.intake import TakeIn
    from app.verdicts import Verdict

WORDS = {
    ImportVerdict.CREATED: "creada",
    ImportVerdict.EXISTS: "ya estaba",
    ImportVerdict.REFUSED: "rechazada",
}


@click.command("import", cls=Command, short_help="Importa facturas de otros programas.")
@click.argument("files", nargs=-1, required=True, metavar="ARCHIVO…")
@click.option("--company", "slug", metavar="DIRECCIÓN", help="Solo las emitidas por esta empresa.")
@click.option("--create-companies", is_flag=True, help="Crea las empresas que falten, pendientes de revisar.")
@click.option("--dry-run", is_flag=True, help="Dice qué pasaría y no guarda nada.")
@click.option("--json", "as_json", is_flag=True, help="Una línea JSON por factura.")
@installed
def import_invoices(  # noqa: PLR0913 - one per option
    installation: Installation,
    *,
    files: tuple[str, ...],
    slug: str | None,
    create_companies: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Importa facturas emitidas con otro programa (Facturae, UBL o CSV). Termina con 1 si alguna se rechaza."""
    from app.intake import TakeIn

    wanted = TakeIn(
        name="",
        content=b"",
        company_id=company_by_slug(installation, slug).id if slug else None,
        create_companies=create_companies,
        dry_run=dry_run,
        actor=CONSOLE,
    )
    refused = 0
    for name in files:
        for verdict in _verdicts(installation, name, wanted):
            refused += verdict.verdict is ImportVerdict.REFUSED
            click.echo(_as_json(verdict) if as_json else _as_line(verdict))
    if refused:
        raise SystemExit(1)


def _verdicts(installation: Installation, name: str, wanted: "TakeIn") -> Iterator["Verdict"]:
    from app.intake import take_in

    path = Path(name)
    try:
        too_large = path.stat().st_size > LARGEST
        content = b"" if too_large else path.read_bytes()
    except OSError as error:
        yield _unreadable(name, _why(error))
        return
    if too_large:
        yield _unreadable(name, _("Es demasiado grande (como mucho %(n)s MB).") % {"n": LARGEST // 1024**2})
        return
    yield from take_in(installation, replace(wanted, name=name, content=content))


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return _("No existe ese archivo.")
    if isinstance(error, IsADirectoryError):
        return _("Es una carpeta: indique los archivos.")
    return _("No se puede leer.")


def _unreadable(name: str, why: str) -> "Verdict":
    from app.verdicts import Verdict

    return Verdict(name, "", "", "", "", ImportVerdict.REFUSED, why)


def _as_json(verdict: "Verdict") -> str:
    return json.dumps(
        {
            "file": verdict.file,
            "number": verdict.number,
            "issuer": verdict.issuer,
            "total": verdict.amount,
            "verdict": verdict.verdict.value,
            "detail": verdict.detail,
        },
        ensure_ascii=False,
    )


def _as_line(verdict: "Verdict") -> str:
    parts = (_(WORDS[verdict.verdict]), verdict.file, verdict.number, verdict.issuer, verdict.total, verdict.detail)
    return " · ".join(part for part in parts if part)
