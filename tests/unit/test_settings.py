"""Settings: typed, from the environment or files, and odd ones refused."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.settings import BadSetting, read_settings


@pytest.fixture
def environment(tmp_path):
    return {"VENTANILLA_DATA_DIR": str(tmp_path / "var"), "VENTANILLA_BASE_URL": "https://clientes.tosma.example"}


def test_the_least_that_is_needed(environment, tmp_path):
    settings = read_settings(environment)

    assert settings.database_url == f"sqlite:///{tmp_path / 'var' / 'ventanilla.db'}"
    assert settings.storage_url == (tmp_path / "var" / "files").as_uri()
    assert (settings.workers, settings.run_worker, settings.is_secure) == (1, True, True)
    assert "clientes.tosma.example" in settings.hosts


def test_the_key_is_made_once_and_private(environment, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _n: read_settings(environment).secret_keys, range(16)))

    path = tmp_path / "var" / "secret.key"
    assert keys == {(path.read_text(),)}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret.key"]


def test_a_secret_may_come_from_a_file(environment, tmp_path):
    (tmp_path / "key").write_text("x" * 40 + "," + "y" * 40 + "\n")

    settings = read_settings(environment | {"VENTANILLA_SECRET_KEY_FILE": str(tmp_path / "key")})

    assert settings.secret_keys == ("x" * 40, "y" * 40)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "http://clientes.tosma.example"),
        ("BASE_URL", "clientes.tosma.example"),
        ("BASE_URL", "https://clientes.tosma.example/ruta"),
        ("DATABASE_URL", "mysql://localhost/ventanilla"),
        ("STORAGE_URL", "ftp://almacen.example"),
        ("SECRET_KEY", "corta"),
        ("WORKERS", "0"),
        ("WORKERS", "２"),
        ("RUN_WORKER", "quizá"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("BASE_ULR", "https://clientes.tosma.example"),
    ],
)
def test_odd_values_are_refused_by_name(environment, name, value):
    with pytest.raises(BadSetting, match=name):
        read_settings(environment | {f"VENTANILLA_{name}": value})


def test_the_demo_is_served_where_it_is_served(tmp_path):
    settings = read_settings({"VENTANILLA_DATA_DIR": str(tmp_path)}, demo=True, served_at="http://127.0.0.1:8123")

    assert replace(settings, secret_keys=()).base_url == "http://127.0.0.1:8123"
    assert not settings.is_secure
