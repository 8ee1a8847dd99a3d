"""Why a sending comes to no mail at all, for the dialogue that shows it and for whoever asked without looking."""

from app.domain.kinds import Words
from app.domain.mail.addressing import nobody
from app.domain.mail.enclosures import MOST_DOCUMENTS, MOST_OCTETS
from app.domain.mail.sending_plans import Plan
from app.texts import _, plural


def nothing_to_send(kind: Words, plan: Plan) -> str:
    """The first of the reasons there are: what is nearest to leaving comes first."""
    if plan.too_large:
        return too_large(1)
    if plan.without_email:
        return nobody() if plan.without_email.count == 1 else _("Nadie tiene correo.")
    if plan.unpublished:
        return plural(
            kind.agree(
                "No está publicada: el enlace no llevaría a nada.", "No está publicado: el enlace no llevaría a nada."
            ),
            kind.agree(
                "Ninguna está publicada: los enlaces no llevarían a nada.",
                "Ninguno está publicado: los enlaces no llevarían a nada.",
            ),
            plan.unpublished,
        )
    if plan.drafts:
        return plural("Es un borrador: emítalo antes.", "Son borradores: emítalos antes.", plan.drafts)
    return _("No hay nada que enviar en esta selección.")


def too_large(mails: int) -> str:
    one = _("Pasa de %(n)s MB o de %(m)s documentos: quite archivos o envíe enlaces.")
    many = _("Pasan de %(n)s MB o de %(m)s documentos: quite archivos o envíe enlaces.")
    return (one if mails == 1 else many) % {"n": MOST_OCTETS // 2**20, "m": MOST_DOCUMENTS}
