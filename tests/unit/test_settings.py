"""Settings: typed, from the environment or files, and odd ones refused."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

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
        ("GOOGLE_ENDPOINT", "login.example"),
        ("GOOGLE_ENDPOINT", "ftp://login.example"),
        ("MICROSOFT_ENDPOINT", "https://exa mple/oauth2"),
        ("MICROSOFT_ENDPOINT", "https://login.example/oauth2?x=1"),
        ("BASE_URL", "clientes.tosma.example"),
        ("BASE_URL", "https://clientes.tosma.example/ruta"),
        ("BASE_URL", "https://x:abc"),
        ("BASE_URL", "https://x:0"),
        ("BASE_URL", "https://x:99999"),
        ("BASE_URL", "https://u:p@x"),
        ("BASE_URL", "https://@x"),
        ("BASE_URL", "https://x#f"),
        ("BASE_URL", "https://x?y"),
        ("BASE_URL", "https://exa mple"),
        ("BASE_URL", "https://[::1"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "//clientes.tosma.example"),
        ("DATABASE_URL", "mysql://localhost/ventanilla"),
        ("DATABASE_URL", "postgresql://localhost:abc/db"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true"),
        ("STORAGE_URL", "ftp://almacen.example"),
        ("STORAGE_URL", "file://files"),
        ("STORAGE_URL", "file:///"),
        ("STORAGE_URL", "file:///srv#x"),
        ("STORAGE_URL", "s3://"),
        ("STORAGE_URL", "s3://[x"),
        ("SECRET_KEY", "corta"),
        ("MAIL_PRIVATE_HOSTS", "a b;c"),
        ("MAIL_PRIVATE_HOSTS", "correo.interno, 2130706433"),
        ("MAIL_CA_FILE", "/no/such"),
        ("MAIL_CA_FILE", "/dev/null"),
        ("DATA_DIR", "/dev/null"),
        ("DATA_DIR", "/dev/null/var"),
        ("WORKERS", "0"),
        ("WORKERS", "1" * 5000),
        ("WORKERS", "２"),
        ("RUN_WORKER", "quizá"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("BASE_ULR", "https://clientes.tosma.example"),
    ],
)
def test_odd_values_are_refused_by_name(environment, name, value):
    with pytest.raises(BadSetting, match=name):
        read_settings(environment | {f"VENTANILLA_{name}": value})


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("HTTPS://X.Example", "https://x.example"),
        ("https://x.example:443/", "https://x.example"),
        ("https://x.example.:8443", "https://x.example:8443"),
        ("https://panadería.example", "https://xn--panadera-i2a.example"),
        ("http://LOCALHOST:80", "http://localhost"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_address_is_kept_as_browsers_write_it(environment, typed, kept):
    settings = read_settings(environment | {"VENTANILLA_BASE_URL": typed})

    assert (settings.base_url, settings.is_secure) == (kept, kept.startswith("https"))


def test_hosts_and_places_that_are_good(environment):
    good = {
        "DATABASE_URL": "postgres://u:p@localhost:5433/db",
        "STORAGE_URL": "s3://deposito/carpeta",
        "MAIL_PRIVATE_HOSTS": "Correo.Interno., 10.0.0.7",
    }

    settings = read_settings(environment | {f"VENTANILLA_{name}": value for name, value in good.items()})

    assert settings.database_url == "postgresql+psycopg://u:p@localhost:5433/db"
    assert settings.storage_url == "s3://deposito/carpeta"
    assert settings.private_hosts == {"correo.interno", "10.0.0.7"}


def test_an_empty_file_is_no_secret(environment, tmp_path):
    (tmp_path / "key").touch()

    with pytest.raises(BadSetting, match=r"VENTANILLA_SECRET_KEY_FILE: .* está vacío"):
        read_settings(environment | {"VENTANILLA_SECRET_KEY_FILE": str(tmp_path / "key")})

    assert not (tmp_path / "var" / "secret.key").exists()


def test_a_key_that_cannot_be_kept_is_said(environment, tmp_path):
    (tmp_path / "var" / "secret.key").mkdir(parents=True)

    with pytest.raises(BadSetting, match="VENTANILLA_DATA_DIR: no se puede guardar ni leer la clave"):
        read_settings(environment)


def test_the_demo_is_served_where_it_is_served(tmp_path):
    settings = read_settings({"VENTANILLA_DATA_DIR": str(tmp_path)}, demo=True, served_at="http://127.0.0.1:8123")

    assert replace(settings, secret_keys=()).base_url == "http://127.0.0.1:8123"
    assert not settings.is_secure


def test_a_provider_s_application_comes_with_its_secret(environment):
    pair = {"VENTANILLA_GOOGLE_CLIENT_ID": "1234", "VENTANILLA_GOOGLE_CLIENT_SECRET": "secreto"}

    found = read_settings(environment | pair | {"VENTANILLA_GOOGLE_ENDPOINT": "https://login.example/oauth2/"})

    assert (found.google_client_id, found.google_client_secret) == ("1234", "secreto")
    assert (found.google_endpoint, found.microsoft_client_id) == ("https://login.example/oauth2", "")
    for name, value in pair.items():
        with pytest.raises(BadSetting, match="VENTANILLA_GOOGLE_CLIENT"):
            read_settings(environment | {name: value})
