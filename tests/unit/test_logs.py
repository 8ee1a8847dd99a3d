"""One line per event, and no secret in it."""

import json
import logging
import sys

import pytest

from app.logs import JsonLines, NotToldYet


def record(text: str, *arguments: object, **extra: object) -> logging.LogRecord:
    found = logging.LogRecord("app.somewhere", logging.WARNING, __file__, 1, text, arguments, None)
    vars(found).update(extra)
    return found


def test_a_record_is_one_line_of_json():
    line = JsonLines().format(record("visto por %s", 'Ana\r\n{"level": "error"}\x1b[31m', error_id="7F3A"))

    assert "\n" not in line
    assert "\r" not in line
    assert "\x1b" not in line
    event = json.loads(line)
    assert event.pop("at").endswith("+00:00")
    assert event == {
        "level": "warning",
        "from": "app.somewhere",
        "says": 'visto por Ana\r\n{"level": "error"}\x1b[31m',
        "error_id": "7F3A",
    }


def test_an_error_brings_its_trace_in_the_same_line():
    try:
        raise ValueError("token=abcdefgh")
    except ValueError:
        found = record("falló")
        found.exc_info = sys.exc_info()

    line = JsonLines().format(found)

    assert "\n" not in line
    assert "ValueError: token=••••" in json.loads(line)["trace"]


@pytest.mark.parametrize(("text", "told"), [
    ("GET /in/Tosma/activar/Zm9vYmFyYmF6cXV1eA HTTP/1.1", "GET /in/Tosma/activar/•••• HTTP/1.1"),
    ("GET /admin/alta/Zm9vYmFyYmF6cXV1eA", "GET /admin/alta/••••"),
    ("GET /d/Zm9vYmFyYmF6cXV1eA", "GET /d/••••"),
    ("GET /in/Tosma/clave/Zm9vYmFyYmF6cXV1eA/otro", "GET /in/Tosma/clave/••••/otro"),
    ("GET /in/Tosma/ver/Zm9vYmFyYmF6cXV1eA?documento=7", "GET /in/Tosma/ver/••••?documento=7"),
    ("postgresql://ana:s3creta@db/ventanilla", "postgresql://••••@db/ventanilla"),
    ("csrf=abc&email=ana@tosma.example&password=una+frase", "csrf=••••&email=ana@tosma.example&password=••••"),
    ("Authorization: Bearer vk_e1_abcdef", "Authorization: Bearer ••••"),
    ("Cookie: __Secure-ventanilla_admin=abc; x=y", "Cookie: ••••"),
    ("clave vk_e1_abcdef usada", "clave •••• usada"),
    ("cobro en ES91 2100 0418 4502 0005 1332 hoy", "cobro en •••• hoy"),
    ("cobro en ES9121000418450200051332", "cobro en ••••"),
    ("Factura FV26-0446 por 121,00 €", "Factura FV26-0446 por 121,00 €"),
    ("http://127.0.0.1:8000/in/Tosma_SL/facturas/4431", "http://127.0.0.1:8000/in/Tosma_SL/facturas/4431"),
])  # fmt: skip
def test_secrets_are_hidden(text, told):
    assert json.loads(JsonLines().format(record(text)))["says"] == told


def test_an_error_the_application_told_is_not_told_again():
    once = NotToldYet()

    assert not once.filter(record("Exception in ASGI application\n"))
    assert once.filter(record("Exception in the worker"))
