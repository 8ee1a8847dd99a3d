"""Mail servers in processes of their own, whose work is nobody's here."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import trustme

from models.enums import MailSecurity

HOST = "127.0.0.1"


class MailServers(NamedTuple):
    """The port of one for each way to encrypt, and the file of the authority behind their certificate."""

    ports: dict[MailSecurity, int]
    authority: str


@contextmanager
def servers_of_all_kinds(folder: Path) -> Iterator[MailServers]:
    authority, certificate = trustme.CA(), folder / "server.pem"
    authority.cert_pem.write_to_path(folder / "authority.pem")
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(certificate)
    with ExitStack() as stack:
        ports = {security: stack.enter_context(_mail_server(security, certificate)) for security in MailSecurity}
        yield MailServers(ports, str(folder / "authority.pem"))


@contextmanager
def _mail_server(security: MailSecurity, certificate: Path) -> Iterator[int]:
    program = [sys.executable, "-m", "tests.smtp_sink", "--record", "/dev/null"]
    encrypting = ["--security", security, "--certificate", str(certificate)]
    with subprocess.Popen(program + encrypting, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline().split()[-1])
        finally:
            server.terminate()
