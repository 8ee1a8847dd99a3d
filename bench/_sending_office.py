"""An office with a document for each of many customers, and their mails in its outbox, to leave when they are let."""

import datetime as dt
import os
import time
from collections.abc import Sequence
from itertools import count

import sqlalchemy as sa

from app import clock
from app.adapters.letters.letter import Letters
from app.domain.mail.checking_sendings import SendDocuments
from app.domain.mail.outbox import mails
from app.domain.mail.sending import send_documents
from app.domain.mail.sending_plans import Wishes, plan_sending
from app.domain.mail.texts import CleanHtml
from app.domain.previewing import preview_publication
from app.domain.publishing import PublishDocuments, publish_documents
from app.domain.queries.dispatches import DispatchFacts, dispatch_facts
from app.domain.queries.letters import letter_facts
from app.domain.selections import DocumentFilter, DocumentSelection, NumberRange
from app.installation import Installation
from app.scope import CompanyScope, ScopedSession
from bench._invoices import fill
from bench._mail_servers import HOST
from models import Attachment, Company, Document, MailAccount, Publication
from models.enums import DocumentKind, MailSecurity, MailStatus
from tests.factories import Make

PDF_OCTETS = 50_000
PATIENCE = 120.0
MAIL_SENDER = "facturas@tosma.example"
SUBJECT = "Adjuntamos {documento} {referencia}"
BODY = CleanHtml("<p>Hola, {cliente}:</p><p>Le enviamos su <b>{documento}</b>, de {total}.</p><p>Un saludo.</p>")
FAR = dt.timedelta(days=1)

Turn = Sequence[int]
"""The ids of mails that leave together."""


class SendingOffice:
    """A company with an invoice for each customer, published, and with the PDF that it came with."""

    def __init__(self, installation: Installation, mails_each: int, most_rounds: int) -> None:
        self.installation, self.mails_each = installation, mails_each
        customers = mails_each * most_rounds
        self.scope = CompanyScope(fill(installation.database.engine, invoices=customers, contacts=customers))
        self.pdf = installation.storage.keep(
            self.scope.company_id, os.urandom(PDF_OCTETS), name="factura.pdf", media_type="application/pdf"
        )
        self._keys = count(1)
        with installation.database.write(self.scope) as db:
            self.user_id = Make(db, db.get_one(Company, db.company_id)).user().id
        installation.database.run(self.scope, self._publish)

    def _publish(self, db: ScopedSession) -> None:
        db.add(self.pdf)
        db.flush()
        documents = sa.select(Document.company_id, Document.id, sa.literal(self.pdf.id), sa.true(), sa.false())
        columns = ["company_id", "document_id", "file_id", "is_customer_pdf", "is_original"]
        mine = documents.where(Document.company_id == db.company_id)
        db.connection().execute(sa.insert(Attachment.__table__).from_select(columns, mine))  # type: ignore[arg-type]
        invoices = DocumentFilter(kind=DocumentKind.INVOICE)
        selection = DocumentSelection(kind=DocumentKind.INVOICE, label="Todas", search=invoices)
        shown = preview_publication(db, selection, notify=False)
        command = PublishDocuments(
            selection=selection, fingerprint=shown.fingerprint, key="todas", user_id=None, notify=False
        )
        publish_documents(db, command)
        # Printing is measured elsewhere.
        unprinted = sa.update(Publication).where(Publication.company_id == db.company_id)
        db.execute(unprinted.values(render_tries=9).execution_options(synchronize_session=False))

    def use(self, security: MailSecurity, port: int) -> None:
        """Send through that server from now on."""

        def use(db: ScopedSession) -> None:
            account = db.scalar(sa.select(MailAccount)) or MailAccount(sender_email=MAIL_SENDER, host=HOST)
            account.security, account.port = security, port
            db.add(account)

        self.installation.database.run(self.scope, use)

    def queue(self, mails_each: int, rounds: int, *, has_pdf: bool) -> list[Turn]:
        """So many messages for each round, to a customer each, none of which may leave yet. Their mails' ids."""
        numbers = NumberRange(series_label="FV25", first=1, last=mails_each * rounds)
        selection = DocumentSelection(kind=DocumentKind.INVOICE, label="Unas cuantas", numbers=numbers)
        key = f"{next(self._keys)}"

        def send(db: ScopedSession) -> int:
            wishes = Wishes(selection=selection, has_links=not has_pdf)
            command = SendDocuments(
                wishes=wishes,
                fingerprint=plan_sending(db, wishes).fingerprint,
                key=key,
                user_id=self.user_id,
                subject=SUBJECT,
                body=BODY,
                portal=self.installation.link("/in/Tosma"),
                due_at=clock.now() + FAR,
            )
            before = db.scalar(sa.select(sa.func.max(mails.c.id)).where(mails.c.company_id == db.company_id)) or 0
            send_documents(db, command)
            return before

        before = self.installation.database.run(self.scope, send)
        self._tidy_up()
        with self.installation.database.read(self.scope) as db:
            mine = mails.c.company_id == db.company_id, mails.c.id > before
            ids = db.scalars(sa.select(mails.c.id).where(*mine).order_by(mails.c.id)).all()
        return [ids[at : at + mails_each] for at in range(0, len(ids), mails_each)]

    def _tidy_up(self) -> None:
        """What PostgreSQL does by itself after a while; better not while we measure."""
        engine = self.installation.database.engine
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")

    def have_sent(self, turn: Turn) -> None:
        """Let them leave, and wait until they all have."""
        mine = mails.c.company_id == self.scope.company_id, mails.c.id.between(turn[0], turn[-1])
        due = sa.update(mails).where(*mine).values(due_at=clock.now())
        self.installation.database.run(self.scope, lambda db: db.connection().execute(due))
        until = time.monotonic() + PATIENCE
        unsent = sa.select(sa.func.count()).select_from(mails).where(*mine, mails.c.status != MailStatus.SENT)
        while True:
            with self.installation.database.read(self.scope) as db:
                if not db.scalar(unsent):
                    return
            assert time.monotonic() < until, "the workers do not send"
            time.sleep(0.4)

    def facts(self, turn: Turn) -> tuple[Letters, list[DispatchFacts]]:
        """What its messages say, for whoever writes them by hand."""
        with self.installation.database.read(self.scope) as db:
            mine = mails.c.company_id == db.company_id, mails.c.id.in_(turn)
            ids = db.scalars(sa.select(mails.c.dispatch_id).where(*mine).order_by(mails.c.id)).all()
            found = [each for at in range(0, len(ids), 50) for each in dispatch_facts(db, ids[at : at + 50]).values()]
            facts = letter_facts(db, ())
            return Letters(self.installation.intranet(facts.company.slug), facts), found
