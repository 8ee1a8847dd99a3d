"""What is another customer's of the same person: a link from a mail may lead to what is not the chosen one's."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from app.domain.kinds import KINDS
from app.domain.signing_in import Customer, customers_of
from app.errors import NotFound
from app.portal.pages import gate
from app.portal.visit import Visit, way_back
from app.portal.words import capital
from app.scope import PortalScope, ScopedSession
from app.texts import _
from models.enums import DocumentKind


def elsewhere(visit: Visit, db: ScopedSession, kind: DocumentKind, find: Callable[[ScopedSession], Any]) -> Response:
    """A page that says whose a document is and offers to change over.

    Raises ``NotFound`` when it is nobody's of theirs. ``db`` is the session of the customer who does not have it.
    """
    owner, said = _owner(visit, db, find), KINDS[kind].words
    if owner is None:
        raise NotFound(_(said.that))
    return gate(
        visit,
        "portal/access/whose.html",
        status=NotFound.status,
        heading=_("%(documento)s es de %(cliente)s") % {"documento": capital(_(said.this)), "cliente": owner.name},
        owner=owner,
        back=way_back(visit),
    )


def _owner(visit: Visit, db: ScopedSession, find: Callable[[ScopedSession], Any]) -> Customer | None:
    """The one who has it, each asked for what they may see and nothing wider."""
    person, connection, sessions = visit.someone, db.connection(), visit.installation.database.reads
    if person.account_id is None:
        return None
    with sessions(scope=visit.company_scope, bind=connection) as theirs:
        others = [each for each in customers_of(theirs, person.account_id) if each.id != person.contact_id]
    for customer in others:
        with sessions(scope=PortalScope(visit.host.id, customer.id), bind=connection) as theirs:
            if find(theirs) is not None:
                return customer
    return None
