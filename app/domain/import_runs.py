"""Files on their way in, as work for the background: judged first, taken in once somebody confirms.

A worker claims a run, says at short intervals how far it has come, and ends it. Whoever lost a claim can write nothing
under it and stops. A worker that dies leaves its run to the next one, which goes on where the last word was.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import select

from app import clock
from app.domain.audit import record
from app.domain.queries.import_runs import RunFigures, figures_of
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Batch, ImportRow, ImportRun
from models.enums import BatchKind, DocumentKind, ImportStage, ImportVerdict

MOST_TRIES = 3
WORKING = (ImportStage.READING, ImportStage.TAKING)

runs: Any = ImportRun.__table__
rows: Any = ImportRow.__table__


class NothingToImport(Refusal):
    code = "nothing_to_import"

    def __init__(self) -> None:
        super().__init__(_("No hay ninguna factura nueva que importar en estos archivos."))


class StillReading(Refusal):
    code = "still_reading"

    def __init__(self) -> None:
        super().__init__(_("Estos archivos todavía se están comprobando."))


class ArrivedFile(Struct, frozen=True, kw_only=True):
    """A file whose bytes are stored already, or one that was ``refused`` at sight and is not kept."""

    name: str
    sha256: str = ""
    size: int = 0
    media_type: str = ""
    refused: str = ""
    rows: int = 0


class Said(Struct, frozen=True, kw_only=True):
    """What was said of one invoice, or of a whole file (``number`` empty)."""

    position: int
    file: str
    verdict: ImportVerdict
    number: str = ""
    customer: str = ""
    issued_on: dt.date | None = None
    amount: Decimal | None = None
    currency: str = ""
    detail: str = ""
    is_new_customer: bool = False
    document_id: int | None = None


class ClaimRun(Struct, frozen=True, kw_only=True):
    run_id: int
    claim: str
    now: dt.datetime
    lease: dt.timedelta


class NoteProgress(Struct, frozen=True, kw_only=True):
    """How far a claim has come: what was said since the last time, and how many invoices there are to the end."""

    run_id: int
    claim: str
    until: dt.datetime
    said: Sequence[Said]
    done: int
    total: int


def open_run(db: ScopedSession, files: Sequence[ArrivedFile], user_id: int | None) -> ImportRun:
    """Files to be judged in the background."""
    run = ImportRun(
        company_id=db.company_id,
        stage=ImportStage.READING,
        user_id=user_id,
        files=[asdict(file) for file in files],
    )
    db.add(run)
    db.flush()
    return run


def find_run(db: ScopedSession, run_id: int) -> ImportRun:
    """A run of the company, locked if the transaction writes; raises ``NotFound``."""
    run = db.scalar(select(ImportRun).where(ImportRun.id == run_id).with_for_update())
    if run is None:
        raise NotFound(_("esa importación"))
    return run


def confirm_run(db: ScopedSession, run_id: int, user_id: int) -> ImportRun:
    """Have what was judged taken in. Confirmed twice, it is taken in once."""
    run = find_run(db, run_id)
    if run.batch_id is not None:
        return run
    if run.stage is not ImportStage.READY:
        raise StillReading
    if not figures_of(db, run.id).created:
        raise NothingToImport
    batch = Batch(
        company_id=db.company_id,
        kind=BatchKind.IMPORT,
        document_kind=DocumentKind.INVOICE,
        key=f"import-{run.id}",
        user_id=user_id,
        selection=str(run)[:200],
        figures={"run": run.id},
    )
    db.add(batch)
    db.flush()
    run.batch_id = batch.id
    run.stage, run.done, run.tries = ImportStage.TAKING, 0, 0
    run.confirmed_at, run.confirmed_by_id = clock.now(), user_id
    db.flush()
    return run


def discard_run(db: ScopedSession, run_id: int) -> None:
    """Forget files that were never confirmed. Their bytes stay, as unreachable as they are harmless."""
    run = find_run(db, run_id)
    if run.batch_id is not None:
        raise Refusal(_("Esta importación ya se confirmó."))
    db.delete(run)
    db.flush()


def retry_run(db: ScopedSession, run_id: int) -> None:
    """Let the background try again what it gave up."""
    run = find_run(db, run_id)
    if run.stage is ImportStage.BROKEN:
        run.stage = ImportStage.READING if run.confirmed_at is None else ImportStage.TAKING
        run.tries = 0
        db.flush()


def claim_run(db: ScopedSession, command: ClaimRun) -> ImportRun | None:
    """Hold a run that nobody holds. None when somebody does, or when it has brought down too many workers."""
    free = sa.or_(runs.c.leased_until.is_(None), runs.c.leased_until < command.now)
    taken = _held(db, command.run_id, runs.c.stage.in_(WORKING), free).values(
        claim=command.claim, leased_until=command.now + command.lease, tries=runs.c.tries + 1
    )
    if not db.connection().execute(taken).rowcount:
        return None
    run = db.get_one(ImportRun, command.run_id)
    if run.tries > MOST_TRIES:
        run.stage, run.claim, run.leased_until = ImportStage.BROKEN, None, None
        return None
    if run.stage is ImportStage.READING:
        # What earlier invoices of these files would do counts for the later ones: judging begins at the beginning.
        db.execute(sa.delete(ImportRow).where(ImportRow.company_id == db.company_id, ImportRow.run_id == run.id))
        run.done = run.total = 0
    db.flush()
    return run


def note_progress(db: ScopedSession, command: NoteProgress) -> bool:
    """Keep what was said and extend the lease; False, with nothing kept, when the claim is lost."""
    own = (runs.c.claim == command.claim, runs.c.stage.in_(WORKING))
    values = {"done": command.done, "total": command.total, "leased_until": command.until}
    if not db.connection().execute(_held(db, command.run_id, *own).values(values)).rowcount:
        return False
    stage = db.scalar(select(ImportRun.stage).where(ImportRun.id == command.run_id))
    if command.said:
        _keep(db, command, is_new=stage is ImportStage.READING)
    return True


def _keep(db: ScopedSession, command: NoteProgress, *, is_new: bool) -> None:
    said = [asdict(one) for one in command.said]
    if is_new:
        own = {"company_id": db.company_id, "run_id": command.run_id, "created_at": clock.now()}
        db.connection().execute(sa.insert(rows), [own | one for one in said])
        return
    told = ("verdict", "detail", "is_new_customer", "document_id")
    update = (
        sa.update(rows)
        .where(
            rows.c.company_id == sa.bindparam("of_company"),
            rows.c.run_id == sa.bindparam("of_run"),
            rows.c.position == sa.bindparam("at_position"),
        )
        .values({name: sa.bindparam(name) for name in told})
    )
    place = {"of_company": db.company_id, "of_run": command.run_id}
    db.connection().execute(
        update, [place | {"at_position": one["position"]} | {name: one[name] for name in told} for one in said]
    )


def release_run(db: ScopedSession, run_id: int, claim: str) -> None:
    """Put a run back untouched: whoever held it has to stop."""
    held = _held(db, run_id, runs.c.claim == claim)
    db.connection().execute(held.values(claim=None, leased_until=None, tries=runs.c.tries - 1))


def end_run(db: ScopedSession, run_id: int, claim: str, files: Sequence[ArrivedFile]) -> bool:
    """The end of a stage: judged, it waits for somebody; taken in, its batch says what came of it."""
    run = find_run(db, run_id)
    if run.claim != claim or run.stage not in WORKING:
        return False
    run.claim, run.leased_until, run.tries = None, None, 0
    if run.stage is ImportStage.READING:
        run.files, run.stage = [asdict(file) for file in files], ImportStage.READY
    else:
        run.stage, run.finished_at = ImportStage.DONE, clock.now()
        _tell(db, run, figures_of(db, run.id))
    db.flush()
    return True


def _tell(db: ScopedSession, run: ImportRun, figures: RunFigures) -> None:
    batch = db.get_one(Batch, run.batch_id)
    counts = {
        "documents": figures.created,
        "exists": figures.exists,
        "refused": figures.refused,
        "customers": figures.new_customers,
    }
    batch.figures = {"run": run.id} | counts
    record(db, "import", "import_runs", entity_id=run.id, label=batch.selection, changes=counts)


def _held(db: ScopedSession, run_id: int, *conditions: Any) -> Any:
    return sa.update(runs).where(runs.c.company_id == db.company_id, runs.c.id == run_id, *conditions)
