"""What came back about mails: kept with the mail it is about, and the addresses that it says are no good.

Matched by Message-ID, which only its readers know, inside the company whose account it arrived at.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app.domain.access_tables import portal_accounts
from app.domain.audit import record
from app.domain.mail.outbox import mails
from app.domain.mail.replies import BLAMING, enhanced_code
from app.domain.telling import tell
from app.errors import NotFound
from app.scope import ScopedSession
from app.texts import _
from models import MailReport
from models.enums import MailStatus, ReportKind, WebhookEvent

AT_ONCE = 500
DATED_WITHIN = dt.timedelta(days=30)

reports: Any = MailReport.__table__


class Fate(Struct, frozen=True, kw_only=True):
    """What a report says became of a mail for one recipient, who may be known by several addresses, or by none.

    ``code`` is an enhanced status code (RFC 3463), ``says`` the reporter's own words.
    """

    kind: ReportKind
    recipients: tuple[str, ...] = ()
    code: str = ""
    says: str = ""


class TakeReport(Struct, frozen=True, kw_only=True):
    """A report that arrived: ``about`` are Message-IDs, the likeliest first; ``fates``, the gravest."""

    key: str
    about: tuple[str, ...]
    fates: Sequence[Fate]
    now: dt.datetime
    dated: dt.datetime | None = None


class Bounce(Struct, frozen=True):
    """Why an address is taken for no good, and the mail that it came of."""

    address: str
    mail_id: int
    code: str
    says: str
    at: dt.datetime


class Dismissed(Struct, frozen=True):
    address: str

    def __str__(self) -> str:
        return _("%(correo)s se da por buena: se le vuelve a escribir.") % {"correo": self.address}


def take_report(db: ScopedSession, command: TakeReport) -> int:
    """Keep what it says about mails of ours; how much of it was new. One about nothing of ours leaves no trace."""
    about = _mails_of(db, command.about)
    told: dict[int, tuple[Any, Fate]] = {}
    for fate in command.fates:
        if (mail := _meant(about, fate)) is not None:
            told.setdefault(mail.id, (mail, fate))
    kept = [(mail, fate) for mail, fate in told.values() if _keep(db, command, mail, fate)]
    for mail, fate in kept:
        if (event := _EVENTS.get(fate.kind)) is not None:
            tell(db, event, "mail", mail.id, code=fate.code)
    return len(kept)


_EVENTS = {ReportKind.BOUNCED: WebhookEvent.MAIL_BOUNCED, ReportKind.READ: WebhookEvent.MAIL_READ}


def note_refusal(db: ScopedSession, mail_id: int, reply: str, now: dt.datetime) -> None:
    """A server said at once that there is nobody at that address: as good as a mail that came back.

    Programs have it from the mail, which failed.
    """
    mail = db.execute(sa.select(*_KNOWN).where(mails.c.company_id == db.company_id, mails.c.id == mail_id)).one()
    fate = Fate(kind=ReportKind.BOUNCED, code=enhanced_code(reply), says=reply)
    key = f"smtp {mail_id} {now.timestamp()}"
    _keep(db, TakeReport(key=key, about=(), fates=(fate,), now=now), mail, fate)


def dismiss_bounces(db: ScopedSession, address: str, now: dt.datetime) -> Dismissed:
    """Somebody knows that the address is good all the same. Raises ``NotFound`` when nothing speaks against it."""
    against = sa.update(reports).where(reports.c.recipient == address, *_standing(db.company_id))
    reader = sa.update(portal_accounts).where(
        portal_accounts.c.company_id == db.company_id,
        portal_accounts.c.email == address,
        portal_accounts.c.bounced_at.is_not(None),
    )
    changed = [against.values(dismissed_at=now), reader.values(bounced_at=None)]
    if not sum(db.connection().execute(statement).rowcount for statement in changed):
        raise NotFound(_("ese rebote"))
    record(db, "dismiss_bounce", "mail_reports", label=address)
    return Dismissed(address)


def bounced_addresses(company_id: int) -> Any:
    """Addresses whose mail came back because of them, and for which nothing has spoken since."""
    # The first condition says nothing but brings SQLite to the index that only holds these.
    return sa.select(reports.c.recipient).where(reports.c.recipient > "", *_standing(company_id))


def bounced_among(db: ScopedSession, addresses: Sequence[str]) -> dict[str, Bounce]:
    """Those of them that are no good, with the last that was said about each."""
    asked = sorted(set(addresses))
    groups = (asked[at : at + AT_ONCE] for at in range(0, len(asked), AT_ONCE))
    return {bounce.address: bounce for group in groups for bounce in _bounces_of(db, group)}


def _bounces_of(db: ScopedSession, addresses: Sequence[str]) -> Iterator[Bounce]:
    rows = db.connection().execute(
        sa.select(reports.c.recipient, reports.c.mail_id, reports.c.code, reports.c.says, reports.c.reported_at)
        .where(reports.c.recipient.in_(addresses), *_standing(db.company_id))
        .order_by(reports.c.reported_at, reports.c.id)
    )
    return (Bounce(row.recipient, row.mail_id, row.code, row.says, row.reported_at) for row in rows)


_KNOWN = (mails.c.id, mails.c.recipient, mails.c.portal_account_id)
_LATER: Any = reports.alias("later")
# As a literal: a partial index only serves a query that says the same.
_BOUNCED = sa.text("mail_reports.kind = 'bounced' AND mail_reports.dismissed_at IS NULL")


def _standing(company_id: int) -> tuple[Any, ...]:
    spoke_for_it = sa.select(1).where(
        _LATER.c.company_id == company_id,
        _LATER.c.recipient == reports.c.recipient,
        _LATER.c.kind.in_((ReportKind.READ, ReportKind.DELIVERED)),
        _LATER.c.reported_at > reports.c.reported_at,
    )
    return (
        reports.c.company_id == company_id,
        _BOUNCED,
        reports.c.code.in_(BLAMING),
        ~spoke_for_it.correlate(reports).exists(),
    )


def _mails_of(db: ScopedSession, about: Sequence[str]) -> list[Any]:
    """The mails of the first Message-ID that is ours."""
    rows = db.execute(
        sa.select(mails.c.message_id, *_KNOWN)
        .where(mails.c.company_id == db.company_id, mails.c.message_id.in_(about))
        .order_by(mails.c.id)
    ).all()
    found = {row.message_id for row in rows}
    first = next((each for each in about if each in found), None)
    return [row for row in rows if row.message_id == first]


def _meant(about: Sequence[Any], fate: Fate) -> Any:
    """The mail for that recipient; a mail to one person alone, whatever they call themselves: mail is sent on.

    Whoever has read the message knows its id and may say anything of it: a mark for the office, that stops nothing.
    """
    if len(about) == 1:
        return about[0]
    return next((mail for mail in about if mail.recipient in fate.recipients), None)


def _keep(db: ScopedSession, command: TakeReport, mail: Any, fate: Fate) -> bool:
    known = sa.select(reports.c.id).where(
        reports.c.company_id == db.company_id,
        reports.c.report_key == command.key,
        reports.c.recipient == mail.recipient,
    )
    if db.connection().execute(known).first() is not None:
        return False
    row = {"company_id": db.company_id, "mail_id": mail.id, "kind": fate.kind}
    row |= {"recipient": mail.recipient, "code": fate.code, "says": fate.says}
    row |= {"report_key": command.key, "reported_at": _moment(command), "created_at": command.now}
    db.connection().execute(sa.insert(reports), row)
    # Whatever somebody says about it, it has left: that much was not sure.
    unsure = sa.update(mails).where(
        mails.c.company_id == db.company_id, mails.c.id == mail.id, mails.c.status == MailStatus.UNKNOWN
    )
    db.connection().execute(unsure.values(status=MailStatus.SENT))
    if fate.kind is ReportKind.BOUNCED and fate.code in BLAMING:
        reader = sa.update(portal_accounts).where(
            portal_accounts.c.company_id == db.company_id,
            portal_accounts.c.id == mail.portal_account_id,
            portal_accounts.c.email == mail.recipient,
        )
        db.connection().execute(reader.values(bounced_at=command.now))
    return True


def _moment(command: TakeReport) -> dt.datetime:
    """When it says it was written, unless that cannot be."""
    dated, now = command.dated, command.now
    return dated if dated is not None and now - DATED_WITHIN <= dated <= now else now
