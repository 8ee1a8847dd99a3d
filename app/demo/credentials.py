"""The passwords of the demonstration: made once per data directory, kept in a file that only its owner can read."""

import json
import os
import tempfile
from pathlib import Path

from msgspec import Struct

from app.demo.companies import ADMIN_EMAIL, TOSMA
from app.demo.people import DEMO_EMAIL
from app.secrets import new_password
from app.settings import Settings

NAME = "credentials.json"


class Credentials(Struct, frozen=True, kw_only=True):
    """``is_new``: nobody has seen these passwords yet, and the database does not know them."""

    path: Path
    admin_password: str
    portal_password: str
    admin_url: str
    portal_url: str
    is_new: bool = False

    @property
    def passwords(self) -> dict[str, str]:
        return {ADMIN_EMAIL: self.admin_password, DEMO_EMAIL: self.portal_password}

    @property
    def admin_email(self) -> str:
        return ADMIN_EMAIL

    @property
    def portal_email(self) -> str:
        return DEMO_EMAIL


def credentials_of(settings: Settings) -> Credentials:
    """Those in the file, at the addresses served now; new ones when there is no file or nobody can read it."""
    path = settings.data_dir / NAME
    known = _known(path)
    admin, portal = known or (new_password(), new_password())
    return Credentials(
        path=path,
        admin_password=admin,
        portal_password=portal,
        admin_url=f"{settings.base_url}/admin",
        portal_url=f"{settings.base_url}/in/{TOSMA.opening.slug}",
        is_new=known is None,
    )


def _known(path: Path) -> tuple[str, str] | None:
    try:
        content = json.loads(path.read_text())
        return str(content["admin"]["password"]), str(content["portal"]["password"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_credentials(credentials: Credentials) -> None:
    """All of the file or nothing, private from the first byte."""
    content = {
        "admin": {
            "url": credentials.admin_url,
            "email": credentials.admin_email,
            "password": credentials.admin_password,
        },
        "portal": {
            "url": credentials.portal_url,
            "email": credentials.portal_email,
            "password": credentials.portal_password,
        },
    }
    handle, temporary = tempfile.mkstemp(dir=credentials.path.parent)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    Path(temporary).replace(credentials.path)
