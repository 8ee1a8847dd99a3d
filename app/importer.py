"""The background's part of an import: judge the files of a run, or take them in, a little at a time."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from threading import Event

from msgspec.structs import replace
from sqlalchemy import select

from app.domain import import_runs
from app.domain.import_runs import ArrivedFile, ClaimRun, NoteProgress, Said
from app.domain.importing import new_customer_note
from app.installation import Installation
from app.intake import TakeIn, take_in
from app.scope import Actor, CompanyScope, ScopedSession
from app.secrets import new_token
from app.texts import _
from app.verdicts import Foresight, Verdict
from models import Document, ImportRow, ImportRun, StaffUser, StoredFile
from models.enums import ImportStage, ImportVerdict

LEASE = dt.timedelta(minutes=2)  # the largest file a reader accepts is read in a few seconds of it
TELL_EVERY = 0.5
YIELD = 0.002  # after each invoice the interpreter is offered to whoever waits for it

Clock = Callable[[], dt.datetime]


def work_on(installation: Installation, company_id: int, run_id: int, stop: Event, clock: Clock) -> None:
    """Bring one run to the end of its stage, unless another worker holds it. On ``stop`` it is put back."""
    command = ClaimRun(run_id=run_id, claim=new_token()[:32], now=clock(), lease=LEASE)
    scope = CompanyScope(company_id)
    run = installation.database.run(scope, lambda db: import_runs.claim_run(db, command))
    if run is not None:
        _Importer(installation, run, clock).work(stop)


class _Importer:
    def __init__(self, installation: Installation, run: ImportRun, clock: Clock) -> None:
        self.installation = installation
        self.database = installation.database
        self.run = run
        self.clock = clock
        self.scope = CompanyScope(run.company_id)
        self.claim = run.claim or ""
        self.is_judging = run.stage is ImportStage.READING
        self.files = [ArrivedFile(**file) for file in run.files]
        self.done, self.total = run.done, run.total
        self.said: list[Said] = []
        self.told_at = time.monotonic()
        self.foresight = Foresight()
        self.actor = self._find_actor()

    def work(self, stop: Event) -> None:
        for said in self._all_said():
            self.said.append(said)
            self.done = said.position
            if time.monotonic() - self.told_at >= TELL_EVERY and not self._tell():
                return
            if stop.wait(YIELD):
                self._tell()
                self.database.run(self.scope, lambda db: import_runs.release_run(db, self.run.id, self.claim))
                return
        if self._tell():
            self.database.run(self.scope, lambda db: import_runs.end_run(db, self.run.id, self.claim, self.files))

    def _all_said(self) -> Iterator[Said]:
        """Invoice after invoice, from where an earlier worker left off."""
        position = 0
        already = self.run.done
        for place, file in enumerate(self.files):
            skip = 0 if self.is_judging else max(0, min(already - position, file.rows))
            position += skip
            before = position
            if skip and skip == file.rows:
                continue
            for verdict in self._verdicts(file, skip):
                position += 1
                if self.is_judging:
                    self.total = max(self.total, before + verdict.count)
                yield self._said(position, file, verdict)
            self.files[place] = replace(file, rows=position - before + skip)

    def _verdicts(self, file: ArrivedFile, skip: int) -> Iterator[Verdict]:
        if file.refused:
            yield Verdict(file.name, "", "", "", "", ImportVerdict.REFUSED, file.refused)
            return
        stored = StoredFile(company_id=self.run.company_id, sha256=file.sha256)
        yield from take_in(
            self.installation,
            TakeIn(
                name=file.name,
                content=self.installation.storage.get(stored.key),
                company_id=self.run.company_id,
                dry_run=self.is_judging,
                foresight=self.foresight,
                actor=self.actor,
                skip=skip,
            ),
        )

    def _said(self, position: int, file: ArrivedFile, verdict: Verdict) -> Said:
        if not self.is_judging:
            verdict = self._settled(position, verdict)
        return Said(
            position=position,
            file=file.name,
            verdict=verdict.verdict,
            number=verdict.number[:200],
            customer=verdict.customer[:200],
            issued_on=verdict.issued_on,
            amount=Decimal(verdict.amount) if verdict.amount else None,
            currency=verdict.currency,
            detail=_detail(verdict),
            is_new_customer=verdict.is_new_customer,
            document_id=None if self.is_judging and verdict.verdict is ImportVerdict.CREATED else verdict.document_id,
        )

    def _settled(self, position: int, verdict: Verdict) -> Verdict:
        """An invoice that this very run took in, by a worker that died before it could say so, is not an old one."""
        if self.run.tries == 1 or verdict.verdict is not ImportVerdict.EXISTS:
            return verdict

        def foreseen(db: ScopedSession) -> ImportRow | None:
            row = db.scalar(select(ImportRow).where(ImportRow.run_id == self.run.id, ImportRow.position == position))
            made_at = db.scalar(select(Document.created_at).where(Document.id == verdict.document_id))
            is_ours = made_at and self.run.confirmed_at and made_at >= self.run.confirmed_at
            return row if is_ours and row and row.verdict is ImportVerdict.CREATED else None

        with self.database.read(self.scope) as db:
            row = foreseen(db)
        if row is None:
            return verdict
        return replace(verdict, verdict=row.verdict, detail=row.detail, is_new_customer=row.is_new_customer)

    def _tell(self) -> bool:
        """Whether the claim still holds."""
        command = NoteProgress(
            run_id=self.run.id,
            claim=self.claim,
            until=self.clock() + LEASE,
            said=self.said,
            done=self.done,
            total=max(self.total, self.done),
        )
        self.said, self.told_at = [], time.monotonic()
        return self.database.run(self.scope, lambda db: import_runs.note_progress(db, command))

    def _find_actor(self) -> Actor:
        with self.database.read(self.scope) as db:
            user = db.get(StaffUser, self.run.confirmed_by_id or self.run.user_id or 0)
        return Actor(user.name, user.id) if user else Actor(_("importación"))


def _detail(verdict: Verdict) -> str:
    """What there is to say besides that the customer is new or the invoice old, which the screen has signs for."""
    if verdict.verdict is ImportVerdict.EXISTS and verdict.document_id is not None:
        return ""
    known = new_customer_note(verdict.customer)
    return " ".join(note for note in verdict.notes if note != known) if verdict.notes else verdict.detail
