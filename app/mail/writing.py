"""From due mails to bytes: what each mail says, its secret minted, its message built. Outside any transaction."""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from functools import lru_cache

from jinja2 import TemplateError
from msgspec import Struct, field

from app.adapters.letters.address import MailAddress
from app.adapters.letters.html import images_of
from app.adapters.letters.letter import HIDDEN, Letters
from app.adapters.letters.mime import Skeleton
from app.adapters.letters.pictures import pictures_of
from app.domain.mail.delivering import has_dead_link, patience_ends_at
from app.domain.mail.outbox import DueMail, SetAside, WrittenMail
from app.domain.mail.secrets import LIFE, Secret, mint_link, mint_password
from app.domain.mail.senders import named_sender
from app.domain.queries.dispatches import DispatchFacts
from app.domain.queries.letters import LetterFacts, Reader
from app.errors import MISTAKES, AdapterError, Refusal
from app.installation import Installation
from app.mail.dispatch_messages import dispatch_message
from app.mail.signatures import dkim_key_of, signed
from app.secrets import Keys, SealBroken, TooBusy
from app.texts import _
from models.enums import AccessDelivery, MailKind, MailStatus, TokenPurpose

log = logging.getLogger(__name__)

HEADERS = (("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All"))

Mint = Callable[[Reader, TokenPurpose | None, dt.datetime], Secret]


class Pointless(Refusal):
    """There is nothing left to tell, or nobody to tell it to."""


class _NotNow(Exception):
    """There is more than may be in memory together: this one waits for the next time."""


class Writing(Struct):
    """What came of writing a group."""

    written: list[WrittenMail] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)


def write_mails(installation: Installation, facts: LetterFacts, due: Iterable[DueMail], now: dt.datetime) -> Writing:
    """Those tried before keep the bytes they have, while there is a point; the others are written now.

    Mails of one account in the same group share its secret. One whose password cannot be hashed for the moment is
    left for the next time, and so is what would be too much at once.
    """
    writer = _Writer(installation, facts, now, _mint)
    writing = Writing()
    for mail in due:
        try:
            writing.written.append(writer.write(mail))
        except (TooBusy, _NotNow):
            continue
        except Pointless as pointless:
            writing.set_aside.append(SetAside(mail.id, MailStatus.CANCELLED, str(pointless)))
        except Refusal as refusal:
            writing.set_aside.append(SetAside(mail.id, MailStatus.FAILED, str(refusal)))
        except SealBroken:
            reason = _("La clave de la instalación no es la que guardó este correo.")
            writing.set_aside.append(SetAside(mail.id, MailStatus.FAILED, reason))
        except AdapterError as missing:
            log.warning("mail %s cannot be written: %s", mail.id, missing)
            writing.set_aside.append(SetAside(mail.id, MailStatus.FAILED, str(missing)))
        except (TemplateError, *MISTAKES):
            log.exception("mail %s cannot be written", mail.id)
            writing.set_aside.append(SetAside(mail.id, MailStatus.FAILED, _("No se ha podido redactar el correo.")))
    return writing


def preview_mail(installation: Installation, facts: LetterFacts, mail: DueMail, now: dt.datetime) -> bytes:
    """What a mail would be if it were written now, with dots for its secret. Raises ``Refusal`` when it would not."""
    return _Writer(installation, facts, now, _hide).write(mail).content


def frozen_context(company_id: int, mail_id: int) -> str:
    """Where the sealed bytes of a mail belong: they open nowhere else."""
    return f"outgoing_mails/{company_id}/{mail_id}/frozen"


def sender_of(installation: Installation, facts: LetterFacts) -> MailAddress:
    """Whom mail comes from, and who is told when it cannot be delivered."""
    sender = named_sender(facts.company, facts.account)
    return MailAddress(sender.email or f"avisos@{installation.mail_domain}", sender.name)


class _Writer:
    def __init__(self, installation: Installation, facts: LetterFacts, now: dt.datetime, mint: Mint) -> None:
        self.installation = installation
        self.keys: Keys = installation.keys
        self.mint = mint
        self.facts = facts
        self.now = now
        self.letters = Letters(installation.intranet(facts.company.slug), facts)
        self.domain = installation.mail_domain
        self.sender = sender_of(installation, facts)
        self.reply_to = _reply_to(facts)
        self.skeletons: dict[tuple[str, ...], Skeleton] = {(): _skeleton(self.sender, self.reply_to)}
        self.key = dkim_key_of(installation, facts.account)
        self.secrets: dict[tuple[int, TokenPurpose | None], Secret] = {}
        self.messages: dict[int, bytes] = {}

    def write(self, mail: DueMail) -> WrittenMail:
        if mail.dispatch_id is not None:
            return self._write_dispatch(mail, mail.dispatch_id)
        reader = self.facts.readers.get(mail.portal_account_id or 0)
        self._check_point(mail, reader)
        if mail.frozen is not None and not (has_dead_link(mail, self.now) and self._can_renew(mail, reader)):
            return self._as_frozen(mail, mail.frozen)
        secret = self._secret(mail, reader)
        letter = self.letters.write(mail, secret, self.now)
        message_id = self._message_id(mail)
        content = self._skeleton(letter.html).fill(
            MailAddress(mail.recipient, mail.recipient_name),
            letter.subject,
            letter.text,
            letter.html,
            message_id=message_id,
            date=self.now,
        )
        content = signed(content, self.key, self.now)
        context = frozen_context(self.facts.company.id, mail.id)
        return WrittenMail(
            mail=mail,
            content=content,
            message_id=message_id,
            subject=letter.subject,
            stored=self.keys.seal(content, context) if secret else content,
            is_secret=secret is not None,
            is_telling=_tells(mail, reader, secret is not None),
            give_up_at=patience_ends_at(mail.kind, self.now),
            secret=secret,
        )

    def _skeleton(self, html: str) -> Skeleton:
        """What the mails of a group share; those in own words, also their pictures."""
        shown = images_of(html) if self.facts.wordings else ()
        if shown not in self.skeletons:
            pictures = pictures_of(self.installation.storage, self.facts.company.id, html)
            self.skeletons[shown] = Skeleton(self.sender, reply_to=self.reply_to, pictures=pictures, headers=HEADERS)
        return self.skeletons[shown]

    def _write_dispatch(self, mail: DueMail, dispatch_id: int) -> WrittenMail:
        """The message its mails share: what was frozen with the first of them, or is now."""
        dispatch = self.facts.dispatches.get(dispatch_id)
        if dispatch is None:
            raise _NotNow
        if dispatch.has_links and not any(document.is_published for document in dispatch.documents):
            raise Pointless(_("Ya no queda ningún documento publicado al que lleven sus enlaces."))
        message_id = self._message_id_of("dispatch", dispatch_id)
        if dispatch_id not in self.messages:
            self.messages[dispatch_id] = dispatch.frozen or self._message(dispatch, message_id)
        content = self.messages[dispatch_id]
        return WrittenMail(
            mail=mail,
            content=content,
            message_id=mail.message_id or message_id,
            subject=dispatch.subject,
            stored=content if mail.message_id is None else None,
            give_up_at=mail.give_up_at or patience_ends_at(mail.kind, self.now),
        )

    def _message(self, dispatch: DispatchFacts, message_id: str) -> bytes:
        reply_to = MailAddress(dispatch.reply_to) if dispatch.reply_to else self.reply_to
        content = dispatch_message(
            self.installation, self.letters, dispatch, sender=self.sender, reply_to=reply_to, message_id=message_id
        )
        return signed(content, self.key, dispatch.due_at)  # whoever writes it, the same bytes

    def _as_frozen(self, mail: DueMail, frozen: bytes) -> WrittenMail:
        context = frozen_context(self.facts.company.id, mail.id)
        return WrittenMail(
            mail=mail,
            content=self.keys.open(frozen, context) if mail.is_secret else frozen,
            message_id=mail.message_id or "",
            is_secret=mail.is_secret,
            is_telling=_tells(mail, self.facts.readers.get(mail.portal_account_id or 0), mail.is_secret),
            # Sent again by the office: its patience begins anew.
            give_up_at=mail.give_up_at or patience_ends_at(mail.kind, self.now),
        )

    @staticmethod
    def _can_renew(mail: DueMail, reader: Reader | None) -> bool:
        """A mailed password stays the one that works: only links are minted again."""
        return reader is not None and (mail.kind is MailKind.RECOVERY or not reader.password_hash)

    def _check_point(self, mail: DueMail, reader: Reader | None) -> None:
        """A notice has one while its reader can see some document of it, even if it tells of others too."""
        if mail.kind is MailKind.TEST:
            return
        if reader is None or not reader.has_access:
            raise Pointless(_("Su acceso se ha retirado."))
        if mail.kind is MailKind.NOTICE and (mail.batch_id, reader.id) not in self.facts.listings:
            raise Pointless(_("Ya no queda ningún documento publicado del que avisar."))

    def _secret(self, mail: DueMail, reader: Reader | None) -> Secret | None:
        if reader is None:
            return None
        purpose: TokenPurpose | None = TokenPurpose.RECOVER
        if mail.kind is not MailKind.RECOVERY:
            if not _needs_entry(mail, reader):
                return None
            by_link = self.facts.company.access_delivery is AccessDelivery.LINK
            purpose = TokenPurpose.ACTIVATE if by_link else None
        key = (reader.id, purpose)
        if key not in self.secrets:
            self.secrets[key] = self.mint(reader, purpose, self.now)
        return self.secrets[key]

    def _message_id(self, mail: DueMail) -> str:
        """The same for the same mail; another when it is written anew after having been tried."""
        return self._message_id_of(mail.id, mail.attempts)

    def _message_id_of(self, *what: object) -> str:
        tag = self.keys.sign("message-id", "/".join(map(str, (self.facts.company.id, *what))))
        return f"<{tag}@{self.domain}>"


def _mint(reader: Reader, purpose: TokenPurpose | None, now: dt.datetime) -> Secret:
    if purpose is None:
        return mint_password(reader.id, seen_hash=reader.password_hash)
    return mint_link(reader.id, purpose, now, seen_hash=reader.password_hash)


def _hide(reader: Reader, purpose: TokenPurpose | None, now: dt.datetime) -> Secret:
    expires_at = now + LIFE[purpose] if purpose else None
    return Secret(account_id=reader.id, text=HIDDEN, hash="", seen_hash="", purpose=purpose, expires_at=expires_at)


def _tells(mail: DueMail, reader: Reader | None, is_secret: bool) -> bool:
    """Whether its reader learns from it how to enter, or has not been told yet."""
    return reader is not None and (is_secret or mail.kind is MailKind.ACCESS or not reader.is_told)


def _needs_entry(mail: DueMail, reader: Reader) -> bool:
    """Without a password nobody enters; nor with a generated one, never used, that they may not have any more.

    That is when somebody invites them again, when it was only ever in this mail, which failed and is resent, and when
    no mail with it has arrived.
    """
    was_in_this_mail = mail.is_secret and mail.message_id is not None
    is_unused = reader.must_change_password and not reader.is_active
    return not reader.password_hash or (
        is_unused and (mail.kind is MailKind.ACCESS or was_in_this_mail or not reader.is_told)
    )


def _reply_to(facts: LetterFacts) -> MailAddress | None:
    email = named_sender(facts.company, facts.account).reply_to
    return MailAddress(email, facts.company.shown_name) if email else None


@lru_cache(maxsize=64)
def _skeleton(sender: MailAddress, reply_to: MailAddress | None) -> Skeleton:
    return Skeleton(sender, reply_to=reply_to, headers=HEADERS)
