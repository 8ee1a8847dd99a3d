"""A real IMAP server for the tests, unprivileged, on ports of its own, with a mailbox for whoever asks.

Dovecot of the machine; where it cannot be installed, pymap, which came with the lock and does most of it. Every user
has the same ``PASSWORD``; a test takes a user of its own and nobody else ever sees that mailbox.
"""

import datetime as dt
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from imapclient import IMAPClient

from app.adapters.imap.account import ImapAccount
from app.adapters.imap.mailbox import Mailbox, open_mailbox
from models.enums import MailSecurity
from tests import imap_programs

PASSWORD = 'cl&ve de "España" 1\\2'
PATIENCE = 15.0
AT_ONCE = 50
HOSTS = frozenset({"localhost"})
PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/usr/local/opt/dovecot/sbin")
LETTERS = {b"\\Seen": "S", b"\\Deleted": "T"}


# Ends with whoever holds its standard input, killed or not: nothing is left running.
KEEPER = 'dir=$1; shift; "$@" & server=$!; cat >&2; kill $server; wait $server; rm -rf "$dir"'


class ImapMissing(Exception):
    def __init__(self) -> None:
        super().__init__("No hay Dovecot para las pruebas: ejecute ./scripts/test, que lo prepara.")


def find() -> str | None:
    """The path of the machine's Dovecot, on the PATH or where systems put it."""
    return shutil.which("dovecot", path=os.pathsep.join((os.environ.get("PATH", ""), *PLACES)))


class ImapServer:
    """``port`` speaks in the clear and STARTTLS, ``tls_port`` only TLS; ``authority`` signed its certificate.

    One that is not ``exact`` keeps no line ends, marks no folders and knows one way of signing in less.
    """

    def __init__(self, ports: tuple[int, int], authority: Path, *, exact: bool) -> None:
        self.port, self.tls_port = ports
        self.authority, self.exact = str(authority), exact
        self._users = count(1)

    @property
    def mechanisms(self) -> bytes:
        """How it offers ways of signing in, before anything is encrypted."""
        return b"AUTH=PLAIN AUTH=LOGIN" + b" AUTH=CRAM-MD5" * self.exact

    def as_kept(self, content: bytes) -> bytes:
        return content if self.exact else content.replace(b"\r\n", b"\n")

    def user(self) -> str:
        """Somebody whose mailbox is empty."""
        user = f"correo{next(self._users)}@tosma.example"
        if not self.exact:  # the other one makes it by itself
            self.make_folders(user, "Enviados")
        return user

    def account(self, user: str, **values: object) -> ImapAccount:
        usual = {"host": "localhost", "port": self.port, "security": MailSecurity.NONE, "password": PASSWORD}
        return ImapAccount(**usual | {"username": user, "timeout": 5.0} | values)  # type: ignore[arg-type]

    @contextmanager
    def mailbox(self, user: str) -> Iterator[Mailbox]:
        with open_mailbox(self.account(user), private_hosts=HOSTS) as mailbox:
            yield mailbox

    def stored(self, user: str, folder: str = "Enviados") -> list[tuple[bytes, str, dt.datetime]]:
        """What lies in a folder: octets, flags as letters and moment of each message, in the order they came."""
        return list(self.each_stored(user, folder))

    def each_stored(self, user: str, folder: str = "Enviados") -> Iterator[tuple[bytes, str, dt.datetime]]:
        """The same, a few at a time: there may be more of them than fit in memory."""
        with self.signed_in(user) as client:
            client.select_folder(folder, readonly=True)
            uids = sorted(client.search())
            for at in range(0, len(uids), AT_ONCE):
                part = uids[at : at + AT_ONCE]
                found = client.fetch(part, ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
                yield from (self._told(found[uid]) for uid in part)

    def _told(self, parts: dict[bytes, object]) -> tuple[bytes, str, dt.datetime]:
        content, flags, moment = parts[b"BODY[]"], parts[b"FLAGS"], parts[b"INTERNALDATE"]
        assert isinstance(content, bytes) and isinstance(flags, tuple) and isinstance(moment, dt.datetime)  # noqa: PT018
        letters = "".join(LETTERS.get(flag, "") for flag in sorted(flags, reverse=True))
        kept = content if self.exact else content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return kept, letters, moment.astimezone(dt.UTC)

    def make_folders(self, user: str, *names: str) -> None:
        with self.signed_in(user) as client:
            for name in names:
                if not client.folder_exists(name):
                    client.create_folder(name)

    def deliver(self, user: str, *messages: bytes) -> None:
        """As the mail server would: into the inbox, unread."""
        with self.signed_in(user) as client:
            for message in messages:
                client.append("INBOX", message)

    def mark_deleted(self, user: str, folder: str, number: int) -> None:
        with self.signed_in(user) as client:
            client.select_folder(folder)
            client.delete_messages([client.search()[number - 1]])

    @contextmanager
    def signed_in(self, user: str) -> Iterator[IMAPClient]:
        """The library by itself, without anything of ours."""
        with IMAPClient("127.0.0.1", self.port, ssl=False) as client:
            client.normalise_times = False
            client.plain_login(user, PASSWORD)
            yield client


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    program = find()
    has_other = importlib.util.find_spec("pymap") is not None and os.environ.get("CI") != "true"
    if program is None and not has_other:
        raise ImapMissing
    folder = Path(tempfile.mkdtemp(prefix="ventanilla-imap-", dir="/tmp"))  # sockets' paths must be short
    try:
        setting = imap_programs.prepare(folder, PASSWORD)
        if program is not None:
            command: Sequence[str | Path] = [program, "-F", "-c", imap_programs.dovecot(setting)]
        else:
            command = [sys.executable, "-c", imap_programs.PYMAP, *imap_programs.pymap(setting)]
        with _running(command, folder, setting.ports[0]), imap_programs.beside(setting, is_dovecot=bool(program)):
            yield ImapServer(setting.ports, setting.authority, exact=program is not None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: Sequence[str | Path], folder: Path, port: int) -> Iterator[None]:
    kept = ["/bin/sh", "-c", KEEPER, "sh", folder, *command]
    with (folder / "out").open("wb") as out:
        running = subprocess.Popen(kept, stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True)
    try:
        _once(lambda: imap_programs.greets(port), running, folder)
        yield
    finally:
        if running.stdin:
            running.stdin.close()
        running.wait(PATIENCE)


def _once(is_ready: Callable[[], bool], running: "subprocess.Popen[bytes]", folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not is_ready():
        if time.monotonic() > until or running.poll() is not None:
            said = "".join(path.read_text() for name in ("out", "log") if (path := folder / name).exists())
            raise RuntimeError(f"El servidor IMAP no arranca:\n{said[-2000:]}")
        time.sleep(0.02)
