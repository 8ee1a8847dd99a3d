"""Settings: read once from the environment or ``.env``, typed, refused at start when odd."""

import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

PREFIX = "VENTANILLA_"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class BadSetting(Exception):
    """A setting has a value nobody can have meant; the text says which and why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{PREFIX}{name}: {why}")


@dataclass(frozen=True, kw_only=True)
class Settings:
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
                return Path(path).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise BadSetting(f"{name}_FILE", f"no se puede leer «{path}».") from error
        value = self.values.get(name, "").strip()
        if value or default is not None:
            return value or str(default)
        raise BadSetting(name, "hace falta un valor.")

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise BadSetting(name, f"debe ser un número entre {least} y {most}, no «{text}».")
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
    data_dir = Path(read.text("DATA_DIR", "var/demo" if demo else "var")).absolute()
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
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
        private_hosts=read.names("MAIL_PRIVATE_HOSTS"),
        mail_ca_file=read.text("MAIL_CA_FILE", "") or None,
        log_level=read.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
    )
    read.refuse_the_rest()
    return settings


def _database_url(url: str) -> str:
    if url.startswith("postgres://"):
        url = url.replace("postgres://", "postgresql://", 1)
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise BadSetting("DATABASE_URL", "debe empezar por sqlite:/// o postgresql://.")
    return url


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise BadSetting("BASE_URL", f"debe ser una dirección como https://clientes.example, no «{url}».")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise BadSetting("BASE_URL", "fuera de este equipo debe empezar por https://.")
    return url.rstrip("/")


def _storage_url(url: str) -> str:
    if not url.startswith(("file://", "s3://")):
        raise BadSetting("STORAGE_URL", "debe empezar por file:// o s3://.")
    return url


def _secret_keys(text: str, data_dir: Path) -> tuple[str, ...]:
    if not text:
        text = _own_key(data_dir / "secret.key")
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
