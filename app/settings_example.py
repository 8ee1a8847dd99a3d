"""Every setting in words, as a ``.env`` to start from."""

from msgspec import Struct

from app.settings import PREFIX

OPENING = """\
# Ajustes de Ventanilla. Copie este archivo como «.env» junto al programa o defina las variables en el entorno.
# Quite la almohadilla de lo que quiera cambiar. A cualquiera de ellas puede añadirle _FILE y dar la ruta de un
# archivo con el valor: así los secretos no quedan en el entorno.
"""


class Described(Struct, frozen=True):
    """A setting, its meaning in Spanish, and a value to begin with; ``is_needed`` when there is no default."""

    name: str
    meaning: str
    example: str
    is_needed: bool = False


DESCRIBED = (
    Described(
        "BASE_URL",
        "Dirección pública, la que ven sus clientes. Todos los enlaces de los correos empiezan por ella.",
        "https://clientes.example",
        is_needed=True,
    ),
    Described(
        "DATA_DIR",
        "Carpeta de los datos: base de datos SQLite, archivos y clave secreta. Por omisión, «var».",
        "/var/lib/ventanilla",
    ),
    Described(
        "DATABASE_URL",
        "Base de datos. Por omisión, SQLite en la carpeta de datos; también PostgreSQL 15 o posterior.",
        "postgresql://usuario:contraseña@localhost/ventanilla",
    ),
    Described(
        "STORAGE_URL",
        "Dónde se guardan los archivos: una carpeta (por omisión, «files» en la de datos) o un depósito S3.",
        "s3://deposito/ventanilla",
    ),
    Described(
        "SECRET_KEY",
        "Clave que firma y cifra: 40 caracteres al azar o más. Por omisión se crea una en la carpeta de datos. Para\n"
        "cambiarla ponga la nueva delante, una coma y la anterior, que seguirá abriendo lo que cifró.",
        "",
    ),
    Described("WORKERS", "Procesos que atienden la web.", "1"),
    Described(
        "RUN_WORKER",
        "Si «serve» se ocupa también de los correos y los PDF (yes o no). Con «no», ejecute además «worker».",
        "yes",
    ),
    Described(
        "TRUSTED_PROXIES",
        "Direcciones o redes de los proxis que tiene delante, separadas por comas: solo a ellos se les cree\n"
        "X-Forwarded-For.",
        "127.0.0.1, 10.0.0.0/8",
    ),
    Described(
        "MAIL_PRIVATE_HOSTS",
        "Servidores de correo de su propia red a los que se permite conectar, separados por comas.",
        "correo.interno",
    ),
    Described(
        "MAIL_CA_FILE",
        "Certificados raíz con los que se comprueban los servidores de correo, además de los del sistema.",
        "/etc/ssl/certs/empresa.pem",
    ),
    Described(
        "GOOGLE_CLIENT_ID",
        "Aplicación registrada en Google Cloud para enviar con cuentas de Gmail sin contraseña (OAuth 2.0).\n"
        "La dirección de retorno que hay que registrar es la de BASE_URL seguida de /admin/account/mail/consent.",
        "1234-abcd.apps.googleusercontent.com",
    ),
    Described("GOOGLE_CLIENT_SECRET", "Su secreto.", "GOCSPX-secreto"),
    Described("GOOGLE_ENDPOINT", "Otra dirección para esos permisos: solo para hacer pruebas.", ""),
    Described(
        "MICROSOFT_CLIENT_ID",
        "Aplicación registrada en Microsoft Entra para enviar con cuentas de Microsoft 365 y Outlook, con la misma\n"
        "dirección de retorno.",
        "00000000-0000-0000-0000-000000000000",
    ),
    Described("MICROSOFT_CLIENT_SECRET", "Su secreto.", "secreto"),
    Described(
        "MICROSOFT_ENDPOINT",
        "Dónde pide el permiso si la aplicación es de una sola organización.",
        "https://login.microsoftonline.com/empresa.es/oauth2/v2.0",
    ),
    Described("LOG_LEVEL", "Detalle del registro: debug, info, warning o error.", "info"),
)


def settings_example() -> str:
    parts = [OPENING]
    for setting in DESCRIBED:
        meaning = "".join(f"# {line}\n" for line in setting.meaning.split("\n"))
        mark = "" if setting.is_needed else "#"
        parts.append(f"{meaning}{mark}{PREFIX}{setting.name}={setting.example}\n")
    return "\n".join(parts)
