"""Settings: read once from the environment or ``.env``, typed, refused at start when odd."""

import os
import re
import secrets
import ssl
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values
from msgspec import Struct
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.adapters.outbound import host_name
from app.errors import AdapterError

PREFIX = "VENTANILLA_"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
USUAL_PORTS = {"http": 80, "https": 443}
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")


class BadSetting(Exception):
    """A setting has a value nobody can have meant; the text says which and why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{PREFIX}{name}: {why}")


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that differs between installations.

    ``secret_keys``: the first seals and signs, the others still open what they sealed. ``private_hosts``: mail hosts
    inside the own network, which no screen can allow. ``trusted_proxies``: networks whose X-Forwarded-For counts.
    """

    data_dir: Path
    database_url: str
    base_url: str
    storage_url: str
    secret_keys: tuple[str, ...]
    workers: int = 1
    run_worker: bool = True
    demo: bool = False
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    private_hosts: frozenset[str] = frozenset()
    mail_ca_file: str | None = None
    google_client_id: str = ""
    google_client_secret: str = ""
    google_endpoint: str = ""
    microsoft_client_id: str = ""
    microsoft_client_secret: str = ""
    microsoft_endpoint: str = ""
    log_level: str = "info"

    @property
    def is_secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """Host names this installation answers to."""
        host = urlsplit(self.base_url).hostname or ""
        return LOOPBACK if host in LOOPBACK else frozenset({host}) | LOOPBACK


class _Reader:
    """Takes settings one by one and notices names nobody asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = {name.removeprefix(PREFIX): text for name, text in values.items() if name.startswith(PREFIX)}
        self.asked: set[str] = set()

    def text(self, name: str, default: str | None = None) -> str:
        self.asked |= {name, f"{name}_FILE"}
        if path := self.values.get(f"{name}_FILE"):
            try:
                content = Path(path).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise BadSetting(f"{name}_FILE", f"no se puede leer «{path}».") from error
            if not content:
                raise BadSetting(f"{name}_FILE", f"«{path}» está vacío.")
            return content
        value = self.values.get(name, "").strip()
        if value or default is not None:
            return value or str(default)
        raise BadSetting(name, "hace falta un valor.")

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or len(text) > 9 or not least <= int(text) <= most:
            raise BadSetting(name, f"debe ser un número entre {least} y {most}, no «{text[:40]}».")
        return int(text)

    def switch(self, name: str, default: bool) -> bool:
        text = self.text(name, "yes" if default else "no").lower()
        if text not in {"yes", "no", "true", "false", "1", "0"}:
            raise BadSetting(name, f"debe ser yes o no, no «{text}».")
        return text in {"yes", "true", "1"}

    def choice(self, name: str, default: str, options: tuple[str, ...]) -> str:
        text = self.text(name, default).lower()
        if text not in options:
            raise BadSetting(name, f"debe ser {', '.join(options[:-1])} o {options[-1]}, no «{text}».")
        return text

    def names(self, name: str) -> frozenset[str]:
        return frozenset(part.strip().lower() for part in self.text(name, "").split(",") if part.strip())

    def refuse_the_rest(self) -> None:
        unknown = sorted(set(self.values) - self.asked - {"TEST_POSTGRES"})
        if unknown:
            raise BadSetting(unknown[0], "no existe ese ajuste.")


def read_settings(
    environment: Mapping[str, str] | None = None, *, demo: bool = False, served_at: str | None = None
) -> Settings:
    """The settings of this process; raises ``BadSetting``.

    ``served_at`` is the address the demo is served at and stands in for BASE_URL there. Creates the data directory
    and, on first use, its secret key (both private to the user).
    """
    if environment is None:
        environment = {**{k: v for k, v in dotenv_values(".env").items() if v is not None}, **os.environ}
    read = _Reader(environment)
    data_dir = _made_folder(read.text("DATA_DIR", "var/demo" if demo else "var"))
    settings = Settings(
        data_dir=data_dir,
        database_url=_database_url(read.text("DATABASE_URL", f"sqlite:///{data_dir / 'ventanilla.db'}")),
        base_url=_base_url(read.text("BASE_URL", served_at if demo else None)),
        storage_url=_storage_url(read.text("STORAGE_URL", (data_dir / "files").as_uri())),
        secret_keys=_secret_keys(read.text("SECRET_KEY", ""), data_dir),
        workers=read.number("WORKERS", 1, least=1, most=64),
        run_worker=read.switch("RUN_WORKER", True),
        demo=demo,
        trusted_proxies=_networks(read.names("TRUSTED_PROXIES")),
        private_hosts=_hosts(read.names("MAIL_PRIVATE_HOSTS")),
        mail_ca_file=_certificates(read.text("MAIL_CA_FILE", "")),
        google_client_id=read.text("GOOGLE_CLIENT_ID", ""),
        google_client_secret=read.text("GOOGLE_CLIENT_SECRET", ""),
        google_endpoint=_endpoint("GOOGLE_ENDPOINT", read.text("GOOGLE_ENDPOINT", "")),
        microsoft_client_id=read.text("MICROSOFT_CLIENT_ID", ""),
        microsoft_client_secret=read.text("MICROSOFT_CLIENT_SECRET", ""),
        microsoft_endpoint=_endpoint("MICROSOFT_ENDPOINT", read.text("MICROSOFT_ENDPOINT", "")),
        log_level=read.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
    )
    read.refuse_the_rest()
    for provider in ("google", "microsoft"):
        given = {name: getattr(settings, f"{provider}_{name}") for name in ("client_id", "client_secret")}
        if any(given.values()) and not all(given.values()):
            missing = next(name for name, text in given.items() if not text)
            raise BadSetting(f"{provider}_{missing}".upper(), "hace falta junto con el otro de su pareja.")
    return settings


def _made_folder(text: str) -> Path:
    path = Path(text).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BadSetting("DATA_DIR", f"«{path}» no puede ser la carpeta de los datos ({error.strerror}).") from error
    return path


def _database_url(url: str) -> str:
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            url = url.replace(scheme, "postgresql+psycopg://", 1)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise BadSetting("DATABASE_URL", "debe empezar por sqlite:/// o postgresql://.")
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadSetting("DATABASE_URL", "no es una dirección de base de datos.") from error
    if url.startswith("sqlite") and (parts.query or not parts.database or parts.database.startswith((":", "file:"))):
        raise BadSetting(
            "DATABASE_URL", "SQLite necesita un archivo, como sqlite:////var/lib/ventanilla/ventanilla.db."
        )
    return url


def _base_url(url: str) -> str:
    """As browsers write it: lower case, ASCII, without the port that goes without saying."""
    odd = BadSetting("BASE_URL", f"debe ser una dirección como https://clientes.example, no «{url}».")
    try:
        parts = urlsplit(url)
        host, port = host_name(parts.hostname or ""), parts.port
    except (ValueError, AdapterError) as error:
        raise odd from error
    more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc or "\\" in url
    if parts.scheme not in USUAL_PORTS or more or port == 0:
        raise odd
    if parts.scheme == "http" and host not in LOOPBACK:
        raise BadSetting("BASE_URL", "fuera de este equipo debe empezar por https://.")
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}" + ("" if port in (None, USUAL_PORTS[parts.scheme]) else f":{port}")


def _endpoint(name: str, url: str) -> str:
    """Where a provider of consents answers, when it is not its usual place."""
    try:
        parts = urlsplit(url)
        is_good = not url or (parts.scheme in USUAL_PORTS and bool(host_name(parts.hostname or "")) and not parts.query)
    except (ValueError, AdapterError):
        is_good = False
    if not is_good:
        raise BadSetting(name, f"debe ser una dirección como https://login.example/oauth2, no «{url}».")
    return url.rstrip("/")


def _storage_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path.strip("/") and not parts.fragment:
        return url
    if parts.scheme == "s3" and BUCKET.fullmatch(parts.netloc):
        return url
    raise BadSetting("STORAGE_URL", "debe ser como file:///srv/ventanilla/archivos o s3://deposito/carpeta.")


def _hosts(names: frozenset[str]) -> frozenset[str]:
    try:
        return frozenset(map(host_name, names))
    except AdapterError as error:
        sentence = "debe ser una lista de servidores separados por comas, como correo.interno."
        raise BadSetting("MAIL_PRIVATE_HOSTS", sentence) from error


def _certificates(path: str) -> str | None:
    if not path:
        return None
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        raise BadSetting("MAIL_CA_FILE", f"no hay certificados que se puedan leer en «{path}».") from error
    return path


def _secret_keys(text: str, data_dir: Path) -> tuple[str, ...]:
    if not text:
        try:
            text = _own_key(data_dir / "secret.key")
        except OSError as error:
            sentence = f"no se puede guardar ni leer la clave en «{data_dir}» ({error.strerror})."
            raise BadSetting("DATA_DIR", sentence) from error
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    if not keys or any(len(key) < 40 for key in keys):
        raise BadSetting("SECRET_KEY", "hacen falta al menos 40 caracteres al azar.")
    return keys


def _own_key(path: Path) -> str:
    """The key in ``path``, made on first use. Two first starts at once agree on one: a link cannot be made twice."""
    if not path.exists():
        handle, temporary = tempfile.mkstemp(dir=path.parent)  # private to the user from the start
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(temporary, path)
        Path(temporary).unlink()
    return path.read_text()


def _networks(texts: frozenset[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(text) for text in sorted(texts))
    except ValueError as error:
        raise BadSetting("TRUSTED_PROXIES", f"no es una red: {error}.") from error
