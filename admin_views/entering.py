"""Checking who somebody of the office is, and giving their browser a session."""

from starlette.requests import Request

from app.domain import fields, staff_access
from app.errors import InvalidValue
from app.installation import Installation
from app.scope import SYSTEM, Actor
from app.secrets import password_matches
from app.web import client_address, installation_of, replace_cookie


def enter(request: Request, email: str, password: str, *, replaces: int | None = None) -> str:
    """Check the password and open a session; the value of its cookie, which goes out with the answer.

    Runs in a thread. Raises ``WrongCredentials``, ``TooManyTries`` or ``TooBusy``.
    """
    known = _checked(request, email, password)
    return replace_cookie(request, _open(request, installation_of(request), known, replaces))


def _checked(request: Request, email: str, password: str) -> staff_access.Known:
    """Whose password it is, counting the try. Read, then the slow hash with no transaction open."""
    installation, address = installation_of(request), client_address(request)
    name = _normal(email)
    installation.database.run(SYSTEM, lambda db: staff_access.count_sign_in(db, name, address))
    with installation.database.read(SYSTEM) as db:
        known = staff_access.find_credentials(db, name)
    if not password_matches(password, known.password_hash) or known.user_id is None:
        raise staff_access.WrongCredentials
    return known


def _normal(email: str) -> str:
    """As it is kept; what is no address at all is nobody's."""
    try:
        return fields.email(email, "email")
    except InvalidValue:
        return ""


def _open(request: Request, installation: Installation, known: staff_access.Known, replaces: int | None) -> str:
    address, browser = client_address(request), request.headers.get("user-agent", "")
    user_id = known.user_id or 0
    return installation.database.run(
        SYSTEM,
        lambda db: staff_access.open_session(db, user_id, address=address, browser=browser, replaces=replaces),
        Actor(name=known.name, id=known.user_id),
    )
