"""Publishes a folder of invoices: uploads each file, publishes what came in with one notice a customer, puts it away.

For cron, with nothing but Python: copy it to the machine where another program leaves its invoices.

    VENTANILLA_API_KEY=vk_… python3 publish_folder.py https://facturas.empresa.es /srv/facturas

The key needs the scopes issue and publish. Files that went well end in ``publicadas``, the others in ``rechazadas``
with the reason beside them; what could not be done yet stays for the next time. Killed at any moment it does nothing
twice: an invoice that is already there is found again by its number, and one that is published is left alone.

Exit status: 0 all is done, 1 something was refused or the folder does not serve, 75 the site could not be reached.
"""

import argparse
import fcntl
import http.client
import json
import os
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from urllib.parse import quote, urlsplit

DONE, REFUSED = "publicadas", "rechazadas"
KINDS = {".xml": "application/xml", ".xsig": "application/xml", ".csv": "text/csv"}
QUIET_FOR = 10.0  # a file younger than that may still be being written
TRIES, LONGEST_WAIT, PATIENCE = 5, 60.0, 300.0
AT_ONCE = 5000
PASSING = frozenset({429, 502, 503, 504})
NOT_YET = 75
# The first that fits.
UNREACHED: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "su certificado no es de fiar, o es de otra dirección."),
    (ssl.SSLError, "no se entiende con esa dirección por HTTPS."),
    (socket.gaierror, "no se encuentra ese nombre."),
    (ConnectionRefusedError, "nadie contesta en esa dirección."),
    (TimeoutError, "no contesta a tiempo."),
    (ConnectionError, "se ha cortado la conexión."),
    (http.client.HTTPException, "se ha cortado la conexión."),
    (OSError, "no hay camino hasta esa dirección."),
    (ValueError, "contesta otra cosa: mire si es su dirección."),
)


class Unreachable(Exception):
    """Nobody answered, or nobody could: try again later."""


class Refusal(Exception):
    """The site said no. ``code`` is the problem's, ``is_of_key`` when nothing else would be accepted either."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or f"HTTP {status}")
        self.code = str(problem.get("code", ""))
        self.is_of_key = status in (401, 403)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Another address would be sent the key."""

    def redirect_request(self, *_arguments: Any, **_options: Any) -> None:
        return None


class Site:
    def __init__(self, address: str, key: str) -> None:
        parts = urlsplit(address)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise SystemExit("La dirección tiene que empezar por https://: la clave viaja en cada petición.")
        self._root = f"{address.rstrip('/')}/api/v1"
        self._key = key
        self._opener = urllib.request.build_opener(_NoRedirects)

    def post(self, path: str, content: bytes, kind: str, **headers: str) -> Any:
        """What it answers. Raises ``Refusal``, or ``Unreachable`` after some tries."""
        given = {"Authorization": f"Bearer {self._key}", "Content-Type": kind, "Accept-Language": "es", **headers}
        for left in range(TRIES, 0, -1):
            asked = urllib.request.Request(f"{self._root}/{path}", content, given, method="POST")
            try:
                with self._opener.open(asked, timeout=PATIENCE) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                refusal = Refusal(error.code, _problem(error))
                if error.code not in PASSING and refusal.code != "in_progress":
                    raise refusal from error
                why, wait = str(refusal), _seconds(error.headers.get("Retry-After"))
            except (OSError, ValueError, http.client.HTTPException) as error:
                why, wait = _why(error), 0.0
            if left > 1:
                time.sleep(min(wait or 2.0 ** (TRIES - left), LONGEST_WAIT))
        raise Unreachable(why)


def _why(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return next((words for kind, words in UNREACHED if isinstance(cause, kind)), str(cause))


def _problem(error: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        told = json.load(error)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _seconds(header: str | None) -> float:
    return float(header) if header and header.isdigit() else 0.0


class Upload(NamedTuple):
    """What became of one file: the invoices that are there now, and why others are not."""

    path: Path
    ids: list[str]
    reasons: list[str]


def main() -> int:
    asked = _arguments()
    key = os.environ.get("VENTANILLA_API_KEY", "").strip()
    if not key:
        raise SystemExit("Falta la clave, en la variable VENTANILLA_API_KEY.")
    site, folder = Site(asked.url, key), Path(asked.folder)
    with _lock_of(folder) as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0  # the time before has not finished
        try:
            return _publish_folder(site, folder, notify=asked.notify)
        except Refusal as refusal:
            print(f"Ventanilla no lo acepta: {refusal}")
            return 1


def _lock_of(folder: Path) -> TextIO:
    try:
        return (folder / ".publicando").open("w")
    except OSError as error:
        told = "No se puede escribir en la carpeta" if folder.is_dir() else "No existe la carpeta"
        raise SystemExit(f"{told} «{_printable(str(folder))}».") from error


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Publica las facturas de una carpeta en la intranet.")
    parser.add_argument("url", help="dirección de Ventanilla, como https://facturas.empresa.es")
    parser.add_argument("folder", help="carpeta con archivos .xml, .xsig o .csv")
    parser.add_argument("--no-notify", dest="notify", action="store_false", default=None, help="publica sin avisar")
    return parser.parse_args()


def _publish_folder(site: Site, folder: Path, *, notify: bool | None) -> int:
    """Upload all there is, publish it at once, and only then put the files away. Raises ``Refusal``."""
    uploads: list[Upload] = []
    trouble = ""
    try:
        for path in _waiting(folder):
            uploads.append(_upload(site, path))
    except Unreachable as error:
        trouble = str(error)
    try:
        _publish(site, list(dict.fromkeys(document_id for upload in uploads for document_id in upload.ids)), notify)
    except Unreachable as error:
        print(f"No se puede llegar a Ventanilla: {error}")
        return NOT_YET
    for upload in uploads:
        _put_away(folder, upload)
    if trouble:
        print(f"No se puede llegar a Ventanilla: {trouble}")
        return NOT_YET
    return int(any(upload.reasons for upload in uploads))


def _waiting(folder: Path) -> list[Path]:
    """Files nobody is still writing, the oldest first."""
    found = [path for path in folder.iterdir() if path.suffix.lower() in KINDS and path.is_file()]
    written = {path: path.stat().st_mtime for path in found}
    return sorted((path for path in found if written[path] < time.time() - QUIET_FOR), key=lambda path: written[path])


def _upload(site: Site, path: Path) -> Upload:
    """Raises ``Refusal`` when not even other files would be accepted, or ``Unreachable``."""
    try:
        told = site.post(f"imports?name={quote(_printable(path.name))}", path.read_bytes(), KINDS[path.suffix.lower()])
    except Refusal as refusal:
        if refusal.is_of_key:
            raise
        return Upload(path, [], [str(refusal)])
    invoices = told["invoices"]
    ids = [one["document_id"] for one in invoices if one["document_id"]]
    refused = [one for one in invoices if one["verdict"] == "refused"]
    return Upload(path, ids, [f"{one['number']}: {one['detail']}".removeprefix(": ") for one in refused])


def _printable(name: str) -> str:
    """A name as the site takes one, and a terminal."""
    return "".join(letter if letter.isprintable() else "_" for letter in name)[-180:]


def _publish(site: Site, ids: list[str], notify: bool | None) -> None:
    """What is published already is left alone. Raises ``Refusal`` or ``Unreachable``."""
    for first in range(0, len(ids), AT_ONCE):
        wanted = {"kind": "invoice", "ids": ids[first : first + AT_ONCE], "notify": notify}
        same = {"Idempotency-Key": uuid.uuid4().hex}  # however often it is tried
        try:
            done = site.post("publications", json.dumps(wanted).encode(), "application/json", **same)
        except Refusal as refusal:
            if refusal.code != "nothing_selected":
                raise
        else:
            print(done["detail"])


def _put_away(folder: Path, upload: Upload) -> None:
    """Under its own name, or another if there is one like it."""
    place = folder / (REFUSED if upload.reasons else DONE)
    place.mkdir(exist_ok=True)
    kept = place / upload.path.name
    if kept.exists():
        kept = place / f"{upload.path.stem}-{time.time_ns()}{upload.path.suffix}"
    upload.path.rename(kept)
    if upload.reasons:
        kept.with_name(f"{kept.name}.txt").write_text("\n".join(upload.reasons) + "\n", encoding="utf-8")
        print(f"{_printable(upload.path.name)}: {upload.reasons[0]}")


if __name__ == "__main__":
    sys.exit(main())
