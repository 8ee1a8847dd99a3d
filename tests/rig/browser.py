"""A Chromium for the tests: the machine's own, or the one that Playwright downloads."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import playwright
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

# Nothing of ours needs another host: whatever a page asks of one fails at once, and Chromium's own calls home too.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


class BrowserMissing(Exception):
    def __init__(self) -> None:
        super().__init__("No hay Chromium para las pruebas: ejecute ./scripts/test, que lo prepara.")


def find() -> str | None:
    """The path of a Chromium of this machine that runs; Ubuntu has one that only tells how to get one."""
    places = [path for name in NAMES if (path := shutil.which(name))] + [path for path in MAC if Path(path).exists()]
    return next((path for path in places if _runs(path)), None)


def driver_runs() -> bool:
    """Whether Playwright's own program finds the libraries it wants of the machine."""
    return _runs(str(Path(playwright.__file__).parent / "driver" / "node"))


def launch(driver: Playwright) -> Browser:
    path = find()
    if path is None and not Path(driver.chromium.executable_path).exists():
        raise BrowserMissing
    sandbox = () if os.geteuid() else ("--no-sandbox",)  # root has no sandbox to be in
    return driver.chromium.launch(executable_path=path, args=[*FLAGS, *sandbox])


class Visits:
    """The pages a test opens, and what went ``wrong`` in them behind its back."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.wrong: list[str] = []

    def open_page(self, *, width: int = 1440, dark: bool = False, **options: Any) -> Page:
        """A page of a new profile, as tall as a desk's or a phone's screen. ``options`` are Playwright's."""
        context = self._browser.new_context(
            viewport={"width": width, "height": 900 if width > 600 else 844},
            color_scheme="dark" if dark else "light",
            has_touch=width <= 600,
            locale="es-ES",
            timezone_id="Europe/Madrid",
            **options,
        )
        context.set_default_timeout(15_000)
        context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        context.on("console", self._listen)
        context.on("request", self._watch)
        self._contexts.append(context)
        return context.new_page()

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _listen(self, message: ConsoleMessage) -> None:
        # A page of ours that refuses a frame does as it should: the session has ended under a preview.
        if "Content Security Policy" in message.text and not message.text.startswith("Framing"):
            self.wrong.append(message.text)

    def _watch(self, request: Request) -> None:
        place = urlsplit(request.url)
        if place.scheme in ("http", "https") and place.hostname not in ("127.0.0.1", "localhost"):
            self.wrong.append(f"asked another host: {request.url}")


def _runs(path: str) -> bool:
    try:
        return subprocess.run([path, "--version"], check=False, capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
