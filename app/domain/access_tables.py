"""The tables of accesses, as statements name them: who they are for, who may enter, and with what."""

from typing import Any

from models import Contact, ContactEmail, PortalAccount, PortalMembership, PortalSession, PortalToken

contacts: Any = Contact.__table__
emails: Any = ContactEmail.__table__
portal_accounts: Any = PortalAccount.__table__
memberships: Any = PortalMembership.__table__
sessions: Any = PortalSession.__table__
tokens: Any = PortalToken.__table__
