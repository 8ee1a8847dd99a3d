"""What servers say, and what is made of it for whoever set the account up."""

import pytest

from app.domain.mail.troubles import Advice, MailStep, Where, advice_on
from app.errors import Fault
from models.enums import MailProvider, MailSecurity

SMTP = Where(host="smtp.tosma.example", port=587, security=MailSecurity.STARTTLS, username="marta@tosma.example")
SSL = MailSecurity.SSL
GOOGLE = {"provider": MailProvider.GOOGLE}
OURS = "Dicho por nosotros, con unas palabras u otras."


def where(**values) -> Where:
    return Where(**{name: getattr(SMTP, name) for name in Where.__struct_fields__} | values)


@pytest.mark.parametrize(
    ("reply", "place", "meaning"),
    [
        (
            "534 5.7.9 Application-specific password required. For more information, go to gsmtp",
            {"host": "smtp.gmail.com"},
            "El servidor pide una contraseña de aplicación.",
        ),
        (
            "535 5.7.8 Username and Password not accepted. For more information, go to gsmtp",
            {"host": "smtp.gmail.com"},
            "El servidor pide una contraseña de aplicación.",
        ),
        (
            "535 5.7.0 (#AUTH005) Too many bad auth attempts.",
            {"host": "smtp.mail.yahoo.com"},
            "El servidor ha visto demasiados intentos seguidos.",
        ),
        ("535 5.7.8 Error: authentication failed", {"host": "smtp.mail.me.com"}, "El servidor pide una contraseña de"),
        (
            "534 5.7.14 Please log in via your web browser and then try again.",
            {"host": "smtp.gmail.com"},
            "El proveedor quiere que antes entre usted por la web.",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
            {"host": "smtp.office365.com"},
            "Su organización tiene desactivado el SMTP autenticado.",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
            {"host": "smtp-mail.outlook.com"},
            "Microsoft no deja entrar con contraseña en esta cuenta.",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.",
            {},
            "Microsoft no deja entrar con contraseña en esta cuenta.",
        ),
        (
            "535 5.7.3 Authentication unsuccessful [MAD.EURP.PROD.OUTLOOK.COM]",
            {"host": "smtp.office365.com"},
            "Microsoft no deja entrar con contraseña en esta cuenta.",
        ),
        ("535 5.7.8 usuario o contraseña incorrectos", {}, "El servidor no acepta el usuario o la contraseña."),
        ("454 4.7.0 Temporary authentication failure", {}, "El servidor no deja entrar por ahora."),
        (
            "538 5.7.11 Encryption required",
            {},
            "El servidor no deja entrar con usuario y contraseña por esta conexión.",
        ),
        (
            "[ALERT] Application-specific password required: https://support.google.com",
            {},
            "El servidor pide una contraseña de aplicación.",
        ),
        ("[ALERT] Your account is not enabled for IMAP use.", {}, "Su cuenta no deja entrar por IMAP."),
        ("[AUTHENTICATIONFAILED] Authentication failed.", {}, "El servidor no acepta el usuario o la contraseña."),
        ("535 5.7.8 no", GOOGLE, "El servidor no acepta el permiso para el usuario «marta@tosma.example»."),
    ],
)
def test_what_servers_say_to_credentials(reply, place, meaning):
    advice = advice_on(MailStep.AUTH, Fault.CREDENTIALS_REFUSED, reply, where(**place))

    assert (advice.meaning[: len(meaning)], bool(advice.remedy)) == (meaning, True)


@pytest.mark.parametrize(
    ("fault", "place", "meaning", "remedy"),
    [
        (Fault.NO_WAY_IN, {}, "El servidor no deja entrar con usuario y contraseña por esta", "Elija STARTTLS o SSL;"),
        (Fault.NO_WAY_IN, GOOGLE, OURS, "Elija STARTTLS o SSL;"),
        (Fault.CREDENTIALS_REFUSED, {}, "El servidor no acepta el usuario o la contraseña.", "El usuario suele ser la"),
        (Fault.CONSENT_MISSING, GOOGLE, OURS, "Pulse «Dar permiso» en la página de la cuenta"),
        (Fault.NOT_REGISTERED, GOOGLE, OURS, "Lo arregla quien administra la instalación"),
        (Fault.CREDENTIALS_UNREADABLE, {}, OURS, "Se cambia en la página de la cuenta."),
        (Fault.SILENT, {}, "El servidor no deja entrar por ahora.", "Espere unos minutos"),
        (Fault.SILENT, {"host": "smtp.gmail.com"}, "El servidor no deja entrar por ahora.", "Espere unos minutos"),
        (Fault.UNREACHABLE, GOOGLE, OURS, "Espere unos minutos"),
        (None, GOOGLE, OURS, "Espere unos minutos"),
    ],
)
def test_what_keeps_from_signing_in_without_a_word_of_the_server(fault, place, meaning, remedy):
    advice = advice_on(MailStep.AUTH, fault, OURS, where(**place))

    assert (advice.meaning[: len(meaning)], advice.remedy[: len(remedy)]) == (meaning, remedy)


@pytest.mark.parametrize(
    ("step", "fault", "meaning"),
    [
        (MailStep.CONNECT, Fault.NAME_UNKNOWN, "No se encuentra ningún servidor con ese nombre."),
        (MailStep.CONNECT, Fault.CONNECTION_REFUSED, "Ese servidor no atiende en el puerto 993."),
        (MailStep.CONNECT, Fault.UNREACHABLE, "El servidor no contesta."),
        (MailStep.CONNECT, Fault.SILENT, "Quien contesta en ese puerto no habla como un servidor de correo."),
        (MailStep.TLS, Fault.CERTIFICATE_EXPIRED, "El certificado del servidor ha caducado."),
        (MailStep.TLS, Fault.CERTIFICATE_CHANGED, "El servidor muestra otro certificado que el que usted"),
        (MailStep.TLS, Fault.CERTIFICATE_UNKNOWN, "El certificado no lo firma ninguna autoridad conocida."),
        (MailStep.TLS, Fault.SILENT, "No se ha podido cifrar la conexión."),
        (MailStep.TLS, None, "No se ha podido cifrar la conexión."),
        (MailStep.MAILBOX, None, "El servidor no acepta el usuario o la contraseña."),
    ],
)
def test_a_mailbox_that_does_not_open(step, fault, meaning):
    advice = advice_on(step, fault, OURS, where(host="imap.tosma.example", port=993, security=SSL))

    assert (advice.meaning[: len(meaning)], bool(advice.remedy)) == (meaning, True)


@pytest.mark.parametrize(
    ("step", "fault", "reply", "place", "advice"),
    [
        (
            MailStep.RESOLVE,
            Fault.NAME_UNKNOWN,
            OURS,
            {"host": "smpt.tosma.example"},
            Advice(
                "No se encuentra ningún servidor con ese nombre.",
                "Revise que «smpt.tosma.example» está bien escrito; se lo da su proveedor de correo.",
            ),
        ),
        (
            MailStep.RESOLVE,
            Fault.NOT_ALLOWED,
            OURS,
            {},
            Advice(OURS, "Lo permite quien administra la instalación, en sus ajustes."),
        ),
        (
            MailStep.CONNECT,
            Fault.SILENT,
            OURS,
            {"port": 465},
            Advice("El puerto 465 espera SSL.", "Cambie la seguridad de la conexión o el puerto."),
        ),
        (
            MailStep.TLS,
            None,
            OURS,
            {"security": SSL},
            Advice("El puerto 587 espera STARTTLS.", "Cambie la seguridad de la conexión o el puerto."),
        ),
        (
            MailStep.TLS,
            Fault.CERTIFICATE_OF_ANOTHER,
            OURS,
            {"security": SSL},
            Advice(
                "El certificado es de otro nombre que el que ha escrito.",
                "Escriba el servidor con el nombre que le da su proveedor, no con otro que lleve al mismo sitio.",
            ),
        ),
        (
            MailStep.TLS,
            Fault.NO_STARTTLS,
            OURS,
            {"port": 25},
            Advice(
                "El servidor no ofrece STARTTLS en ese puerto.", "Los habituales son 587 con STARTTLS y 465 con SSL."
            ),
        ),
        (
            MailStep.CONNECT,
            None,
            "421 4.3.2 no atiendo",
            {},
            Advice("El servidor no quiere atender ahora.", "Vuelva a probar dentro de unos minutos."),
        ),
        (
            MailStep.CONNECT,
            None,
            "554 5.7.1 en una lista negra",
            {},
            Advice(
                "El servidor no quiere atender a esta instalación.",
                "No es cosa de la cuenta: pregunte a su proveedor, con lo que ha contestado el servidor.",
            ),
        ),
        (
            MailStep.CONNECT,
            Fault.CONNECTION_REFUSED,
            OURS,
            {"port": 9, "security": SSL, "is_mailbox": True},
            Advice("Ese servidor no atiende en el puerto 9.", "Los habituales son 993 con SSL y 143 con STARTTLS."),
        ),
        (
            MailStep.SEND,
            None,
            "550 5.1.1 no existe",
            {},
            Advice(
                "Esa dirección de correo no existe.",
                "Pruebe con otro destinatario; si pasa con todos, pregunte a su proveedor.",
            ),
        ),
        (
            MailStep.SEND,
            None,
            "450 4.2.0 lista gris",
            {},
            Advice(
                "El servidor del destinatario pide que se intente más tarde.",
                "Se intentará otra vez por sí solo dentro de un minuto o más.",
            ),
        ),
        (
            MailStep.SEND,
            Fault.SILENT,
            OURS,
            {},
            Advice(
                "La conexión se cortó antes de que el servidor tomara el correo: no ha llegado.",
                "Se intentará otra vez por sí solo dentro de un minuto o más.",
            ),
        ),
        (
            MailStep.SEND,
            None,
            "554 5.2.252 SendAsDenied; marta@tosma.example not allowed to send as facturas@tosma.example",
            {},
            Advice(
                "El servidor no deja enviar con esa dirección de remitente.",
                "Ponga de remitente la dirección de la propia cuenta, o una que su proveedor le haya autorizado.",
            ),
        ),
        (
            MailStep.COPY,
            None,
            "[TRYCREATE] Mailbox doesn't exist",
            {},
            Advice("Esa carpeta ya no está en el buzón.", "Vuelva a leer las carpetas y elija otra."),
        ),
        (
            MailStep.COPY,
            Fault.FOLDER_MISSING,
            OURS,
            {},
            Advice("Esa carpeta ya no está en el buzón.", "Vuelva a leer las carpetas y elija otra."),
        ),
        (
            MailStep.COPY,
            None,
            "[OVERQUOTA] Quota exceeded",
            {},
            Advice("El buzón está lleno: no cabe la copia.", "Vacíelo un poco y vuelva a probar."),
        ),
    ],
)
def test_every_other_step(step, fault, reply, place, advice):
    assert advice_on(step, fault, reply, where(**place)) == advice


@pytest.mark.parametrize("step", list(MailStep))
@pytest.mark.parametrize("fault", [None, *Fault])
@pytest.mark.parametrize("reply", ["", "%(x)s %d", "x" * 5000, "🔑"])
def test_whatever_is_wrong_there_is_an_advice(step, fault, reply):
    advices = [advice_on(step, fault, reply, where(**place)) for place in ({}, GOOGLE)]

    assert [bool(advice.meaning or advice.remedy) for advice in advices] == [True, True]


@pytest.mark.parametrize("step", list(MailStep))
def test_no_sentence_of_ours_is_read(step):
    """Whatever our own adapters may say, in whatever words, only their fault tells what it is."""
    said = [
        "El certificado de smtp.tosma.example ha cambiado.",
        "No se puede abrir la carpeta «Enviados»: no",
        "Google ya no acepta el permiso que se le dio. Vuelva a darlo.",
        "El puerto 26 no está permitido.",
        "El servidor no admite usuario y contraseña en esta conexión.",
    ]

    assert {advice_on(step, None, sentence, SMTP) for sentence in said} == {advice_on(step, None, OURS, SMTP)}
