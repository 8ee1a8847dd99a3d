"""What our mails say while nobody of the office has written anything else, with variables as somebody would write it.

Notices and accesses say more than fits in here (what was published, how to enter): theirs are letters of their own, and
these are where whoever wants other words begins.
"""

from typing import NamedTuple

from app.texts import _
from models.enums import TextKind


class Texts(NamedTuple):
    subject: str
    body: str
    signature: str


def built_in_texts(kind: TextKind) -> Texts:
    if kind in _OTHERS:
        return Texts(*(_(text) if text else "" for text in _OTHERS[kind]))
    body = _BODIES.get(kind, _BODY)
    return Texts(_(_SUBJECT), _(body), _(_SIGNATURE))


LETTERS = (TextKind.NOTICE, TextKind.ACCESS)
"""Those whose built-in mail is a letter of its own."""

_SUBJECT = "Adjunto {documento} {serie} {numero} de {empresa}"
_SIGNATURE = "<p>Un saludo,</p><p>{usuario}<br>{empresa}</p>"
_BODY = (
    "<p>Hola, {cliente}:</p><p>Le adjuntamos {el_documento} {referencia}, por un total de {total}.</p>"
    "<p>Si tiene cualquier duda, responda a este correo.</p>"
)
_PLAIN_BODY = (
    "<p>Hola, {cliente}:</p><p>Le adjuntamos {el_documento} {referencia}.</p>"
    "<p>Si tiene cualquier duda, responda a este correo.</p>"
)
_BODIES = {
    TextKind.WORK_ORDER: _PLAIN_BODY,
    TextKind.DELIVERY_NOTE: _PLAIN_BODY,
    TextKind.PURCHASE_ORDER: (
        "<p>Hola, {proveedor}:</p><p>Le adjuntamos {el_documento} {referencia}. Le agradeceremos que nos confirme que "
        "lo ha recibido y cuándo puede entregarlo.</p>"
    ),
}
_OTHERS = {
    TextKind.NOTICE: Texts(
        "{documentos} de {empresa}",
        "<p>Hola, {cliente}:</p><p>Tiene {novedades} en su {area}. Puede ver y descargar todo cuando le convenga.</p>",
        "",
    ),
    TextKind.ACCESS: Texts(
        "Su acceso al área de cliente de {empresa}",
        "<p>Hola, {cliente}:</p><p>Ya tiene acceso al área de cliente de {empresa}. Allí puede consultar sus "
        "documentos y descargarlos en PDF cuando le convenga.</p>",
        "",
    ),
    TextKind.LICENCE: Texts(
        "Los datos de su licencia de {producto}",
        "<p>Hola, {cliente}:</p><p>Estos son los datos de su licencia de {producto}:</p>"
        "<p>Número de licencia: <strong>{licencia}</strong><br>Válida hasta: {caducidad}</p><p>{instrucciones}</p>",
        _SIGNATURE,
    ),
    TextKind.REMINDER: Texts(
        "Recordatorio: {documento} {referencia} de {empresa}",
        "<p>Hola, {cliente}:</p><p>Según nuestros datos, quedan {pendiente} por pagar de {el_documento} {referencia}, "
        "con vencimiento {vencimiento}.</p><p>Si ya lo ha pagado, no haga nada. Si tiene cualquier duda, responda a "
        "este correo.</p>",
        _SIGNATURE,
    ),
}
