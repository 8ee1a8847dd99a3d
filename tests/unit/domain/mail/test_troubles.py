"""What servers say, and what is made of it for whoever set the account up."""

import pytest

from app.domain.mail.troubles import Advice, MailStep, Where, advice_on
from models.enums import MailProvider, MailSecurity

SMTP = Where(host="smtp.tosma.example", port=587, security=MailSecurity.STARTTLS, username="marta@tosma.example")
SSL = MailSecurity.SSL


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
            "El servidor no admite usuario y contraseña en esta conexión.",
            {},
            "El servidor no deja entrar con usuario y contraseña por esta conexión.",
        ),
        (
            "535 5.7.8 no",
            {"provider": MailProvider.GOOGLE},
            "El servidor no acepta el permiso para el usuario «marta@tosma.example».",
        ),
        (
            "Google ya no acepta el permiso que se le dio. Vuelva a darlo.",
            {"provider": MailProvider.GOOGLE},
            "Google ya no acepta el permiso que se le dio. Vuelva a darlo.",
        ),
    ],
)
def test_signing_in(reply, place, meaning):
    advice = advice_on(MailStep.AUTH, reply, where(**place))

    assert (advice.meaning[: len(meaning)], bool(advice.remedy)) == (meaning, True)


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        ("[AUTHENTICATIONFAILED] Authentication failed.", "El servidor no acepta el usuario o la contraseña."),
        (
            "[ALERT] Application-specific password required: https://support.google.com",
            "El servidor pide una contraseña de aplicación.",
        ),
        ("[ALERT] Your account is not enabled for IMAP use.", "Su cuenta no deja entrar por IMAP."),
        ("El servidor rechaza el usuario o la contraseña.", "El servidor no acepta el usuario o la contraseña."),
        ("No se encuentra el servidor imap.tosma.example.", "No se encuentra ningún servidor con ese nombre."),
        ("imap.tosma.example rechaza la conexión en el puerto 993.", "Ese servidor no atiende en el puerto 993."),
        ("imap.tosma.example no responde en el puerto 993.", "El servidor no contesta."),
        ("El certificado de imap.tosma.example ha caducado.", "El certificado del servidor ha caducado."),
        ("El certificado de imap.tosma.example ha cambiado.", "El servidor muestra otro certificado que el que usted"),
        ("No se pudo cifrar la conexión con imap.tosma.example.", "No se ha podido cifrar la conexión."),
    ],
)
def test_a_mailbox_that_does_not_open(reply, meaning):
    advice = advice_on(MailStep.MAILBOX, reply, where(host="imap.tosma.example", port=993, security=SSL))

    assert (advice.meaning[: len(meaning)], bool(advice.remedy)) == (meaning, True)


@pytest.mark.parametrize(
    ("step", "reply", "place", "advice"),
    [
        (
            MailStep.RESOLVE,
            "No se encuentra el servidor smpt.tosma.example.",
            {"host": "smpt.tosma.example"},
            Advice(
                "No se encuentra ningún servidor con ese nombre.",
                "Revise que «smpt.tosma.example» está bien escrito; se lo da su proveedor de correo.",
            ),
        ),
        (
            MailStep.RESOLVE,
            "El servidor 10.0.0.3 está en una red privada. Quien administra la instalación puede permitirlo.",
            {},
            Advice(
                "El servidor 10.0.0.3 está en una red privada. Quien administra la instalación puede permitirlo.",
                "Lo permite quien administra la instalación, en sus ajustes.",
            ),
        ),
        (
            MailStep.CONNECT,
            "El servidor no responde a tiempo.",
            {"port": 465},
            Advice("El puerto 465 espera SSL.", "Cambie la seguridad de la conexión o el puerto."),
        ),
        (
            MailStep.TLS,
            "No se pudo cifrar la conexión con smtp.tosma.example.",
            {"security": SSL},
            Advice("El puerto 587 espera STARTTLS.", "Cambie la seguridad de la conexión o el puerto."),
        ),
        (
            MailStep.TLS,
            "El certificado no es de smtp.tosma.example.",
            {"security": SSL},
            Advice(
                "El certificado es de otro nombre que el que ha escrito.",
                "Escriba el servidor con el nombre que le da su proveedor, no con otro que lleve al mismo sitio.",
            ),
        ),
        (
            MailStep.TLS,
            "El servidor no ofrece STARTTLS; sin cifrar no se envía nada.",
            {"port": 25},
            Advice(
                "El servidor no ofrece STARTTLS en ese puerto.", "Los habituales son 587 con STARTTLS y 465 con SSL."
            ),
        ),
        (
            MailStep.CONNECT,
            "554 5.3.2 no atiendo",
            {},
            Advice("El servidor no quiere atender ahora.", "Vuelva a probar dentro de unos minutos."),
        ),
        (
            MailStep.SEND,
            "550 5.1.1 no existe",
            {},
            Advice(
                "Esa dirección de correo no existe.",
                "Pruebe con otro destinatario; si pasa con todos, pregunte a su proveedor.",
            ),
        ),
        (
            MailStep.SEND,
            "450 4.2.0 lista gris",
            {},
            Advice(
                "El servidor del destinatario pide que se intente más tarde.",
                "Se intentará otra vez por sí solo dentro de un minuto o más.",
            ),
        ),
        (
            MailStep.SEND,
            "554 5.2.252 SendAsDenied; marta@tosma.example not allowed to send as facturas@tosma.example",
            {},
            Advice(
                "El servidor no deja enviar con esa dirección de remitente.",
                "Ponga de remitente la dirección de la propia cuenta, o una que su proveedor le haya autorizado.",
            ),
        ),
        (
            MailStep.COPY,
            "No se puede abrir la carpeta «Enviados»: [NONEXISTENT] Mailbox doesn't exist",
            {},
            Advice("Esa carpeta ya no está en el buzón.", "Vuelva a leer las carpetas y elija otra."),
        ),
        (
            MailStep.COPY,
            "[OVERQUOTA] Quota exceeded",
            {},
            Advice("El buzón está lleno: no cabe la copia.", "Vacíelo un poco y vuelva a probar."),
        ),
    ],
)
def test_every_other_step(step, reply, place, advice):
    assert advice_on(step, reply, where(**place)) == advice


@pytest.mark.parametrize("step", list(MailStep))
@pytest.mark.parametrize("reply", ["", "%(x)s %d", "x" * 5000, "🔑"])
def test_whatever_is_said_there_is_an_advice(step, reply):
    assert advice_on(step, reply, SMTP).meaning
