"""*Ver como el cliente*: a member of staff looks at the portal with one customer's eyes. Nothing can be changed there.

The office opens a view and sends the browser to its one-use link; the portal exchanges the link for a cookie. What the
table keeps of the link cannot be used as a cookie, and the other way round.
"""

import datetime as dt
from typing import Any

from sqlalchemy import CursorResult, select, update

from app import clock
from app.errors import NotFound
from app.scope import ScopedSession
from app.secrets import Keys, new_token, token_hash
from app.texts import _
from models import Contact, Document, Membership, PortalSession, StaffUser
from models.enums import DocumentKind

LINK_LIFE = dt.timedelta(seconds=60)
VIEW_LIFE = dt.timedelta(minutes=30)


def open_view(db: ScopedSession, keys: Keys, contact_id: int, *, staff_user_id: int) -> str:
    """Begin looking as this contact; returns the secret to put behind ``/in/{slug}/ver/``.

    The link works once, for a minute. Raises ``NotFound`` for a contact of another company.
    """
    if db.get(Contact, contact_id) is None:
        raise NotFound(_("ese cliente"))
    secret = new_token()
    db.add(
        PortalSession(
            token_hash=_link_hash(keys, secret),
            contact_id=contact_id,
            is_preview=True,
            staff_user_id=staff_user_id,
            seen_at=clock.now(),
        )
    )
    return secret


def enter_view(db: ScopedSession, keys: Keys, secret: str) -> str | None:
    """Exchange a link for the value of a cookie, once; nothing when it was used, is too old or never was."""
    now = clock.now()
    cookie = new_token()
    exchanged: CursorResult[Any] = db.execute(  # type: ignore[assignment]
        update(PortalSession)
        .where(
            PortalSession.company_id == db.company_id,
            PortalSession.token_hash == _link_hash(keys, secret),
            PortalSession.is_preview,
            PortalSession.ended_at.is_(None),
            PortalSession.created_at > now - LINK_LIFE,
        )
        .values(token_hash=token_hash(cookie), seen_at=now)
        .execution_options(synchronize_session=False)
    )
    return cookie if exchanged.rowcount == 1 else None


def kind_of(db: ScopedSession, document_id: int) -> DocumentKind | None:
    """The kind of a document of the company, to look for it where the customer finds it."""
    return db.scalar(select(Document.kind).where(Document.id == document_id))


def may_view(db: ScopedSession, staff_user_id: int) -> bool:
    """The member of staff still works in the session's company."""
    found = db.scalar(
        select(Membership.id)
        .join(StaffUser, StaffUser.id == Membership.user_id)
        .where(Membership.user_id == staff_user_id, Membership.ended_at.is_(None), StaffUser.disabled_at.is_(None))
    )
    return found is not None


def _link_hash(keys: Keys, secret: str) -> str:
    return token_hash(keys.sign("portal preview", secret))
