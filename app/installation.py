"""What every entry point of this process shares: settings, database, files, keys."""

import re
from urllib.parse import urlsplit

from msgspec import Struct

from app.adapters.storage import Storage
from app.db import Database, make_engine
from app.secrets import Keys
from app.settings import Settings

_DOMAIN = re.compile(r"[a-z0-9.-]+")


class Installation(Struct, frozen=True):
    settings: Settings
    database: Database
    storage: Storage
    keys: Keys

    def link(self, path: str) -> str:
        """An absolute address. Only from BASE_URL: what a request says of its own host is never believed."""
        return self.settings.base_url + path

    def intranet(self, slug: str) -> str:
        """The address of a company's intranet, without a slash at its end."""
        return self.link(f"/in/{slug}")

    @property
    def mail_domain(self) -> str:
        """As we call ourselves to mail servers and in Message-IDs."""
        host = urlsplit(self.settings.base_url).hostname or ""
        return host if _DOMAIN.fullmatch(host) else "localhost"


def open_installation(settings: Settings) -> Installation:
    return Installation(
        settings=settings,
        database=Database(make_engine(settings.database_url)),
        storage=Storage(settings.storage_url),
        keys=Keys(settings.secret_keys),
    )
