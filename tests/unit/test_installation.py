"""How an installation is called, from nothing but its own address."""

from pathlib import Path
from typing import Any

import pytest

from app.installation import Installation
from app.secrets import Keys
from app.settings import Settings


def installation(base_url: str) -> Installation:
    settings = Settings(data_dir=Path(), database_url="", base_url=base_url, storage_url="", secret_keys=())
    nothing: Any = None
    return Installation(settings=settings, database=nothing, storage=nothing, keys=Keys(("x" * 40,)))


def test_an_intranet_is_below_the_address_of_the_site():
    assert installation("https://clientes.tosma.example").intranet("Tosma") == "https://clientes.tosma.example/in/Tosma"


@pytest.mark.parametrize(("base_url", "domain"), [
    ("https://clientes.tosma.example", "clientes.tosma.example"),
    ("http://127.0.0.1:8000", "127.0.0.1"),
    ("http://[::1]:8000", "localhost"),
])  # fmt: skip
def test_mail_servers_know_it_by_its_host(base_url, domain):
    assert installation(base_url).mail_domain == domain
