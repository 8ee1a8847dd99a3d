"""A real IMAP server for the tests: Dovecot, unprivileged, on ports of its own, with a mailbox for whoever asks.

Every user has the same ``PASSWORD``; a test takes a user of its own and nobody else ever sees that mailbox.
"""

import base64
import datetime as dt
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import trustme
from imapclient import IMAPClient
from imapclient.imap_utf7 import encode

from app.adapters.imap import ImapAccount, Mailbox, Security, open_mailbox

PASSWORD = 'cl&ve de "España" 1\\2'
PATIENCE = 15.0
HOSTS = frozenset({"localhost"})
PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/usr/local/opt/dovecot/sbin")

CONFIGURATION = r"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {inner}
default_internal_group = {inner_group}
default_login_user = {login}
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.pem
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mail_save_crlf = yes
mail_max_userip_connections = 100
first_valid_uid = 1
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
passdb {{
  driver = static
  args = password={{PLAIN.b64}}{password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Enviados {{
    special_use = \Sent
    auto = create
  }}
}}
"""


class ImapMissing(Exception):
    def __init__(self) -> None:
        super().__init__("No hay Dovecot para las pruebas: ejecute ./scripts/test, que lo prepara.")


def find() -> str | None:
    """The path of the machine's Dovecot, on the PATH or where systems put it."""
    return shutil.which("dovecot", path=os.pathsep.join((os.environ.get("PATH", ""), *PLACES)))


class ImapServer:
    """``port`` speaks in the clear and STARTTLS, ``tls_port`` only TLS; ``authority`` signed its certificate."""

    def __init__(self, folder: Path, port: int, tls_port: int) -> None:
        self.folder, self.port, self.tls_port = folder, port, tls_port
        self.authority = str(folder / "authority.pem")
        self._users = count(1)

    def user(self) -> str:
        """Somebody whose mailbox is empty."""
        return f"correo{next(self._users)}@tosma.example"

    def account(self, user: str, **values: object) -> ImapAccount:
        usual = {"host": "localhost", "port": self.port, "security": Security.NONE, "password": PASSWORD}
        return ImapAccount(**usual | {"username": user, "timeout": 5.0} | values)  # type: ignore[arg-type]

    @contextmanager
    def mailbox(self, user: str) -> Iterator[Mailbox]:
        with open_mailbox(self.account(user), private_hosts=HOSTS) as mailbox:
            yield mailbox

    def stored(self, user: str, folder: str = "Enviados") -> list[tuple[bytes, str, dt.datetime]]:
        """What lies in a folder on the disk: octets, flags and moment of each message, in the order they came."""
        place = self.folder / "home" / user / "Maildir"
        if folder != "INBOX":
            place /= "." + encode(folder.replace("/", ".")).decode()
        files = [path for part in ("cur", "new") for path in place.glob(f"{part}/*")]
        return [
            (path.read_bytes(), path.name.partition(":2,")[2], dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC))
            for path in sorted(files, key=lambda path: path.stat().st_ctime_ns)
        ]

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
            client.plain_login(user, PASSWORD)
            yield client


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    program = find()
    if program is None:
        raise ImapMissing
    folder = Path(tempfile.mkdtemp(prefix="ventanilla-imap-", dir="/tmp"))  # sockets' paths must be short
    ports = _free_ports()
    try:
        (folder / "dovecot.conf").write_text(_configured(folder, *ports))
        with (folder / "out").open("wb") as out:
            running = subprocess.Popen(
                [program, "-F", "-c", folder / "dovecot.conf"], stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        try:
            _once(lambda: _greets(ports[0]), running, folder)
            yield ImapServer(folder, *ports)
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(PATIENCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _configured(folder: Path, port: int, tls_port: int) -> str:
    """The text of the configuration; its files and folders are made for whom it will run as."""
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    ours = "" if os.geteuid() == 0 else owner.pw_name
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    folder.chmod(0o711)
    (folder / "home").mkdir()
    os.chown(folder / "home", owner.pw_uid, owner.pw_gid)
    return CONFIGURATION.format(
        folder=folder,
        port=port,
        tls_port=tls_port,
        inner=ours or "dovecot",
        inner_group=str(owner.pw_gid) if ours else "dovecot",
        login=ours or "dovenull",
        uid=owner.pw_uid,
        gid=owner.pw_gid,
        password=base64.b64encode(PASSWORD.encode()).decode(),
    )


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _greets(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        return connection.recv(100).startswith(b"* OK")


def _once(is_ready: Callable[[], bool], running: "subprocess.Popen[bytes]", folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if is_ready():
                return
        except OSError:
            pass
        if time.monotonic() > until or running.poll() is not None:
            said = "".join(path.read_text() for name in ("out", "log") if (path := folder / name).exists())
            raise RuntimeError(f"Dovecot no arranca:\n{said[-2000:]}")
        time.sleep(0.02)
