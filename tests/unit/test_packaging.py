"""What runs Ventanilla elsewhere: units without privileges, a container of what is really there."""

import configparser
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from app.settings import read_settings

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
HARDENING = {
    "User": "ventanilla",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "StateDirectory": "ventanilla",
    "UMask": "0077",
    "CapabilityBoundingSet": "",
}


def unit(name: str) -> configparser.SectionProxy:
    found = configparser.ConfigParser(interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(PACKAGING / "systemd" / f"ventanilla-{name}.service")
    return found["Service"]


@pytest.mark.parametrize("name", ["web", "worker"])
def test_units_run_without_privileges(name: str) -> None:
    found = unit(name)

    assert {key: found[key] for key in HARDENING} == HARDENING


def test_the_settings_of_the_units_are_whole_and_their_folder_is_the_state_directory(tmp_path: Path) -> None:
    settings = {name: value or "" for name, value in dotenv_values(PACKAGING / "systemd" / "ventanilla.env").items()}

    read_settings(settings | {"VENTANILLA_DATA_DIR": str(tmp_path)})

    folders = [f"/var/lib/{unit(name)['StateDirectory']}" for name in ("web", "worker")]
    assert folders == [settings["VENTANILLA_DATA_DIR"]] * 2
    assert [name for name in ("web", "worker") if "DATA_DIR" in unit(name)["Environment"]] == []


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_the_line_for_commands_beside_the_units_is_as_they_are(name: str) -> None:
    (line,) = re.findall(r"^ *(sudo systemd-run .*) backup ", (ROOT / name).read_text(), re.MULTILINE)

    for found in (unit("web"), unit("worker")):
        program = found["ExecStart"].partition(" -m app ")[0]
        options = [f"-p {key}={found[key]}" for key in ("User", "EnvironmentFile", "WorkingDirectory")]
        assert line.endswith(f"{' '.join(options)} {program} -m app")


def test_the_container_has_the_client_of_the_server_beside_it() -> None:
    recipe = (PACKAGING / "container" / "Containerfile").read_text()
    composed = (PACKAGING / "container" / "compose.yaml").read_text()

    assert re.findall(r"postgresql-client-(\d+)", recipe) == re.findall(r"/postgres:(\d+)", composed) != []


def test_the_container_takes_what_is_there_and_nothing_else() -> None:
    recipe = (PACKAGING / "container" / "Containerfile").read_text()
    ignored = (PACKAGING / "container" / "Containerfile.dockerignore").read_text().splitlines()

    copied = {
        source for line in re.findall(r"^COPY (?!--from)(.+) \S+$", recipe, re.MULTILINE) for source in line.split()
    }

    assert {source for source in copied if not (ROOT / source).exists()} == set()
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied
    assert "\nUSER ventanilla\n" in recipe
