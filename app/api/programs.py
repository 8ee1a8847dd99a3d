"""Which program is asking: its key comes in the header, and nowhere else. Cookies count for nothing here."""

import datetime as dt
from threading import Lock

from sqlalchemy import Connection
from starlette.requests import Request

from app import clock
from app.domain import throttling
from app.domain.api_keys import Program, company_of, find_program, note_use
from app.domain.throttling import Handful, TooManyTries, take
from app.errors import Refusal
from app.installation import Installation
from app.scope import SYSTEM
from app.texts import _, plural
from app.web import client_address, installation_of
from models.enums import ApiScope

WINDOW = dt.timedelta(minutes=1)
USED_EVERY = dt.timedelta(minutes=1)
MOST_WRONG_KEYS = 60
LARGEST_HANDFUL = 50
MOST_KNOWN = 10_000


class NoKey(Refusal):
    status = 401
    code = "no_key"
    headers = {"WWW-Authenticate": "Bearer"}  # noqa: RUF012 - read by whoever answers

    def __init__(self) -> None:
        super().__init__(_("Falta una clave que sirva: «Authorization: Bearer vk_…»."))


class TooManyRequests(Refusal):
    """A program waits as long as it is told, to the second."""

    status = 429
    code = "too_many_tries"

    def __init__(self, retry_after: int) -> None:
        one, many = "Demasiadas peticiones: espere %(n)s segundo.", "Demasiadas peticiones: espere %(n)s segundos."
        super().__init__(plural(one, many, retry_after))
        self.retry_after = retry_after


class NotAllowed(Refusal):
    """The key was not made for this, or whoever made it may not do it any more."""

    status = 403
    code = "out_of_scope"

    def __init__(self, scope: ApiScope) -> None:
        super().__init__(_("Esta clave no tiene el permiso «%(permiso)s».") % {"permiso": scope.value})
        self.headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope.value}"'}


class Permits:
    """How many requests each key may still make: taken from the database by the handful, counted off here."""

    def __init__(self) -> None:
        self._left: dict[int, Handful] = {}
        self._counting = Lock()

    def spend(self, installation: Installation, program: Program, address: str) -> None:
        """Count one request. Raises ``TooManyTries``. What is noted of the key's use goes with it, once a minute."""
        has_one, now = self._spend_known(program.key_id), clock.now()
        seen = program.last_used_at
        is_noted = seen is not None and now - seen < USED_EVERY and program.last_address == address[:40]
        if has_one and is_noted:
            return
        if not has_one:
            wanted = max(1, min(LARGEST_HANDFUL, program.per_minute // 10))
            subject = f"api key {program.key_id}"
            taken = installation.database.run(SYSTEM, lambda db: take(db, subject, program.per_minute, WINDOW, wanted))
            self._keep(program.key_id, Handful(taken.count - 1, taken.until))
        if not is_noted:
            installation.database.run(SYSTEM, lambda db: note_use(db, program, address))

    def _spend_known(self, key_id: int) -> bool:
        with self._counting:
            left = self._left.get(key_id)
            if left is None or left.count <= 0 or left.until <= clock.now():
                return False
            self._left[key_id] = Handful(left.count - 1, left.until)
            return True

    def _keep(self, key_id: int, left: Handful) -> None:
        with self._counting:
            if len(self._left) >= MOST_KNOWN:
                self._left.clear()
            self._left[key_id] = left


def admit(request: Request, connection: Connection, permits: Permits, scope: ApiScope) -> Program:
    """The program behind the request. Raises ``NoKey``, ``TooManyRequests`` or ``NotAllowed``.

    Who tries wrong keys is slowed down by address; a right one is never in the way of that.
    """
    try:
        program = _program(request, connection, permits)
    except TooManyTries as spent:
        raise TooManyRequests(spent.retry_after) from spent
    if scope not in program.scopes:
        raise NotAllowed(scope)
    return program


def _program(request: Request, connection: Connection, permits: Permits) -> Program:
    installation, address = installation_of(request), client_address(request)
    secret = _secret(request)
    program = find_program(connection, secret) if secret is not None else None
    if program is None:
        if secret is not None and company_of(secret) is not None:
            subject = f"api address {throttling.network_of(address)}"
            installation.database.run(SYSTEM, lambda db: throttling.check(db, subject, MOST_WRONG_KEYS, WINDOW))
        raise NoKey
    permits.spend(installation, program, address)
    return program


def _secret(request: Request) -> str | None:
    given = request.headers.getlist("authorization")
    kind, _space, secret = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return secret.strip() if kind.lower() == "bearer" and secret else None
