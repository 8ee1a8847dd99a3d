"""The settings example says all there is to set, and nothing else."""

import re
from io import StringIO
from pathlib import Path

import trustme
from dotenv import dotenv_values

from app import settings
from app.settings import read_settings
from app.settings_example import DESCRIBED, settings_example

ROOT = Path(__file__).parents[2]


def test_the_committed_example_is_the_generated_one():
    assert (ROOT / "settings.example.env").read_text() == settings_example()


def test_every_setting_that_is_read_is_described():
    read = re.findall(r'read\.\w+\(\s*"([A-Z_]+)"', Path(settings.__file__).read_text())

    assert sorted(read) == sorted(setting.name for setting in DESCRIBED)


def test_the_example_with_everything_set_is_accepted(tmp_path):
    whole = re.sub(r"^#(?=VENTANILLA_)", "", settings_example(), flags=re.MULTILINE)
    values = {name: value or "" for name, value in dotenv_values(stream=StringIO(whole)).items()}

    trustme.CA().cert_pem.write_to_path(tmp_path / "authority.pem")
    here = {"VENTANILLA_DATA_DIR": str(tmp_path), "VENTANILLA_MAIL_CA_FILE": str(tmp_path / "authority.pem")}

    found = read_settings(values | here)

    assert found.base_url == "https://clientes.example"
    assert found.database_url.startswith("postgresql+psycopg://")
    assert found.workers == 1


def test_the_example_as_it_is_needs_nothing_more(tmp_path):
    values = {name: value or "" for name, value in dotenv_values(stream=StringIO(settings_example())).items()}

    assert list(values) == ["VENTANILLA_BASE_URL"]
    assert read_settings(values | {"VENTANILLA_DATA_DIR": str(tmp_path)}).base_url == "https://clientes.example"
