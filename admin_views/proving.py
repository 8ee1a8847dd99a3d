"""Proving once more who one is, before what somebody else at the same screen must not do."""

import datetime as dt
from typing import Any

from starlette.requests import Request

from admin_views.auth import visit_of
from admin_views.entering import enter
from admin_views.forms import OfficeForm, Secret
from app import clock
from app.domain.staff_access import WrongCredentials
from app.errors import InvalidValue
from app.texts import _

FRESH = dt.timedelta(minutes=15)
"""Whoever has just given their password is not asked for it again."""


class Proof(Secret):
    """One's own password in a form. Unless it is required, it is not shown until it turns out to be missing."""

    def __init__(self, label: str = "Su contraseña de Ventanilla", **options: Any) -> None:
        super().__init__(label, current=True, **options)
        self.is_asked = self.required


class ProofForm(OfficeForm):
    """Nothing to say but who one is."""

    current = Proof(css="s6")


def expect_proof(request: Request, proof: Proof, hint: str) -> None:
    """Show the field from the beginning to whoever would be asked: what else is secret in a form is typed but once."""
    if not _is_fresh(request):
        proof.is_asked, proof.hint = True, hint


def prove_again(request: Request, proof: Proof, *, always: bool = False) -> None:
    """Whether it is still they: asked with the field, unless they have just said so; ``always`` asks even then.

    Runs in a thread, with no transaction open. The right password begins the session anew. Raises ``InvalidValue`` for
    the field while the password is missing or wrong, ``TooManyTries`` or ``TooBusy``.
    """
    if not always and _is_fresh(request):
        return
    proof.is_asked = True
    if not proof.data:
        raise InvalidValue(_("Para cambiar esto, escriba su contraseña de Ventanilla."), field=proof.name)
    try:
        visit = visit_of(request)
        enter(request, visit.email, proof.data, replaces=visit.session_id)
    except WrongCredentials as refusal:
        raise InvalidValue(_("No es su contraseña de Ventanilla."), field=proof.name) from refusal
    proof.is_asked = proof.required


def _is_fresh(request: Request) -> bool:
    return clock.now() - visit_of(request).proved_at <= FRESH
