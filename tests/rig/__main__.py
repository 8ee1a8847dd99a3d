"""Sees to it that PostgreSQL, Dovecot and a browser are there, and runs the tests: what ``./scripts/test`` calls."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests import imap_server
from tests.rig import browser, postgres

EVERYTHING = ("--numprocesses=auto", "--maxprocesses=4", "--dist=worksteal")


def main(arguments: list[str]) -> None:
    prepare_postgres()
    prepare_imap()
    prepare_browser()
    # A few tests are sooner done in one process.
    spread = () if any(not argument.startswith("-") for argument in arguments) else EVERYTHING
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *spread, *arguments])


def prepare_postgres() -> None:
    """Debian's, when root and nothing is there; for others a wheel came with the lock. None at all fails the tests."""
    if not os.environ.get(postgres.ADDRESS) and not postgres.installed():
        install("postgresql")


def prepare_imap() -> None:
    """Debian's, when root and nothing is there; for others pymap came with the lock. Neither fails the tests."""
    if not imap_server.find():
        install("dovecot-imapd")


def prepare_browser() -> None:
    """The machine's, Debian's when root, or the browser driver's own download. None at all fails the tests."""
    if not browser.driver_runs():
        install("libatomic1")
    if browser.find() or (install("chromium") and browser.find()):
        return
    with sync_playwright() as playwright:
        if Path(playwright.chromium.executable_path).exists():
            return
    print("Descargando un Chromium para las pruebas…", flush=True)
    needs = ["--with-deps"] if is_debian_root() else []
    subprocess.run([sys.executable, "-m", "playwright", "install", *needs, "chromium"], check=False)


def install(package: str) -> bool:
    """Install a Debian package, when root; whether there was any point in trying."""
    if not is_debian_root():
        return False
    print(f"Instalando el paquete {package} para las pruebas…", flush=True)
    for order in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", *order], check=False, env=environment, stdout=subprocess.DEVNULL)
    return True


def is_debian_root() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


if __name__ == "__main__":
    main(sys.argv[1:])
