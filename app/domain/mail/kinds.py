"""What the kinds of mail are called, on every screen."""

from models.enums import MailKind, TextKind

MAIL_KINDS: dict[str, str] = {
    MailKind.NOTICE: "Aviso de publicación",
    MailKind.ACCESS: "Acceso a la intranet",
    MailKind.RECOVERY: "Contraseña olvidada",
    MailKind.TEST: "Correo de prueba",
    MailKind.DOCUMENT: "Envío de documentos",
    TextKind.LICENCE: "Datos de licencia",
    TextKind.REMINDER: "Recordatorio de pago",
}
