"""What servers' codes mean (RFC 3463), whoever says them: in a conversation, or in a report about a mail."""

import re

from app.texts import _
from models.enums import ReportKind

NOBODY = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4")
"""There is nobody at that address: another one is needed."""

BLAMING = ("", "5.0.0", "5.1.0", "5.5.0", *NOBODY)
"""Of a mail that came back because of its address, or without a reason: not of a full mailbox, not of a filter."""

_CODE = re.compile(r"(?P<basic>[245]\d\d)(?:[ -](?P<enhanced>[245]\.\d{1,3}\.\d{1,3}))?(?=\s|\Z)")


def enhanced_code(reply: str) -> str:
    """Of a final refusal; nothing of any other."""
    code = _CODE.match(reply)
    return (code["enhanced"] or "") if code is not None and code["basic"].startswith("5") else ""


def blames_address(reply: str) -> bool:
    """Whether a server's words say that there is nobody at that address: another one is needed."""
    return enhanced_code(reply) in NOBODY


def explain_code(code: str) -> str:
    """The sentence of an enhanced code that says something of its own; nothing otherwise."""
    sentences = {
        "1.1": _("Esa dirección de correo no existe."),
        "1.2": _("El dominio de esa dirección no existe."),
        "1.10": _("Esa dirección no admite correo."),
        "2.1": _("Ese buzón está desactivado."),
        "2.2": _("El buzón del destinatario está lleno."),
        "2.3": _("El mensaje es demasiado grande para ese buzón."),
        "3.4": _("El mensaje es demasiado grande para el servidor del destinatario."),
        "4.4": _("El dominio de esa dirección no recibe correo."),
        "4.7": _("El servidor del destinatario no lo ha aceptado a tiempo."),
    }
    is_final, _mark, subject = code.partition(".")
    if subject.startswith("7.") and is_final == "5":
        return _("El servidor del destinatario lo ha rechazado por sus normas contra el correo no deseado.")
    return sentences.get(subject, "")


def explain_report(kind: ReportKind, code: str) -> str:
    """What came back about a mail, as a sentence."""
    sentences = {
        ReportKind.BOUNCED: _("El servidor del destinatario lo ha devuelto."),
        ReportKind.DELAYED: _("El servidor del destinatario todavía no ha podido entregarlo y sigue intentándolo."),
        ReportKind.DELIVERED: _("El servidor del destinatario confirma que lo ha dejado en el buzón."),
        ReportKind.READ: _("El destinatario ha confirmado que lo ha abierto."),
        ReportKind.DISCARDED: _("El destinatario lo borró sin abrirlo."),
    }
    return (explain_code(code) if kind is ReportKind.BOUNCED else "") or sentences[kind]


def explain(reply: str) -> str:
    """A server's words as a sentence of ours; what is ours already stays as it is."""
    code = _CODE.match(reply)
    if code is None:
        return reply
    if sentence := explain_code(code["enhanced"] or ""):
        return sentence
    if code["basic"].startswith("5"):
        return _("El servidor del destinatario lo ha rechazado.")
    if code["basic"].startswith("4"):
        return _("El servidor del destinatario pide que se intente más tarde.")
    return _("Aceptado.")
