"""A text of a mail before it is saved, as the mail it would make: of a real document, by the very code that sends."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from sqlalchemy import Select, select

from app import clock
from app.adapters.letters.address import MailAddress
from app.adapters.letters.letter import HIDDEN, Letter, Letters
from app.adapters.letters.pictures import pictures_of, with_pictures
from app.domain.kinds import KINDS
from app.domain.mail.accounts import company_account, owned_account
from app.domain.mail.outbox import DueMail
from app.domain.mail.secrets import LIFE, Secret
from app.domain.mail.texts import ChosenTexts
from app.domain.mail.values import document_values, sender_values
from app.domain.mail.variables import fill_html, fill_line
from app.domain.queries.letters import LetterFacts, ListedDocument, Listing, Reader
from app.domain.queries.wordings import Wording, logo_of
from app.installation import Installation
from app.mail.writing import sender_of
from app.scope import ScopedSession
from app.texts import _
from models import Company, Contact, Document, StaffUser
from models.document import OPEN
from models.enums import AccessDelivery, DocumentKind, DocumentStatus, MailKind, TextKind, TokenPurpose

MOST_SAMPLES = 10
SEVERAL = 3


class TextPreview(Struct, frozen=True, kw_only=True):
    """``document_id`` none: the newest one. ``are_several``: as many as a notice usually tells of."""

    kind: TextKind
    texts: ChosenTexts
    user: StaffUser | None = None
    document_id: int | None = None
    are_several: bool = False


class Previewed(Struct, frozen=True, kw_only=True):
    sender: str
    recipient: str
    subject: str
    text: str
    html: str


def sample_documents(db: ScopedSession, kind: TextKind) -> list[Document]:
    """Real documents to look at a text with, the newest first; none where a text is not about documents."""
    if kind in (TextKind.ACCESS, TextKind.LICENCE):
        return []
    return list(db.scalars(_found(kind).limit(MOST_SAMPLES)))


class Sample:
    """A text with something to say it about: gathered in a transaction, written after it."""

    def __init__(self, db: ScopedSession, asked: TextPreview) -> None:
        company = db.get_one(Company, db.company_id)
        account = (owned_account(db, asked.user.id) if asked.user is not None else None) or company_account(db)
        self.asked = asked
        self.facts = LetterFacts(company=company, account=account, logo=logo_of(db, company))
        self.documents = _documents(db, asked, company)
        is_real = bool(self.documents) and self.documents[0].id is not None
        contact = self.documents[0].contact if is_real else _newest_contact(db)
        name = self.documents[0].buyer_name if self.documents else ""
        self.name = name or (contact.name if contact is not None else _("Cliente de ejemplo, S.L."))
        self.email = (contact.email if contact is not None else None) or "cliente@empresa.example"

    def write(self, installation: Installation) -> Previewed:
        """What a reader would get. Of a document that nobody issued where there is none yet."""
        letter = self._letter(Letters(installation.intranet(self.facts.company.slug), self.facts), installation)
        pictures = pictures_of(installation.storage, self.facts.company.id, letter.html)
        return Previewed(
            sender=_spelt(sender_of(installation, self.facts)),
            recipient=_spelt(MailAddress(self.email, self.name)),
            subject=letter.subject,
            text=letter.text,
            html=with_pictures(letter.html, {one.content_id: (one.media_type, one.content) for one in pictures}),
        )

    def _letter(self, letters: Letters, installation: Installation) -> Letter:
        if self.asked.kind is TextKind.NOTICE:
            return self._as_sent(installation, MailKind.NOTICE, None)
        if self.asked.kind is TextKind.ACCESS:
            return self._as_sent(installation, MailKind.ACCESS, _hidden_entry(self.facts.company))
        texts = self.asked.texts
        values = self._values(letters.portal)
        return letters.compose(fill_line(texts.subject.text, values), fill_html(texts.letter, values))

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

    def _as_sent(self, installation: Installation, kind: MailKind, secret: Secret | None) -> Letter:
        """A mail of the intranet's own, through the same door as the real ones."""
        reader = Reader(
            id=0,
            email=self.email,
            password_hash="",
            must_change_password=False,
            is_told=True,
            is_active=True,
            has_access=True,
        )
        texts = self.asked.texts
        facts = LetterFacts(
            company=self.facts.company,
            account=self.facts.account,
            readers={0: reader},
            listings={(0, 0): _listing(self.documents)} if self.documents else {},
            wordings={} if texts.is_built_in else {(kind, 0): Wording(texts, self.asked.user)},
            logo=self.facts.logo,
        )
        mail = DueMail(
            id=0,
            kind=kind,
            recipient=self.email,
            recipient_name=self.name,
            language="es",
            portal_account_id=0,
            batch_id=0,
            dispatch_id=None,
            facts=None,
            is_secret=secret is not None,
            attempts=0,
            breaks=0,
            give_up_at=None,
            message_id=None,
            frozen=None,
        )
        return Letters(installation.intranet(facts.company.slug), facts).write(mail, secret, clock.now())


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
    return list(db.scalars(found.where(Document.contact_id == first.contact_id).limit(SEVERAL)))


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


def _hidden_entry(company: Company) -> Secret:
    by_link = company.access_delivery is AccessDelivery.LINK
    purpose = TokenPurpose.ACTIVATE if by_link else None
    expires_at = clock.now() + LIFE[TokenPurpose.ACTIVATE] if by_link else None
    return Secret(account_id=0, text=HIDDEN, hash="", seen_hash="", purpose=purpose, expires_at=expires_at)


def _spelt(address: MailAddress) -> str:
    return f"{address.name} <{address.email}>" if address.name else address.email
