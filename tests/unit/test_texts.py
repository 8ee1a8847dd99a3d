"""Sentences in another language than theirs: a catalogue is made up on the spot, since there is none yet."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from app import texts
from app.errors import NotFound
from app.portal.pages import notice_of
from app.portal.sections import state_of
from app.scope import OutsideScope
from app.secrets import TooBusy
from models.enums import DocumentKind, DocumentStatus

SENTENCES = {
    "No existe %(que)s.": "No existeix %(que)s.",
    "esa página": "aquesta pàgina",
    "Esa ficha es de otra empresa.": "Aquesta fitxa és d'una altra empresa.",
    "Hay muchas personas entrando a la vez. Espere unos segundos y vuelva a intentarlo.": "Hi ha molta gent.",
    "Pendiente": "Pendent",
    "Vencida": "Vençuda",
}


@pytest.fixture
def catalan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    catalogue = Catalog("ca")
    for spanish, translated in SENTENCES.items():
        catalogue.add(spanish, translated)
    folder = tmp_path / "ca" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(texts, "LOCALES", tmp_path)
    texts._catalogue.cache_clear()
    before = texts.language.set("ca")
    yield
    texts.language.reset(before)
    texts._catalogue.cache_clear()


def test_refusals_speak_the_reader_s_language(catalan: None) -> None:
    assert [str(refusal) for refusal in (NotFound(), NotFound("això"), OutsideScope(), TooBusy())] == [
        "No existeix aquesta pàgina.",
        "No existeix això.",
        "Aquesta fitxa és d'una altra empresa.",
        "Hi ha molta gent.",
    ]


def test_states_speak_it_too(catalan: None) -> None:
    today = dt.date(2026, 11, 21)

    days = [today - dt.timedelta(days=late) for late in (0, 1)]
    states = [state_of(DocumentKind.INVOICE, DocumentStatus.PENDING, day, today) for day in days]

    assert states == [("Pendent", "due"), ("Vençuda", "late")]


def test_the_language_is_the_one_of_the_catalogue_there_is(catalan: None) -> None:
    before = texts.language.set("eu")
    without = texts.spoken()
    texts.language.reset(before)

    assert (texts.spoken(), without) == ("ca", "es")


def test_notices_speak_it_as_well(catalan: None) -> None:
    visit: Any = SimpleNamespace(query={"aviso": "uno"}.get)

    assert (notice_of({"uno": "Pendiente"}, visit), notice_of({}, visit)) == ("Pendent", None)


@pytest.mark.parametrize(("name", "expected"), [("Tosma S.L.", "Tosma S.L"), ("Tosma", "Tosma"), ("", "")])
def test_a_name_before_a_full_stop_does_not_bring_another(name, expected):
    assert texts.ending(name) == expected
