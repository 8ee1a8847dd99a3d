"""Texts of mails with something to say: real documents where there are any, by the very code that sends."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Select, func, select

from app import clock
from app.domain.kinds import KINDS
from app.domain.mail.built_in_texts import LETTERS
from app.domain.mail.outbox import DueMail
from app.domain.mail.senders import senders_for
from app.domain.mail.texts import ChosenTexts
from app.domain.mail.values import document_values, sender_values
from app.domain.mail.variables import fill_html, fill_line
from app.domain.queries.letters import ListedDocument, Listing, Reader
from app.domain.queries.wordings import Wording
from app.installation import Installation
from app.mail.preview import as_planned, dispatch_as_planned, planned_dispatch, planned_facts
from app.mail.shown import ShownMail
from app.scope import ScopedSession
from app.texts import _
from models import Company, Contact, Document, StaffUser
from models.document import OPEN
from models.enums import DocumentKind, DocumentStatus, MailKind, TextKind

MOST_SAMPLES = 10
SEVERAL = 3


class TextPreview(Struct, frozen=True, kw_only=True):
    """``document_id`` none: the newest one. ``are_several``: as many as a notice usually tells of, of one customer."""

    kind: TextKind
    texts: ChosenTexts
    user: StaffUser | None = None
    document_id: int | None = None
    are_several: bool = False


def sample_documents(db: ScopedSession, kind: TextKind) -> list[Document]:
    """Real documents to look at a text with, the newest first; none where a text is not about documents."""
    if kind in (TextKind.ACCESS, TextKind.LICENCE):
        return []
    return list(db.scalars(_found(kind).limit(MOST_SAMPLES)))


class Sample:
    """A text with something to say it about: gathered in a transaction, written after it."""

    def __init__(self, db: ScopedSession, asked: TextPreview) -> None:
        self.asked = asked
        self.facts = planned_facts(db, _account_id(db, asked))
        self.documents = _documents(db, asked, self.facts.company)
        is_real = bool(self.documents) and self.documents[0].id is not None
        contact = self.documents[0].contact if is_real else _newest_contact(db)
        name = self.documents[0].buyer_name if self.documents else ""
        self.name = name or (contact.name if contact is not None else _("Cliente de ejemplo, S.L."))
        self.email = (contact.email if contact is not None else None) or "cliente@empresa.example"

    def write(self, installation: Installation) -> ShownMail:
        """What a reader would get. Of a document that nobody issued where there is none yet."""
        if self.asked.kind in LETTERS:
            return self._own_letter(installation, MailKind(self.asked.kind))
        texts, values = self.asked.texts, self._values(installation.intranet(self.facts.company.slug))
        message = planned_dispatch(
            to=((self.email, self.name),),
            subject=fill_line(texts.subject.text, values),
            body=fill_html(texts.letter, values),
        )
        return dispatch_as_planned(installation, self.facts, message)

    def _values(self, portal: str) -> dict[str, str]:
        company, user, today = self.facts.company, self.asked.user, clock.today()
        if self.documents:
            return document_values(self.documents, company=company, user=user, portal=portal, today=today)
        return sender_values(company, user, portal=portal) | {
            "cliente": self.name,
            "producto": _("Gestión Pymes"),
            "licencia": "4F7K-9M2P-XQ83-D6TB",
            "caducidad": f"{today.replace(month=12, day=31):%d/%m/%Y}",
            "instrucciones": _("1. Descargue el programa.\n2. Ábralo y escriba el número de licencia."),
        }

    def _own_letter(self, installation: Installation, kind: MailKind) -> ShownMail:
        """A mail of the intranet's own, to somebody who has a password unless it is the one that gives access."""
        reader = Reader(
            id=0,
            email=self.email,
            password_hash="" if kind is MailKind.ACCESS else "chosen",
            must_change_password=False,
            is_told=True,
            is_active=True,
            has_access=True,
        )
        texts = self.asked.texts
        facts = replace(
            self.facts,
            readers={0: reader},
            listings={(0, 0): _listing(self.documents)} if self.documents else {},
            wordings={} if texts.is_built_in else {(kind, 0): Wording(texts, self.asked.user)},
        )
        mail = DueMail(id=0, kind=kind, recipient=self.email, recipient_name=self.name, portal_account_id=0, batch_id=0)
        return as_planned(installation, facts, mail)


def _account_id(db: ScopedSession, asked: TextPreview) -> int | None:
    """Letters of the intranet leave from the company's account, all else from what its writer would rather use."""
    if asked.user is None or asked.kind in LETTERS:
        return None
    return next((sender.account_id for sender in senders_for(db, asked.user.id)), None)


def _found(kind: TextKind) -> Select[Document]:
    """Documents that a text of this kind is about: the newest first, but what is owed the longest."""
    if kind is TextKind.REMINDER:
        owed = select(Document).where(Document.kind == DocumentKind.INVOICE, Document.status.in_(OPEN))
        return owed.order_by(Document.due_on, Document.id)
    wanted = DocumentKind.INVOICE if kind is TextKind.NOTICE else DocumentKind(kind)
    issued = select(Document).where(Document.kind == wanted, Document.status != DocumentStatus.DRAFT)
    return issued.order_by(Document.issued_on.desc(), Document.id.desc())


def _documents(db: ScopedSession, asked: TextPreview, company: Company) -> Sequence[Document]:
    if asked.kind in (TextKind.ACCESS, TextKind.LICENCE):
        return []
    found = _found(asked.kind)
    chosen = db.scalar(found.where(Document.id == asked.document_id)) if asked.document_id is not None else None
    first = chosen or db.scalar(found.limit(1))
    if first is None:
        return [_made_up(company, asked.kind)]
    if not asked.are_several:
        return [first]
    whose = db.scalar(_who_has_several(found)) or first.contact_id
    return list(db.scalars(found.where(Document.contact_id == whose).limit(SEVERAL)))


def _who_has_several(found: Select[Document]) -> Select[int]:
    """Of the documents found, the contact with the newest among those that have more than one."""
    some = found.with_only_columns(Document.contact_id).order_by(None).group_by(Document.contact_id)
    return some.having(func.count(Document.id) > 1).order_by(func.max(Document.issued_on).desc()).limit(1)


def _newest_contact(db: ScopedSession) -> Contact | None:
    reachable = select(Contact).where(Contact.email.is_not(None), Contact.is_customer)
    return db.scalar(reachable.order_by(Contact.id.desc()).limit(1))


def _made_up(company: Company, kind: TextKind) -> Document:
    """A document that nobody issued, to look at."""
    of = DocumentKind.INVOICE if kind in (TextKind.NOTICE, TextKind.REMINDER) else DocumentKind(kind)
    facts, today = KINDS[of], clock.today()
    label = f"{facts.series_code}{today:%y}"
    return facts.cls(
        company_id=company.id,
        kind=of,
        status=DocumentStatus.PENDING if facts.falls_due else DocumentStatus.ISSUED,
        series_label=label,
        number_text=f"{label}-0123",
        issued_on=today,
        due_on=today + dt.timedelta(days=-20 if kind is TextKind.REMINDER else 30),
        buyer_name=_("Proveedor de ejemplo, S.L.") if facts.is_purchase else _("Cliente de ejemplo, S.L."),
        currency="EUR",
        base_total=Decimal("1063.45"),
        total=Decimal("1286.77"),
        payable=Decimal("1286.77"),
        collected=Decimal(0),
        subject="",
    )


def _listing(documents: Sequence[Document]) -> Listing:
    listed = tuple(
        ListedDocument(
            id=document.id or 0,
            kind=document.kind,
            number=str(document),
            issued_on=document.issued_on,
            due_on=document.due_on,
            total=document.total,
            currency=document.currency,
            buyer=document.buyer_name,
        )
        for document in documents
    )
    return Listing(listed, len(listed), listed[0].kind)
