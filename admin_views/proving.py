"""Proving once more who one is, before what somebody else at the same screen must not change."""

import datetime as dt

from starlette.requests import Request

from admin_views.auth import visit_of
from admin_views.entering import enter
from app import clock
from app.domain.staff_access import WrongCredentials
from app.errors import InvalidValue
from app.texts import _

FRESH = dt.timedelta(minutes=15)
"""Whoever has just given their password is not asked for it again."""


def prove(request: Request, typed: str, *, field: str) -> None:
    """Raises ``InvalidValue`` for ``field`` while the password is missing or wrong, ``TooManyTries`` or ``TooBusy``.

    Runs in a thread, with no transaction open. The right password begins the session anew.
    """
    visit = visit_of(request)
    if clock.now() - visit.proved_at <= FRESH:
        return
    if not typed:
        raise InvalidValue(_("Para cambiar esto, escriba su contraseña de Ventanilla."), field=field)
    try:
        enter(request, visit.email, typed, replaces=visit.session_id)
    except WrongCredentials as refusal:
        raise InvalidValue(_("No es su contraseña de Ventanilla."), field=field) from refusal
