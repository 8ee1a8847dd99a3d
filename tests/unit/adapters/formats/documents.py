"""The sample invoices, and how tests change them."""

from pathlib import Path

from app.adapters.formats import read_file

SAMPLES = Path(__file__).parents[3] / "samples"


def sample(name: str, *changes: tuple[str, str]) -> bytes:
    """A sample with every occurrence of each text replaced; a text that is not there is a mistake of the test."""
    text = (SAMPLES / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


def read(name: str, *changes: tuple[str, str]):
    return read_file(name, sample(name, *changes))


def read_one(name: str, *changes: tuple[str, str]):
    (invoice,) = read(name, *changes)
    return invoice
