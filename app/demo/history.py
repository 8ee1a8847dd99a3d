"""What has happened since: publications with their notices, accesses activated, documents read."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct
from sqlalchemy import bindparam, func, select, update

from app.demo.dice import Dice
from app.demo.people import DEMO_EMAIL
from app.demo.rows import insert_all
from app.demo.timeline import Timeline, at
from app.domain.access_tables import portal_accounts
from app.domain.folding import fold
from app.domain.kinds import KINDS
from app.domain.previewing import preview_publication
from app.domain.publishing import PublishDocuments, publish_documents
from app.domain.selections import DocumentFilter, DocumentSelection
from app.scope import ScopedSession
from models import Batch, DocumentEvent, MailAttempt, OutgoingMail, PortalMembership, Publication
from models.enums import DocumentKind, EventKind, MailStatus

BROWSERS = (
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", 30),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1",
        35,
    ),
    ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36", 35),
)
ACTIVATE = 0.62
ACCEPTED, REFUSED = "250 2.0.0 Ok: queued", "550 5.1.1 Recipient address rejected: User unknown"

_batches: Any = Batch.__table__
_publications: Any = Publication.__table__
_memberships: Any = PortalMembership.__table__
_mails: Any = OutgoingMail.__table__


class Span(Struct, frozen=True):
    """What was published together: the documents of a kind from one day to another. ``clock``: at what time."""

    kind: DocumentKind
    label: str
    first: dt.date
    last: dt.date
    clock: tuple[int, int]

    @property
    def subject(self) -> str:
        words, is_purchase = KINDS[self.kind].words, KINDS[self.kind].is_purchase
        new = "Nuevas" if words.is_feminine else "Nuevos"
        return f"{new} {words.nouns} en su área de {'proveedor' if is_purchase else 'cliente'}"


class History:
    """The publications of one company up to ``until``. The last one's notices are still to leave."""

    def __init__(self, db: ScopedSession, dice: Dice, timeline: Timeline, user_id: int) -> None:
        self.db, self.dice, self.timeline, self.user_id = db, dice, timeline, user_id

    def unfold(self, until: dt.date, kinds: Iterable[DocumentKind], *, nobody: str, demo_password: str) -> None:
        """Of invoices and of ``kinds``; ``nobody`` is the hash of a password nobody knows."""
        spans = self._spans(until, kinds)
        for span in spans:
            batch_id = self._publish(span)
            if batch_id is None:
                continue
            moment = at(self.timeline.working_day_from(span.last + dt.timedelta(days=1)), *span.clock)
            self._date(batch_id, moment)
            if span is not spans[-1]:
                self._send(batch_id, moment, span.subject)
            self._activate(batch_id, moment, nobody, demo_password)
        self._read()

    def _spans(self, until: dt.date, kinds: Iterable[DocumentKind]) -> list[Span]:
        """In the order of time, the last of them of invoices. The other kinds were begun with that morning."""
        invoices = [
            Span(DocumentKind.INVOICE, *span, (9, self.dice.randint(5, 55)))
            for span in self.timeline.publications(until)
        ]
        others = []
        for number, kind in enumerate(kinds):
            label = f"{KINDS[kind].words.plural_title} hasta el {until:%d/%m/%Y}"
            others.append(Span(kind, label, invoices[0].first, until, (8, 4 + 9 * number)))
        return [*invoices[:-1], *others, invoices[-1]]

    def _publish(self, span: Span) -> int | None:
        wanted = DocumentFilter(
            kind=span.kind, published=False, issued_from=span.first, issued_to=span.last, today=self.timeline.today
        )
        selection = DocumentSelection(kind=span.kind, label=span.label, search=wanted)
        preview = preview_publication(self.db, selection, notify=True)
        if not preview.documents:
            return None
        command = PublishDocuments(
            selection=selection,
            fingerprint=preview.fingerprint,
            key=f"demostracion-{span.kind}-{span.first:%Y-%m}",
            user_id=self.user_id,
        )
        return publish_documents(self.db, command).batch_id

    def _date(self, batch_id: int, moment: dt.datetime) -> None:
        """Everything the publication wrote says it was written then."""
        for table, names in (
            (_publications, ("created_at",)),
            (portal_accounts, ("created_at",)),
            (_memberships, ("created_at",)),
            (_mails, ("created_at",)),
        ):
            self._change(table, table.c.batch_id == batch_id, **dict.fromkeys(names, moment))
        self._change(_batches, _batches.c.id == batch_id, created_at=moment)

    def _send(self, batch_id: int, moment: dt.datetime, subject: str) -> None:
        """The notices left within minutes; now and then an address does not exist."""
        mine = _mails.c.batch_id == batch_id
        rows = self.db.execute(
            select(_mails.c.id, _mails.c.portal_account_id).where(_mails.c.company_id == self.db.company_id, mine)
        ).all()
        later = moment + dt.timedelta(minutes=3)
        self._change(
            _mails,
            mine,
            status=MailStatus.SENT,
            subject=subject,
            search_key=fold(subject),
            due_at=moment,
            attempts=1,
            last_reply=ACCEPTED,
            finished_at=later,
        )
        self._change(portal_accounts, portal_accounts.c.id.in_([row.portal_account_id for row in rows]), told_at=later)
        refused = {row.id: row.portal_account_id for row in rows if self.dice.happens(0.002)}
        self._change(_mails, _mails.c.id.in_(refused), status=MailStatus.FAILED, last_reply=REFUSED)
        self._change(portal_accounts, portal_accounts.c.id.in_(refused.values()), bounced_at=later)
        insert_all(self.db, [self._attempt(row.id, later, row.id in refused) for row in rows])

    def _attempt(self, mail_id: int, moment: dt.datetime, is_refused: bool) -> MailAttempt:
        return MailAttempt(
            company_id=self.db.company_id,
            mail_id=mail_id,
            status=MailStatus.FAILED if is_refused else MailStatus.SENT,
            verb="RCPT" if is_refused else "DATA",
            reply=REFUSED if is_refused else ACCEPTED,
            created_at=moment,
        )

    def _activate(self, batch_id: int, moment: dt.datetime, nobody: str, demo_password: str) -> None:
        """Most of those who were told for the first time choose a password in the days that follow."""
        new = self.db.execute(
            select(portal_accounts.c.id, portal_accounts.c.email)
            .where(portal_accounts.c.company_id == self.db.company_id, portal_accounts.c.batch_id == batch_id)
            .order_by(portal_accounts.c.id)
        ).all()
        active = []
        for row in new:
            is_demo = row.email == DEMO_EMAIL
            if is_demo or self.dice.happens(ACTIVATE):
                then = self._later(moment, hours=60)
                active.append({"key": row.id, "then": then, "hash": demo_password if is_demo else nobody})
        if active:
            statement = (
                update(portal_accounts)
                .where(portal_accounts.c.company_id == self.db.company_id, portal_accounts.c.id == bindparam("key"))
                .values(opened_at=bindparam("then"), activated_at=bindparam("then"), password_hash=bindparam("hash"))
            )
            self.db.connection().execute(statement, active)

    def _read(self) -> None:
        """What those with access looked at and took, and when they were last here."""
        rows = self.db.execute(
            select(
                _publications.c.document_id,
                _publications.c.contact_id,
                func.max(_publications.c.created_at).label("published_at"),
                func.min(_memberships.c.account_id).label("account_id"),
            )
            .join(
                _memberships,
                (_memberships.c.company_id == _publications.c.company_id)
                & (_memberships.c.contact_id == _publications.c.contact_id),
            )
            .join(
                portal_accounts,
                (portal_accounts.c.company_id == _memberships.c.company_id)
                & (portal_accounts.c.id == _memberships.c.account_id),
            )
            .where(_publications.c.company_id == self.db.company_id, portal_accounts.c.activated_at.is_not(None))
            .group_by(_publications.c.document_id, _publications.c.contact_id)
            .order_by(_publications.c.document_id)
        ).all()
        events = [event for row in rows for event in self._events(row)]
        events.sort(key=lambda event: event.created_at)
        insert_all(self.db, events)
        last_seen = {event.account_id: event.created_at for event in events}
        if last_seen:
            self.db.connection().execute(
                update(portal_accounts)
                .where(portal_accounts.c.company_id == self.db.company_id, portal_accounts.c.id == bindparam("key"))
                .values(last_sign_in_at=bindparam("then")),
                [{"key": account_id, "then": moment} for account_id, moment in last_seen.items()],
            )

    def _events(self, row: Any) -> list[DocumentEvent]:
        address, browser = f"203.0.113.{self.dice.randint(1, 254)}", self.dice.one(BROWSERS)
        return [
            DocumentEvent(
                company_id=self.db.company_id,
                document_id=row.document_id,
                contact_id=row.contact_id,
                account_id=row.account_id,
                kind=kind,
                address=address,
                browser=browser,
                created_at=moment,
            )
            for kind, moment in self._readings(row.published_at)
        ]

    def _readings(self, published_at: dt.datetime) -> Iterator[tuple[EventKind, dt.datetime]]:
        """Most look at it in the week that follows, many take the PDF; now and then somebody comes back these days."""
        first = self._later(published_at, hours=200)
        if self.dice.happens(0.7):
            yield EventKind.VIEWED, first
        if self.dice.happens(0.45):
            yield EventKind.DOWNLOADED, min(first + dt.timedelta(minutes=1), self._now)
        if self.dice.happens(0.012):
            yield EventKind.VIEWED, max(first, self._now - dt.timedelta(minutes=self.dice.randint(5, 9 * 1440)))

    @property
    def _now(self) -> dt.datetime:
        return at(self.timeline.today, 23)

    def _later(self, moment: dt.datetime, *, hours: int) -> dt.datetime:
        return min(moment + dt.timedelta(minutes=self.dice.randint(20, hours * 60)), self._now)

    def _change(self, table: Any, which: Any, **values: Any) -> None:
        self.db.connection().execute(
            update(table).where(table.c.company_id == self.db.company_id, which).values(**values)
        )
