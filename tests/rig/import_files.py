"""Invoice files for tests of the import: as small as they can be, sent and worked on."""

from threading import Event
from typing import Any

from sqlalchemy import select

from app import clock
from app.domain.queries.import_runs import waiting_runs
from app.importer import work_on
from app.installation import Installation
from app.scope import SYSTEM, ScopedSession
from models import ImportRow, Invoice
from tests.rig.desk import Desk, text_of

HEAD = "serie;numero;fecha;cliente_nif;cliente_nombre;cliente_cp;concepto;cantidad;precio;iva;total\n"
MERINO = "B87654323;Instalaciones Merino, S.L.;28045"
ITURBE = ";Begoña Iturbe Landa;48001"


def csv_of(*rows: str) -> bytes:
    return (HEAD + "\n".join(rows)).encode()


def row(
    number: int, customer: str = MERINO, day: str = "02/11/2026", price: str = "100,00", total: str = "121,00"
) -> str:
    """One invoice of one line; its number is ``A26-1``."""
    return f"A26;{number};{day};{customer};Cable;1;{price};21;{total}"


def send(desk: Desk, *files: tuple[str, bytes]) -> str:
    """Upload, and the address of the run."""
    answer = desk.post(
        "invoice/importar", files=[("archivos", (name, content, "text/plain")) for name, content in files]
    )
    assert answer.status_code == 303, text_of(answer)
    return str(answer.headers["location"]).removeprefix("/admin/")


def work(installation: Installation, stop: Event | None = None) -> None:
    """What a worker does with what waits."""
    with installation.database.read(SYSTEM) as db:
        waiting = waiting_runs(db, clock.now())
    for company_id, run_id in waiting:
        work_on(installation, company_id, run_id, stop or Event(), clock.now)


def rows_of(db: ScopedSession) -> list[Any]:
    db.expire_all()
    found = db.scalars(select(ImportRow).order_by(ImportRow.position))
    return [(row.number, row.verdict.value, row.detail, row.is_new_customer) for row in found]


def numbers_of(db: ScopedSession) -> list[str | None]:
    return sorted(db.scalars(select(Invoice.number_text)), key=str)
