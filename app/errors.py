"""What can go wrong on purpose.

A ``Refusal`` is a rule that said no: its text is a Spanish sentence for the person who asked. An
``AdapterError`` comes from the outside world and tells whoever retries whether that makes sense.
"""

from app.texts import _


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

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
