"""Whom a dispatch is written to: addresses as they can be, each once, and no more than may read one."""

from collections.abc import Iterable

from app.domain import fields
from app.domain.queries.addressees import Addressee
from app.errors import InvalidValue
from app.texts import _

MOST_PEOPLE = 30
"""Who may read one dispatch, hidden ones included."""


def read_people(people: Iterable[Addressee], field: str) -> tuple[Addressee, ...]:
    """As they are written to, each address once. Raises ``InvalidValue``."""
    found: dict[str, Addressee] = {}
    for one in people:
        email = fields.email(one.email, field, required=True)
        found.setdefault(email, Addressee(email, fields.line(one.name, field)))
    return tuple(found.values())


def check_number(people: int, field: str) -> None:
    """Raises ``InvalidValue`` when there are too many."""
    if people > MOST_PEOPLE:
        raise InvalidValue(_("Como mucho %(n)s destinatarios en un correo.") % {"n": MOST_PEOPLE}, field=field)


def nobody() -> str:
    """What to say where somebody has to be written to, and nobody is."""
    return _("Escriba al menos una dirección.")
