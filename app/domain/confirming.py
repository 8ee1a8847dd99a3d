"""A company that an import made shows and sends nothing to anybody before somebody has looked at it."""

from app.errors import Refusal
from app.texts import _
from models import Company


class CompanyNotConfirmed(Refusal):
    code = "company_not_confirmed"

    def __init__(self) -> None:
        sentence = _(
            "Esta empresa está pendiente de revisar. Un administrador debe confirmar sus datos antes de publicar o "
            "enviar nada."
        )
        super().__init__(sentence)


def check_confirmed(company: Company) -> None:
    """Raises ``CompanyNotConfirmed``."""
    if not company.is_confirmed:
        raise CompanyNotConfirmed
