"""What every entry point of this process shares: settings, database, files, keys."""

from msgspec import Struct

from app.adapters.storage import Storage
from app.db import Database, make_engine
from app.secrets import Keys
from app.settings import Settings


class Installation(Struct, frozen=True):
    settings: Settings
    database: Database
    storage: Storage
    keys: Keys

    def link(self, path: str) -> str:
        """An absolute address. Only from BASE_URL: what a request says of its own host is never believed."""
        return self.settings.base_url + path


def open_installation(settings: Settings) -> Installation:
    return Installation(
        settings=settings,
        database=Database(make_engine(settings.database_url)),
        storage=Storage(settings.storage_url),
        keys=Keys(settings.secret_keys),
    )
