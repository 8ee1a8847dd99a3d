"""An office's outbox as an outsider sees it: whether anything arrives, how much is left."""

import sys
import time
from pathlib import Path

import sqlalchemy as sa

from app.domain.mail.outbox import mails
from app.installation import Installation
from app.scope import CompanyScope
from models.enums import MailStatus

PATIENCE = 120.0
OPEN = (MailStatus.QUEUED, MailStatus.RETRY, MailStatus.SENDING)


class Outbox:
    """``journals`` are the files that grow with every mail that arrives."""

    def __init__(self, installation: Installation, company_id: int, *journals: Path) -> None:
        self.installation = installation
        self.scope = CompanyScope(company_id)
        self.journals = journals

    def wait_for_mail(self) -> None:
        """Until one more has arrived, so that whoever dies does so at work."""
        before, until = self._size(), time.monotonic() + PATIENCE
        while self._size() == before:
            assert time.monotonic() < until, "no mail arrives any more"
            time.sleep(0.005)

    def _size(self) -> int:
        return sum(journal.stat().st_size for journal in self.journals)

    def wait_until_empty(self) -> None:
        fewest, until = sys.maxsize, 0.0
        while left := self.left():
            if left < fewest:
                fewest, until = left, time.monotonic() + PATIENCE
            assert time.monotonic() < until, f"{left} mails are stuck"
            time.sleep(0.1)

    def left(self) -> int:
        """How much there is still to do."""
        return self.waiting(*OPEN)

    def waiting(self, *statuses: MailStatus) -> int:
        mine = (mails.c.company_id == self.scope.company_id, mails.c.status.in_(statuses))
        with self.installation.database.read(self.scope) as db:
            return db.scalar(sa.select(sa.func.count()).select_from(mails).where(*mine)) or 0
