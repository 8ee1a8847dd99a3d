"""What the worker tidies up: claims of workers that died, mails that waited too long, links nobody can use now."""

import datetime as dt
import logging
from functools import partial
from typing import Any

import sqlalchemy as sa

from app.db import Database
from app.domain.mail.delivering import give_up_unreachable
from app.domain.mail.keeping_copies import forsaken_copies, give_up_copies
from app.domain.mail.outbox import Released, release_stale
from app.domain.queries.outbox import due_for_long, stale_companies
from app.domain.remembering import KEPT as ANSWERS_KEPT
from app.domain.telling import deliveries
from app.domain.webhook_deliveries import KEPT as DELIVERIES_KEPT
from app.domain.webhook_deliveries import give_up_deliveries
from app.scope import SYSTEM, CompanyScope, ScopedSession
from models import (
    IdempotencyKey,
    ImportRun,
    MailConsent,
    PortalSession,
    PortalToken,
    StaffSession,
    Throttle,
)
from models.enums import TokenPurpose

log = logging.getLogger(__name__)

KEPT = dt.timedelta(days=30)
"""How long an expired link can still say that it has expired, and an ended session who it was."""

INVITATIONS_KEPT = dt.timedelta(days=365)
"""The same for the link of an invitation: many customers come twice a year."""

tokens: Any = PortalToken.__table__
portal_sessions: Any = PortalSession.__table__
staff_sessions: Any = StaffSession.__table__
throttles: Any = Throttle.__table__
consents: Any = MailConsent.__table__
import_runs: Any = ImportRun.__table__
answers: Any = IdempotencyKey.__table__


def release_dead(database: Database, now: dt.datetime) -> list[Released]:
    """Take back what workers that died were holding, in every company."""
    with database.read(SYSTEM) as db:
        companies = stale_companies(db, now)
    released = [database.run(CompanyScope(company_id), lambda db: release_stale(db, now)) for company_id in companies]
    for company_id, what in zip(companies, released, strict=True):
        if what == Released():
            continue  # another worker was quicker
        log.warning("company %s: a worker died, %s in doubt, %s again", company_id, what.doubtful, what.waiting)
    return released


def give_up(database: Database, now: dt.datetime) -> None:
    """Fail, visibly, what nobody has taken in its time: mails in two days, copies of them in one, webhooks in three."""
    with database.read(SYSTEM) as db:
        queues = due_for_long(db, now)
        companies = forsaken_copies(db, now)
    for queue in queues:
        failed = database.run(
            CompanyScope(queue.company_id), partial(give_up_unreachable, now=now, account_id=queue.account_id)
        )
        if failed:
            log.warning("company %s: %s mails given up", queue.company_id, failed)
    for company_id in companies:
        copies = database.run(CompanyScope(company_id), lambda db: give_up_copies(db, now))
        log.warning("company %s: %s copies of sent mails given up", company_id, copies)
    database.run(SYSTEM, lambda db: give_up_deliveries(db, now))


def throw_away(database: Database, now: dt.datetime) -> None:
    """Delete links, sessions, counters and files nobody imported that have been of no use to anybody for a month.

    And what programs were answered or told: nobody asks for it again.
    """
    long_ago = now - KEPT
    no_invitation = sa.or_(tokens.c.purpose != TokenPurpose.ACTIVATE, tokens.c.expires_at < now - INVITATIONS_KEPT)

    def delete_old(db: ScopedSession) -> None:
        db.connection().execute(sa.delete(tokens).where(tokens.c.expires_at < long_ago, no_invitation))
        for table, moment in (
            (portal_sessions, portal_sessions.c.seen_at),
            (staff_sessions, staff_sessions.c.seen_at),
            (throttles, throttles.c.since),
            (consents, consents.c.expires_at),
        ):
            db.connection().execute(sa.delete(table).where(moment < long_ago))
        forgotten = sa.and_(import_runs.c.batch_id.is_(None), import_runs.c.created_at < long_ago)
        db.connection().execute(sa.delete(import_runs).where(forgotten))
        db.connection().execute(sa.delete(answers).where(answers.c.created_at < now - ANSWERS_KEPT))
        db.connection().execute(sa.delete(deliveries).where(deliveries.c.finished_at < now - DELIVERIES_KEPT))

    database.run(SYSTEM, delete_old)
