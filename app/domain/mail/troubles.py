"""What a failure of an account means and what to try: from the step that failed, the fault and the server's words.

Each step has a table. The first row whose fault it is, or whose pattern is found in the words, tells it; its last row
tells what is left. Only servers' own words are read, who say in English, each in its way, what people want to be told.
"""

import re
from enum import StrEnum

from msgspec import Struct

from app.domain.mail.presets import GMAIL, ICLOUD, MICROSOFT_365, OUTLOOK, YAHOO, preset_at
from app.domain.mail.replies import explain
from app.errors import Fault
from app.texts import _
from models.enums import MailProvider, MailSecurity


class MailStep(StrEnum):
    """What using an account takes, in order."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    AUTH = "auth"
    SEND = "send"
    MAILBOX = "mailbox"
    COPY = "copy"


class Where(Struct, frozen=True, kw_only=True):
    """The server that it happened at, and how one goes there. ``is_mailbox``: by IMAP."""

    host: str
    port: int
    security: MailSecurity
    is_mailbox: bool = False
    username: str = ""
    provider: MailProvider | None = None


class Advice(Struct, frozen=True):
    meaning: str
    remedy: str = ""


Table = tuple[tuple[Fault | str, str, str], ...]

_BY_PORT = {465: MailSecurity.SSL, 587: MailSecurity.STARTTLS, 993: MailSecurity.SSL, 143: MailSecurity.STARTTLS}
_APP_PASSWORD = (
    "El servidor pide una contraseña de aplicación.",
    "No es la de siempre: se crea en la página de seguridad de su cuenta, en la web de su proveedor de correo.",
)
_MICROSOFT = (
    "Microsoft no deja entrar con contraseña en esta cuenta.",
    "Elija «Con el permiso de Microsoft» o pida a quien administra su organización que la permita.",
)
_NO_WAY_IN = (
    "El servidor no deja entrar con usuario y contraseña por esta conexión.",
    "Elija STARTTLS o SSL; si ya lo ha hecho, pregunte a su proveedor cómo se entra.",
)
_NOT_NOW = ("El servidor no deja entrar por ahora.", "Espere unos minutos antes de volver a probar.")
_NO_FOLDER = ("Esa carpeta ya no está en el buzón.", "Vuelva a leer las carpetas y elija otra.")
_AGAIN = "Se intentará otra vez por sí solo dentro de un minuto o más."

_RESOLVING: Table = (
    (
        Fault.NAME_UNKNOWN,
        "No se encuentra ningún servidor con ese nombre.",
        "Revise que «%(servidor)s» está bien escrito; se lo da su proveedor de correo.",
    ),
)
_CONNECTING: Table = (
    (Fault.CONNECTION_REFUSED, "Ese servidor no atiende en el puerto %(puerto)s.", "%(habituales)s"),
    (
        Fault.UNREACHABLE,
        "El servidor no contesta.",
        "Puede estar parado, o un cortafuegos no deja pasar. %(habituales)s",
    ),
    (
        Fault.SILENT,
        "Quien contesta en ese puerto no habla como un servidor de correo.",
        "%(habituales)s",
    ),
    (
        r"^5\d\d",
        "El servidor no quiere atender a esta instalación.",
        "No es cosa de la cuenta: pregunte a su proveedor, con lo que ha contestado el servidor.",
    ),
    ("", "El servidor no quiere atender ahora.", "Vuelva a probar dentro de unos minutos."),
)
_ENCRYPTING: Table = (
    (
        Fault.CERTIFICATE_CHANGED,
        "El servidor muestra otro certificado que el que usted aceptó: no se le da la contraseña.",
        "Si quien lo administra lo ha renovado, compare la huella nueva y acéptela; si no, no siga.",
    ),
    (
        Fault.CERTIFICATE_EXPIRED,
        "El certificado del servidor ha caducado.",
        "Lo tiene que renovar quien administra el servidor.",
    ),
    (
        Fault.CERTIFICATE_OF_ANOTHER,
        "El certificado es de otro nombre que el que ha escrito.",
        "Escriba el servidor con el nombre que le da su proveedor, no con otro que lleve al mismo sitio.",
    ),
    (
        Fault.CERTIFICATE_UNKNOWN,
        "El certificado no lo firma ninguna autoridad conocida.",
        "Si el servidor es suyo, elija «autofirmado», compare la huella y acéptela una vez.",
    ),
    (Fault.NO_STARTTLS, "El servidor no ofrece STARTTLS en ese puerto.", "%(habituales)s"),
)
_NOT_ENCRYPTED: Table = (("", "No se ha podido cifrar la conexión.", "%(habituales)s"),)
_SIGNING_IN: Table = (
    (
        "smtpclientauth",
        "Su organización tiene desactivado el SMTP autenticado.",
        "Quien administra Microsoft 365 lo permite en el usuario: Correo, Administrar aplicaciones de correo.",
    ),
    (r"5\.7\.139|basic auth\w* is disabled|security defaults", *_MICROSOFT),
    (r"app(lication)?[- ](specific )?password|5\.7\.9\b", *_APP_PASSWORD),
    (
        r"5\.7\.14\b|web browser|web login required",
        "El proveedor quiere que antes entre usted por la web.",
        "Abra su correo en el navegador, confirme que es usted y vuelva a probar.",
    ),
    (
        "not enabled for imap|imap access is disabled|imap is disabled|imap.*disabled for",
        "Su cuenta no deja entrar por IMAP.",
        "Actívelo en la configuración de su correo web y vuelva a probar.",
    ),
    (
        r"too many|rate limit|\[limit\]|\[throttled\]",
        "El servidor ha visto demasiados intentos seguidos.",
        "Espere un cuarto de hora antes de volver a probar.",
    ),
    (r"5\.7\.11\b|encryption required|starttls first|must issue a starttls", *_NO_WAY_IN),
    (Fault.NO_WAY_IN, *_NO_WAY_IN),
    (r"^4\d\d|\[unavailable\]|\[inuse\]|\[serverbug\]", *_NOT_NOW),
    (Fault.SILENT, *_NOT_NOW),
)
_REFUSED: Table = (
    (
        "",
        "El servidor no acepta el usuario o la contraseña.",
        "El usuario suele ser la dirección completa. Muchos proveedores piden una contraseña de aplicación.",
    ),
)
_SENDING: Table = (
    (
        r"sendasdenied|5\.7\.60|not (allowed|permitted|authorized) to send|sender address rejected|not owned",
        "El servidor no deja enviar con esa dirección de remitente.",
        "Ponga de remitente la dirección de la propia cuenta, o una que su proveedor le haya autorizado.",
    ),
    (
        r"relay",
        "El servidor no lleva correo a otros sitios de parte de quien no conoce.",
        "Escriba usuario y contraseña, y compruebe que es el servidor de correo saliente.",
    ),
    (r"^530|5\.7\.0\b", "El servidor pide identificarse.", "Escriba usuario y contraseña."),
    (r"^4\d\d", "%(explicado)s", _AGAIN),
    (
        r"^5\d\d",
        "%(explicado)s",
        "Pruebe con otro destinatario; si pasa con todos, pregunte a su proveedor.",
    ),
    (Fault.SILENT, "La conexión se cortó antes de que el servidor tomara el correo: no ha llegado.", _AGAIN),
    (
        "",
        "La conexión se cortó antes de que el servidor confirmara el correo: no se sabe si ha llegado.",
        "Mire en el buzón del destinatario: por si acaso, se intentará una vez más.",
    ),
)
_COPYING: Table = (
    ("quota", "El buzón está lleno: no cabe la copia.", "Vacíelo un poco y vuelva a probar."),
    (Fault.FOLDER_MISSING, *_NO_FOLDER),
    ("trycreate|nonexistent|doesn't exist|unknown mailbox", *_NO_FOLDER),
    ("", "El servidor no deja guardar la copia.", "Elija otra carpeta o vuelva a probar más tarde."),
)


def advice_on(step: MailStep, fault: Fault | None, reply: str, where: Where) -> Advice:
    """What a failure at a step means and what to do about it, in Spanish. Of a mailbox, the step inside it."""
    if fault in _OURS:
        return Advice(reply, _(_OURS[fault]))
    if step in (MailStep.AUTH, MailStep.MAILBOX):
        return _on_signing_in(fault, reply, where)
    reaching = (*_RESOLVING, *_mismatch(where), *_CONNECTING)
    tables: dict[MailStep, Table] = {
        MailStep.RESOLVE: reaching,
        MailStep.CONNECT: reaching,
        MailStep.TLS: (*_ENCRYPTING, *_mismatch(where), *_NOT_ENCRYPTED),
        MailStep.SEND: _SENDING,
        MailStep.COPY: _COPYING,
    }
    return _first(tables[step], fault, reply, where)


_OURS = {
    Fault.NOT_ALLOWED: "Lo permite quien administra la instalación, en sus ajustes.",
    Fault.NOT_REGISTERED: "Lo arregla quien administra la instalación, en sus ajustes.",
    Fault.CONSENT_MISSING: "Pulse «Dar permiso» en la página de la cuenta y vuelva a probar.",
    Fault.CREDENTIALS_UNREADABLE: "Se cambia en la página de la cuenta.",
}
"""What is told in a sentence of ours already, and what to do about it."""


def _mismatch(where: Where) -> Table:
    """A port that is known for another security than the one asked for explains everything."""
    wanted = _BY_PORT.get(where.port, where.security)
    if wanted is where.security:
        return ()
    return (("", "El puerto %(puerto)s espera %(esperada)s.", "Cambie la seguridad de la conexión o el puerto."),)


def _on_signing_in(fault: Fault | None, reply: str, where: Where) -> Advice:
    if where.provider is not None:
        return _on_consenting(fault, reply, where)
    preset = preset_at(where.host)
    left = _REFUSED
    if preset in (GMAIL, YAHOO, ICLOUD):
        left = (("", *_APP_PASSWORD),)
    elif preset in (OUTLOOK, MICROSOFT_365):
        left = (("", *_MICROSOFT),)
    return _first((*_SIGNING_IN, *left), fault, reply, where)


def _on_consenting(fault: Fault | None, reply: str, where: Where) -> Advice:
    if fault is Fault.NO_WAY_IN:
        return Advice(reply, _(_NO_WAY_IN[1]))
    if fault is Fault.CREDENTIALS_REFUSED:
        return Advice(
            _("El servidor no acepta el permiso para el usuario «%(usuario)s».") % {"usuario": where.username},
            _("Compruebe que el usuario es la dirección que dio el permiso y, si lo es, vuelva a darlo."),
        )
    return Advice(reply, _(_NOT_NOW[1]))  # nobody has refused it: a server that is busy, a provider not reached


def _first(table: Table, fault: Fault | None, reply: str, where: Where) -> Advice:
    words = reply.lower()
    _sign, meaning, remedy = next(row for row in table if _tells(row[0], fault, words))
    usual = _("Los habituales son 587 con STARTTLS y 465 con SSL.")
    if where.is_mailbox:
        usual = _("Los habituales son 993 con SSL y 143 con STARTTLS.")
    told = {
        "servidor": where.host,
        "puerto": where.port,
        "habituales": usual,
        "esperada": "SSL" if _BY_PORT.get(where.port) is MailSecurity.SSL else "STARTTLS",
        "explicado": explain(reply),
    }
    return Advice(_(meaning) % told, _(remedy) % told)


def _tells(sign: Fault | str, fault: Fault | None, words: str) -> bool:
    return sign is fault if isinstance(sign, Fault) else re.search(sign, words) is not None
