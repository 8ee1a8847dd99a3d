"""How the IMAP servers of the tests are set up: Dovecot without privileges, or pymap."""

import base64
import os
import pwd
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.imap_relay import Relay

USERS = 300
PYMAP = "import sys; from pymap.main import main; sys.exit(main())"

DOVECOT = r"""
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


@dataclass(frozen=True)
class Setting:
    folder: Path
    ports: tuple[int, int]
    password: str

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def certificate(self) -> Path:
        return self.folder / "server.pem"


def prepare(folder: Path, password: str) -> Setting:
    """Free ports, and a certificate for localhost by an authority of its own."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        setting = Setting(folder, (one.getsockname()[1], other.getsockname()[1]), password)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(setting.authority)
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(setting.certificate)
    return setting


def dovecot(setting: Setting) -> Path:
    """Its configuration; mailboxes belong to whom it runs as, or to nobody when that is root."""
    is_root = os.geteuid() == 0
    owner = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.geteuid())
    setting.folder.chmod(0o711)
    home = setting.folder / "home"
    home.mkdir()
    os.chown(home, owner.pw_uid, owner.pw_gid)
    text = DOVECOT.format(
        folder=setting.folder,
        port=setting.ports[0],
        tls_port=setting.ports[1],
        inner="dovecot" if is_root else owner.pw_name,
        inner_group="dovecot" if is_root else str(owner.pw_gid),
        login="dovenull" if is_root else owner.pw_name,
        uid=owner.pw_uid,
        gid=owner.pw_gid,
        password=base64.b64encode(setting.password.encode()).decode(),
    )
    path = setting.folder / "dovecot.conf"
    path.write_text(text)
    return path


def pymap(setting: Setting) -> list[str]:
    """Its arguments; every user there will be is written down before."""
    from pysasl.hashing import BuiltinHash

    mailboxes = setting.folder / "mailboxes"
    mailboxes.mkdir()
    secret, names = BuiltinHash(rounds=1).hash(setting.password), range(1, USERS)
    for file, line in (("passwd", "{name}:x::::{n}:\n"), ("shadow", "{name}:{secret}:::::::\n")):
        lines = [line.format(name=f"correo{n}@tosma.example", secret=secret, n=n) for n in names]
        (mailboxes / f"pymap-etc-{file}").write_text("".join(lines))
    certificate = str(setting.certificate)
    where = ["--host", "127.0.0.1", "--port", str(setting.ports[0]), "--cert", certificate, "--key", certificate]
    return [*where, "maildir", str(mailboxes)]


@contextmanager
def beside(setting: Setting, *, is_dovecot: bool) -> Iterator[None]:
    """What else is needed: pymap has no port that speaks TLS from the first octet."""
    if is_dovecot:
        yield
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(setting.certificate)
    with Relay(upstream=setting.ports[0], port=setting.ports[1], security="ssl", context=context):
        yield


def greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(100).startswith(b"* OK")
    except OSError:
        return False
