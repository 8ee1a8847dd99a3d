"""The passwords and the API key of the demonstration: made once per data directory, kept in a private file."""

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
    """``is_new``: nobody has seen these passwords yet, and the database does not know them.

    ``api_key`` is empty until the companies are there to give it.
    """

    path: Path
    admin_password: str
    portal_password: str
    admin_url: str
    portal_url: str
    api_url: str
    api_key: str = ""
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
    admin, portal, key = known or (new_password(), new_password(), "")
    return Credentials(
        path=path,
        admin_password=admin,
        portal_password=portal,
        admin_url=f"{settings.base_url}/admin",
        portal_url=f"{settings.base_url}/in/{TOSMA.opening.slug}",
        api_url=f"{settings.base_url}/api/v1",
        api_key=key,
        is_new=known is None,
    )


def _known(path: Path) -> tuple[str, str, str] | None:
    """A file from before there was an API has no key."""
    try:
        content = json.loads(path.read_text())
        key = content.get("api", {}).get("key", "")
        return str(content["admin"]["password"]), str(content["portal"]["password"]), str(key)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
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
        "api": {"url": credentials.api_url, "key": credentials.api_key},
    }
    handle, temporary = tempfile.mkstemp(dir=credentials.path.parent)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    Path(temporary).replace(credentials.path)
