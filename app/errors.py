"""What can go wrong on purpose.

A ``Refusal`` is a rule that said no: its text is a Spanish sentence for the person who asked. An
``AdapterError`` comes from the outside world and tells whoever retries whether that makes sense.
"""

from enum import StrEnum

from app.texts import _


class Fault(StrEnum):
    """What has gone wrong outside, where somebody does something about it. What a server says for itself has none."""

    NAME_UNKNOWN = "name_unknown"
    NOT_ALLOWED = "not_allowed"
    """A private network or a port that the operator has not allowed."""
    CONNECTION_REFUSED = "connection_refused"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    """Somebody is there, and hangs up, says nothing or makes no sense."""
    NO_STARTTLS = "no_starttls"
    CERTIFICATE_CHANGED = "certificate_changed"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_OF_ANOTHER = "certificate_of_another"
    CERTIFICATE_UNKNOWN = "certificate_unknown"
    """Of no authority that we know."""
    NO_WAY_IN = "no_way_in"
    """Nobody may sign in over this connection, whatever the password."""
    CREDENTIALS_REFUSED = "credentials_refused"
    CREDENTIALS_UNREADABLE = "credentials_unreadable"
    """What we keep of them was sealed with other keys."""
    CONSENT_MISSING = "consent_missing"
    """Not given yet, or ended."""
    NOT_REGISTERED = "not_registered"
    """The provider of a consent does not know this installation."""
    FOLDER_MISSING = "folder_missing"


MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a bug of ours raises: caught, and logged, only where it must cost one thing alone (a letter, a PDF, a report).

What the machine refuses is none of these: where that too costs no more than the one, it is named beside them.
"""


class Refusal(Exception):
    """A rule said no; ``str()`` is the sentence shown. ``field`` names the form field it belongs to."""

    status = 409
    code = "refused"

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class NotFound(Refusal):
    """Not there, or not visible to whoever asks: nobody can tell the difference."""

    status = 404
    code = "not_found"

    def __init__(self, what: str = "") -> None:
        super().__init__(_("No existe %(que)s.") % {"que": what or _("esa página")})


class InvalidValue(Refusal):
    """A value that breaks the rule of its field."""

    status = 422
    code = "invalid_value"


class AdapterError(Exception):
    """The outside world failed; ``permanent`` means that trying again cannot help."""

    def __init__(self, message: str, fault: Fault | None = None, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.fault, self.permanent = fault, permanent
