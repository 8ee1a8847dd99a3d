"""Where well-known providers keep their servers, and how to get from them what opens a mailbox."""

from msgspec import Struct

from models.enums import MailProvider, MailSecurity

SSL, STARTTLS = MailSecurity.SSL, MailSecurity.STARTTLS


class Place(Struct, frozen=True):
    host: str
    port: int
    security: MailSecurity


class Preset(Struct, frozen=True, kw_only=True):
    """``domains`` are of addresses; ``exchanges`` end the names of the servers that take in mail for other domains.

    ``provider``: lets people in by consent. ``steps`` are in Spanish, for whoever wants to sign in with a password.
    """

    name: str
    smtp: Place
    imap: Place
    domains: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()
    provider: MailProvider | None = None
    steps: tuple[str, ...] = ()
    page: str = ""

    @property
    def hosts(self) -> tuple[str, str]:
        return self.smtp.host, self.imap.host


_SAME = ("La contraseña es la misma con la que abre su correo web; el usuario, la dirección completa.",)

GMAIL = Preset(
    name="Gmail",
    smtp=Place("smtp.gmail.com", 587, STARTTLS),
    imap=Place("imap.gmail.com", 993, SSL),
    domains=("gmail.com", "googlemail.com"),
    exchanges=("google.com", "googlemail.com"),
    provider=MailProvider.GOOGLE,
    steps=(
        "Gmail no acepta aquí la contraseña de siempre: pide una «contraseña de aplicación».",
        "Active antes la verificación en dos pasos de su cuenta de Google, en Seguridad.",
        "Abra la página de contraseñas de aplicación, ponga de nombre «Ventanilla» y pulse «Crear».",
        "Copie las 16 letras, sin espacios, en la contraseña de esta página.",
        "Si su cuenta es de empresa y no ve esa opción, la tiene que permitir quien administra su dominio.",
    ),
    page="https://myaccount.google.com/apppasswords",
)
OUTLOOK = Preset(
    name="Outlook.com",
    smtp=Place("smtp-mail.outlook.com", 587, STARTTLS),
    imap=Place("outlook.office365.com", 993, SSL),
    domains=("outlook.com", "outlook.es", "hotmail.com", "hotmail.es", "live.com", "live.es", "msn.com"),
    provider=MailProvider.MICROSOFT,
    steps=(
        "Outlook.com y Hotmail ya no dejan entrar con contraseña a otros programas, tampoco con una de aplicación.",
        "Elija «Con el permiso de Microsoft». Si no aparece, pídalo a quien administra esta instalación.",
    ),
)
MICROSOFT_365 = Preset(
    name="Microsoft 365",
    smtp=Place("smtp.office365.com", 587, STARTTLS),
    imap=Place("outlook.office365.com", 993, SSL),
    exchanges=("mail.protection.outlook.com", "mx.microsoft"),
    provider=MailProvider.MICROSOFT,
    steps=(
        "Microsoft está dejando de aceptar contraseñas: elija mejor «Con el permiso de Microsoft».",
        "En los dos casos, quien administra su organización tiene que permitir el «SMTP autenticado» de este buzón.",
        "Se hace en el centro de administración: Usuarios activos, su usuario, Correo, Administrar aplicaciones de "
        "correo electrónico.",
    ),
    page="https://admin.microsoft.com",
)
YAHOO = Preset(
    name="Yahoo",
    smtp=Place("smtp.mail.yahoo.com", 465, SSL),
    imap=Place("imap.mail.yahoo.com", 993, SSL),
    domains=("yahoo.com", "yahoo.es", "ymail.com", "rocketmail.com"),
    exchanges=("yahoodns.net",),
    steps=(
        "Yahoo no acepta aquí la contraseña de siempre: pide una «contraseña de aplicación».",
        "Abra la seguridad de su cuenta y pulse «Generar contraseña de aplicación».",
        "Ponga de nombre «Ventanilla» y copie la contraseña que aparece, sin espacios, en esta página.",
    ),
    page="https://login.yahoo.com/account/security",
)
ICLOUD = Preset(
    name="iCloud",
    smtp=Place("smtp.mail.me.com", 587, STARTTLS),
    imap=Place("imap.mail.me.com", 993, SSL),
    domains=("icloud.com", "me.com", "mac.com"),
    exchanges=("mail.icloud.com",),
    steps=(
        "iCloud no acepta aquí la contraseña de su cuenta de Apple: pide una «contraseña específica para la app».",
        "Entre en su cuenta de Apple y abra «Inicio de sesión y seguridad», «Contraseñas específicas para apps».",
        "Cree una con el nombre «Ventanilla» y cópiela, con sus guiones, en la contraseña de esta página.",
    ),
    page="https://account.apple.com",
)
IONOS = Preset(
    name="IONOS",
    smtp=Place("smtp.ionos.es", 465, SSL),
    imap=Place("imap.ionos.es", 993, SSL),
    exchanges=("ionos.es", "ionos.com", "1and1.es", "kundenserver.de"),
    steps=_SAME,
)
ARSYS = Preset(
    name="Arsys",
    smtp=Place("smtp.serviciodecorreo.es", 465, SSL),
    imap=Place("imap.serviciodecorreo.es", 993, SSL),
    exchanges=("serviciodecorreo.es",),
    steps=_SAME,
)
OVH = Preset(
    name="OVH",
    smtp=Place("smtp.mail.ovh.net", 465, SSL),
    imap=Place("imap.mail.ovh.net", 993, SSL),
    exchanges=("mail.ovh.net",),
    steps=_SAME,
)
MOVISTAR = Preset(
    name="Movistar",
    smtp=Place("smtp.movistar.es", 465, SSL),
    imap=Place("imap.movistar.es", 993, SSL),
    domains=("movistar.es",),
    exchanges=("movistar.es",),
    steps=_SAME,
)
TELEFONICA = Preset(
    name="Telefónica",
    smtp=Place("smtp.telefonica.net", 465, SSL),
    imap=Place("imap.telefonica.net", 993, SSL),
    domains=("telefonica.net",),
    exchanges=("telefonica.net",),
    steps=_SAME,
)
ORANGE = Preset(
    name="Orange",
    smtp=Place("smtp.orange.es", 465, SSL),
    imap=Place("imap.orange.es", 993, SSL),
    domains=("orange.es", "wanadoo.es", "eresmas.com"),
    exchanges=("orange.es",),
    steps=_SAME,
)

OF_PROVIDERS = {
    MailProvider.GOOGLE: ("gmail.com", "google.com"),
    MailProvider.MICROSOFT: ("office365.com", "outlook.com", "office.com"),
}
"""The domains of their own servers: what they consent to is shown to no other."""

PRESETS = (GMAIL, OUTLOOK, MICROSOFT_365, YAHOO, ICLOUD, IONOS, ARSYS, OVH, MOVISTAR, TELEFONICA, ORANGE)


def preset_for(email: str) -> Preset | None:
    """By the domain of an address alone."""
    domain = email.rpartition("@")[2].lower()
    return next((preset for preset in PRESETS if domain in preset.domains), None)


def preset_behind(exchanges: tuple[str, ...]) -> Preset | None:
    """By the servers that take in mail for a domain."""
    return next((preset for preset in PRESETS for name in exchanges if is_under(name, preset.exchanges)), None)


def preset_at(host: str) -> Preset | None:
    """By a server that is one of its own."""
    return next((preset for preset in PRESETS if host.lower() in preset.hosts), None)


def is_of_provider(host: str, provider: MailProvider) -> bool:
    return is_under(host, OF_PROVIDERS[provider])


def is_under(name: str, domains: tuple[str, ...]) -> bool:
    """Whether the name of a server, or a domain, is one of these or lies below one."""
    return any(f".{name.lower().rstrip('.')}".endswith(f".{domain}") for domain in domains)
